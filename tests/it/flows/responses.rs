//! How answers travel, what discovery promises, and who may read across origins.

use std::collections::BTreeSet;

use lanyard::protocol::client::SigningAlg;
use lanyard::protocol::jose::SigningKey;
use reqwest::Method;
use serde_json::{Value, json};

use super::client_assertions::{assertion, proof_fields};
use super::secret_assertions::by_secret;
use crate::support::{App, House, Landing, Page};

const ORIGIN: [(&str, &str); 1] = [("origin", "https://spa.example")];

/// Conformance: R4, 14.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_post_carries_everything_in_its_form() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let uri = "https://wiki.example/cb?tenant=a&b=%22";
    let wiki = house
        .app_with("wiki", json!({ "redirect_uris": [uri] }))
        .await;
    let browser = house.browser();
    let hostile = "\"><script>alert(1)</script>&amp;\u{e9}";
    let mut ask = wiki
        .ask()
        .with("response_mode", "form_post")
        .with("state", hostile);
    hostile.clone_into(&mut ask.state);
    let page = wiki.send(&browser, &ask).await.page();
    let page = browser.sign_in_at(&page, &alice).await.page();

    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(!policy.contains("form-action"), "{policy}");
    assert_eq!(page.form_action().as_str(), uri);
    assert!(page.body.contains("<form method=\"post\""));
    let names: Vec<_> = page
        .hidden_fields()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["code", "state", "iss"]);
    assert!(!page.body.contains("<script>alert"));
    // Without scripts there is a button; with them, a file of ours presses it.
    assert!(page.body.contains("<button") && page.body.contains("form-post"));
    let code = wiki.code(&App::posted(&page), &ask);
    wiki.redeem(&code, &ask).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_with_codes_are_never_kept_and_never_repeat_a_post() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let page = wiki.send(&browser, &wiki.ask()).await.page();
    let form = [
        ("csrf", page.csrf()),
        ("username", alice.username.clone()),
        ("password", alice.password.clone()),
    ];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let after_password = browser.post(page.form_action().as_str(), &form).await;
    let silent = browser.get(&wiki.ask().url()).await;
    for answer in [after_password, silent] {
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.location().unwrap().as_str().contains("code="));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
    }
}

async fn document(house: &House, path: &str) -> Value {
    let page = house.browser().get(path).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("application/json"));
    assert_eq!(page.header("cache-control"), Some("public, max-age=300"));
    page.json()
}

fn texts(value: &Value) -> Vec<String> {
    let values = value.as_array().unwrap().iter();
    values
        .map(|value| value.as_str().unwrap().to_owned())
        .collect()
}

/// Conformance: R1, R13.
#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_that_discovery_names_answers() {
    let house = House::open().await;
    let openid = document(&house, "/.well-known/openid-configuration").await;
    let oauth = document(&house, "/.well-known/oauth-authorization-server").await;
    assert_eq!(openid["issuer"], house.issuer);
    for (name, member) in oauth.as_object().unwrap() {
        assert_eq!(&openid[name], member, "{name}");
    }
    let mut seen = BTreeSet::new();
    for (name, method, status) in [
        ("authorization_endpoint", Method::GET, 400),
        ("authorization_endpoint", Method::POST, 400),
        ("token_endpoint", Method::POST, 400),
        ("userinfo_endpoint", Method::GET, 401),
        ("userinfo_endpoint", Method::POST, 401),
        ("jwks_uri", Method::GET, 200),
        ("pushed_authorization_request_endpoint", Method::POST, 400),
        ("device_authorization_endpoint", Method::POST, 400),
        ("introspection_endpoint", Method::POST, 400),
        ("revocation_endpoint", Method::POST, 400),
        ("end_session_endpoint", Method::GET, 200),
    ] {
        let url = openid[name].as_str().unwrap();
        assert!(url.starts_with(&house.issuer), "{name}");
        let page = house.browser().request(method.clone(), url, &[]).await;
        let page = match house.browser().follow(page).await {
            Landing::Page(page) => page,
            Landing::Away(url) => panic!("{name} led to {url}"),
        };
        assert_eq!(page.status, status, "{name} {method}");
        seen.insert(name.to_owned());
    }
    let named = openid.as_object().unwrap().keys();
    let named = named.filter(|name| name.ends_with("_endpoint") || *name == "jwks_uri");
    assert_eq!(
        named.cloned().collect::<BTreeSet<_>>(),
        seen,
        "each is walked"
    );
}

