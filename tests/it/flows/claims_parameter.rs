//! The `claims` parameter (Core 1.0, 5.5), `prompt=create`, and what an API may ask for anew
//! (RFC 9470).

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::value;
use crate::support::{App, Browser, House, Person};

struct Story {
    house: House,
    alice: Person,
    wiki: App,
    browser: Browser,
}

async fn story() -> Story {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    Story {
        wiki: house.app("wiki").await,
        house,
        alice,
        browser,
    }
}

impl Story {
    /// ID token, then userinfo, of a request with these scopes and claims.
    async fn told(&self, app: &App, scope: &str, claims: &Value) -> (Value, Value) {
        let ask = app
            .ask()
            .with("scope", scope)
            .with("claims", &claims.to_string());
        let answer = app.send(&self.browser, &ask).await.away();
        let tokens = app.redeem(&app.code(&answer, &ask), &ask).await;
        let userinfo = app.userinfo(tokens.access()).await;
        (tokens.claims.clone(), userinfo.json())
    }
}

/// Conformance: 11.
#[tokio::test(flavor = "multi_thread")]
async fn single_claims_come_where_they_were_asked_for() {
    let story = story().await;
    let claims = json!({
        "userinfo": { "name": { "essential": true }, "no_such_claim": null },
        "id_token": { "email": null, "email_verified": { "essential": true }, "unknown": null },
    });
    let (id_token, userinfo) = story.told(&story.wiki, "openid", &claims).await;
    assert_eq!(id_token["email"], "alice@example.com");
    assert!(id_token["email_verified"].is_boolean());
    assert_eq!(id_token.get("name"), None);
    assert_eq!(userinfo["name"], "alice Example");
    assert_eq!(userinfo.get("email"), None, "{userinfo}");
    assert_eq!(
        userinfo.get("given_name"),
        None,
        "no more than was asked for"
    );
    // Nothing of it stays for a request without.
    let (id_token, userinfo) = story.told(&story.wiki, "openid", &json!({})).await;
    assert_eq!(id_token.get("email"), None);
    assert_eq!(userinfo.get("name"), None);
}

