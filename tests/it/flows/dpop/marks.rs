//! What is remembered of proofs and assertions that were used: for whom, and for how long.

use std::time::Duration;

use lanyard::entropy::{Entropy, Root};
use lanyard::store::hot::{Commit, Effect, HotStore, Name};
use serde_json::json;

use super::super::client_assertions::{assertion, p256, set, verdict};
use super::{Scene, expect_challenge};
use crate::support::device::DEVICE_CODE;
use crate::support::holder::TOKEN;
use crate::support::tokens::refusal;
use crate::support::{App, Holder, House};

/// A request for tokens with a new proof, and what it is refused for.
async fn refused(app: &App, holder: &Holder, form: &[(&str, &str)]) -> String {
    let proof = holder.for_token(&json!({}));
    let page = app.machine_with(TOKEN, &[("DPoP", &proof)], form).await;
    refusal(&page)
}

/// Anybody can make as many proofs as they like.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_nothing_of_this_house_fills_no_memory() {
    let mut house = House::open_alone().await;
    let (app, other) = (house.public_app("spa").await, house.public_app("own").await);
    let tv = house.television("tv").await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    let ended = app.sign_in(&browser, &alice).await;
    house.end(house.session_of(&alice).await).await;
    let live = app.sign_in(&house.browser(), &alice).await;
    let codes = tv.begin("openid").await;
    let holder = Holder::of(&house);
    holder.greet(&app).await;
    house.rest().await;

    let marks = &house.provider().shares().used_proofs;
    let before = marks.commits();
    let refresh = |token| [("grant_type", "refresh_token"), ("refresh_token", token)];
    let poll = [
        ("grant_type", DEVICE_CODE),
        ("device_code", codes.device_code()),
    ];
    for _ in 0..3 {
        for (app, token) in [
            (&app, "x"),
            (&app, ended.refresh()),
            (&other, live.refresh()),
        ] {
            assert_eq!(
                refused(app, &holder, &refresh(token)).await,
                "invalid_grant"
            );
        }
        house.advance(Duration::from_secs(5));
        assert_eq!(refused(&tv, &holder, &poll).await, "authorization_pending");
    }
    house.advance(Duration::from_mins(10));
    holder.greet(&app).await;
    assert_eq!(refused(&tv, &holder, &poll).await, "expired_token");
    assert_eq!(marks.commits(), before);
}

/// Has everything that was marked until now pushed out, as very many others would.
async fn flood(house: &House, marks: &HotStore) {
    let expires = house.clock.now() + Duration::from_secs(30);
    for _ in 0..3_000 {
        let commit = Commit {
            checks: Vec::new(),
            effects: vec![Effect::Put {
                name: Name("k".to_owned()),
                bytes: vec![0; 1_000],
                expires,
            }],
            attempt: Entropy::System.bytes(),
        };
        let root = Root::random(&Entropy::System);
        marks.commit(&root, commit).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_stays_used_when_its_mark_was_pushed_out() {
    let house = House::open_with(&[("HOT__MEMORY_MIB", "8")]).await;
    let app = house.public_app("spa").await;
    let scene = Scene::of(house, app).await;
    let shares = scene.house.provider().shares();
    // A Redis that has no more room refuses new marks, and keeps the old ones.
    if shares.used_proofs.is_shared() {
        return;
    }
    let access = scene.tokens.access();
    let proof = scene.holder.for_userinfo(access, &json!({}));
    let used = scene.app.userinfo_with(access, &[&proof]).await;
    assert_eq!(used.status, 200, "{}", used.body);
    let key = p256();
    let by_key = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": set(&[&key]) });
    let job = scene.house.app_with("job", by_key).await;
    let taken = assertion(&scene.house, &key, &job, &json!({}));
    assert_eq!(verdict(&scene.house, &taken).await, "invalid_grant");

    for marks in [&shares.used_proofs, &shares.used_assertions] {
        flood(&scene.house, marks).await;
    }
    let again = scene.app.userinfo_with(access, &[&proof]).await;
    expect_challenge(&again, "use_dpop_nonce");
    assert_eq!(verdict(&scene.house, &taken).await, "invalid_client");
    // New ones are as good as ever.
    scene.house.advance(Duration::from_secs(1));
    let next = scene.app.userinfo_by(&scene.holder, access).await;
    assert_eq!(next.status, 200, "{}", next.body);
    let next = assertion(&scene.house, &key, &job, &json!({}));
    assert_eq!(verdict(&scene.house, &next).await, "invalid_grant");
}
