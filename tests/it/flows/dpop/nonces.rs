//! Nonces of the server (RFC 9449, 8 and 9): demanded at each door, good for some minutes, the same
//! for all nodes, and no store keeps any.

use std::time::Duration;

use serde_json::json;

use super::{Scene, expect_challenge};
use crate::support::House;
use crate::support::holder::PUSHED;
use crate::support::tokens::refusal;

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_without_one_is_told_one_at_each_door() {
    let scene = Scene::open().await;
    let access = scene.tokens.access();
    let none = json!({ "nonce": null });
    let proof = scene.holder.for_token(&none);
    let (page, _) = scene.redeem_with(&[&proof]).await;
    assert_eq!(refusal(&page), "use_dpop_nonce");
    assert!(page.header("dpop-nonce").is_some());

    let proof = scene.holder.for_userinfo(access, &none);
    let page = scene.app.userinfo_with(access, &[&proof]).await;
    expect_challenge(&page, "use_dpop_nonce");
    assert!(page.header("dpop-nonce").is_some());

    let claims = scene.holder.claims("POST", PUSHED, &none);
    let proof = scene.holder.sign(&scene.holder.head(), &claims);
    let ask = scene.app.ask();
    let page = scene.app.push_with(&proof, &ask).await;
    assert_eq!(refusal(&page), "use_dpop_nonce");
    assert!(page.header("dpop-nonce").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_one_is_none() {
    let scene = Scene::open().await;
    let good = scene.holder.nonce().unwrap();
    // Another seal of this house is no nonce either.
    let token = scene.tokens.refresh();
    for forged in [
        json!(""),
        json!("x"),
        json!(7),
        json!(token),
        json!(good[1..].to_owned()),
    ] {
        let proof = scene.holder.for_token(&json!({ "nonce": forged }));
        scene
            .expect_refused_at_token(&[&proof], "use_dpop_nonce")
            .await;
        let access = scene.tokens.access();
        let proof = scene
            .holder
            .for_userinfo(access, &json!({ "nonce": forged }));
        scene
            .expect_refused_at_userinfo(&[&proof], "use_dpop_nonce")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_one_is_refused_and_an_ageing_one_is_replaced_in_time() {
    let scene = Scene::open().await;
    let first = scene.holder.nonce().unwrap();
    scene.house.advance(Duration::from_secs(119));
    let (page, _) = scene
        .redeem_with(&[&scene.holder.for_token(&json!({}))])
        .await;
    assert_eq!(
        (page.status.as_u16(), page.header("dpop-nonce")),
        (200, None)
    );

    scene.house.advance(Duration::from_secs(1));
    let proof = scene.holder.for_token(&json!({ "nonce": first }));
    let (page, _) = scene.redeem_with(&[&proof]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let next = page.header("dpop-nonce").unwrap().to_owned();
    // At the other doors too; and the one before is good beside it.
    let access = page.json()["access_token"].as_str().unwrap().to_owned();
    let page = scene.app.userinfo_by(&scene.holder, &access).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.header("dpop-nonce").is_some());

    scene.house.advance(Duration::from_secs(179));
    let proof = scene.holder.for_token(&json!({ "nonce": first }));
    assert_eq!(scene.redeem_with(&[&proof]).await.0.status, 200);
    scene.house.advance(Duration::from_secs(1));
    let proof = scene.holder.for_token(&json!({ "nonce": first }));
    scene
        .expect_refused_at_token(&[&proof], "use_dpop_nonce")
        .await;
    let proof = scene.holder.for_token(&json!({ "nonce": next }));
    assert_eq!(scene.redeem_with(&[&proof]).await.0.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_knows_those_of_the_others_and_which_proofs_were_used() {
    let scene = Scene::open().await;
    let access = scene.tokens.access();
    scene.house.settled().await;
    for used_at in 0..scene.house.number_of_nodes() {
        let proof = scene.holder.for_userinfo(access, &json!({}));
        let there = scene.house.app_at(used_at, &scene.app);
        assert_eq!(there.userinfo_with(access, &[&proof]).await.status, 200);
        for node in 0..scene.house.number_of_nodes() {
            let elsewhere = scene.house.app_at(node, &scene.app);
            let page = elsewhere.userinfo_with(access, &[&proof]).await;
            expect_challenge(&page, "invalid_dpop_proof");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_not_demanded_proofs_do_without() {
    let house = House::open_with(&[("PROTOCOL__REQUIRE_DPOP_NONCE", "off")]).await;
    let app = house.public_app("spa").await;
    let scene = Scene::of(house, app).await;
    assert_eq!(scene.holder.nonce(), None, "nobody was told one");
    let page = scene
        .app
        .userinfo_by(&scene.holder, scene.tokens.access())
        .await;
    assert_eq!(page.status, 200, "{}", page.body);
    // Of another server, or of before.
    let proof = scene.holder.for_token(&json!({ "nonce": "x" }));
    assert_eq!(scene.redeem_with(&[&proof]).await.0.status, 200);
    scene
        .expect_refused_at_token(&[&proof], "invalid_dpop_proof")
        .await;
}

/// Where the hot state may have forgotten which proofs were used, those of before are worth
/// nothing: with the embedded one that is each start.
#[tokio::test(flavor = "multi_thread")]
async fn no_proof_is_taken_twice_because_of_a_restart() {
    let mut scene = Scene::open().await;
    let access = scene.tokens.access().to_owned();
    let proof = scene.holder.for_userinfo(&access, &json!({}));
    let page = scene.app.userinfo_with(&access, &[&proof]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    scene.house.reopen().await;
    let page = scene.app.userinfo_with(&access, &[&proof]).await;
    assert_eq!(page.status, 401, "{}", page.body);
    let words = page.json()["error"].as_str().unwrap().to_owned();
    assert!(["use_dpop_nonce", "invalid_dpop_proof"].contains(&words.as_str()));
    // An honest one goes on, once it has heard the new nonce.
    scene.holder.hear(&page);
    let page = scene.app.userinfo_by(&scene.holder, &access).await;
    assert_eq!(page.status, 200, "{}", page.body);
}
