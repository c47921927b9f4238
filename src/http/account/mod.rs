//! The person's own pages: where they are signed in, and which apps they allowed something.

pub(super) mod apps;
pub(super) mod device;
pub(super) mod my_apps;
pub(super) mod password;
pub(super) mod profile;
pub(super) mod sessions;

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::uri::PathAndQuery;
use actix_web::{HttpRequest, HttpResponse, web};

use super::error::PageTrouble;
use super::oauth::logout;
use super::state::State;
use super::{cookies, extract, guard, respond};
use crate::pages::account::{AccountFrame, Tab};
use crate::pages::parts::Notice;
use crate::protocol::params::Params;
use crate::provider::{InteractionCookie, OwnPage, Visitor};

/// Who looks, or the answer that sends them to sign in first.
async fn visitor(
    state: &State,
    request: &HttpRequest,
) -> Result<Result<Visitor, HttpResponse>, PageTrouble> {
    let cookie = cookies::session(state, request);
    if let Some(visitor) = state.provider.visitor(cookie.as_ref()).await? {
        return Ok(Ok(visitor));
    }
    let page = match *request.method() {
        Method::GET => request
            .uri()
            .path_and_query()
            .map_or("", PathAndQuery::as_str),
        _ => "/account",
    };
    Ok(Err(sign_in_first(state, request, page, None).await?))
}

/// Sends somebody to sign in, or to prove again who they are, and then back to a page of ours.
pub(super) async fn sign_in_first(
    state: &State,
    request: &HttpRequest,
    page: &str,
    proof_within: Option<Duration>,
) -> Result<HttpResponse, PageTrouble> {
    let from = extract::browser(request).address;
    let provider = &state.provider;
    let begun = provider.begin_own_sign_in(OwnPage::new(page), proof_within, from);
    Ok(to_sign_in(state, request, &begun.await?))
}

/// Sends somebody to sign in who is not the one that is signed in, and then back to a page of ours.
async fn sign_in_instead(
    state: &State,
    request: &HttpRequest,
    page: &str,
    visitor: &Visitor,
) -> Result<HttpResponse, PageTrouble> {
    let from = extract::browser(request).address;
    let provider = &state.provider;
    let begun = provider.begin_other_sign_in(OwnPage::new(page), visitor, from);
    Ok(to_sign_in(state, request, &begun.await?))
}

fn to_sign_in(state: &State, request: &HttpRequest, begun: &InteractionCookie) -> HttpResponse {
    let location = format!("/login?i={}", begun.tag);
    let cookies = cookies::set_interaction(state, request, begun);
    respond::with_cookies(respond::see_other(&location), cookies)
}

/// A form posted on these pages: who, and its fields; or the answer that refuses it.
async fn posted(
    state: &State,
    request: &HttpRequest,
    body: &web::Bytes,
) -> Result<Result<(Visitor, Params), HttpResponse>, PageTrouble> {
    if guard::is_foreign(state, request) {
        return Ok(Err(respond::foreign_form()));
    }
    let Some(form) = extract::form(request, body) else {
        return Ok(Err(respond::malformed()));
    };
    let visitor = match visitor(state, request).await? {
        Ok(visitor) => visitor,
        Err(response) => return Ok(Err(response)),
    };
    let token = form.get("csrf").unwrap_or_default();
    if !state.provider.visitor_form_matches(&visitor, token) {
        return Ok(Err(respond::form_expired()));
    }
    Ok(Ok((visitor, form)))
}

fn frame(visitor: &Visitor, tab: Tab, notice: Option<Notice>) -> AccountFrame {
    AccountFrame {
        person: visitor.name.clone(),
        administrator: visitor.admin,
        csrf: visitor.csrf.clone(),
        tab,
        notice,
    }
}

pub(super) async fn sign_out(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let (visitor, _) = match posted(&state, &request, &body).await? {
        Ok(posted) => posted,
        Err(response) => return Ok(response),
    };
    let done = state.provider.sign_out_here(&visitor).await?;
    logout::finish(&state, done).await
}
