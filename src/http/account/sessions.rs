//! "Your account": sessions.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{frame, posted, visitor};
use crate::clock::Timestamp;
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::state::State;
use crate::http::{extract, respond};
use crate::pages::account::Tab;
use crate::pages::account_sessions::{AccountSessions, SessionRow};
use crate::pages::message::{Message, MessageKind};
use crate::pages::parts::{Link, Notice, Tone};
use crate::pages::{device, time};
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
    let ended = extract::query(&request).and_then(|query| {
        query
            .get("ended")
            .and_then(|count| count.parse::<u64>().ok())
    });
    let receipts = extract::query(&request)
        .and_then(|query| query.get("r").map(ToOwned::to_owned))
        .and_then(|handle| Link::new(&format!("/oauth2/logout/done?r={handle}")));
    let page = AccountSessions {
        frame: frame(
            &visitor,
            Tab::Sessions,
            ended.map(|count| notice(count, receipts)),
        ),
        sessions: devices.into_iter().map(|device| row(device, now)).collect(),
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
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
        apps: device.apps,
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
        None => Ok(respond::message(
            StatusCode::NOT_FOUND,
            &Message {
                onward: Link::new("/account"),
                ..Message::plain(MessageKind::NotFound)
            },
        )),
    }
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
