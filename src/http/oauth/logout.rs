//! The `end_session` endpoint and the pages around it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::stored::{self, Asked};
use crate::entropy::ClientId;
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::state::State;
use crate::http::{cookies, extract, guard, receipt_events, respond};
use crate::pages::message::{Message, MessageKind};
use crate::pages::parts::{App, Link};
use crate::pages::sign_out::{AppAlone, LogoutProblem, SignOut};
use crate::pages::signed_out::{OnlyApp, Onward, Receipt, ReceiptState, SignedOut as Page};
use crate::pages::time;
use crate::protocol::discovery::paths;
use crate::protocol::end_session::Problem;
use crate::protocol::params::Params;
use crate::provider::{
    EndSessionInput, EndSessionStep, LogoutChoice, LogoutQuestion, ReceiptView, Receipts,
    SignedOut, Told, Watching,
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
        EndSessionStep::Done(done) if is_repeated(state, request, &done) => {
            Ok(respond::see_other(DONE))
        }
        EndSessionStep::Done(done) => finish(state, done).await,
    }
}

/// Whether it is a logout once more that ended nothing, as by a reload: the first one's receipts
/// then say more than that nobody is signed in.
fn is_repeated(state: &State, request: &HttpRequest, done: &SignedOut) -> bool {
    let says_nothing =
        done.receipts.is_none() && done.return_to.is_none() && done.problem.is_none();
    says_nothing && cookies::view(state, request).is_some()
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
        Some(done) if is_repeated(&state, &request, &done) => Ok(respond::see_other(DONE)),
        Some(done) => finish(&state, done).await,
        None => Ok(respond::form_expired()),
    }
}

/// After a logout: straight back to the app where nothing has to be loaded first, else the page.
/// Either way the browser may look at the receipts for a while.
pub(in crate::http) async fn finish(
    state: &State,
    done: SignedOut,
) -> Result<HttpResponse, PageTrouble> {
    if done.app_alone && done.receipts.is_none() && done.return_to.is_none() {
        // It never was in the session: there is nothing to say of it.
        return Ok(respond::see_other("/account"));
    }
    let view = done.receipts.as_deref();
    let cookies = [
        // Where only an app was signed out, the session goes on.
        (!done.app_alone).then(|| cookies::clear_session(state)),
        view.map(|value| cookies::set_view(state, value)),
    ];
    let response = match (&done.return_to, view) {
        (Some(return_to), _) if done.frames.is_empty() => respond::see_other(return_to),
        // A reload shows the receipts again, and never repeats the logout.
        (None, Some(_)) if done.frames.is_empty() => respond::see_other(DONE),
        _ => {
            let receipts = match view.and_then(|value| state.provider.open_view(value)) {
                Some(view) => state.provider.receipts(&view).await?,
                None => None,
            };
            signed_out(receipts, &done, true, done.app_alone)
        }
    };
    Ok(respond::with_cookies(
        response,
        cookies.into_iter().flatten(),
    ))
}

/// The receipts of the last logout in this browser, for ten minutes.
pub(in crate::http) async fn done(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let receipts = match cookies::view(&state, &request) {
        Some(view) => state.provider.receipts(&view).await?,
        None => None,
    };
    if receipts.is_none() {
        return Ok(nothing_to_show());
    }
    // Whoever is signed in here by now looks at an earlier session of this browser.
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
    let signed_in = visitor.is_some();
    Ok(signed_out(receipts, &SignedOut::default(), here, signed_in))
}

/// The same as they come.
pub(in crate::http) async fn events(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    if guard::is_foreign(&state, &request) {
        return Ok(respond::foreign_form());
    }
    let seen = receipt_events::last_seen(&request);
    let view = cookies::view(&state, &request);
    let watching = view.map_or(Watching::Nothing, |view| {
        state.provider.watch_viewed(&view, seen)
    });
    Ok(receipt_events::answer(&state, &request, watching))
}

fn nothing_to_show() -> HttpResponse {
    let message = Message {
        onward: Link::new("/account"),
        ..Message::plain(MessageKind::NoReceipts)
    };
    respond::message(StatusCode::OK, &message)
}

fn signed_out(
    receipts: Option<Receipts>,
    done: &SignedOut,
    here: bool,
    signed_in: bool,
) -> HttpResponse {
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
        check_again: receipts.as_ref().and_then(|_| Link::new(DONE)),
        receipts: receipts
            .map(|receipts| receipts.apps.into_iter().map(receipt).collect())
            .unwrap_or_default(),
        frames: done
            .frames
            .iter()
            .filter_map(|frame| Link::new(frame))
            .collect(),
        onward: onward(done, signed_in),
    };
    let policy = Policy {
        frames: done.frames.clone(),
        live: page.check_again.is_some(),
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
