//! Tokens by way of the browser (Core 1.0, 3.2 and 3.3): the implicit flow and the hybrids, for the
//! clients that are allowed them, where the house gives any.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lanyard::entropy::sha256;
use serde_json::{Value, json};
use url::Url;

use crate::support::app::{Ask, value};
use crate::support::{App, Browser, House, Landing};

const KINDS: [&str; 5] = [
    "id_token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
];

async fn open() -> House {
    House::open_with(&[("PROTOCOL__FRONT_CHANNEL_TOKENS", "on")]).await
}

async fn old_app(house: &House, id: &str) -> App {
    let mut types = KINDS.to_vec();
    types.push("code");
    let metadata = json!({
        "grant_types": ["authorization_code", "refresh_token", "implicit"],
        "response_types": types,
    });
    house.app_with(id, metadata).await
}

/// What a signed-in browser brings back in the fragment.
async fn brought(app: &App, browser: &Browser, ask: &Ask) -> Url {
    App::in_fragment(&app.send(browser, ask).await.away())
}

fn has(kind: &str, word: &str) -> bool {
    kind.split(' ').any(|own| own == word)
}

fn left_half(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&sha256(token.as_bytes())[..16])
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_house_nor_client_gives_tokens_to_browsers_unless_it_was_said() {
    let (closed, opened) = (House::open().await, open().await);
    for (house, expected) in [
        (&closed, "unsupported_response_type"),
        (&opened, "unauthorized_client"),
    ] {
        let browser = house.browser();
        browser.sign_in(&house.person("alice").await).await;
        let wiki = house.app("wiki").await;
        let old = old_app(house, "old").await;
        for kind in KINDS {
            let ask = wiki.ask().with("response_type", kind);
            let answer = brought(&wiki, &browser, &ask).await;
            assert_eq!(wiki.error(&answer, &ask), expected, "{kind}");
        }
        let ask = old.ask().with("response_type", "token");
        let answer = brought(&old, &browser, &ask).await;
        assert_eq!(old.error(&answer, &ask), "unsupported_response_type");
    }
    let ask = old_app(&closed, "older").await.ask();
    let ask = ask.with("response_type", "id_token");
    let browser = closed.browser();
    let answer = browser.go(&ask.url()).await.away();
    let answer = App::in_fragment(&answer);
    let error = value(&answer, "error");
    assert_eq!(error.as_deref(), Some("unsupported_response_type"));
}

/// Conformance: 5.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_needs_a_nonce_and_nothing_goes_into_a_query() {
    let house = open().await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let old = old_app(&house, "old").await;
    for kind in KINDS {
        let bare = old.ask().with("response_type", kind).with("nonce", "");
        let answer = brought(&old, &browser, &bare).await;
        if has(kind, "id_token") {
            assert_eq!(old.error(&answer, &bare), "invalid_request", "{kind}");
        } else {
            old.code(&answer, &bare);
        }
        let ask = old.ask().with("response_type", kind);
        let in_query = ask.clone().with("response_mode", "query");
        let answer = brought(&old, &browser, &in_query).await;
        assert_eq!(
            old.error(&answer, &ask.clone()),
            "invalid_request",
            "{kind}"
        );
        // Errors of the person's own doing go the same way.
        let stranger = house.browser();
        let silent = ask.with("prompt", "none");
        let answer = brought(&old, &stranger, &silent).await;
        assert_eq!(old.error(&answer, &silent), "login_required", "{kind}");
    }
}

/// Conformance: R4, R9, R10, 17.
#[tokio::test(flavor = "multi_thread")]
async fn each_response_type_brings_what_its_words_say() {
    let house = open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let old = old_app(&house, "old").await;
    for kind in KINDS {
        for mode in ["", "fragment", "form_post"] {
            let ask = old
                .ask()
                .with("response_type", kind)
                .with("response_mode", mode);
            let answer = match old.send(&browser, &ask).await {
                Landing::Away(answer) => App::in_fragment(&answer),
                Landing::Page(page) => App::posted(&page),
            };
            let why = format!("{kind} {mode}");
            assert_eq!(value(&answer, "error"), None, "{why}: {answer}");
            assert_eq!(value(&answer, "state").as_deref(), Some(&*ask.state));
            assert_eq!(value(&answer, "iss").as_deref(), Some(&*house.issuer));
            expect_all(&old, kind, &answer, &ask).await;
        }
    }
}

