//! Proofs of possession when Redis forgets or hangs: what is bound stays bound, no used proof
//! becomes a new one, and what cannot be known is 503.

use std::sync::Mutex;

use serde_json::json;

use super::on;
use crate::support::parts::RedisServer;
use crate::support::{Holder, House};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flush_unbinds_nothing_and_renews_no_proof() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let app = house.public_app("spa").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let holder = Holder::of(&house);
    holder.greet(&app).await;
    let ask = app.ask().with("scope", "openid offline_access");
    let answer = app.send(&browser, &ask).await.away();
    let tokens = app.redeem_by(&holder, &app.code(&answer, &ask), &ask).await;
    let access = tokens.access();
    let used = holder.for_userinfo(access, &json!({}));
    assert_eq!(app.userinfo_with(access, &[&used]).await.status, 200);
    house.settled().await;

    server.command(&["FLUSHALL"]).await;
    // Once it is seen, the nonces of before are worth nothing, and with them all proofs.
    let nonce = holder.nonce();
    let heard = Mutex::new(None);
    House::until("both nodes want another nonce", || async {
        for node in 0..2 {
            let there = house.app_at(node, &app);
            let old = holder.for_userinfo(access, &json!({ "nonce": nonce }));
            let page = there.userinfo_with(access, &[&old]).await;
            if page.status == 200 {
                return false;
            }
            *heard.lock().unwrap() = Some(page);
        }
        true
    })
    .await;
    let page = heard.into_inner().unwrap().unwrap();
    assert_eq!(page.json()["error"], "use_dpop_nonce", "{}", page.body);
    for node in 0..2 {
        let there = house.app_at(node, &app);
        let page = there.userinfo_with(access, &[&used]).await;
        assert_eq!(page.status, 401, "a used proof: {}", page.body);
    }
    assert_eq!(
        app.refused_refresh(tokens.refresh()).await,
        "invalid_dpop_proof"
    );
    let thief = Holder::of(&house);
    let refused = app.refused_refresh_by(&thief, tokens.refresh()).await;
    assert_eq!(refused, "invalid_grant");
    let next = app.refresh_by(&holder, tokens.refresh()).await;
    let claims = app.access_claims(next.access()).await;
    assert_eq!(claims["cnf"]["jkt"], holder.jkt());
}

/// Whoever catches the token meanwhile could else leave the proof out, or bring one of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_became_bound_a_moment_before_a_flush_is_bound() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let app = house.public_app("spa").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let ask = app.ask().with("scope", "openid offline_access");
    let answer = app.send(&browser, &ask).await.away();
    let tokens = app.redeem(&app.code(&answer, &ask), &ask).await;
    house.settled().await;
    let (holder, thief) = (Holder::of(&house), Holder::of(&house));
    holder.greet(&app).await;
    let bound = app.refresh_by(&holder, tokens.refresh()).await;
    server.command(&["FLUSHALL"]).await;

    House::until("a proof is demanded", || async {
        let page = app.try_refresh(bound.refresh()).await;
        assert_ne!(page.status, 200, "{}", page.body);
        page.status == 400 && page.json()["error"] == "invalid_dpop_proof"
    })
    .await;
    let refused = app.refused_refresh_by(&thief, bound.refresh()).await;
    assert_eq!(refused, "invalid_grant");
    app.refresh_by(&holder, bound.refresh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_which_nobody_knows_is_not_taken() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let both = json!({ "grant_types": ["authorization_code", "client_credentials"] });
    let app = house.app_with("job", both).await;
    let holder = Holder::of(&house);
    let form = [("grant_type", "client_credentials")];
    // A node that has not seen the client prove itself yet would tell Redis.
    for node in 0..2 {
        let there = house.app_at(node, &app);
        assert_eq!(there.token_by(&holder, &form).await.status, 200);
    }
    server.pause();
    // Nothing else of this grant asks Redis: without a proof it is given.
    let page = app.token(&form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let page = app.token_by(&holder, &form).await;
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.header("retry-after").is_some());
    server.resume();
}
