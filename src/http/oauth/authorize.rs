//! The authorization endpoint: GET and POST alike (Core 1.0, 3.1.2.1).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::stored::{self, Asked};
use crate::http::error::PageTrouble;
use crate::http::state::State;
use crate::http::{browser_state, cookies, extract, respond};
use crate::pages::error::{Cause, ErrorPage, KnownApp};
use crate::pages::parts::Link;
use crate::pages::time;
use crate::protocol::discovery::paths;
use crate::protocol::params::Params;
use crate::protocol::untrusted::Untrusted;
use crate::provider::{AuthorizeInput, Authorized, ErrorPage as Problem};

pub(in crate::http) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let Some(query) = extract::query(&request) else {
        return Ok(respond::malformed());
    };
    match stored::find(&state, query).await? {
        Asked::Now(params) | Asked::Before(Some(params)) => answer(&request, &state, params).await,
        Asked::Before(None) => Ok(expired(&state)),
    }
}

/// A POST from an app arrives without the Lax cookie. It is kept, and the browser comes back by a
/// GET of our own, with the cookie; nothing is decided before.
pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    match stored::posted(&request, &body, &state, paths::AUTHORIZE).await? {
        Ok(params) => answer(&request, &state, params).await,
        Err(response) => Ok(response),
    }
}

async fn answer(
    request: &HttpRequest,
    state: &State,
    params: Params,
) -> Result<HttpResponse, PageTrouble> {
    let cookie = cookies::session(state, request);
    Ok(
        match state
            .provider
            .authorize(AuthorizeInput {
                params,
                cookie,
                held: browser_state::held(state, request),
                address: extract::browser(request).address,
            })
            .await?
        {
            Authorized::Answer {
                answer,
                client_name,
                holding,
            } => {
                let cookies = browser_state::cookies(state, holding);
                respond::with_cookies(respond::answer(answer, &client_name), cookies)
            }
            Authorized::Interact(interaction) => {
                let location = format!("/login?i={}", interaction.tag);
                let cookies = cookies::set_interaction(state, request, &interaction);
                respond::with_cookies(respond::see_other(&location), cookies)
            }
            Authorized::Page(problem) => problem_page(state, &problem),
        },
    )
}

fn problem_page(state: &State, problem: &Problem) -> HttpResponse {
    let client = problem.client.as_deref();
    let page = ErrorPage {
        cause: cause(&problem.problem),
        app: client.map(|client| KnownApp {
            name: client.client_name.clone(),
            client_id: client.client_id.to_string(),
        }),
        address: problem.address.as_ref().map(ToString::to_string),
        home: client
            .and_then(|client| client.client_uri.as_deref())
            .and_then(Link::new),
        reference: problem.reference.clone(),
        time: time::stamp(state.provider.clock().now()),
        problem: problem.told.clone(),
    };
    respond::page(
        StatusCode::BAD_REQUEST,
        &page,
        &crate::http::headers::Policy::stays(),
    )
}

fn cause(problem: &Untrusted) -> Cause {
    match problem {
        Untrusted::MissingClientId | Untrusted::UnknownClient | Untrusted::DisabledClient => {
            Cause::UnknownApp
        }
        Untrusted::MissingRedirectUri | Untrusted::UnregisteredRedirectUri => {
            Cause::UnregisteredAddress
        }
        Untrusted::NoDocument | Untrusted::BadDocument => Cause::Undocumented,
        Untrusted::NoPushedRequest => Cause::Expired,
        Untrusted::Repeated(_) | Untrusted::BadRequestObject => Cause::Malformed,
    }
}

/// An interaction or stored request that is over, or another browser's.
pub(in crate::http) fn expired(state: &State) -> HttpResponse {
    let page = ErrorPage {
        cause: Cause::Expired,
        app: None,
        address: None,
        home: Link::new("/account"),
        reference: state.provider.new_reference(),
        time: time::stamp(state.provider.clock().now()),
        problem: "The sign-in is over, or was begun in another browser".to_owned(),
    };
    respond::page(
        StatusCode::BAD_REQUEST,
        &page,
        &crate::http::headers::Policy::stays(),
    )
}
