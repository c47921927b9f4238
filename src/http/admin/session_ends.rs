//! Ending sessions: first a page that says what would end, then the end, then the receipts.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::links;
use super::route::{Answer, Call, nothing_here};
use super::session_filter::Filter;
use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::http::headers::Policy;
use crate::http::{guard, receipt_events, receipts, respond};
use crate::identity::rules::is_hidden;
use crate::pages::admin::Section;
use crate::pages::admin::session_end::{EndSessions, EndTarget, EndsStopped, OwnSession};
use crate::pages::admin::session_told::{SessionsTold, ToldSession};
use crate::pages::admin::states::{State, because};
use crate::pages::parts::{Link, Notice, Tone};
use crate::pages::{device, time};
use crate::protocol::params::Params;
use crate::provider::{AT_ONCE, Chosen, EndPlan, EndsMade, SessionReceipts};
use crate::session::ending::Reason;
use crate::store::record::is_reference;

/// The longest reason that is kept.
pub(super) const NOTE: usize = 200;
/// What is said of a longer one.
pub(super) const TOO_LONG: &str = "Write at most 200 characters.";
/// Longer than any id of a person.
const ID: usize = 512;
/// After a store was away.
const RETRY: Duration = Duration::from_secs(2);
/// Sessions whose receipts are on one page: its address must fit every proxy.
const RECEIPTS: usize = 100;
/// More than this no link claims to have ended.
const MORE: usize = 100_000;

/// Why nothing is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NoneTicked,
    TooMany,
    Over,
    OnlyOwn,
}

/// `POST /admin/sessions/plan`: ends nothing.
pub(super) async fn plan(call: Call) -> Answer {
    let one = call
        .field("end")
        .map(|one| Chosen::Sessions(vec![one.to_owned()]));
    match one.map_or_else(|| chosen(&call.form), Ok) {
        Ok(chosen) => ask(&call, &chosen, None).await,
        Err(refusal) => Ok(back_to_list(&call, refusal)),
    }
}

/// `POST /admin/sessions/end`.
pub(super) async fn end(call: Call) -> Answer {
    let chosen = match chosen(&call.form) {
        Ok(chosen) => chosen,
        Err(refusal) => return Ok(back_to_list(&call, refusal)),
    };
    let note = note(&call);
    if note.chars().count() > NOTE {
        return ask(&call, &chosen, Some(TOO_LONG)).await;
    }
    let words = (!note.is_empty()).then_some(note.as_str());
    let provider = &call.state.provider;
    let made = provider
        .end_chosen(&call.administrator, &chosen, words)
        .await?;
    if !made.left.is_empty() {
        return Ok(stopped(&call, made, note));
    }
    if let Some(id) = &made.mass {
        return Ok(respond::see_other(&links::mass_end(id)));
    }
    Ok(match told_address(&made.ended, 0) {
        Some(address) => respond::see_other(&address),
        None => back_to_list(&call, Refusal::Over),
    })
}

/// What the form chose.
fn chosen(form: &Params) -> Result<Chosen, Refusal> {
    if let Some(id) = form.get("person") {
        let possible = id.len() <= ID && !id.chars().any(char::is_control);
        let person = possible.then(|| Chosen::Person(UserId::new(id)));
        return person.ok_or(Refusal::Over);
    }
    let mut references: Vec<String> = Vec::new();
    for reference in form.all("session") {
        if !references.iter().any(|known| known == reference) {
            references.push(reference.to_owned());
        }
    }
    match references.len() {
        0 => Err(Refusal::NoneTicked),
        count if count > AT_ONCE => Err(Refusal::TooMany),
        _ => Ok(Chosen::Sessions(references)),
    }
}

/// On one line.
pub(super) fn note(call: &Call) -> String {
    let text = call.field("note").unwrap_or_default();
    let text = text.replace(is_hidden, " ");
    text.trim().to_owned()
}

