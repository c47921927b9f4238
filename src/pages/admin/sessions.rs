//! The list of sessions: searched, ticked, ended.

use std::time::Duration;

use askama::Template;

use super::states::State;
use super::{AdminFrame, Section, samples};
use crate::pages::parts::Link;
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, ago, on_day};
use crate::pages::{Page, Sample};

/// The list of sessions. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/sessions.html")]
pub struct Sessions {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// How many live: "1,284".
    pub live: String,
    /// Of how many: "312 people".
    pub people: String,
    /// What is looked for.
    pub search: Search,
    /// What of it was not understood or can't be looked for, and the remedy.
    pub hints: Vec<String>,
    /// The newest first.
    pub rows: Vec<SessionLine>,
    /// What the list is of: "Live sessions".
    pub what: &'static str,
    /// "50 of 1,284 shown".
    pub shown: String,
    /// The page of newer ones.
    pub newer: Option<Link>,
    /// The page of older ones.
    pub older: Option<Link>,
    /// To a dry run of ending all that match, where they live.
    pub end_all: Option<Link>,
    /// What is said where there are no rows.
    pub nothing: Nothing,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Search {
    /// What was typed.
    pub q: String,
    /// Apps by client id.
    pub apps: Vec<Choice>,
    /// When the session began.
    pub began: Vec<Choice>,
    /// When it was last active.
    pub idle: Vec<Choice>,
    /// Live, ended, both.
    pub states: Vec<Choice>,
    /// Only of this person.
    pub person: Option<OnlyOf>,
    /// The same search as a query, so that a step from here leads back.
    pub query: String,
}

/// One entry of a select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its value; empty for no condition.
    pub value: String,
    /// What it says.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// A list of one person's sessions.
#[derive(Clone, Debug)]
pub struct OnlyOf {
    /// The person's id.
    pub id: String,
    /// What pages call them.
    pub name: String,
    /// Their page.
    pub page: Link,
    /// The same search for everybody.
    pub everybody: Link,
}

/// One session.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// Its public reference.
    pub reference: String,
    /// Its page.
    pub link: Link,
    /// What pages call its person.
    pub person: String,
    /// Their username.
    pub username: String,
    /// "Firefox on Linux".
    pub device: String,
    /// Its network.
    pub place: String,
    /// The apps in it: "Wiki, Shop and Calendar".
    pub apps: String,
    /// When it began.
    pub began: Moment,
    /// "active 12 minutes ago".
    pub active: String,
    /// Whether it lives.
    pub state: State,
    /// Until when, or why not.
    pub more: String,
    /// Whether it can be ended.
    pub live: bool,
    /// It is the session that looks at this page.
    pub own: bool,
}

/// What is said where there are no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nothing {
    /// "Nobody with 'alicia' is signed in."
    pub title: String,
    /// The remedy.
    pub text: String,
}

impl Sessions {
    fn has_live(&self) -> bool {
        self.rows.iter().any(|row| row.live)
    }
}

impl Page for Sessions {
    const KIND: &'static str = "admin-sessions";
    const MARKER: &'static str = "Sessions";

    fn samples() -> Vec<Sample<Self>> {
        let full = sample();
        let hostile = |row: SessionLine| SessionLine {
            person: HOSTILE.to_owned(),
            username: HOSTILE.to_owned(),
            device: HOSTILE.to_owned(),
            place: HOSTILE.to_owned(),
            apps: HOSTILE.to_owned(),
            more: HOSTILE.to_owned(),
            ..row
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::Sessions),
            hints: vec![HOSTILE.to_owned()],
            search: Search {
                q: HOSTILE.to_owned(),
                apps: vec![choice(HOSTILE, HOSTILE, true)],
                person: Link::new("/admin/sessions").map(|everybody| OnlyOf {
                    id: HOSTILE.to_owned(),
                    name: HOSTILE.to_owned(),
                    page: everybody.clone(),
                    everybody,
                }),
                query: HOSTILE.to_owned(),
                ..full.search.clone()
            },
            rows: sample_rows().into_iter().take(1).map(hostile).collect(),
            ..full.clone()
        };
        let nobody = Self {
            rows: Vec::new(),
            older: None,
            shown: String::new(),
            ..full.clone()
        };
        vec![("full", full), ("nobody", nobody), ("hostile", hostile)]
    }
}

fn choice(value: &str, label: &str, chosen: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen,
    }
}

fn sample() -> Sessions {
    Sessions {
        frame: samples::frame(Section::Sessions),
        live: "1,284".to_owned(),
        people: "312 people".to_owned(),
        search: Search {
            q: String::new(),
            apps: vec![choice("", "Any app", true), choice("wiki", "Wiki", false)],
            began: vec![choice("", "Any time", true)],
            idle: vec![choice("", "Any time", true)],
            states: vec![choice("", "Live", true)],
            person: None,
            query: String::new(),
        },
        hints: Vec::new(),
        rows: sample_rows(),
        what: "Live and ended sessions",
        shown: "4 of 1,284 shown".to_owned(),
        newer: None,
        older: Link::new("/admin/sessions?page=older"),
        end_all: Link::new("/admin/ends/plan?what=everything"),
        nothing: Nothing {
            title: "Nobody with “alicia” is signed in".to_owned(),
            text: "Look for a part of the name, or include ended sessions.".to_owned(),
        },
    }
}

fn sample_rows() -> Vec<SessionLine> {
    let line = |reference: &str, person: &str, apps: &str, state, more: &str| SessionLine {
        reference: reference.to_owned(),
        link: Link::new(&format!("/admin/sessions/{reference}")).unwrap_or_else(|| unreachable!()),
        person: person.to_owned(),
        username: "farah.lindqvist".to_owned(),
        device: "Firefox on Windows".to_owned(),
        place: "Network 198.51.100.0/24".to_owned(),
        apps: apps.to_owned(),
        began: on_day(NOW - Duration::from_mins(4), NOW),
        active: format!("active {}", ago(NOW, NOW - Duration::from_mins(4))),
        state,
        more: more.to_owned(),
        live: true,
        own: false,
    };
    let until = "until tomorrow at 02:01 UTC";
    let ended = SessionLine {
        live: false,
        ..line(
            "DDDD-EEEE-FFFF",
            "Ben Okafor",
            "Wiki",
            State::off("Ended"),
            "today at 13:02 UTC: unused for too long",
        )
    };
    let own = SessionLine {
        own: true,
        ..line(
            "CCCC-DDDD-EEEE",
            "Mona Reyes",
            "",
            State::wait("Ends soon"),
            until,
        )
    };
    vec![
        line(
            "AAAA-BBBB-CCCC",
            "Farah Lindqvist-Montgomery",
            "",
            State::ok("Live"),
            until,
        ),
        line(
            "BBBB-CCCC-DDDD",
            "Alice Moreau",
            "Wiki, Shop and Calendar",
            State::ok("Live"),
            until,
        ),
        own,
        ended,
    ]
}
