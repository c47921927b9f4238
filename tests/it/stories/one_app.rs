//! One app is signed out of a session that goes on, on every page that can do it.

use std::time::Duration;

use lanyard::store::record::reference;
use serde_json::json;

use super::looks::inspect;
use crate::support::chromium::{Browser, Options};
use crate::support::{App, House, Person};

async fn sign_in(browser: &Browser, person: &Person) {
    browser.fill("#username", &person.username).await;
    browser.fill("#password", &person.password).await;
    browser.click("#login-submit").await;
}

async fn joined(browser: &Browser, house: &House, app: &App) {
    browser.goto(&house.url(&app.ask().url())).await;
    browser.wait_for_url(&app.redirect_uri).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alice_signs_out_of_one_app_and_comes_back() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let asks = json!({ "logout_scope": "ask" });
    let (wiki, notes) = (house.app("Wiki").await, house.app_with("Notes", asks).await);
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/account")).await;
    sign_in(&browser, &alice).await;
    browser.wait_for_text("h1", "Your account").await;
    joined(&browser, &house, &wiki).await;
    house.advance(Duration::from_secs(1));
    joined(&browser, &house, &notes).await;

    browser.goto(&house.url("/account")).await;
    browser.wait_for_text("#devices", "1 device").await;
    inspect(&browser, "account-two-apps").await;
    browser.click("[value=end_app]").await;
    browser
        .wait_for_text("[role=status]", "The app is signed out of that session")
        .await;
    inspect(&browser, "account-app-out").await;
    browser.click("[role=status] a").await;
    browser
        .wait_for_text("h1", "You are signed out of Wiki")
        .await;
    browser.wait_for_text("#receipt-1", "Signed out").await;
    inspect(&browser, "signed-out-one-app").await;

    browser.goto(&house.url(&wiki.ask().url())).await;
    browser.wait_for_text("h1", "Continue to Wiki?").await;
    inspect(&browser, "resume").await;
    browser.click("#resume-continue").await;
    browser.wait_for_url(&wiki.redirect_uri).await;

    browser
        .goto(&house.url("/oauth2/logout?client_id=Notes"))
        .await;
    browser.wait_for_text("h1", "Sign out?").await;
    inspect(&browser, "sign-out-one-app").await;
    browser.click("#logout-app").await;
    browser
        .wait_for_text("h1", "You are signed out of Notes")
        .await;
    browser
        .wait_for_text("main", "You are still signed in to Lanyard")
        .await;
    joined(&browser, &house, &wiki).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mona_signs_alice_out_of_one_app() {
    let house = House::open().await;
    let (alice, mona) = (
        house.person("alice").await,
        house.administrator("mona").await,
    );
    let wiki = house.app("wiki").await;
    wiki.sign_in(&house.browser(), &alice).await;
    let session = reference(house.session_of(&alice).await);
    let browser = Browser::start(Options::default()).await;
    let page = house.url(&format!("/admin/sessions/{session}"));
    browser.goto(&page).await;
    sign_in(&browser, &mona).await;
    browser.wait_for_text("h1", "alice Example").await;
    inspect(&browser, "admin-session-app").await;
    browser.click("a[href$='/app?client=wiki']").await;
    browser
        .wait_for_text("h1", "Sign alice Example out of wiki?")
        .await;
    inspect(&browser, "admin-end-app").await;
    browser.fill("#note", "Shared by mistake").await;
    browser.click("#end-app").await;
    browser
        .wait_for_text("[role=status]", "The app is signed out of this session")
        .await;
    browser.wait_for_text("#notice-1", "Signed out").await;
    browser
        .wait_for_text("#timeline", "Shared by mistake")
        .await;
    inspect(&browser, "admin-session-app-out").await;
}
