//! "Choose an account": go on as the person who is signed in, or as somebody else.

use askama::Template;

use super::parts::{App, initial};
use super::samples;
use super::{Page, Sample};

/// The account chooser. Its POST may end at an app: no `form-action`; the origin of the app's
/// logo belongs in `img-src`.
#[derive(Clone, Template)]
#[template(path = "choose_account.html")]
pub struct ChooseAccount {
    /// For which app.
    pub app: App,
    /// Who is signed in.
    pub person: String,
    /// Their email address or username.
    pub account: String,
    /// Where the form posts to; it carries the interaction.
    pub action: String,
    /// The anti-forgery token.
    pub csrf: String,
}

impl ChooseAccount {
    fn initial(&self) -> String {
        initial(&self.person)
    }
}

impl Page for ChooseAccount {
    const KIND: &'static str = "choose-account";
    const MARKER: &'static str = "Choose an account";

    fn samples() -> Vec<Sample<Self>> {
        let alice = Self {
            app: samples::shop(),
            person: "Alice Moreau".to_owned(),
            account: "alice.moreau@example.com".to_owned(),
            action: "/login/sample/account".to_owned(),
            csrf: samples::CSRF.to_owned(),
        };
        let hostile = Self {
            app: samples::hostile_app(),
            person: samples::HOSTILE.to_owned(),
            account: samples::HOSTILE.to_owned(),
            ..alice.clone()
        };
        vec![("alice", alice), ("hostile", hostile)]
    }
}
