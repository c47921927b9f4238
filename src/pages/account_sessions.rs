//! "Your account", sessions: where one is signed in, and the ends of it.

use std::time::Duration;

use askama::Template;

use super::account::{AccountFrame, Tab};
use super::admin::session_told::{ToldApp, ToldState};
use super::parts::{Link, Notice, Tone};
use super::samples;
use super::time::{Moment, ago, moment, on_day, span};
use super::{Page, Sample};

/// A person's sessions. `form-action 'self'`; with `ended` also `connect-src 'self'`, as receipts
/// are fetched anew.
#[derive(Clone, Template)]
#[template(path = "account_sessions.html")]
pub struct AccountSessions {
    /// What every account page shows.
    pub frame: AccountFrame,
    /// Who has been told of sessions that were ended here.
    pub ended: Option<EndedHere>,
    /// The sessions, this device's first.
    pub sessions: Vec<SessionRow>,
}

/// Sessions that the person ended on this page.
#[derive(Clone, Debug)]
pub struct EndedHere {
    /// Each with its apps.
    pub sessions: Vec<EndedSession>,
    /// The page once more, with what has become of the notices meanwhile.
    pub check_again: Link,
    /// What says when there is something new.
    pub events: Link,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct EndedSession {
    /// "Firefox on Linux".
    pub device: String,
    /// When it ended.
    pub ended: Moment,
    /// The apps that were in it.
    pub apps: Vec<ToldApp>,
}

impl EndedHere {
    fn waits(&self) -> bool {
        let mut apps = self.sessions.iter().flat_map(|session| &session.apps);
        apps.any(|app| app.told.waits())
    }
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
            title: "The sessions have ended".to_owned(),
            text: "Their apps are being told now.".to_owned(),
            receipts: None,
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
                    ended: None,
                    sessions: vec![here.clone()],
                },
            ),
            (
                "hostile",
                Self {
                    frame: samples::hostile_frame(Tab::Sessions),
                    ended: sample_ended(samples::HOSTILE),
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
                    ended: sample_ended("Safari on iPad"),
                    sessions: vec![here, phone, bare],
                },
            ),
        ]
    }
}

fn sample_ended(device: &str) -> Option<EndedHere> {
    let app = |name: &str, told| ToldApp {
        name: name.to_owned(),
        told,
    };
    let until = moment(samples::NOW + Duration::from_mins(5));
    let with_apps = EndedSession {
        device: device.to_owned(),
        ended: moment(samples::NOW),
        apps: vec![
            app("Wiki", ToldState::Told(moment(samples::NOW))),
            app("Chat", ToldState::Telling),
            app(device, ToldState::Trying),
            app("Payroll", ToldState::GaveUp),
            app("Calendar", ToldState::CannotTell { until }),
        ],
    };
    let without = EndedSession {
        apps: Vec::new(),
        ..with_apps.clone()
    };
    Some(EndedHere {
        sessions: vec![with_apps, without],
        check_again: Link::new("/account?s=AAAA-BBBB-CCCC")?,
        events: Link::new("/account/sessions/events?s=AAAA-BBBB-CCCC")?,
    })
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
