//! Who asks, when a proxy passes it on.

use crate::support::{Browser, House};

const PROXY: (&str, &str) = ("SERVER__TRUSTED_PROXIES", "127.0.0.2, 10.0.0.0/8");

/// What the list of sessions says of where the only session of alice was begun.
async fn seen_address(settings: &[(&str, &str)], peer: &str, forwarded: &str) -> String {
    let house = House::open_with(settings).await;
    let alice = house.person("alice").await;
    let browser = Browser::forwarded(&house.issuer, peer, forwarded);
    browser.sign_in(&alice).await;
    let page = browser.go("/account").await.page();
    let record = house.provider().record();
    let rows = record.sessions_of(&alice.id, house.clock.now()).await;
    let address = rows.unwrap()[0].session.address.clone();
    assert!(page.shows(&format!("Network {address}")), "{}", page.body);
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn past_a_trusted_proxy_the_session_shows_who_really_asked() {
    for (peer, forwarded, seen) in [
        ("127.0.0.2", "203.0.113.7", "203.0.113.0/24"),
        (
            "127.0.0.2",
            "1.1.1.1, 203.0.113.7, 10.1.2.3",
            "203.0.113.0/24",
        ),
        ("127.0.0.2", "[2001:db8:1:2::3]:4711", "2001:db8:1::/48"),
        ("127.0.0.2", "203.0.113.7, nonsense", "127.0.0.0/24"),
        // Not a proxy of ours: whatever it writes is its own.
        ("127.0.1.3", "203.0.113.7", "127.0.1.0/24"),
    ] {
        assert_eq!(seen_address(&[PROXY], peer, forwarded).await, seen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_no_header_is_believed() {
    let seen = seen_address(&[], "127.0.0.2", "203.0.113.7").await;
    assert_eq!(seen, "127.0.0.0/24");
}

/// Tries wrong passwords for new names until the address has to wait; how many went before.
async fn tries_until_refused(house: &House, peer: &str, forwarded: impl Fn(u32) -> String) -> u32 {
    let page = Browser::forwarded(&house.issuer, peer, "203.0.113.1");
    let page = page.go("/account").await.page();
    for tries in 0..70 {
        let browser = Browser::forwarded(&house.issuer, peer, &forwarded(tries));
        // The cookie that the form was made for.
        let fresh = browser.go("/account").await.page();
        assert_eq!(fresh.heading(), page.heading());
        let name = format!("person{tries}");
        let answer = browser.try_password(&fresh, &name, "wrong").await;
        if answer.status == 429 {
            return tries;
        }
    }
    70
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_counts_who_asks_and_not_the_proxy() {
    let house = House::open_with(&[PROXY]).await;
    // One client that names another address each time, to the left of what the proxy appends.
    let spoofed = |tries: u32| format!("198.51.100.{tries}, 203.0.113.7");
    assert_eq!(tries_until_refused(&house, "127.0.0.2", spoofed).await, 51);
    // Others behind the same proxy notice nothing.
    let other = |_| "198.51.100.77".to_owned();
    let browser = Browser::forwarded(&house.issuer, "127.0.0.2", &other(0));
    let page = browser.go("/account").await.page();
    let answer = browser.try_password(&page, "somebody", "wrong").await;
    assert_eq!(answer.status, 400);
    // Who is no proxy is counted by its own address, whatever it writes.
    let varied = |tries: u32| format!("198.18.{tries}.1");
    assert_eq!(tries_until_refused(&house, "127.0.3.9", varied).await, 51);
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_come_from_the_issuer_whatever_a_proxy_says() {
    let house = House::open_with(&[PROXY]).await;
    let browser = Browser::forwarded(&house.issuer, "127.0.0.2", "203.0.113.7");
    let headers = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=1.1.1.1;host=evil.example;proto=https"),
        ("host", "evil.example"),
    ];
    let path = "/.well-known/openid-configuration";
    let page = browser.request(reqwest::Method::GET, path, &headers).await;
    assert!(!page.body.contains("evil.example"), "{}", page.body);
    assert_eq!(page.json()["issuer"], house.issuer.as_str());
    let page = browser
        .request(reqwest::Method::GET, "/account", &headers)
        .await;
    assert!(page.header("strict-transport-security").is_none());
    let location = page.header("location").unwrap_or_default();
    assert!(!location.contains("evil.example"), "{location}");
}
