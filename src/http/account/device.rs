//! "Connect a device": the page where a code is typed, and the one that asks (RFC 8628, 3.3).

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{sign_in_first, sign_in_instead};
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::sign_in::show;
use crate::http::state::State;
use crate::http::{cookies, extract, guard, respond};
use crate::pages::connect_device::{CodeNotice, DeviceCode, DeviceConfirm, DeviceDone};
use crate::pages::{device, time};
use crate::protocol::client::Client;
use crate::protocol::params::Params;
use crate::protocol::user_code::UserCode;
use crate::provider::{DeviceAnswered, DeviceLook, DeviceQuestion, Visitor};

const CONFIRM: &str = "/device/confirm";

/// The form; filled in by `verification_uri_complete` (RFC 8628, 3.3.1), which goes no further.
pub(in crate::http) async fn get(request: HttpRequest) -> HttpResponse {
    let query = extract::query(&request).unwrap_or_default();
    let code = code_in(&query).map(|code| code.shown());
    form(StatusCode::OK, code.unwrap_or_default(), CodeNotice::None)
}

/// A code was typed. Nothing is looked up before somebody is signed in.
pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> HttpResponse {
    if guard::is_foreign(&state, &request) {
        return respond::foreign_form();
    }
    let Some(typed) = extract::form(&request, &body) else {
        return respond::malformed();
    };
    match code_in(&typed) {
        Some(code) => respond::see_other(&confirm_address(&code)),
        None => no_such_code(typed.get("user_code").unwrap_or_default()),
    }
}

/// Asks a signed-in person.
pub(in crate::http) async fn confirm(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let query = extract::query(&request).unwrap_or_default();
    let Some(code) = code_in(&query) else {
        return Ok(respond::see_other("/device"));
    };
    // A link on another site leads no further than `verification_uri_complete` does: what it asks
    // for is not looked up, and no guess of this person's.
    if guard::is_foreign(&state, &request) {
        let form = format!("/device?user_code={}", code.shown());
        return Ok(respond::see_other(&form));
    }
    let (visitor, question) = match asked(&state, &request, &code).await? {
        Ok(asked) => asked,
        Err(response) => return Ok(response),
    };
    let csrf = state.provider.device_token(&visitor, &question);
    Ok(page(&state, &code, &question, csrf))
}

/// What the person says.
pub(in crate::http) async fn answer(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    if guard::is_foreign(&state, &request) {
        return Ok(respond::foreign_form());
    }
    let Some(form) = extract::form(&request, &body) else {
        return Ok(respond::malformed());
    };
    let Some(code) = code_in(&form) else {
        return Ok(respond::malformed());
    };
    let (visitor, question) = match asked(&state, &request, &code).await? {
        Ok(asked) => asked,
        Err(response) => return Ok(response),
    };
    let provider = &state.provider;
    let token = form.get("csrf").unwrap_or_default();
    if !provider.device_token_matches(&visitor, &question, token) {
        return Ok(respond::form_expired());
    }
    let from = extract::browser(&request).address;
    let answered = match form.get("action") {
        Some("allow") => {
            let cookie = cookies::session(&state, &request);
            provider
                .allow_device(&visitor, cookie.as_ref(), &question, from)
                .await?
        }
        Some("deny") => provider.deny_device(&visitor, &question, from).await?,
        Some("switch") => {
            return sign_in_instead(&state, &request, &confirm_address(&code), &visitor).await;
        }
        _ => return Ok(respond::malformed()),
    };
    match answered {
        // The page there says what became of it, however often it is loaded.
        DeviceAnswered::Allowed | DeviceAnswered::Denied | DeviceAnswered::Gone => {
            Ok(respond::see_other(&confirm_address(&code)))
        }
        DeviceAnswered::SignedOut => {
            sign_in_first(&state, &request, &confirm_address(&code), None).await
        }
    }
}

/// Who is asked, and what; or the page that comes first.
async fn asked(
    state: &State,
    request: &HttpRequest,
    code: &UserCode,
) -> Result<Result<(Visitor, DeviceQuestion), HttpResponse>, PageTrouble> {
    let here = confirm_address(code);
    let cookie = cookies::session(state, request);
    let Some(visitor) = state.provider.visitor(cookie.as_ref()).await? else {
        return Ok(Err(sign_in_first(state, request, &here, None).await?));
    };
    let from = extract::browser(request).address;
    let look = state.provider.look_at_device(&visitor, code, from);
    Ok(match look.await? {
        DeviceLook::Question(question) => Ok((visitor, *question)),
        DeviceLook::Answered(client, allowed) => Err(done(state, &client, allowed)),
        DeviceLook::Unusable => Err(no_such_code(&code.shown())),
        DeviceLook::Wait(wait) => Err(throttled(state, wait)),
        DeviceLook::ProveAgain(within) => {
            Err(sign_in_first(state, request, &here, Some(within)).await?)
        }
    })
}

fn code_in(params: &Params) -> Option<UserCode> {
    params.get("user_code").and_then(UserCode::read)
}

fn confirm_address(code: &UserCode) -> String {
    format!("{CONFIRM}?user_code={}", code.shown())
}

fn form(status: StatusCode, code: String, notice: CodeNotice) -> HttpResponse {
    respond::page(status, &DeviceCode { code, notice }, &Policy::stays())
}

/// One message for wrong, expired and used codes: which it was is for the device to say.
fn no_such_code(typed: &str) -> HttpResponse {
    let typed = typed.chars().take(SHOWN_AGAIN).collect();
    form(StatusCode::BAD_REQUEST, typed, CodeNotice::NoSuchCode)
}

/// As much of what was typed as is shown again.
const SHOWN_AGAIN: usize = 32;

fn throttled(state: &State, wait: Duration) -> HttpResponse {
    let notice = CodeNotice::Throttled {
        wait: time::span(wait),
        until: time::moment(state.provider.clock().now() + wait),
    };
    let mut response = form(StatusCode::TOO_MANY_REQUESTS, String::new(), notice);
    respond::retry_after(&mut response, wait);
    response
}

fn page(state: &State, code: &UserCode, question: &DeviceQuestion, csrf: String) -> HttpResponse {
    let custom = &state.provider.settings().claims;
    let page = DeviceConfirm {
        app: respond::app(state, &question.client),
        person: question.person.display_name().to_owned(),
        permissions: show::words(&question.person, &question.scope, custom),
        code: code.shown(),
        device: device::asking(&question.user_agent),
        network: device::network(&question.network),
        stranger: question.client.is_stranger(),
        asked: time::on_day(question.asked, state.provider.clock().now()),
        csrf,
    };
    let policy = with_logo(page.app.logo.as_ref().map(ToString::to_string));
    respond::page(StatusCode::OK, &page, &policy)
}

fn done(state: &State, client: &Client, allowed: bool) -> HttpResponse {
    let app = respond::app(state, client);
    let page = DeviceDone { app, allowed };
    let policy = with_logo(page.app.logo.as_ref().map(ToString::to_string));
    respond::page(StatusCode::OK, &page, &policy)
}

fn with_logo(logo: Option<String>) -> Policy {
    Policy {
        images: logo.into_iter().collect(),
        ..Policy::stays()
    }
}
