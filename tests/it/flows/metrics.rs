//! What a scraper sees of what happened.

use std::time::Duration;

use lanyard::session::ending::{Actor, Reason, Selection};

use crate::support::app::Mood;
use crate::support::{House, Scrape, scrape};

/// As [`Scrape::grew`] says it.
fn by(growth: &[(&str, f64)]) -> Vec<(String, f64)> {
    growth
        .iter()
        .map(|(labels, by)| ((*labels).to_owned(), *by))
        .collect()
}

#[track_caller]
fn assert_grew(scrapes: (&Scrape, &Scrape), family: &str, growth: &[(&str, f64)]) {
    let (before, after) = scrapes;
    assert_eq!(after.grew(before, family), by(growth), "{family}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_to_sign_in_by_result() {
    let house = House::open_watched().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let record = house.provider().record();
    let disabled = record.set_enabled(&bob.id, false, &Actor::System).await;
    assert!(disabled.unwrap().is_done());
    let before = house.scrape().await;

    let browser = house.browser();
    let page = browser.go("/account").await.page();
    browser.try_password(&page, "alice", "wrong").await;
    browser.try_password(&page, "nobody", "wrong").await;
    browser.try_password(&page, "bob", &bob.password).await;
    browser.sign_in_at(&page, &alice).await.page();
    let other = house.browser();
    let page = other.go("/account").await.page();
    let mut wrong = 1.0;
    while other.try_password(&page, "alice", "wrong").await.status != 429 {
        wrong += 1.0;
    }
    let after = house.scrape().await;
    assert_grew(
        (&before, &after),
        "lanyard_sign_ins_total",
        &[
            ("result=disabled", 1.0),
            ("result=succeeded", 1.0),
            ("result=throttled", 1.0),
            ("result=unknown_name", 1.0),
            ("result=wrong_password", wrong),
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_begin_and_end() {
    let house = House::open_watched().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let empty = house.scrape().await;
    assert_eq!(empty.value("lanyard_sessions_live"), Some(0.0));
    let idle = "lanyard_sessions_ended_total{reason=\"idle\"}";
    assert_eq!(empty.value(idle), Some(0.0), "there before its first event");

    let (one, other) = (house.browser(), house.browser());
    one.sign_in(&alice).await;
    let first = house.session_of(&alice).await;
    other.sign_in(&alice).await;
    let tokens = wiki.join(&other).await;
    let two = house.scrape().await;
    assert_eq!(two.value("lanyard_sessions_live"), Some(2.0));

    house.end(first).await;
    house.end(first).await;
    house
        .end_by_person(house.session_of(&alice).await, &alice)
        .await;
    let person = Selection::Person {
        user: alice.id.clone(),
        except: None,
    };
    let again = house.provider().end(&person, Reason::Admin, &Actor::System);
    assert_eq!(again.await.unwrap().fresh, 0);
    wiki.expect_signed_out(tokens.sid()).await;
    let none = house.scrape().await;
    assert_eq!(none.value("lanyard_sessions_live"), Some(0.0));
    assert_grew(
        (&two, &none),
        "lanyard_sessions_ended_total",
        &[("reason=admin", 1.0), ("reason=user", 1.0)],
    );
    assert_grew((&two, &none), "lanyard_partial_ends_total", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_used_twice_is_an_end_of_a_grant() {
    let house = House::open_watched().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let (code, ask) = wiki.silently(&browser).await.unwrap();
    wiki.redeem(&code, &ask).await;
    let before = house.scrape().await;
    assert_eq!(wiki.try_redeem(&code, &ask).await.status, 400);
    let after = house.scrape().await;
    let growth = [("reason=reuse,what=grant", 1.0)];
    assert_grew((&before, &after), "lanyard_partial_ends_total", &growth);
    assert_grew((&before, &after), "lanyard_sessions_ended_total", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apps_are_owed_and_what_they_were_told() {
    let house = House::open_watched().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    wiki.feels(Mood::Answers(500));
    shop.feels(Mood::Answers(400));
    let browser = house.browser();
    browser.sign_in(&alice).await;
    wiki.join(&browser).await;
    shop.join(&browser).await;
    let before = house.scrape().await;
    let oldest = "lanyard_notices_oldest_owed_seconds";
    assert_eq!(before.value(oldest), Some(0.0));

    let session = house.session_of(&alice).await;
    house.end(session).await;
    let told = |client: &'static str, state: &'static str| {
        format!("lanyard_notices_total{{client=\"{client}\",state=\"{state}\"}}")
    };
    House::until("both were tried once", || async {
        let now = Scrape::of(house.metrics()).await;
        now.value(&told("wiki", "retried")) == Some(1.0)
            && now.value(&told("shop", "refused")) == Some(1.0)
    })
    .await;
    let owed = house.scrape().await;
    assert_eq!(
        owed.value(oldest),
        Some(5.0),
        "the scrape's own five seconds"
    );
    let states = ["due", "later"].map(|state| {
        let series = format!("lanyard_notices_owed{{state=\"{state}\"}}");
        owed.value(&series).unwrap()
    });
    assert!(
        (states[0] + states[1] - 1.0).abs() < f64::EPSILON,
        "{states:?}"
    );

    wiki.feels(Mood::Answers(200));
    House::until("the wiki is told", || async {
        house.advance(Duration::from_secs(2));
        Scrape::of(house.metrics())
            .await
            .value(&told("wiki", "delivered"))
            == Some(1.0)
    })
    .await;
    let after = house.scrape().await;
    assert_eq!(after.value(oldest), Some(0.0));
    let growth = after.grew(&before, "lanyard_notices_total");
    assert!(growth.contains(&("client=shop,state=refused".to_owned(), 1.0)));
    assert!(growth.contains(&("client=wiki,state=delivered".to_owned(), 1.0)));
    let of_wiki = growth.iter().filter(|(labels, _)| labels.contains("wiki"));
    let of_wiki: f64 = of_wiki.map(|(_, by)| by).sum();
    let tries = [("client=shop", 1.0), ("client=wiki", of_wiki)];
    assert_grew((&before, &after), "lanyard_notice_attempts_total", &tries);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_by_pattern_never_by_address() {
    let house = House::open_watched().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let before = house.scrape().await;
    browser.get("/static/lanyard.css").await;
    browser.get("/static/nothing.css").await;
    browser.get("/nowhere/at-all?code=secret").await;
    browser.get("/oauth2/token").await;
    browser.request("BREW".parse().unwrap(), "/", &[]).await;
    assert_eq!(wiki.try_refresh("forged").await.status, 400);
    let after = house.scrape().await;
    assert_grew(
        (&before, &after),
        "lanyard_http_requests_total",
        &[
            ("method=GET,route=/oauth2/token,status=4xx", 1.0),
            ("method=GET,route=/static/{file},status=2xx", 1.0),
            ("method=GET,route=/static/{file},status=4xx", 1.0),
            ("method=GET,route=other,status=4xx", 1.0),
            ("method=POST,route=/oauth2/token,status=4xx", 1.0),
            ("method=other,route=/,status=4xx", 1.0),
        ],
    );
    let timed = "lanyard_http_request_duration_seconds_count";
    let grew = after.grew(&before, timed);
    assert!(grew.contains(&("method=GET,route=/static/{file}".to_owned(), 2.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_the_stores_by_outcome() {
    let mut house = House::open_watched().await;
    house.rest().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    wiki.join(&browser).await;
    let before = Scrape::of(house.metrics()).await;
    let (reads, commits) = (
        house.provider().hot().reads(),
        house.provider().hot().commits(),
    );
    wiki.fresh_code(&browser).await;
    let after = Scrape::of(house.metrics()).await;
    let reads = house.provider().hot().reads() - reads;
    let commits = house.provider().hot().commits() - commits;
    assert_eq!((reads, commits), (1, 1));
    let calls = [
        ("operation=commit,outcome=ok,store=hot", 1.0),
        ("operation=read,outcome=ok,store=hot", 1.0),
    ];
    assert_grew((&before, &after), "lanyard_store_calls_total", &calls);
    let timed = "lanyard_store_call_duration_seconds_count";
    let durations = [
        ("operation=commit,store=hot", 1.0),
        ("operation=read,store=hot", 1.0),
    ];
    assert_grew((&before, &after), timed, &durations);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_listener_has_its_own() {
    let house = House::open_watched().await;
    let metrics = house.metrics();
    assert!(metrics.ip().is_loopback());
    let public = house.browser().get("/metrics").await;
    assert_eq!(public.status, 404);
    assert!(!public.body.contains("lanyard_sign_ins"));
    for path in [
        "/",
        "/account",
        "/health/ready",
        "/oauth2/jwks",
        "/metrics/",
    ] {
        assert_eq!(scrape::get(metrics, path).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scraping_is_cheap_and_nothing_is_served_where_it_is_off() {
    let mut house = House::open_watched().await;
    house.rest().await;
    house.scrape().await;
    let calls = house.provider().record().calls();
    for _ in 0..20 {
        Scrape::of(house.metrics()).await;
    }
    assert_eq!(
        house.provider().record().calls(),
        calls,
        "kept for five seconds"
    );
    house.scrape().await;
    assert_eq!(house.provider().record().calls(), calls + 1);

    let dark = House::open().await;
    assert!(dark.is_dark());
}
