//! "Your account", sessions: where one is signed in, and the ends of it.

use std::time::Duration;

use askama::Template;

use super::account::{AccountFrame, Tab};
use super::parts::{Link, Notice, Tone};
use super::samples;
use super::time::{Moment, ago, on_day, span};
use super::{Page, Sample};

/// A person's sessions. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "account_sessions.html")]
pub struct AccountSessions {
    /// What every account page shows.
    pub frame: AccountFrame,
    /// The sessions, this device's first.
    pub sessions: Vec<SessionRow>,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// What names it in the form: opaque, never the session's id.
    pub reference: String,
    /// "Firefox on Linux".
    pub device: String,
    /// The coarse place: "Lyon, France", or a network.
    pub place: String,
    /// Whether it is the session that looks at this page.
    pub here: bool,
    /// "12 minutes ago".
    pub active: String,
    /// When it began.
    pub began: Moment,
    /// When it ends whatever happens.
    pub ends: Moment,
    /// How long it lives without use: "2 hours".
    pub idle: String,
    /// Whether the person chose to stay signed in.
    pub remembered: bool,
    /// The apps in it.
    pub apps: Vec<SessionApp>,
}

/// An app in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionApp {
    /// Its client id, for the form.
    pub client: String,
    /// Its name.
    pub name: String,
}

impl SessionApp {
    fn sample(name: &str) -> Self {
        Self {
            client: name.to_lowercase(),
            name: name.to_owned(),
        }
    }
}

impl AccountSessions {
    fn headline(&self) -> String {
        match self.sessions.len() {
            1 => "Signed in on 1 device".to_owned(),
            count => format!("Signed in on {count} devices"),
        }
    }

    fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !session.here)
    }
}

impl Page for AccountSessions {
    const KIND: &'static str = "account-sessions";
    const MARKER: &'static str = "Your account";

    fn samples() -> Vec<Sample<Self>> {
        let (here, phone) = (sample_here(), sample_phone());
        let bare = SessionRow {
            apps: Vec::new(),
            device: "An unknown browser".to_owned(),
            ..phone.clone()
        };
        let frame = samples::frame(Tab::Sessions);
        let ended = Notice {
            tone: Tone::Ok,
            title: "Session on Safari on iPad ended at 14:05:02 UTC".to_owned(),
            text: "Wiki is signed out. Shop is not reached yet; we keep trying.".to_owned(),
            receipts: Link::new("/account"),
        };
        let hostile = SessionRow {
            reference: samples::HOSTILE.to_owned(),
            device: samples::HOSTILE.to_owned(),
            place: samples::HOSTILE.to_owned(),
            apps: vec![SessionApp::sample(samples::HOSTILE)],
            ..phone.clone()
        };
        vec![
            (
                "only",
                Self {
                    frame: frame.clone(),
                    sessions: vec![here.clone()],
                },
            ),
            (
                "hostile",
                Self {
                    frame: samples::hostile_frame(Tab::Sessions),
                    sessions: vec![hostile],
                },
            ),
            (
                "three",
                Self {
                    frame: AccountFrame {
                        notice: Some(ended),
                        ..frame
                    },
                    sessions: vec![here, phone, bare],
                },
            ),
        ]
    }
}

fn sample_here() -> SessionRow {
    SessionRow {
        reference: "here".to_owned(),
        device: "Firefox on Linux".to_owned(),
        place: "Lyon, France".to_owned(),
        here: true,
        active: ago(samples::NOW, samples::NOW),
        began: on_day(samples::NOW - Duration::from_hours(5), samples::NOW),
        ends: on_day(samples::NOW + Duration::from_hours(7), samples::NOW),
        idle: span(Duration::from_hours(2)),
        remembered: false,
        apps: ["Wiki", "Shop", "Calendar"].map(SessionApp::sample).into(),
    }
}

fn sample_phone() -> SessionRow {
    SessionRow {
        reference: "phone".to_owned(),
        device: "Safari on iPhone".to_owned(),
        place: "Network 192.0.2.0/24".to_owned(),
        here: false,
        active: ago(samples::NOW, samples::NOW - Duration::from_mins(12)),
        began: on_day(samples::NOW - Duration::from_hours(10 * 24), samples::NOW),
        ends: on_day(samples::NOW + Duration::from_hours(20 * 24), samples::NOW),
        idle: span(Duration::from_hours(14 * 24)),
        remembered: true,
        apps: vec![SessionApp::sample("Shop")],
    }
}
