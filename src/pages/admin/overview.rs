//! The overview: who is signed in, what was tried, what ended and who was told.

use askama::Template;

use super::chart::{self, Bar};
use super::{AdminFrame, Section, samples};
use crate::pages::number::{counted, grouped};
use crate::pages::parts::Link;
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, stamp};
use crate::pages::{Page, Sample};

/// The state of the house. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/overview.html")]
pub struct Overview {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// As of when.
    pub at: Moment,
    /// Live sessions.
    pub sessions: i64,
    /// People who have one.
    pub people: i64,
    /// The last 24 hours, the oldest first; the last one still runs.
    pub hours: Vec<HourRow>,
    /// Sessions that ended in the last 24 hours, by reason.
    pub ends: Vec<EndRow>,
    /// How many of these an administrator ended.
    pub ended_by_administrators: i64,
    /// Notices that are to be delivered still.
    pub owed: i64,
    /// How long the oldest of these is owed: "97 minutes".
    pub oldest: Option<String>,
    /// What became of notices, by app.
    pub apps: Vec<AppRow>,
}

/// One hour of sign-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourRow {
    /// Its first minute, in UTC: "09:00".
    pub from: String,
    /// Sign-ins that worked.
    pub worked: i64,
    /// Tries that were refused.
    pub failed: i64,
}

/// One reason of ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndRow {
    /// In words.
    pub reason: &'static str,
    /// Sessions that ended for it.
    pub count: i64,
}

/// One app's notices of the last 24 hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRow {
    /// Its name.
    pub name: String,
    /// Its page.
    pub page: Option<Link>,
    /// It took them.
    pub delivered: i64,
    /// Tried in vain so far.
    pub retrying: i64,
    /// It did not take them.
    pub refused: i64,
    /// Tried for too long.
    pub gave_up: i64,
}

const TALL: i64 = 100;
const STRIP: i64 = 40;
/// Apps named in the notice on top; the table has all.
const NAMED: usize = 5;

impl Overview {
    fn worked(&self) -> Series {
        Series::new(&self.hours, |hour| hour.worked, TALL)
    }

    fn failed(&self) -> Series {
        Series::new(&self.hours, |hour| hour.failed, STRIP)
    }

    /// Every sixth hour, under the left edge of its bar, and what the right edge is.
    fn axis(&self) -> Vec<&str> {
        let hours = self.hours.iter().step_by(6);
        let hours = hours.map(|hour| hour.from.as_str());
        hours.chain(std::iter::once("now")).collect()
    }

    fn of_people(&self) -> String {
        match self.people {
            1 => "1 person".to_owned(),
            count => format!("{} people", grouped(count)),
        }
    }

    fn total_worked(&self) -> String {
        grouped(self.hours.iter().map(|hour| hour.worked).sum())
    }

    fn total_failed(&self) -> String {
        let failed: i64 = self.hours.iter().map(|hour| hour.failed).sum();
        match failed {
            1 => "1 failed try".to_owned(),
            count => format!("{} failed tries", grouped(count)),
        }
    }

    fn width(&self) -> usize {
        self.hours.len() * chart::STEP
    }

    fn ended(&self) -> String {
        grouped(self.ends.iter().map(|row| row.count).sum())
    }

    fn share(&self, row: &EndRow) -> String {
        let most = self.ends.iter().map(|row| row.count).max();
        chart::length(row.count, most.unwrap_or(0), 100)
    }

    fn unreached(&self) -> impl Iterator<Item = &AppRow> {
        self.apps.iter().filter(|app| app.unreached() > 0)
    }

    fn unreached_title(&self) -> Option<String> {
        let count = self.unreached().count();
        match count {
            0 => None,
            1 => Some("One app could not be told that sessions ended".to_owned()),
            _ => Some(format!(
                "{count} apps could not be told that sessions ended"
            )),
        }
    }

    fn unnamed(&self) -> usize {
        self.unreached().count().saturating_sub(NAMED)
    }
}

impl AppRow {
    const fn unreached(&self) -> i64 {
        self.refused.saturating_add(self.gave_up)
    }

    /// What to say of it on top of the page.
    fn complaint(&self) -> String {
        let refused = counted(self.refused, "notice");
        let gave_up = counted(self.gave_up, "notice");
        match (self.refused, self.gave_up) {
            (_, 0) => format!("refused {refused}"),
            (0, _) => format!("didn’t take {gave_up}, and we gave up"),
            _ => format!("refused {refused} and didn’t take {gave_up}, on which we gave up"),
        }
    }

    /// The tone and the words of its state: the worst first.
    fn states(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("bad", self.refused, "refused"),
            ("bad", self.gave_up, "given up"),
            ("wait", self.retrying, "trying again"),
        ];
        let all = all.into_iter().filter(|(_, count, _)| *count > 0);
        let states: Vec<_> = all
            .map(|(tone, count, words)| (tone, format!("{} {words}", grouped(count))))
            .collect();
        if states.is_empty() {
            return vec![("ok", "All confirmed".to_owned())];
        }
        states
    }
}

/// One row of bars and what is said of it.
struct Series {
    bars: Vec<Bar>,
    /// "412 at the most, at 09:00"; "none".
    summary: String,
}

