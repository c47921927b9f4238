//! Revocation (RFC 7009): a token of one's own, and nothing else with it.

use std::time::Duration;

use serde_json::json;

use crate::support::tokens::{post, refusal};
use crate::support::{App, House};

async fn revoke(app: &App, token: &str) {
    let page = app.revoke(token).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.body, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_revokes_anothers_tokens() {
    let house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let spa = house.public_app("spa").await;
    let browser = house.browser();
    let at_wiki = wiki.sign_in(&browser, &house.person("alice").await).await;
    let at_spa = spa.join(&browser).await;
    let url = house.url("/oauth2/revoke");

    // Answered like success: who asks learns nothing about the token.
    for thief in [&shop, &spa] {
        revoke(thief, at_wiki.access()).await;
        revoke(thief, at_wiki.refresh()).await;
    }
    revoke(&shop, at_spa.refresh()).await;
    revoke(&shop, at_spa.access()).await;
    let unnamed = post(&url, &[], &[("token", at_spa.refresh())]).await;
    assert_eq!(refusal(&unnamed), "invalid_client");
    let named = [("token", at_wiki.refresh()), ("client_id", "wiki")];
    let page = post(&url, &[], &named).await;
    assert_eq!(refusal(&page), "invalid_client", "a name is no proof");
    wiki.assert_alive(&at_wiki).await;
    assert_eq!(spa.userinfo(at_spa.access()).await.status, 200);
    spa.refresh(at_spa.refresh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_or_no_token_is_fine() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    let access = tokens.access();
    for token in ["x", tokens.id_token(), &access[..access.len() - 1]] {
        revoke(&wiki, token).await;
    }
    let page = wiki.machine("/oauth2/revoke", &[]).await;
    assert_eq!(refusal(&page), "invalid_request");
    wiki.assert_alive(&tokens).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_ends_its_grant_only() {
    let mut house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let alice = house.person("alice").await;
    let (first, second) = (house.browser(), house.browser());
    let here = wiki.sign_in(&first, &alice).await;
    let tab = wiki.join(&first).await;
    let at_shop = shop.join(&first).await;
    let elsewhere = wiki.sign_in(&second, &alice).await;
    let next = wiki.refresh(here.refresh()).await;

    // The hint may be wrong (RFC 7009, 2.1); twice is as good as once.
    let hinted = [
        ("token", next.refresh()),
        ("token_type_hint", "access_token"),
    ];
    assert_eq!(wiki.machine("/oauth2/revoke", &hinted).await.status, 200);
    revoke(&wiki, next.refresh()).await;
    wiki.assert_dead(&next).await;
    wiki.assert_dead(&here).await;

    wiki.assert_alive(&tab).await;
    shop.assert_alive(&at_shop).await;
    wiki.assert_alive(&elsewhere).await;
    wiki.assert_alive(&wiki.join(&first).await).await;
    assert_eq!(house.endings(&alice).await, [None, None]);
    assert!(wiki.logout_tokens().is_empty());
    house.reopen().await;
    wiki.assert_dead(&next).await;
    wiki.assert_alive(&elsewhere).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_refresh_token_ends_its_grant_as_well() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let tokens = wiki
        .sign_in(&house.browser(), &house.person("alice").await)
        .await;
    let next = wiki.refresh(tokens.refresh()).await;
    house.advance(Duration::from_mins(1));
    revoke(&wiki, tokens.refresh()).await;
    wiki.assert_dead(&next).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_access_token_stays_so_until_it_has_run_out() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    let ask = wiki.ask().with("scope", "openid offline_access");
    let offline = wiki.granted(&browser, ask).await;
    for tokens in [&tokens, &offline] {
        let next = wiki.refresh(tokens.refresh()).await;
        revoke(&wiki, next.access()).await;
        for _ in 0..2 {
            assert_eq!(wiki.userinfo(next.access()).await.status, 401);
            let said = wiki.introspect(next.access()).await;
            assert_eq!(said, json!({ "active": false }));
            house.advance(Duration::from_millis(149_999));
        }
        assert_eq!(wiki.userinfo(next.access()).await.status, 401);
        // Its grant goes on, and with it every other token of it.
        wiki.assert_alive(&wiki.refresh(next.refresh()).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_revokes_its_own() {
    let house = House::open().await;
    let spa = house.public_app("spa").await;
    let browser = house.browser();
    let tokens = spa.sign_in(&browser, &house.person("alice").await).await;
    revoke(&spa, tokens.access()).await;
    assert_eq!(spa.userinfo(tokens.access()).await.status, 401);
    let next = spa.refresh(tokens.refresh()).await;
    revoke(&spa, next.refresh()).await;
    assert_eq!(spa.refused_refresh(next.refresh()).await, "invalid_grant");
    assert_eq!(spa.userinfo(next.access()).await.status, 401);
    assert!(browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_forgives_no_revoked_access_token() {
    let mut house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let revoked = wiki.sign_in(&browser, &house.person("alice").await).await;
    let other = wiki.join(&browser).await;
    revoke(&wiki, revoked.access()).await;
    house.reopen().await;
    assert_eq!(wiki.userinfo(revoked.access()).await.status, 401);
    assert_eq!(wiki.introspect(revoked.access()).await["active"], false);
    assert_eq!(wiki.userinfo(other.access()).await.status, 200);
}
