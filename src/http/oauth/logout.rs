//! The `end_session` endpoint and the pages around it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::stored::{self, Asked};
use crate::entropy::ClientId;
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::state::State;
use crate::http::{cookies, extract, guard, respond};
use crate::pages::parts::{App, Link};
use crate::pages::sign_out::{AppAlone, LogoutProblem, SignOut};
use crate::pages::signed_out::{OnlyApp, Onward, Receipt, ReceiptState, SignedOut as Page};
use crate::pages::time;
use crate::protocol::discovery::paths;
use crate::protocol::end_session::Problem;
use crate::protocol::params::Params;
use crate::provider::{
    EndSessionInput, EndSessionStep, LogoutChoice, LogoutQuestion, ReceiptView, Receipts,
    SignedOut, Told,
};

const CONFIRM: &str = "/oauth2/logout/confirm";
const DONE: &str = "/oauth2/logout/done";

pub(in crate::http) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let Some(query) = extract::query(&request) else {
        return Ok(respond::malformed());
    };
    let params = match stored::find(&state, query).await? {
        Asked::Now(params) => params,
        Asked::Before(params) => params.unwrap_or_default(),
    };
    answer(&request, &state, params).await
}

/// As at the authorization endpoint: without the Lax cookie nothing is decided.
pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    match stored::posted(&request, &body, &state, paths::END_SESSION).await? {
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
    match state
        .provider
        .end_session(EndSessionInput { params, cookie })
        .await?
    {
        EndSessionStep::Ask(question) => Ok(ask(question)),
        EndSessionStep::Done(done) => finish(state, done).await,
    }
}

fn ask(question: LogoutQuestion) -> HttpResponse {
    let page = SignOut {
        person: question.person,
        apps: question.apps,
        problem: question.problem.map(problem),
        action: CONFIRM.to_owned(),
        csrf: question.csrf,
        return_to: question.return_to.unwrap_or_default(),
        app_alone: question.app_alone.map(|(client, name)| AppAlone {
            client: client.to_string(),
            name,
        }),
    };
    respond::page(StatusCode::OK, &page, &Policy::leaves())
}

fn problem(problem: Problem) -> LogoutProblem {
    match problem {
        Problem::Repeated(_) => LogoutProblem::Malformed,
        Problem::HintInvalid | Problem::ClientMismatch => LogoutProblem::BadHint,
        Problem::UnknownClient => LogoutProblem::UnknownApp,
        Problem::UriNotRegistered => LogoutProblem::UnregisteredAddress,
    }
}

/// The person presses a button of "Sign out?".
pub(in crate::http) async fn confirm(
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
    let choice = match (form.get("action"), form.get("client")) {
        (Some("logout"), _) => LogoutChoice::Everything,
        (Some("app"), Some(client)) => LogoutChoice::App(ClientId::new(client)),
        (Some("stay"), _) => return Ok(respond::see_other("/account")),
        _ => return Ok(respond::malformed()),
    };
    let cookie = cookies::session(&state, &request);
    let csrf = form.get("csrf").unwrap_or_default();
    let return_to = form.get("return_to");
    match state
        .provider
        .confirm_logout(cookie.as_ref(), csrf, return_to, &choice)
        .await?
    {
        Some(done) => finish(&state, done).await,
        None => Ok(respond::form_expired()),
    }
}

/// After a logout: straight back to the app where nothing has to be loaded first, else the page.
pub(in crate::http) async fn finish(
    state: &State,
    done: SignedOut,
) -> Result<HttpResponse, PageTrouble> {
    // Where only an app was signed out, the session goes on.
    let clear = (!done.app_alone).then(|| cookies::clear_session(state));
    if let (Some(return_to), true) = (&done.return_to, done.frames.is_empty()) {
        return Ok(respond::with_cookies(respond::see_other(return_to), clear));
    }
    if done.app_alone && done.receipts.is_none() {
        // It never was in the session: there is nothing to say of it.
        return Ok(respond::see_other("/account"));
    }
    if done.frames.is_empty()
        && let Some(receipts) = &done.receipts
    {
        // A reload shows the receipts again, and never repeats the logout.
        let location = format!("{DONE}?r={receipts}");
        return Ok(respond::with_cookies(respond::see_other(&location), clear));
    }
    let receipts = match &done.receipts {
        Some(handle) => state.provider.receipts(handle).await?,
        None => None,
    };
    let page = signed_out(receipts, &done, true, done.app_alone);
    Ok(respond::with_cookies(page, clear))
}

