use proptest::prelude::*;
use serde_json::{Value, json};

use super::rules::MAX_PREFERENCES;
use super::*;
use crate::entropy::ClientId;
use crate::protocol::client_metadata;
use crate::protocol::error::ErrorCode;

mod properties;

const CALLBACK: &str = "https://wiki.example.com/cb";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client(changes: Value) -> Client {
    let mut metadata = json!({
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
    });
    if let (Some(metadata), Value::Object(changes)) = (metadata.as_object_mut(), changes) {
        metadata.extend(changes);
    }
    client_metadata::parse(&metadata, ClientId::new("wiki")).unwrap()
}

fn wiki() -> Client {
    client(json!({}))
}

/// A good request with changes; a change to "" takes the parameter away, "+name" adds another.
fn request(changes: &[(&str, &str)]) -> Unchecked {
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", "wiki"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "st"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        if let Some(name) = name.strip_prefix('+') {
            pairs.push((name, value));
        } else {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
    }
    Unchecked::new(Params::from_pairs(pairs).unwrap())
}

fn checked(client: &Client, changes: &[(&str, &str)]) -> Result<Checked, Refusal> {
    checked_by(Features::default(), client, changes)
}

fn checked_by(
    features: Features,
    client: &Client,
    changes: &[(&str, &str)],
) -> Result<Checked, Refusal> {
    let request = request(changes).for_client(client).unwrap();
    judged(request, client, features)
}

fn judged(request: ForClient, client: &Client, features: Features) -> Result<Checked, Refusal> {
    let own = CustomClaims::default();
    let house = House {
        features,
        own: &own,
    };
    request.check(client, house, Origin::default())
}

const FRONT_CHANNEL: Features = Features {
    check_iframe: false,
    registration: false,
    front_channel_tokens: true,
    request_uri: false,
    unsigned_request_objects: false,
    require_pushed_requests: false,
    dpop_without_nonce: false,
};

/// Allowed every response type.
fn old() -> Client {
    client(json!({
        "grant_types": ["authorization_code", "refresh_token", "implicit"],
        "response_types": ResponseType::ALL,
    }))
}

type Changes = &'static [(&'static str, &'static str)];

const EVIL: &str = "https://evil.example/cb";

const UNTRUSTED: &[(Changes, Untrusted)] = &[
    (&[("client_id", "")], Untrusted::MissingClientId),
    (&[("client_id", "shop")], Untrusted::UnknownClient),
    (&[("client_id", "WIKI")], Untrusted::UnknownClient),
    (&[("+client_id", "wiki")], Untrusted::Repeated("client_id")),
    (&[("redirect_uri", "")], Untrusted::MissingRedirectUri),
    (
        &[("redirect_uri", ""), ("scope", "email openid")],
        Untrusted::MissingRedirectUri,
    ),
    (
        &[("redirect_uri", EVIL)],
        Untrusted::UnregisteredRedirectUri,
    ),
    (
        &[("redirect_uri", "javascript:alert(1)")],
        Untrusted::UnregisteredRedirectUri,
    ),
    (
        &[("redirect_uri", EVIL), ("prompt", "none")],
        Untrusted::UnregisteredRedirectUri,
    ),
    (
        &[("redirect_uri", EVIL), ("request", "x")],
        Untrusted::UnregisteredRedirectUri,
    ),
    (
        &[("+redirect_uri", EVIL)],
        Untrusted::Repeated("redirect_uri"),
    ),
    (
        &[("+redirect_uri", CALLBACK)],
        Untrusted::Repeated("redirect_uri"),
    ),
];

#[test]
fn what_cannot_be_trusted_never_redirects() {
    for (changes, expected) in UNTRUSTED {
        let error = request(changes).for_client(&wiki()).unwrap_err();
        assert_eq!(error, *expected, "{changes:?}");
    }
    let off = Client {
        enabled: false,
        ..wiki()
    };
    assert_eq!(
        request(&[]).for_client(&off).unwrap_err(),
        Untrusted::DisabledClient
    );
    let two = client(json!({"redirect_uris": [CALLBACK, "https://wiki.example.com/b"]}));
    let plain = request(&[("redirect_uri", ""), ("scope", "email")]);
    assert_eq!(
        plain.for_client(&two).unwrap_err(),
        Untrusted::MissingRedirectUri
    );
}

