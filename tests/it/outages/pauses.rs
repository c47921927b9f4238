//! A store that hangs: what needs it answers 503 in time, the rest goes on, and nothing needs a
//! restart.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::support::parts::{PostgresServer, RedisServer};
use crate::support::stores::{on_postgres, on_redis};
use crate::support::{House, Page};

fn unavailable(page: &Page, began: Instant) {
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.header("retry-after").is_some());
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_hangs() {
    let server = RedisServer::start().await;
    let quick = [("REDIS__TIMEOUT", "250ms")];
    let stores = super::stores(on_redis(&server.url())).await;
    let stores = stores
        .into_iter()
        .filter(|(name, _)| *name != "REDIS__TIMEOUT")
        .collect();
    let house = House::open_on(stores, 2, &quick).await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;

    server.pause();
    for _ in 0..4 {
        let began = Instant::now();
        unavailable(&browser.get("/account").await, began);
        let began = Instant::now();
        unavailable(&browser.get(&wiki.ask().url()).await, began);
        let began = Instant::now();
        unavailable(&wiki.try_refresh(tokens.refresh()).await, began);
        let began = Instant::now();
        unavailable(&wiki.userinfo(tokens.access()).await, began);
        let began = Instant::now();
        unavailable(&browser.get("/health/ready").await, began);
        for path in [
            "/oauth2/jwks",
            "/.well-known/openid-configuration",
            "/health/live",
        ] {
            assert_eq!(browser.get(path).await.status, 200, "{path}");
        }
    }
    server.resume();
    let resumed = Instant::now();
    House::until("both nodes are ready again", || async {
        for number in 0..2 {
            let here = house.at_node(number, &browser);
            if here.get("/health/ready").await.status != 200 || !here.is_signed_in().await {
                return false;
            }
        }
        true
    })
    .await;
    let took = resumed.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    wiki.refresh(tokens.refresh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_hangs() {
    let (redis, postgres) = (RedisServer::start().await, PostgresServer::start().await);
    let mut stores = on_redis(&redis.url());
    stores.extend(on_postgres(&postgres.url()).await);
    let settings = [
        ("DATABASE__OUTAGE_TOLERANCE", "8s"),
        ("DATABASE__STATEMENT_TIMEOUT", "500ms"),
    ];
    let house = House::open_on(stores, 1, &settings).await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    let (browser, other, leaving) = (house.browser(), house.browser(), house.browser());
    wiki.sign_in(&leaving, &alice).await;
    let going = house.session_of(&alice).await;
    let tokens = wiki.sign_in(&browser, &alice).await;
    let sign_in = wiki.send(&other, &wiki.ask()).await.page();
    // Warms the caches.
    wiki.join(&browser).await;

    let out = leaving.go("/oauth2/logout").await.page();

    postgres.pause();
    let paused = Instant::now();
    let mut tokens = tokens;
    let mut silent = 0;
    while paused.elapsed() < Duration::from_secs(4) {
        wiki.fresh_code(&browser).await;
        tokens = wiki.refresh(tokens.refresh()).await;
        silent += 1;
    }
    assert!(silent > 3, "{silent} rounds are no going on");
    let refused = other
        .try_password(&sign_in, &alice.username, &alice.password)
        .await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.header("retry-after").is_some());
    let form = [("csrf", out.csrf()), ("action", "logout".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let ended = leaving.post(out.form_action().as_str(), &form).await;
    assert_eq!(ended.status, 503, "{}", ended.body);

    House::until("the time without the log is over", || async {
        browser.get(&wiki.ask().url()).await.status == 503
    })
    .await;
    assert!(paused.elapsed() >= Duration::from_secs(7), "not before");
    assert_eq!(browser.get("/oauth2/jwks").await.status, 200);
    assert_eq!(browser.get("/health/ready").await.status, 503);

    postgres.resume();
    House::until("it goes on", || browser.is_signed_in()).await;
    wiki.refresh(tokens.refresh()).await;
    // That end may have been done after all, or not; said again it is certain.
    house.end(going).await;
    assert!(!leaving.is_signed_in().await);
    assert!(browser.is_signed_in().await);
}

/// Many wait for one session that cannot be read: none of them for all the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_at_a_lost_hot_copy_waits_no_longer_than_one() {
    let (redis, postgres) = (RedisServer::start().await, PostgresServer::start().await);
    let mut stores = on_redis(&redis.url());
    stores.extend(on_postgres(&postgres.url()).await);
    let house = House::open_on(stores, 1, &[]).await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    wiki.sign_in(&browser, &house.person("alice").await).await;
    postgres.pause();
    let lose = "for _, key in ipairs(redis.call('KEYS', '*')) do \
         if redis.call('TYPE', key).ok == 'hash' then redis.call('DEL', key) end end";
    redis.command(&["EVAL", lose, "0"]).await;
    let began = Instant::now();
    let url = wiki.ask().with("prompt", "none").url();
    let answers = join_all((0..24).map(|_| browser.get(&url))).await;
    let took = began.elapsed();
    postgres.resume();
    assert!(answers.iter().all(|page| page.status == 503));
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// Redis is full: what only reads, and what ends, goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_redis_keeps_nobody_signed_in() {
    let server = RedisServer::start().await;
    let house = super::on(&server).await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    // Its use is to be noted again, which takes memory.
    house.advance(Duration::from_mins(2));
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(wiki.userinfo(tokens.access()).await.status, 200);
    let account = browser.get("/account").await;
    assert_eq!(account.status, 200);
    let form = [("csrf", account.csrf())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let out = browser.post("/account/sign-out", &form).await;
    assert_eq!(out.status, 303, "{}", out.body);
    wiki.expect_signed_out(tokens.sid()).await;
}
