//! What one request and one connection may take, said over raw sockets.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{House, Page, Raw};

/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(15);
const HASTY: &[(&str, &str)] = &[
    ("SERVER__REQUEST_TIMEOUT", "1s"),
    ("SERVER__KEEP_ALIVE", "1s"),
];

fn port(house: &House) -> u16 {
    house.issuer.rsplit(':').next().unwrap().parse().unwrap()
}

fn status(answer: &str) -> u16 {
    let (_, rest) = answer.split_once(' ').unwrap_or_default();
    rest.get(..3).unwrap_or_default().parse().unwrap_or(0)
}

const GET: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn form(path: &str, length: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{length}\r\n\r\n{body}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_head_is_refused_in_our_words() {
    let house = House::open().await;
    let line = |length: usize| format!("X-Padding: {}\r\n", "x".repeat(length));
    for (path, headers, words) in [
        ("/health/live", line(31 * 1024), "live"),
        ("/account", line(33 * 1024), "That is too much"),
        ("/account", "X-Line: 1\r\n".repeat(70), "That is too much"),
        (
            "/oauth2/userinfo",
            line(33 * 1024),
            "the request is too large",
        ),
        // Where the framework stops reading, and says nothing.
        ("/account", line(140 * 1024), ""),
        ("/account", "X-Line: 1\r\n".repeat(200), ""),
    ] {
        let mut raw = Raw::connect(port(&house));
        let first = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        raw.send(&format!("{first}{headers}\r\n"));
        let answer = raw.until_closed(PATIENCE).unwrap();
        let what = format!("{path} with {} bytes: {answer}", headers.len());
        let expected = if path == "/health/live" { 200 } else { 431 };
        assert_eq!(status(&answer), expected, "{what}");
        assert!(answer.contains(words), "{what}");
        let ours = answer.contains("x-content-type-options: nosniff");
        assert_eq!(ours, !words.is_empty(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let house = House::open_with(HASTY).await;
    let mut raw = Raw::connect(port(&house));
    raw.send("GET /health/live HTTP/1.1\r\nHost: loc");
    let answer = raw.until_closed(PATIENCE).unwrap();
    assert_eq!(status(&answer), 408, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_is_the_head_of_a_second_request() {
    let house = House::open_with(HASTY).await;
    let mut raw = Raw::connect(port(&house));
    raw.send(GET);
    let answer = raw.answer(PATIENCE).unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
    raw.send("GET /health/live HTTP/1.1\r\nHost: loc");
    let begun = Instant::now();
    raw.until_closed(PATIENCE).expect("it is closed");
    assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_drip_do_not_hold_a_connection() {
    let house = House::open_with(HASTY).await;
    let mut raw = Raw::connect(port(&house));
    raw.send(GET);
    raw.answer(PATIENCE).unwrap();
    let begun = Instant::now();
    raw.send("GET /health/live HTTP/1.1\r\n");
    let mut closed = None;
    while closed.is_none() && begun.elapsed() < PATIENCE {
        raw.send("X-A: b\r\n");
        closed = raw.until_closed(Duration::from_millis(100));
    }
    assert!(closed.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_kept_for_a_while() {
    let house = House::open_with(&[("SERVER__KEEP_ALIVE", "2s")]).await;
    let mut raw = Raw::connect(port(&house));
    for _ in 0..3 {
        raw.send(GET);
        let answer = raw.answer(PATIENCE).unwrap();
        assert_eq!(status(&answer), 200, "{answer}");
    }
    assert_eq!(raw.until_closed(Duration::from_millis(500)), None);
    raw.send(GET);
    assert_eq!(status(&raw.answer(PATIENCE).unwrap()), 200);
    assert_eq!(raw.until_closed(PATIENCE).as_deref(), Some(""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_answered_408() {
    let house = House::open_with(HASTY).await;
    for (path, words) in [
        ("/login", "That took too long"),
        ("/oauth2/token", "the request took too long to arrive"),
    ] {
        let mut raw = Raw::connect(port(&house));
        raw.send(&form(path, "Content-Length: 100", "username=al"));
        let answer = raw.until_closed(PATIENCE).unwrap();
        assert_eq!(status(&answer), 408, "{path} {answer}");
        assert!(answer.contains(words), "{path} {answer}");
        let json = answer.contains("application/json");
        assert_eq!(json, path == "/oauth2/token", "{answer}");
    }
    // Drop by drop is no faster.
    let mut raw = Raw::connect(port(&house));
    raw.send(&form("/login", "Transfer-Encoding: chunked", ""));
    let begun = Instant::now();
    let mut answer = None;
    while answer.is_none() && begun.elapsed() < PATIENCE {
        raw.send("1\r\na\r\n");
        answer = raw.answer(Duration::from_millis(100));
    }
    let answer = answer.unwrap();
    assert_eq!(status(&answer), 408, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_is_refused_before_it_is_sent() {
    let house = House::open().await;
    for (path, words) in [
        ("/login", "That is too much"),
        ("/oauth2/token", "the request is too large"),
    ] {
        // Nothing of it is sent.
        let mut raw = Raw::connect(port(&house));
        raw.send(&form(path, "Content-Length: 65537", ""));
        let answer = raw.until_closed(PATIENCE).unwrap();
        assert_eq!(status(&answer), 413, "{answer}");
        assert!(answer.contains(words), "{answer}");
        // Nobody said how much it would be.
        let mut raw = Raw::connect(port(&house));
        let chunk = format!("4000\r\n{}\r\n", "a".repeat(0x4000));
        raw.send(&form(path, "Transfer-Encoding: chunked", &chunk.repeat(5)));
        let answer = raw.answer(PATIENCE).unwrap();
        assert_eq!(status(&answer), 413, "{answer}");
        assert!(answer.contains(words), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_servers_might_read_differently_is_refused() {
    let house = House::open().await;
    for lines in [
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Content-Length: +3",
        "Content-Length : 3",
        "Host: other",
    ] {
        let mut raw = Raw::connect(port(&house));
        raw.send(&form("/login", lines, "a=b"));
        let answer = raw.until_closed(PATIENCE).unwrap();
        assert_eq!(status(&answer), 400, "{lines}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_so_many_connections_others_wait() {
    let stores = crate::support::stores::Stores::of_this_run();
    let limit = [("SERVER__MAX_CONNECTIONS", "16")];
    let house = House::open_on(stores.variables().await, 1, &limit).await;
    let workers = std::thread::available_parallelism().unwrap().get();
    let most = 16_usize.div_ceil(workers) * workers;
    let mut open: Vec<Raw> = (0..most).map(|_| Raw::connect(port(&house))).collect();
    for raw in &mut open {
        raw.send(GET);
        assert_eq!(status(&raw.answer(PATIENCE).unwrap()), 200);
    }
    let mut waiting = Raw::connect(port(&house));
    waiting.send(GET);
    assert_eq!(waiting.answer(Duration::from_millis(500)), None);
    open.clear();
    assert_eq!(status(&waiting.answer(PATIENCE).unwrap()), 200);
}

/// nginx takes four kilobytes of a head by default, and calls a node dead that sends more.
#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_an_answer_does_not_grow_with_what_was_sent() {
    const TAKEN: usize = 4 * 1024;
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let size = |page: &Page| {
        let lines = page.headers.iter();
        lines
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum::<usize>()
    };
    for (kind, name) in [("of ours", "AbCdEfGh"), ("of nobody", "x")] {
        let browser = house.browser();
        for number in 10..99 {
            browser.plant_cookie(&format!("lanyard-i-{name}{number}"), "x");
        }
        let page = browser.get("/account").await;
        assert_eq!(page.status, 303);
        let cookies = page.headers.get_all("set-cookie").iter().count();
        assert!(cookies <= 9 && size(&page) < TAKEN, "{kind}: {cookies}");
    }
    let browser = house.browser();
    for length in [2_049, 8_000] {
        let ask = wiki
            .ask()
            .with("prompt", "none")
            .with("state", &"s".repeat(length));
        let page = browser.get(&ask.url()).await;
        let location = page.location().unwrap();
        assert!(location.query().unwrap().contains("error=invalid_request"));
        assert!(
            size(&page) < TAKEN && !location.as_str().contains("sssss"),
            "{length}"
        );
    }
}

/// No database holds a NUL, and none is asked: it is bad input, and no outage.
#[tokio::test(flavor = "multi_thread")]
async fn a_nul_is_bad_input_everywhere() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let csrf = browser.get("/account").await.csrf();
    for path in [
        "/oauth2/authorize?client_id=%00",
        "/oauth2/logout?client_id=a%00",
        "/oauth2/logout?logout_hint=%00",
        "/login?i=%00",
    ] {
        let page = browser.get(path).await;
        assert!(page.status.is_client_error(), "{path} {}", page.status);
    }
    for (path, name) in [
        ("/oauth2/token", "client_id"),
        ("/oauth2/introspect", "client_id"),
        ("/oauth2/revoke", "token"),
        ("/oauth2/device_authorization", "scope"),
        ("/device", "user_code"),
        ("/device/confirm", "user_code"),
        ("/account/sessions/end", "session"),
        ("/account/apps/withdraw", "client"),
        ("/account/profile", "name"),
        ("/account/password", "old_password"),
    ] {
        let page = browser.post(path, &[("csrf", &csrf), (name, "a\0b")]).await;
        assert!(page.status.is_client_error(), "{path} {}", page.status);
    }
    let basic = format!("Basic {}", STANDARD.encode("wi%00ki:secret"));
    let headers = [("authorization", basic.as_str())];
    let form = [("grant_type", "authorization_code"), ("code", "x")];
    let page = browser.post_with("/oauth2/token", &form, &headers).await;
    assert!(page.status.is_client_error(), "{}", page.status);
}
