//! "Your account": the password.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::sessions::{query_of, receipts_link};
use super::{frame, posted, visitor};
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::state::State;
use crate::http::{cookies, extract, respond};
use crate::pages::account::Tab;
use crate::pages::account_password::{AccountPassword, PasswordProblem};
use crate::pages::parts::{Notice, Tone, counted};
use crate::pages::time;
use crate::protocol::params::Params;
use crate::provider::{Others, PasswordChange, PasswordChanged, Trouble, Visitor};

pub(in crate::http) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let visitor = match visitor(&state, &request).await? {
        Ok(visitor) => visitor,
        Err(response) => return Ok(response),
    };
    let query = extract::list_query(&request).unwrap_or_default();
    let page = AccountPassword {
        frame: frame(&visitor, Tab::Password, notice(&query)),
        username: visitor.username,
        problem: None,
        end_others: true,
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

/// What has just been done. Anybody can write the link, so that it says nothing to act on but to
/// look at the sessions.
fn notice(query: &Params) -> Option<Notice> {
    let (tone, text) = match query.get("changed")? {
        "kept" => (
            Tone::Ok,
            "Your other devices stay signed in, if there are any.".to_owned(),
        ),
        "not-yet" => (
            Tone::Wait,
            "Your other sessions could not be ended just now. End them under Sessions.".to_owned(),
        ),
        count => (Tone::Ok, ended(count.parse().ok()?)),
    };
    Some(Notice {
        tone,
        title: "Your password is changed".to_owned(),
        text,
        receipts: receipts_link(query),
    })
}

fn ended(count: u32) -> String {
    if count == 0 {
        return "You were signed in nowhere else.".to_owned();
    }
    let sessions = counted(
        count.into(),
        "other session has ended. Its",
        "other sessions have ended. Their",
    );
    format!("{sessions} apps are being told now.")
}

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let (visitor, form) = match posted(&state, &request, &body).await? {
        Ok(posted) => posted,
        Err(response) => return Ok(response),
    };
    let text = |name| form.get(name).unwrap_or_default().to_owned();
    let end_others = form.get("end_others").is_some();
    let change = PasswordChange {
        old: text("old_password"),
        new: text("new_password"),
        end_others,
    };
    let cookie = cookies::session(&state, &request);
    let browser = extract::browser(&request);
    let changed = state
        .provider
        .change_own_password(&visitor, cookie.as_ref(), change, &browser)
        .await;
    let (problem, status, wait) = match changed {
        Ok(PasswordChanged::Done {
            cookie,
            remembered,
            others,
        }) => {
            let set = cookie.map(|cookie| cookies::set_session(&state, &cookie, remembered));
            return Ok(respond::with_cookies(
                respond::see_other(&after(others)),
                set,
            ));
        }
        Ok(PasswordChanged::WrongOld) => (PasswordProblem::Old, StatusCode::BAD_REQUEST, None),
        Ok(PasswordChanged::Refused(why)) => {
            (PasswordProblem::New(why), StatusCode::BAD_REQUEST, None)
        }
        Ok(PasswordChanged::Wait(wait)) => (
            PasswordProblem::Wait(time::span(wait)),
            StatusCode::TOO_MANY_REQUESTS,
            Some(wait),
        ),
        Err(trouble @ Trouble::Busy) => {
            let wait = trouble.retry_after();
            (
                PasswordProblem::Wait(time::span(wait)),
                StatusCode::SERVICE_UNAVAILABLE,
                Some(wait),
            )
        }
        Err(trouble) => return Err(trouble.into()),
    };
    let mut response = again(visitor, problem, end_others, status);
    if let Some(wait) = wait {
        respond::retry_after(&mut response, wait);
    }
    Ok(response)
}

fn after(others: Others) -> String {
    let others = match others {
        Others::Kept => "kept".to_owned(),
        Others::NotYet => "not-yet".to_owned(),
        Others::Ended(count, references) => {
            let named = query_of(&references);
            let separator = if named.is_empty() { "" } else { "&" };
            format!("{count}{separator}{named}")
        }
    };
    format!("/account/password?changed={others}")
}

fn again(
    visitor: Visitor,
    problem: PasswordProblem,
    end_others: bool,
    status: StatusCode,
) -> HttpResponse {
    let page = AccountPassword {
        frame: frame(&visitor, Tab::Password, None),
        username: visitor.username,
        problem: Some(problem),
        end_others,
    };
    respond::page(status, &page, &Policy::stays())
}
