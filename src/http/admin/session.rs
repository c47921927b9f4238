//! One session's page.

use actix_web::http::StatusCode;

use super::links;
use super::route::{Answer, Call, nothing_here};
use super::session_timeline::{answered, timeline};
use super::sessions;
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::session::{
    NoticeLine, OneSession, SessionApp, SessionEnd, SessionPerson, SessionSignIn,
};
use crate::pages::admin::states::{State, because};
use crate::pages::parts::{Link, Notice, Tone, counted, in_a_row};
use crate::pages::{device, time};
use crate::provider::{
    AT_ONCE, AuditEntry, Channel, NoticeState, NoticeView, SessionState, StoryApp, StoryView, Told,
};

/// `GET /admin/sessions/{reference}`.
pub(super) async fn show(call: Call) -> Answer {
    let provider = &call.state.provider;
    let visitor = &call.administrator.visitor;
    let story = provider
        .session_story(visitor, call.part("reference"))
        .await?;
    let Some(story) = story else {
        return Ok(nothing_here());
    };
    let user = &story.story.row.session.user;
    // Who was deleted has sessions, but no page.
    let person_page = match provider.person_name(user).await? {
        Some(_) => links::person(user),
        None => None,
    };
    let now = provider.clock().now();
    match page(&call, story, person_page, now) {
        Some(page) => Ok(respond::page(StatusCode::OK, &page, &Policy::live())),
        None => Ok(nothing_here()),
    }
}

/// `POST /admin/sessions/{reference}/again`.
pub(super) async fn send_again(call: Call) -> Answer {
    let reference = call.part("reference");
    let client = ClientId::new(call.field("client").unwrap_or_default());
    let by = &call.administrator;
    let sent = call.state.provider.send_again(reference, &client, by);
    match (sent.await?, links::session(reference)) {
        (true, Some(page)) => Ok(respond::see_other(&format!("{page}?again=1"))),
        _ => Ok(nothing_here()),
    }
}

/// What has just been done. Anybody can write the link, so that it says nothing to act on.
fn done(call: &Call) -> Option<Notice> {
    let title = if call.query.get("again").is_some() {
        "The notice is sent again"
    } else {
        call.query.get("app")?;
        "The app is signed out of this session"
    };
    Some(Notice {
        tone: Tone::Ok,
        title: title.to_owned(),
        text: "What the app answers will stand here.".to_owned(),
        receipts: None,
    })
}

fn page(
    call: &Call,
    view: StoryView,
    person_page: Option<Link>,
    now: Timestamp,
) -> Option<OneSession> {
    let live = sessions::is_live(&view.story.row, now);
    let notices: Vec<_> = view
        .apps
        .iter()
        .filter_map(|app| notice(app, now))
        .collect();
    let waits = notices.iter().any(|line| line.waits);
    let row = &view.story.row;
    let session = &row.session;
    Some(OneSession {
        frame: call.frame(Section::Sessions, done(call)),
        person: person(&view, person_page)?,
        device: device::describe(&session.user_agent),
        place: device::network(&session.address),
        state: state(&view, now),
        sign_in: SessionSignIn {
            began: time::stamp(session.began),
            how: how(&session.amr),
            proved_again: (session.auth_time > session.began)
                .then(|| time::stamp(session.auth_time)),
            acr: session.acr.clone(),
        },
        active: time::ago(now, session.last_seen),
        ends: time::on_day(session.expires, now),
        idle: time::span(session.idle_timeout),
        remembered: session.remembered,
        ended: ended(&view),
        apps: view
            .apps
            .iter()
            .map(|part| app(part, live.then_some(row.reference.as_str()), now))
            .collect(),
        notices,
        timeline: timeline(&view, now),
        live,
        own: view.own,
        check_again: waits
            .then(|| Link::new(&format!("/admin/sessions/{}", row.reference)))
            .flatten(),
        reference: row.reference.clone(),
        others: view.others.into_iter().take(AT_ONCE).collect(),
    })
}

fn person(view: &StoryView, page: Option<Link>) -> Option<SessionPerson> {
    let row = &view.story.row;
    let all = super::session_filter::Filter {
        user: Some(row.session.user.clone()),
        state: SessionState::Any,
        ..Default::default()
    };
    Some(SessionPerson {
        name: row.display_name.clone(),
        username: row.username.clone(),
        email: view.story.email.clone(),
        disabled: !view.story.person_enabled,
        page,
        sessions: all.link(None)?,
    })
}

fn state(view: &StoryView, now: Timestamp) -> State {
    let state = sessions::state(&view.story.row, now);
    match view.story.row.ended {
        Some(at) => State::off(format!("Ended {}", time::on_day(at, now).text)),
        None => state,
    }
}

