//! The house stops in order and opens again: nobody signs in anew, and nothing that ended is back.

use std::time::Duration;

use lanyard::session::ending::Reason;
use serde_json::Value;

use crate::support::stores::Stores;
use crate::support::tokens::refusal;
use crate::support::{App, House};

async fn keys(app: &App) -> Value {
    let page = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(format!("{}/oauth2/jwks", app.issuer))
        .send();
    page.await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_stays_ended() {
    let mut house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let alice = house.person("alice").await;
    let (gone, left) = (house.browser(), house.browser());
    let ended = wiki.sign_in(&gone, &alice).await;
    house.end(house.session_of(&alice).await).await;
    house.advance(Duration::from_secs(1));
    let part = wiki.sign_in(&left, &alice).await;
    let stays = shop.join(&left).await;
    house.end_part(house.session_of(&alice).await, &wiki).await;

    house.reopen().await;
    assert!(!gone.is_signed_in().await);
    assert_eq!(wiki.silently(&gone).await.unwrap_err(), "login_required");
    wiki.assert_dead(&ended).await;
    wiki.assert_dead(&part).await;
    shop.assert_alive(&stays).await;
    assert!(left.is_signed_in().await);
    assert_eq!(
        house.endings(&alice).await,
        [None, Some(Reason::Admin)],
        "the newest first"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_and_half_done_sign_ins_of_before_are_refused_and_begin_anew() {
    let mut house = House::open().await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    let (browser, half_way) = (house.browser(), house.browser());
    browser.sign_in(&alice).await;
    let (code, ask) = wiki.fresh_code(&browser).await;
    let (used, used_ask) = wiki.fresh_code(&browser).await;
    let tokens = wiki.redeem(&used, &used_ask).await;
    let page = wiki.send(&half_way, &wiki.ask()).await.page();

    house.reopen().await;
    if Stores::of_this_run() != Stores::Embedded {
        // The hot state is not the node's: they are as good as before.
        wiki.redeem(&code, &ask).await;
        half_way.sign_in_at(&page, &alice).await.away();
        return;
    }
    let refused = wiki.try_redeem(&code, &ask).await;
    assert_eq!(refusal(&refused), "invalid_grant");
    let again = wiki.try_redeem(&used, &used_ask).await;
    assert_eq!(refusal(&again), "invalid_grant");
    let late = half_way.sign_in_at(&page, &alice).await.page();
    assert_eq!(late.status, 400, "{}", late.body);
    assert!(!half_way.is_signed_in().await);

    wiki.assert_alive(&tokens).await;
    wiki.assert_alive(&wiki.join(&browser).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_in_again_and_tokens_rotate_on() {
    let mut house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let spa = house.public_app("spa").await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    let at_wiki = wiki.sign_in(&browser, &alice).await;
    let at_shop = shop.join(&browser).await;
    let at_spa = spa.join(&browser).await;
    let at_wiki = wiki.refresh(at_wiki.refresh()).await;
    let published = keys(&wiki).await;

    for _ in 0..2 {
        house.advance(Duration::from_mins(1));
        house.reopen().await;
        assert_eq!(keys(&wiki).await, published);
        wiki.assert_alive(&at_wiki).await;
        shop.assert_alive(&at_shop).await;
    }
    assert!(browser.is_signed_in().await);
    let silent = wiki.join(&browser).await;
    assert_eq!(silent.sid(), at_wiki.sid(), "the same part of it");
    assert_eq!(silent.claims["auth_time"], at_wiki.claims["auth_time"]);
    let next = spa.refresh(at_spa.refresh()).await;
    let after = spa.refresh(next.refresh()).await;
    assert_eq!(after.claims["sid"], at_spa.claims["sid"]);

    // And all of it ends as ever.
    house.end(house.session_of(&alice).await).await;
    wiki.assert_dead(&silent).await;
    wiki.expect_signed_out(at_wiki.sid()).await;
    shop.expect_signed_out(at_shop.sid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_rotated_away_before_is_reuse_after() {
    let mut house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let first = wiki.sign_in(&browser, &house.person("alice").await).await;
    let second = wiki.refresh(first.refresh()).await;
    let third = wiki.refresh(second.refresh()).await;
    house.advance(Duration::from_mins(1));
    house.reopen().await;

    let fourth = wiki.refresh(third.refresh()).await;
    wiki.assert_alive(&fourth).await;
    // The answer may have been lost with the old process: ten seconds, across the restart too.
    house.reopen().await;
    let again = wiki.refresh(third.refresh()).await;
    assert_eq!(again.refresh(), fourth.refresh());
    assert_eq!(wiki.refused_refresh(first.refresh()).await, "invalid_grant");
    wiki.assert_dead(&fourth).await;
    assert!(browser.is_signed_in().await, "the session goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_out_while_the_house_is_closed_has_run_out() {
    let mut house = House::open().await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &alice).await;
    house.reopen_after(Duration::from_hours(12)).await;
    assert!(!browser.is_signed_in().await);
    wiki.assert_dead(&tokens).await;
    wiki.expect_signed_out(tokens.sid()).await;
    assert_eq!(house.endings(&alice).await, [Some(Reason::Lifetime)]);
}
