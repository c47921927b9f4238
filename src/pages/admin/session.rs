//! One session: who, where, which apps, who has been told, what happened.

use std::time::Duration;

use askama::Template;

use super::states::State;
use super::{AdminFrame, Section, samples};
use crate::pages::parts::Link;
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, on_day, stamp, to_the_second};
use crate::pages::{Page, Sample};

/// One session. `form-action 'self'`; `script-src 'self'` and `connect-src 'self'`, as receipts
/// are fetched anew.
#[derive(Clone, Template)]
#[template(path = "admin/session.html")]
pub struct OneSession {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// Its public reference.
    pub reference: String,
    /// Who.
    pub person: SessionPerson,
    /// "Firefox on Linux".
    pub device: String,
    /// Its network.
    pub place: String,
    /// Whether it lives.
    pub state: State,
    /// When and how they signed in.
    pub sign_in: SessionSignIn,
    /// "12 minutes ago".
    pub active: String,
    /// When it ends, or would have ended.
    pub ends: Moment,
    /// How long it lives without use: "2 hours".
    pub idle: String,
    /// Whether the person chose to stay signed in.
    pub remembered: bool,
    /// When and why it ended.
    pub ended: Option<SessionEnd>,
    /// The apps in it.
    pub apps: Vec<SessionApp>,
    /// What is owed to apps that left it.
    pub notices: Vec<NoticeLine>,
    /// The newest first.
    pub timeline: Vec<Event>,
    /// It can be ended.
    pub live: bool,
    /// It is the session that looks at this page.
    pub own: bool,
    /// References of the person's other live sessions.
    pub others: Vec<String>,
    /// This page once more, while something is on its way.
    pub check_again: Option<Link>,
}

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPerson {
    /// What pages call them.
    pub name: String,
    /// Their username.
    pub username: String,
    /// Their email address.
    pub email: Option<String>,
    /// Whether they may not sign in.
    pub disabled: bool,
    /// Their page.
    pub page: Option<Link>,
    /// All of their sessions.
    pub sessions: Link,
}

/// When and how somebody signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSignIn {
    /// When.
    pub began: Moment,
    /// "by password".
    pub how: String,
    /// When they last proved again who they are, if they did.
    pub proved_again: Option<Moment>,
    /// `acr` (Core 1.0, 2).
    pub acr: String,
}

/// When and why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEnd {
    /// When.
    pub at: Moment,
    /// "ended by an administrator".
    pub because: String,
    /// Who did it.
    pub by: Option<String>,
    /// What they said of it.
    pub note: Option<String>,
}

/// An app's part in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionApp {
    /// What people call it.
    pub name: String,
    /// Its page.
    pub page: Option<Link>,
    /// Its client id.
    pub client: String,
    /// The page that signs the person out of it, while it is signed in.
    pub end: Option<Link>,
    /// "Back-channel".
    pub channel: &'static str,
    /// When it joined.
    pub joined: Moment,
    /// When its part ended.
    pub ended: Option<Moment>,
    /// Its own name for the session (`sid`).
    pub sid: String,
    /// Grants that end with the session.
    pub grants: i64,
    /// Grants that outlive it (`offline_access`).
    pub offline: i64,
    /// When one of these was last used.
    pub last_used: Option<String>,
}

/// What became of one notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeLine {
    /// The app.
    pub name: String,
    /// "Back-channel".
    pub channel: &'static str,
    /// How far it has come.
    pub state: State,
    /// "200", "503, next try at 14:09:41 UTC".
    pub answer: String,
    /// "3 tries, the last at 14:07:12 UTC".
    pub tries: String,
    /// Whether something is still to come.
    pub waits: bool,
    /// The client id for the form that sends it again, where that makes sense.
    pub again: Option<String>,
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// How it sounds: a class of the stylesheet, or nothing.
    pub class: &'static str,
    /// When.
    pub at: Moment,
    /// What happened.
    pub title: String,
    /// More of it.
    pub text: String,
}

impl OneSession {
    fn others_label(&self) -> String {
        let name = &self.person.name;
        let other = if self.live { "other " } else { "" };
        match self.others.len() {
            1 => format!("End {name}’s {other}session…"),
            count => format!("End {name}’s {other}{count} sessions…"),
        }
    }
}

impl Page for OneSession {
    const KIND: &'static str = "admin-session";
    const MARKER: &'static str = "";

    fn samples() -> Vec<Sample<Self>> {
        let ended = sample();
        let live = Self {
            state: State::ok("Live"),
            ended: None,
            notices: Vec::new(),
            live: true,
            own: true,
            check_again: None,
            ..ended.clone()
        };
        let hostile = sample_hostile(ended.clone());
        vec![("ended", ended), ("live", live), ("hostile", hostile)]
    }
}

