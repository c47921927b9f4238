//! A temporary password for somebody: the choice, and the one time that it is shown.

use askama::Template;

use super::password_choice::{PasswordChoice, typed_sample};
use super::person_deed::{Ends, sample_ends};
use super::{AdminFrame, Section, samples};
use crate::pages::fields::{Input, Problem, title_prefix};
use crate::pages::parts::Link;
use crate::pages::samples::HOSTILE;
use crate::pages::{Page, Sample};

/// "Set a temporary password for Alice Moreau". `form-action 'self'`; 400 with a problem.
#[derive(Clone, Template)]
#[template(path = "admin/person_password.html")]
pub struct SetPassword {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// For whom.
    pub name: String,
    /// What they sign in with.
    pub username: String,
    /// How they come by it.
    pub choice: PasswordChoice,
    /// What ends with it.
    pub ends: Ends,
    /// Why nothing was changed.
    pub problem: Option<Problem>,
    /// Where the form goes.
    pub action: Link,
    /// The person's page.
    pub back: Link,
}

/// A password that the house made, on the only page that ever shows it. `form-action 'self'`,
/// never stored.
#[derive(Clone, Template)]
#[template(path = "admin/password_shown.html")]
pub struct PasswordShown {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// Whose it is.
    pub name: String,
    /// What they sign in with.
    pub username: String,
    /// The password.
    pub password: String,
    /// Their page.
    pub page: Link,
}

impl SetPassword {
    fn title_prefix(&self) -> &'static str {
        title_prefix(self.problem.is_some())
    }

    fn button(&self) -> String {
        match self.ends.sessions {
            0 => "Set it".to_owned(),
            1 => "Set it and end 1 session".to_owned(),
            many => format!("Set it and end {many} sessions"),
        }
    }
}

impl Page for SetPassword {
    const KIND: &'static str = "admin-person-password";
    const MARKER: &'static str = "Set a temporary password";

    fn samples() -> Vec<Sample<Self>> {
        let link = |text: &str| Link::new(text).unwrap_or_else(|| unreachable!());
        let problem = |text: &str| {
            Some(Problem {
                title: text.to_owned(),
                text: text.to_owned(),
            })
        };
        let asked = Self {
            frame: samples::frame(Section::People),
            name: "Alice Moreau".to_owned(),
            username: "alice".to_owned(),
            choice: PasswordChoice::default(),
            ends: sample_ends("Wiki"),
            problem: None,
            action: link("/admin/people/u_1/password"),
            back: link("/admin/people/u_1"),
        };
        let weak = Self {
            choice: typed_sample(),
            problem: problem("The password was not set"),
            ..asked.clone()
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::People),
            name: HOSTILE.to_owned(),
            username: HOSTILE.to_owned(),
            ends: sample_ends(HOSTILE),
            problem: problem(HOSTILE),
            ..weak.clone()
        };
        vec![("asked", asked), ("weak", weak), ("hostile", hostile)]
    }
}

impl Page for PasswordShown {
    const KIND: &'static str = "admin-password-shown";
    const MARKER: &'static str = "The temporary password";

    fn samples() -> Vec<Sample<Self>> {
        let of = |frame, name: &str| Self {
            frame,
            name: name.to_owned(),
            username: name.to_owned(),
            password: "k7mfp-x2q9d-h4nws-b3ryt".to_owned(),
            page: Link::new("/admin/people/u_1").unwrap_or_else(|| unreachable!()),
        };
        vec![
            ("shown", of(samples::frame(Section::People), "alice")),
            (
                "hostile",
                of(samples::hostile_frame(Section::People), HOSTILE),
            ),
        ]
    }
}