/// The receipts of a finished logout, for whoever holds the handle.
pub(in crate::http) async fn done(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let handle = extract::query(&request)
        .and_then(|params| params.get("r").map(ToOwned::to_owned))
        .unwrap_or_default();
    let receipts = state.provider.receipts(&handle).await?;
    let done = SignedOut {
        receipts: Some(handle),
        ..SignedOut::default()
    };
    // Whoever is signed in here looks after another session than this browser's.
    let cookie = cookies::session(&state, &request);
    let visitor = state.provider.visitor(cookie.as_ref()).await?;
    let here = match (&visitor, &receipts) {
        (Some(visitor), Some(receipts)) => receipts.are_of(visitor),
        (Some(_), None) => false,
        // Whoever is not signed in here has no session that goes on here.
        (None, receipts) => receipts
            .as_ref()
            .is_none_or(|receipts| receipts.part.is_none()),
    };
    Ok(signed_out(receipts, &done, here, visitor.is_some()))
}

fn signed_out(
    receipts: Option<Receipts>,
    done: &SignedOut,
    here: bool,
    signed_in: bool,
) -> HttpResponse {
    let check_again = receipts
        .is_some()
        .then_some(done.receipts.as_ref())
        .flatten()
        .and_then(|handle| Link::new(&format!("{DONE}?r={handle}")));
    let ended = receipts.as_ref().and_then(|receipts| receipts.ended);
    let page = Page {
        here,
        ended: ended.map(time::moment),
        only: receipts
            .as_ref()
            .and_then(|receipts| receipts.part.as_ref())
            .map(|part| OnlyApp {
                name: part.app.clone(),
                goes_on: !part.session_over,
            }),
        problem: done.problem.map(problem),
        receipts: receipts
            .map(|receipts| receipts.apps.into_iter().map(receipt).collect())
            .unwrap_or_default(),
        frames: done
            .frames
            .iter()
            .filter_map(|frame| Link::new(frame))
            .collect(),
        onward: onward(done, signed_in),
        check_again,
    };
    let policy = Policy {
        frames: done.frames.clone(),
        ..Policy::stays()
    };
    respond::page(StatusCode::OK, &page, &policy)
}

fn onward(done: &SignedOut, signed_in: bool) -> Option<Onward> {
    if let Some(link) = done.return_to.as_deref().and_then(Link::new) {
        let name = done.client_name.as_deref().unwrap_or("the app");
        return Some(Onward {
            link,
            label: format!("Go back to {name}"),
            at_once: true,
        });
    }
    let link = Link::new("/account")?;
    Some(Onward {
        link,
        label: if signed_in {
            "Go back to your account"
        } else {
            "Sign in again"
        }
        .to_owned(),
        at_once: false,
    })
}

fn receipt(view: ReceiptView) -> Receipt {
    Receipt {
        app: App::named(view.app),
        state: match view.told {
            Told::At(at) => ReceiptState::Told(time::moment(at)),
            Told::NotYetTried => ReceiptState::Telling,
            Told::TryingAgain => ReceiptState::Trying,
            Told::ByBrowser { .. } => ReceiptState::ThroughBrowser,
            Told::GaveUp => ReceiptState::GaveUp,
            Told::Quiet { until } => ReceiptState::Quiet {
                until: Some(time::moment(until)),
            },
            Told::CannotBe { until } => ReceiptState::CannotTell {
                until: Some(time::moment(until)),
            },
        },
    }
}