fn sample() -> OneSession {
    OneSession {
        frame: samples::frame(Section::Sessions),
        reference: "7QK4-M2XD-AAAA".to_owned(),
        person: SessionPerson {
            name: "Alice Moreau".to_owned(),
            username: "alice".to_owned(),
            email: Some("alice.moreau@example.com".to_owned()),
            disabled: true,
            page: Link::new("/admin/people/alice"),
            sessions: Link::new("/admin/sessions?user=alice").unwrap_or_else(|| unreachable!()),
        },
        device: "Firefox on Linux".to_owned(),
        place: "Network 203.0.113.0/24".to_owned(),
        state: State::off("Ended today at 14:05 UTC"),
        sign_in: SessionSignIn {
            began: stamp(NOW - Duration::from_hours(5)),
            how: "by password".to_owned(),
            proved_again: Some(stamp(NOW - Duration::from_hours(1))),
            acr: "urn:lanyard:acr:pwd".to_owned(),
        },
        active: "just now".to_owned(),
        ends: on_day(NOW + Duration::from_hours(7), NOW),
        idle: "2 hours".to_owned(),
        remembered: true,
        ended: Some(SessionEnd {
            at: stamp(NOW),
            because: "ended by an administrator".to_owned(),
            by: Some("Mona Reyes".to_owned()),
            note: Some("Laptop lost on the train".to_owned()),
        }),
        apps: vec![
            sample_app("Wiki", "Back-channel", 300),
            sample_app("Calendar", "None", 200),
        ],
        notices: sample_notices(),
        timeline: sample_timeline(),
        live: false,
        own: false,
        others: vec!["AAAA".to_owned(), "BBBB".to_owned()],
        check_again: Link::new("/admin/sessions/7QK4-M2XD-AAAA"),
    }
}

fn minutes_ago(minutes: u64) -> Moment {
    to_the_second(NOW - Duration::from_mins(minutes), NOW)
}

fn sample_app(name: &str, channel: &'static str, minutes: u64) -> SessionApp {
    SessionApp {
        name: name.to_owned(),
        page: Link::new("/admin/apps/sample"),
        client: name.to_lowercase(),
        end: Link::new("/admin/sessions/7QK4-M2XD-AAAA/app?client=sample"),
        channel,
        joined: minutes_ago(minutes),
        ended: Some(minutes_ago(0)),
        sid: "8Fq2c71LWm0x9ZtK8Fq2c71L".to_owned(),
        grants: 2,
        offline: 1,
        last_used: Some("3 minutes ago".to_owned()),
    }
}

fn sample_notices() -> Vec<NoticeLine> {
    let notice = |name: &str, state, answer: &str, waits| NoticeLine {
        name: name.to_owned(),
        channel: "Back-channel",
        state,
        answer: answer.to_owned(),
        tries: "1 try, the last 14:05:02 UTC".to_owned(),
        waits,
        again: (name != "Wiki").then(|| name.to_owned()),
    };
    vec![
        notice("Wiki", State::ok("Signed out"), "Answered 200", false),
        notice("Shop", State::wait("Trying again"), "Answered 503", true),
        notice("Payroll", State::bad("Refused"), "Answered 400", false),
    ]
}

fn sample_timeline() -> Vec<Event> {
    let event = |class, minutes, title: &str, text: &str| Event {
        class,
        at: minutes_ago(minutes),
        title: title.to_owned(),
        text: text.to_owned(),
    };
    vec![
        event("ok", 0, "Wiki signed out", "Answered 200"),
        event("bad", 0, "Payroll refused the notice", "Answered 400"),
        event("off", 1, "Session ended by Mona Reyes", "“Laptop lost”"),
        event("", 300, "Signed in", "From 203.0.113.7"),
    ]
}

fn sample_hostile(mut page: OneSession) -> OneSession {
    let bad = || HOSTILE.to_owned();
    page.frame = samples::hostile_frame(Section::Sessions);
    page.person = SessionPerson {
        name: bad(),
        username: bad(),
        email: Some(bad()),
        ..page.person
    };
    page.sign_in.acr = bad();
    page.sign_in.how = bad();
    page.device = bad();
    page.place = bad();
    page.ended = page.ended.map(|end| SessionEnd {
        by: Some(bad()),
        note: Some(bad()),
        ..end
    });
    page.apps.truncate(1);
    for app in &mut page.apps {
        (app.name, app.client, app.sid) = (bad(), bad(), bad());
    }
    for notice in &mut page.notices {
        (notice.name, notice.answer) = (bad(), bad());
    }
    for event in &mut page.timeline {
        (event.title, event.text) = (bad(), bad());
    }
    page
}