async fn ask(call: &Call, chosen: &Chosen, problem: Option<&'static str>) -> Answer {
    let provider = &call.state.provider;
    if let Chosen::Person(user) = chosen
        && provider.person_name(user).await?.is_none()
    {
        return Ok(nothing_here());
    }
    let plan = provider.plan_ends(&call.administrator, chosen).await?;
    if plan.sessions.is_empty() {
        let refusal = if plan.spared {
            Refusal::OnlyOwn
        } else {
            Refusal::Over
        };
        return Ok(back_to_list(call, refusal));
    }
    let Some(page) = end_sessions(call, chosen, plan, problem) else {
        return Ok(respond::malformed());
    };
    let status = if problem.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    Ok(respond::page(status, &page, &Policy::stays()))
}

fn end_sessions(
    call: &Call,
    chosen: &Chosen,
    plan: EndPlan,
    problem: Option<&'static str>,
) -> Option<EndSessions> {
    let filter = back(call);
    let mut people: Vec<String> = Vec::new();
    for row in &plan.sessions {
        if !people.contains(&row.display_name) {
            people.push(row.display_name.clone());
        }
    }
    let target = match chosen {
        Chosen::Person(user) => EndTarget::Person(user.to_string()),
        Chosen::Sessions(_) => {
            let rows = plan.sessions.iter();
            EndTarget::Sessions(rows.map(|row| row.reference.clone()).collect())
        }
    };
    Some(EndSessions {
        frame: call.frame(Section::Sessions, None),
        target,
        count: plan.count,
        people,
        own: match (plan.own, plan.spared) {
            (true, _) => OwnSession::Ends,
            (false, true) => OwnSession::Spared,
            (false, false) => OwnSession::Untouched,
        },
        told: plan.told,
        untold: plan.untold,
        at: time::moment(plan.at),
        note: note(call),
        problem,
        back: filter.link(filter.cursor.as_ref())?,
        query: filter.query(filter.cursor.as_ref()),
    })
}

/// The search from which somebody came.
fn back(call: &Call) -> Filter {
    Filter::from_query(call.form.get("back").unwrap_or_default())
}

fn back_to_list(call: &Call, refusal: Refusal) -> HttpResponse {
    let filter = back(call);
    let mut query = filter.query(filter.cursor.as_ref());
    if !query.is_empty() {
        query.push('&');
    }
    respond::see_other(&format!("/admin/sessions?{query}notice={}", refusal.word()))
}

fn stopped(call: &Call, made: EndsMade, note: String) -> HttpResponse {
    let page = EndsStopped {
        frame: call.frame(Section::Sessions, None),
        ended: made.ended.len(),
        told: told_address(&made.ended, 0).and_then(|address| Link::new(&address)),
        left: made.left,
        note,
    };
    let mut response = respond::page(StatusCode::SERVICE_UNAVAILABLE, &page, &Policy::stays());
    respond::retry_after(&mut response, RETRY);
    response
}

/// Where the receipts of these sessions are, and how many more ended.
pub(super) fn told_address(ended: &[String], more: usize) -> Option<String> {
    receipts_of(ended, more).map(|query| format!("/admin/sessions/told?{query}"))
}

/// Sessions that ended, as [`receipts_asked`] reads them.
pub(super) fn receipts_query(ended: &[String]) -> Option<String> {
    receipts_of(ended, 0)
}

fn receipts_of(ended: &[String], more: usize) -> Option<String> {
    let (shown, rest) = ended.split_at(ended.len().min(RECEIPTS));
    let mut query: Vec<_> = shown
        .iter()
        .map(|reference| format!("s={reference}"))
        .collect();
    if query.is_empty() {
        return None;
    }
    let more = more.saturating_add(rest.len());
    if more > 0 {
        query.push(format!("more={more}"));
    }
    Some(query.join("&"))
}

