//! "Continue to Wiki?": an app that was signed out of the session comes back only if the person says
//! so.

use askama::Template;

use super::parts::App;
use super::samples;
use super::time::{Moment, on_day};
use super::{Page, Sample};

/// The question. Its POST ends at an app: no `form-action`; the origin of the app's logo belongs in
/// `img-src`.
#[derive(Clone, Template)]
#[template(path = "resume.html")]
pub struct Resume {
    /// Which app.
    pub app: App,
    /// Who is signed in.
    pub person: String,
    /// By whom it was signed out.
    pub by: SignedOutBy,
    /// When.
    pub at: Moment,
    /// Where the form posts to; it carries the interaction.
    pub action: String,
    /// The anti-forgery token.
    pub csrf: String,
}

/// By whom an app was signed out of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedOutBy {
    /// The person.
    You,
    /// The app itself.
    App,
    /// An administrator.
    Administrator,
}

impl Page for Resume {
    const KIND: &'static str = "resume";
    const MARKER: &'static str = "Continue to ";

    fn samples() -> Vec<Sample<Self>> {
        let you = Self {
            app: samples::wiki(),
            person: "Alice Moreau".to_owned(),
            by: SignedOutBy::You,
            at: on_day(samples::NOW, samples::NOW),
            action: "/login/resume?i=sample".to_owned(),
            csrf: samples::CSRF.to_owned(),
        };
        let by = |by| Self { by, ..you.clone() };
        let hostile = Self {
            app: samples::hostile_app(),
            person: samples::HOSTILE.to_owned(),
            by: SignedOutBy::App,
            ..you.clone()
        };
        vec![
            ("app", by(SignedOutBy::App)),
            ("administrator", by(SignedOutBy::Administrator)),
            ("hostile", hostile),
            ("you", you),
        ]
    }
}
