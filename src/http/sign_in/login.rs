//! The sign-in form.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::show::Typed;
use super::{FormOf, Visit, show};
use crate::http::error::PageTrouble;
use crate::http::state::State;
use crate::http::{cookies, extract, respond};
use crate::pages::sign_in::SignInNotice;
use crate::pages::time;
use crate::protocol::params::Params;
use crate::provider::{Credentials, SignInOutcome, SignInProblem, Step, Trouble};

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let (visit, form) = match Visit::posted(&state, &request, &body, FormOf::Anybody).await? {
        Ok(posted) => posted,
        Err(response) => return Ok(response),
    };
    match form.get("action") {
        Some("cancel") => {
            let step = state.provider.cancel(&visit.open).await?;
            Ok(visit.go_on(&state, step))
        }
        // Enter in a field may send no button at all.
        Some("sign_in") | None => sign_in(&request, &state, visit, &form).await,
        Some(_) => Ok(respond::malformed()),
    }
}

async fn sign_in(
    request: &HttpRequest,
    state: &State,
    mut visit: Visit,
    form: &Params,
) -> Result<HttpResponse, PageTrouble> {
    let credentials = Credentials {
        username: form.get("username").unwrap_or_default().to_owned(),
        password: form.get("password").unwrap_or_default().to_owned(),
        remember_me: form.get("remember_me").is_some(),
    };
    let typed = Typed {
        username: credentials.username.clone(),
        remember_me: credentials.remember_me,
    };
    let browser = extract::browser(request);
    let outcome = state
        .provider
        .sign_in(
            &mut visit.open,
            visit.cookie.as_ref(),
            credentials,
            &browser,
        )
        .await;
    match outcome {
        Ok(SignInOutcome::Problem(problem)) => again(state, &visit, &typed, problem).await,
        Ok(outcome) => Ok(entered(state, &visit, outcome)),
        Err(trouble @ Trouble::Busy) => busy(state, &visit, &typed, &trouble).await,
        Err(trouble) => Err(trouble.into()),
    }
}

/// Whoever proved who they are goes on.
pub(super) fn entered(state: &State, visit: &Visit, outcome: SignInOutcome) -> HttpResponse {
    match outcome {
        SignInOutcome::Done {
            cookie,
            remembered,
            step,
        } => {
            let set = cookies::set_session(state, &cookie, remembered);
            respond::with_cookies(visit.go_on(state, step), [set])
        }
        SignInOutcome::NewPasswordDue(step) => visit.go_on(state, step),
        // Disabled in this moment: the form says no more than that it did not match.
        SignInOutcome::Problem(_) => respond::see_other(&show::sign_in_address(&visit.tag)),
    }
}

async fn again(
    state: &State,
    visit: &Visit,
    typed: &Typed,
    problem: SignInProblem,
) -> Result<HttpResponse, PageTrouble> {
    match problem {
        SignInProblem::NoMatch => {
            form(
                state,
                visit,
                typed,
                SignInNotice::Mismatch,
                StatusCode::BAD_REQUEST,
            )
            .await
        }
        SignInProblem::Wait(wait) => {
            let until = state.provider.clock().now() + wait;
            let notice = SignInNotice::Throttled {
                wait: time::span(wait),
                until: time::moment(until),
            };
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut response = form(state, visit, typed, notice, status).await?;
            respond::retry_after(&mut response, wait);
            Ok(response)
        }
    }
}

async fn busy(
    state: &State,
    visit: &Visit,
    typed: &Typed,
    trouble: &Trouble,
) -> Result<HttpResponse, PageTrouble> {
    let wait: Duration = trouble.retry_after();
    let notice = SignInNotice::Busy {
        wait: time::span(wait),
    };
    let mut response = form(state, visit, typed, notice, StatusCode::SERVICE_UNAVAILABLE).await?;
    respond::retry_after(&mut response, wait);
    Ok(response)
}

async fn form(
    state: &State,
    visit: &Visit,
    typed: &Typed,
    notice: SignInNotice,
    status: StatusCode,
) -> Result<HttpResponse, PageTrouble> {
    let step = state
        .provider
        .step(&visit.open, visit.cookie.as_ref())
        .await?;
    let Step::Page(waiting) = step else {
        return Ok(visit.go_on(state, step));
    };
    let mut response = show::page(state, &visit.tag, &waiting, Some((typed, notice)));
    *response.status_mut() = status;
    Ok(response)
}
