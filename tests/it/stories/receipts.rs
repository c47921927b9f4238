//! Receipts: who has been told of a sign-out, as it becomes known.

use std::time::Duration;

use crate::support::app::Mood;
use crate::support::chromium::{Browser, Options};
use crate::support::{App, House};

use super::looks::inspect;

/// Alice, signed in at two apps, signs out on her account page. The shop does not answer yet.
async fn signed_out(javascript: bool) -> (House, App, Browser) {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = Browser::start(Options {
        javascript,
        ..Options::default()
    })
    .await;
    browser.goto(&house.url(&wiki.ask().url())).await;
    browser.fill("#username", &alice.username).await;
    browser.fill("#password", &alice.password).await;
    browser.click("#login-submit").await;
    browser.wait_for_url(&wiki.origin).await;
    // Receipts stand in the order of joining.
    house.advance(Duration::from_secs(1));
    browser.goto(&house.url(&shop.ask().url())).await;
    browser.wait_for_url(&shop.origin).await;
    shop.feels(Mood::Answers(503));
    browser.goto(&house.url("/account")).await;
    browser.click("header button").await;
    browser.wait_for_text("h1", "You are signed out").await;
    (house, shop, browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_arrives_without_a_reload() {
    let (house, shop, browser) = signed_out(true).await;
    browser.execute("window.witness = 'the same page'").await;
    browser.wait_for_text("#receipt-1", "Signed out").await;
    browser.wait_for_text("#receipt-2", "trying again").await;
    browser
        .wait_for_text("#advice", "Sign out in shop too")
        .await;
    inspect(&browser, "signed-out-trying").await;
    shop.feels(Mood::Answers(200));
    house.advance(Duration::from_secs(5));
    browser.wait_for_text("#receipt-2", "Signed out").await;
    let rest = "return [window.witness, advice.innerText, document.querySelectorAll('[data-waiting]').length]";
    assert_eq!(
        browser.execute(rest).await,
        serde_json::json!(["the same page", "", 0])
    );
    inspect(&browser, "signed-out-told").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_a_link_checks_again() {
    let (house, shop, browser) = signed_out(false).await;
    House::until("the shop was tried in vain", || async {
        browser.click("#check-again").await;
        browser.text("#receipt-2").await.contains("trying again")
    })
    .await;
    shop.feels(Mood::Answers(200));
    house.advance(Duration::from_secs(5));
    House::until("the shop is told", || async {
        browser.click("#check-again").await;
        browser.text("#receipt-2").await.starts_with("Signed out")
    })
    .await;
    assert_eq!(browser.count("#advice p, #check-again").await, 0);
}
