//! How the server stops while it is asked.

use std::time::{Duration, Instant};

use crate::support::{Installation, Raw};

const PATIENCE: Duration = Duration::from_secs(20);
const BODY: &str = "grant_type=nonsense";

/// A request at the token endpoint whose body is still to come.
fn begun(house: &Installation) -> Raw {
    let mut raw = Raw::connect(house.port);
    raw.send(&format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        BODY.len()
    ));
    // It is with its handler before the signal comes: this one, sent later, was answered.
    let mut later = Raw::connect(house.port);
    later.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    later.answer(PATIENCE).unwrap();
    raw
}

async fn until_nobody_listens(port: u16) {
    crate::support::House::until("nobody listens", || async {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_err()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_runs_is_answered_and_no_other_is_taken() {
    let house = Installation::new();
    let mut server = house.serve().await;
    assert_eq!(house.run(&["health"]).succeeded(), "ready\n");
    let mut running = begun(&house);
    server.signal("TERM");
    until_nobody_listens(house.port).await;
    running.send(BODY);
    let answer = running.until_closed(PATIENCE).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(answer.contains("the client is not named"), "{answer}");
    assert_eq!(server.gone().await, Some(0), "{}", server.said());
    let said = house.run(&["health"]).refused();
    assert!(said.contains("no answer from 127.0.0.1:"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_can_be_given_time_to_look_away() {
    let house = Installation::with(&[("SERVER__STOP_DELAY", "10s")]);
    let mut server = house.serve().await;
    server.signal("TERM");
    let browser = house.browser();
    crate::support::House::until("it says that it stops", || async {
        let ready = browser.try_get("/health/ready").await;
        ready.is_some_and(|page| page.status == 503 && page.body.contains("\"stopping\":true"))
    })
    .await;
    let said = house.run(&["health"]).refused();
    assert!(
        said.contains("is not ready: 503") && said.contains("stopping"),
        "{said}"
    );
    // Meanwhile it serves as before.
    assert_eq!(browser.get("/health/live").await.status, 200);
    server.signal("TERM");
    assert_eq!(server.gone().await, Some(1), "{}", server.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_ends_holds_up_the_stop_for_less_than_thirty_seconds() {
    let house = Installation::with(&[
        ("SERVER__REQUEST_TIMEOUT", "1m"),
        ("SERVER__STOP_DELAY", "10s"),
    ]);
    let mut server = house.serve().await;
    let mut endless = begun(&house);
    let signalled = Instant::now();
    server.signal("TERM");
    let ended = server.gone_within(Duration::from_secs(40)).await;
    let took = signalled.elapsed();
    assert_eq!(ended, Some(0), "{}", server.said());
    assert!(took > Duration::from_secs(15), "{took:?}");
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert_eq!(endless.until_closed(PATIENCE).as_deref(), Some(""));
}
