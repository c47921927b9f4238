//! The admin pages: dense, the same parts as everywhere.

pub mod app;
pub mod app_form;
pub mod app_question;
pub mod app_secret;
pub mod apps;
pub mod audit;
mod chart;
pub mod confirm;
pub mod keys;
pub mod mass_end;
pub mod mass_plan;
pub mod overview;
pub mod password_choice;
pub mod people;
pub mod person;
pub mod person_deed;
pub mod person_form;
pub mod person_password;
pub mod session;
pub mod session_app;
pub mod session_end;
pub mod session_told;
pub mod sessions;
pub mod states;
pub mod words;

use super::parts::Notice;

/// What every admin page shows.
#[derive(Clone)]
pub struct AdminFrame {
    /// Who is signed in.
    pub person: String,
    /// The anti-forgery token, of every form on the page.
    pub csrf: String,
    /// Which entry of the menu it belongs to.
    pub section: Section,
    /// What has just been done.
    pub notice: Option<Notice>,
}

/// The entries of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `/admin`.
    Overview,
    /// `/admin/sessions`.
    Sessions,
    /// `/admin/people`.
    People,
    /// `/admin/apps`.
    Apps,
    /// `/admin/keys`.
    Keys,
    /// `/admin/audit`.
    Audit,
    /// A step between pages.
    None,
}

impl Section {
    const MENU: [Self; 6] = [
        Self::Overview,
        Self::Sessions,
        Self::People,
        Self::Apps,
        Self::Keys,
        Self::Audit,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Sessions => "Sessions",
            Self::People => "People",
            Self::Apps => "Apps",
            Self::Keys => "Keys",
            Self::Audit => "Audit",
            Self::None => "",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Overview | Self::None => "/admin",
            Self::Sessions => "/admin/sessions",
            Self::People => "/admin/people",
            Self::Apps => "/admin/apps",
            Self::Keys => "/admin/keys",
            Self::Audit => "/admin/audit",
        }
    }
}

impl AdminFrame {
    fn menu(&self) -> Vec<MenuEntry> {
        let entry = |section: &Section| MenuEntry {
            label: section.label(),
            path: section.path(),
            here: *section == self.section,
        };
        Section::MENU.iter().map(entry).collect()
    }
}

struct MenuEntry {
    label: &'static str,
    path: &'static str,
    here: bool,
}

/// What the samples of all admin pages share.
mod samples {
    use super::{AdminFrame, Section};
    use crate::pages::parts::{Notice, Tone};
    use crate::pages::samples::{CSRF, HOSTILE};

    pub(super) fn frame(section: Section) -> AdminFrame {
        AdminFrame {
            person: "Mona Reyes".to_owned(),
            csrf: CSRF.to_owned(),
            section,
            notice: None,
        }
    }

    pub(super) fn hostile_frame(section: Section) -> AdminFrame {
        AdminFrame {
            person: HOSTILE.to_owned(),
            notice: Some(Notice {
                tone: Tone::Bad,
                title: HOSTILE.to_owned(),
                text: HOSTILE.to_owned(),
                receipts: None,
            }),
            ..frame(section)
        }
    }
}
