//! The client registration endpoint (RFC 7591, 3) and the client configuration endpoint
//! (RFC 7592, 2).

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::bearer_header;
use crate::entropy::ClientId;
use crate::http::error::JsonTrouble;
use crate::http::extract;
use crate::http::respond;
use crate::http::state::State;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::provider::{RegistrationCall, Unregistered};

/// Longer than any id of ours.
const ID: usize = 512;

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    let token = bearer_header(&request);
    let Some(metadata) = document(&request, &body) else {
        return Ok(no_json());
    };
    let call = call(&request, token.as_deref());
    Ok(match state.provider.register(&call, &metadata).await? {
        Ok(document) => HttpResponse::Created().json(document),
        Err(refused) => refusal(&refused),
    })
}

pub(in crate::http) async fn get(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    let (id, token) = (id(&path), bearer_header(&request));
    let call = call(&request, token.as_deref());
    Ok(match state.provider.registered(&id, &call).await? {
        Ok(document) => HttpResponse::Ok().json(document),
        Err(refused) => refusal(&refused),
    })
}

pub(in crate::http) async fn put(
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    let (id, token) = (id(&path), bearer_header(&request));
    let Some(metadata) = document(&request, &body) else {
        return Ok(no_json());
    };
    let call = call(&request, token.as_deref());
    Ok(
        match state.provider.reregister(&id, &call, &metadata).await? {
            Ok(document) => HttpResponse::Ok().json(document),
            Err(refused) => refusal(&refused),
        },
    )
}

pub(in crate::http) async fn delete(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    let (id, token) = (id(&path), bearer_header(&request));
    let call = call(&request, token.as_deref());
    Ok(match state.provider.unregister(&id, &call).await? {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(refused) => refusal(&refused),
    })
}

fn call<'a>(request: &HttpRequest, token: Option<&'a str>) -> RegistrationCall<'a> {
    RegistrationCall {
        token,
        address: extract::browser(request).address,
    }
}

fn id(path: &web::Path<String>) -> ClientId {
    let good = path.len() <= ID && !path.chars().any(char::is_control);
    ClientId::new(if good { path.as_str() } else { "" })
}

/// A JSON object under its media type. One of more than 128 levels is none for the parser; how deep
/// each member may nest is judged with the metadata.
fn document(request: &HttpRequest, body: &web::Bytes) -> Option<Value> {
    let media = extract::header_text(request, header::CONTENT_TYPE)?;
    let media = media.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return None;
    }
    let document: Value = serde_json::from_slice(body).ok()?;
    document.is_object().then_some(document)
}

fn no_json() -> HttpResponse {
    let words = "send the metadata as one JSON object with the media type application/json";
    respond::oauth_error(
        &ProtocolError::new(ErrorCode::InvalidClientMetadata, words),
        false,
    )
}

fn refusal(refused: &Unregistered) -> HttpResponse {
    match refused {
        Unregistered::Off => HttpResponse::NotFound().json(json!({ "error": "not_found" })),
        Unregistered::Refused(error) => respond::oauth_error(error, false),
        Unregistered::Token { sent } => {
            let challenge = if *sent {
                "Bearer error=\"invalid_token\""
            } else {
                "Bearer"
            };
            HttpResponse::build(StatusCode::UNAUTHORIZED)
                .insert_header((header::WWW_AUTHENTICATE, challenge))
                .json(json!({ "error": "invalid_token" }))
        }
    }
}
