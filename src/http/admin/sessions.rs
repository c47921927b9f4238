//! The list of sessions.

use std::time::Duration;

use actix_web::http::StatusCode;

use super::route::{Answer, Call};
use super::session_ends::Refusal;
use super::session_filter::{Began, Filter, Idle, STATES};
use super::{links, mass_ends};
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::sessions::{Choice, Nothing, OnlyOf, Search, SessionLine, Sessions};
use crate::pages::admin::states::{State, because};
use crate::pages::parts::{Link, counted, grouped, in_a_row};
use crate::pages::{device, time};
use crate::provider::{SessionList, SessionRow, SessionState};

/// Sessions on one page.
const PAGE: usize = 50;
/// A session with less than this left "ends soon".
const SOON: Duration = Duration::from_mins(10);

/// `GET /admin/sessions`.
pub(super) async fn list(call: Call) -> Answer {
    let provider = &call.state.provider;
    let mut filter = Filter::read(&call.query);
    let apps = provider.app_names().await?;
    if let Some(client) = &filter.client
        && !apps.iter().any(|(id, _)| id == client)
    {
        filter.drop_client();
    }
    let person = person(&call, &mut filter).await?;
    let now = provider.clock().now();
    let question = filter.question(now);
    let found = provider
        .list_sessions(&question, filter.cursor.as_ref(), PAGE)
        .await?;
    let notice = call.query.get("notice").and_then(Refusal::parse);
    let own = call.administrator.visitor.session_reference();
    let page = Sessions {
        frame: call.frame(Section::Sessions, notice.map(Refusal::notice)),
        live: grouped(found.live.sessions),
        people: counted(found.live.people, "person", "people"),
        search: search(&filter, apps, person),
        hints: hints(&filter, &found),
        what: what(filter.state),
        shown: shown(&found),
        newer: found
            .page
            .newer
            .as_ref()
            .and_then(|at| filter.link(Some(at))),
        older: found
            .page
            .older
            .as_ref()
            .and_then(|at| filter.link(Some(at))),
        end_all: mass_ends::plan_of(&filter),
        nothing: nothing(&filter, &found),
        rows: found
            .page
            .rows
            .into_iter()
            .filter_map(|row| line(row, now, &own))
            .collect(),
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

async fn person(call: &Call, filter: &mut Filter) -> Result<Option<OnlyOf>, PageTrouble> {
    let Some(user) = filter.user.clone() else {
        return Ok(None);
    };
    let Some(name) = call.state.provider.person_name(&user).await? else {
        filter.drop_user();
        return Ok(None);
    };
    let everybody = Filter {
        user: None,
        ..filter.clone()
    };
    let page = links::person(&user);
    Ok(page
        .zip(everybody.link(None))
        .map(|(page, everybody)| OnlyOf {
            id: user.to_string(),
            name,
            page,
            everybody,
        }))
}

fn search(filter: &Filter, apps: Vec<(ClientId, String)>, person: Option<OnlyOf>) -> Search {
    let any = Choice {
        value: String::new(),
        label: "Any app".to_owned(),
        chosen: filter.client.is_none(),
    };
    let apps = apps.into_iter().map(|(id, name)| Choice {
        chosen: filter.client.as_ref() == Some(&id),
        value: id.to_string(),
        label: name,
    });
    let choice = |value: &str, label: &str, chosen| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen,
    };
    let began = Began::ALL.map(|(began, value, label)| choice(value, label, began == filter.began));
    let idle = Idle::ALL.map(|(idle, value, label)| choice(value, label, idle == filter.idle));
    let states = STATES.map(|(state, value, label)| choice(value, label, state == filter.state));
    Search {
        q: filter.q.clone(),
        apps: std::iter::once(any).chain(apps).collect(),
        began: began.into(),
        idle: idle.into(),
        states: states.into(),
        person,
        query: filter.query(filter.cursor.as_ref()),
    }
}

fn hints(filter: &Filter, found: &SessionList) -> Vec<String> {
    let mut hints = filter.problems.clone();
    let more = [
        (
            found.page.too_many_people,
            "More people have such a name than we looked for. Type more of it.",
        ),
        (
            found.page.range_too_wide,
            "This range of addresses is too wide to look through. Give a /32 or /48 of IPv6, or an \
             address in it.",
        ),
        (
            found.page.stopped_early,
            "Few sessions fit, and we stopped looking after many that don’t. Go on further back.",
        ),
    ];
    hints.extend(
        more.into_iter()
            .filter(|(holds, _)| *holds)
            .map(|(_, text)| text.to_owned()),
    );
    hints
}

const fn what(state: SessionState) -> &'static str {
    match state {
        SessionState::Live => "Live sessions",
        SessionState::Ended => "Ended sessions",
        SessionState::Any => "Live and ended sessions",
    }
}

