//! "Connect a device", in a browser.

use super::looks::inspect;
use crate::support::House;
use crate::support::chromium::{Browser, ENTER, Options, TAB};
use crate::support::tokens::refusal;

async fn sign_in(browser: &Browser, password: &str) {
    browser.wait_for_text("h1", "Sign in to").await;
    browser.fill("#username", "alice").await;
    browser.fill("#password", password).await;
    browser.click("#login-submit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_typed_and_the_device_is_signed_in() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let tv = house.television("Television").await;
    let codes = tv.begin("openid profile email offline_access").await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/device")).await;
    inspect(&browser, "device-code").await;
    assert_eq!(browser.cursor().await, "user_code");
    browser.fill("#user_code", "bcdf ghj").await;
    browser.click("#device-go-on").await;
    browser
        .wait_for_text("[role=alert]", "This code doesn’t work")
        .await;
    assert_eq!(browser.cursor().await, "user_code");
    inspect(&browser, "device-code-wrong").await;
    browser
        .fill("#user_code", &codes.user_code().to_lowercase())
        .await;
    browser.click("#device-go-on").await;
    sign_in(&browser, &alice.password).await;
    browser
        .wait_for_text("h1", "Use Television on a device?")
        .await;
    assert_eq!(browser.text("#device-code").await, codes.user_code());
    inspect(&browser, "device-confirm").await;
    assert_eq!(refusal(&tv.poll(&codes).await), "authorization_pending");
    browser.click("#device-allow").await;
    browser.wait_for_text("[role=status]", "Allowed").await;
    inspect(&browser, "device-allowed").await;
    let tokens = tv.collect(&codes).await;
    assert_eq!(tokens.claims["sub"], alice.id.as_str());
    browser.goto(&house.url("/account")).await;
    browser.wait_for_text("#devices", "").await;
    assert!(browser.source().await.contains("Television"));
    // The same code again, from the account page: it says what became of it.
    browser.goto(&house.url("/account")).await;
    browser.click("#connect-device").await;
    browser.wait_for_text("h1", "Connect a device").await;
    browser.fill("#user_code", codes.user_code()).await;
    browser.click("#device-go-on").await;
    browser.wait_for_text("h1", "Go back to your device").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_a_link_fills_the_code_in_and_a_no_is_told() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let tv = house.television("Television").await;
    let codes = tv.begin("openid").await;
    let browser = Browser::start(Options {
        javascript: false,
        ..Options::default()
    })
    .await;
    let complete = codes.0["verification_uri_complete"].as_str().unwrap();
    browser.goto(complete).await;
    let filled = browser.attribute("#user_code", "value").await;
    assert_eq!(filled.as_deref(), Some(codes.user_code()));
    browser.click("#device-go-on").await;
    sign_in(&browser, &alice.password).await;
    browser
        .wait_for_text("h1", "Use Television on a device?")
        .await;
    browser.click("#device-deny").await;
    browser.wait_for_text("[role=status]", "Not allowed").await;
    browser.wait_for_text("h1", "Nothing was connected").await;
    assert_eq!(refusal(&tv.poll(&codes).await), "access_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_and_a_wait_look_right() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let tv = house.television("Television").await;
    let codes = tv.begin("openid").await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/account")).await;
    sign_in(&browser, &alice.password).await;
    browser.wait_for_text("h1", "Your account").await;
    let confirm = format!("/device/confirm?user_code={}", codes.user_code());
    browser.goto(&house.url(&confirm)).await;
    browser.click("#device-deny").await;
    browser.wait_for_text("[role=status]", "Not allowed").await;
    inspect(&browser, "device-denied").await;
    for _ in 0..8 {
        browser
            .goto(&house.url("/device/confirm?user_code=BCDF-GHJK"))
            .await;
    }
    browser.wait_for_text("[role=alert]", "Please wait").await;
    // A refused page is one more line in the console.
    browser.complaints().await;
    inspect(&browser, "device-throttled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_connected_by_keyboard_alone() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let tv = house.television("Television").await;
    let codes = tv.begin("openid").await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/device")).await;
    browser.press(&codes.user_code().to_lowercase()).await;
    browser.press(ENTER).await;
    browser.wait_for_text("h1", "Sign in to").await;
    browser.press("alice").await;
    browser.press(TAB).await;
    browser.press(&alice.password).await;
    browser.press(ENTER).await;
    browser
        .wait_for_text("h1", "Use Television on a device?")
        .await;
    // Enter alone allows nothing: somebody has to go to the button.
    browser.press(ENTER).await;
    assert_eq!(refusal(&tv.poll(&codes).await), "authorization_pending");
    browser.press(TAB).await;
    assert_eq!(browser.cursor().await, "device-allow");
    browser.press(TAB).await;
    assert_eq!(browser.cursor().await, "device-deny");
    browser.press("\u{e008}\u{e004}").await;
    browser.press("\u{e008}").await;
    assert_eq!(browser.cursor().await, "device-allow");
    browser.press(ENTER).await;
    browser.wait_for_text("[role=status]", "Allowed").await;
    tv.collect(&codes).await;
}
