//! The rules of the parameters, one by one. [`super::ForClient::check`] has their order.

use std::borrow::Cow;

use super::Origin;
use crate::protocol::authorization_response::ResponseMode;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::features::Features;
use crate::protocol::jose::Thumbprint;
use crate::protocol::params::Params;
use crate::protocol::pkce::Challenge;
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::{OFFLINE_ACCESS, OPENID, ScopeSet};

/// Longest `state` and `nonce`: both are stored.
pub(super) const MAX_STATE: usize = 2048;
pub(super) const MAX_NONCE: usize = 512;
/// Longest `login_hint`: a longer one is no name, and is ignored.
pub(super) const MAX_LOGIN_HINT: usize = 320;
/// Most `acr_values` and `ui_locales`: the rest, liked least by the client, is ignored.
pub(super) const MAX_PREFERENCES: usize = 16;

pub(super) fn check_repeats(params: &Params) -> Result<(), ProtocolError> {
    match params.duplicate() {
        Some(name) => Err(invalid(format!("{name} must be sent once"))),
        None => Ok(()),
    }
}

/// Core 1.0, 6 and 7.2.1: what a request object says must never be ignored. Whoever got here has
/// taken it out.
pub(super) fn check_unsupported(params: &Params) -> Result<(), ProtocolError> {
    let table = [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ];
    match table
        .into_iter()
        .find(|(name, _)| params.get(name).is_some())
    {
        Some((name, code)) => Err(ProtocolError::new(
            code,
            format!("{name} is not supported: send plain parameters"),
        )),
        None => Ok(()),
    }
}

/// RFC 9126, 5 and 6; RFC 9101, 10.5.
pub(super) fn check_origin(
    client: &Client,
    features: Features,
    origin: Origin,
) -> Result<(), ProtocolError> {
    let requests = &client.requests;
    let pushed = features.require_pushed_requests || requests.require_pushed_authorization_requests;
    if pushed && !origin.pushed {
        return Err(invalid(
            "requests must be pushed: see pushed_authorization_request_endpoint",
        ));
    }
    if requests.require_signed_request_object && !origin.signed {
        return Err(invalid(
            "requests of this client must be signed: send request",
        ));
    }
    Ok(())
}

/// What is asked for, as far as this house offers it at all.
pub(super) fn response_type(
    params: &Params,
    features: Features,
) -> Result<ResponseType, ProtocolError> {
    let text = params
        .get("response_type")
        .ok_or_else(|| invalid("response_type is missing: set it to code"))?;
    let kind = ResponseType::parse(text);
    let offered = kind.filter(|kind| features.front_channel_tokens || !kind.is_front_channel());
    offered.ok_or_else(|| {
        let words = match kind {
            Some(_) => "no tokens are given by way of the browser here: set response_type=code",
            None => "there is no such response_type: set response_type=code",
        };
        ProtocolError::new(ErrorCode::UnsupportedResponseType, words)
    })
}

pub(super) fn check_registered(kind: ResponseType, client: &Client) -> Result<(), ProtocolError> {
    if client.may_receive(kind) {
        return Ok(());
    }
    let name = kind.as_str();
    Err(ProtocolError::new(
        ErrorCode::UnauthorizedClient,
        format!("this client is not registered for response_type {name}"),
    ))
}

/// Tokens never go into a query, which ends up in logs and in `Referer` (Multiple Response Type
/// Encoding Practices, 3).
pub(super) fn check_response_mode(
    params: &Params,
    kind: ResponseType,
) -> Result<(), ProtocolError> {
    let known = params.get("response_mode").map(ResponseMode::parse);
    match known {
        Some(None) => Err(invalid(
            "response_mode must be query, fragment or form_post",
        )),
        Some(Some(ResponseMode::Query)) if kind.is_front_channel() => Err(invalid(
            "response_mode=query is for codes: leave it out, or set fragment or form_post",
        )),
        None | Some(Some(_)) => Ok(()),
    }
}

