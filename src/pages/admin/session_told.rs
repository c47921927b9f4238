//! After sessions ended: who has been told, session by session and app by app.

use std::time::Duration;

use askama::Template;

use super::states::State;
use super::{AdminFrame, Section, samples};
use crate::pages::parts::{Link, counted};
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, moment};
use crate::pages::{Page, Sample};

/// Who has been told. `script-src 'self'` and `connect-src 'self'`, as the receipts are fetched
/// anew.
#[derive(Clone, Template)]
#[template(path = "admin/session_told.html")]
pub struct SessionsTold {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// The sessions.
    pub sessions: Vec<ToldSession>,
    /// How many more ended, which are not shown.
    pub more: usize,
    /// This page once more.
    pub check_again: Link,
    /// What says when there is something new.
    pub events: Link,
}

/// One session that ended.
#[derive(Clone, Debug)]
pub struct ToldSession {
    /// Its page.
    pub link: Link,
    /// Whose it was.
    pub person: String,
    /// "Firefox on Linux".
    pub device: String,
    /// When and why it ended; or that it lives.
    pub state: State,
    /// One for each app that was in it.
    pub apps: Vec<ToldApp>,
}

/// One app that was in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldApp {
    /// What people call it.
    pub name: String,
    /// How far its notice has come.
    pub told: ToldState,
}

/// How far a notice has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToldState {
    /// The app has answered that it knows.
    Told(Moment),
    /// The first try is under way.
    Telling,
    /// A try failed; more will follow.
    Trying,
    /// All tries failed, or the app refused.
    GaveUp,
    /// Nobody used the session, and the app is not told of such ends.
    Quiet {
        /// When its access runs out.
        until: Moment,
    },
    /// It has no address for that.
    CannotTell {
        /// When its access runs out.
        until: Moment,
    },
}

impl ToldState {
    /// Whether something is still to come.
    pub const fn waits(&self) -> bool {
        matches!(self, Self::Telling | Self::Trying)
    }
}

impl SessionsTold {
    fn heading(&self) -> String {
        let count = self.sessions.len().saturating_add(self.more);
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        format!("{} ended", counted(count, "session", "sessions"))
    }

    fn waits(&self) -> bool {
        self.apps().any(|app| app.told.waits())
    }

    fn apps(&self) -> impl Iterator<Item = &ToldApp> {
        self.sessions.iter().flat_map(|session| &session.apps)
    }

    /// "2 of 3 apps have confirmed it."
    fn summary(&self) -> String {
        let all = self.apps().count();
        let told = |app: &&ToldApp| matches!(app.told, ToldState::Told(_));
        let confirmed = self.apps().filter(told).count();
        match (confirmed, all) {
            (_, 0) => "No app was in it, so there is nobody to tell.".to_owned(),
            (1, 1) => "The app has confirmed it.".to_owned(),
            (_, 1) => "The app has not confirmed it yet.".to_owned(),
            _ if confirmed == all => format!("All {all} notices are confirmed."),
            _ => format!("{confirmed} of {all} notices are confirmed."),
        }
    }
}

impl Page for SessionsTold {
    const KIND: &'static str = "admin-told";
    const MARKER: &'static str = "ended";

    fn samples() -> Vec<Sample<Self>> {
        let app = |name: &str, told| ToldApp {
            name: name.to_owned(),
            told,
        };
        let until = moment(NOW + Duration::from_mins(5));
        let session = ToldSession {
            link: Link::new("/admin/sessions/AAAA-BBBB-CCCC").unwrap_or_else(|| unreachable!()),
            person: "Ben Okafor".to_owned(),
            device: "Chrome on Windows".to_owned(),
            state: State::off("Ended at 14:05:02 UTC"),
            apps: vec![
                app("Wiki", ToldState::Told(moment(NOW))),
                app("Chat", ToldState::Telling),
                app("Shop", ToldState::Trying),
                app("Payroll", ToldState::GaveUp),
                app(
                    "Board",
                    ToldState::Quiet {
                        until: until.clone(),
                    },
                ),
                app("Calendar", ToldState::CannotTell { until }),
            ],
        };
        let bare = ToldSession {
            apps: Vec::new(),
            ..session.clone()
        };
        let hostile = ToldSession {
            person: HOSTILE.to_owned(),
            device: HOSTILE.to_owned(),
            apps: vec![app(HOSTILE, ToldState::Trying)],
            ..session.clone()
        };
        let of = |frame, sessions, more| Self {
            frame,
            sessions,
            more,
            check_again: Link::new("/admin/sessions/told?s=AAAA-BBBB-CCCC")
                .unwrap_or_else(|| unreachable!()),
            events: Link::new("/admin/sessions/events?s=AAAA-BBBB-CCCC")
                .unwrap_or_else(|| unreachable!()),
        };
        let frame = samples::frame(Section::Sessions);
        vec![
            ("mixed", of(frame.clone(), vec![session, bare.clone()], 3)),
            ("nobody", of(frame, vec![bare], 0)),
            (
                "hostile",
                of(samples::hostile_frame(Section::Sessions), vec![hostile], 0),
            ),
        ]
    }
}
