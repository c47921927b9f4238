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
use crate::http::{extract, respond};
use crate::pages::account::Tab;
use crate::pages::account_sessions::{AccountSessions, SessionApp, SessionRow};
use crate::pages::message::{Message, MessageKind};
use crate::pages::parts::{Link, Notice, Tone};
use crate::pages::{device, time};
use crate::protocol::params::Params;
use crate::provider::DeviceView;

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
    let query = extract::query(&request).unwrap_or_default();
    let page = AccountSessions {
        frame: frame(&visitor, Tab::Sessions, done(&query)),
        sessions: devices.into_iter().map(|device| row(device, now)).collect(),
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

/// What has just been done. Anybody can write the link, so that it says nothing to act on.
fn done(query: &Params) -> Option<Notice> {
    let receipts = query
        .get("r")
        .and_then(|handle| Link::new(&format!("/oauth2/logout/done?r={handle}")));
    if query.get("app").is_some() {
        return Some(Notice {
            tone: Tone::Ok,
            title: "The app is signed out of that session".to_owned(),
            text: "The session and its other apps go on. There, the app asks before it signs you \
                   in again."
                .to_owned(),
            receipts,
        });
    }
    let ended = query.get("ended")?.parse().ok()?;
    Some(notice(ended, receipts))
}

fn notice(count: u64, receipts: Option<Link>) -> Notice {
    let (title, text) = match count {
        0 => ("Nothing to end", "No other session was live."),
        1 => ("The session has ended", "Its apps are being told now."),
        _ => ("The sessions have ended", "Their apps are being told now."),
    };
    Notice {
        tone: Tone::Ok,
        title: title.to_owned(),
        text: text.to_owned(),
        receipts,
    }
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
    match state.provider.end_device(&visitor, device).await? {
        Some(ended) => {
            let receipts = ended
                .receipts
                .map(|handle| format!("&r={handle}"))
                .unwrap_or_default();
            Ok(respond::see_other(&format!("/account?ended=1{receipts}")))
        }
        None => Ok(nothing_here()),
    }
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
    let receipts = done
        .receipts
        .map(|handle| format!("&r={handle}"))
        .unwrap_or_default();
    Ok(respond::see_other(&format!("/account?app=1{receipts}")))
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
    let ended = state.provider.end_other_devices(&visitor).await?;
    Ok(respond::see_other(&format!(
        "/account?ended={}",
        ended.fresh
    )))
}
