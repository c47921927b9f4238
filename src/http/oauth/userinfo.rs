//! The userinfo endpoint: the token in the header, or in a form (RFC 6750, 2.1 and 2.2); never in
//! the query, which ends up in logs.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::bearer_header;
use crate::http::error::JsonTrouble;
use crate::http::extract;
use crate::http::state::State;
use crate::provider::{BearerProblem, UserInfo};

pub(in crate::http) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    answer(&state, bearer_header(&request)).await
}

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    let from_form = extract::form(&request, &body)
        .and_then(|form| form.get("access_token").map(ToOwned::to_owned));
    answer(&state, bearer_header(&request).or(from_form)).await
}

async fn answer(state: &State, token: Option<String>) -> Result<HttpResponse, JsonTrouble> {
    Ok(match state.provider.userinfo(token.as_deref()).await? {
        Ok(UserInfo::Plain(claims)) => HttpResponse::Ok().json(claims),
        Ok(UserInfo::Signed(token)) => HttpResponse::Ok()
            .content_type("application/jwt")
            .body(token),
        Err(problem) => challenge(problem),
    })
}

/// RFC 6750, 3: no error code where no token was sent.
fn challenge(problem: BearerProblem) -> HttpResponse {
    let (status, value) = match problem {
        BearerProblem::Missing => (StatusCode::UNAUTHORIZED, "Bearer"),
        BearerProblem::Invalid => (StatusCode::UNAUTHORIZED, "Bearer error=\"invalid_token\""),
        BearerProblem::Insufficient => (
            StatusCode::FORBIDDEN,
            "Bearer error=\"insufficient_scope\", scope=\"openid\"",
        ),
    };
    let error = match problem {
        BearerProblem::Missing | BearerProblem::Invalid => "invalid_token",
        BearerProblem::Insufficient => "insufficient_scope",
    };
    HttpResponse::build(status)
        .insert_header((header::WWW_AUTHENTICATE, value))
        .json(serde_json::json!({ "error": error }))
}
