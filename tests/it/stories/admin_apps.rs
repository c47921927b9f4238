//! The admin pages for apps.

use std::time::Duration;

use super::looks::inspect;
use crate::support::chromium::{Browser, ENTER, Options, TAB};
use crate::support::{House, Person};

async fn prove(browser: &Browser, mona: &Person) {
    browser.fill("#username", &mona.username).await;
    browser.fill("#password", &mona.password).await;
    browser.click("#login-submit").await;
}

/// Mona at a page, with a proof of now.
async fn at(house: &House, place: &str, options: Options) -> Browser {
    let mona = house.administrator("mona").await;
    let browser = Browser::start(options).await;
    browser.goto(&house.url(place)).await;
    prove(&browser, &mona).await;
    browser
}

/// Without a script, without a pointer.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_connected_by_keyboard_without_javascript() {
    let house = House::open().await;
    let options = Options {
        javascript: false,
        ..Options::default()
    };
    let browser = at(&house, "/admin/apps", options).await;
    browser.wait_for_text("h2", "No app is connected yet").await;
    browser.click("#new").await;
    browser.wait_for_text("h1", "Connect an app").await;
    browser.fill("#client_name", "Wiki").await;
    // The kind that is chosen already, then the redirect addresses.
    browser.press(TAB).await;
    browser.press(TAB).await;
    browser.press("http://wiki.example/cb").await;
    browser.press(TAB).await;
    browser.press(TAB).await;
    browser.press(ENTER).await;
    browser
        .wait_for_text("[role=alert]", "Something isn’t right yet")
        .await;
    assert!(browser.title().await.starts_with("Problem: "));
    browser
        .wait_for_text("#redirect_uris-error", "Use https")
        .await;
    let described = browser
        .attribute("#redirect_uris", "aria-describedby")
        .await;
    assert_eq!(
        described.as_deref(),
        Some("redirect_uris-hint redirect_uris-error")
    );
    browser
        .fill("#redirect_uris", "https://wiki.example/cb")
        .await;
    browser.press(TAB).await;
    browser.press(TAB).await;
    browser.press(ENTER).await;
    browser
        .wait_for_text("h1", "The app Wiki is connected")
        .await;
    assert_eq!(browser.text("#secret").await.len(), 43);
    browser.click("#onward").await;
    browser.wait_for_text("h1", "Wiki").await;
    assert_eq!(browser.count("#secret").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_an_app() {
    let house = House::open().await;
    let browser = at(&house, "/admin/apps", Options::default()).await;
    browser.wait_for_text("h1", "Apps").await;
    inspect(&browser, "admin-apps-none").await;
    browser.click("#new").await;
    browser.wait_for_text("h1", "Connect an app").await;
    inspect(&browser, "admin-app-new").await;
    browser.fill("#client_name", "Payroll").await;
    browser.click("summary").await;
    browser.fill("#logo_uri", "javascript:alert(1)").await;
    browser
        .fill("#redirect_uris", "https://payroll.example/callback")
        .await;
    browser.click("#save").await;
    browser.wait_for_text("#logo_uri-error", "scheme").await;
    browser.wait_for_text("[role=alert]", "“Logo”").await;
    inspect(&browser, "admin-app-wrong").await;
    browser
        .fill("#logo_uri", "https://payroll.example/l.png")
        .await;
    browser.click("#save").await;
    browser
        .wait_for_text("h1", "The app Payroll is connected")
        .await;
    inspect(&browser, "admin-app-made").await;
    house.app("wiki").await;
    browser.goto(&house.url("/admin/apps")).await;
    browser.wait_for_text("table", "Payroll").await;
    inspect(&browser, "admin-apps").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_an_app() {
    let house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let alice = house.person("alice").await;
    let of_alice = house.browser();
    wiki.sign_in(&of_alice, &alice).await;
    shop.join(&of_alice).await;
    let browser = at(&house, "/admin/apps/wiki", Options::default()).await;
    browser.wait_for_text("h1", "wiki").await;
    inspect(&browser, "admin-app").await;
    browser.click("#new-secret").await;
    browser.wait_for_text("h1", "a new secret?").await;
    inspect(&browser, "admin-app-secret").await;
    browser.click("#do").await;
    browser.wait_for_text("h1", "has a new secret").await;
    browser.click("#onward").await;
    browser.click("#disable").await;
    browser.wait_for_text("h1", "Disable the app wiki?").await;
    inspect(&browser, "admin-app-disable").await;
    browser.click("#do").await;
    browser
        .wait_for_text("[role=status]", "The app is disabled")
        .await;
    inspect(&browser, "admin-app-disabled").await;
    browser.goto(&house.url("/admin/apps/shop/deletion")).await;
    browser.fill("#confirm", "shoq").await;
    browser.click("#do").await;
    browser.wait_for_text("[role=alert]", "Type shop").await;
    inspect(&browser, "admin-app-delete").await;
}

/// What was typed waits for the proof, line by line.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_grew_stale_while_somebody_typed() {
    let house = House::open().await;
    let uris = ["https://wiki.example/a", "https://wiki.example/b"];
    let changes = serde_json::json!({ "redirect_uris": uris, "backchannel_logout_uri": null });
    house.app_with("wiki", changes).await;
    let mona = house.administrator("mona-reyes").await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/admin/apps/wiki/edit")).await;
    prove(&browser, &mona).await;
    browser.wait_for_text("h1", "Change the app wiki").await;
    inspect(&browser, "admin-app-edit").await;
    browser.fill("#client_name", "Wiki of the house").await;
    house.advance(Duration::from_mins(16));
    browser.click("#save").await;
    browser.wait_for_text("h1", "First, confirm it’s you").await;
    let tab = browser.new_tab().await;
    browser.goto(&house.url("/admin/confirmed")).await;
    prove(&browser, &mona).await;
    browser.wait_for_text("h1", "Thanks, it’s you").await;
    browser.switch_to(tab).await;
    browser.click("main .primary").await;
    browser
        .wait_for_text("[role=status]", "The app was changed")
        .await;
    browser.wait_for_text("h1", "Wiki of the house").await;
    let shown = browser.text("[aria-labelledby=facts]").await;
    assert!(shown.contains(&uris.join("\n")), "on two lines: {shown}");
}
