//! "Your account", password: a new one for the old one.

use askama::Template;

use super::account::{AccountFrame, Tab};
use super::fields::{Field, Input, title_prefix};
use super::new_password::HINT;
use super::samples;
use super::{Page, Sample};

/// The form for a new password. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "account_password.html")]
pub struct AccountPassword {
    /// What every account page shows.
    pub frame: AccountFrame,
    /// Whose, for password managers.
    pub username: String,
    /// Why nothing was changed.
    pub problem: Option<PasswordProblem>,
    /// Whether ending other sessions is ticked.
    pub end_others: bool,
}

/// Why a password was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordProblem {
    /// The old one was another.
    Old,
    /// The new one will not do: why, and what to do.
    New(&'static str),
    /// Too many tries, or too many people at once: "40 seconds".
    Wait(String),
}

impl AccountPassword {
    fn title_prefix(&self) -> &'static str {
        match self.problem {
            Some(PasswordProblem::Wait(_)) => "Please wait: ",
            _ => title_prefix(self.problem.is_some()),
        }
    }

    fn old(&self) -> Field {
        let wrong = self.problem == Some(PasswordProblem::Old);
        let error = "That is not the password you have now. Type it again.";
        Field::new("old_password", "Your password now", Input::CurrentPassword)
            .required()
            .error(wrong.then(|| error.to_owned()))
    }

    fn new_one(&self) -> Field {
        let error = match &self.problem {
            Some(PasswordProblem::New(why)) => Some((*why).to_owned()),
            _ => None,
        };
        Field::new("new_password", "New password", Input::NewPassword)
            .hint(HINT)
            .required()
            .error(error)
    }
}

impl Page for AccountPassword {
    const KIND: &'static str = "account-password";
    const MARKER: &'static str = "Your account";

    fn samples() -> Vec<Sample<Self>> {
        let plain = Self {
            frame: samples::frame(Tab::Password),
            username: "alice".to_owned(),
            problem: None,
            end_others: true,
        };
        let with = |problem| Self {
            problem: Some(problem),
            ..plain.clone()
        };
        let hostile = Self {
            frame: samples::hostile_frame(Tab::Password),
            username: samples::HOSTILE.to_owned(),
            ..plain.clone()
        };
        let short = "Use at least 8 characters. A few words in a row do well.";
        vec![
            ("old", with(PasswordProblem::Old)),
            ("new", with(PasswordProblem::New(short))),
            ("wait", with(PasswordProblem::Wait("40 seconds".to_owned()))),
            ("plain", plain),
            ("hostile", hostile),
        ]
    }
}
