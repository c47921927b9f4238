//! How the provider says that a session ended, and how an open page hears of it.

use std::sync::PoisonError;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{Bytes, Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;

use super::cookies::{SESSION, cookie};
use super::logout_token::{Expected, LogoutToken, Refusal, verify};
use super::provider::Trouble;
use super::session::Visit;
use super::site::Site;

/// An open page asks again after this time.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The body of a notice (Back-Channel Logout 1.0, 2.5).
#[derive(Deserialize)]
pub(super) struct Notice {
    logout_token: String,
}

enum Failure {
    Refused(Refusal),
    /// The keys could not be read: nothing is known, so the notice must come again.
    Unknown(Trouble),
}

/// Takes a logout token (Back-Channel Logout 1.0, 2.7 and 2.8).
pub(super) async fn backchannel_logout(
    site: Data<Site>,
    notice: actix_web::Result<Form<Notice>>,
) -> HttpResponse {
    let Ok(Form(notice)) = notice else {
        return bad_request("logout_token is missing");
    };
    match checked(&site, &notice.logout_token).await {
        Ok(token) => {
            site.visits.end_by_token(&token.named, site.now());
            HttpResponse::Ok().finish()
        }
        Err(Failure::Refused(refusal)) => bad_request(&refusal.to_string()),
        Err(Failure::Unknown(trouble)) => HttpResponse::ServiceUnavailable()
            .insert_header((header::RETRY_AFTER, "5"))
            .json(json!({"error": "temporarily_unavailable", "error_description": trouble.to_string()})),
    }
}

async fn checked(site: &Site, token: &str) -> Result<LogoutToken, Failure> {
    let known = site.provider.known().await.map_err(Failure::Unknown)?;
    let now = site.now();
    let expected = Expected {
        issuer: &site.settings.issuer,
        client_id: &site.settings.client_id,
        now,
    };
    let token = match verify(token, known.keys(), &expected) {
        Err(Refusal::UnknownKey) => {
            let known = site
                .provider
                .renewed(&known)
                .await
                .map_err(Failure::Unknown)?;
            verify(token, known.keys(), &expected)
        }
        outcome => outcome,
    }
    .map_err(Failure::Refused)?;
    let mut seen = site.seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.first_time(&token, now).map_err(Failure::Refused)?;
    Ok(token)
}

fn bad_request(description: &str) -> HttpResponse {
    HttpResponse::BadRequest()
        .json(json!({"error": "invalid_request", "error_description": description}))
}

/// What the provider's iframe says (Front-Channel Logout 1.0, 3).
#[derive(Deserialize)]
pub(super) struct Frame {
    iss: String,
    sid: String,
}

/// Ends the session that an iframe of the provider names. No cookie is needed, and none would come.
pub(super) async fn frontchannel_logout(
    site: Data<Site>,
    frame: actix_web::Result<Query<Frame>>,
) -> HttpResponse {
    match frame {
        Ok(Query(frame)) if frame.iss == site.settings.issuer => {
            site.visits.end_by_frame(frame.sid, site.now());
            HttpResponse::Ok()
                .insert_header((header::CONTENT_SECURITY_POLICY, site.framed_policy.as_str()))
                .content_type("text/html; charset=utf-8")
                .body("<!doctype html><title>Signed out</title>")
        }
        Ok(_) => bad_request("iss is another issuer"),
        Err(_) => bad_request("iss and sid are needed"),
    }
}

/// Tells an open page when its session has ended (server-sent events). Without a session, 204
/// tells the browser not to ask again.
pub(super) async fn events(site: Data<Site>, request: HttpRequest) -> HttpResponse {
    let id = cookie(&site, &request, SESSION);
    // Before the look, so that an end in between is not missed.
    let bell = site.visits.bell();
    if site.visits.get(&id, site.now()).is_none() {
        return HttpResponse::NoContent().finish();
    }
    let first = stream::iter([Ok::<_, actix_web::Error>(Bytes::from_static(
        b"retry: 1000\n\n",
    ))]);
    let then = stream::once(async move {
        let outcome = tokio::time::timeout(LONGEST_WAIT, until_ended(&site, &id, bell)).await;
        Ok(Bytes::from_static(match outcome {
            Ok(()) => b"event: ended\ndata: ended\n\n",
            Err(_) => b": ask again\n\n",
        }))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .streaming(first.chain(then))
}

async fn until_ended(site: &Site, id: &str, mut bell: watch::Receiver<()>) {
    while let Some(Visit::SignedIn(_)) = site.visits.get(id, site.now()) {
        if bell.changed().await.is_err() {
            return;
        }
    }
}
