//! Before very many sessions end: a dry run.

use askama::Template;

use super::{AdminFrame, Section, samples};
use crate::pages::parts::Link;
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, moment};
use crate::pages::{Page, Sample};

/// What ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Every session.
    Everything,
    /// All that this app has.
    App(String),
    /// All of this person's.
    Person(String),
    /// The sessions that match a search.
    Matching,
}

impl What {
    /// "Every session".
    pub fn words(&self) -> String {
        match self {
            Self::Everything => "Every session".to_owned(),
            Self::App(name) => format!("Everybody’s sign-in at {name}"),
            Self::Person(name) => format!("Every session of {name}"),
            Self::Matching => "Sessions that match a search".to_owned(),
        }
    }
}

/// "End 1,204 sessions?". `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/mass_plan.html")]
pub struct MassPlanPage {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// What would end.
    pub what: What,
    /// There is nothing to end.
    pub nothing: bool,
    /// More may be meant than was found: it can't be carried out.
    pub unclear: bool,
    /// "1,204 sessions".
    pub sessions: String,
    /// "1,100 people".
    pub people: String,
    /// "3 apps".
    pub apps: String,
    /// "2,900 notices".
    pub notices: String,
    /// Parts of apps that can't be told, if there are any.
    pub untold: Option<String>,
    /// The administrator's own session is left alone.
    pub spares_own: bool,
    /// The same with the other answer to that.
    pub other: Option<Link>,
    /// Names the plan, sealed.
    pub plan: String,
    /// As of when.
    pub at: Moment,
    /// What is wrong with what was typed.
    pub problem: Option<&'static str>,
    /// Where it came from.
    pub back: Link,
}

impl MassPlanPage {
    fn heading(&self) -> String {
        match (&self.what, self.nothing) {
            (_, true) => "There is nothing to end".to_owned(),
            (What::Everything | What::Person(_) | What::Matching, false) => {
                format!("End {}?", self.sessions)
            }
            (What::App(name), false) => format!("Sign everybody out of {name}?"),
        }
    }

    const fn spared(&self) -> &'static str {
        match self.what {
            What::App(_) => "Your own sign-in there, from this session, is spared.",
            _ => "Your own session, here, is spared.",
        }
    }
}

impl Page for MassPlanPage {
    const KIND: &'static str = "admin-mass-plan";
    const MARKER: &'static str = "";

    fn samples() -> Vec<Sample<Self>> {
        let all = Self {
            frame: samples::frame(Section::Sessions),
            what: What::Everything,
            nothing: false,
            unclear: false,
            sessions: "1,204 sessions".to_owned(),
            people: "1,100 people".to_owned(),
            apps: "3 apps".to_owned(),
            notices: "2,900 notices".to_owned(),
            untold: Some("12 parts".to_owned()),
            spares_own: true,
            other: Link::new("/admin/ends/plan?what=everything&own=ends"),
            plan: "sample-plan".to_owned(),
            at: moment(NOW),
            problem: None,
            back: Link::new("/admin/sessions").unwrap_or_else(|| unreachable!()),
        };
        let app = Self {
            what: What::App("Wiki".to_owned()),
            untold: None,
            spares_own: false,
            ..all.clone()
        };
        let unclear = Self {
            what: What::Matching,
            unclear: true,
            ..all.clone()
        };
        let nothing = Self {
            nothing: true,
            sessions: "0 sessions".to_owned(),
            ..all.clone()
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::Sessions),
            what: What::App(HOSTILE.to_owned()),
            plan: HOSTILE.to_owned(),
            ..all.clone()
        };
        vec![
            ("all", all),
            ("app", app),
            ("unclear", unclear),
            ("nothing", nothing),
            ("hostile", hostile),
        ]
    }
}
