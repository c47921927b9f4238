//! The check iframe (`OpenID` Connect Session Management 1.0, 3.2), and what its script asks. Both
//! are there only where `session.check_iframe` is on.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::error::JsonTrouble;
use crate::http::state::State;
use crate::http::{browser_state, guard, respond};
use crate::pages::message::{Message, MessageKind};
use crate::provider::Watched;

/// Nothing to see. The script has its plain address: this page may be kept for as long as that,
/// and would otherwise ask for a script of the version before.
const PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
    <title>Session check</title>\n<script src=\"/static/check-session.js\"></script>\n</html>\n";

/// Any site may frame it: there is nothing to be clicked, and it tells nobody more than one word.
/// A list of all apps' origins would grow with them, and tell everybody who they are.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'self'; \
                      connect-src 'self'; frame-ancestors *";

/// The page.
pub(in crate::http) async fn iframe(state: web::Data<State>) -> HttpResponse {
    if !state.provider.settings().features.check_iframe {
        return not_there();
    }
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(PAGE)
}

/// What has become of the session that the browser's state names.
pub(in crate::http) async fn state(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    if !state.provider.settings().features.check_iframe {
        return Ok(not_there());
    }
    if guard::is_foreign(&state, &request) {
        return Ok(respond::foreign_form());
    }
    let Some(held) = browser_state::held(&state, &request).state else {
        return Ok(says("unknown"));
    };
    Ok(match state.provider.watched_session(&held).await? {
        Watched::Live => says("live"),
        Watched::Ended => says("ended"),
        Watched::TooOften(wait) => {
            let mut response = says("unknown");
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            respond::retry_after(&mut response, wait);
            response
        }
    })
}

fn says(session: &str) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "session": session }))
}

fn not_there() -> HttpResponse {
    respond::message(
        StatusCode::NOT_FOUND,
        &Message::plain(MessageKind::NotFound),
    )
}
