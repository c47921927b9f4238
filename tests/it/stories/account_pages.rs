//! The pages of one's own account, and those that only say something.

use std::time::Duration;

use serde_json::json;

use super::looks::inspect;
use crate::support::House;
use crate::support::chromium::{Browser, Options};

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_apps() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, notes) = (
        house.app("Wiki").await,
        house.app_with("Notes", json!({"first_party": false})).await,
    );
    let elsewhere = house.browser();
    elsewhere.sign_in(&alice).await;
    wiki.join(&elsewhere).await;
    house.advance(Duration::from_mins(40));
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/account")).await;
    browser.fill("#username", &alice.username).await;
    browser.fill("#password", &alice.password).await;
    browser.click("#login-submit").await;
    browser
        .wait_for_text("#devices", "Signed in on 2 devices")
        .await;
    inspect(&browser, "account-two").await;
    browser.goto(&house.url("/account/apps")).await;
    browser
        .wait_for_text("h2", "No app holds your permission")
        .await;
    inspect(&browser, "account-apps-none").await;

    let ask = notes
        .ask()
        .with("scope", "openid profile email offline_access");
    browser.goto(&house.url(&ask.url())).await;
    browser.click("#consent-allow").await;
    browser.wait_for_url(&notes.origin).await;
    notes
        .redeem(&notes.code(&browser.url().await, &ask), &ask)
        .await;
    browser.goto(&house.url("/account/apps")).await;
    browser.wait_for_text("h3", "Notes").await;
    inspect(&browser, "account-apps").await;
    browser.click("[value=withdraw]").await;
    browser.wait_for_text("[role=status]", "disconnected").await;
    inspect(&browser, "account-apps-withdrawn").await;

    browser.goto(&house.url("/account")).await;
    browser.click("[value=end]").await;
    browser
        .wait_for_text("[role=status]", "The session has ended")
        .await;
    browser.wait_for_text("#receipt-1-1", "Signed out").await;
    inspect(&browser, "account-ended").await;
    assert!(!elsewhere.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/nothing-here")).await;
    browser.wait_for_text("h1", "There is nothing here").await;
    inspect(&browser, "message-404").await;

    browser.goto(&house.url("/account")).await;
    browser.fill("#username", &alice.username).await;
    browser.fill("#password", &alice.password).await;
    browser
        .execute("document.querySelector('[name=csrf]').value = 'made up'")
        .await;
    browser.click("#login-submit").await;
    browser
        .wait_for_text("h1", "This page has been open too long")
        .await;
    inspect(&browser, "message-403").await;
    browser.goto(&house.url("/login")).await;
    inspect(&browser, "message-login").await;
}
