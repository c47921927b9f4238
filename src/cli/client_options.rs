//! What was typed of a client, as metadata.

use serde_json::{Map, Value, json};

use super::args::{
    AccessTokenFormat, CreateClient, RequestOptions, SigningAlg, SubjectType, TokenOptions,
};
use crate::protocol::client as metadata;

/// What was typed, under the names of RFC 7591, so that one parser judges both ways.
pub(super) fn metadata(options: &CreateClient) -> Value {
    let method = if options.public {
        "none"
    } else {
        options.auth_method.as_str()
    };
    let types = match &options.response_type[..] {
        [] if options.device && options.redirect_uri.is_empty() => vec![],
        [] => vec!["code".to_owned()],
        given => given.to_vec(),
    };
    let mut metadata = json!({
        "client_name": options.name,
        "redirect_uris": options.redirect_uri,
        "post_logout_redirect_uris": options.post_logout_redirect_uri,
        "grant_types": grants(&types, options.device),
        "response_types": types,
        "token_endpoint_auth_method": method,
        "application_type": if options.native { "native" } else { "web" },
        "id_token_signed_response_alg":
            metadata::SigningAlg::from(options.id_token_alg).as_str(),
        "first_party": options.first_party,
        "require_pkce": !options.no_pkce,
    });
    for (name, value) in [
        ("backchannel_logout_uri", &options.backchannel_logout_uri),
        ("frontchannel_logout_uri", &options.frontchannel_logout_uri),
        ("jwks_uri", &options.jwks_uri),
        ("token_endpoint_auth_signing_alg", &options.auth_signing_alg),
        ("client_uri", &options.client_uri),
        ("initiate_login_uri", &options.initiate_login_uri),
        ("logo_uri", &options.logo_uri),
        ("policy_uri", &options.policy_uri),
        ("tos_uri", &options.tos_uri),
    ] {
        if let (Some(value), Some(members)) = (value, metadata.as_object_mut()) {
            members.insert(name.to_owned(), json!(value));
        }
    }
    if let Some(members) = metadata.as_object_mut() {
        members.extend(token_members(&options.tokens));
        members.extend(request_members(&options.requests));
    }
    metadata
}

/// What was said of its requests.
fn request_members(options: &RequestOptions) -> Map<String, Value> {
    let members = [
        (
            "require_pushed_authorization_requests",
            json!(options.require_pushed_requests),
        ),
        (
            "require_signed_request_object",
            json!(options.require_signed_requests),
        ),
        (
            "request_object_signing_alg",
            json!(options.request_object_alg),
        ),
        ("request_uris", json!(options.request_uri)),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What was said of its tokens.
fn token_members(options: &TokenOptions) -> Map<String, Value> {
    let alg = |given: Option<SigningAlg>| given.map(|alg| metadata::SigningAlg::from(alg).as_str());
    let members = [
        (
            "access_token_format",
            json!(options.access_token_format.map(AccessTokenFormat::as_str)),
        ),
        (
            "access_token_lifetime",
            json!(options.access_token_lifetime),
        ),
        ("id_token_lifetime", json!(options.id_token_lifetime)),
        (
            "refresh_token_idle_timeout",
            json!(options.refresh_token_idle_timeout),
        ),
        (
            "refresh_token_lifetime",
            json!(options.refresh_token_lifetime),
        ),
        (
            "access_token_audiences",
            json!(options.access_token_audience),
        ),
        (
            "subject_type",
            json!(options.subject_type.map(SubjectType::as_str)),
        ),
        (
            "sector_identifier_uri",
            json!(options.sector_identifier_uri),
        ),
        (
            "userinfo_signed_response_alg",
            json!(alg(options.userinfo_alg)),
        ),
        (
            "introspection_signed_response_alg",
            json!(alg(options.introspection_alg)),
        ),
        (
            "dpop_bound_access_tokens",
            json!(options.dpop_bound_access_tokens),
        ),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The grants that response types need, and a device.
fn grants(types: &[String], device: bool) -> Vec<&'static str> {
    let has = |wanted: &[&str]| {
        let mut words = types.iter().flat_map(|kind| kind.split(' '));
        words.any(|word| wanted.contains(&word))
    };
    let mut grants = Vec::new();
    if has(&["code"]) {
        grants.push("authorization_code");
    }
    if has(&["code"]) || device {
        grants.push("refresh_token");
    }
    if device {
        grants.push(metadata::DEVICE_CODE);
    }
    if has(&["id_token", "token"]) {
        grants.push("implicit");
    }
    grants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_follow_from_what_is_asked_for() {
        let device = metadata::DEVICE_CODE;
        for (types, shows_codes, expected) in [
            (
                &["code"][..],
                false,
                &["authorization_code", "refresh_token"][..],
            ),
            (
                &["code"],
                true,
                &["authorization_code", "refresh_token", device],
            ),
            (&[], true, &["refresh_token", device]),
            (&["id_token"], false, &["implicit"]),
        ] {
            let types: Vec<_> = types.iter().map(|kind| (*kind).to_owned()).collect();
            assert_eq!(grants(&types, shows_codes), expected, "{types:?}");
        }
    }
}