#[test]
fn what_breaks_a_rule_is_told_to_the_client() {
    use ErrorCode as E;
    let long = "a".repeat(3000);
    let cases: &[(&[(&str, &str)], E)] = &[
        (&[("+state", "other")], E::InvalidRequest),
        (&[("+scope", "profile")], E::InvalidRequest),
        (&[("+nonce", "a"), ("+nonce", "b")], E::InvalidRequest),
        (&[("request", "eyJ")], E::RequestNotSupported),
        (
            &[("request_uri", "https://wiki.example.com/r")],
            E::RequestUriNotSupported,
        ),
        (&[("registration", "{}")], E::RegistrationNotSupported),
        (&[("response_type", "")], E::InvalidRequest),
        (&[("response_type", "token")], E::UnsupportedResponseType),
        (&[("response_type", "id_token")], E::UnsupportedResponseType),
        (
            &[("response_type", "code id_token")],
            E::UnsupportedResponseType,
        ),
        (&[("response_type", "none")], E::UnsupportedResponseType),
        (&[("response_type", "Code")], E::UnsupportedResponseType),
        (&[("response_mode", "web_message")], E::InvalidRequest),
        (&[("prompt", "none login")], E::InvalidRequest),
        (&[("scope", "openid \"")], E::InvalidScope),
        (&[("max_age", "-1")], E::InvalidRequest),
        (&[("max_age", "+1")], E::InvalidRequest),
        (&[("max_age", "1.5")], E::InvalidRequest),
        (&[("max_age", "soon")], E::InvalidRequest),
        (&[("max_age", "99999999999999999999")], E::InvalidRequest),
        (
            &[("code_challenge", ""), ("code_challenge_method", "")],
            E::InvalidRequest,
        ),
        (&[("code_challenge", "")], E::InvalidRequest),
        (&[("code_challenge_method", "")], E::InvalidRequest),
        (&[("code_challenge_method", "plain")], E::InvalidRequest),
        (&[("code_challenge", "short")], E::InvalidRequest),
        (&[("resource", "api")], E::InvalidTarget),
        (
            &[("resource", "https://api.example.com/#x")],
            E::InvalidTarget,
        ),
        (
            &[("resource", "urn:api"), ("+resource", "/api")],
            E::InvalidTarget,
        ),
        (&[("state", &long)], E::InvalidRequest),
        (&[("nonce", &long)], E::InvalidRequest),
    ];
    for (changes, code) in cases {
        let refusal = checked(&wiki(), changes).unwrap_err();
        assert_eq!(refusal.error.code, *code, "{changes:?}");
        assert_eq!(refusal.target.redirect_uri, CALLBACK);
    }
}

#[test]
fn the_first_broken_rule_is_named() {
    use ErrorCode as E;
    let cases: &[(&[(&str, &str)], E)] = &[
        (
            &[("request", "x"), ("response_type", "token")],
            E::RequestNotSupported,
        ),
        (
            &[("request", "x"), ("request_uri", "y")],
            E::RequestNotSupported,
        ),
        (
            &[("response_type", "token"), ("response_mode", "x")],
            E::UnsupportedResponseType,
        ),
        (
            &[("response_type", "token"), ("scope", "\"")],
            E::UnsupportedResponseType,
        ),
        (
            &[("prompt", "none login"), ("scope", "\"")],
            E::InvalidRequest,
        ),
        (&[("+state", "b"), ("request", "x")], E::InvalidRequest),
    ];
    for (changes, code) in cases {
        assert_eq!(
            checked(&wiki(), changes).unwrap_err().error.code,
            *code,
            "{changes:?}"
        );
    }
}

#[test]
fn errors_travel_in_the_mode_that_the_client_reads() {
    use ResponseMode::{FormPost, Fragment, Query};
    let cases: &[(&[(&str, &str)], ResponseMode)] = &[
        (&[("response_type", "")], Query),
        (
            &[("response_type", ""), ("response_mode", "form_post")],
            FormPost,
        ),
        (&[("response_type", "none")], Query),
        (&[("response_type", "token")], Fragment),
        (&[("response_type", "code id_token")], Fragment),
        (
            &[("response_type", "id_token"), ("response_mode", "query")],
            Fragment,
        ),
        (
            &[
                ("response_type", "id_token"),
                ("response_mode", "form_post"),
            ],
            FormPost,
        ),
        (&[("response_mode", "fragment"), ("max_age", "x")], Fragment),
        (&[("response_mode", "jwt")], Query),
        (
            &[("response_mode", "form_post"), ("max_age", "x")],
            FormPost,
        ),
        (&[("response_mode", "query"), ("max_age", "x")], Query),
    ];
    for (changes, mode) in cases {
        let refusal = checked(&wiki(), changes).unwrap_err();
        assert_eq!(refusal.target.mode, *mode, "{changes:?}");
        assert_eq!(refusal.target.state.as_deref(), Some("st"));
    }
    let repeated = checked(&wiki(), &[("+state", "other")]).unwrap_err();
    assert_eq!(repeated.target.state, None);
}

