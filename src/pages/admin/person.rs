//! One person: who they are, what they have, and what can be done.

use std::time::Duration;

use std::borrow::Cow;

use askama::Template;

use super::states::State;
use super::{AdminFrame, Section, samples};
use crate::pages::parts::{Link, Notice, Tone};
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, on_day, stamp};
use crate::pages::{Page, Sample};

/// One person. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/person.html")]
pub struct OnePerson {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// What pages call them.
    pub name: String,
    /// To sign in with.
    pub username: String,
    /// The `sub` of tokens.
    pub id: String,
    /// Whether they may sign in.
    pub state: State,
    /// Has the administrator's role.
    pub admin: bool,
    /// They may sign in.
    pub enabled: bool,
    /// It is who looks.
    pub own: bool,
    /// How they sign in: "By password", "A temporary password waits to be changed".
    pub password: &'static str,
    /// When the account was made.
    pub created: Moment,
    /// When names and claims last changed.
    pub changed: Moment,
    /// When they last signed in.
    pub signed_in: Option<Moment>,
    /// The claims that there are.
    pub claims: Vec<PersonClaim>,
    /// "2 live sessions", "No live session".
    pub sessions: String,
    /// The apps that they allowed something.
    pub apps: Vec<PersonApp>,
    /// Where things are.
    pub links: PersonLinks,
}

/// A claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonClaim {
    /// What it is called.
    pub label: Cow<'static, str>,
    /// What it says.
    pub value: String,
    /// Whether somebody checked it, where that is told.
    pub verified: Option<bool>,
}

/// An app that a person allowed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonApp {
    /// What it is called.
    pub name: String,
    /// Its page.
    pub page: Option<Link>,
    /// Since when.
    pub since: Moment,
    /// What it may, in the words of scopes.
    pub scopes: String,
    /// When it last used its access for the time when the person is away, if it has that.
    pub away: Option<String>,
}

/// Links of a person's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonLinks {
    /// The page itself: what is done to the person begins with it.
    pub page: Link,
    /// Their live sessions.
    pub sessions: Link,
    /// Their sessions that ended too.
    pub all_sessions: Link,
    /// Their lines of the audit.
    pub audit: Link,
}

impl Page for OnePerson {
    const KIND: &'static str = "admin-person";
    const MARKER: &'static str = "";

    fn samples() -> Vec<Sample<Self>> {
        let full = sample();
        let disabled = Self {
            state: State::off("Disabled"),
            enabled: false,
            admin: false,
            own: false,
            signed_in: None,
            claims: Vec::new(),
            sessions: "No live session".to_owned(),
            apps: Vec::new(),
            ..full.clone()
        };
        let app = |app: PersonApp| PersonApp {
            name: HOSTILE.to_owned(),
            scopes: HOSTILE.to_owned(),
            ..app
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::People),
            name: HOSTILE.to_owned(),
            username: HOSTILE.to_owned(),
            id: HOSTILE.to_owned(),
            claims: vec![claim("Email", HOSTILE, Some(false))],
            apps: full.apps.clone().into_iter().map(app).collect(),
            ..full.clone()
        };
        vec![("full", full), ("disabled", disabled), ("hostile", hostile)]
    }
}

fn claim(label: &'static str, value: &str, verified: Option<bool>) -> PersonClaim {
    PersonClaim {
        label: label.into(),
        value: value.to_owned(),
        verified,
    }
}

fn sample() -> OnePerson {
    let link = |text: &str| Link::new(text).unwrap_or_else(|| unreachable!());
    let mut frame = samples::frame(Section::People);
    frame.notice = Some(Notice {
        tone: Tone::Ok,
        title: "What you changed is saved".to_owned(),
        text: "Apps see it when they next ask.".to_owned(),
        receipts: None,
    });
    OnePerson {
        frame,
        name: "Mona Reyes".to_owned(),
        username: "mona".to_owned(),
        id: "u_5hTqk2Lw8cVd0XgYb3Rz1e".to_owned(),
        state: State::ok("Enabled"),
        admin: true,
        enabled: true,
        own: true,
        password: "By password",
        created: stamp(NOW - Duration::from_hours(2_000)),
        changed: stamp(NOW - Duration::from_hours(20)),
        signed_in: Some(on_day(NOW - Duration::from_hours(3), NOW)),
        claims: vec![
            claim("Email", "mona.reyes@example.com", Some(true)),
            claim("Given name", "Mona", None),
            claim("Time zone", "Europe/Paris", None),
        ],
        sessions: "2 live sessions".to_owned(),
        apps: vec![PersonApp {
            name: "Notes".to_owned(),
            page: Link::new("/admin/sessions?client=notes"),
            since: stamp(NOW - Duration::from_hours(300)),
            scopes: "openid profile offline_access".to_owned(),
            away: Some("2 days ago".to_owned()),
        }],
        links: PersonLinks {
            page: link("/admin/people/u_1"),
            sessions: link("/admin/sessions?user=u_1"),
            all_sessions: link("/admin/sessions?user=u_1&state=both"),
            audit: link("/admin/audit?person=u_1"),
        },
    }
}