/// By which methods somebody signed in (RFC 8176), in words.
fn how(methods: &[String]) -> String {
    let words: Vec<String> = methods
        .iter()
        .map(|method| match method.as_str() {
            "pwd" => "password".to_owned(),
            "otp" => "one-time code".to_owned(),
            "hwk" | "swk" => "security key".to_owned(),
            "mfa" => "several factors".to_owned(),
            _ => method.clone(),
        })
        .collect();
    if words.is_empty() {
        "by a way that wasn’t recorded".to_owned()
    } else {
        format!("by {}", in_a_row(&words))
    }
}

fn ended(view: &StoryView) -> Option<SessionEnd> {
    let row = &view.story.row;
    let line = view.story.audit.iter().rfind(|line| is_end(line));
    Some(SessionEnd {
        at: time::stamp(row.ended?),
        because: row.reason.map(because).unwrap_or_default().to_owned(),
        by: line.and_then(|line| view.actors.get(&line.actor).cloned()),
        note: line.and_then(AuditEntry::note).map(ToOwned::to_owned),
    })
}

fn is_end(line: &AuditEntry) -> bool {
    line.action == "session.end"
}

const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Back => "Back-channel",
        Channel::Front => "Front-channel",
        Channel::None => "None",
    }
}

/// An app of a session; the page that signs it out, if the session lives.
fn app(app: &StoryApp, live: Option<&str>, now: Timestamp) -> SessionApp {
    let part = &app.part;
    let client = part.part.participant.client.as_str();
    let live = live.filter(|_| part.part.ended.is_none());
    let end = live.and_then(|reference| {
        let path = format!("{}/app", links::session(reference)?);
        links::with_query(&path, &[("client", client)])
    });
    SessionApp {
        name: part.part.client_name.clone(),
        page: links::app(&part.part.participant.client),
        client: client.to_owned(),
        end,
        channel: channel(app.channel),
        joined: time::to_the_second(part.part.participant.joined, now),
        ended: part.part.ended.map(|at| time::to_the_second(at, now)),
        sid: part.part.participant.sid.as_str().to_owned(),
        grants: part.grants,
        offline: part.offline_grants,
        last_used: part.last_used.map(|used| time::ago(now, used)),
    }
}

/// What became of the notice of an app whose part is over.
fn notice(app: &StoryApp, now: Timestamp) -> Option<NoticeLine> {
    let told = app.told?;
    let (state, answer) = match (told, &app.notice) {
        (Told::At(_), Some(notice)) => (State::ok("Signed out"), answered(notice)),
        (Told::GaveUp, Some(notice)) if notice.state == NoticeState::Refused => {
            let answer = format!("{}, not repeated", answered(notice));
            (State::bad("Refused"), answer)
        }
        (Told::GaveUp, Some(notice)) => (State::bad("Gave up"), answered(notice)),
        (Told::TryingAgain, Some(notice)) => (State::wait("Trying again"), next(notice, now)),
        (Told::ByBrowser { until }, _) => {
            let until = time::to_the_second(until, now).text;
            let answer = format!("At a sign-out, the browser tells it. Access runs out at {until}");
            (State::off("Only by the browser"), answer)
        }
        (Told::Quiet { until }, _) => {
            let until = time::to_the_second(until, now).text;
            let answer = format!("Nobody used the session. Access runs out at {until}");
            (State::off("Not told"), answer)
        }
        (Told::CannotBe { until }, _) => {
            let until = time::to_the_second(until, now).text;
            let answer = format!("No logout address. Access runs out at {until}");
            (State::off("Can’t be told"), answer)
        }
        _ => (State::wait("Being told"), String::new()),
    };
    Some(NoticeLine {
        name: app.part.part.client_name.clone(),
        channel: channel(app.channel),
        state,
        answer,
        tries: tries(app.notice.as_ref(), now),
        waits: matches!(told, Told::NotYetTried | Told::TryingAgain),
        again: matches!(told, Told::TryingAgain | Told::GaveUp)
            .then(|| app.part.part.participant.client.to_string()),
    })
}

fn next(notice: &NoticeView, now: Timestamp) -> String {
    let answered = answered(notice);
    match notice.next_at {
        Some(at) if at > now => {
            format!("{answered}; next try {}", time::to_the_second(at, now).text)
        }
        _ => format!("{answered}; next try now"),
    }
}

fn tries(notice: Option<&NoticeView>, now: Timestamp) -> String {
    let Some((notice, last)) = notice.and_then(|notice| Some((notice, notice.last_attempt_at?)))
    else {
        return String::new();
    };
    let tries = counted(notice.attempts, "try", "tries");
    format!("{tries}, the last {}", time::to_the_second(last, now).text)
}
