//! Refresh tokens (RFC 6749, 6; RFC 9700, 4.14): each is good once, races are forgiven for ten
//! seconds, reuse ends the grant and only the grant, and none outlives its session.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use jsonwebtoken::Algorithm;
use lanyard::entropy::sha256;
use lanyard::protocol::client::GrantType;
use serde_json::{Value, json};

use crate::support::app::Tokens;
use crate::support::tokens::refusal;
use crate::support::{App, House, Page};

async fn scoped(app: &App, token: &str, scope: &str) -> Page {
    app.token(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("scope", scope),
    ])
    .await
}

/// On a task of its own, so that the races are run by all threads.
async fn race(app: &App, token: &str) -> Page {
    let (app, token) = (app.clone(), token.to_owned());
    tokio::spawn(async move { app.try_refresh(&token).await })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reuse_after_ten_seconds_ends_the_grant_and_not_the_session() {
    let mut house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let first = wiki.sign_in(&browser, &house.person("alice").await).await;
    let tab = wiki.join(&browser).await;
    let at_shop = shop.join(&browser).await;
    let second = wiki.refresh(first.refresh()).await;

    house.advance(Duration::from_secs(10));
    wiki.assert_alive(&second).await;
    assert_eq!(wiki.refused_refresh(first.refresh()).await, "invalid_grant");
    wiki.assert_dead(&second).await;
    assert_eq!(wiki.userinfo(first.access()).await.status, 401);

    wiki.assert_alive(&tab).await;
    shop.assert_alive(&at_shop).await;
    wiki.assert_alive(&wiki.join(&browser).await).await;
    assert!(wiki.logout_tokens().is_empty(), "nobody was signed out");
    house.reopen().await;
    wiki.assert_dead(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_token_is_reuse_at_once() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let first = wiki.sign_in(&browser, &house.person("alice").await).await;
    let second = wiki.refresh(first.refresh()).await;
    let third = wiki.refresh(second.refresh()).await;
    // Only the immediate predecessor has its ten seconds.
    assert_eq!(wiki.refused_refresh(first.refresh()).await, "invalid_grant");
    wiki.assert_dead(&third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_ten_seconds_the_predecessor_yields_the_same_successor() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let first = wiki.sign_in(&browser, &house.person("alice").await).await;
    let second = wiki.refresh(first.refresh()).await;
    assert_ne!(first.refresh(), second.refresh());

    house.advance(Duration::from_millis(9_999));
    let again = wiki.refresh(first.refresh()).await;
    assert_eq!(again.refresh(), second.refresh());
    assert_ne!(again.access(), second.access());
    wiki.assert_alive(&again).await;
    // The repeat did not start the ten seconds anew.
    house.advance(Duration::from_millis(1));
    assert_eq!(wiki.refused_refresh(first.refresh()).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_four_parallel_refreshes_one_successor_comes() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let mut token = wiki
        .sign_in(&browser, &house.person("alice").await)
        .await
        .refresh()
        .to_owned();
    for _ in 0..4 {
        // A minute on, so that the session's activity is written by one of them as well.
        house.advance(Duration::from_mins(2));
        let answers = join_all((0..24).map(|_| race(&wiki, &token))).await;
        let mut successors: Vec<_> = answers
            .iter()
            .map(|page| {
                assert_eq!(page.status, 200, "{}", page.body);
                page.json()["refresh_token"].as_str().unwrap().to_owned()
            })
            .collect();
        successors.sort();
        successors.dedup();
        assert_eq!(successors.len(), 1);
        token = successors.remove(0);
    }
    // One place in the family is live: once it has moved on, the last is as dead as all before.
    let next = wiki.refresh(&token).await;
    house.advance(Duration::from_secs(10));
    assert_eq!(wiki.refused_refresh(&token).await, "invalid_grant");
    wiki.assert_dead(&next).await;
}

/// Conformance: 21.
#[tokio::test(flavor = "multi_thread")]
async fn another_client_gets_nothing_and_harms_nothing() {
    let house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let spa = house.public_app("spa").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    shop.join(&browser).await;
    spa.join(&browser).await;
    let next = wiki.refresh(tokens.refresh()).await;
    house.advance(Duration::from_mins(1));
    for thief in [&shop, &spa] {
        // Neither the live one nor a used one, which would end the grant for its own client.
        for token in [next.refresh(), tokens.refresh()] {
            assert_eq!(thief.refused_refresh(token).await, "invalid_grant");
        }
    }
    wiki.assert_alive(&next).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_token_gets_nothing_and_harms_nothing() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    let token = tokens.refresh();
    for damaged in [
        &token[..token.len() - 1],
        &token[1..],
        &format!("{token}A"),
        &token.to_ascii_lowercase(),
        &token.chars().rev().collect::<String>(),
        tokens.access(),
        tokens.id_token(),
    ] {
        assert_eq!(wiki.refused_refresh(damaged).await, "invalid_grant");
    }
    let missing = wiki.token(&[("grant_type", "refresh_token")]).await;
    assert_eq!(refusal(&missing), "invalid_request");
    wiki.assert_alive(&wiki.refresh(token).await).await;
}

/// Conformance: 21.
#[tokio::test(flavor = "multi_thread")]
async fn scope_may_narrow_and_never_widens() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let ask = wiki.ask().with("scope", "openid profile");
    let alice = house.person("alice").await;
    let tokens = wiki.sign_in_with(&browser, &alice, ask, &[]).await;
    let token = tokens.refresh();

    for wider in [
        "openid email",
        "openid profile email",
        "offline_access",
        " ",
    ] {
        let page = scoped(&wiki, token, wider).await;
        assert_eq!(refusal(&page), "invalid_scope", "{wider:?}");
    }
    let narrow = scoped(&wiki, token, "openid").await.json();
    assert_eq!(narrow["scope"], "openid");
    let access = narrow["access_token"].as_str().unwrap();
    assert_eq!(wiki.access_claims(access).await["scope"], "openid");
    assert_eq!(wiki.userinfo(access).await.json()["name"], Value::Null);
    let none = scoped(&wiki, narrow["refresh_token"].as_str().unwrap(), "profile").await;
    let none = none.json();
    assert_eq!(none["id_token"], Value::Null, "no openid, no ID token");
    let access = none["access_token"].as_str().unwrap();
    assert_eq!(wiki.userinfo(access).await.status, 403);
    // What was granted stays granted (RFC 6749, 6).
    let all = wiki.refresh(none["refresh_token"].as_str().unwrap()).await;
    assert_eq!(all.scope(), "openid profile");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_may_no_longer_ask_for_it_no_longer_gets() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    house
        .change(&wiki, |client| {
            client.scope = Some("openid email".to_owned());
        })
        .await;
    let next = wiki.refresh(tokens.refresh()).await;
    assert_eq!(next.scope(), "openid email");
    let page = scoped(&wiki, next.refresh(), "openid profile").await;
    assert_eq!(refusal(&page), "invalid_scope");

    house
        .change(&wiki, |client| {
            client.grant_types = vec![GrantType::AuthorizationCode];
        })
        .await;
    assert_eq!(
        wiki.refused_refresh(next.refresh()).await,
        "unauthorized_client"
    );
    let code_only = wiki.join(&browser).await;
    assert_eq!(code_only.answer["refresh_token"], Value::Null);
    // That it is given the grant back makes the old token good again, as nothing ended it.
    assert_eq!(wiki.userinfo(code_only.access()).await.status, 200);
}

fn assert_about_the_same(first: &Value, next: &Value) {
    for claim in ["sub", "sid", "auth_time", "acr", "amr", "iss", "aud", "azp"] {
        assert_eq!(first[claim], next[claim], "{claim}");
        assert_ne!(first[claim], Value::Null, "{claim}");
    }
}

/// Conformance: 8, 21.
#[tokio::test(flavor = "multi_thread")]
async fn who_signed_in_and_when_never_changes() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let alice = house.person("alice").await;
    let first = wiki.sign_in(&browser, &alice).await;
    let mut last = first.clone();
    for _ in 0..3 {
        house.advance(Duration::from_mins(30));
        let next = wiki.refresh(last.refresh()).await;
        assert_about_the_same(&first.claims, &next.claims);
        assert_eq!(next.claims["iat"], json!(house.clock.now().as_secs()));
        last = next;
    }
    // Neither does a new proof of who they are change what was granted before it.
    let ask = wiki.ask().with("prompt", "login");
    let fields = [("password", alice.password.as_str())];
    let page = wiki.send(&browser, &ask).await.page();
    let mut form = vec![("username", "alice"), ("action", "sign_in")];
    form.extend(fields);
    let answer = browser.submit(&page, &form).await.away();
    let anew = wiki.redeem(&wiki.code(&answer, &ask), &ask).await;
    assert_ne!(anew.claims["auth_time"], first.claims["auth_time"]);
    assert_eq!(anew.claims["sid"], first.claims["sid"]);
    let next = wiki.refresh(last.refresh()).await;
    assert_about_the_same(&first.claims, &next.claims);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_nine_grants_of_one_app_the_oldest_gives_way_for_good() {
    let mut house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let alice = house.person("alice").await;
    let mut tabs = vec![wiki.sign_in(&browser, &alice).await];
    let at_shop = shop.join(&browser).await;
    for _ in 0..7 {
        house.advance(Duration::from_secs(1));
        tabs.push(wiki.join(&browser).await);
    }
    wiki.assert_alive(&tabs[0]).await;
    house.advance(Duration::from_secs(1));
    tabs.push(wiki.join(&browser).await);

    wiki.assert_dead(&tabs[0]).await;
    for tab in &tabs[1..] {
        wiki.assert_alive(tab).await;
    }
    shop.assert_alive(&at_shop).await;
    // An end makes the house look at the record again: what gave way stays away.
    wiki.revoke(tabs[8].refresh()).await;
    wiki.assert_alive(&tabs[1]).await;
    wiki.assert_dead(&tabs[0]).await;
    // So does a start, although there is a place free now.
    house.reopen().await;
    wiki.assert_dead(&tabs[0]).await;
    wiki.assert_alive(&tabs[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_refreshed_after_the_end_of_session_part_or_person() {
    let house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let alice = house.person("alice").await;
    let at_wiki = wiki.sign_in(&browser, &alice).await;
    let at_shop = shop.join(&browser).await;

    let session = house.session_of(&alice).await;
    house.end_part(session, &wiki).await;
    wiki.assert_dead(&at_wiki).await;
    shop.assert_alive(&at_shop).await;
    let again = wiki.come_back(&browser).await;
    assert_ne!(again.sid(), at_wiki.sid(), "a sid never comes back");
    wiki.assert_dead(&at_wiki).await;

    house.enable(&alice, false).await;
    House::until("the person is known to be disabled", || async {
        shop.userinfo(at_shop.access()).await.status == 401
    })
    .await;
    shop.assert_dead(&at_shop).await;
    wiki.assert_dead(&again).await;
    // What ended with the person does not come back with them.
    house.enable(&alice, true).await;
    let anew = wiki.sign_in(&house.browser(), &alice).await;
    wiki.assert_alive(&anew).await;
    wiki.assert_dead(&again).await;
    shop.assert_dead(&at_shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_races_the_end_leaves_nothing_alive() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    for round in 0..12 {
        let browser = house.browser();
        let tokens = wiki.sign_in(&browser, &alice).await;
        let session = house.session_of(&alice).await;
        let refreshes = join_all((0..4).map(|_| race(&wiki, tokens.refresh())));
        let end = async {
            match round % 3 {
                0 => house.end(session).await,
                1 => house.end_part(session, &wiki).await,
                _ => drop(wiki.revoke(tokens.refresh()).await),
            }
        };
        let (answers, ()) = tokio::join!(refreshes, end);
        for page in answers {
            if page.status == 200 {
                let answer = page.json();
                let claims = Value::Null;
                wiki.assert_dead(&Tokens { answer, claims }).await;
            } else {
                assert_eq!(refusal(&page), "invalid_grant");
            }
        }
        house.end(session).await;
    }
}

fn assert_id_token(tokens: &Tokens, alg: Algorithm, now: i64) {
    let header = jsonwebtoken::decode_header(tokens.id_token()).unwrap();
    assert_eq!(header.alg, alg);
    assert!(header.kid.is_some());
    let claims = &tokens.claims;
    let hash = sha256(tokens.access().as_bytes());
    assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash[..16]));
    assert_eq!(claims["acr"], "urn:lanyard:acr:pwd");
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(claims["azp"], claims["aud"]);
    assert!(claims["aud"].is_string());
    assert_eq!(claims["iat"], json!(now));
    assert_eq!(claims["exp"], json!(now + 300));
    let subject = claims["sub"].as_str().unwrap();
    assert!(subject.len() <= 255 && subject.bytes().all(|byte| byte.is_ascii_graphic()));
    for claim in ["name", "email", "preferred_username"] {
        assert_eq!(claims[claim], Value::Null, "userinfo tells {claim}");
    }
}

/// Conformance: R7, R8, 17, 18, 26.
#[tokio::test(flavor = "multi_thread")]
async fn id_tokens_say_what_clients_check() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let metadata = json!({ "id_token_signed_response_alg": "ES256" });
    let modern = house.app_with("modern", metadata).await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    let now = house.clock.now().as_secs();
    assert_id_token(&tokens, Algorithm::RS256, now);
    assert_id_token(&modern.join(&browser).await, Algorithm::ES256, now);
    assert_eq!(tokens.claims["auth_time"], json!(now));

    house.advance(Duration::from_secs(90));
    let next = wiki.refresh(tokens.refresh()).await;
    assert_id_token(&next, Algorithm::RS256, now + 90);
    let without_nonce = wiki.ask().with("nonce", "").with("prompt", "none");
    let answer = wiki.send(&browser, &without_nonce).await.away();
    let code = wiki.code(&answer, &without_nonce);
    let page = wiki.try_redeem(&code, &without_nonce).await.json();
    let claims = wiki.verify(page["id_token"].as_str().unwrap(), "JWT").await;
    assert_eq!(claims.get("nonce"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn access_tokens_are_those_of_rfc_9068() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    assert_eq!(tokens.answer["token_type"], "Bearer");
    assert_eq!(tokens.answer["expires_in"], 300);
    let header = jsonwebtoken::decode_header(tokens.access()).unwrap();
    assert_eq!(header.alg, Algorithm::ES256);
    let claims = wiki.access_claims(tokens.access()).await;
    let now = house.clock.now().as_secs();
    assert_eq!(claims["iss"], json!(house.issuer));
    assert_eq!(claims["aud"], json!(house.issuer));
    assert_eq!(claims["client_id"], "wiki");
    assert_eq!(claims["sub"], tokens.claims["sub"]);
    assert_eq!(claims["iat"], json!(now));
    assert_eq!(claims["exp"], json!(now + 300));
    assert_eq!(claims["scope"], "openid profile email");
    assert_eq!(claims["auth_time"], json!(now));
    assert_eq!(claims["acr"], "urn:lanyard:acr:pwd");
    let next = wiki.refresh(tokens.refresh()).await;
    let next = wiki.access_claims(next.access()).await;
    assert_ne!(claims["jti"], next["jti"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_a_resource_opens_that_resource_only() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let resource = "https://api.example.com/notes";
    let ask = wiki.ask().with("resource", resource);
    let tokens = wiki.granted(&browser, ask).await;
    let next = wiki.refresh(tokens.refresh()).await;
    for access in [tokens.access(), next.access()] {
        let claims = wiki.verify_for(access, "at+jwt", resource).await;
        assert_eq!(claims["aud"], resource);
        assert_eq!(wiki.userinfo(access).await.status, 401);
        assert_eq!(wiki.introspect(access).await["active"], true);
    }
    let bad = wiki.ask().with("resource", "notes");
    let answer = wiki.send(&browser, &bad).await.away();
    assert_eq!(wiki.error(&answer, &bad), "invalid_target");
}
