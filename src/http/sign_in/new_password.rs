//! The form for a password in place of a temporary one.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{FormOf, Visit, login, show};
use crate::http::error::PageTrouble;
use crate::http::state::State;
use crate::http::{extract, respond};
use crate::pages::new_password::NewPasswordNotice;
use crate::pages::time;
use crate::protocol::params::Params;
use crate::provider::{NewPasswordOutcome, Step, Trouble};

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let (mut visit, form) = match Visit::posted(&state, &request, &body, FormOf::Anybody).await? {
        Ok(posted) => posted,
        Err(response) => return Ok(response),
    };
    let cookie = visit.cookie.clone();
    let provider = &state.provider;
    match form.get("action") {
        Some("cancel") => {
            let step = provider.cancel(&visit.open).await?;
            Ok(visit.go_on(&state, step))
        }
        Some("back") => {
            let step = provider.leave_new_password(&mut visit.open, cookie.as_ref());
            let step = step.await?;
            Ok(visit.go_on(&state, step))
        }
        Some("save") | None => save(&request, &state, visit, &form).await,
        Some(_) => Ok(respond::malformed()),
    }
}

async fn save(
    request: &HttpRequest,
    state: &State,
    mut visit: Visit,
    form: &Params,
) -> Result<HttpResponse, PageTrouble> {
    let password = form.get("new_password").unwrap_or_default().to_owned();
    let browser = extract::browser(request);
    let cookie = visit.cookie.clone();
    let outcome = state
        .provider
        .choose_password(&mut visit.open, cookie.as_ref(), password, &browser)
        .await;
    match outcome {
        Ok(NewPasswordOutcome::SignedIn(outcome)) => Ok(login::entered(state, &visit, outcome)),
        Ok(NewPasswordOutcome::NotDue(step)) => Ok(visit.go_on(state, step)),
        Ok(NewPasswordOutcome::Refused(why)) => {
            let notice = NewPasswordNotice::Refused(why);
            again(state, &visit, notice, StatusCode::BAD_REQUEST).await
        }
        Err(trouble @ Trouble::Busy) => {
            let wait = trouble.retry_after();
            let notice = NewPasswordNotice::Busy {
                wait: time::span(wait),
            };
            let mut page = again(state, &visit, notice, StatusCode::SERVICE_UNAVAILABLE).await?;
            respond::retry_after(&mut page, wait);
            Ok(page)
        }
        Err(trouble) => Err(trouble.into()),
    }
}

async fn again(
    state: &State,
    visit: &Visit,
    notice: NewPasswordNotice,
    status: StatusCode,
) -> Result<HttpResponse, PageTrouble> {
    let step = state
        .provider
        .step(&visit.open, visit.cookie.as_ref())
        .await?;
    Ok(match step {
        Step::Page(waiting) => show::new_password(state, (&visit.tag, &waiting), notice, status),
        step => visit.go_on(state, step),
    })
}
