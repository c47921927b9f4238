//! "Your account": apps.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{frame, posted, visitor};
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::state::State;
use crate::http::{extract, respond};
use crate::pages::account::Tab;
use crate::pages::account_apps::{AccountApps, AppRow};
use crate::pages::parts::{App, Notice, Tone};
use crate::pages::scope_words::in_words;
use crate::pages::time;
use crate::protocol::custom_claims::CustomClaims;
use crate::provider::AppView;

pub(in crate::http) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let visitor = match visitor(&state, &request).await? {
        Ok(visitor) => visitor,
        Err(response) => return Ok(response),
    };
    let custom = &state.provider.settings().claims;
    let now = state.provider.clock().now();
    let apps = state.provider.apps(&visitor).await?;
    let withdrawn = extract::query(&request).is_some_and(|query| query.get("withdrawn").is_some());
    let notice = withdrawn.then(|| Notice {
        tone: Tone::Ok,
        title: "The app is disconnected".to_owned(),
        text: "What it held is ended. It will ask you again before it gets anything.".to_owned(),
        receipts: None,
    });
    let page = AccountApps {
        frame: frame(&visitor, Tab::Apps, notice),
        apps: apps.into_iter().map(|app| row(app, now, custom)).collect(),
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

fn row(app: AppView, now: Timestamp, custom: &CustomClaims) -> AppRow {
    AppRow {
        client: app.client.to_string(),
        app: App::named(app.name),
        allowed: in_words(app.scopes.iter().map(String::as_str), custom),
        away: app.offline_last_used.is_some(),
        since: time::on_day(app.since, now),
        last_used: app.offline_last_used.map(|used| time::ago(now, used)),
    }
}

pub(in crate::http) async fn withdraw(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let (visitor, form) = match posted(&state, &request, &body).await? {
        Ok(posted) => posted,
        Err(response) => return Ok(response),
    };
    let Some(client) = form.get("client") else {
        return Ok(respond::malformed());
    };
    state
        .provider
        .withdraw(&visitor, &ClientId::new(client))
        .await?;
    Ok(respond::see_other("/account/apps?withdrawn=1"))
}
