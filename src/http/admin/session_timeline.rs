//! What happened in a session, told from its audit, its parts and its notices.

use crate::clock::Timestamp;
use crate::pages::admin::session::Event;
use crate::pages::admin::states::because;
use crate::pages::admin::words::action;
use crate::pages::time;
use crate::provider::{AuditEntry, FailedAttempt, NoticeState, NoticeView, StoryApp, StoryView};
use crate::session::ending::Reason;

/// One thing that happened.
struct Happened {
    at: Timestamp,
    class: &'static str,
    title: String,
    text: String,
}

/// The newest first. What happened at one moment stands in the order of cause and effect.
pub(super) fn timeline(view: &StoryView, now: Timestamp) -> Vec<Event> {
    let mut all = beginning(view);
    all.extend(view.apps.iter().map(|app| Happened {
        at: app.part.part.participant.joined,
        class: "",
        title: format!("Joined by {}", app.part.part.client_name),
        text: String::new(),
    }));
    all.extend(view.apps.iter().filter_map(refreshed));
    let later = view.story.audit.iter().filter(|line| !is_sign_in(line));
    all.extend(later.filter_map(|line| noted(view, line)));
    all.extend(end_without_line(view));
    all.extend(
        view.story
            .failed
            .iter()
            .filter_map(|failed| attempt(view, failed)),
    );
    all.extend(view.story.notices.iter().filter_map(delivery));
    all.sort_by_key(|happened| happened.at);
    all.into_iter()
        .rev()
        .map(|happened| Event {
            class: happened.class,
            at: time::to_the_second(happened.at, now),
            title: happened.title,
            text: happened.text,
        })
        .collect()
}

/// The sign-in, as the audit tells it; where it has not (yet), as the session does.
fn beginning(view: &StoryView) -> Vec<Happened> {
    let lines = view.story.audit.iter().filter(|line| is_sign_in(line));
    let told: Vec<_> = lines.filter_map(|line| noted(view, line)).collect();
    if !told.is_empty() {
        return told;
    }
    vec![Happened {
        at: view.story.row.session.began,
        class: "",
        title: "Signed in".to_owned(),
        text: String::new(),
    }]
}

/// That an app still gets new tokens; also after the session, by a grant that outlives it.
fn refreshed(app: &StoryApp) -> Option<Happened> {
    Some(Happened {
        at: app.part.refreshed?,
        class: "",
        title: format!("{} refreshed its tokens", app.part.part.client_name),
        text: "The last time that is noted.".to_owned(),
    })
}

fn is_sign_in(line: &AuditEntry) -> bool {
    line.action == "sign_in"
}

/// An end that the audit tells under the person, not under the session.
fn end_without_line(view: &StoryView) -> Option<Happened> {
    let told = |line: &AuditEntry| line.action == "session.end";
    let at = view.story.row.ended?;
    let reason = view.story.row.reason?;
    (!view.story.audit.iter().any(told)).then(|| Happened {
        at,
        class: "off",
        title: "Session ended".to_owned(),
        text: sentence(because(reason)),
    })
}

/// A line of the audit. What the notices tell better is left out.
fn noted(view: &StoryView, line: &AuditEntry) -> Option<Happened> {
    let by = by(view, line);
    let reason = line.reason.as_deref().and_then(Reason::parse);
    let why = reason.map(because).unwrap_or_default();
    let (class, title, text) = match line.action.as_str() {
        "notice_given_up" | "notice_refused" => return None,
        "sign_in" => ("", "Signed in".to_owned(), from(line)),
        "session.step_up" => (
            "",
            "Stepped up".to_owned(),
            format!("Proved again who they are. {}", from(line)),
        ),
        "session.new_network" => ("wait", "Moved to another network".to_owned(), from(line)),
        "session.end" => ("off", format!("Session ended{by}"), said(line, why)),
        "session.end_client" => {
            let app = app_name(view, &line.target);
            (
                "off",
                format!("{app} left the session{by}"),
                said(line, why),
            )
        }
        "notice.send_again" => {
            let app = app_name(view, line.target.trim_start_matches("client:"));
            ("wait", format!("{app} is told again{by}"), String::new())
        }
        "device.allow" => {
            let app = app_name(view, line.target.trim_start_matches("client:"));
            ("", format!("{app} was allowed on a device"), from(line))
        }
        "device.deny" => {
            let app = app_name(view, line.target.trim_start_matches("client:"));
            ("", format!("{app} was refused on a device"), from(line))
        }
        "grant.end" => ("off", format!("A grant ended{by}"), said(line, why)),
        "stale_cookie" => (
            "bad",
            "An old cookie was shown".to_owned(),
            "Somebody may have a copy of it. It opened nothing.".to_owned(),
        ),
        other => ("", format!("{}{by}", action(other)), said(line, why)),
    };
    Some(Happened {
        at: line.at,
        class,
        title,
        text,
    })
}

fn by(view: &StoryView, line: &AuditEntry) -> String {
    let who = match line.actor.as_str() {
        "command_line" => Some("the command line"),
        "system" => None,
        actor => view.actors.get(actor).map(String::as_str),
    };
    who.map(|who| format!(" by {who}")).unwrap_or_default()
}

fn from(line: &AuditEntry) -> String {
    let address = line.address.as_deref();
    address
        .map(|address| format!("From {address}"))
        .unwrap_or_default()
}

/// What the actor said of it, or else the reason.
fn said(line: &AuditEntry, why: &str) -> String {
    match line.note() {
        Some(note) => format!("“{note}”"),
        None => sentence(why),
    }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

fn app_name(view: &StoryView, client: &str) -> String {
    let mut apps = view.apps.iter().map(|app| &app.part.part);
    let known = apps.find(|part| part.participant.client.as_str() == client);
    known.map_or_else(|| client.to_owned(), |part| part.client_name.clone())
}

/// A try that failed. The one that settled the notice is told by that.
fn attempt(view: &StoryView, failed: &FailedAttempt) -> Option<Happened> {
    let mut notices = view.story.notices.iter();
    let notice = notices.find(|notice| notice.sid == failed.sid)?;
    let settled = matches!(notice.state, NoticeState::Refused | NoticeState::GaveUp);
    if settled && failed.number == notice.attempts {
        return None;
    }
    let said = said_by_app(failed.status, failed.problem.as_deref());
    Some(Happened {
        at: failed.at,
        class: "wait",
        title: format!("{} was not reached", notice.client_name),
        text: format!("Try {}. {said}", failed.number),
    })
}

/// What settled a notice.
fn delivery(notice: &NoticeView) -> Option<Happened> {
    let name = &notice.client_name;
    let (class, title) = match notice.state {
        NoticeState::Delivered => ("ok", format!("{name} signed out")),
        NoticeState::Refused => ("bad", format!("{name} refused the notice")),
        NoticeState::GaveUp => ("bad", format!("Gave up telling {name}")),
        NoticeState::Waiting => return None,
    };
    Some(Happened {
        at: notice.delivered_at.or(notice.last_attempt_at)?,
        class,
        title,
        text: answered(notice),
    })
}

/// What an app said last.
pub(super) fn answered(notice: &NoticeView) -> String {
    said_by_app(notice.last_status, notice.problem.as_deref())
}

fn said_by_app(status: Option<u16>, problem: Option<&str>) -> String {
    match (status, problem) {
        (Some(status), Some(problem)) if !problem.contains(&status.to_string()) => {
            format!("Answered {status}: {problem}")
        }
        (Some(status), _) => format!("Answered {status}"),
        (None, Some(problem)) => format!("No answer: {problem}"),
        (None, None) => "No answer".to_owned(),
    }
}
