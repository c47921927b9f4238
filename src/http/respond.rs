//! Answers that several handlers give.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::cookie::Cookie;
use actix_web::http::{StatusCode, header};
use url::Url;

use super::headers::Policy;
use super::state::State;
use crate::pages::Page;
use crate::pages::form_post::FormPost;
use crate::pages::message::{Message, MessageKind};
use crate::pages::parts::{App, Link};
use crate::protocol::authorization_response::Answer;
use crate::protocol::client::Client;
use crate::protocol::document_url;
use crate::protocol::error::ProtocolError;

const DPOP_NONCE: header::HeaderName = header::HeaderName::from_static("dpop-nonce");

/// A page of ours.
pub(super) fn page(status: StatusCode, page: &impl Page, policy: &Policy) -> HttpResponse {
    match page.render_page() {
        Ok(html) => HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_SECURITY_POLICY, policy.header()))
            .body(html),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            HttpResponse::ServiceUnavailable()
                .insert_header((header::RETRY_AFTER, "2"))
                .body("We can't answer right now. Try again in a moment.")
        }
    }
}

/// A page that only says something.
pub(super) fn message(status: StatusCode, message: &Message) -> HttpResponse {
    page(status, message, &Policy::stays())
}

/// A form that was not made for this browser, or long ago.
pub(super) fn form_expired() -> HttpResponse {
    message(StatusCode::FORBIDDEN, &onward(MessageKind::FormExpired))
}

/// A form that another site sent.
pub(super) fn foreign_form() -> HttpResponse {
    message(StatusCode::FORBIDDEN, &onward(MessageKind::ForeignForm))
}

/// A request that can't be read.
pub(super) fn malformed() -> HttpResponse {
    message(
        StatusCode::BAD_REQUEST,
        &Message::plain(MessageKind::Malformed),
    )
}

fn onward(kind: MessageKind) -> Message {
    Message {
        onward: Link::new("/account"),
        ..Message::plain(kind)
    }
}

/// 303: the browser goes on by GET, and never repeats a POST (RFC 9700, 4.12).
pub(super) fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .finish()
}

/// An authorization response, in its response mode.
pub(super) fn answer(answer: Answer, client_name: &str) -> HttpResponse {
    match answer {
        Answer::Redirect(location) => see_other(&location),
        Answer::FormPost { action, fields } => match Link::new(&action) {
            Some(action) => {
                let form = FormPost {
                    app: client_name.to_owned(),
                    action,
                    fields,
                };
                page(StatusCode::OK, &form, &Policy::leaves())
            }
            None => malformed(),
        },
    }
}

/// An OAuth error as JSON (RFC 6749, 5.2), with a nonce for the next proof if it brings one.
pub(super) fn oauth_error(error: &ProtocolError, basic: bool) -> HttpResponse {
    let response = plain_oauth_error(error, basic);
    with_dpop_nonce(response, error.dpop_nonce())
}

/// `DPoP-Nonce` (RFC 9449, 8.1).
pub(super) fn with_dpop_nonce(mut response: HttpResponse, nonce: Option<&str>) -> HttpResponse {
    let value = nonce.and_then(|nonce| header::HeaderValue::from_str(nonce).ok());
    if let Some(value) = value {
        response.headers_mut().insert(DPOP_NONCE, value);
    }
    response
}

fn plain_oauth_error(error: &ProtocolError, basic: bool) -> HttpResponse {
    let body = serde_json::json!({
        "error": error.code.as_str(),
        "error_description": error.description(),
    });
    if let Some(wait) = error.wait() {
        let mut response = HttpResponse::TooManyRequests().json(body);
        retry_after(&mut response, wait);
        return response;
    }
    if error.code == crate::protocol::error::ErrorCode::InvalidClient {
        let mut response = HttpResponse::Unauthorized();
        if basic {
            response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"token\""));
        }
        return response.json(body);
    }
    HttpResponse::BadRequest().json(body)
}

/// Whole seconds, at least one.
pub(super) fn retry_after(response: &mut HttpResponse, after: Duration) {
    let seconds = after.as_secs().max(1);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
}

/// Adds cookies to an answer.
pub(super) fn with_cookies(
    mut response: HttpResponse,
    cookies: impl IntoIterator<Item = Cookie<'static>>,
) -> HttpResponse {
    for cookie in cookies {
        if let Err(error) = response.add_cookie(&cookie) {
            tracing::error!(%error, "a cookie could not be written");
        }
    }
    response
}

/// An app as pages show it. A logo from our own origin is none: it could be our mark, which the
/// policy of every page lets in, and make the app look like us.
pub(super) fn app(state: &State, client: &Client) -> App {
    let link = |uri: &Option<String>| uri.as_deref().and_then(Link::new);
    let origin = |uri: &str| Url::parse(uri).map(|url| url.origin());
    let issuer = &state.provider.settings().issuer;
    let logo = link(&client.logo_uri);
    let logo = logo.filter(|logo| origin(logo.as_str()) != origin(issuer));
    App {
        name: client.client_name.clone(),
        logo,
        policy: link(&client.policy_uri),
        terms: link(&client.tos_uri),
        comes_from: document_url::vouching_host(client),
    }
}
