//! What requests cost: calls of the hot state and of SQL, as metered. The workers rest meanwhile,
//! so that every call counted is the request's own.

use lanyard::entropy::Sid;
use serde_json::json;

use super::metadata_documents::{Story, story_alone};
use crate::support::{Holder, House};

/// How often each store has been called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meter {
    reads: u64,
    commits: u64,
    counts: u64,
    sql: u64,
}

fn meter(house: &House) -> Meter {
    let (hot, record) = (house.provider().hot(), house.provider().record());
    // In Redis marks of proofs are commits like all others.
    let marks = &house.provider().shares().used_proofs;
    let apart = if marks.is_shared() {
        0
    } else {
        marks.commits()
    };
    Meter {
        reads: hot.reads(),
        commits: hot.commits() + apart,
        counts: hot.counts(),
        sql: record.calls(),
    }
}

/// What something costs, beside what it yields.
async fn cost<T>(house: &House, what: impl Future<Output = T>) -> (Meter, T) {
    let before = meter(house);
    let result = what.await;
    let after = meter(house);
    let spent = Meter {
        reads: after.reads - before.reads,
        commits: after.commits - before.commits,
        counts: after.counts - before.counts,
        sql: after.sql - before.sql,
    };
    (spent, result)
}

const fn costs(reads: u64, commits: u64, sql: u64) -> Meter {
    Meter {
        reads,
        commits,
        counts: 0,
        sql,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_authorize_is_one_request_and_one_redirect_without_sql() {
    let mut house = House::open_alone().await;
    let wiki = house.app("wiki").await;
    let strict = house
        .app_with("other", json!({ "first_party": false }))
        .await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    wiki.join(&browser).await;
    strict.granted(&browser, strict.ask()).await;
    house.rest().await;
    // Warms the caches; and the first answer after a yes writes it down beside the app's part.
    wiki.join(&browser).await;
    strict.join(&browser).await;

    for app in [&wiki, &strict] {
        let ask = app.ask().with("prompt", "none");
        // `get` follows nothing: this answer leads straight back to the app.
        let (spent, page) = cost(&house, browser.get(&ask.url())).await;
        assert_eq!(page.status, 303);
        app.code(&page.location().unwrap(), &ask);
        assert_eq!(spent, costs(1, 1, 0), "{}", app.client_id);
    }
    // Without `prompt=none` no less.
    let ask = wiki.ask();
    let (spent, page) = cost(&house, browser.get(&ask.url())).await;
    wiki.code(&page.location().unwrap(), &ask);
    assert_eq!(spent, costs(1, 1, 0));
}

/// Apps in the browser ask silently each time they open, also for people who are signed out.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_no_costs_no_more_than_a_look() {
    let mut house = House::open_alone().await;
    let spa = house.public_app("spa").await;
    let (alice, browser) = (house.person("alice").await, house.browser());
    browser.sign_in(&alice).await;
    let session = house.session_of(&alice).await;
    spa.join(&browser).await;
    house.end(session).await;
    house.rest().await;
    // Warms the caches, in another browser.
    spa.sign_in(&house.browser(), &alice).await;

    // Nobody ever signed in there: no store is asked.
    let stranger = house.browser();
    let (spent, silent) = cost(&house, spa.silently(&stranger)).await;
    assert_eq!(silent.unwrap_err(), "login_required");
    assert_eq!(spent, costs(0, 0, 0));
    // The session of this one ended elsewhere.
    let (spent, silent) = cost(&house, spa.silently(&browser)).await;
    assert_eq!(silent.unwrap_err(), "login_required");
    assert_eq!(spent, costs(1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_with_a_metadata_document_costs_no_more() {
    let Story {
        mut house,
        app,
        browser,
        publisher,
        ..
    } = story_alone(&[]).await;
    app.granted(&browser, app.ask()).await;
    house.rest().await;
    // Warms the caches; and the first answer after a yes writes it down beside the app's part.
    app.join(&browser).await;
    let asked = publisher.asked();
    let (spent, silent) = cost(&house, app.silently(&browser)).await;
    let (code, ask) = silent.unwrap();
    assert_eq!(spent, costs(1, 1, 0));
    let (spent, page) = cost(&house, app.try_redeem(&code, &ask)).await;
    assert_eq!(spent, costs(1, 1, 0));
    let refresh = page.json()["refresh_token"].as_str().unwrap().to_owned();
    let (spent, page) = cost(&house, app.try_refresh(&refresh)).await;
    assert_eq!(page.status, 200);
    assert_eq!(spent, costs(1, 1, 0));
    assert_eq!(publisher.asked(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_first_join_costs_one_statement_more() {
    let mut house = House::open_alone().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    house.rest().await;
    // Warms the caches, in another browser.
    shop.sign_in(&house.browser(), &alice).await;
    wiki.join(&browser).await;

    let (spent, _) = cost(&house, shop.fresh_code(&browser)).await;
    assert_eq!(spent, costs(1, 1, 1));
    let (spent, _) = cost(&house, shop.fresh_code(&browser)).await;
    assert_eq!(spent, costs(1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_app_that_was_signed_out_pays_for_being_asked_about() {
    let mut house = House::open_alone().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    wiki.join(&browser).await;
    house.rest().await;
    // Warms the caches, which the workers may have emptied once more before they rested.
    shop.sign_in(&house.browser(), &alice).await;
    let sid = Sid::new(wiki.join(&browser).await.sid());
    let owner = house.provider().record().session_of_sid(&sid).await;
    let (session, ..) = owner.unwrap().unwrap();
    house.end_part(session, &wiki).await;
    // After an end in a session, its next use reads it anew.
    wiki.silently(&browser).await.unwrap_err();

    let (spent, silent) = cost(&house, wiki.silently(&browser)).await;
    assert_eq!(silent.unwrap_err(), "interaction_required");
    assert_eq!(spent, costs(2, 0, 2));
    // A first join of another app pays nothing for the look.
    let (spent, _) = cost(&house, shop.fresh_code(&browser)).await;
    assert_eq!(spent, costs(1, 1, 1));
    wiki.come_back(&browser).await;
    let (spent, _) = cost(&house, wiki.fresh_code(&browser)).await;
    assert_eq!(spent, costs(1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_cost_one_read_and_one_commit() {
    let mut house = House::open_alone().await;
    let wiki = house.app("wiki").await;
    let spa = house.public_app("spa").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    house.rest().await;
    // Warms the caches.
    for app in [&wiki, &spa] {
        app.join(&browser).await;
    }
    for app in [&wiki, &spa] {
        let (code, ask) = app.fresh_code(&browser).await;
        let (spent, page) = cost(&house, app.try_redeem(&code, &ask)).await;
        assert_eq!(spent, costs(1, 1, 0), "code of {}", app.client_id);
        let refresh = page.json()["refresh_token"].as_str().unwrap().to_owned();
        let (spent, page) = cost(&house, app.try_refresh(&refresh)).await;
        assert_eq!(page.status, 200);
        assert_eq!(spent, costs(1, 1, 0), "refresh of {}", app.client_id);
        // A minute later its activity goes along in the same commit.
        house.advance(std::time::Duration::from_secs(61));
        let refresh = page.json()["refresh_token"].as_str().unwrap().to_owned();
        let (spent, _) = cost(&house, app.try_refresh(&refresh)).await;
        assert_eq!(spent, costs(1, 1, 0), "active {}", app.client_id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_costs_one_commit_more() {
    let mut house = House::open_alone().await;
    let app = house.public_app("spa").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    house.rest().await;
    // Warms the caches, and learns a nonce.
    let holder = Holder::of(&house);
    let tokens = app.join_by(&holder, &browser).await;
    let (spent, page) = cost(&house, app.try_refresh_by(&holder, tokens.refresh())).await;
    assert_eq!(page.status, 200);
    assert_eq!(spent, costs(1, 2, 0));
    let (spent, page) = cost(&house, app.userinfo_by(&holder, tokens.access())).await;
    assert_eq!(page.status, 200);
    assert_eq!(spent, costs(1, 1, 0));
    // A proof that is refused for what it says costs no more than one that is not there.
    let proof = holder.for_userinfo(tokens.access(), &json!({ "htm": "PUT" }));
    let (spent, page) = cost(&house, app.userinfo_with(tokens.access(), &[&proof])).await;
    assert_eq!(page.status, 401);
    assert_eq!(spent, costs(1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_grants_cost_no_more() {
    let mut house = House::open_alone().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    house.rest().await;
    // Warms the caches.
    let ask = wiki.ask().with("scope", "openid offline_access");
    let tokens = wiki.granted(&browser, ask).await;
    let (spent, page) = cost(&house, wiki.try_refresh(tokens.refresh())).await;
    assert_eq!(page.status, 200);
    assert_eq!(spent, costs(1, 1, 0));
    let (spent, _) = cost(&house, wiki.userinfo(tokens.access())).await;
    assert_eq!(spent, costs(1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_introspection_and_pages_cost_one_read() {
    let mut house = House::open_alone().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let alice = house.person("alice").await;
    house.rest().await;
    // Warms the caches.
    let tokens = wiki.sign_in(&browser, &alice).await;
    let (spent, page) = cost(&house, wiki.userinfo(tokens.access())).await;
    assert_eq!(page.status, 200);
    assert_eq!(spent, costs(1, 0, 0));
    for token in [tokens.access(), tokens.refresh()] {
        let (spent, said) = cost(&house, wiki.introspect(token)).await;
        assert_eq!(said["active"], true);
        assert_eq!(spent, costs(1, 0, 0));
    }
    let (spent, _) = cost(&house, browser.get("/account")).await;
    assert_eq!((spent.reads, spent.commits), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_asks_no_store() {
    let mut house = House::open_alone().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let alice = house.person("alice").await;
    house.rest().await;
    // Warms the caches.
    let tokens = wiki.sign_in(&browser, &alice).await;
    let forged = format!("{}A", tokens.refresh());
    let bearer = format!("{}A", tokens.access());
    let stranger = house.browser();
    for name in browser.cookie_names() {
        stranger.plant_cookie(&name, &forged);
    }
    let silent = wiki.ask().with("prompt", "none");
    let (spent, _) = cost(&house, async {
        wiki.try_refresh(&forged).await;
        wiki.try_redeem(&forged, &silent).await;
        wiki.introspect(&forged).await;
        wiki.revoke(&forged).await;
        wiki.userinfo(&bearer).await;
        wiki.send(&stranger, &silent).await
    })
    .await;
    assert_eq!(spent, costs(0, 0, 0));
}
