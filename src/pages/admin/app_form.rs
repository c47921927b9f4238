//! The form of an app, new or changed.

use askama::Template;

use super::sessions::Choice;
use super::{AdminFrame, Section, samples};
use crate::pages::fields::{Field, Input};
use crate::pages::parts::Link;
use crate::pages::samples::HOSTILE;
use crate::pages::{Page, Sample};

/// The form of an app. `form-action 'self'`; 400 with a problem, 409 when somebody was faster.
#[derive(Clone, Template)]
#[template(path = "admin/app_form.html")]
pub struct AppForm {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// "Connect an app", "Change Wiki".
    pub heading: String,
    /// Where it is sent.
    pub action: Link,
    /// Where one goes without sending it, and what that is called.
    pub back: (Link, String),
    /// From which version of the app an edit began; none for a new one.
    pub version: Option<i64>,
    /// Why nothing was saved.
    pub problem: Option<FormProblem>,
    /// What every app needs.
    pub usual: Vec<Control>,
    /// What few apps need.
    pub rare: Vec<Control>,
    /// What few apps need is shown at once.
    pub rare_open: bool,
    /// What is said of its tokens.
    pub tokens: Vec<Control>,
    /// That is shown at once.
    pub tokens_open: bool,
}

/// Why nothing was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormProblem {
    /// What happened.
    pub title: String,
    /// What to do.
    pub text: String,
    /// What is stored now where it differs from what was typed: field and value.
    pub stored: Vec<(&'static str, String)>,
}

/// One part of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Something to be typed.
    Field(Field),
    /// A box to be ticked.
    Tick(Tick),
    /// One of several, all seen.
    Radio(Choices),
    /// One of several, in a list.
    Select(Choices),
}

/// A box to be ticked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Its name in the form.
    pub name: &'static str,
    /// What it says.
    pub label: &'static str,
    /// What follows from it.
    pub hint: &'static str,
    /// Whether it is ticked.
    pub ticked: bool,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// One of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Its name in the form.
    pub name: &'static str,
    /// What stands above it.
    pub label: &'static str,
    /// What it is for; may be empty.
    pub hint: &'static str,
    /// The choices, each with what it means, which may be empty.
    pub choices: Vec<(Choice, &'static str)>,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl Choices {
    /// The ids of its hint and its error, for `aria-describedby`.
    fn described(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        let ids: Vec<String> = hint.into_iter().chain(error).collect();
        ids.join(" ")
    }
}

impl AppForm {
    fn is_new(&self) -> bool {
        self.version.is_none()
    }
}

impl Page for AppForm {
    const KIND: &'static str = "admin-app-form";
    const MARKER: &'static str = "app";

    fn samples() -> Vec<Sample<Self>> {
        let new = sample();
        let wrong = Self {
            problem: Some(problem("Something isn’t right yet")),
            usual: with_errors("Use https."),
            rare: with_errors_rare("Use https."),
            rare_open: true,
            tokens: tokens("60", Some("This is no number.")),
            tokens_open: true,
            ..new.clone()
        };
        let outdated = Self {
            heading: "Change the app Wiki".to_owned(),
            version: Some(1),
            problem: Some(FormProblem {
                stored: vec![("Name", "Wiki of the house".to_owned())],
                ..problem("Somebody else changed this app meanwhile")
            }),
            ..new.clone()
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::Apps),
            heading: format!("Change the app {HOSTILE}"),
            version: Some(1),
            problem: Some(FormProblem {
                title: HOSTILE.to_owned(),
                text: HOSTILE.to_owned(),
                stored: vec![("Name", HOSTILE.to_owned())],
            }),
            usual: with_errors(HOSTILE),
            rare: with_errors_rare(HOSTILE),
            rare_open: true,
            tokens: tokens(HOSTILE, Some(HOSTILE)),
            tokens_open: true,
            ..new.clone()
        };
        vec![
            ("new", new),
            ("wrong", wrong),
            ("outdated", outdated),
            ("hostile", hostile),
        ]
    }
}

fn sample() -> AppForm {
    let link = |path| Link::new(path).unwrap_or_else(|| unreachable!());
    AppForm {
        frame: samples::frame(Section::Apps),
        heading: "Connect an app".to_owned(),
        action: link("/admin/apps/new"),
        back: (link("/admin/apps"), "Apps".to_owned()),
        version: None,
        problem: None,
        usual: controls("", "Wiki", None),
        rare: rare("", None),
        rare_open: false,
        tokens: tokens("", None),
        tokens_open: false,
    }
}

fn problem(title: &str) -> FormProblem {
    FormProblem {
        title: title.to_owned(),
        text: "Nothing was saved. Change what is marked below, then save again.".to_owned(),
        stored: Vec::new(),
    }
}

fn with_errors(words: &str) -> Vec<Control> {
    controls(words, words, Some(words))
}

fn with_errors_rare(words: &str) -> Vec<Control> {
    rare(words, Some(words))
}

fn controls(typed: &str, name: &str, error: Option<&str>) -> Vec<Control> {
    let error = error.map(str::to_owned);
    let kind = Choice {
        value: "web".to_owned(),
        label: "Web app with a server".to_owned(),
        chosen: true,
    };
    let field = Field::new("client_name", "Name", Input::Text).value(name);
    let lines = Field::new("redirect_uris", "Redirect addresses", Input::Lines);
    vec![
        Control::Field(field.required().error(error.clone())),
        Control::Radio(Choices {
            name: "kind",
            label: "What kind of app is it?",
            hint: "",
            choices: vec![(kind, "The server keeps a secret.")],
            error: error.clone(),
        }),
        Control::Field(lines.hint("One on each line.").value(typed).error(error)),
    ]
}

fn rare(typed: &str, error: Option<&str>) -> Vec<Control> {
    let error = error.map(str::to_owned);
    vec![
        Control::Tick(Tick {
            name: "require_pkce",
            label: "Demand PKCE",
            hint: "Turn it off only for an old app.",
            ticked: true,
            error: error.clone(),
        }),
        Control::Field(
            Field::new("logo_uri", "Logo", Input::Url)
                .value(typed)
                .error(error),
        ),
    ]
}

fn tokens(typed: &str, error: Option<&str>) -> Vec<Control> {
    let error = error.map(str::to_owned);
    let choice = Choice {
        value: "RS256".to_owned(),
        label: "RS256".to_owned(),
        chosen: false,
    };
    let label = "Life of an access token, in seconds";
    let life = Field::new("access_token_lifetime", label, Input::Text);
    vec![
        Control::Select(Choices {
            name: "id_token_signed_response_alg",
            label: "How its ID tokens are signed",
            hint: "RS256 is what every library knows.",
            choices: vec![(choice, "")],
            error: error.clone(),
        }),
        Control::Field(life.value(typed).error(error)),
    ]
}
