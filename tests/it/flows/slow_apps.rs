//! Apps that are down, that fail, that hang: what a person and the other apps notice of them,
//! which is nothing.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use lanyard::store::record::NoticeState;
use serde_json::json;

use crate::support::app::Mood;
use crate::support::installation::free_port;
use crate::support::stores::Stores;
use crate::support::{App, Browser, House, Person};

/// How long anybody waits for apps at most, whatever they do.
const PROMISED: Duration = Duration::from_secs(2);

/// An app that is told at an address where nothing answers yet.
async fn told_at(house: &House, id: &str, port: u16) -> App {
    let uri = format!("http://localhost:{port}/backchannel-logout");
    house
        .app_with(id, json!({ "backchannel_logout_uri": uri }))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_was_down_is_told_once_it_is_up() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let closed = free_port();
    let shop = told_at(&house, "shop", closed).await;
    let browser = house.browser();
    let tokens = shop.sign_in(&browser, &alice).await;
    let session = house.session_of(&alice).await;
    let page = browser.go("/oauth2/logout").await.page();
    let page = browser.answer_logout(&page, "logout").await.page();
    let receipts = page.url.clone();
    House::until("the first try has failed", || async {
        let notices = house.notices_of(session).await;
        notices[0].attempts == 1 && notices[0].problem.is_some()
    })
    .await;
    let failed = house.notices_of(session).await.remove(0);
    assert_eq!(
        (failed.state, failed.last_status),
        (NoticeState::Waiting, None)
    );
    let problem = failed.problem.unwrap();
    assert!(problem.starts_with("no connection"), "{problem}");
    let page = browser.get(receipts.as_str()).await;
    assert!(page.shows("Not reached yet, trying again"));

    shop.listen_also(TcpListener::bind(("127.0.0.1", closed)).unwrap());
    house.advance(Duration::from_secs(2));
    shop.expect_signed_out(tokens.sid()).await;
    House::until("the receipt says so", || async {
        house.notices_of(session).await[0].state == NoticeState::Delivered
    })
    .await;
    let told = house.notices_of(session).await.remove(0);
    assert_eq!(
        (told.attempts, told.last_status, told.problem),
        (2, Some(200), None)
    );
    assert_eq!(shop.logout_tokens().len(), 1, "once is enough");
    assert!(!browser.get(receipts.as_str()).await.shows("Not reached"));
    // An administrator reads of both tries.
    let mona = house.browser();
    mona.sign_in(&house.administrator("mona").await).await;
    let name = lanyard::store::record::reference(session);
    let page = mona.get(&format!("/admin/sessions/{name}")).await;
    for told in [
        "2 tries",
        "Try 1. No answer: no connection",
        "shop signed out",
        "Answered 200",
    ] {
        assert!(page.shows(told), "{told}: {}", page.body);
    }
}

/// Six apps in one session, none of which is well.
async fn the_sick(house: &House) -> Vec<App> {
    let moods = [
        ("refusing", Mood::Answers(400)),
        ("broken", Mood::Answers(500)),
        ("busy", Mood::AsksFor("3600")),
        ("moved", Mood::Redirects),
        ("hanging", Mood::Hangs),
    ];
    let mut sick = Vec::new();
    for (name, mood) in moods {
        let app = house.app(name).await;
        app.feels(mood);
        sick.push(app);
    }
    sick.push(told_at(house, "down", free_port()).await);
    sick
}

/// Signs out by the page that asks; how long the answer took.
async fn sign_out(browser: &Browser) -> Duration {
    let page = browser.go("/oauth2/logout").await.page();
    let began = Instant::now();
    let page = browser.answer_logout(&page, "logout").await.page();
    let took = began.elapsed();
    assert_eq!(page.heading(), "You are signed out");
    took
}

async fn signed_in(house: &House, person: &Person, apps: &[&App]) -> (Browser, String) {
    let browser = house.browser();
    browser.sign_in(person).await;
    let mut sid = String::new();
    for app in apps {
        sid = app.join(&browser).await.sid().to_owned();
    }
    (browser, sid)
}

/// Conformance: 28.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_whatever_apps_do() {
    let house = House::open_with(&[("DELIVERY__TIMEOUT", "60s")]).await;
    let (alice, wiki) = (house.person("alice").await, house.app("wiki").await);
    let sick = the_sick(&house).await;
    let all: Vec<&App> = sick.iter().chain([&wiki]).collect();
    // The second time, the first attempts at the app that hangs are still under way.
    for round in 0..2 {
        let (browser, sid) = signed_in(&house, &alice, &all).await;
        let took = sign_out(&browser).await;
        assert!(took < PROMISED, "round {round}: the page took {took:?}");
        let answered = Instant::now();
        wiki.expect_signed_out(&sid).await;
        let took = answered.elapsed();
        assert!(took < PROMISED, "round {round}: wiki waited {took:?}");
        assert!(!browser.is_signed_in().await);
    }
}

/// The operator named where apps may live, and this one lives elsewhere.
/// Conformance: 31.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_where_the_guard_lets_nothing_through_is_said_aloud() {
    let settings = [
        ("METRICS__LISTEN", "127.0.0.1:0"),
        ("DELIVERY__ALLOW", "10.0.0.0/8, shop.localhost"),
    ];
    let house = House::open_on(Stores::of_this_run().variables().await, 1, &settings).await;
    let alice = house.person("alice").await;
    let port = free_port();
    let uri = format!("http://shop.localhost:{port}/backchannel-logout");
    let shop = house.app_with("shop", json!({ "backchannel_logout_uri": uri }));
    let (wiki, shop) = (house.app("wiki").await, shop.await);
    shop.listen_also(TcpListener::bind(("127.0.0.1", port)).unwrap());
    let (_browser, at_shop) = signed_in(&house, &alice, &[&wiki, &shop]).await;
    let before = house.scrape().await;
    let session = house.session_of(&alice).await;
    house.end(session).await;
    shop.expect_signed_out(&at_shop).await;
    let of_wiki = || async {
        let mut notices = house.notices_of(session).await;
        notices.retain(|notice| notice.client == wiki.id());
        notices.remove(0)
    };
    House::until("the receipt says so", || async {
        of_wiki().await.problem.is_some()
    })
    .await;
    let problem = of_wiki().await.problem.unwrap();
    let refused = "refused: its address is loopback, and delivery.allow does not name it";
    assert_eq!(problem, refused);
    assert!(wiki.logout_tokens().is_empty());
    let after = house.scrape().await;
    let blocked = after.grew(&before, "lanyard_notices_blocked_total");
    assert!(blocked.iter().all(|(labels, _)| labels == "client=wiki"));
    assert_eq!(blocked.len(), 1, "{blocked:?}");
}