/// Conformance: R13, 12, 13.
#[tokio::test(flavor = "multi_thread")]
async fn what_discovery_lists_is_what_happens() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let says = document(&house, "/.well-known/openid-configuration").await;

    let algorithms = texts(&says["id_token_signing_alg_values_supported"]);
    assert_eq!(algorithms, ["RS256", "ES256"]);
    for algorithm in algorithms {
        let metadata = json!({ "id_token_signed_response_alg": algorithm });
        let app = house.app_with(&algorithm, metadata).await;
        let tokens = app.join(&browser).await;
        let header = jsonwebtoken::decode_header(tokens.id_token()).unwrap();
        assert_eq!(json!(header.alg), json!(algorithm));
        let listed = texts(&says["claims_supported"]);
        for claim in tokens.claims.as_object().unwrap().keys() {
            assert!(listed.contains(claim), "{claim}");
        }
        let claims = app.userinfo(tokens.access()).await.json();
        for claim in claims.as_object().unwrap().keys() {
            assert!(listed.contains(claim), "{claim}");
        }
        assert!(texts(&says["acr_values_supported"]).contains(&text(&tokens.claims["acr"])));
    }
    let wiki = house.app("wiki").await;
    for mode in texts(&says["response_modes_supported"]) {
        let ask = wiki
            .ask()
            .with("response_mode", &mode)
            .with("prompt", "none");
        let answer = match wiki.send(&browser, &ask).await {
            Landing::Away(answer) if mode == "fragment" => App::in_fragment(&answer),
            Landing::Away(answer) => answer,
            Landing::Page(page) => App::posted(&page),
        };
        wiki.code(&answer, &ask);
    }
    for prompt in texts(&says["prompt_values_supported"]) {
        let ask = wiki.ask().with("prompt", &prompt);
        let at_once = matches!(wiki.send(&browser, &ask).await, Landing::Away(_));
        assert_eq!(at_once, prompt == "none", "{prompt}");
    }
    for scope in texts(&says["scopes_supported"]) {
        let ask = wiki.ask().with("scope", &format!("openid {scope}"));
        let code = wiki.code(&wiki.send(&browser, &ask).await.away(), &ask);
        let granted = text(&wiki.redeem(&code, &ask).await.answer["scope"]);
        assert!(
            granted.split(' ').any(|granted| granted == scope),
            "{scope}"
        );
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Conformance: R2.
#[tokio::test(flavor = "multi_thread")]
async fn clients_authenticate_in_every_way_that_is_listed() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let says = document(&house, "/.well-known/openid-configuration").await;
    for method in texts(&says["token_endpoint_auth_methods_supported"]) {
        let key = SigningKey::generate(SigningAlg::ES256).unwrap();
        let by_key = method == "private_key_jwt";
        let metadata = json!({
            "jwks": by_key.then(|| json!({ "keys": [key.public().jwk()] })),
            "token_endpoint_auth_method": method,
            "pin_auth_method": method != "none",
            "backchannel_logout_uri": null,
            "redirect_uris": ["https://app.example/cb"],
            "post_logout_redirect_uris": [],
        });
        let app = house.app_with(&method, metadata).await;
        let (code, ask) = app.silently(&browser).await.unwrap();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &app.redirect_uri),
            ("code_verifier", &ask.verifier),
        ];
        let proof = assertion(&house, &key, &app, &json!({}));
        let by_mac = app.secret.as_deref().unwrap_or_default();
        let by_mac = by_secret(&house, &app.client_id, by_mac, &json!({}));
        let answer = if method == "client_secret_jwt" {
            form.extend(proof_fields(&by_mac));
            house.browser().post("/oauth2/token", &form).await
        } else if by_key {
            form.extend(proof_fields(&proof));
            house.browser().post("/oauth2/token", &form).await
        } else if method == "client_secret_post" {
            form.push(("client_id", &app.client_id));
            form.push(("client_secret", app.secret.as_deref().unwrap()));
            house.browser().post("/oauth2/token", &form).await
        } else {
            app.token(&form).await
        };
        assert_eq!(answer.status, 200, "{method}: {}", answer.body);
    }
}

/// Conformance: R1, 16.
#[tokio::test(flavor = "multi_thread")]
async fn only_public_halves_of_distinct_keys_are_published() {
    let house = House::open().await;
    let jwks = document(&house, "/oauth2/jwks").await;
    let keys = jwks["keys"].as_array().unwrap();
    let mut kids = BTreeSet::new();
    for key in keys {
        let members: Vec<_> = key
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut expected = match key["kty"].as_str().unwrap() {
            "RSA" => vec!["alg", "e", "kid", "kty", "n", "use"],
            "EC" => vec!["alg", "crv", "kid", "kty", "use", "x", "y"],
            other => panic!("{other}"),
        };
        expected.sort_unstable();
        let mut members = members;
        members.sort_unstable();
        assert_eq!(members, expected);
        assert_eq!(key["use"], "sig");
        assert!(kids.insert(text(&key["kid"])), "{key}");
    }
    let algorithms: BTreeSet<_> = keys.iter().map(|key| text(&key["alg"])).collect();
    assert_eq!(
        algorithms.into_iter().collect::<Vec<_>>(),
        ["ES256", "RS256"]
    );
}