#[test]
fn tokens_by_way_of_the_browser_have_rules_of_their_own() {
    use ErrorCode as E;
    let nonce = ("nonce", "n");
    let kind = |kind| ("response_type", kind);
    let cases: &[(&[(&str, &str)], E)] = &[
        (&[kind("id_token")], E::InvalidRequest),
        (&[kind("id_token token")], E::InvalidRequest),
        (&[kind("code id_token")], E::InvalidRequest),
        (&[kind("code id_token token")], E::InvalidRequest),
        (
            &[kind("id_token"), nonce, ("response_mode", "query")],
            E::InvalidRequest,
        ),
        (
            &[kind("code token"), ("response_mode", "query")],
            E::InvalidRequest,
        ),
        (
            &[kind("id_token"), nonce, ("scope", "email")],
            E::InvalidScope,
        ),
        (&[kind("token")], E::UnsupportedResponseType),
        (
            &[kind("code id_token"), nonce, ("code_challenge", "")],
            E::InvalidRequest,
        ),
    ];
    for (changes, code) in cases {
        let refusal = checked_by(FRONT_CHANNEL, &old(), changes).unwrap_err();
        assert_eq!(refusal.error.code, *code, "{changes:?}");
        assert_eq!(refusal.target.mode, ResponseMode::Fragment, "{changes:?}");
    }
    for kind in ResponseType::ALL {
        let changes = [("response_type", kind.as_str()), nonce];
        let checked = checked_by(FRONT_CHANNEL, &old(), &changes).unwrap();
        assert_eq!(checked.response_type, kind);
        let expected = match kind {
            ResponseType::Code => ResponseMode::Query,
            _ => ResponseMode::Fragment,
        };
        assert_eq!(checked.target.mode, expected, "{kind:?}");
        // Where there is no code, there is nothing for a verifier to prove.
        let bare = [
            changes[0],
            nonce,
            ("code_challenge", ""),
            ("code_challenge_method", ""),
        ];
        let answer = checked_by(FRONT_CHANNEL, &old(), &bare);
        assert_eq!(answer.is_err(), kind.has_code(), "{kind:?}");
        let offline = [changes[0], nonce, ("scope", "openid offline_access")];
        let scope = checked_by(FRONT_CHANNEL, &old(), &offline).unwrap().scope;
        assert_eq!(
            scope.contains("offline_access"),
            kind.has_code(),
            "{kind:?}"
        );
    }
}

#[test]
fn tokens_by_way_of_the_browser_need_the_house_and_the_client() {
    for kind in ResponseType::ALL {
        let changes = [("response_type", kind.as_str()), ("nonce", "n")];
        if kind == ResponseType::Code {
            continue;
        }
        let refusal = checked(&old(), &changes).unwrap_err();
        assert_eq!(refusal.error.code, ErrorCode::UnsupportedResponseType);
        let refusal = checked_by(FRONT_CHANNEL, &wiki(), &changes).unwrap_err();
        assert_eq!(refusal.error.code, ErrorCode::UnauthorizedClient);
        // Each by itself: another of them is no permission.
        let mut other = old();
        other.response_types.retain(|own| *own != kind);
        let refusal = checked_by(FRONT_CHANNEL, &other, &changes).unwrap_err();
        assert_eq!(refusal.error.code, ErrorCode::UnauthorizedClient);
    }
}

#[test]
fn a_client_has_its_own_limits() {
    use ErrorCode as E;
    let bare: &[(&str, &str)] = &[("code_challenge", ""), ("code_challenge_method", "")];
    let public = client(json!({"token_endpoint_auth_method": "none"}));
    let let_off = Client {
        require_pkce: false,
        ..public.clone()
    };
    let no_code = client(json!({"grant_types": [], "response_types": []}));
    let listed = client(json!({"scope": "email profile"}));
    let cases = [
        (&public, bare, E::InvalidRequest),
        (&let_off, bare, E::InvalidRequest),
        (&no_code, &[], E::UnauthorizedClient),
        (&listed, &[], E::InvalidScope),
    ];
    for (client, changes, code) in cases {
        assert_eq!(checked(client, changes).unwrap_err().error.code, code);
    }
    let confidential = client(json!({"require_pkce": false}));
    assert_eq!(checked(&confidential, bare).unwrap().challenge, None);
    let sent = checked(&confidential, &[]).unwrap().challenge.unwrap();
    assert_eq!(sent.as_str(), CHALLENGE);
}

