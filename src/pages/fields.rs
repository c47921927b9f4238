//! Fields of forms that explain themselves, and keep what was typed when something is wrong with it.

use std::borrow::Cow;

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// One line.
    Text,
    /// A mail address.
    Email,
    /// A web address.
    Url,
    /// A password that exists. Never filled in.
    CurrentPassword,
    /// A password to be. Never filled in.
    NewPassword,
    /// Several lines, one thing in each.
    Lines,
}

impl Input {
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Text | Self::Lines => "text",
            Self::Email => "email",
            Self::Url => "url",
            Self::CurrentPassword | Self::NewPassword => "password",
        }
    }

    pub(super) const fn autocomplete(self) -> &'static str {
        match self {
            Self::CurrentPassword => "current-password",
            Self::NewPassword => "new-password",
            Self::Text | Self::Email | Self::Url | Self::Lines => "off",
        }
    }

    const fn is_secret(self) -> bool {
        matches!(self, Self::CurrentPassword | Self::NewPassword)
    }
}

/// One field. A template writes it by `{% call fields::field(…) %}` of `fields.html`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the form; also the `id` of its control.
    pub name: Cow<'static, str>,
    /// What stands above it.
    pub label: Cow<'static, str>,
    /// What it is for; may be empty.
    pub hint: &'static str,
    /// What it takes.
    pub input: Input,
    /// Which of the browser's own words for personal data it takes (HTML, `autocomplete`): only
    /// where people write of themselves (WCAG 2.2, 1.3.5).
    pub own: Option<&'static str>,
    /// The browser demands something in it.
    pub required: bool,
    /// The cursor stands there when the page opens.
    pub focused: bool,
    /// What was typed; never a password.
    pub value: String,
    /// What is wrong with it, and what to do.
    pub error: Option<String>,
}

impl Field {
    /// An empty field.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        input: Input,
    ) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: "",
            input,
            own: None,
            required: false,
            focused: false,
            value: String::new(),
            error: None,
        }
    }

    /// With a word on what it is for.
    #[must_use]
    pub const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    /// One in which people write of themselves: browsers may fill it in.
    #[must_use]
    pub const fn own(mut self, word: &'static str) -> Self {
        self.own = Some(word);
        self
    }

    pub(in crate::pages) const fn autocomplete(&self) -> &'static str {
        match self.own {
            Some(word) => word,
            None => self.input.autocomplete(),
        }
    }

    /// One that must not stay empty.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// One where the cursor stands when the page opens.
    #[must_use]
    pub const fn focused(mut self) -> Self {
        self.focused = true;
        self
    }

    /// With what was typed. A password is not kept.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        if !self.input.is_secret() {
            self.value = value.into();
        }
        self
    }

    /// With what is wrong with it, if something is.
    #[must_use]
    pub fn error(mut self, error: Option<String>) -> Self {
        self.error = error;
        self
    }

    /// The ids of its hint and its error, for `aria-describedby`.
    pub(super) fn described(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        let ids: Vec<String> = hint.into_iter().chain(error).collect();
        ids.join(" ")
    }
}

/// Why nothing that a form asks for was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// "Not saved: 2 fields need your attention".
    pub title: String,
    /// What to do.
    pub text: String,
}

/// What stands before the title of a page whose form was refused.
pub fn title_prefix(refused: bool) -> &'static str {
    if refused { "Problem: " } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_kept() {
        for input in [Input::CurrentPassword, Input::NewPassword] {
            assert_eq!(Field::new("p", "Password", input).value("typed").value, "");
        }
        let name = Field::new("name", "Name", Input::Text).value("typed");
        assert_eq!(name.value, "typed");
    }

    #[test]
    fn a_control_is_tied_to_what_is_said_of_it() {
        let bare = Field::new("name", "Name", Input::Text);
        assert_eq!(bare.described(), "");
        let hinted = bare.hint("As apps show it.");
        assert_eq!(hinted.described(), "name-hint");
        let wrong = hinted.error(Some("is too long".to_owned()));
        assert_eq!(wrong.described(), "name-hint name-error");
    }
}
