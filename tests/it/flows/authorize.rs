//! The authorization endpoint: who may be redirected, what is refused and how, and what of a
//! request comes through to the tokens.

use lanyard::entropy::ClientId;
use reqwest::Method;
use serde_json::json;

use crate::support::app::{Ask, value};
use crate::support::{App, Browser, House, Landing, Page, Person};

const HEADING: &str = "This sign-in can’t go on";

/// Someone signed in, as then every slip would yield a code at once.
async fn signed_in(house: &House) -> Browser {
    let alice = house.person("alice").await;
    signed_in_as(house, &alice).await
}

async fn signed_in_as(house: &House, person: &Person) -> Browser {
    let browser = house.browser();
    browser.sign_in(person).await;
    browser
}

/// The request once by GET and once by POST.
async fn both_ways(browser: &Browser, ask: &Ask) -> [Page; 2] {
    let form: Vec<_> = ask
        .parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    [
        browser.get(&ask.url()).await,
        browser.post("/oauth2/authorize", &form).await,
    ]
}

fn doubled(ask: &Ask, name: &str, value: &str) -> Ask {
    let mut ask = ask.clone();
    ask.parameters.push((name.to_owned(), value.to_owned()));
    ask
}

fn expect_page(page: &Page, why: &str) {
    assert_eq!(page.status, 400, "{why}");
    assert_eq!(page.location(), None, "{why}");
    assert_eq!(page.heading(), HEADING, "{why}");
    let (_, rest) = page.body.split_once("reference  ").unwrap();
    let reference: Vec<_> = rest.lines().next().unwrap().split('-').collect();
    assert_eq!(reference.len(), 2, "{why}: {reference:?}");
    assert!(reference.iter().all(|part| part.len() == 4), "{why}");
    assert!(page.header_all("set-cookie").is_empty(), "{why}");
}

/// Conformance: 2.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_app_is_answered_by_a_page() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    let ask = wiki.ask();
    for (why, ask) in [
        ("no client_id", ask.clone().with("client_id", "")),
        ("unknown", ask.clone().with("client_id", "nobody")),
        ("another case", ask.clone().with("client_id", "Wiki")),
        ("long", ask.clone().with("client_id", &"w".repeat(4000))),
        (
            "hostile",
            ask.clone().with("client_id", "<script>alert(1)</script>"),
        ),
        ("twice", doubled(&ask, "client_id", "wiki")),
    ] {
        for page in both_ways(&browser, &ask).await {
            expect_page(&page, why);
            assert!(page.shows("app        unknown"), "{why}");
            assert!(!page.body.contains("<script>alert"), "{why}");
        }
    }
}

