//! Before something is done to a person: what will happen, and to how many.

use askama::Template;

use super::{AdminFrame, Section, samples};
use crate::pages::fields::{Field, Input, Problem, title_prefix};
use crate::pages::parts::{Link, counted, in_a_row};
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, moment};
use crate::pages::{Page, Sample};

/// "Disable Alice Moreau?". `form-action 'self'`; 400 or 409 with a problem.
#[derive(Clone, Template)]
#[template(path = "admin/person_deed.html")]
pub struct AskDeed {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// What will be done.
    pub deed: Deed,
    /// To whom.
    pub name: String,
    /// It is their own account.
    pub own: bool,
    /// What ends with it.
    pub ends: Option<Ends>,
    /// Why it was not done.
    pub problem: Option<Problem>,
    /// Where the form goes.
    pub action: Link,
    /// The person's page.
    pub back: Link,
}

/// What will be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// They may sign in again.
    Enable,
    /// They may not sign in.
    Disable,
    /// They are gone.
    Delete {
        /// Their username, typed once more.
        username: Field,
        /// What it is.
        expected: String,
    },
    /// They may use the admin pages.
    Promote,
    /// They may not any more.
    Demote,
}

/// What ends of a person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// How many sessions.
    pub sessions: i64,
    /// The administrator's own session, here, goes on.
    pub spared: bool,
    /// The apps that will be told.
    pub told: Vec<String>,
    /// The apps that can't be told.
    pub untold: Vec<String>,
    /// As of when.
    pub at: Moment,
}

impl AskDeed {
    fn title_prefix(&self) -> &'static str {
        title_prefix(self.problem.is_some())
    }

    fn heading(&self) -> String {
        let name = &self.name;
        match self.deed {
            Deed::Enable => format!("Enable {name}?"),
            Deed::Disable => format!("Disable {name}?"),
            Deed::Delete { .. } => format!("Delete {name}?"),
            Deed::Promote => format!("Make {name} an administrator?"),
            Deed::Demote => format!("Take the administrator’s role from {name}?"),
        }
    }

    /// What follows; first for whom.
    fn consequence(&self) -> &'static str {
        match (&self.deed, self.own) {
            (Deed::Enable, _) => {
                "They may sign in again. What they had before does not come back: sessions, and \
                 apps that stayed connected while they were away."
            }
            (Deed::Disable, false) => {
                "They are signed out everywhere at once, and can’t sign in until somebody enables \
                 them again. Apps lose what they hold, also for the time when they are away."
            }
            (Deed::Disable, true) => {
                "This is your own account. You are signed out everywhere at once, here too, and \
                 can’t come back until another administrator enables you."
            }
            (Deed::Delete { .. }, false) => {
                "They are signed out everywhere at once. Names, claims, password and what they \
                 allowed apps are gone for good. Only their id stays in the audit, and nobody else \
                 ever gets it."
            }
            (Deed::Delete { .. }, true) => {
                "This is your own account. You are signed out everywhere at once, here too, and \
                 can’t come back. Names, claims, password and what you allowed apps are gone for \
                 good. Only your id stays in the audit."
            }
            (Deed::Promote, _) => {
                "They may use these pages: see and end every session, change people and apps, and \
                 take the role from others, you too."
            }
            (Deed::Demote, false) => {
                "They can’t use these pages any more, from their next click on. Their sessions go \
                 on, and they sign in to apps as before."
            }
            (Deed::Demote, true) => {
                "This is your own account. You can’t use these pages any more, from your next click \
                 on. Only another administrator can give you the role back."
            }
        }
    }

    fn button(&self) -> String {
        let sessions = self.ends.as_ref().map_or(0, |ends| ends.sessions);
        let and = match sessions {
            0 => String::new(),
            count => format!(" and end {}", counted(count, "session", "sessions")),
        };
        match self.deed {
            Deed::Enable => "Enable".to_owned(),
            Deed::Disable => format!("Disable{and}"),
            Deed::Delete { .. } => format!("Delete{and}"),
            Deed::Promote => "Make an administrator".to_owned(),
            Deed::Demote => "Take the role".to_owned(),
        }
    }

    const fn is_dangerous(&self) -> bool {
        matches!(
            self.deed,
            Deed::Disable | Deed::Delete { .. } | Deed::Demote
        )
    }

    /// What the form says aloud, so that sending it twice does no more than once.
    const fn word(&self) -> &'static str {
        match self.deed {
            Deed::Enable => "enable",
            Deed::Disable => "disable",
            Deed::Delete { .. } => "delete",
            Deed::Promote => "promote",
            Deed::Demote => "demote",
        }
    }
}

impl Ends {
    pub(super) fn counted(&self) -> String {
        match self.sessions {
            0 if self.spared => "No other session is live.".to_owned(),
            0 => "No session is live.".to_owned(),
            1 => "1 session ends.".to_owned(),
            many => format!("{} end.", counted(many, "session", "sessions")),
        }
    }

    pub(super) fn apps(&self) -> String {
        let apps = i64::try_from(self.told.len()).unwrap_or(i64::MAX);
        counted(apps, "app", "apps")
    }

    pub(super) fn told_in_a_row(&self) -> String {
        in_a_row(&self.told)
    }

    pub(super) fn untold_in_a_row(&self) -> String {
        in_a_row(&self.untold)
    }
}

/// Of samples.
pub(super) fn sample_ends(name: &str) -> Ends {
    Ends {
        sessions: 3,
        spared: false,
        told: vec![name.to_owned()],
        untold: vec![name.to_owned()],
        at: moment(NOW),
    }
}

fn deletion(username: Field, expected: &str) -> Deed {
    Deed::Delete {
        username,
        expected: expected.to_owned(),
    }
}

impl Page for AskDeed {
    const KIND: &'static str = "admin-person-deed";
    const MARKER: &'static str = "?";

    fn samples() -> Vec<Sample<Self>> {
        let username = Field::new("username", "Their username", Input::Text);
        let disable = Self {
            frame: samples::frame(Section::People),
            deed: Deed::Disable,
            name: "Alice Moreau".to_owned(),
            own: false,
            ends: Some(sample_ends("Wiki")),
            problem: None,
            action: Link::new("/admin/people/u_1/disable").unwrap_or_else(|| unreachable!()),
            back: Link::new("/admin/people/u_1").unwrap_or_else(|| unreachable!()),
        };
        let of = |deed, own, ends| Self {
            deed,
            own,
            ends,
            ..disable.clone()
        };
        let last = Self {
            problem: Some(Problem {
                title: "Nothing was changed".to_owned(),
                text: "This is the last administrator who can sign in.".to_owned(),
            }),
            ..of(Deed::Demote, true, None)
        };
        let wrong = username
            .clone()
            .value(HOSTILE)
            .error(Some(HOSTILE.to_owned()));
        let hostile = Self {
            frame: samples::hostile_frame(Section::People),
            name: HOSTILE.to_owned(),
            ends: Some(sample_ends(HOSTILE)),
            problem: Some(Problem {
                title: HOSTILE.to_owned(),
                text: HOSTILE.to_owned(),
            }),
            ..of(deletion(wrong, HOSTILE), false, None)
        };
        vec![
            ("enable", of(Deed::Enable, false, None)),
            ("promote", of(Deed::Promote, false, None)),
            (
                "delete",
                of(deletion(username, "alice"), true, Some(sample_ends("Wiki"))),
            ),
            ("disable", disable),
            ("last", last),
            ("hostile", hostile),
        ]
    }
}
