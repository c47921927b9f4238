//! What a browser may ask: the page, sign-in, callback, sign-out.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Query, ServiceConfig, get, post};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use openidconnect::url::Url;
use serde::Deserialize;

use super::cookies::{BROWSER, SESSION, cookie, make};
use super::logout_routes::{backchannel_logout, events, frontchannel_logout};
use super::pages::{self, Problem};
use super::provider::Trouble;
use super::session::Visit;
use super::sign_in;
use super::site::{RANDOM_LENGTH, Site, random};

/// All addresses of an app.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/", get().to(home))
        .route("/sign-in", get().to(begin))
        .route("/callback", get().to(callback))
        .route("/sign-out", post().to(sign_out))
        .route("/backchannel-logout", post().to(backchannel_logout))
        .route("/frontchannel-logout", get().to(frontchannel_logout))
        .route("/events", get().to(events))
        .route("/static/lanyard.css", get().to(stylesheet))
        .route("/static/demo.js", get().to(script))
        .route("/static/app.svg", get().to(logo));
}

async fn home(site: Data<Site>, request: HttpRequest) -> HttpResponse {
    let id = cookie(&site, &request, SESSION);
    html(
        StatusCode::OK,
        match site.visits.get(&id, site.now()) {
            Some(Visit::SignedIn(person)) => pages::signed_in(&site.settings, &person),
            Some(Visit::Ended(ended)) => pages::signed_out(&site.settings, Some(&ended)),
            None => pages::signed_out(&site.settings, None),
        },
    )
}

async fn begin(site: Data<Site>, request: HttpRequest) -> HttpResponse {
    let known = Some(cookie(&site, &request, BROWSER)).filter(|id| id.len() == RANDOM_LENGTH);
    let browser = known.unwrap_or_else(random);
    match sign_in::begin(&site, browser.clone()).await {
        Ok(url) => see_other(url.as_str())
            .cookie(make(&site, BROWSER, browser))
            .finish(),
        Err(trouble) => troubled(&site, &trouble),
    }
}

/// The authorization response (RFC 6749, 4.1.2; `iss`: RFC 9207).
#[derive(Deserialize)]
struct Answer {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn callback(
    site: Data<Site>,
    request: HttpRequest,
    answer: actix_web::Result<Query<Answer>>,
) -> HttpResponse {
    let Ok(Query(answer)) = answer else {
        return not_begun_here(&site);
    };
    let state = answer.state.unwrap_or_default();
    let browser = cookie(&site, &request, BROWSER);
    let Some(attempt) = site.attempts.take(&state, &browser, site.now()) else {
        return not_begun_here(&site);
    };
    if answer.iss.is_some_and(|iss| iss != site.settings.issuer) {
        return troubled(
            &site,
            &Trouble::Unacceptable("iss is another issuer".to_owned()),
        );
    }
    let Some(code) = answer.code.filter(|_| answer.error.is_none()) else {
        return refused(
            &site,
            answer.error.as_deref(),
            answer.error_description.as_deref(),
        );
    };
    match sign_in::finish(&site, code, attempt).await {
        Ok(person) => {
            // A new id for every sign-in: one that was planted before is worth nothing.
            let id = random();
            site.visits.begin(id.clone(), person, site.now());
            site.visits
                .forget(&cookie(&site, &request, SESSION), site.now());
            see_other("/").cookie(make(&site, SESSION, id)).finish()
        }
        Err(trouble) => troubled(&site, &trouble),
    }
}

/// Drops our own session first: whatever happens at the provider, this app lets go.
async fn sign_out(site: Data<Site>, request: HttpRequest) -> HttpResponse {
    if !is_from_here(&site, &request) {
        return HttpResponse::Forbidden().finish();
    }
    let id = cookie(&site, &request, SESSION);
    let Some(person) = site.visits.end_here(&id, site.now()) else {
        return see_other("/").finish();
    };
    match sign_in::end_session_url(&site, &person).await {
        Ok(url) => see_other(url.as_str()).finish(),
        Err(trouble) => html(
            StatusCode::SERVICE_UNAVAILABLE,
            pages::problem(
                &site.settings,
                &Problem {
                    failed: true,
                    title: "You are signed out here, but not everywhere",
                    what_to_do: "Lanyard could not be told. Sign out on its account page, too.",
                    detail: &trouble.to_string(),
                },
            ),
        ),
    }
}

/// A form of another origin must not sign anybody out. `Lax` keeps the cookie from other sites;
/// this keeps out what shares the site.
fn is_from_here(site: &Site, request: &HttpRequest) -> bool {
    let origin = request
        .headers()
        .get(header::ORIGIN)
        .and_then(|value| value.to_str().ok());
    match origin.map(Url::parse) {
        Some(Ok(origin)) => Url::parse(&site.settings.origin).is_ok_and(|own| own == origin),
        Some(Err(_)) => false,
        None => true,
    }
}

fn not_begun_here(site: &Site) -> HttpResponse {
    html(
        StatusCode::BAD_REQUEST,
        pages::problem(
            &site.settings,
            &Problem {
                failed: true,
                title: "This sign-in can’t go on",
                what_to_do: "It was begun in another browser, too long ago, or is finished already. Sign in again.",
                detail: "",
            },
        ),
    )
}

fn refused(site: &Site, error: Option<&str>, description: Option<&str>) -> HttpResponse {
    let error = error.unwrap_or("the answer has neither code nor error");
    let (title, what_to_do) = if error == "access_denied" {
        (
            "You are not signed in",
            "The sign-in was cancelled. You can sign in when you like.",
        )
    } else {
        (
            "Lanyard did not sign you in",
            "Try again. If it stays like this, the words below say why.",
        )
    };
    let detail = description.map_or_else(|| error.to_owned(), |more| format!("{error}: {more}"));
    let problem = Problem {
        failed: error != "access_denied",
        title,
        what_to_do,
        detail: &detail,
    };
    html(
        StatusCode::BAD_REQUEST,
        pages::problem(&site.settings, &problem),
    )
}

fn troubled(site: &Site, trouble: &Trouble) -> HttpResponse {
    let (status, title, what_to_do) = match trouble {
        Trouble::Unreachable(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Lanyard does not answer",
            "Wait a moment, then sign in again.",
        ),
        Trouble::Unacceptable(_) => (
            StatusCode::BAD_GATEWAY,
            "Lanyard’s answer can’t be accepted",
            "Sign in again. If it stays like this, the words below say why.",
        ),
    };
    let problem = Problem {
        failed: true,
        title,
        what_to_do,
        detail: &trouble.to_string(),
    };
    html(status, pages::problem(&site.settings, &problem))
}

fn html(status: StatusCode, page: String) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header((header::RETRY_AFTER, "5"));
    }
    response.content_type("text/html; charset=utf-8").body(page)
}

fn see_other(to: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, to));
    response
}

async fn stylesheet() -> HttpResponse {
    file(
        "text/css; charset=utf-8",
        include_str!("../../static/lanyard.css"),
    )
}

async fn script() -> HttpResponse {
    file(
        "text/javascript; charset=utf-8",
        include_str!("../../static/demo.js"),
    )
}

async fn logo(site: Data<Site>) -> HttpResponse {
    file("image/svg+xml", site.settings.logo)
}

fn file(content_type: &'static str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(content)
}
