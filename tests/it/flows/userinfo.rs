//! Userinfo (Core 1.0, 5.3; RFC 6750): where the token may be, what it opens, and what is no
//! access token.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::tokens::post;
use crate::support::{App, House, Page};

async fn by_form(app: &App, token: &str) -> Page {
    let url = format!("{}/oauth2/userinfo", app.issuer);
    post(&url, &[], &[("access_token", token)]).await
}

async fn by_header(app: &App, header: &str) -> Page {
    let url = format!("{}/oauth2/userinfo", app.issuer);
    post(&url, &[("authorization", header)], &[]).await
}

fn assert_refused(page: &Page, challenge: &str) {
    assert_eq!(page.status, 401, "{}", page.body);
    assert_eq!(page.header("www-authenticate"), Some(challenge));
    assert_eq!(page.json()["sub"], Value::Null);
}

const INVALID: &str = "Bearer error=\"invalid_token\"";

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_or_with_one_in_the_query_nothing_is_told() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    let query = format!("/oauth2/userinfo?access_token={}", tokens.access());
    // Also for the very browser: its cookie opens nothing here.
    for page in [
        browser.get("/oauth2/userinfo").await,
        browser.get(&query).await,
        browser.post(&query, &[]).await,
        browser.post("/oauth2/userinfo", &[]).await,
        by_header(&wiki, &format!("Basic {}", tokens.access())).await,
    ] {
        assert_refused(&page, "Bearer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_access_token_is_refused() {
    let house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let alice = house.person("alice").await;
    let tokens = wiki.sign_in(&browser, &alice).await;
    let at_shop = shop.join(&browser).await;
    house.end_part(house.session_of(&alice).await, &shop).await;
    shop.expect_signed_out(at_shop.sid()).await;
    let logout_token = shop.logout_tokens().remove(0);
    let (code, _) = wiki.fresh_code(&browser).await;

    let access = tokens.access();
    let (head, rest) = access.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let id_token = tokens.id_token();
    for token in [
        "x",
        "",
        id_token,
        &logout_token,
        tokens.refresh(),
        &code,
        &access[..access.len() - 1],
        &format!("{access}A"),
        &format!("{head}.{body}."),
        // {"alg":"none","typ":"at+jwt"}
        &format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{body}."),
        &format!("{}.{signature}", id_token.rsplit_once('.').unwrap().0),
    ] {
        let page = wiki.userinfo(token).await;
        assert_refused(&page, if token.is_empty() { "Bearer" } else { INVALID });
    }
    assert_eq!(wiki.userinfo(access).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_lives_for_five_minutes() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let tokens = wiki
        .sign_in(&house.browser(), &house.person("alice").await)
        .await;
    house.advance(Duration::from_millis(299_999));
    assert_eq!(wiki.userinfo(tokens.access()).await.status, 200);
    house.advance(Duration::from_millis(1));
    assert_refused(&wiki.userinfo(tokens.access()).await, INVALID);
    assert_eq!(wiki.introspect(tokens.access()).await["active"], false);
}

/// Conformance: 22, R10.
#[tokio::test(flavor = "multi_thread")]
async fn the_token_comes_in_a_header_or_in_a_form() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    let tokens = wiki.sign_in(&house.browser(), &alice).await;
    let expected = json!({
        "sub": tokens.claims["sub"],
        "name": "alice Example",
        "given_name": "alice",
        "family_name": "Example",
        "preferred_username": "alice",
        "email": "alice@example.com",
        "email_verified": true,
        "updated_at": house.clock.now().as_secs(),
    });
    let access = tokens.access();
    for page in [
        wiki.userinfo(access).await,
        by_header(&wiki, &format!("Bearer {access}")).await,
        by_header(&wiki, &format!("bearer {access}")).await,
        by_form(&wiki, access).await,
    ] {
        assert_eq!(page.json(), expected);
        assert_eq!(page.header("content-type"), Some("application/json"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("access-control-allow-origin"), Some("*"));
    }
}

/// Conformance: 22, 23.
#[tokio::test(flavor = "multi_thread")]
async fn each_scope_opens_its_own_claims() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    for (scope, told) in [
        ("openid", vec!["sub"]),
        ("openid email", vec!["email", "email_verified", "sub"]),
        (
            "profile openid",
            vec![
                "family_name",
                "given_name",
                "name",
                "preferred_username",
                "sub",
                "updated_at",
            ],
        ),
    ] {
        let tokens = wiki
            .granted(&browser, wiki.ask().with("scope", scope))
            .await;
        let claims = wiki.userinfo(tokens.access()).await.json();
        let mut names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
        names.sort();
        assert_eq!(names, told, "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_openid_is_not_enough() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let ask = wiki.ask().with("scope", "profile").with("prompt", "none");
    let answer = wiki.send(&browser, &ask).await.away();
    let tokens = wiki
        .try_redeem(&wiki.code(&answer, &ask), &ask)
        .await
        .json();
    assert_eq!(tokens["id_token"], Value::Null);
    let page = wiki
        .userinfo(tokens["access_token"].as_str().unwrap())
        .await;
    assert_eq!(page.status, 403);
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"openid\"";
    assert_eq!(page.header("www-authenticate"), Some(challenge));
    assert_eq!(page.json()["error"], "insufficient_scope");
}
