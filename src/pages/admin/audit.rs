//! The audit: who did what to whom, filtered, the newest first.

use askama::Template;

use super::{AdminFrame, Section, samples, words};
use crate::pages::parts::Link;
use crate::pages::samples::{HOSTILE, NOW, REFERENCE};
use crate::pages::time::{Moment, stamp};
use crate::pages::{Page, Sample};

/// One page of the audit. `form-action 'self'`; 400 with a problem.
#[derive(Clone, Template)]
#[template(path = "admin/audit.html")]
pub struct Audit {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// What was asked for.
    pub filters: Filters,
    /// The newest first.
    pub rows: Vec<Row>,
    /// The search gave up before the page was full.
    pub stopped_early: bool,
    /// To newer lines.
    pub newer: Option<Link>,
    /// To older lines.
    pub older: Option<Link>,
}

/// The form above the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// What was done: a word of the audit.
    pub action: Filter,
    /// Whom it is about.
    pub person: Filter,
    /// The id of an app to which something was done.
    pub app: Filter,
    /// The reference of a session.
    pub session: Filter,
    /// The first day.
    pub since: Filter,
    /// The day before which.
    pub before: Filter,
}

/// One field of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// As it was typed.
    pub typed: String,
    /// What is wrong with it and what to do, with the field's name.
    pub problem: Option<String>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When.
    pub at: Moment,
    /// Who.
    pub who: Name,
    /// What, as [`words::action`] says it.
    pub what: String,
    /// To whom or what.
    pub on: Vec<Name>,
    /// The session that it concerns, by its reference.
    pub session: Option<Name>,
    /// From where.
    pub address: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
    /// More.
    pub detail: Option<String>,
}

/// Somebody or something that may have a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What it is called.
    pub text: String,
    /// Its page.
    pub page: Option<Link>,
}

impl Filters {
    /// What is wrong with them, with the ids under which it is said.
    fn problems(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("action", &self.action),
            ("person", &self.person),
            ("app", &self.app),
            ("session", &self.session),
            ("since", &self.since),
            ("before", &self.before),
        ];
        all.into_iter()
            .filter_map(|(id, filter)| Some((id, filter.problem.as_deref()?)))
            .collect()
    }

    /// Whether any is set.
    fn any(&self) -> bool {
        let all = [
            &self.action,
            &self.person,
            &self.app,
            &self.session,
            &self.since,
            &self.before,
        ];
        all.into_iter().any(|filter| !filter.typed.is_empty())
    }

    /// The choices of actions: word, how it is said, whether it is chosen. One of another version
    /// that a link asks for is among them.
    fn actions(&self) -> Vec<(&str, &str, bool)> {
        let chosen = self.action.typed.as_str();
        let mut actions: Vec<_> = words::ACTIONS
            .iter()
            .map(|(word, said)| (*word, *said, *word == chosen))
            .collect();
        if !chosen.is_empty() && !actions.iter().any(|(_, _, chosen)| *chosen) {
            actions.push((chosen, chosen, true));
        }
        actions
    }
}

impl Page for Audit {
    const KIND: &'static str = "admin-audit";
    const MARKER: &'static str = "Audit";

    fn samples() -> Vec<Sample<Self>> {
        vec![
            ("lines", lines()),
            (
                "empty",
                Self {
                    rows: Vec::new(),
                    newer: None,
                    older: None,
                    ..lines()
                },
            ),
            ("wrong", wrong()),
            ("hostile", hostile()),
        ]
    }
}

fn lines() -> Audit {
    let name = |text: &str, page: &str| Name {
        text: text.to_owned(),
        page: Link::new(page),
    };
    let ended = Row {
        at: stamp(NOW),
        who: name("mona", "/admin/people/u_mona"),
        what: words::action("session.end_client").to_owned(),
        on: vec![name("Wiki", "/admin/apps/wiki")],
        session: Some(name(REFERENCE, "/admin/sessions/7QK4-M2XD")),
        address: Some("2001:db8:4:17::1:2a".to_owned()),
        reason: Some(words::cause("admin").to_owned()),
        detail: Some("revoke, 1 ended".to_owned()),
    };
    let refused = Row {
        who: name("Lanyard", ""),
        what: words::action("sign_in_failed").to_owned(),
        on: vec![name("account name 1f8a3c55e0b2, hashed", "")],
        session: None,
        address: Some("192.0.2.7".to_owned()),
        reason: Some(words::cause("no_match").to_owned()),
        detail: None,
        ..ended.clone()
    };
    let bare = Row {
        who: name("The command line", ""),
        what: words::action("person.enable").to_owned(),
        on: vec![name("alice", "/admin/people/u_alice")],
        address: None,
        reason: None,
        ..refused.clone()
    };
    Audit {
        frame: samples::frame(Section::Audit),
        filters: Filters::default(),
        rows: vec![ended, refused, bare],
        stopped_early: false,
        newer: Link::new("/admin/audit?page=newer.1.a"),
        older: Link::new("/admin/audit?page=older.1.a"),
    }
}

fn wrong() -> Audit {
    let filter = |typed: &str, problem: &str| Filter {
        typed: typed.to_owned(),
        problem: Some(problem.to_owned()),
    };
    Audit {
        filters: Filters {
            person: filter("alicia", "Person: nobody is called “alicia”."),
            since: filter("2026-02-30", "Since: there is no such day."),
            ..Filters::default()
        },
        rows: Vec::new(),
        newer: None,
        older: None,
        ..lines()
    }
}

fn hostile() -> Audit {
    let name = Name {
        text: HOSTILE.to_owned(),
        page: Link::new("/admin/sessions?user=\"onclick=\"alert(1)"),
    };
    let row = Row {
        at: stamp(NOW),
        who: name.clone(),
        what: HOSTILE.to_owned(),
        on: vec![name.clone(), name],
        // Made by the house: it is never that long.
        session: None,
        address: Some(HOSTILE.to_owned()),
        reason: Some(HOSTILE.to_owned()),
        detail: Some(HOSTILE.to_owned()),
    };
    let filter = Filter {
        typed: HOSTILE.to_owned(),
        problem: Some(format!("Person: nobody is called {HOSTILE}")),
    };
    Audit {
        frame: samples::hostile_frame(Section::Audit),
        filters: Filters {
            action: filter.clone(),
            person: filter.clone(),
            app: filter.clone(),
            session: filter.clone(),
            since: filter.clone(),
            before: filter,
        },
        rows: vec![row],
        stopped_early: true,
        ..lines()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_of_another_version_stays_chosen() {
        let mut filters = Filters::default();
        let chosen = |filters: &Filters| -> Vec<String> {
            let actions = filters.actions().into_iter();
            let chosen = actions.filter(|(_, _, chosen)| *chosen);
            chosen.map(|(word, _, _)| word.to_owned()).collect()
        };
        assert_eq!(chosen(&filters), [""; 0]);
        for action in ["sign_in", "moon.land"] {
            action.clone_into(&mut filters.action.typed);
            assert_eq!(chosen(&filters), [action]);
        }
    }
}
