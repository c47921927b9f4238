//! The pages on the way in, in every state that a person can bring about.

use serde_json::json;

use super::looks::inspect;
use crate::support::chromium::{Browser, Options};
use crate::support::{App, House, Person};

async fn open() -> (House, Person, App, Browser) {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let metadata = json!({
        "client_name": "Wiki",
        // Another origin than the issuer's: from there no logo is shown.
        "logo_uri": house.url("/static/wiki.svg").replace("localhost", "127.0.0.1"),
        "policy_uri": house.url("/privacy"),
        "tos_uri": house.url("/terms"),
    });
    let wiki = house.app_with("wiki", metadata).await;
    let browser = Browser::start(Options::default()).await;
    (house, alice, wiki, browser)
}

async fn sign_in(browser: &Browser, person: &Person) {
    browser.fill("#username", &person.username).await;
    browser.fill("#password", &person.password).await;
    browser.click("#login-submit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sign_in_page_and_what_it_says_when_it_fails() {
    let (house, alice, wiki, browser) = open().await;
    browser.goto(&house.url("/account")).await;
    browser.wait_for_text("h1", "Sign in to Lanyard").await;
    inspect(&browser, "sign-in-direct").await;
    browser.goto(&house.url(&wiki.ask().url())).await;
    browser.wait_for_text("h1", "Sign in to Wiki").await;
    inspect(&browser, "sign-in").await;
    browser.fill("#username", "alice").await;
    browser.fill("#password", "not hers").await;
    browser.click("#login-submit").await;
    browser
        .wait_for_text("[role=alert]", "That didn’t match")
        .await;
    inspect(&browser, "sign-in-mismatch").await;

    guess(&house, &alice).await;
    sign_in(&browser, &alice).await;
    browser.wait_for_text("[role=alert]", "Please wait").await;
    inspect(&browser, "sign-in-throttled").await;
}

/// Somebody else tries many passwords.
async fn guess(house: &House, person: &Person) {
    let stranger = house.browser();
    let guess = Person {
        password: "a guess".to_owned(),
        ..person.clone()
    };
    let mut page = stranger.go("/account").await.page();
    while page.status != 429 {
        page = stranger.sign_in_at(&page, &guess).await.page();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sign_in_page_for_somebody_known() {
    let (house, alice, wiki, browser) = open().await;
    browser.goto(&house.url("/account")).await;
    sign_in(&browser, &alice).await;
    browser.wait_for_text("h1", "Your account").await;
    let again = wiki.ask().with("prompt", "login");
    browser.goto(&house.url(&again.url())).await;
    browser
        .wait_for_text("main", "show that it is still you")
        .await;
    inspect(&browser, "sign-in-again").await;
    let choose = wiki.ask().with("prompt", "select_account");
    browser.goto(&house.url(&choose.url())).await;
    browser.wait_for_text("h1", "Choose an account").await;
    inspect(&browser, "choose-account").await;

    house.end(house.sessions_of(&alice).await[0]).await;
    browser.goto(&house.url(&wiki.ask().url())).await;
    browser
        .wait_for_text(".notice", "An administrator ended your session")
        .await;
    inspect(&browser, "sign-in-ended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_and_the_pages_that_end_a_sign_in() {
    let (house, alice, wiki, browser) = open().await;
    let notes =
        json!({"client_name": "Notes", "first_party": false, "policy_uri": house.url("/privacy")});
    let notes = house.app_with("notes", notes).await;
    let ask = notes.ask().with(
        "scope",
        "openid profile email phone address groups roles offline_access",
    );
    browser.goto(&house.url(&ask.url())).await;
    sign_in(&browser, &alice).await;
    browser
        .wait_for_text("h1", "Notes asks for your permission")
        .await;
    inspect(&browser, "consent").await;

    let elsewhere = wiki.ask().with("redirect_uri", "https://evil.example/");
    browser.goto(&house.url(&elsewhere.url())).await;
    browser
        .wait_for_text("h1", "This sign-in can’t go on")
        .await;
    inspect(&browser, "error-address").await;
    browser.goto(&house.url("/login?i=long-gone")).await;
    browser
        .wait_for_text("h1", "This sign-in can’t go on")
        .await;
    inspect(&browser, "error-expired").await;

    browser.block("*form-post*").await;
    let posted = wiki.ask().with("response_mode", "form_post");
    browser.goto(&house.url(&posted.url())).await;
    browser.wait_for_text("h1", "Going back to Wiki").await;
    // The missing script is this story's doing.
    browser.complaints().await;
    inspect(&browser, "form-post").await;
}