#[test]
fn a_good_request_is_kept_whole() {
    let nonce = "n-._~".repeat(76);
    let changes = [
        ("nonce", nonce.as_str()),
        ("prompt", "login consent"),
        ("max_age", "0"),
        ("login_hint", "alice"),
        ("id_token_hint", "a.b.c"),
        ("acr_values", "urn:a  urn:b"),
        ("ui_locales", "de en"),
        ("display", "page"),
        ("claims", "{}"),
        ("unknown", "1"),
        ("+unknown", "2"),
        ("+resource", "https://api.example.com/?v=1"),
        ("+resource", "urn:example:api"),
        ("+resource", "urn:example:api"),
    ];
    let checked = checked(&wiki(), &changes).unwrap();
    assert_eq!(checked.client_id.as_str(), "wiki");
    assert_eq!(checked.scope.to_string(), "openid email");
    assert_eq!(checked.nonce.as_deref(), Some(nonce.as_str()));
    assert!(checked.prompt.login() && checked.prompt.consent());
    assert_eq!(checked.max_age, Some(0));
    assert_eq!(checked.login_hint.as_deref(), Some("alice"));
    assert_eq!(checked.id_token_hint.as_deref(), Some("a.b.c"));
    assert_eq!(checked.acr_values, ["urn:a", "urn:b"]);
    assert_eq!(checked.ui_locales, ["de", "en"]);
    assert_eq!(
        checked.resources,
        ["https://api.example.com/?v=1", "urn:example:api"]
    );
    assert!(checked.redirect_uri_given);
    let json = serde_json::to_string(&checked).unwrap();
    assert_eq!(serde_json::from_str::<Checked>(&json).unwrap(), checked);
}

#[test]
fn what_is_left_out_gets_its_default() {
    let client = client(json!({"default_max_age": 60, "grant_types": ["authorization_code"]}));
    let changes = [
        ("redirect_uri", ""),
        ("scope", "email offline_access wiki:read"),
        ("state", ""),
        ("login_hint", &"a".repeat(400)),
    ];
    let checked = checked(&client, &changes).unwrap();
    assert_eq!(checked.target.redirect_uri, CALLBACK);
    assert_eq!(checked.target.state, None);
    assert!(!checked.redirect_uri_given);
    assert_eq!(checked.scope.to_string(), "email");
    assert_eq!(checked.max_age, Some(60));
    assert_eq!(checked.nonce, None);
    assert_eq!(checked.login_hint, None);
    assert!(checked.resources.is_empty() && checked.acr_values.is_empty());
}

#[test]
fn preferences_are_bounded_and_resources_too() {
    let many = "x ".repeat(100);
    let kept = checked(&wiki(), &[("acr_values", &many)]).unwrap();
    assert_eq!(kept.acr_values.len(), MAX_PREFERENCES);
    let uris: Vec<String> = (0..9).map(|n| format!("urn:a:{n}")).collect();
    let changes: Vec<_> = uris.iter().map(|uri| ("+resource", uri.as_str())).collect();
    assert_eq!(
        checked(&wiki(), &changes).unwrap_err().error.code,
        ErrorCode::InvalidTarget
    );
}

proptest! {
    #[test]
    fn whatever_comes_an_answer_only_goes_to_a_registered_place(
        pairs in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "response_type", "client_id", "redirect_uri", "scope", "state", "prompt",
                    "response_mode", "code_challenge", "code_challenge_method", "max_age",
                ]),
                prop::sample::select(vec![
                    "", "code", "token", "wiki", CALLBACK, "https://evil.example/", "openid",
                    "none", "none login", "query", "fragment", CHALLENGE, "S256", "7", "\"",
                ]),
            ),
            0..12,
        )
    ) {
        let client = wiki();
        let request = Unchecked::new(Params::from_pairs(pairs).unwrap());
        if let Ok(request) = request.for_client(&client) {
            let target = match judged(request, &client, Features::default()) {
                Ok(checked) => {
                    prop_assert!(checked.challenge.is_some());
                    prop_assert_eq!(checked.response_type, ResponseType::Code);
                    checked.target
                }
                Err(refusal) => refusal.target,
            };
            prop_assert_eq!(target.redirect_uri, CALLBACK);
        }
    }
}