const OPEN: [&str; 9] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/oauth2/jwks",
    "/oauth2/token",
    "/oauth2/par",
    "/oauth2/userinfo",
    "/oauth2/revoke",
    "/oauth2/device_authorization",
    "/oauth2/register",
];
const CLOSED: [&str; 15] = [
    "/",
    "/account",
    "/account/apps",
    "/device",
    "/device/confirm",
    "/oauth2/authorize",
    "/oauth2/introspect",
    "/oauth2/register/wiki",
    "/oauth2/logout",
    "/oauth2/logout/confirm",
    "/login",
    "/consent",
    "/health/live",
    "/static/lanyard.css",
    "/nowhere",
];

fn cors_headers(page: &Page) -> Vec<&str> {
    let names = page.headers.keys().map(reqwest::header::HeaderName::as_str);
    names
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_read_what_browser_apps_need_and_nothing_else() {
    let house = House::open().await;
    let browser = house.browser();
    // Whatever the answer: a browser app must be able to read a refusal too.
    for path in OPEN {
        for method in [Method::GET, Method::POST, Method::PUT] {
            let page = browser.request(method.clone(), path, &ORIGIN).await;
            let allowed = page.header("access-control-allow-origin");
            assert_eq!(allowed, Some("*"), "{method} {path}");
            assert_eq!(
                page.header("access-control-allow-credentials"),
                None,
                "{path}"
            );
            let exposed = page.header("access-control-expose-headers").unwrap();
            assert!(exposed.contains("WWW-Authenticate"), "{path}");
            assert!(exposed.contains("DPoP-Nonce"), "{path}");
        }
        let mut asks = ORIGIN.to_vec();
        asks.push(("access-control-request-method", "POST"));
        asks.push((
            "access-control-request-headers",
            "authorization,content-type,dpop",
        ));
        let page = browser.request(Method::OPTIONS, path, &asks).await;
        assert_eq!(page.status, 204, "{path}");
        assert_eq!(page.header("access-control-allow-origin"), Some("*"));
        assert_eq!(page.header("access-control-allow-credentials"), None);
        let headers = page.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("Authorization") && headers.contains("Content-Type"));
        assert!(headers.contains("DPoP"));
        let methods = page.header("access-control-allow-methods").unwrap();
        assert!(methods.contains("POST") && methods.contains("GET"));
    }
    for path in CLOSED {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let page = browser.request(method.clone(), path, &ORIGIN).await;
            assert_eq!(cors_headers(&page), Vec::<&str>::new(), "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_in_person_is_nobody_to_other_origins() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    // The cookie is not a token.
    let page = browser
        .request(Method::GET, "/oauth2/userinfo", &ORIGIN)
        .await;
    assert_eq!(page.status, 401);
    assert_eq!(page.header("www-authenticate"), Some("Bearer"));
    let page = browser.request(Method::GET, "/account", &ORIGIN).await;
    assert_eq!(cors_headers(&page), Vec::<&str>::new());
}

/// Conformance: 19.
#[tokio::test(flavor = "multi_thread")]
async fn machines_are_answered_in_json_whatever_they_send() {
    let house = House::open().await;
    let browser = house.browser();
    let huge = "h".repeat(70 * 1024);
    for path in [
        "/oauth2/token",
        "/oauth2/userinfo",
        "/oauth2/introspect",
        "/oauth2/revoke",
        "/oauth2/device_authorization",
    ] {
        let big = browser.post(path, &[("token", &huge)]).await;
        assert_eq!(big.status, 413, "{path}");
        let put = browser.request(Method::PUT, path, &[]).await;
        assert_eq!(put.status, 405, "{path}");
        assert!(put.header("allow").unwrap().contains("POST"), "{path}");
        let json = [("content-type", "application/json")];
        let json = browser.request(Method::POST, path, &json).await;
        for page in [big, put, json] {
            assert_eq!(
                page.header("content-type"),
                Some("application/json"),
                "{path}"
            );
            assert!(page.json()["error"].is_string(), "{path}");
            assert_eq!(page.header("cache-control"), Some("no-store"));
        }
    }
}
