//! `FLUSHALL` under load: a nuisance for the database, for nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use super::on;
use crate::support::House;
use crate::support::parts::RedisServer;

const BROWSERS: u64 = 12;
const FLUSHES: u64 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_signed_out_and_no_ended_session_comes_back() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let wiki = Arc::new(house.app("wiki").await);
    let alice = house.person("alice").await;
    let (mut live, mut ended) = (Vec::new(), Vec::new());
    for _ in 0..BROWSERS {
        let browser = house.browser();
        wiki.sign_in(&browser, &alice).await;
        live.push(browser);
    }
    let before = house.sessions_of(&alice).await;
    for _ in 0..4 {
        let browser = house.browser();
        wiki.sign_in(&browser, &alice).await;
        ended.push(browser);
    }
    for session in house.sessions_of(&alice).await {
        if !before.contains(&session) {
            house.end(session).await;
        }
    }
    let before = house.reloads();

    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicU64::new(0));
    let load = live
        .iter()
        .chain(&ended)
        .enumerate()
        .map(|(number, browser)| {
            let (wiki, browser) = (Arc::clone(&wiki), browser.clone());
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            let is_live = number < live.len();
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let ask = wiki.ask().with("prompt", "none");
                    let page = browser.get(&ask.url()).await;
                    assert_eq!(page.status, 303, "{}", page.body);
                    let away = page.location().unwrap();
                    let signed_in = away.query_pairs().any(|(name, _)| name == "code");
                    assert_eq!(signed_in, is_live, "{away}");
                    asked.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
    let load: Vec<_> = load.collect();
    for _ in 0..FLUSHES {
        let begun = asked.load(Ordering::SeqCst);
        House::until("requests come through", || async {
            asked.load(Ordering::SeqCst) > begun + 100
        })
        .await;
        server.command(&["FLUSHALL"]).await;
        // Longer than the watch takes to see it.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
    }
    stop.store(true, Ordering::SeqCst);
    for task in join_all(load).await {
        task.unwrap();
    }

    expect_bounded(house.reloads() - before);
    assert!(asked.load(Ordering::SeqCst) > 400, "this is no load");
}

/// Each flush costs a read for each session that is used, and one more when it is seen to be other
/// data; on each of two nodes. Ended ones are found ended by the memory of ends or a row.
fn expect_bounded(reloads: u64) {
    let bound = (BROWSERS + 4) * FLUSHES * 2 * 2;
    assert!(reloads >= BROWSERS, "{reloads}: the flushes were not felt");
    assert!(reloads <= bound, "{reloads} reloads, at most {bound}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_access_token_is_forgiven_nowhere() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    assert_eq!(wiki.revoke(tokens.access()).await.status, 200);
    house.settled().await;
    for _ in 0..3 {
        server.command(&["FLUSHALL"]).await;
        assert_eq!(wiki.userinfo(tokens.access()).await.status, 401);
    }
    assert!(browser.is_signed_in().await);
}
