//! By keyboard alone: nothing needs a pointer, and Enter never cancels.

use crate::support::House;
use crate::support::chromium::{Browser, ENTER, Options, TAB};

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_by_keyboard_alone() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = Browser::start(Options::default()).await;

    browser.goto(&house.url(&wiki.ask().url())).await;
    assert_eq!(
        browser.cursor().await,
        "username",
        "the cursor is there already"
    );
    browser.press("alice").await;
    browser.press(TAB).await;
    assert_eq!(browser.cursor().await, "password");
    browser.press("a wrong one").await;
    browser.press(ENTER).await;
    browser
        .wait_for_text("[role=alert]", "That didn’t match")
        .await;
    assert_eq!(browser.cursor().await, "password", "the name is kept");

    browser.press(&alice.password).await;
    browser.press(TAB).await;
    browser.press(" ").await;
    assert_eq!(browser.count("[name=remember_me]:checked").await, 1);
    browser.press(TAB).await;
    assert_eq!(browser.cursor().await, "login-submit");
    browser.press(ENTER).await;
    browser.wait_for_url(&wiki.redirect_uri).await;
    assert!(browser.url().await.query().unwrap().contains("code="));

    let ask = wiki.ask().with("prompt", "login");
    browser.goto(&house.url(&ask.url())).await;
    assert_eq!(browser.cursor().await, "password");
    browser.press(TAB).await;
    assert_eq!(browser.cursor().await, "login-submit");
    browser.press(TAB).await;
    assert_eq!(browser.cursor().await, "Cancel and go back to wiki");
    browser.press(ENTER).await;
    browser.wait_for_url(&wiki.redirect_uri).await;
    assert!(
        browser
            .url()
            .await
            .query()
            .unwrap()
            .contains("error=access_denied")
    );

    browser.goto(&house.url("/account")).await;
    browser.press(TAB).await;
    assert_eq!(browser.cursor().await, "Skip to the content");
    browser.press(ENTER).await;
    assert_eq!(browser.url().await.fragment(), Some("main"));
}