/// Conformance: 11.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_with_another_value_is_left_out() {
    let story = story().await;
    for (wanted, told) in [
        (json!({ "value": "alice@example.com" }), true),
        (
            json!({ "values": ["bob@example.com", "alice@example.com"] }),
            true,
        ),
        (
            json!({ "value": "bob@example.com", "essential": true }),
            false,
        ),
        (json!({ "values": [] }), true),
    ] {
        let claims = json!({ "userinfo": { "email": wanted } });
        let (_, userinfo) = story.told(&story.wiki, "openid", &claims).await;
        assert_eq!(userinfo.get("email").is_some(), told, "{claims}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_need_the_same_permission_as_their_scopes() {
    let story = story().await;
    // A client that may not have the scope gets none of its claims, and no error.
    let narrow = json!({ "scope": "openid profile" });
    let narrow = story.house.app_with("narrow", narrow).await;
    let claims = json!({ "userinfo": { "email": null, "name": null } });
    let (_, userinfo) = story.told(&narrow, "openid", &claims).await;
    assert_eq!(userinfo.get("email"), None);
    assert_eq!(userinfo["name"], "alice Example");
    // The person is asked about them, and asked anew when more is wanted.
    let guest = json!({ "first_party": false });
    let guest = story.house.app_with("guest", guest).await;
    let plain = guest.ask().with("scope", "openid");
    let page = guest.send(&story.browser, &plain).await.page();
    assert!(!page.shows("email address"), "{}", page.body);
    story
        .browser
        .submit(&page, &[("action", "allow")])
        .await
        .away();
    let ask = plain.with("claims", r#"{"id_token":{"email":null}}"#);
    let silent = ask.clone().with("prompt", "none");
    let answer = guest.send(&story.browser, &silent).await.away();
    assert_eq!(guest.error(&answer, &silent), "consent_required");
    let page = guest.send(&story.browser, &ask).await.page();
    assert!(page.shows("email"), "{}", page.body);
    let answer = story
        .browser
        .submit(&page, &[("action", "allow")])
        .await
        .away();
    let tokens = guest.redeem(&guest.code(&answer, &ask), &ask).await;
    assert_eq!(tokens.claims["email"], "alice@example.com");
    assert_eq!(
        tokens.answer["scope"], "openid",
        "no more than was asked for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_outlive_refreshes_and_restarts() {
    let mut story = story().await;
    for scope in ["openid", "openid offline_access"] {
        let ask = story
            .wiki
            .ask()
            .with("scope", scope)
            .with("prompt", "consent")
            .with(
                "claims",
                r#"{"id_token":{"name":null},"userinfo":{"email":null}}"#,
            );
        let page = story.wiki.send(&story.browser, &ask).await.page();
        let answer = story
            .browser
            .submit(&page, &[("action", "allow")])
            .await
            .away();
        let tokens = story
            .wiki
            .redeem(&story.wiki.code(&answer, &ask), &ask)
            .await;
        let tokens = story.wiki.refresh(tokens.refresh()).await;
        assert_eq!(tokens.claims["name"], "alice Example", "{scope}");
        story.house.reopen().await;
        let userinfo = story.wiki.userinfo(tokens.access()).await;
        assert_eq!(userinfo.json()["email"], "alice@example.com", "{scope}");
    }
}

/// Conformance: 11.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_person_who_is_named_is_answered_for() {
    let story = story().await;
    let bob = story.house.person("bob").await;
    let of = |person: &Person| {
        let claims = json!({ "id_token": { "sub": { "value": person.id.as_str() } } });
        story.wiki.ask().with("claims", &claims.to_string())
    };
    let silent = of(&story.alice).with("prompt", "none");
    let answer = story.wiki.send(&story.browser, &silent).await.away();
    story.wiki.code(&answer, &silent);
    let silent = of(&bob).with("prompt", "none");
    let answer = story.wiki.send(&story.browser, &silent).await.away();
    assert_eq!(story.wiki.error(&answer, &silent), "login_required");
    let ask = of(&bob);
    let page = story.wiki.send(&story.browser, &ask).await.page();
    let answer = story.browser.sign_in_at(&page, &bob).await.away();
    let tokens = story
        .wiki
        .redeem(&story.wiki.code(&answer, &ask), &ask)
        .await;
    assert_eq!(tokens.claims["sub"], bob.id.as_str());
    // A hint that says otherwise.
    let both = of(&story.alice).with("id_token_hint", tokens.id_token());
    let answer = story.wiki.send(&story.browser, &both).await.away();
    assert_eq!(story.wiki.error(&answer, &both), "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pairwise_name_is_the_one_that_the_client_knows() {
    let story = story().await;
    let pairwise = json!({ "subject_type": "pairwise" });
    let pairwise = story.house.app_with("pairwise", pairwise).await;
    let tokens = pairwise.join(&story.browser).await;
    let asked = |subject: &Value| {
        let claims = json!({ "userinfo": { "sub": { "value": subject } } });
        let ask = pairwise.ask().with("prompt", "none");
        ask.with("claims", &claims.to_string())
    };
    let ask = asked(&tokens.claims["sub"]);
    let answer = pairwise.send(&story.browser, &ask).await.away();
    pairwise.code(&answer, &ask);
    // Not by the name that others know: it would tell whose name of its own this is.
    for other in ["u_somebody_else", story.alice.id.as_str()] {
        let ask = asked(&json!(other));
        let answer = pairwise.send(&story.browser, &ask).await.away();
        assert_eq!(pairwise.error(&answer, &ask), "login_required", "{other}");
    }
}

/// Conformance: 10.
#[tokio::test(flavor = "multi_thread")]
async fn an_acr_that_is_reached_is_told_and_a_voluntary_one_is_no_demand() {
    let story = story().await;
    let ours = "urn:lanyard:acr:pwd";
    for (name, asked) in [
        (
            "claims",
            json!({ "id_token": { "acr": { "essential": true, "values": ["gold", ours] } } })
                .to_string(),
        ),
        (
            "claims",
            json!({ "id_token": { "acr": { "values": ["gold"] } } }).to_string(),
        ),
        ("acr_values", format!("gold {ours}")),
        ("acr_values", "gold".to_owned()),
        ("display", "popup".to_owned()),
        ("claims_locales", "de en".to_owned()),
        ("ui_locales", "de en".to_owned()),
    ] {
        let ask = story.wiki.ask().with(name, &asked);
        let answer = story.wiki.send(&story.browser, &ask).await.away();
        let code = story.wiki.code(&answer, &ask);
        let tokens = story.wiki.redeem(&code, &ask).await;
        assert_eq!(tokens.claims["acr"], ours, "{name}={asked}");
    }
}

/// An API finds the sign-in too old for what is wanted, and says `max_age` (RFC 9470, 3). The app
/// asks anew; the token that comes says when the person signed in.
#[tokio::test(flavor = "multi_thread")]
async fn an_api_demands_a_fresh_sign_in() {
    let story = story().await;
    let before = story.wiki.join(&story.browser).await;
    story.house.advance(Duration::from_mins(20));
    let told = story.wiki.introspect(before.access()).await;
    assert_eq!(told["active"], false, "it ran out");
    let stale = story.wiki.refresh(before.refresh()).await;
    let told = story.wiki.introspect(stale.access()).await;
    let signed_in = told["auth_time"].as_i64().unwrap();
    assert_eq!(told["acr"], "urn:lanyard:acr:pwd");
    let ask = story
        .wiki
        .ask()
        .with("max_age", "300")
        .with("acr_values", "urn:lanyard:acr:pwd");
    let silent = ask.clone().with("prompt", "none");
    let answer = story.wiki.send(&story.browser, &silent).await.away();
    assert_eq!(story.wiki.error(&answer, &silent), "login_required");
    let page = story.wiki.send(&story.browser, &ask).await.page();
    let answer = story.browser.sign_in_at(&page, &story.alice).await.away();
    let fresh = story
        .wiki
        .redeem(&story.wiki.code(&answer, &ask), &ask)
        .await;
    let told = story.wiki.introspect(fresh.access()).await;
    assert!(
        told["auth_time"].as_i64().unwrap() >= signed_in + 1_200,
        "{told}"
    );
    assert_eq!(fresh.sid(), before.sid(), "the session went on");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_a_new_account_gets_the_sign_in_page() {
    let story = story().await;
    let ask = story.wiki.ask().with("prompt", "create");
    let stranger = story.house.browser();
    let page = story.wiki.send(&stranger, &ask).await.page();
    assert!(
        page.heading().starts_with("Sign in to"),
        "{}",
        page.heading()
    );
    // Somebody who is signed in is not taken for the new one.
    let page = story.wiki.send(&story.browser, &ask).await.page();
    let page = story
        .browser
        .submit(&page, &[("action", "switch")])
        .await
        .page();
    assert!(
        page.heading().starts_with("Sign in to"),
        "{}",
        page.heading()
    );
    let silent = story.wiki.ask().with("prompt", "none create");
    let answer = story.wiki.send(&story.browser, &silent).await.away();
    assert_eq!(value(&answer, "error").as_deref(), Some("invalid_request"));
    let says = stranger
        .get("/.well-known/openid-configuration")
        .await
        .json();
    let prompts = says["prompt_values_supported"].as_array().unwrap().clone();
    assert!(prompts.contains(&json!("create")));
}
