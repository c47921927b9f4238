//! The demo's whole story, as its tour tells it.

use serde_json::json;

use super::looks::inspect;
use crate::support::chromium::{Browser, Options};
use crate::support::demo::Demo;

const ALICE: (&str, &str) = ("alice", "alice-demo");

async fn type_in(browser: &Browser, (username, password): (&str, &str)) {
    browser.wait_for_text("h1", "Sign in to").await;
    browser.fill("#username", username).await;
    browser.fill("#password", password).await;
    browser.click("#login-submit").await;
}

async fn sign_in_at_wiki(browser: &Browser, demo: &Demo) {
    browser.goto(&demo.wiki).await;
    browser.click("#sign-in").await;
    type_in(browser, ALICE).await;
    browser.wait_for_text("h1", "Welcome to Wiki, Alice").await;
}

async fn join_shop(browser: &Browser, demo: &Demo) {
    browser.goto(&demo.shop).await;
    browser.click("#sign-in").await;
    browser.wait_for_text("h1", "Welcome to Shop, Alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_once_use_two_apps_leave_both() {
    let demo = Demo::start();
    let browser = Browser::start(Options::default()).await;
    browser.goto(&demo.wiki).await;
    inspect(&browser, "demo-signed-out").await;
    browser.click("#sign-in").await;
    browser.wait_for_text("h1", "Sign in to Wiki").await;
    inspect(&browser, "demo-sign-in").await;
    browser.click("[value=cancel]").await;
    browser.wait_for_text("h1", "You are not signed in").await;
    inspect(&browser, "demo-cancelled").await;

    browser.click("#sign-in").await;
    type_in(&browser, ("alice", "not-hers")).await;
    browser
        .wait_for_text("[role=alert]", "That didn’t match")
        .await;
    let typed = browser
        .execute("return [username.value, password.value]")
        .await;
    assert_eq!(
        typed,
        json!(["alice", ""]),
        "the name is kept, the password never"
    );
    type_in(&browser, ALICE).await;
    browser.wait_for_text("h1", "Welcome to Wiki, Alice").await;
    inspect(&browser, "demo-signed-in").await;

    browser.execute("window.witness = 'the same page'").await;
    let wiki = browser.new_tab().await;
    join_shop(&browser, &demo).await;
    browser.goto(&format!("{}/account", demo.provider)).await;
    assert_eq!(browser.text("#devices").await, "Signed in on 1 device");
    assert_eq!(browser.count("[aria-label^=Apps] li").await, 2);
    inspect(&browser, "demo-account").await;
    browser.goto(&demo.shop).await;
    browser.click("#sign-out").await;
    browser
        .wait_for_text("h1", "You are signed out of Shop")
        .await;
    inspect(&browser, "demo-signed-out-here").await;

    browser.switch_to(wiki).await;
    browser
        .wait_for_text("h1", "You are signed out of Wiki")
        .await;
    browser
        .wait_for_text("[role=status]", "Lanyard ended your session")
        .await;
    let witness = browser.execute("return window.witness").await;
    assert_eq!(witness, "the same page", "nothing was loaded anew");
    inspect(&browser, "demo-ended").await;
    browser.click("#sign-in").await;
    browser.wait_for_text("h1", "Sign in to Wiki").await;
}

/// Conformance: 32.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_without_scripts() {
    let demo = Demo::start();
    let browser = Browser::start(Options {
        javascript: false,
        ..Options::default()
    })
    .await;
    browser.goto(&demo.wiki).await;
    browser.click("#sign-in").await;
    browser.click("[value=cancel]").await;
    browser.wait_for_text("h1", "You are not signed in").await;
    browser.click("#sign-in").await;
    type_in(&browser, ("nobody", "alice-demo")).await;
    browser
        .wait_for_text("[role=alert]", "That didn’t match")
        .await;
    sign_in_at_wiki(&browser, &demo).await;

    let wiki = browser.new_tab().await;
    join_shop(&browser, &demo).await;
    browser.click("#sign-out").await;
    browser
        .wait_for_text("h1", "You are signed out of Shop")
        .await;
    let shop = browser.new_tab().await;
    browser.switch_to(wiki).await;
    assert_eq!(browser.text("h1").await, "Welcome to Wiki, Alice");
    until_reload_shows(&browser, "You are signed out of Wiki").await;

    browser.switch_to(shop).await;
    sign_in_at_wiki(&browser, &demo).await;
    join_shop(&browser, &demo).await;
    browser.goto(&format!("{}/account", demo.provider)).await;
    browser.click("header button").await;
    browser.wait_for_text("h1", "You are signed out").await;
    assert_eq!(browser.count("[data-live] .state").await, 2);
    until_told(&browser).await;
    for (app, heading) in [
        (&demo.wiki, "You are signed out of Wiki"),
        (&demo.shop, "You are signed out of Shop"),
    ] {
        browser.goto(app).await;
        assert_eq!(browser.text("h1").await, heading);
    }
}

/// The notice needs a moment to arrive; a reload tells the truth then.
async fn until_reload_shows(browser: &Browser, heading: &str) {
    crate::support::House::until(heading, || async {
        browser.reload().await;
        browser.text("h1").await == heading
    })
    .await;
}

/// "Check again" is a plain link, gone when there is nothing to wait for.
async fn until_told(browser: &Browser) {
    crate::support::House::until("both are told", || async {
        if browser.count("#check-again").await > 0 {
            browser.click("#check-again").await;
        }
        browser.count(".state.ok").await == 2
    })
    .await;
}
