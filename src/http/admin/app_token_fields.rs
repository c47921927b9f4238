//! The fields of an app's tokens (`protocol::client_tokens`): a part of its form.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::app_spec::{Spec, select, text, tick};
use crate::pages::fields::Input;
use crate::protocol::client::{Client, SigningAlg};

pub(super) const ALGORITHMS: &[(&str, &str)] = &[
    ("RS256", "RS256"),
    ("RS384", "RS384"),
    ("RS512", "RS512"),
    ("PS256", "PS256"),
    ("PS384", "PS384"),
    ("PS512", "PS512"),
    ("ES256", "ES256"),
    ("ES384", "ES384"),
    ("EdDSA", "EdDSA"),
];

/// The same, where none may be chosen.
macro_rules! algorithms_or {
    ($none:literal) => {
        &[
            ("", $none),
            ("RS256", "RS256"),
            ("RS384", "RS384"),
            ("RS512", "RS512"),
            ("PS256", "PS256"),
            ("PS384", "PS384"),
            ("PS512", "PS512"),
            ("ES256", "ES256"),
            ("ES384", "ES384"),
            ("EdDSA", "EdDSA"),
        ]
    };
}

/// Numbers of seconds.
const SECONDS: [&str; 4] = [
    "access_token_lifetime",
    "id_token_lifetime",
    "refresh_token_idle_timeout",
    "refresh_token_lifetime",
];

/// Choices and texts, none if they are empty.
const WORDS: [&str; 5] = [
    "access_token_format",
    "subject_type",
    "sector_identifier_uri",
    "userinfo_signed_response_alg",
    "introspection_signed_response_alg",
];

pub(super) const TOKENS: [Spec; 12] = [
    select(
        "id_token_signed_response_alg",
        "How its ID tokens are signed",
        "RS256 is what every library knows.",
        ALGORITHMS,
    ),
    select(
        "access_token_format",
        "Form of its access tokens",
        "An API that reads them alone doesn’t hear of a sign-out before they run out.",
        &[
            ("jwt", "APIs read them alone (jwt)"),
            ("opaque", "APIs ask us about each (opaque)"),
        ],
    ),
    text(
        "access_token_lifetime",
        "Life of an access token, in seconds",
        "For so long such an API goes on after a sign-out. Left empty: 300, five minutes.",
        Input::Text,
    ),
    text(
        "id_token_lifetime",
        "Life of an ID token, in seconds",
        "Left empty: 300.",
        Input::Text,
    ),
    text(
        "refresh_token_idle_timeout",
        "Unused refresh tokens end after, in seconds",
        "Left empty: as long as the house allows.",
        Input::Text,
    ),
    text(
        "refresh_token_lifetime",
        "Refresh tokens end after, in seconds",
        "However much they are used. Left empty: as long as the house allows.",
        Input::Text,
    ),
    text(
        "access_token_audiences",
        "APIs that its access tokens are for",
        "Their identifiers, one on each line. We are always one ourselves; may stay empty.",
        Input::Lines,
    ),
    select(
        "subject_type",
        "By which name it knows people",
        "An app whose kind of names changes meets everybody as somebody new.",
        &[
            ("public", "The same as other apps (public)"),
            ("pairwise", "One that other apps don’t have (pairwise)"),
        ],
    ),
    text(
        "sector_identifier_uri",
        "List of the apps that share these names",
        "An address with a JSON array of all redirect addresses of all of them \
         (sector_identifier_uri). We read it when you save. Needed only where redirect addresses \
         have several hosts.",
        Input::Url,
    ),
    select(
        "userinfo_signed_response_alg",
        "How userinfo is signed",
        "",
        algorithms_or!("Not at all: it is plain JSON"),
    ),
    select(
        "introspection_signed_response_alg",
        "How introspection is signed",
        "Where it asks for a signed answer (RFC 9701).",
        algorithms_or!("As is usual: RS256"),
    ),
    tick(
        BOUND,
        "Its access tokens are bound to a key",
        "It proves at each request that it holds the key (DPoP, RFC 9449), and gets no token \
         without. A stolen token is worth nothing then. Only for apps that can do it.",
    ),
];

const BOUND: &str = "dpop_bound_access_tokens";

/// What is stored of an app's tokens, as the form has it.
pub(super) fn of_client(client: &Client) -> [(&'static str, String); 12] {
    let tokens = &client.tokens;
    let seconds = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let alg = |value: Option<SigningAlg>| value.map_or("", SigningAlg::as_str).to_owned();
    [
        (
            "id_token_signed_response_alg",
            client.id_token_signed_response_alg.as_str().to_owned(),
        ),
        (
            "access_token_format",
            tokens.access_token_format.as_str().to_owned(),
        ),
        (
            "access_token_lifetime",
            seconds(tokens.access_token_lifetime),
        ),
        ("id_token_lifetime", seconds(tokens.id_token_lifetime)),
        (
            "refresh_token_idle_timeout",
            seconds(tokens.refresh_token_idle_timeout),
        ),
        (
            "refresh_token_lifetime",
            seconds(tokens.refresh_token_lifetime),
        ),
        (
            "access_token_audiences",
            tokens.access_token_audiences.join("\n"),
        ),
        ("subject_type", tokens.subject_type.as_str().to_owned()),
        (
            "sector_identifier_uri",
            tokens.sector_identifier_uri.clone().unwrap_or_default(),
        ),
        (
            "userinfo_signed_response_alg",
            alg(tokens.userinfo_signed_response_alg),
        ),
        (
            "introspection_signed_response_alg",
            alg(tokens.introspection_signed_response_alg),
        ),
        (
            BOUND,
            if tokens.dpop_bound_access_tokens {
                "yes".to_owned()
            } else {
                String::new()
            },
        ),
    ]
}

/// The members of the metadata that these fields come to; what is empty is taken away.
pub(super) fn metadata<'a>(
    typed: impl Fn(&str) -> &'a str,
    lines: impl Fn(&str) -> Vec<&'a str>,
) -> Map<String, Value> {
    let mut members = Map::new();
    let mut say = |name: &str, value: Value| members.insert(name.to_owned(), value);
    for name in SECONDS {
        say(name, json!(typed(name).parse::<u64>().ok()));
    }
    for name in WORDS {
        let value = Some(typed(name)).filter(|value| !value.is_empty());
        say(name, json!(value));
    }
    let audiences = "access_token_audiences";
    say(audiences, json!(lines(audiences)));
    say(BOUND, json!(!typed(BOUND).is_empty()));
    let alg = "id_token_signed_response_alg";
    say(alg, json!(typed(alg)));
    members
}

/// What parsing alone finds wrong.
pub(super) fn problems<'a>(typed: impl Fn(&str) -> &'a str) -> BTreeMap<&'static str, String> {
    let wrong = |name: &&str| !typed(name).is_empty() && typed(name).parse::<u64>().is_err();
    let text = "This is no number. Write whole seconds, such as 600, or nothing.";
    let wrong = SECONDS.into_iter().filter(wrong);
    wrong.map(|name| (name, text.to_owned())).collect()
}
