//! The page that makes the first administrator, and what a set-up link leads to that is void.

use askama::Template;

use super::fields::{Field, Input, title_prefix};
use super::parts::Link;
use super::{Page, Sample, samples};

/// "Set up Lanyard": the form that makes the first administrator.
#[derive(Clone, Template)]
#[template(path = "setup.html")]
pub struct Setup {
    /// The host of the issuer.
    pub provider: String,
    /// The anti-forgery token.
    pub csrf: String,
    /// What was typed, and what is wrong with it.
    pub form: SetupForm,
}

/// What was typed, and what is wrong with it. Never the password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetupForm {
    /// To sign in with.
    pub username: Typed,
    /// The person's full name.
    pub name: Typed,
    /// Their address.
    pub email: Typed,
    /// What is wrong with the password.
    pub weakness: Option<String>,
}

/// What was typed into a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// As it was.
    pub value: String,
    /// What is wrong with it, and what to do.
    pub error: Option<String>,
}

impl Typed {
    /// Something with nothing wrong.
    pub fn new(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            error: None,
        }
    }
}

impl Setup {
    fn title_prefix(&self) -> &'static str {
        title_prefix(self.refused())
    }

    fn refused(&self) -> bool {
        let form = &self.form;
        let errors = [&form.username.error, &form.name.error, &form.email.error];
        errors.into_iter().any(Option::is_some) || form.weakness.is_some()
    }

    fn fields(&self) -> [Field; 4] {
        let form = &self.form;
        let typed =
            |field: Field, typed: &Typed| field.value(&*typed.value).error(typed.error.clone());
        let username = Field::new("username", "Username", Input::Text)
            .hint("To sign in with. Capital and small letters count as the same.")
            .own("username")
            .required();
        let name = Field::new("name", "Full name", Input::Text)
            .hint("As apps show it. You can leave it empty.")
            .own("name");
        let email = Field::new("email", "Email", Input::Email)
            .hint("To sign in with as well. You can leave it empty.")
            .own("email");
        let password = Field::new("password", "Password", Input::NewPassword)
            .hint(
                "At least 8 characters; a few words in a row do well. Your own name and common \
                 passwords are refused.",
            )
            .required();
        let mut fields = [
            typed(username, &form.username),
            typed(name, &form.name),
            typed(email, &form.email),
            password.error(form.weakness.clone()),
        ];
        // Where something is to be done first.
        let refused = self.refused();
        if let Some(field) = fields
            .iter_mut()
            .find(|field| !refused || field.error.is_some())
        {
            field.focused = true;
        }
        fields
    }
}

/// What a set-up link leads to that was used, ran out, or never was one; always the same, so that
/// nobody learns whether there is an administrator.
#[derive(Clone, Template)]
#[template(path = "setup_void.html")]
pub struct SetupVoid {
    /// Where to sign in.
    pub onward: Option<Link>,
}

impl Page for Setup {
    const KIND: &'static str = "setup";
    const MARKER: &'static str = "Make the first administrator";

    fn samples() -> Vec<Sample<Self>> {
        let with = |form| Self {
            provider: "login.example.com".to_owned(),
            csrf: samples::CSRF.to_owned(),
            form,
        };
        let wrong = |value: &str, error: &str| Typed {
            value: value.to_owned(),
            error: Some(error.to_owned()),
        };
        vec![
            ("fresh", with(SetupForm::default())),
            (
                "refused",
                with(SetupForm {
                    username: Typed::new("mona"),
                    name: Typed::new("Mona Lind"),
                    email: wrong(
                        "mona",
                        "This is no mail address; write one such as alice@example.com.",
                    ),
                    weakness: Some(
                        "Use at least 8 characters. A few words in a row do well.".to_owned(),
                    ),
                }),
            ),
            (
                "hostile",
                with(SetupForm {
                    username: wrong(samples::HOSTILE, samples::HOSTILE),
                    name: wrong(samples::HOSTILE, samples::HOSTILE),
                    email: wrong(samples::HOSTILE, samples::HOSTILE),
                    weakness: Some(samples::HOSTILE.to_owned()),
                }),
            ),
        ]
    }
}

impl Page for SetupVoid {
    const KIND: &'static str = "setup-void";
    const MARKER: &'static str = "This set-up link doesn’t work";

    fn samples() -> Vec<Sample<Self>> {
        let onward = Link::new("/admin");
        vec![("plain", Self { onward })]
    }
}
