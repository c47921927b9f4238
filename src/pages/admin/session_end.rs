//! Before sessions end: what ends, who will be told. And where a store was away in the middle.

use askama::Template;

use super::{AdminFrame, Section, samples};
use crate::pages::parts::{Link, counted, in_a_row};
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, moment};
use crate::pages::{Page, Sample};

/// "End 2 sessions?". `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/session_end.html")]
pub struct EndSessions {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// What the form names.
    pub target: EndTarget,
    /// How many sessions would end.
    pub count: usize,
    /// Whose they are, each once.
    pub people: Vec<String>,
    /// What would happen beside: the administrator's own session.
    pub own: OwnSession,
    /// The apps that will be told.
    pub told: Vec<String>,
    /// The apps that can't be told.
    pub untold: Vec<String>,
    /// As of when.
    pub at: Moment,
    /// What was typed as the reason.
    pub note: String,
    /// What is wrong with it.
    pub problem: Option<&'static str>,
    /// The list from which it came.
    pub back: Link,
    /// The same as a query.
    pub query: String,
}

/// What the form names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndTarget {
    /// These sessions, by their references.
    Sessions(Vec<String>),
    /// Every session of a person, by their id.
    Person(String),
}

/// What becomes of the administrator's own session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnSession {
    /// It was not chosen.
    Untouched,
    /// It was chosen among others, and is spared.
    Spared,
    /// It is what ends.
    Ends,
}

/// Some sessions did not end. 503 with `Retry-After`; `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/session_stopped.html")]
pub struct EndsStopped {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// How many ended.
    pub ended: usize,
    /// References of those that did not.
    pub left: Vec<String>,
    /// What was typed as the reason.
    pub note: String,
    /// Who has been told of those that ended.
    pub told: Option<Link>,
}

impl EndSessions {
    fn sessions(&self) -> String {
        counted_usize(self.count, "session", "sessions")
    }

    fn apps(&self) -> String {
        counted_usize(self.told.len(), "app", "apps")
    }

    fn people_in_a_row(&self) -> String {
        in_a_row(&self.people)
    }

    fn told_in_a_row(&self) -> String {
        in_a_row(&self.told)
    }

    fn untold_in_a_row(&self) -> String {
        in_a_row(&self.untold)
    }

    fn whole_person(&self) -> bool {
        matches!(self.target, EndTarget::Person(_))
    }
}

impl EndsStopped {
    fn all(&self) -> String {
        let all = self.ended.saturating_add(self.left.len());
        counted_usize(all, "session", "sessions")
    }

    fn rest(&self) -> String {
        counted_usize(self.left.len(), "session", "sessions")
    }
}

fn counted_usize(number: usize, thing: &str, things: &str) -> String {
    counted(i64::try_from(number).unwrap_or(i64::MAX), thing, things)
}

impl Page for EndSessions {
    const KIND: &'static str = "admin-end";
    const MARKER: &'static str = "End ";

    fn samples() -> Vec<Sample<Self>> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let several = Self {
            frame: samples::frame(Section::Sessions),
            target: EndTarget::Sessions(vec!["AAAA".to_owned(), "BBBB".to_owned()]),
            count: 2,
            people: names(&["Ben Okafor", "Emil Haddad"]),
            own: OwnSession::Spared,
            told: names(&["Wiki", "Shop", "Payroll"]),
            untold: names(&["Calendar"]),
            at: moment(NOW),
            note: String::new(),
            problem: None,
            back: Link::new("/admin/sessions").unwrap_or_else(|| unreachable!()),
            query: String::new(),
        };
        let person = Self {
            target: EndTarget::Person("alice".to_owned()),
            people: names(&["Alice Moreau"]),
            own: OwnSession::Untouched,
            untold: Vec::new(),
            note: "x".repeat(201),
            problem: Some("Write at most 200 characters."),
            ..several.clone()
        };
        let own = Self {
            target: EndTarget::Sessions(vec!["AAAA".to_owned()]),
            count: 1,
            people: names(&["Mona Reyes"]),
            own: OwnSession::Ends,
            told: Vec::new(),
            untold: Vec::new(),
            ..several.clone()
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::Sessions),
            people: names(&[HOSTILE]),
            told: names(&[HOSTILE]),
            untold: names(&[HOSTILE]),
            note: HOSTILE.to_owned(),
            query: HOSTILE.to_owned(),
            ..several.clone()
        };
        vec![
            ("several", several),
            ("person", person),
            ("own", own),
            ("hostile", hostile),
        ]
    }
}

impl Page for EndsStopped {
    const KIND: &'static str = "admin-ends-stopped";
    const MARKER: &'static str = "ended";

    fn samples() -> Vec<Sample<Self>> {
        let some = Self {
            frame: samples::frame(Section::Sessions),
            ended: 3,
            left: vec!["AAAA".to_owned(), "BBBB".to_owned()],
            note: "Laptop lost on the train".to_owned(),
            told: Link::new("/admin/sessions/told?s=CCCC"),
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::Sessions),
            left: vec![HOSTILE.to_owned()],
            note: HOSTILE.to_owned(),
            ..some.clone()
        };
        vec![("busy", some), ("hostile", hostile)]
    }
}