/// Core 1.0, 3.2.2.1 and 3.3.2.11: nothing else binds an ID token to the browser that it comes by.
pub(super) fn check_nonce(params: &Params, kind: ResponseType) -> Result<(), ProtocolError> {
    if kind.has_id_token() && params.get("nonce").is_none() {
        return Err(invalid(
            "nonce is missing: it is required where an ID token comes by way of the browser",
        ));
    }
    Ok(())
}

pub(super) fn check_length(params: &Params, name: &str, most: usize) -> Result<(), ProtocolError> {
    if params.get(name).is_some_and(|value| value.len() > most) {
        return Err(invalid(format!("{name} is longer than {most} bytes")));
    }
    Ok(())
}

pub(super) fn scope(
    params: &Params,
    client: &Client,
    kind: ResponseType,
) -> Result<ScopeSet, ProtocolError> {
    let refuse = |problem: String| ProtocolError::new(ErrorCode::InvalidScope, problem);
    let asked = ScopeSet::parse(params.get("scope").unwrap_or_default())
        .map_err(|error| refuse(error.to_string()))?;
    let allowed = client
        .allowed_scope(&asked)
        .map_err(|_| refuse("the scopes of this client are not well-formed".into()))?;
    if asked.contains(OPENID) && !allowed.contains(OPENID) {
        // Dropped in silence it would turn a sign-in into something else (Core 1.0, 3.1.2.1).
        return Err(refuse("this client may not ask for openid".into()));
    }
    if kind.has_id_token() && !allowed.contains(OPENID) {
        return Err(refuse("an ID token needs the scope openid".into()));
    }
    if client.may_use(GrantType::RefreshToken) && kind.has_code() {
        return Ok(allowed);
    }
    // Core 1.0, 11: without refresh tokens, or a code to get them by, there is no offline access
    // to give.
    Ok(allowed.without(OFFLINE_ACCESS))
}

pub(super) fn max_age(params: &Params) -> Result<Option<u64>, ProtocolError> {
    let Some(text) = params.get("max_age") else {
        return Ok(None);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if digits => Ok(Some(seconds)),
        _ => Err(invalid("max_age must be a number of seconds")),
    }
}

/// RFC 9700, 2.1.1: a public client has nothing else that binds its code to itself.
pub(super) fn challenge(
    params: &Params,
    client: &Client,
    kind: ResponseType,
) -> Result<Option<Challenge>, ProtocolError> {
    let challenge = Challenge::from_request(
        params.get("code_challenge"),
        params.get("code_challenge_method"),
    )?;
    if kind.has_code() && challenge.is_none() && (client.require_pkce || client.is_public()) {
        return Err(invalid("code_challenge is required (PKCE with S256)"));
    }
    Ok(challenge)
}

/// RFC 9449, 10. An access token by way of the browser comes without a proof: who names a key, or
/// may have bound tokens alone, must not get one that is bound to nothing.
pub(super) fn dpop_jkt(
    params: &Params,
    client: &Client,
    kind: ResponseType,
) -> Result<Option<Thumbprint>, ProtocolError> {
    let named = params.get("dpop_jkt").map(Thumbprint::parse).transpose();
    let named = named.map_err(|error| invalid(format!("dpop_jkt {error}")))?;
    if kind.has_token() && (named.is_some() || client.tokens.dpop_bound_access_tokens) {
        return Err(invalid(
            "an access token by way of the browser cannot be bound to a key: set \
             response_type=code",
        ));
    }
    Ok(named)
}

pub(super) fn preferences(params: &Params, name: &str) -> Vec<String> {
    let values = params.get(name).unwrap_or_default().split(' ');
    values
        .filter(|value| !value.is_empty())
        .take(MAX_PREFERENCES)
        .map(str::to_owned)
        .collect()
}

pub(super) fn owned(params: &Params, name: &str) -> Option<String> {
    params.get(name).map(str::to_owned)
}

fn invalid(problem: impl Into<Cow<'static, str>>) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidRequest, problem)
}
