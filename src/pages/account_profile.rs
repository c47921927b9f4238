//! "Your account", profile: what apps may be told of a person.

use askama::Template;

use super::account::{AccountFrame, Tab};
use super::fields::{Field, Input, Problem, title_prefix};
use super::samples;
use super::{Page, Sample};

/// A person's own claims. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "account_profile.html")]
pub struct AccountProfile {
    /// What every account page shows.
    pub frame: AccountFrame,
    /// What they sign in with.
    pub username: String,
    /// Their address.
    pub email: Option<String>,
    /// Somebody checked the address.
    pub email_verified: bool,
    /// What apps may be told as well, and others set: label and value.
    pub by_others: Vec<(String, String)>,
    /// Why nothing was saved.
    pub problem: Option<Problem>,
    /// What they may change.
    pub fields: Vec<Field>,
    /// What the edit began from.
    pub version: i64,
}

impl AccountProfile {
    fn title_prefix(&self) -> &'static str {
        title_prefix(self.problem.is_some())
    }
}

impl Page for AccountProfile {
    const KIND: &'static str = "account-profile";
    const MARKER: &'static str = "Your account";

    fn samples() -> Vec<Sample<Self>> {
        let field = |name, label| Field::new(name, label, Input::Text);
        let plain = Self {
            frame: samples::frame(Tab::Profile),
            username: "alice".to_owned(),
            email: Some("alice.moreau@example.com".to_owned()),
            email_verified: true,
            by_others: vec![("Groups".to_owned(), "staff, editors".to_owned())],
            problem: None,
            fields: vec![
                field("name", "Full name").value("Alice Moreau"),
                field("locale", "Language").hint("Such as en-GB."),
            ],
            version: 1,
        };
        let wrong = |field: Field| field.error(Some("This is no language tag.".to_owned()));
        let refused = Self {
            problem: Some(Problem {
                title: "Not saved: 2 fields need your attention".to_owned(),
                text: "What you typed is kept.".to_owned(),
            }),
            fields: plain.fields.clone().into_iter().map(wrong).collect(),
            ..plain.clone()
        };
        let hostile = |field: Field| {
            let said = samples::HOSTILE.to_owned();
            field.value(said.clone()).error(Some(said))
        };
        let hostile = Self {
            frame: samples::hostile_frame(Tab::Profile),
            username: samples::HOSTILE.to_owned(),
            email: Some(samples::HOSTILE.to_owned()),
            by_others: vec![(samples::HOSTILE.to_owned(), samples::HOSTILE.to_owned())],
            fields: plain.fields.clone().into_iter().map(hostile).collect(),
            ..refused.clone()
        };
        vec![("plain", plain), ("refused", refused), ("hostile", hostile)]
    }
}
