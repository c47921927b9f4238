//! The list of people.

use std::time::Duration;

use askama::Template;

use super::sessions::{Choice, Nothing};
use super::states::State;
use super::{AdminFrame, Section, samples};
use crate::pages::parts::Link;
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, on_day};
use crate::pages::{Page, Sample};

/// People, by username or by the name that was found. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/people.html")]
pub struct People {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// What was typed to look for.
    pub q: String,
    /// Which of them.
    pub which: Vec<Choice>,
    /// What was not understood.
    pub hints: Vec<String>,
    /// The people.
    pub rows: Vec<PersonLine>,
    /// Above them: "Everybody, by username".
    pub what: String,
    /// The first page, from a later one.
    pub first: Option<Link>,
    /// The next page.
    pub next: Option<Link>,
    /// What is said where there is nobody.
    pub nothing: Nothing,
}

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonLine {
    /// Their page.
    pub link: Link,
    /// What pages call them.
    pub name: String,
    /// To sign in with.
    pub username: String,
    /// Their email address.
    pub email: Option<String>,
    /// Has the administrator's role.
    pub admin: bool,
    /// It is who looks.
    pub own: bool,
    /// When they last signed in.
    pub signed_in: Option<Moment>,
    /// Whether they may sign in.
    pub state: State,
}

impl Page for People {
    const KIND: &'static str = "admin-people";
    const MARKER: &'static str = "People";

    fn samples() -> Vec<Sample<Self>> {
        let full = sample();
        let nobody = Self {
            q: "alicia".to_owned(),
            rows: Vec::new(),
            first: None,
            next: None,
            ..full.clone()
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::People),
            q: HOSTILE.to_owned(),
            hints: vec![HOSTILE.to_owned()],
            rows: vec![PersonLine {
                name: HOSTILE.to_owned(),
                username: HOSTILE.to_owned(),
                email: Some(HOSTILE.to_owned()),
                ..line("x", State::ok("Enabled"))
            }],
            ..full.clone()
        };
        vec![("full", full), ("nobody", nobody), ("hostile", hostile)]
    }
}

fn sample() -> People {
    let choice = |value: &str, label: &str, chosen| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen,
    };
    let mona = PersonLine {
        admin: true,
        own: true,
        ..line("mona", State::ok("Enabled"))
    };
    let new = PersonLine {
        signed_in: None,
        email: None,
        ..line("noor", State::wait("Must change password"))
    };
    People {
        frame: samples::frame(Section::People),
        q: String::new(),
        which: vec![
            choice("", "Everybody", true),
            choice("disabled", "Disabled", false),
        ],
        hints: Vec::new(),
        rows: vec![line("ben", State::off("Disabled")), mona, new],
        what: "Everybody, by username".to_owned(),
        first: Link::new("/admin/people"),
        next: Link::new("/admin/people?page=next"),
        nothing: Nothing {
            title: "Nobody is called “alicia”".to_owned(),
            text: "Type how a name begins.".to_owned(),
        },
    }
}

fn line(username: &str, state: State) -> PersonLine {
    PersonLine {
        link: Link::new("/admin/people/u_1").unwrap_or_else(|| unreachable!()),
        name: format!("{username} Example"),
        username: username.to_owned(),
        email: Some(format!("{username}@example.com")),
        admin: false,
        own: false,
        signed_in: Some(on_day(NOW - Duration::from_hours(3), NOW)),
        state,
    }
}
