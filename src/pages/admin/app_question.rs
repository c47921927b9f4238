//! Before something is done to an app: what follows from it.

use askama::Template;

use super::sessions::Choice;
use super::{AdminFrame, Section, samples};
use crate::pages::parts::Link;
use crate::pages::samples::HOSTILE;
use crate::pages::{Page, Sample};

/// "Disable Wiki?". `form-action 'self'`; 400 with a problem.
#[derive(Clone, Template)]
#[template(path = "admin/app_question.html")]
pub struct AppQuestion {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// What would be done.
    pub deed: Deed,
    /// The app's name.
    pub name: String,
    /// Its client id.
    pub id: String,
    /// Where the answer is sent.
    pub action: Link,
    /// The app's page.
    pub app: Link,
    /// "3 sessions, of 2 people"; empty if it is in none.
    pub sessions: String,
    /// How many connections go on after a sign-out.
    pub offline: i64,
    /// What is wrong with the answer.
    pub problem: Option<String>,
}

/// What would be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A new secret.
    Secret {
        /// For how long the old one is taken.
        overlaps: Vec<Choice>,
        /// An even older one is still taken, and would be no more.
        older: bool,
    },
    /// It is let in no more.
    Disable {
        /// It hears of it by the back channel.
        told: bool,
    },
    /// It is let in again.
    Enable,
    /// It goes for good.
    Delete {
        /// Notices that are still on the way, and would be given up.
        owed: i64,
        /// To disable it first, if it is enabled and hears of ends.
        disable: Option<Link>,
        /// What was typed as its id.
        typed: String,
    },
}

impl AppQuestion {
    fn heading(&self) -> String {
        let name = &self.name;
        match self.deed {
            Deed::Secret { .. } => format!("Give the app {name} a new secret?"),
            Deed::Disable { .. } => format!("Disable the app {name}?"),
            Deed::Enable => format!("Enable the app {name}?"),
            Deed::Delete { .. } => format!("Delete the app {name}?"),
        }
    }
}

impl Page for AppQuestion {
    const KIND: &'static str = "admin-app-question";
    const MARKER: &'static str = "the app ";

    fn samples() -> Vec<Sample<Self>> {
        let overlap = Choice {
            value: "24h".to_owned(),
            label: "24 hours".to_owned(),
            chosen: true,
        };
        let ask = |deed| Self {
            frame: samples::frame(Section::Apps),
            deed,
            name: "Wiki".to_owned(),
            id: "wiki".to_owned(),
            action: Link::new("/admin/apps/wiki/secret").unwrap_or_else(|| unreachable!()),
            app: Link::new("/admin/apps/wiki").unwrap_or_else(|| unreachable!()),
            sessions: "3 sessions, of 2 people".to_owned(),
            offline: 2,
            problem: None,
        };
        let secret = Deed::Secret {
            overlaps: vec![overlap],
            older: true,
        };
        let delete = |typed: &str| Deed::Delete {
            owed: 2,
            disable: Link::new("/admin/apps/wiki/disabling"),
            typed: typed.to_owned(),
        };
        let unused = Self {
            sessions: String::new(),
            offline: 0,
            ..ask(Deed::Disable { told: true })
        };
        let mistyped = Self {
            problem: Some("This isn’t its id. Type wiki.".to_owned()),
            ..ask(delete("wikki"))
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::Apps),
            name: HOSTILE.to_owned(),
            id: HOSTILE.to_owned(),
            problem: Some(HOSTILE.to_owned()),
            ..ask(delete(HOSTILE))
        };
        vec![
            ("secret", ask(secret)),
            ("disable", ask(Deed::Disable { told: false })),
            ("disable-unused", unused),
            ("enable", ask(Deed::Enable)),
            ("delete", ask(delete(""))),
            ("mistyped", mistyped),
            ("hostile", hostile),
        ]
    }
}
