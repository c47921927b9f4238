//! What a session takes in Redis. `LANYARD_TEST_SESSIONS` says how many are measured.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::on;
use crate::support::parts::RedisServer;

/// Forgets the marks of attempts, which are gone by themselves after half a minute, and answers
/// with how many roots there are.
const ROOTS: &str = "local roots = 0 \
     for _, key in ipairs(redis.call('KEYS', '*}*')) do \
     if string.sub(key, -1) == '}' then roots = roots + 1 else redis.call('DEL', key) end end \
     return roots";

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
    let alice = house.person("alice").await;
    let (used_before, before) = used(&server).await;
    let begun = stream::iter(0..sessions).map(|_| async {
        let browser = house.browser();
        apps[0].sign_in(&browser, &alice).await;
        for app in &apps[1..] {
            app.join(&browser).await;
        }
        // Its interaction is not the session's: it is deleted with the sign-in.
    });
    begun.buffer_unordered(8).collect::<Vec<_>>().await;
    let (used_after, after) = used(&server).await;
    assert!(after - before >= sessions, "{before} and {after} roots");
    let each = (used_after - used_before) / sessions;
    println!("{each} bytes of Redis memory for each of {sessions} sessions with three apps");
    assert!(each < 8_000, "{each} bytes for each session");
}

/// Bytes in use, and roots.
async fn used(server: &RedisServer) -> (u64, u64) {
    let roots = server.command(&["EVAL", ROOTS, "0"]).await;
    let info = server.command(&["INFO", "memory"]).await;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory_dataset:"));
    let bytes = line.unwrap().trim().parse().unwrap();
    (bytes, roots.parse().unwrap())
}
