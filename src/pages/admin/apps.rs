//! The list of apps.

use askama::Template;

use super::sessions::Choice;
use super::states::State;
use super::{AdminFrame, Section, samples};
use crate::pages::parts::Link;
use crate::pages::samples::HOSTILE;
use crate::pages::{Page, Sample};

/// The list of apps. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/apps.html")]
pub struct Apps {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// What was typed.
    pub q: String,
    /// Enabled, disabled, both.
    pub states: Vec<Choice>,
    /// Whether anything is looked for.
    pub narrows: bool,
    /// By name.
    pub rows: Vec<AppLine>,
    /// The page before is the first one.
    pub first: Option<Link>,
    /// The page after.
    pub next: Option<Link>,
}

/// One app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppLine {
    /// Its page.
    pub link: Link,
    /// Its name.
    pub name: String,
    /// Its client id.
    pub id: String,
    /// "Web app with a server".
    pub kind: &'static str,
    /// By what it hears of ends: "back channel".
    pub told_by: &'static str,
    /// The configuration file declares it.
    pub from_file: bool,
    /// Whether it is let in.
    pub state: State,
}

impl Page for Apps {
    const KIND: &'static str = "admin-apps";
    const MARKER: &'static str = "Apps";

    fn samples() -> Vec<Sample<Self>> {
        let row = |name: &str, enabled: bool| AppLine {
            link: Link::new("/admin/apps/wiki").unwrap_or_else(|| unreachable!()),
            name: name.to_owned(),
            id: name.to_lowercase(),
            kind: "Web app with a server",
            told_by: "back channel",
            from_file: !enabled,
            state: if enabled {
                State::ok("Enabled")
            } else {
                State::off("Disabled")
            },
        };
        let full = Self {
            frame: samples::frame(Section::Apps),
            q: String::new(),
            states: vec![Choice {
                value: String::new(),
                label: "All".to_owned(),
                chosen: true,
            }],
            narrows: false,
            rows: vec![row("Payroll", false), row("Wiki", true)],
            first: None,
            next: Link::new("/admin/apps?page=x"),
        };
        let none = Self {
            rows: Vec::new(),
            next: None,
            ..full.clone()
        };
        let none_found = Self {
            q: "payrol".to_owned(),
            narrows: true,
            ..none.clone()
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::Apps),
            q: HOSTILE.to_owned(),
            rows: vec![row(HOSTILE, true), row(HOSTILE, false)],
            ..full.clone()
        };
        vec![
            ("full", full),
            ("none", none),
            ("none-found", none_found),
            ("hostile", hostile),
        ]
    }
}
