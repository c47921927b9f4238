//! Before a person is signed out of one app in one session.

use askama::Template;

use super::{AdminFrame, Section, samples};
use crate::pages::parts::Link;
use crate::pages::samples::HOSTILE;
use crate::pages::{Page, Sample};

/// "Sign Alice Moreau out of Wiki?". `form-action 'self'`; 400 with a problem.
#[derive(Clone, Template)]
#[template(path = "admin/session_app.html")]
pub struct EndApp {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// The app's name.
    pub app: String,
    /// Its client id.
    pub client: String,
    /// Whose session it is.
    pub person: String,
    /// "Firefox on Linux".
    pub device: String,
    /// It is the session that looks at this page.
    pub own: bool,
    /// Whether the app is told by the back channel.
    pub told: bool,
    /// Grants from this session that outlive it (`offline_access`), and end with the app's part.
    pub offline: i64,
    /// Where the answer is sent.
    pub action: Link,
    /// The session's page.
    pub session: Link,
    /// What was typed as the reason.
    pub note: String,
    /// What is wrong with it.
    pub problem: Option<&'static str>,
}

impl Page for EndApp {
    const KIND: &'static str = "admin-end-app";
    const MARKER: &'static str = " out of ";

    fn samples() -> Vec<Sample<Self>> {
        let link = |path| Link::new(path).unwrap_or_else(|| unreachable!());
        let told = Self {
            frame: samples::frame(Section::Sessions),
            app: "Wiki".to_owned(),
            client: "wiki".to_owned(),
            person: "Alice Moreau".to_owned(),
            device: "Firefox on Linux".to_owned(),
            own: false,
            told: true,
            offline: 1,
            action: link("/admin/sessions/7QK4-M2XD-AAAA/app"),
            session: link("/admin/sessions/7QK4-M2XD-AAAA"),
            note: String::new(),
            problem: None,
        };
        let own = Self {
            own: true,
            told: false,
            offline: 0,
            note: "x".repeat(201),
            problem: Some("Write at most 200 characters."),
            ..told.clone()
        };
        let bad = || HOSTILE.to_owned();
        let hostile = Self {
            frame: samples::hostile_frame(Section::Sessions),
            app: bad(),
            client: bad(),
            person: bad(),
            device: bad(),
            told: false,
            note: bad(),
            ..told.clone()
        };
        vec![("told", told), ("own", own), ("hostile", hostile)]
    }
}