impl Series {
    fn new(hours: &[HourRow], count: impl Fn(&HourRow) -> i64, height: i64) -> Self {
        let counts: Vec<_> = hours.iter().map(&count).collect();
        // Of several that are as high, the latest.
        let peak = hours.iter().max_by_key(|hour| count(hour));
        let summary = match peak.map(|hour| (count(hour), hour)) {
            Some((most, hour)) if most > 0 => {
                format!("{} at the most, at {}", grouped(most), hour.from)
            }
            _ => "none".to_owned(),
        };
        Self {
            bars: chart::bars(&counts, height),
            summary,
        }
    }
}

impl Page for Overview {
    const KIND: &'static str = "admin-overview";
    const MARKER: &'static str = "Overview";

    fn samples() -> Vec<Sample<Self>> {
        vec![
            ("busy-day", busy_day()),
            ("empty", empty()),
            ("hostile", hostile()),
        ]
    }
}

fn busy_day() -> Overview {
    let worked = [
        18, 12, 9, 7, 8, 14, 42, 131, 298, 412, 260, 188, 160, 244, 231, 120, 80, 61, 40, 33, 21,
        18, 12, 1_204,
    ];
    let failed = [
        2, 1, 58, 61, 49, 3, 2, 6, 11, 14, 8, 6, 5, 9, 7, 4, 0, 0, 1, 0, 0, 2, 1, 3,
    ];
    let hours = worked.into_iter().zip(failed).enumerate();
    let app = |name: &str, [delivered, retrying, refused, gave_up]: [i64; 4]| AppRow {
        name: name.to_owned(),
        page: Link::new("/admin/apps/sample"),
        delivered,
        retrying,
        refused,
        gave_up,
    };
    Overview {
        frame: samples::frame(Section::Overview),
        at: stamp(NOW),
        sessions: 1_284,
        people: 312,
        hours: hours
            .map(|(hour, (worked, failed))| HourRow {
                from: format!("{:02}:00", (hour + 15) % 24),
                worked,
                failed,
            })
            .collect(),
        ends: vec![
            EndRow {
                reason: "Signed out by the person",
                count: 402,
            },
            EndRow {
                reason: "Not used for too long",
                count: 371,
            },
            EndRow {
                reason: "Ended by an administrator",
                count: 31,
            },
        ],
        ended_by_administrators: 31,
        owed: 4,
        oldest: Some("97 minutes".to_owned()),
        apps: vec![
            app("Calendar", [0, 0, 0, 3]),
            app("Payroll", [72, 0, 1, 2]),
            app("Shop", [488, 3, 0, 0]),
            app("Wiki", [6_110, 0, 0, 0]),
        ],
    }
}

fn empty() -> Overview {
    let hour = |hour: usize| HourRow {
        from: format!("{hour:02}:00"),
        worked: 0,
        failed: 0,
    };
    Overview {
        sessions: 1,
        people: 1,
        hours: (0..24).map(hour).collect(),
        ends: Vec::new(),
        ended_by_administrators: 0,
        owed: 0,
        oldest: None,
        apps: Vec::new(),
        ..busy_day()
    }
}

fn hostile() -> Overview {
    let busy = busy_day();
    let apps = busy.apps.iter().cloned().map(|app| AppRow {
        name: HOSTILE.to_owned(),
        refused: 9_999_999,
        gave_up: 9_999_999,
        ..app
    });
    let apps: Vec<_> = apps.collect();
    Overview {
        frame: samples::hostile_frame(Section::Overview),
        sessions: i64::MAX,
        people: i64::MAX,
        apps: [apps.clone(), apps].concat(),
        ..busy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_day_says_so_and_draws_nothing() {
        let page = empty();
        assert_eq!(page.worked().summary, "none");
        assert!(page.worked().bars.is_empty());
        assert_eq!(page.unreached_title(), None);
        let html = page.render_page().expect("it renders");
        assert!(!html.contains("<svg class=\"meter\""), "{html}");
    }

    #[test]
    fn the_notice_on_top_says_which_app_and_what_of_it() {
        let page = busy_day();
        let title = page.unreached_title().expect("apps were not told");
        assert_eq!(title, "2 apps could not be told that sessions ended");
        let said: Vec<_> = page.unreached().map(AppRow::complaint).collect();
        assert_eq!(
            said,
            [
                "didn’t take 3 notices, and we gave up",
                "refused 1 notice and didn’t take 2 notices, on which we gave up"
            ]
        );
        let one = AppRow {
            refused: 1_000,
            gave_up: 0,
            ..page.apps[0].clone()
        };
        assert_eq!(one.complaint(), "refused 1,000 notices");
    }

    #[test]
    fn an_app_is_as_well_as_its_worst_notice() {
        let page = busy_day();
        let states: Vec<_> = page.apps.iter().map(AppRow::states).collect();
        assert_eq!(states[3], [("ok", "All confirmed".to_owned())]);
        assert_eq!(states[2], [("wait", "3 trying again".to_owned())]);
        assert_eq!(states[1][0], ("bad", "1 refused".to_owned()));
    }

    #[test]
    fn the_axis_begins_with_the_oldest_hour_and_ends_now() {
        assert_eq!(
            busy_day().axis(),
            ["15:00", "21:00", "03:00", "09:00", "now"]
        );
    }
}