/// Conformance: 2.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_uri_that_is_not_registered_is_never_followed() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    let ask = wiki.ask();
    let own = wiki.redirect_uri.clone();
    let port = own.split(':').nth(2).unwrap().split('/').next().unwrap();
    let tricky = [
        format!("{own}/"),
        format!("{own}?x=1"),
        format!("{own}#"),
        format!("{own}#x"),
        format!("{own}/../callback"),
        format!("{own}%2F"),
        format!("{own} "),
        format!("{own}\r\nSet-Cookie: a=b"),
        own.replace("/callback", "/Callback"),
        own.replace("/callback", "/%63allback"),
        own.replace("/callback", ""),
        own.replace("localhost", "LOCALHOST"),
        own.replace("localhost", "127.0.0.1"),
        own.replace("localhost", "localhost.evil.example"),
        own.replace("localhost", "evil.localhost"),
        own.replace("http://", "http://evil.example@"),
        own.replace("http://", "http://localhost@evil.example\\@"),
        own.replace("http://", "https://"),
        own.replace("http://", "HTTP://"),
        // A web client has one port; only native ones may vary it.
        own.replace(port, "9"),
        "javascript:alert(1)//callback".to_owned(),
        "data:text/html,x".to_owned(),
        "//evil.example/callback".to_owned(),
        "/callback".to_owned(),
        "https://evil.example/callback".to_owned(),
    ];
    for uri in &tricky {
        for page in both_ways(&browser, &ask.clone().with("redirect_uri", uri)).await {
            expect_page(&page, uri);
            assert!(page.shows("wiki (client_id wiki)"), "{uri}");
            assert!(!page.body.contains("evil.example"), "{uri}");
        }
    }
    for (why, ask) in [
        ("missing", ask.clone().with("redirect_uri", "")),
        ("twice", doubled(&ask, "redirect_uri", &own)),
        (
            "twice, with a second one",
            doubled(&ask, "redirect_uri", "https://evil.example/"),
        ),
    ] {
        for page in both_ways(&browser, &ask).await {
            expect_page(&page, why);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_app_is_answered_by_a_page_and_so_is_one_disabled_meanwhile() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = signed_in_as(&house, &alice).await;
    let wiki = house.app("wiki").await;
    let waiting = house.browser();
    let sign_in = wiki.send(&waiting, &wiki.ask()).await.page();
    wiki.join(&browser).await;

    let record = house.provider().record();
    let id = ClientId::new("wiki");
    let mut client = record.client(&id).await.unwrap().unwrap();
    client.enabled = false;
    record.upsert_client(&client).await.unwrap();
    house.settled().await;
    House::until("the change is followed", || async {
        let known = house.provider().client(&id).await.unwrap();
        known.is_some_and(|client| !client.enabled)
    })
    .await;

    for page in both_ways(&browser, &wiki.ask()).await {
        expect_page(&page, "disabled");
        assert!(page.shows("This app is switched off"));
    }
    let page = waiting.sign_in_at(&sign_in, &alice).await.page();
    assert_eq!(page.heading(), HEADING);
    assert_eq!(page.location(), None);
}

/// What is wrong with a request: a name, what is set (empty: taken away; after a plus: sent once
/// more), and the code that says so.
pub(super) type Refusal = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

pub(super) const REFUSALS: &[Refusal] = &[
    ("claims", &[("claims", "{")], "invalid_request"),
    (
        "claims nested",
        &[("claims", "{\"a\":[[[[[[1]]]]]]}")],
        "invalid_request",
    ),
    (
        "essential acr",
        &[(
            "claims",
            "{\"id_token\":{\"acr\":{\"essential\":true,\"value\":\"gold\"}}}",
        )],
        "unmet_authentication_requirements",
    ),
    (
        "claims with a sub that is none",
        &[("claims", "{\"userinfo\":{\"sub\":{\"values\":7}}}")],
        "invalid_request",
    ),
    ("no type", &[("response_type", "")], "invalid_request"),
    (
        "none",
        &[("response_type", "none")],
        "unsupported_response_type",
    ),
    (
        "CODE",
        &[("response_type", "CODE")],
        "unsupported_response_type",
    ),
    (
        "registration",
        &[("registration", "{}")],
        "registration_not_supported",
    ),
    (
        "no PKCE",
        &[("code_challenge", ""), ("code_challenge_method", "")],
        "invalid_request",
    ),
    ("no challenge", &[("code_challenge", "")], "invalid_request"),
    (
        "plain",
        &[("code_challenge_method", "plain")],
        "invalid_request",
    ),
    (
        "plain by default",
        &[("code_challenge_method", "")],
        "invalid_request",
    ),
    (
        "unknown method",
        &[("code_challenge_method", "S512")],
        "invalid_request",
    ),
    (
        "short challenge",
        &[("code_challenge", "abc")],
        "invalid_request",
    ),
    ("none login", &[("prompt", "none login")], "invalid_request"),
    ("max_age text", &[("max_age", "soon")], "invalid_request"),
    ("max_age -1", &[("max_age", "-1")], "invalid_request"),
    ("scope", &[("scope", "openid \"x\"")], "invalid_scope"),
    ("resource", &[("resource", "nowhere")], "invalid_target"),
    (
        "hint",
        &[("id_token_hint", "e30.e30.e30")],
        "invalid_request",
    ),
    ("scope twice", &[("+scope", "openid")], "invalid_request"),
    (
        "prompt twice",
        &[("prompt", "none"), ("+prompt", "login")],
        "invalid_request",
    ),
    (
        "challenge twice",
        &[("+code_challenge", "x")],
        "invalid_request",
    ),
];

pub(super) fn changed(ask: Ask, changes: &[(&str, &str)]) -> Ask {
    changes
        .iter()
        .fold(ask, |ask, (name, value)| match name.strip_prefix('+') {
            Some(name) => doubled(&ask, name, value),
            None => ask.with(name, value),
        })
}

async fn expect_error(app: &App, browser: &Browser, ask: &Ask, expected: &str, why: &str) {
    for page in both_ways(browser, ask).await {
        assert_eq!(page.status, 303, "{why}: {}", page.body);
        let answer = page.location().unwrap();
        assert_eq!(app.error(&answer, ask), expected, "{why}");
        let told = value(&answer, "error_description").unwrap();
        let plain = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
        assert!(!told.is_empty() && told.chars().all(plain), "{why}: {told}");
        assert_eq!(answer.fragment(), None, "{why}");
    }
}

/// Conformance: 3, R5.
#[tokio::test(flavor = "multi_thread")]
async fn every_later_error_goes_back_to_the_app_in_its_mode() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    for (why, changes, expected) in REFUSALS {
        let ask = changed(wiki.ask(), changes);
        expect_error(&wiki, &browser, &ask, expected, why).await;
        let ask = ask.with("response_mode", "form_post");
        for page in both_ways(&browser, &ask).await {
            assert_eq!(page.status, 200, "{why}: {}", page.body);
            assert_eq!(page.form_action().as_str(), wiki.redirect_uri, "{why}");
            assert_eq!(wiki.error(&App::posted(&page), &ask), *expected, "{why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_about_the_mode_or_a_length_goes_into_the_query() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    let padded = format!("{}=", "a".repeat(43));
    let nonce = "n".repeat(513);
    for (name, wrong) in [
        ("response_mode", "web_message"),
        ("response_mode", "query.jwt"),
        ("code_challenge", &padded),
        ("nonce", &nonce),
    ] {
        let ask = wiki.ask().with(name, wrong);
        expect_error(&wiki, &browser, &ask, "invalid_request", name).await;
    }
}

/// Conformance: 3, R4.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_tokens_reads_the_error_in_the_fragment() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    for kind in [
        "token",
        "id_token",
        "id_token token",
        "code id_token",
        "code token",
    ] {
        let ask = wiki.ask().with("response_type", kind);
        let answer = wiki.send(&browser, &ask).await.away();
        assert_eq!(answer.query(), None, "{kind}");
        let mut as_query = answer.clone();
        as_query.set_query(answer.fragment());
        as_query.set_fragment(None);
        assert_eq!(
            wiki.error(&as_query, &ask),
            "unsupported_response_type",
            "{kind}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_repeated_state_none_comes_back() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    for page in both_ways(&browser, &doubled(&wiki.ask(), "state", "another")).await {
        let answer = page.location().unwrap();
        assert_eq!(value(&answer, "error").as_deref(), Some("invalid_request"));
        assert_eq!(value(&answer, "state"), None);
        assert_eq!(
            value(&answer, "iss").as_deref(),
            Some(house.issuer.as_str())
        );
        assert_eq!(value(&answer, "code"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_the_code_grant_gets_no_code() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let metadata = json!({ "grant_types": [] });
    let wiki = house.app_with("wiki", metadata).await;
    let ask = wiki.ask();
    let answer = wiki.send(&browser, &ask).await.away();
    assert_eq!(wiki.error(&answer, &ask), "unauthorized_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_beyond_the_bounds_is_not_read() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    let long = wiki.ask().with("utm", &"u".repeat(17 * 1024));
    let mut many = wiki.ask();
    for n in 0..80 {
        many = many.with(&format!("x{n}"), "1");
    }
    for ask in [long, many] {
        for page in both_ways(&browser, &ask).await {
            assert_eq!(page.status, 400);
            assert_eq!(page.location(), None);
            assert_eq!(page.heading(), "We can’t read this request");
        }
    }
    let huge = "h".repeat(70 * 1024);
    let page = browser
        .post("/oauth2/authorize", &[("client_id", &huge)])
        .await;
    assert_eq!(page.status, 413);
    assert_eq!(page.heading(), "That is too much");
    let json = [("content-type", "application/json")];
    let page = browser
        .request(Method::POST, "/oauth2/authorize", &json)
        .await;
    assert_eq!(page.status, 400);
}

/// Conformance: 1.
#[tokio::test(flavor = "multi_thread")]
async fn get_and_post_are_answered_alike() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = signed_in_as(&house, &alice).await;
    let wiki = house.app("wiki").await;
    let ask = wiki.ask();
    for page in both_ways(&browser, &ask).await {
        assert_eq!(page.status, 303);
        let code = wiki.code(&page.location().unwrap(), &ask);
        assert_eq!(
            wiki.redeem(&code, &ask).await.claims["sub"],
            json!(alice.id)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_without_the_cookie_decides_nothing_until_the_browser_comes_back() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = signed_in_as(&house, &alice).await;
    let wiki = house.app("wiki").await;
    let ask = wiki.ask().with("prompt", "none");
    // What an app's page sends: a Lax cookie stays behind.
    let cross_site = house.browser();
    for (ask, expected) in [
        (ask.clone(), None),
        (ask.clone().with("client_id", "nobody"), Some(400)),
        (ask.clone().with("response_type", "token"), Some(303)),
    ] {
        let [_, kept] = both_ways(&cross_site, &ask).await;
        assert_eq!(kept.status, 303);
        let here = kept.location().unwrap();
        assert_eq!(
            here.as_str().split('?').next(),
            Some(&*house.url("/oauth2/authorize"))
        );
        assert!(!here.as_str().contains("nobody") && !here.as_str().contains(&ask.state));
        assert!(kept.header_all("set-cookie").is_empty());
        let answer = browser.get(here.as_str()).await;
        match expected {
            // With its cookie the browser is known, and nobody is asked to sign in again.
            None => {
                let code = wiki.code(&answer.location().unwrap(), &ask);
                wiki.redeem(&code, &ask).await;
            }
            Some(status) => assert_eq!(answer.status, status),
        }
    }
    let [_, kept] = both_ways(&cross_site, &ask.clone().with("prompt", "")).await;
    let page = cross_site.follow(kept).await.page();
    assert_eq!(page.heading(), "Sign in to wiki");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_or_old_handle_of_a_stored_request_is_answered_kindly() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    let [_, kept] = both_ways(&house.browser(), &wiki.ask()).await;
    let good = kept.location().unwrap();
    let handle = value(&good, "stored").unwrap();
    let flipped = match handle.strip_prefix('A') {
        Some(rest) => format!("B{rest}"),
        None => format!("A{}", &handle[1..]),
    };
    let forged = [
        flipped,
        handle[..handle.len() - 1].to_owned(),
        format!("{handle}A"),
        "x".into(),
    ];
    for forged in forged {
        let page = browser
            .get(&format!("/oauth2/authorize?stored={forged}"))
            .await;
        expect_page(&page, &forged);
        assert!(page.shows("Open the app and start over"), "{}", page.body);
    }
    house.advance(std::time::Duration::from_hours(2));
    browser.forget_cookies();
    expect_page(&browser.get(good.as_str()).await, "too late");
}

/// Conformance: 4.
#[tokio::test(flavor = "multi_thread")]
async fn a_confidential_client_can_be_let_off_pkce_but_not_by_halves() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let basic = house
        .app_with("basic", json!({ "require_pkce": false }))
        .await;
    let without = |ask: Ask| {
        ask.with("code_challenge", "")
            .with("code_challenge_method", "")
    };

    // A verifier that no challenge asked for: somebody took the challenge out on the way.
    let ask = without(basic.ask());
    let code = basic.code(&basic.send(&browser, &ask).await.away(), &ask);
    let refused = basic.try_redeem(&code, &ask).await;
    assert_eq!(refused.json()["error"], "invalid_grant");

    // One that sends a challenge is held to it.
    let ask = basic.ask();
    for verifier in [None, Some("w".repeat(64))] {
        let code = basic.code(&basic.send(&browser, &ask).await.away(), &ask);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", basic.redirect_uri.as_str()),
        ];
        form.extend(
            verifier
                .as_deref()
                .map(|verifier| ("code_verifier", verifier)),
        );
        let refused = basic.token(&form).await;
        assert_eq!(refused.json()["error"], "invalid_grant", "{verifier:?}");
    }

    let ask = without(basic.ask());
    let code = basic.code(&basic.send(&browser, &ask).await.away(), &ask);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", basic.redirect_uri.as_str()),
    ];
    assert_eq!(basic.token(&form).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_native_client_chooses_its_port_and_nothing_else() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let uris = [
        "http://127.0.0.1/cb",
        "http://[::1]:7000/cb?a=1",
        "com.example.tool:/cb",
    ];
    let metadata = json!({
        "redirect_uris": uris,
        "post_logout_redirect_uris": [],
        "application_type": "native",
        "token_endpoint_auth_method": "none",
        "backchannel_logout_uri": null,
    });
    let tool = house.app_with("tool", metadata).await;
    for uri in [
        "http://127.0.0.1:51234/cb/",
        "http://127.0.0.1:51234/cb?x=1",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:1@evil.example/cb",
        "http://127.0.0.2:51234/cb",
        "http://localhost:51234/cb",
        "https://127.0.0.1:51234/cb",
        "http://[::1]:7001/cb",
        "com.example.tool:/cb/x",
        "com.example.tool2:/cb",
        "com.example.tool://cb",
    ] {
        let page = browser.get(&tool.at(uri).ask().url()).await;
        expect_page(&page, uri);
    }
    for uri in [
        "http://127.0.0.1:51234/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:7001/cb?a=1",
        "com.example.tool:/cb",
    ] {
        let here = tool.at(uri);
        let ask = here.ask();
        let code = here.code(&here.send(&browser, &ask).await.away(), &ask);
        // The code belongs to the address that was used, not to one that is as good.
        let elsewhere = tool
            .at("http://127.0.0.1:50000/cb")
            .try_redeem(&code, &ask)
            .await;
        assert_eq!(elsewhere.json()["error"], "invalid_grant", "{uri}");
        let code = here.code(&here.send(&browser, &ask).await.away(), &ask);
        here.redeem(&code, &ask).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_cannot_do_without_pkce() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let metadata = json!({
        "token_endpoint_auth_method": "none",
        "redirect_uris": ["https://spa.example/cb"],
        "backchannel_logout_uri": null,
    });
    let spa = house.app_with("spa", metadata).await;
    let ask = spa
        .ask()
        .with("code_challenge", "")
        .with("code_challenge_method", "");
    let answer = spa.send(&browser, &ask).await.away();
    assert_eq!(spa.error(&answer, &ask), "invalid_request");
    let ask = spa.ask();
    let code = spa.code(&spa.send(&browser, &ask).await.away(), &ask);
    spa.redeem(&code, &ask).await;
}

/// Conformance: 5, R3.
#[tokio::test(flavor = "multi_thread")]
async fn nonce_and_state_come_back_as_they_went() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    let long = "é+/=&%20 \"<".repeat(40);
    for (nonce, state) in [
        ("-._~", "a&code=evil#x"),
        ("n", &*long),
        (&*long, "line\r\nbreak"),
    ] {
        let nonce: String = nonce.chars().take(380).collect();
        let mut ask = wiki.ask().with("nonce", &nonce).with("state", state);
        (ask.nonce, ask.state) = (nonce, state.to_owned());
        let code = wiki.code(&wiki.send(&browser, &ask).await.away(), &ask);
        // `redeem` compares the nonce.
        wiki.redeem(&code, &ask).await;
    }
    let ask = wiki.ask().with("nonce", "").with("state", "");
    let answer = wiki.send(&browser, &ask).await.away();
    assert_eq!(value(&answer, "state"), None);
    let tokens = wiki
        .try_redeem(&value(&answer, "code").unwrap(), &ask)
        .await
        .json();
    let claims = wiki
        .verify(tokens["id_token"].as_str().unwrap(), "JWT")
        .await;
    assert!(claims.get("nonce").is_none(), "{claims}");
}

/// Conformance: 1, R3.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_is_ignored() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    let mut ask = wiki
        .ask()
        .with("scope", "email  openid wiki:write openid payments")
        .with("utm_source", "mail")
        .with(
            "claims",
            r#"{"userinfo":{"unheard_of":{"essential":true}}}"#,
        )
        .with("resource", "");
    ask.parameters.reverse();
    let ask = doubled(&ask, "utm_source", "again");
    let code = wiki.code(&wiki.send(&browser, &ask).await.away(), &ask);
    let tokens = wiki.redeem(&code, &ask).await;
    assert_eq!(tokens.answer["scope"], "email openid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_of_the_answer_tells_the_truth() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let wiki = house.app("wiki").await;
    let code_only = json!({ "grant_types": ["authorization_code"] });
    let plain = house.app_with("plain", code_only).await;
    let listed = house
        .app_with("listed", json!({ "scope": "openid wiki:read" }))
        .await;
    for (app, expected, refreshes) in [
        (&wiki, "openid email offline_access", true),
        // Without refresh tokens there is no offline access to give.
        (&plain, "openid email", false),
        (&listed, "openid wiki:read", true),
    ] {
        let ask = app
            .ask()
            .with("scope", "openid email offline_access wiki:read");
        let code = app.code(&app.send(&browser, &ask).await.away(), &ask);
        let answer = app.redeem(&code, &ask).await.answer;
        assert_eq!(answer["scope"], expected);
        assert_eq!(answer["refresh_token"].is_string(), refreshes, "{expected}");
    }
    let ask = listed.ask().with("scope", "email");
    let code = listed.code(&listed.send(&browser, &ask).await.away(), &ask);
    let answer = listed.try_redeem(&code, &ask).await.json();
    assert_eq!(
        (&answer["scope"], answer.get("id_token")),
        (&json!(""), None)
    );
}

/// Conformance: R4.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_in_the_redirect_uri_stays_as_it_is() {
    let house = House::open().await;
    let browser = signed_in(&house).await;
    let uri = "https://wiki.example/cb?tenant=a%20b&flag&x=%C3%A9";
    let wiki = house
        .app_with("wiki", json!({ "redirect_uris": [uri] }))
        .await;
    for prompt in ["", "none login"] {
        let ask = wiki.ask().with("prompt", prompt);
        let Landing::Away(answer) = wiki.send(&browser, &ask).await else {
            panic!("a page");
        };
        // Raw: the address as it travels.
        assert!(answer.as_str().starts_with(&format!("{uri}&")), "{answer}");
        assert_eq!(answer.as_str().matches('?').count(), 1, "{answer}");
    }
    let ask = wiki.ask().with("response_mode", "form_post");
    let page = wiki.send(&browser, &ask).await.page();
    assert_eq!(page.form_action().as_str(), uri);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_an_address_that_was_taken_away_meanwhile() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    for cancels in [true, false] {
        let browser = house.browser();
        let page = wiki.send(&browser, &wiki.ask()).await.page();
        let kept = wiki.redirect_uri.clone();
        let elsewhere = format!("{}/elsewhere", wiki.origin);
        house
            .change(&wiki, |client| client.redirect_uris = vec![elsewhere])
            .await;
        let landing = if cancels {
            browser.submit(&page, &[("action", "cancel")]).await
        } else {
            browser.sign_in_at(&page, &alice).await
        };
        assert_eq!(landing.page().heading(), "This sign-in can’t go on");
        house
            .change(&wiki, |client| client.redirect_uris = vec![kept])
            .await;
    }
}
