//! While and after very many sessions end: how far it is, and the list of such ends.

use askama::Template;

use super::mass_plan::What;
use super::{AdminFrame, Section, samples};
use crate::pages::parts::{Link, counted, grouped};
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, moment};
use crate::pages::{Page, Sample};

/// How far an end is. `script-src 'self'` and `connect-src 'self'`, as it is fetched anew.
#[derive(Clone, Template)]
#[template(path = "admin/mass_end.html")]
pub struct MassDone {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// What ends.
    pub what: What,
    /// Sessions whose rows are worked off.
    pub ended: i64,
    /// So many were counted.
    pub expected: i64,
    /// All of it is refused already, whether it is worked off or not.
    pub in_force: bool,
    /// When it was done.
    pub finished: Option<Moment>,
    /// When it began.
    pub began: Moment,
    /// Notices that were taken.
    pub delivered: i64,
    /// Notices that are still to be delivered.
    pub waiting: i64,
    /// Notices that were refused or given up.
    pub failed: i64,
    /// What was typed as the reason.
    pub note: String,
    /// This page once more.
    pub check_again: Link,
}

/// The latest ends of very many sessions.
#[derive(Clone, Template)]
#[template(path = "admin/mass_ends.html")]
pub struct MassLines {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// The newest first.
    pub lines: Vec<MassLine>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct MassLine {
    /// Its page.
    pub link: Link,
    /// What ended.
    pub what: What,
    /// When it began.
    pub began: Moment,
    /// "1,204 sessions".
    pub ended: String,
    /// Whether all rows are worked off.
    pub done: bool,
}

impl MassDone {
    fn heading(&self) -> String {
        let sessions = counted(self.ended, "session", "sessions");
        let over = self.finished.is_some() || self.worked_off();
        match &self.what {
            // The sessions go on without the app.
            What::App(name) if over => format!("Signed out of {name} in {sessions}"),
            What::App(name) => format!("Signing everybody out of {name}"),
            _ if over => format!("{sessions} ended"),
            _ => {
                let all = counted(self.expected, "session", "sessions");
                format!("Ending {all}")
            }
        }
    }

    /// What is counted.
    fn counts(&self) -> &'static str {
        match self.what {
            What::App(_) => "Signed out in sessions",
            _ => "Sessions ended",
        }
    }

    /// Only what began meanwhile may still come.
    fn worked_off(&self) -> bool {
        self.ended >= self.expected
    }

    fn waits(&self) -> bool {
        self.waiting > 0 || !(self.finished.is_some() || self.worked_off())
    }

    fn done(&self) -> String {
        format!("{} of {}", grouped(self.ended), grouped(self.expected))
    }

    fn told(&self) -> String {
        let all = self.delivered + self.waiting + self.failed;
        format!("{} of {}", grouped(self.delivered), grouped(all))
    }

    fn failures(&self) -> String {
        counted(self.failed, "notice", "notices")
    }
}

impl Page for MassDone {
    const KIND: &'static str = "admin-mass-end";
    const MARKER: &'static str = "";

    fn samples() -> Vec<Sample<Self>> {
        let under_way = Self {
            frame: samples::frame(Section::Sessions),
            what: What::Everything,
            ended: 4_500,
            expected: 10_204,
            in_force: true,
            finished: None,
            began: moment(NOW),
            delivered: 6_012,
            waiting: 3_001,
            failed: 2,
            note: "Stolen backup".to_owned(),
            check_again: Link::new("/admin/ends/sample").unwrap_or_else(|| unreachable!()),
        };
        let done = Self {
            what: What::App("Wiki".to_owned()),
            ended: 10_204,
            finished: Some(moment(NOW)),
            waiting: 0,
            failed: 0,
            note: String::new(),
            ..under_way.clone()
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::Sessions),
            what: What::App(HOSTILE.to_owned()),
            note: HOSTILE.to_owned(),
            ..under_way.clone()
        };
        vec![
            ("under-way", under_way),
            ("done", done),
            ("hostile", hostile),
        ]
    }
}

impl Page for MassLines {
    const KIND: &'static str = "admin-mass-ends";
    const MARKER: &'static str = "Ends of many sessions";

    fn samples() -> Vec<Sample<Self>> {
        let line = |what, done| MassLine {
            link: Link::new("/admin/ends/sample").unwrap_or_else(|| unreachable!()),
            what,
            began: moment(NOW),
            ended: "1,204 sessions".to_owned(),
            done,
        };
        let of = |frame, lines| Self { frame, lines };
        let frame = samples::frame(Section::Sessions);
        let lines = vec![
            line(What::Everything, false),
            line(What::App("Wiki".to_owned()), true),
            line(What::Person("Alice Arden".to_owned()), true),
        ];
        let hostile = vec![line(What::App(HOSTILE.to_owned()), true)];
        vec![
            ("some", of(frame.clone(), lines)),
            ("none", of(frame, Vec::new())),
            (
                "hostile",
                of(samples::hostile_frame(Section::Sessions), hostile),
            ),
        ]
    }
}
