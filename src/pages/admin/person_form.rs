//! Making a person, and editing what they are called.

use askama::Template;

use super::password_choice::{PasswordChoice, typed_sample};
use super::{AdminFrame, Section, samples};
use crate::pages::fields::{Field, Input, Problem, title_prefix};
use crate::pages::parts::Link;
use crate::pages::samples::HOSTILE;
use crate::pages::{Page, Sample};

/// The form of a person. `form-action 'self'`; 400 or 409 with a problem.
#[derive(Clone, Template)]
#[template(path = "admin/person_form.html")]
pub struct PersonForm {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// Why nothing was saved.
    pub problem: Option<Problem>,
    /// Where it goes.
    pub action: Link,
    /// Where it came from.
    pub back: Link,
    /// Whose page that is; "People" where there is none yet.
    pub up: String,
    /// What nearly everybody has.
    pub fields: Vec<Field>,
    /// The rest of the claims.
    pub more: Vec<Field>,
    /// Somebody checked the email address.
    pub email_verified: bool,
    /// Somebody checked the phone number.
    pub phone_number_verified: bool,
    /// What only a new person needs, or an edit.
    pub purpose: Purpose,
}

/// What the form is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new person.
    Create {
        /// How they come by a password.
        password: PasswordChoice,
        /// May use the admin pages.
        admin: bool,
    },
    /// Somebody who is there.
    Edit {
        /// What the edit began from.
        version: i64,
    },
}

impl PersonForm {
    fn title_prefix(&self) -> &'static str {
        title_prefix(self.problem.is_some())
    }

    fn heading(&self) -> &'static str {
        match self.purpose {
            Purpose::Create { .. } => "Create a person",
            Purpose::Edit { .. } => "Edit a person",
        }
    }

    const fn button(&self) -> &'static str {
        match self.purpose {
            Purpose::Create { .. } => "Create the person",
            Purpose::Edit { .. } => "Save",
        }
    }

    /// What is seldom needed is shown when there is something in it.
    fn more_is_open(&self) -> bool {
        let mut more = self.more.iter();
        more.any(|field| !field.value.is_empty() || field.error.is_some())
    }
}

impl Page for PersonForm {
    const KIND: &'static str = "admin-person-form";
    const MARKER: &'static str = " a person";

    fn samples() -> Vec<Sample<Self>> {
        let new = sample();
        let wrong = |field: Field| field.error(Some("This is empty: write a name.".to_owned()));
        let problem = |text: &str| {
            Some(Problem {
                title: text.to_owned(),
                text: text.to_owned(),
            })
        };
        let refused = Self {
            problem: problem("Not created: 2 fields need your attention"),
            fields: new.fields.clone().into_iter().map(wrong).collect(),
            more: new.more.clone().into_iter().map(wrong).collect(),
            purpose: Purpose::Create {
                password: PasswordChoice {
                    problem: Some("Choose one.".to_owned()),
                    ..typed_sample()
                },
                admin: true,
            },
            ..new.clone()
        };
        let edit = Self {
            up: "Alice Moreau".to_owned(),
            purpose: Purpose::Edit { version: 1 },
            ..new.clone()
        };
        let typed = |field: Field| field.value(HOSTILE).error(Some(HOSTILE.to_owned()));
        let hostile = Self {
            frame: samples::hostile_frame(Section::People),
            problem: problem(HOSTILE),
            up: HOSTILE.to_owned(),
            fields: new.fields.clone().into_iter().map(typed).collect(),
            more: new.more.clone().into_iter().map(typed).collect(),
            ..edit.clone()
        };
        vec![
            ("new", new),
            ("refused", refused),
            ("edit", edit),
            ("hostile", hostile),
        ]
    }
}

fn sample() -> PersonForm {
    let link = |text: &str| Link::new(text).unwrap_or_else(|| unreachable!());
    PersonForm {
        frame: samples::frame(Section::People),
        problem: None,
        action: link("/admin/people/new"),
        back: link("/admin/people"),
        up: "People".to_owned(),
        fields: vec![
            Field::new("username", "Username", Input::Text)
                .hint("They sign in with it.")
                .required(),
            Field::new("email", "Email", Input::Email),
        ],
        more: vec![Field::new("website", "Website", Input::Url)],
        email_verified: false,
        phone_number_verified: false,
        purpose: Purpose::Create {
            password: PasswordChoice::default(),
            admin: false,
        },
    }
}
