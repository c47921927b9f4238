//! Discovery and keys: the same bytes for everybody, cacheable, and served while stores are away.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::http::state::State;
use crate::protocol::discovery;
use crate::protocol::key_rotation::KEY_SET_CACHED;

/// Long enough to spare requests, short enough that a new key is known before it signs.
fn json(document: &serde_json::Value) -> HttpResponse {
    let cached = format!("public, max-age={}", KEY_SET_CACHED.as_secs());
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, cached))
        .json(document)
}

pub(in crate::http) async fn openid_configuration(state: web::Data<State>) -> HttpResponse {
    let settings = state.provider.settings();
    let algs = state.provider.signing_algs();
    json(&discovery::with_own(
        discovery::openid_configuration(&settings.issuer, settings.features, &algs),
        settings.claims.listed(),
    ))
}

pub(in crate::http) async fn authorization_server(state: web::Data<State>) -> HttpResponse {
    let settings = state.provider.settings();
    let algs = state.provider.signing_algs();
    json(&discovery::with_own(
        discovery::oauth_authorization_server(&settings.issuer, settings.features, &algs),
        settings.claims.listed(),
    ))
}

pub(in crate::http) async fn jwks(state: web::Data<State>) -> HttpResponse {
    json(&state.provider.jwks())
}
