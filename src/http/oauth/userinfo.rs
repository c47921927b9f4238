//! The userinfo endpoint: the token in the header, or in a form (RFC 6750, 2.1 and 2.2); never in
//! the query, which ends up in logs. One that is bound to a key comes in the header alone, with a
//! proof beside it (RFC 9449, 7.1).

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::access_token_header;
use crate::http::error::JsonTrouble;
use crate::http::extract;
use crate::http::respond;
use crate::http::state::State;
use crate::protocol::dpop;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::jose::JwsAlg;
use crate::protocol::token_response::TokenType;
use crate::provider::{BearerProblem, Presentation, UserInfo};

pub(in crate::http) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    let token = access_token_header(&request);
    answer(&request, &state, token).await
}

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    let from_form = extract::form(&request, &body)
        .and_then(|form| form.get("access_token").map(ToOwned::to_owned));
    let from_form = from_form.map(|token| (TokenType::Bearer, token));
    let token = access_token_header(&request).or(from_form);
    answer(&request, &state, token).await
}

async fn answer(
    request: &HttpRequest,
    state: &State,
    token: Option<(TokenType, String)>,
) -> Result<HttpResponse, JsonTrouble> {
    let proof = extract::proof(request);
    let sent = token.as_ref().map(|(scheme, token)| Presentation {
        token,
        scheme: *scheme,
        proof: &proof,
        method: request.method().as_str(),
    });
    Ok(match state.provider.userinfo(sent).await? {
        Ok((info, nonce)) => {
            let response = match info {
                UserInfo::Plain(claims) => HttpResponse::Ok().json(claims),
                UserInfo::Signed(token) => HttpResponse::Ok()
                    .content_type("application/jwt")
                    .body(token),
            };
            respond::with_dpop_nonce(response, nonce.as_deref())
        }
        Err(problem) => challenge(&problem),
    })
}

/// RFC 6750, 3: no error code where no token was sent; both schemes are named then (RFC 9449, 7.2).
fn challenge(problem: &BearerProblem) -> HttpResponse {
    let (status, value, error) = match problem {
        BearerProblem::Missing => {
            let mut response = refused(StatusCode::UNAUTHORIZED, "Bearer", "invalid_token");
            if let Ok(value) = header::HeaderValue::from_str(&format!("DPoP {}", algs())) {
                response
                    .headers_mut()
                    .append(header::WWW_AUTHENTICATE, value);
            }
            return response;
        }
        BearerProblem::Invalid => (
            StatusCode::UNAUTHORIZED,
            "Bearer error=\"invalid_token\"",
            "invalid_token",
        ),
        BearerProblem::Insufficient => (
            StatusCode::FORBIDDEN,
            "Bearer error=\"insufficient_scope\", scope=\"openid\"",
            "insufficient_scope",
        ),
        BearerProblem::Dpop(error) => return dpop_challenge(error),
    };
    refused(status, value, error)
}

fn refused(status: StatusCode, challenge: &str, error: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::WWW_AUTHENTICATE, challenge))
        .json(serde_json::json!({ "error": error }))
}

/// RFC 9449, 7.1 and 9.
fn dpop_challenge(error: &ProtocolError) -> HttpResponse {
    let status = match error.code {
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        _ => StatusCode::UNAUTHORIZED,
    };
    let (code, words) = (error.code.as_str(), error.description());
    let scope = match error.code {
        ErrorCode::InsufficientScope => ", scope=\"openid\"",
        _ => "",
    };
    // A description has neither quotes nor backslashes (`ProtocolError::new`).
    let value = format!(
        "DPoP error=\"{code}\", error_description=\"{words}\"{scope}, {}",
        algs()
    );
    let response = HttpResponse::build(status)
        .insert_header((header::WWW_AUTHENTICATE, value))
        .json(serde_json::json!({ "error": code, "error_description": words }));
    respond::with_dpop_nonce(response, error.dpop_nonce())
}

/// What a proof may be signed by (RFC 9449, 7.1).
fn algs() -> String {
    format!("algs=\"{}\"", dpop::ALGS.map(JwsAlg::as_str).join(" "))
}
