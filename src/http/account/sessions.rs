//! "Your account": sessions.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{frame, posted, visitor};
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::oauth::logout;
use crate::http::state::State;
use crate::http::{cookies, extract, guard, receipt_events, receipts, respond};
use crate::pages::account::Tab;
use crate::pages::account_sessions::{
    AccountSessions, EndedHere, EndedSession, SessionApp, SessionRow,
};
use crate::pages::message::{Message, MessageKind};
use crate::pages::parts::{Link, Notice, Tone};
use crate::pages::{device, time};
use crate::protocol::params::Params;
use crate::provider::{DeviceView, SessionReceipts, Visitor, Watching};
use crate::store::record::is_reference;

/// Ended sessions whose receipts are on the page.
const SHOWN: usize = 20;

pub(in crate::http) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let visitor = match visitor(&state, &request).await? {
        Ok(visitor) => visitor,
        Err(response) => return Ok(response),
    };
    let now = state.provider.clock().now();
    let devices = state.provider.devices(&visitor).await?;
    let query = extract::list_query(&request).unwrap_or_default();
    let ended = query.get("ended").and_then(|count| count.parse().ok());
    let ended_here = ended_here(&state, &visitor, &query, now).await?;
    let policy = match &ended_here {
        Some(_) => Policy::live(),
        None => Policy::stays(),
    };
    let page = AccountSessions {
        frame: frame(&visitor, Tab::Sessions, done(&query, ended)),
        ended: ended_here,
        sessions: devices.into_iter().map(|device| row(device, now)).collect(),
    };
    Ok(respond::page(StatusCode::OK, &page, &policy))
}

/// What has just been done. Anybody can write the link, so that it says nothing to act on.
fn done(query: &Params, ended: Option<u64>) -> Option<Notice> {
    if query.get("app").is_some() {
        return Some(Notice {
            tone: Tone::Ok,
            title: "The app is signed out of that session".to_owned(),
            text: "The session and its other apps go on. There, the app asks before it signs you \
                   in again."
                .to_owned(),
            receipts: Link::new("/oauth2/logout/done"),
        });
    }
    ended.map(notice)
}

fn notice(count: u64) -> Notice {
    let (title, text) = match count {
        0 => ("Nothing to end", "No other session was live."),
        1 => ("The session has ended", "Its apps are being told now."),
        _ => ("The sessions have ended", "Their apps are being told now."),
    };
    Notice {
        tone: Tone::Ok,
        title: title.to_owned(),
        text: text.to_owned(),
        receipts: None,
    }
}

/// The sessions whose receipts a link asks for. It may name any: only one's own are shown.
fn asked(query: &Params) -> Vec<String> {
    let named = query.all("s").into_iter().take(SHOWN);
    let named = named.filter(|name| is_reference(name));
    named.map(ToOwned::to_owned).collect()
}

pub(super) fn query_of(references: &[String]) -> String {
    let named = references.iter().take(SHOWN);
    let named: Vec<_> = named.map(|reference| format!("s={reference}")).collect();
    named.join("&")
}

/// Where the receipts of the sessions are that a link names.
pub(super) fn receipts_link(query: &Params) -> Option<Link> {
    let named = query_of(&asked(query));
    let link = || Link::new(&format!("/account?{named}"));
    (!named.is_empty()).then(link).flatten()
}

/// Who has been told of the ends that the link names.
async fn ended_here(
    state: &State,
    visitor: &Visitor,
    query: &Params,
    now: Timestamp,
) -> Result<Option<EndedHere>, PageTrouble> {
    let found = state.provider.own_receipts(visitor, &asked(query)).await?;
    let known: Vec<_> = found.iter().map(|one| one.row.reference.clone()).collect();
    let named = query_of(&known);
    let links = Link::new(&format!("/account?{named}"))
        .zip(Link::new(&format!("/account/sessions/events?{named}")));
    Ok(links
        .filter(|_| !known.is_empty())
        .map(|(check_again, events)| EndedHere {
            sessions: found.into_iter().map(|one| over(one, now)).collect(),
            check_again,
            events,
        }))
}

