//! The fields of an app's authorization requests (`protocol::client_requests`): a part of its form.

use serde_json::{Map, Value, json};

use super::app_spec::{Spec, select, text, tick};
use crate::pages::fields::Input;
use crate::protocol::client::Client;

const PUSHED: &str = "require_pushed_authorization_requests";
const SIGNED: &str = "require_signed_request_object";
const ALG: &str = "request_object_signing_alg";
const URIS: &str = "request_uris";

pub(super) const REQUESTS: [Spec; 4] = [
    tick(
        PUSHED,
        "It must push its requests",
        "It sends each request itself, and the browser carries a reference alone (RFC 9126).",
    ),
    tick(
        SIGNED,
        "It must sign its requests",
        "With one of its keys, as request objects (RFC 9101).",
    ),
    select(
        ALG,
        "How its requests are signed",
        "Where it signs them at all.",
        &[
            ("", "By any algorithm that signs"),
            ("RS256", "RS256"),
            ("RS384", "RS384"),
            ("RS512", "RS512"),
            ("PS256", "PS256"),
            ("PS384", "PS384"),
            ("PS512", "PS512"),
            ("ES256", "ES256"),
            ("ES384", "ES384"),
            ("EdDSA", "EdDSA"),
            ("none", "Not at all, where the house allows it (none)"),
        ],
    ),
    text(
        URIS,
        "Addresses of its requests",
        "Where its request objects may lie, one on each line; only where protocol.request_uri is \
         on.",
        Input::Lines,
    ),
];

/// What stands in these fields for a client.
pub(super) fn of_client(client: &Client) -> [(&'static str, String); 4] {
    let requests = &client.requests;
    let yes = |on: bool| if on { "yes" } else { "" }.to_owned();
    let alg = requests.request_object_signing_alg.map(<&str>::from);
    [
        (PUSHED, yes(requests.require_pushed_authorization_requests)),
        (SIGNED, yes(requests.require_signed_request_object)),
        (ALG, alg.unwrap_or_default().to_owned()),
        (URIS, requests.request_uris.join("\n")),
    ]
}

/// The members of the metadata that these fields come to.
pub(super) fn metadata<'a>(
    typed: impl Fn(&str) -> &'a str,
    lines: impl Fn(&str) -> Vec<&'a str>,
) -> Map<String, Value> {
    let alg = Some(typed(ALG)).filter(|alg| !alg.is_empty());
    let members = [
        (PUSHED, json!(!typed(PUSHED).is_empty())),
        (SIGNED, json!(!typed(SIGNED).is_empty())),
        (ALG, json!(alg)),
        (URIS, json!(lines(URIS))),
    ];
    members
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}