fn shown(found: &SessionList) -> String {
    let count = i64::try_from(found.page.rows.len()).unwrap_or(i64::MAX);
    // A count that is some seconds old must not say less than what is seen.
    let all = grouped(found.counted.count.max(count));
    let plus = if found.counted.or_more { "+" } else { "" };
    format!("{} of {all}{plus} shown", grouped(count))
}

fn nothing(filter: &Filter, found: &SessionList) -> Nothing {
    let title = match (filter.q.as_str(), filter.state) {
        ("", SessionState::Live) if !filter.narrows() => "Nobody is signed in".to_owned(),
        ("", SessionState::Live) => "Nobody is signed in like that".to_owned(),
        ("", SessionState::Ended | SessionState::Any) => "No session is like that".to_owned(),
        (q, SessionState::Live) => format!("Nobody with “{q}” is signed in"),
        (q, SessionState::Ended) => format!("No ended session has “{q}”"),
        (q, SessionState::Any) => format!("No session has “{q}”"),
    };
    let text = match filter.state {
        _ if found.page.stopped_early => "We haven’t looked through all of them yet.",
        _ if filter.cursor.is_some() => "The list has changed meanwhile. Search again.",
        SessionState::Live if filter.narrows() => {
            "Look for a part of the name, or include ended sessions."
        }
        SessionState::Live => "Sessions that ended are still here: choose them under State.",
        SessionState::Ended | SessionState::Any => "Look for a part of the name, or for any time.",
    };
    Nothing {
        title,
        text: text.to_owned(),
    }
}

fn line(row: SessionRow, now: Timestamp, own: &str) -> Option<SessionLine> {
    let link = Link::new(&format!("/admin/sessions/{}", row.reference))?;
    let live = is_live(&row, now);
    let apps: Vec<_> = row
        .participants
        .iter()
        .filter(|part| part.ended.is_none() || row.ended.is_some())
        .map(|part| part.client_name.clone())
        .collect();
    Some(SessionLine {
        state: state(&row, now),
        more: more(&row, now),
        own: row.reference == own,
        link,
        person: row.display_name,
        username: row.username,
        device: device::describe(&row.session.user_agent),
        place: device::network(&row.session.address),
        apps: in_a_row(&apps),
        began: time::on_day(row.session.began, now),
        active: format!("active {}", time::ago(now, row.session.last_seen)),
        live,
        reference: row.reference,
    })
}

pub(super) fn is_live(row: &SessionRow, now: Timestamp) -> bool {
    row.ended.is_none() && row.session.deadline() > now
}

/// Whether a session lives, in a word.
pub(super) fn state(row: &SessionRow, now: Timestamp) -> State {
    if row.ended.is_some() {
        State::off("Ended")
    } else if !is_live(row, now) {
        State::off("Run out")
    } else if now.until(row.session.deadline()) < SOON {
        State::wait("Ends soon")
    } else {
        State::ok("Live")
    }
}

fn more(row: &SessionRow, now: Timestamp) -> String {
    let Some(at) = row.ended else {
        let at = time::on_day(row.session.deadline(), now).text;
        return if is_live(row, now) {
            format!("until {at}")
        } else {
            at
        };
    };
    let at = time::on_day(at, now).text;
    match row.reason {
        Some(reason) => format!("{at}: {}", because(reason)),
        None => at,
    }
}
