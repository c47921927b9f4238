//! Bound tokens at userinfo (RFC 9449, 7): never without their key, under no other scheme.

use serde_json::{Value, json};

use super::{Scene, expect_challenge};
use crate::support::holder::USERINFO;
use crate::support::tokens::post;
use crate::support::{Holder, House};

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_is_no_bearer_token() {
    let scene = Scene::open().await;
    let access = scene.tokens.access();
    let url = scene.house.url(USERINFO);
    let bearer = format!("Bearer {access}");
    let proof = scene.holder.for_userinfo(access, &json!({}));
    let plain = [("authorization", bearer.as_str())];
    let proved = [("authorization", bearer.as_str()), ("dpop", &proof)];
    for headers in [&plain[..], &proved[..]] {
        let page = scene.app.get_with(USERINFO, headers).await;
        expect_challenge(&page, "invalid_token");
    }
    // In a form, with a proof or without.
    for headers in [&[][..], &[("dpop", proof.as_str())][..]] {
        let page = post(&url, headers, &[("access_token", access)]).await;
        expect_challenge(&page, "invalid_token");
    }
    // In the query it is none at all.
    let page = scene
        .app
        .get_with(
            &format!("{USERINFO}?access_token={access}"),
            &[("dpop", &proof)],
        )
        .await;
    assert_eq!(page.status, 401);
    assert_eq!(
        scene.app.userinfo_by(&scene.holder, access).await.status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unbound_token_is_no_bound_one() {
    let scene = Scene::open().await;
    let plain = scene.app.join(&scene.browser).await;
    let page = scene.app.userinfo_by(&scene.holder, plain.access()).await;
    expect_challenge(&page, "invalid_token");
    assert_eq!(scene.app.userinfo(plain.access()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_by_another_key_opens_nothing() {
    let scene = Scene::open().await;
    let thief = Holder::of(&scene.house);
    thief.greet(&scene.app).await;
    let page = scene.app.userinfo_by(&thief, scene.tokens.access()).await;
    expect_challenge(&page, "invalid_token");
    let page = scene
        .app
        .userinfo_by(&scene.holder, scene.tokens.access())
        .await;
    assert_eq!(page.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_proof_it_opens_nothing() {
    let scene = Scene::open().await;
    scene
        .expect_refused_at_userinfo(&[], "invalid_dpop_proof")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_get_and_by_post_each_with_its_own_proof() {
    let scene = Scene::open().await;
    let access = scene.tokens.access();
    let (holder, url) = (&scene.holder, scene.house.url(USERINFO));
    let scheme = format!("dpop {access}");
    let get = holder.for_userinfo(access, &json!({}));
    let headers = [("authorization", scheme.as_str()), ("dpop", &get)];
    expect_challenge(&post(&url, &headers, &[]).await, "invalid_dpop_proof");
    let by_post = holder.for_userinfo(access, &json!({ "htm": "POST" }));
    let headers = [("authorization", scheme.as_str()), ("dpop", &by_post)];
    let page = post(&url, &headers, &[]).await;
    assert_eq!(page.status, 200, "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_brings_nothing_hears_of_both_schemes() {
    let house = House::open().await;
    let page = house.browser().get(USERINFO).await;
    assert_eq!(page.status, 401);
    let challenges = page.header_all("www-authenticate");
    assert_eq!(challenges[0], "Bearer");
    assert!(
        challenges[1].starts_with("DPoP algs=\"RS256 "),
        "{challenges:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_may_not_is_said_in_its_own_scheme() {
    let scene = Scene::open().await;
    let ask = scene
        .app
        .ask()
        .with("scope", "profile")
        .with("prompt", "none");
    let answer = scene.app.send(&scene.browser, &ask).await.away();
    let code = scene.app.code(&answer, &ask);
    let page = scene.app.try_redeem_by(&scene.holder, &code, &ask).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let access = page.json()["access_token"].as_str().unwrap().to_owned();
    let page = scene.app.userinfo_by(&scene.holder, &access).await;
    assert_eq!(page.status, 403);
    let challenge = page.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with("DPoP error=\"insufficient_scope\""),
        "{challenge}"
    );
    assert_eq!(page.json()["sub"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_ends_with_its_session() {
    let scene = Scene::open().await;
    let access = scene.tokens.access();
    assert_eq!(
        scene.app.userinfo_by(&scene.holder, access).await.status,
        200
    );
    scene
        .house
        .end(scene.house.session_of(&scene.alice).await)
        .await;
    scene.house.settled().await;
    let page = scene.app.userinfo_by(&scene.holder, access).await;
    expect_challenge(&page, "invalid_token");
}
