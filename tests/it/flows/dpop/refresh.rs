//! Refresh tokens and keys (RFC 9449, 5): a public client's are bound to its key; no grant goes
//! back from bound tokens to others; and the binding outlives whatever the stores forget.

use std::time::Duration;

use serde_json::json;

use super::Scene;
use crate::support::tokens::refusal;
use crate::support::{App, Holder, House};

async fn confidential() -> Scene {
    let house = House::open().await;
    let app = house.app("wiki").await;
    Scene::of(house, app).await
}

/// Bound tokens that outlive the session.
async fn offline(scene: &Scene) -> crate::support::app::Tokens {
    let ask = scene
        .app
        .ask()
        .with("scope", "openid offline_access")
        .with("prompt", "none");
    let answer = scene.app.send(&scene.browser, &ask).await.away();
    let code = scene.app.code(&answer, &ask);
    scene.app.redeem_by(&scene.holder, &code, &ask).await
}

/// Whoever has the token alone gets nothing, and harms nothing.
async fn expect_bound(scene: &Scene, app: &App, token: &str) {
    assert_eq!(app.refused_refresh(token).await, "invalid_dpop_proof");
    let thief = Holder::of(&scene.house);
    assert_eq!(app.refused_refresh_by(&thief, token).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_clients_token_is_for_its_key_alone() {
    let scene = Scene::open().await;
    let mut tokens = scene.tokens.clone();
    for _ in 0..3 {
        expect_bound(&scene, &scene.app, tokens.refresh()).await;
        tokens = scene.app.refresh_by(&scene.holder, tokens.refresh()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_token_in_other_hands_harms_nobody() {
    let scene = Scene::open().await;
    let next = scene
        .app
        .refresh_by(&scene.holder, scene.tokens.refresh())
        .await;
    scene.house.advance(Duration::from_mins(1));
    // In the hands of its key it would be reuse, and end the grant.
    expect_bound(&scene, &scene.app, scene.tokens.refresh()).await;
    let after = scene.app.refresh_by(&scene.holder, next.refresh()).await;
    let reused = scene
        .app
        .refused_refresh_by(&scene.holder, scene.tokens.refresh());
    assert_eq!(reused.await, "invalid_grant");
    let dead = scene.app.refused_refresh_by(&scene.holder, after.refresh());
    assert_eq!(dead.await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_seconds_of_grace_are_for_the_same_key() {
    for scene in [Scene::open().await, confidential().await] {
        let (app, first) = (&scene.app, scene.tokens.refresh());
        let next = app.refresh_by(&scene.holder, first).await;
        let again = app.refresh_by(&scene.holder, first).await;
        assert_eq!(again.refresh(), next.refresh());
        expect_bound(&scene, app, first).await;
        app.refresh_by(&scene.holder, next.refresh()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confidential_client_may_change_its_key_but_not_leave_it_out() {
    let scene = confidential().await;
    let (app, old) = (&scene.app, &scene.holder);
    let new = Holder::of(&scene.house);
    let tokens = app.refresh_by(&new, scene.tokens.refresh()).await;
    let said = app.introspect(tokens.access()).await;
    assert_eq!(said["cnf"]["jkt"], new.jkt());
    // The token of before is still the old key's.
    assert_eq!(
        app.userinfo_by(old, scene.tokens.access()).await.status,
        200
    );
    assert_eq!(app.userinfo_by(old, tokens.access()).await.status, 401);
    assert_eq!(app.userinfo_by(&new, tokens.access()).await.status, 200);
    // No way back to Bearer.
    assert_eq!(
        app.refused_refresh(tokens.refresh()).await,
        "invalid_dpop_proof"
    );
    app.refresh_by(&new, tokens.refresh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_to_prove_a_key_is_bound_from_then_on() {
    let scene = Scene::open().await;
    let app = &scene.app;
    let plain = app.join(&scene.browser).await;
    let bound = app.refresh_by(&scene.holder, plain.refresh()).await;
    expect_bound(&scene, app, bound.refresh()).await;
    // Also within the ten seconds of the one before.
    expect_bound(&scene, app, plain.refresh()).await;
    app.refresh_by(&scene.holder, bound.refresh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_prove_a_key_gets_nothing_without() {
    let house = House::open().await;
    let metadata = json!({
        "dpop_bound_access_tokens": true,
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    });
    let app = house.app_with("bank", metadata).await;
    let scene = Scene::of(house, app).await;
    let app = &scene.app;
    let (code, ask) = app.fresh_code(&scene.browser).await;
    let page = app.try_redeem(&code, &ask).await;
    assert_eq!(refusal(&page), "invalid_dpop_proof");
    assert!(page.header("dpop-nonce").is_some(), "it can go on at once");
    let tokens = app.redeem_by(&scene.holder, &code, &ask).await;
    assert_eq!(
        app.refused_refresh(tokens.refresh()).await,
        "invalid_dpop_proof"
    );
    let page = app.token(&[("grant_type", "client_credentials")]).await;
    assert_eq!(refusal(&page), "invalid_dpop_proof");
    app.refresh_by(&scene.holder, tokens.refresh()).await;

    // One that had other tokens before is refused the same, until it proves a key.
    let old = scene.house.app("old").await;
    let plain = old.join(&scene.browser).await;
    scene
        .house
        .change(&old, |client| client.tokens.dpop_bound_access_tokens = true)
        .await;
    assert_eq!(
        old.refused_refresh(plain.refresh()).await,
        "invalid_dpop_proof"
    );
    old.refresh_by(&scene.holder, plain.refresh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_code_ends_what_it_yielded_also_if_that_is_bound() {
    let scene = Scene::open().await;
    let (code, ask) = scene.app.fresh_code(&scene.browser).await;
    let tokens = scene.app.redeem_by(&scene.holder, &code, &ask).await;
    let page = scene.app.try_redeem_by(&scene.holder, &code, &ask).await;
    assert_eq!(refusal(&page), "invalid_grant");
    let dead = scene
        .app
        .refused_refresh_by(&scene.holder, tokens.refresh());
    assert_eq!(dead.await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binding_outlives_a_restart() {
    for mut scene in [Scene::open().await, confidential().await] {
        let offline = offline(&scene).await;
        let bound = scene.tokens.clone();
        scene.house.advance(Duration::from_mins(1));
        scene.house.reopen().await;
        for tokens in [bound, offline] {
            let refused = scene.app.refused_refresh(tokens.refresh()).await;
            assert_eq!(refused, "invalid_dpop_proof");
            let page = scene.app.userinfo(tokens.access()).await;
            super::expect_challenge(&page, "invalid_token");
            // What was told before the restart may be forgotten: it hears a nonce anew.
            let next = scene.app.refresh_by(&scene.holder, tokens.refresh()).await;
            if scene.app.secret.is_none() {
                expect_bound(&scene, &scene.app, next.refresh()).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_has_the_key_of_a_grant() {
    let scene = Scene::open().await;
    let tokens = offline(&scene).await;
    let record = scene.house.provider().record();
    let grants = record.offline_grants_of(&scene.alice.id).await.unwrap();
    let key = grants[0].jkt.unwrap().to_string();
    assert_eq!(key, scene.holder.jkt());
    let claims = scene.app.access_claims(tokens.access()).await;
    assert_eq!(claims["cnf"], json!({ "jkt": key }));
}
