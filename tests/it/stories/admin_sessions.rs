//! The admin pages for sessions.

use std::time::Duration;

use lanyard::store::record::reference;

use super::looks::inspect;
use crate::support::app::Mood;
use crate::support::chromium::{Browser, Options};
use crate::support::{House, Person};

/// Mona at the list of sessions.
async fn at_the_list(house: &House) -> Browser {
    let mona = house.administrator("mona").await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/admin/sessions")).await;
    prove(&browser, &mona).await;
    browser.wait_for_text("h1", "Sessions").await;
    browser
}

async fn prove(browser: &Browser, mona: &Person) {
    browser.fill("#username", &mona.username).await;
    browser.fill("#password", &mona.password).await;
    browser.click("#login-submit").await;
}

/// Alice, signed in at two apps, is signed out of both by mona, who sees it happen.
#[tokio::test(flavor = "multi_thread")]
async fn mona_ends_a_session_and_sees_who_has_been_told() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let of_alice = house.browser();
    let at_wiki = wiki.sign_in(&of_alice, &alice).await;
    // Receipts stand in the order of joining.
    house.advance(Duration::from_secs(1));
    let at_shop = shop.join(&of_alice).await;
    let name = reference(house.session_of(&alice).await);
    let browser = at_the_list(&house).await;
    inspect(&browser, "admin-sessions").await;

    browser.click(&format!("th a[href$='{name}']")).await;
    browser.wait_for_text("h1", "alice Example").await;
    inspect(&browser, "admin-session-live").await;
    shop.feels(Mood::Answers(503));
    browser.click("#end-this").await;
    browser.wait_for_text("h1", "End 1 session?").await;
    inspect(&browser, "admin-end-one").await;
    browser.fill("#note", "Laptop lost on the train").await;
    browser.click("#end").await;
    browser.wait_for_text("h1", "1 session ended").await;
    browser.execute("window.witness = 'the same page'").await;
    browser.wait_for_text("#receipt-1-1", "Signed out").await;
    browser.wait_for_text("#receipt-1-2", "trying again").await;
    inspect(&browser, "admin-told-trying").await;
    shop.feels(Mood::Answers(200));
    house.advance(Duration::from_secs(5));
    browser.wait_for_text("#receipt-1-2", "Signed out").await;
    browser
        .wait_for_text("#summary", "All 2 notices are confirmed")
        .await;
    let witness = browser.execute("return window.witness").await;
    assert_eq!(witness, "the same page");
    wiki.expect_signed_out(at_wiki.sid()).await;
    shop.expect_signed_out(at_shop.sid()).await;
    assert!(!of_alice.is_signed_in().await);

    browser.click("h2 a").await;
    browser.wait_for_text("#facts", "Session").await;
    assert_eq!(browser.count("[value=again]").await, 0, "all have it");
    browser
        .wait_for_text("#timeline", "Laptop lost on the train")
        .await;
    inspect(&browser, "admin-session-ended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_ticked_and_a_stale_proof_is_renewed_in_another_tab() {
    let house = House::open().await;
    let mona = house.administrator("mona-reyes").await;
    let calendar = house
        .app_with(
            "calendar",
            serde_json::json!({"backchannel_logout_uri": null}),
        )
        .await;
    let mut names = Vec::new();
    for name in ["ben", "emil", "grace"] {
        let person = house.person(name).await;
        calendar.sign_in(&house.browser(), &person).await;
        names.push(reference(house.session_of(&person).await));
    }
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/admin/sessions")).await;
    prove(&browser, &mona).await;
    browser.wait_for_text("h1", "Sessions").await;
    browser.click("#end-ticked").await;
    browser
        .wait_for_text("[role=status]", "No session is ticked")
        .await;
    for name in &names[..2] {
        let tick = format!("label:has(> [value='{name}'])");
        browser.click(&tick).await;
    }
    inspect(&browser, "admin-sessions-ticked").await;
    browser.click("#end-ticked").await;
    browser.wait_for_text("h1", "End 2 sessions?").await;
    inspect(&browser, "admin-end-several").await;
    house.advance(Duration::from_mins(16));
    browser.click("#end").await;
    browser.wait_for_text("h1", "First, confirm it’s you").await;
    inspect(&browser, "admin-confirm").await;
    let tab = browser.new_tab().await;
    browser.goto(&house.url("/admin/confirmed")).await;
    prove(&browser, &mona).await;
    browser.wait_for_text("h1", "Thanks, it’s you").await;
    inspect(&browser, "admin-confirmed").await;
    browser.switch_to(tab).await;
    browser.click("main .primary").await;
    browser.wait_for_text("h1", "2 sessions ended").await;
    browser.wait_for_text("#receipt-1-1", "Can’t be told").await;
    inspect(&browser, "admin-told-not").await;
    browser.goto(&house.url("/admin/sessions?state=both")).await;
    browser.wait_for_text("table", "Ended").await;
    inspect(&browser, "admin-sessions-both").await;
    browser
        .goto(&house.url("/admin/sessions?q=alicia&state=dead"))
        .await;
    browser
        .wait_for_text("h2", "Nobody with “alicia” is signed in")
        .await;
    inspect(&browser, "admin-sessions-nobody").await;
}
