//! One app: its settings, its metadata, what lives of it.

use askama::Template;

use super::app_secret::{self, Settings};
use super::states::State;
use super::{AdminFrame, Section, samples};
use crate::pages::parts::Link;
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, stamp};
use crate::pages::{Page, Sample};

/// One app's page. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/app.html")]
pub struct OneApp {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// Its name.
    pub name: String,
    /// Whether it is let in.
    pub state: State,
    /// Where it is changed, if not here.
    pub declared: Option<Declared>,
    /// What this server read of its metadata document.
    pub document: Option<DocumentFacts>,
    /// What can be done with it.
    pub actions: Vec<Action>,
    /// Without the secret.
    pub settings: Settings,
    /// What is said of its secret.
    pub secret: SecretFacts,
    /// Its metadata.
    pub facts: Vec<Fact>,
    /// What lives of it.
    pub lives: Lives,
    /// What became of notices: none where it has no back channel and was owed none.
    pub notices: Vec<(State, i64)>,
    /// This page, while a notice is on the way.
    pub check_again: Option<Link>,
    /// Who made it, in words, and when.
    pub made: (&'static str, Moment),
    /// When it last changed.
    pub changed: Moment,
    /// Its lines of the audit.
    pub audit: Option<Link>,
}

/// Where its metadata come from, if not from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    /// The file declares it.
    Now,
    /// It did once, and does no more.
    NoMore,
    /// It is what the document says at the address that is its id.
    ByDocument,
}

/// What is known of a metadata document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentFacts {
    /// When it last said what the app is.
    pub read: Option<Moment>,
    /// When it could not be had since then, and why.
    pub failed: Option<(Moment, String)>,
}

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// For tests and links.
    pub id: &'static str,
    /// "Disable…".
    pub label: &'static str,
    /// The page that asks.
    pub link: Link,
    /// It takes something away.
    pub danger: bool,
}

/// What is said of a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretFacts {
    /// Whether it has one.
    pub exists: bool,
    /// What is said where there is none.
    pub instead: &'static str,
    /// When it was changed by hand, if that is known.
    pub changed: Option<Moment>,
    /// Until when the one before is taken too.
    pub previous_until: Option<Moment>,
}

/// One thing that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// As in the form.
    pub label: &'static str,
    /// One on each line.
    pub values: Vec<String>,
}

/// What lives of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lives {
    /// "3 sessions, of 2 people".
    pub sessions: String,
    /// "1 person stays connected after a sign-out"; empty if nobody does.
    pub offline: String,
    /// The sessions in which it takes part.
    pub link: Option<Link>,
    /// Those in which it takes or took part: each says who was told.
    pub all: Option<Link>,
    /// To a dry run of signing everybody out of it; none where nobody is in it.
    pub out: Option<Link>,
}

impl Page for OneApp {
    const KIND: &'static str = "admin-app";
    const MARKER: &'static str = "";

    fn samples() -> Vec<Sample<Self>> {
        let full = sample();
        let declared = Self {
            declared: Some(Declared::Now),
            actions: Vec::new(),
            ..full.clone()
        };
        let withdrawn = Self {
            state: State::off("Disabled"),
            declared: Some(Declared::NoMore),
            ..full.clone()
        };
        let described = Self {
            name: "Assistant".to_owned(),
            declared: Some(Declared::ByDocument),
            document: Some(DocumentFacts {
                read: Some(stamp(NOW)),
                failed: None,
            }),
            made: ("its metadata document", full.changed.clone()),
            settings: app_secret::settings("https://app.example/client.json", false),
            ..full.clone()
        };
        let silent = Self {
            document: Some(DocumentFacts {
                read: Some(stamp(NOW)),
                failed: Some((
                    stamp(NOW),
                    "the client's metadata document can't be read now".to_owned(),
                )),
            }),
            ..described.clone()
        };
        let public = Self {
            secret: SecretFacts {
                instead: "It has none: PKCE stands in for it.",
                ..SecretFacts::default()
            },
            notices: Vec::new(),
            ..full.clone()
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::Apps),
            name: HOSTILE.to_owned(),
            settings: app_secret::settings(HOSTILE, false),
            facts: vec![Fact {
                label: "Home page",
                values: vec![HOSTILE.to_owned()],
            }],
            ..full.clone()
        };
        vec![
            ("full", full),
            ("declared", declared),
            ("withdrawn", withdrawn),
            ("described", described),
            ("silent", silent),
            ("public", public),
            ("hostile", hostile),
        ]
    }
}

fn sample() -> OneApp {
    let fact = |label, values: &[&str]| Fact {
        label,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let action = |id, label, danger| Action {
        id,
        label,
        link: Link::new("/admin/apps/wiki/edit").unwrap_or_else(|| unreachable!()),
        danger,
    };
    OneApp {
        frame: samples::frame(Section::Apps),
        name: "Wiki".to_owned(),
        state: State::ok("Enabled"),
        declared: None,
        document: None,
        actions: vec![
            action("edit", "Change…", false),
            action("disable", "Disable…", true),
        ],
        settings: app_secret::settings("https://wiki.example.com/callback", false),
        secret: SecretFacts {
            exists: true,
            instead: "",
            changed: Some(stamp(NOW)),
            previous_until: Some(stamp(NOW)),
        },
        facts: vec![
            fact("Name", &["Wiki"]),
            fact(
                "Redirect addresses",
                &["https://wiki.example.com/callback", "https://w.example/cb"],
            ),
        ],
        lives: Lives {
            sessions: "3 sessions, of 2 people".to_owned(),
            offline: "1 connection goes on after a sign-out".to_owned(),
            link: Link::new("/admin/sessions?client=wiki"),
            all: Link::new("/admin/sessions?client=wiki&state=both"),
            out: Link::new("/admin/ends/plan?what=app&app=wiki"),
        },
        notices: vec![
            (State::ok("Delivered"), 12),
            (State::wait("On the way"), 1),
            (State::bad("Gave up"), 2),
        ],
        check_again: Link::new("/admin/apps/wiki"),
        made: ("an administrator", stamp(NOW)),
        changed: stamp(NOW),
        audit: Link::new("/admin/audit?app=wiki"),
    }
}
