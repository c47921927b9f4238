//! What a session takes in Redis. `LANYARD_TEST_SESSIONS` says how many are measured.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::on;
use crate::support::parts::RedisServer;

/// How many sessions there are, and what all of them take: `MEMORY USAGE` counts the key, the
/// hash and its fields, but not the key's place among the expiries.
const TAKEN: &str = "local sessions, bytes = 0, 0 \
     for _, key in ipairs(redis.call('KEYS', '*')) do \
     if redis.call('TYPE', key).ok == 'hash' and redis.call('HEXISTS', key, 's') == 1 then \
     sessions = sessions + 1 \
     bytes = bytes + redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) + 32 end end \
     return {sessions, bytes}";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_with_three_apps_takes_less_than_a_kib_and_a_half() {
    let sessions = std::env::var_os("LANYARD_TEST_SESSIONS")
        .map_or(100, |number| number.to_str().unwrap().parse().unwrap());
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let names = ["wiki", "shop", "blog"];
    let mut apps = Vec::new();
    for name in names {
        apps.push(house.app(name).await);
    }
    let alice = &house.person("alice").await;
    let (house, apps) = (&house, &apps);
    let begun = stream::iter(0..sessions).map(|number| async move {
        // From many addresses: one may begin only so many sign-ins.
        let browser = house.browser_at(&format!("127.0.1.{}", 1 + number % 200));
        apps[0].sign_in(&browser, alice).await;
        for app in &apps[1..] {
            app.join(&browser).await;
        }
    });
    begun.buffer_unordered(8).collect::<Vec<_>>().await;
    let taken = server.command(&["EVAL", TAKEN, "0"]).await;
    let (measured, bytes) = taken.split_once('\n').unwrap();
    let (measured, bytes): (u64, u64) = (measured.parse().unwrap(), bytes.parse().unwrap());
    assert_eq!(measured, sessions);
    let each = bytes / measured;
    println!("{each} bytes of Redis memory for each of {measured} sessions with three apps");
    assert!(each < 1_536, "{each} bytes for each session");
}
