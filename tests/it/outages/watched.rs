//! What operators see of an outage: which check fails, why, and in numbers.

use serde_json::{Value, json};

use crate::support::parts::{PostgresServer, RedisServer};
use crate::support::stores::{on_postgres, on_redis};
use crate::support::{Browser, House, Scrape};

const METRICS: [(&str, &str); 1] = [("METRICS__LISTEN", "127.0.0.1:0")];

/// The checks that fail, with their reasons; the answer says nothing else of them.
async fn failing(browser: &Browser) -> Vec<(String, String)> {
    let page = browser.get("/health/ready").await;
    let ready = page.status == 200;
    assert!(ready || page.status == 503, "{}", page.status);
    assert_eq!(page.json()["ready"], Value::Bool(ready));
    let checks = page.json()["checks"].as_object().unwrap().clone();
    let failed = checks
        .into_iter()
        .filter(|(_, check)| *check != json!({ "ok": true }));
    let failed: Vec<_> = failed
        .map(|(name, check)| (name, check["reason"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(failed.is_empty(), ready);
    failed
}

fn failed_calls(scrape: &Scrape, store: &str, operation: &str) -> f64 {
    let series = format!(
        "lanyard_store_calls_total{{operation=\"{operation}\",outcome=\"error\",store=\"{store}\"}}"
    );
    scrape.value(&series).unwrap_or(0.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_hangs() {
    let server = RedisServer::start().await;
    let mut stores = on_redis(&server.url());
    stores.retain(|(name, _)| *name != "REDIS__TIMEOUT");
    stores.push(("REDIS__TIMEOUT", "250ms".to_owned()));
    let house = House::open_on(super::stores(stores).await, 1, &METRICS).await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    assert_eq!(failing(&browser).await, []);
    let before = house.scrape().await;
    server.pause();
    let reason = ("hot_state".to_owned(), "it does not answer".to_owned());
    assert_eq!(failing(&browser).await, [reason]);
    assert_eq!(browser.get("/account").await.status, 503);
    let after = house.scrape().await;
    let failed = |scrape| failed_calls(scrape, "hot", "read");
    assert!(failed(&after) >= failed(&before) + 1.0);
    assert_eq!(after.value("lanyard_sessions_live"), Some(1.0));
    server.resume();
    House::until("it is ready again", || async {
        failing(&browser).await.is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_hangs() {
    let (redis, postgres) = (RedisServer::start().await, PostgresServer::start().await);
    let mut stores = on_redis(&redis.url());
    stores.extend(on_postgres(&postgres.url()).await);
    stores.push(("DATABASE__OUTAGE_TOLERANCE", "5s".to_owned()));
    stores.push(("DATABASE__STATEMENT_TIMEOUT", "500ms".to_owned()));
    let house = House::open_on(stores, 1, &METRICS).await;
    let browser = house.browser();
    assert_eq!(failing(&browser).await, []);
    assert_eq!(
        house.scrape().await.value("lanyard_sessions_live"),
        Some(0.0)
    );
    postgres.pause();
    let record = ("record".to_owned(), "it does not answer".to_owned());
    assert!(failing(&browser).await.contains(&record));
    House::until("the ends log is too old", || async {
        let failed = failing(&browser).await;
        failed.iter().any(|(check, reason)| {
            check == "ends_log" && reason.starts_with("the ends log was read ")
        })
    })
    .await;
    let scrape = house.scrape().await;
    assert_eq!(scrape.value("lanyard_sessions_live"), None, "nobody knows");
    assert!(failed_calls(&scrape, "record", "read") >= 1.0);
    assert!(scrape.value("lanyard_ends_log_age_seconds").unwrap() > 4.0);
    postgres.resume();
    House::until("it is ready again", || async {
        failing(&browser).await.is_empty()
    })
    .await;
    let scrape = house.scrape().await;
    assert_eq!(scrape.value("lanyard_sessions_live"), Some(0.0));
}