/// The sessions whose receipts a link asks for, and how many more ended.
pub(super) fn receipts_asked(query: &Params) -> (Vec<String>, usize) {
    let named = query.all("s").into_iter().take(RECEIPTS);
    let named = named.filter(|name| is_reference(name));
    let more = query.get("more").and_then(|more| more.parse().ok());
    let more: usize = more.unwrap_or(0);
    (named.map(ToOwned::to_owned).collect(), more.min(MORE))
}

/// `GET /admin/sessions/told`.
pub(super) async fn told(call: Call) -> Answer {
    let provider = &call.state.provider;
    let (references, more) = receipts_asked(&call.query);
    let found = provider.receipts_among(&references).await?;
    let known: Vec<_> = found.iter().map(|one| one.row.reference.clone()).collect();
    let address = told_address(&known, more);
    let events = receipts_query(&known).map(|query| format!("/admin/sessions/events?{query}"));
    let link = |address: Option<String>| address.and_then(|address| Link::new(&address));
    let (Some(check_again), Some(events)) = (link(address), link(events)) else {
        return Ok(nothing_here());
    };
    let now = provider.clock().now();
    let sessions = found.into_iter().filter_map(|one| session(one, now));
    let page = SessionsTold {
        frame: call.frame(Section::Sessions, None),
        sessions: sessions.collect(),
        more,
        check_again,
        events,
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::live()))
}

/// `GET /admin/sessions/events`: what becomes of the notices of these sessions, as it comes.
pub(super) async fn events(call: Call) -> Answer {
    if guard::is_foreign(&call.state, &call.request) {
        return Ok(respond::foreign_form());
    }
    let (references, _) = receipts_asked(&call.query);
    let (by, seen) = (
        &call.administrator,
        receipt_events::last_seen(&call.request),
    );
    let watching = call.state.provider.watch_any(by, &references, seen).await?;
    Ok(receipt_events::answer(&call.state, &call.request, watching))
}

fn session(one: SessionReceipts, now: Timestamp) -> Option<ToldSession> {
    let SessionReceipts { row, apps } = one;
    let state = match (row.ended, row.reason) {
        (Some(at), Some(reason)) if reason != Reason::Admin => {
            let at = time::to_the_second(at, now).text;
            State::off(format!("Ended {at}: {}", because(reason)))
        }
        (Some(at), _) => State::off(format!("Ended {}", time::to_the_second(at, now).text)),
        (None, _) => State::wait("Not ended"),
    };
    let ended = row.ended.is_some();
    Some(ToldSession {
        link: Link::new(&format!("/admin/sessions/{}", row.reference))?,
        person: row.display_name,
        device: device::describe(&row.session.user_agent),
        state,
        apps: apps
            .into_iter()
            .filter(|_| ended)
            .map(receipts::told)
            .collect(),
    })
}

impl Refusal {
    const ALL: [Self; 4] = [Self::NoneTicked, Self::TooMany, Self::Over, Self::OnlyOwn];

    /// In a link.
    const fn word(self) -> &'static str {
        match self {
            Self::NoneTicked => "none-ticked",
            Self::TooMany => "too-many",
            Self::Over => "over",
            Self::OnlyOwn => "only-own",
        }
    }

    /// From its word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.word() == word)
    }

    /// What the list says of it.
    pub(super) fn notice(self) -> Notice {
        let (title, text) = match self {
            Self::NoneTicked => (
                "No session is ticked",
                "Nothing was ended. Tick those that you want to end, then press “End ticked”.",
            ),
            Self::TooMany => (
                "More than 200 sessions are too many at once",
                "Nothing was ended. Tick at most 200; or end all of one person’s sessions.",
            ),
            Self::Over => (
                "There is nothing left to end",
                "What you chose has ended meanwhile, or was never there.",
            ),
            Self::OnlyOwn => (
                "Only your own session is left, and it is spared",
                "Nothing was ended. To end it, tick it by itself or sign out.",
            ),
        };
        Notice {
            tone: Tone::Wait,
            title: title.to_owned(),
            text: text.to_owned(),
            receipts: None,
        }
    }
}
