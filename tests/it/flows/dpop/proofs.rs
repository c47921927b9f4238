//! Each rule of a proof (RFC 9449, 4.3), broken by itself, at the token endpoint and at userinfo.
//! What was refused cost nothing: the same code and the same token are good with a good proof.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Scene, expect_challenge};
use crate::support::holder::TOKEN;
use crate::support::tokens::refusal;
use crate::support::{Holder, House};

/// A proof of each door, with another head.
async fn expect_head_refused(scene: &Scene, change: impl Fn(&mut Value)) {
    let holder = &scene.holder;
    let mut head = holder.head();
    change(&mut head);
    let claims = holder.claims("POST", TOKEN, &json!({}));
    let proof = holder.sign(&head, &claims);
    scene
        .expect_refused_at_token(&[&proof], "invalid_dpop_proof")
        .await;
    let good = holder.for_userinfo(scene.tokens.access(), &json!({}));
    let claims = claims_of(&good);
    let proof = holder.sign(&head, &claims);
    scene
        .expect_refused_at_userinfo(&[&proof], "invalid_dpop_proof")
        .await;
}

fn claims_of(token: &str) -> Value {
    use base64::Engine as _;
    let claims = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims);
    serde_json::from_slice(&bytes.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn for_another_method() {
    let scene = Scene::open().await;
    for method in [json!("PUT"), json!("post"), json!(null)] {
        scene.expect_refused(json!({ "htm": method })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn for_another_address() {
    let scene = Scene::open().await;
    for address in [
        json!("https://other.example/oauth2/token"),
        json!(scene.house.url("/oauth2/introspect")),
        json!(scene.house.url("/")),
        json!("/oauth2/token"),
        json!(null),
    ] {
        scene.expect_refused(json!({ "htu": address })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_is_the_public_one_whatever_the_host_header_says() {
    let scene = Scene::open().await;
    let (code, ask) = scene.app.fresh_code(&scene.browser).await;
    let form = scene.app.redemption(&code, &ask);
    let host = ("host", "other.example");
    let other = json!({ "htu": "http://other.example/oauth2/token" });
    let proof = scene.holder.for_token(&other);
    let headers = [host, ("DPoP", proof.as_str())];
    let page = scene.app.machine_with(TOKEN, &headers, &form).await;
    assert_eq!(refusal(&page), "invalid_dpop_proof");
    let proof = scene.holder.for_token(&json!({}));
    let headers = [host, ("DPoP", proof.as_str())];
    let page = scene.app.machine_with(TOKEN, &headers, &form).await;
    assert_eq!(page.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn for_another_access_token() {
    let scene = Scene::open().await;
    let (access, holder) = (scene.tokens.access(), &scene.holder);
    let other = scene.app.refresh_by(holder, scene.tokens.refresh()).await;
    for proof in [
        holder.for_userinfo(other.access(), &json!({})),
        holder.for_userinfo(access, &json!({ "ath": null })),
        holder.for_userinfo(access, &json!({ "ath": access })),
    ] {
        scene
            .expect_refused_at_userinfo(&[&proof], "invalid_dpop_proof")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_long_ago() {
    let scene = Scene::open().await;
    let now = scene.house.clock.now().as_secs();
    for made in [json!(now - 300), json!(0), json!(null), json!("now")] {
        scene.expect_refused(json!({ "iat": made })).await;
    }
    let proof = scene.holder.for_token(&json!({ "iat": now - 299 }));
    assert_eq!(scene.redeem_with(&[&proof]).await.0.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_future() {
    let scene = Scene::open().await;
    let now = scene.house.clock.now().as_secs();
    scene.expect_refused(json!({ "iat": now + 31 })).await;
    let proof = scene.holder.for_token(&json!({ "iat": now + 30 }));
    assert_eq!(scene.redeem_with(&[&proof]).await.0.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_of_its_own() {
    let scene = Scene::open().await;
    for name in [json!(null), json!(""), json!(7), json!("j".repeat(257))] {
        scene.expect_refused(json!({ "jti": name })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_time() {
    let scene = Scene::open().await;
    let proof = scene.holder.for_token(&json!({}));
    assert_eq!(scene.redeem_with(&[&proof]).await.0.status, 200);
    scene
        .expect_refused_at_token(&[&proof], "invalid_dpop_proof")
        .await;
    // Its name is used up, whatever else it says; of another key it is another name.
    let jti = json!({ "jti": "same" });
    assert_eq!(
        scene
            .redeem_with(&[&scene.holder.for_token(&jti)])
            .await
            .0
            .status,
        200
    );
    scene
        .expect_refused_at_token(&[&scene.holder.for_token(&jti)], "invalid_dpop_proof")
        .await;
    let other = Holder::of(&scene.house);
    other.greet(&scene.app).await;
    assert_eq!(
        scene.redeem_with(&[&other.for_token(&jti)]).await.0.status,
        200
    );

    let access = scene.tokens.access();
    let proof = scene.holder.for_userinfo(access, &json!({}));
    assert_eq!(scene.app.userinfo_with(access, &[&proof]).await.status, 200);
    scene
        .expect_refused_at_userinfo(&[&proof], "invalid_dpop_proof")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_uses_at_once_one_is_the_first() {
    let scene = Scene::open().await;
    let access = scene.tokens.access();
    let proof = scene.holder.for_userinfo(access, &json!({}));
    let proofs = [proof.as_str()];
    let pages = join_all((0..12).map(|_| scene.app.userinfo_with(access, &proofs))).await;
    let taken = pages.iter().filter(|page| page.status == 200).count();
    assert_eq!(taken, 1);
    for page in pages.iter().filter(|page| page.status != 200) {
        expect_challenge(page, "invalid_dpop_proof");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_them() {
    let scene = Scene::open().await;
    let two = [
        scene.holder.for_token(&json!({})),
        scene.holder.for_token(&json!({})),
    ];
    let joined = two.join(", ");
    for proofs in [
        vec![two[0].as_str(), two[1].as_str()],
        vec![joined.as_str()],
    ] {
        scene
            .expect_refused_at_token(&proofs, "invalid_dpop_proof")
            .await;
    }
    let access = scene.tokens.access();
    let proof = scene.holder.for_userinfo(access, &json!({}));
    scene
        .expect_refused_at_userinfo(&[&proof, &proof], "invalid_dpop_proof")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_are_none() {
    let scene = Scene::open().await;
    let good = scene.holder.for_token(&json!({}));
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    let long = format!("{good}{}", "A".repeat(9_000));
    for proof in [
        "",
        "x",
        "a.b.c",
        "a.b.c.d.e",
        &format!("{unsigned}."),
        &long,
        &good[1..],
    ] {
        scene
            .expect_refused_at_token(&[proof], "invalid_dpop_proof")
            .await;
        scene
            .expect_refused_at_userinfo(&[proof], "invalid_dpop_proof")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_another_type() {
    let scene = Scene::open().await;
    for typ in [
        json!("JWT"),
        json!("at+jwt"),
        json!("DPOP+JWT"),
        json!(null),
    ] {
        expect_head_refused(&scene, |head| head["typ"] = typ.clone()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_by_nobody() {
    let scene = Scene::open().await;
    for alg in ["none", "None", "NONE"] {
        expect_head_refused(&scene, |head| head["alg"] = json!(alg)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_by_a_shared_secret_or_in_a_way_that_is_not_its_keys() {
    let scene = Scene::open().await;
    for alg in ["HS256", "HS512", "RS256", "ES384"] {
        expect_head_refused(&scene, |head| head["alg"] = json!(alg)).await;
    }
    let symmetric = json!({ "kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0" });
    expect_head_refused(&scene, |head| {
        head["alg"] = json!("HS256");
        head["jwk"] = symmetric.clone();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_private_key_in_the_head() {
    let scene = Scene::open().await;
    for member in ["d", "k", "p", "oth"] {
        expect_head_refused(&scene, |head| head["jwk"][member] = json!("AQAB")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_or_with_one_elsewhere() {
    let scene = Scene::open().await;
    expect_head_refused(&scene, |head| head["jwk"] = Value::Null).await;
    expect_head_refused(&scene, |head| head["jwk"] = json!("key")).await;
    for (name, value) in [
        ("jku", json!("https://a.example/jwks")),
        ("x5u", json!("https://a.example/pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
    ] {
        expect_head_refused(&scene, |head| head[name] = value.clone()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_by_another_key_than_the_one_in_the_head() {
    let scene = Scene::open().await;
    let thief = Holder::of(&scene.house);
    let own = scene.holder.jwk();
    let claims = scene.holder.claims("POST", TOKEN, &json!({}));
    let mut head = thief.head();
    head["jwk"] = own;
    let forged = thief.sign(&head, &claims);
    scene
        .expect_refused_at_token(&[&forged], "invalid_dpop_proof")
        .await;
    let good = scene.holder.for_userinfo(scene.tokens.access(), &json!({}));
    let forged = thief.sign(&head, &claims_of(&good));
    scene
        .expect_refused_at_userinfo(&[&forged], "invalid_dpop_proof")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_counted_by_their_reason() {
    let house = House::open_watched().await;
    let app = house.public_app("spa").await;
    let scene = Scene::of(house, app).await;
    scene.expect_refused(json!({ "htm": "PUT" })).await;
    let scrape = scene.house.scrape().await;
    let counted = scrape.value("lanyard_dpop_proofs_refused_total{reason=\"htm\"}");
    assert_eq!(counted, Some(2.0));
}