/// Whatever one answer brings is there, bound together, and good.
async fn expect_all(old: &App, kind: &str, answer: &Url, ask: &Ask) {
    let code = value(answer, "code");
    let token = value(answer, "access_token");
    let id_token = value(answer, "id_token");
    assert_eq!(code.is_some(), has(kind, "code"), "{kind}");
    assert_eq!(token.is_some(), has(kind, "token"), "{kind}");
    assert_eq!(id_token.is_some(), has(kind, "id_token"), "{kind}");
    let mut subjects = Vec::new();
    if let Some(id_token) = &id_token {
        let claims = old.verify(id_token, "JWT").await;
        assert_eq!(claims["nonce"], json!(ask.nonce), "{kind}");
        let at_hash = token.as_deref().map(left_half);
        assert_eq!(claims.get("at_hash"), at_hash.map(Value::from).as_ref());
        let c_hash = code.as_deref().map(left_half);
        assert_eq!(claims.get("c_hash"), c_hash.map(Value::from).as_ref());
        // Only where there is no access token to ask by.
        let told = claims.get("email").is_some() && claims.get("name").is_some();
        assert_eq!(told, kind == "id_token", "{claims}");
        subjects.push(claims["sub"].clone());
    }
    if let Some(token) = &token {
        assert_eq!(value(answer, "token_type").as_deref(), Some("Bearer"));
        assert_eq!(value(answer, "expires_in").as_deref(), Some("300"));
        let scope = value(answer, "scope");
        assert_eq!(scope.as_deref(), Some("openid profile email"));
        let told = old.userinfo(token).await;
        assert_eq!(told.status, 200, "{kind}");
        subjects.push(told.json()["sub"].clone());
    }
    if let Some(code) = &code {
        let tokens = old.redeem(code, ask).await;
        assert!(tokens.claims.get("c_hash").is_none());
        subjects.push(tokens.claims["sub"].clone());
    }
    subjects.dedup();
    assert_eq!(subjects.len(), 1, "{kind}: {subjects:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_access_token_ends_with_the_session_or_the_clients_part() {
    let house = open().await;
    let alice = house.person("alice").await;
    let old = old_app(&house, "old").await;
    for whole in [true, false] {
        let browser = house.browser();
        browser.sign_in(&alice).await;
        let ask = old.ask().with("response_type", "id_token token");
        let answer = brought(&old, &browser, &ask).await;
        let token = value(&answer, "access_token").unwrap();
        assert_eq!(old.introspect(&token).await["active"], true);
        let session = house.session_of(&alice).await;
        if whole {
            house.end(session).await;
        } else {
            house.end_client(session, &old).await;
        }
        assert_eq!(old.userinfo(&token).await.status, 401);
        assert_eq!(old.introspect(&token).await["active"], false);
        let id_token = value(&answer, "id_token").unwrap();
        let sid = old.verify(&id_token, "JWT").await["sid"].clone();
        old.expect_signed_out(sid.as_str().unwrap()).await;
        if !whole {
            house.end(session).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_access_token_lives_for_minutes_outlives_a_restart_and_cannot_be_renewed() {
    let mut house = open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let old = old_app(&house, "old").await;
    let ask = old
        .ask()
        .with("response_type", "code token")
        .with("scope", "openid offline_access");
    let answer = brought(&old, &browser, &ask).await;
    let token = value(&answer, "access_token").unwrap();
    assert_eq!(value(&answer, "scope").as_deref(), Some("openid"));
    assert_eq!(value(&answer, "refresh_token"), None);
    house.reopen().await;
    assert_eq!(old.userinfo(&token).await.status, 200);
    house.advance(Duration::from_mins(5));
    assert_eq!(old.userinfo(&token).await.status, 401);
}

/// Conformance: 15.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_use_of_the_code_ends_what_it_yielded_and_nothing_else() {
    let house = open().await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let old = old_app(&house, "old").await;
    let ask = old.ask().with("response_type", "code token");
    let answer = brought(&old, &browser, &ask).await;
    let code = old.code(&answer, &ask);
    let tokens = old.redeem(&code, &ask).await;
    assert_eq!(old.try_redeem(&code, &ask).await.status, 400);
    assert_eq!(old.userinfo(tokens.access()).await.status, 401);
    let front = value(&answer, "access_token").unwrap();
    assert_eq!(old.userinfo(&front).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_short_lived_tokens_push_no_refresh_token_out() {
    let house = open().await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let old = old_app(&house, "old").await;
    let mut tokens = old.join(&browser).await;
    for _ in 0..20 {
        let ask = old.ask().with("response_type", "id_token token");
        let answer = brought(&old, &browser, &ask).await;
        assert!(value(&answer, "access_token").is_some());
        house.advance(Duration::from_mins(1));
        tokens = old.refresh(tokens.refresh()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_names_them_only_where_they_are_given() {
    let (closed, opened) = (House::open().await, open().await);
    for (house, given) in [(&closed, false), (&opened, true)] {
        for path in [
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
        ] {
            let says = house.browser().get(path).await.json();
            let kinds = says["response_types_supported"].as_array().unwrap();
            assert_eq!(kinds.len(), if given { 6 } else { 1 });
            let grants = says["grant_types_supported"].as_array().unwrap();
            assert_eq!(grants.contains(&json!("implicit")), given);
        }
    }
}