fn over(one: SessionReceipts, now: Timestamp) -> EndedSession {
    let SessionReceipts { row, apps } = one;
    EndedSession {
        device: device::describe(&row.session.user_agent),
        ended: time::to_the_second(row.ended.unwrap_or(now), now),
        apps: apps.into_iter().map(receipts::told).collect(),
    }
}

/// `GET /account/sessions/events`: what becomes of the notices of these sessions, as it comes.
pub(in crate::http) async fn events(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    if guard::is_foreign(&state, &request) {
        return Ok(respond::foreign_form());
    }
    let cookie = cookies::session(&state, &request);
    let visitor = state.provider.visitor(cookie.as_ref()).await?;
    let watching = match (visitor, extract::list_query(&request)) {
        (Some(visitor), Some(query)) => {
            let seen = receipt_events::last_seen(&request);
            let provider = &state.provider;
            provider.watch_own(&visitor, &asked(&query), seen).await?
        }
        _ => Watching::Nothing,
    };
    Ok(receipt_events::answer(&state, &request, watching))
}

fn row(device: DeviceView, now: Timestamp) -> SessionRow {
    SessionRow {
        reference: device.reference,
        device: device::describe(&device.user_agent),
        place: device::network(&device.address),
        here: device.here,
        active: time::ago(now, device.last_seen),
        began: time::on_day(device.began, now),
        ends: time::on_day(device.expires, now),
        idle: time::span(device.idle_timeout),
        remembered: device.remembered,
        apps: device
            .apps
            .into_iter()
            .map(|(client, name)| SessionApp {
                client: client.to_string(),
                name,
            })
            .collect(),
    }
}

pub(in crate::http) async fn end(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let (visitor, form) = match posted(&state, &request, &body).await? {
        Ok(posted) => posted,
        Err(response) => return Ok(response),
    };
    let device = form.get("session").unwrap_or_default();
    if !state.provider.end_device(&visitor, device).await? {
        return Ok(nothing_here());
    }
    Ok(respond::see_other(&after(1, &[device.to_owned()])))
}

/// Where it is said. A reload ends nothing.
fn after(count: usize, references: &[String]) -> String {
    let named = query_of(references);
    let separator = if named.is_empty() { "" } else { "&" };
    format!("/account?ended={count}{separator}{named}")
}

fn nothing_here() -> HttpResponse {
    let message = Message {
        onward: Link::new("/account"),
        ..Message::plain(MessageKind::NotFound)
    };
    respond::message(StatusCode::NOT_FOUND, &message)
}

/// The person signs out of one app, in one of their sessions.
pub(in crate::http) async fn end_app(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let (visitor, form) = match posted(&state, &request, &body).await? {
        Ok(posted) => posted,
        Err(response) => return Ok(response),
    };
    let device = form.get("session").unwrap_or_default();
    let client = ClientId::new(form.get("client").unwrap_or_default());
    let provider = &state.provider;
    let Some(done) = provider
        .end_app_on_device(&visitor, device, &client)
        .await?
    else {
        return Ok(nothing_here());
    };
    if !done.frames.is_empty() {
        // The app can be told only by a page in this very browser.
        return logout::finish(&state, done).await;
    }
    let view = done.receipts.as_deref();
    Ok(respond::with_cookies(
        respond::see_other("/account?app=1"),
        view.map(|value| cookies::set_view(&state, value)),
    ))
}

pub(in crate::http) async fn end_others(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let (visitor, _) = match posted(&state, &request, &body).await? {
        Ok(posted) => posted,
        Err(response) => return Ok(response),
    };
    let (count, references) = state.provider.end_other_devices(&visitor).await?;
    Ok(respond::see_other(&after(count, &references)))
}
