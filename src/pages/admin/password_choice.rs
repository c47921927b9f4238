//! How somebody comes by a temporary password: one that the house makes, or one that is typed.

use crate::pages::fields::{Field, Input};

/// The choice in a form. A form that comes without a choice is asked again, never answered by a
/// password that nobody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordChoice {
    /// The one that is typed is chosen.
    pub typed: bool,
    /// Nothing is chosen.
    pub problem: Option<String>,
    /// Where it is typed.
    pub field: Field,
}

impl Default for PasswordChoice {
    fn default() -> Self {
        Self {
            typed: false,
            problem: None,
            field: Field::new("password", "Temporary password", Input::NewPassword)
                .hint("Only if you type it yourself. At least 8 characters."),
        }
    }
}

impl PasswordChoice {
    /// With what is wrong with the password that was typed.
    #[must_use]
    pub fn with_error(mut self, error: &str) -> Self {
        self.field.error = Some(error.to_owned());
        self
    }

    /// Whether something is wrong.
    pub const fn is_wrong(&self) -> bool {
        self.problem.is_some() || self.field.error.is_some()
    }
}

/// With what is wrong.
pub(super) fn typed_sample() -> PasswordChoice {
    let choice = PasswordChoice {
        typed: true,
        ..PasswordChoice::default()
    };
    choice.with_error("Use at least 8 characters.")
}
