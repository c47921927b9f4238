//! The pages on which people change a password or their profile.

use lanyard::session::ending::Actor;

use super::looks::inspect;
use crate::support::House;
use crate::support::chromium::{Browser, ENTER, Options, TAB};

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_password_is_replaced_by_keyboard_alone() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let temporary = "given out by mona".to_owned();
    let provider = house.provider();
    let set = provider.set_person_password(&alice.id, temporary, true, None, &Actor::CommandLine);
    set.await.unwrap().unwrap();
    house.settled().await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url(&wiki.ask().url())).await;
    browser.fill("#username", "alice").await;
    browser.fill("#password", "given out by mona").await;
    browser.click("#login-submit").await;
    browser.wait_for_text("h1", "Choose a new password").await;
    inspect(&browser, "new-password").await;
    assert_eq!(browser.cursor().await, "new_password");
    browser.press("password1").await;
    browser.press(ENTER).await;
    browser
        .wait_for_text(".error", "Many people use that")
        .await;
    inspect(&browser, "new-password-refused").await;
    assert_eq!(browser.cursor().await, "new_password");
    browser.press("alice chose this herself").await;
    browser.press(TAB).await;
    assert_eq!(browser.cursor().await, "new-password-submit");
    browser.press(ENTER).await;
    browser.wait_for_url(&wiki.redirect_uri).await;
    assert!(browser.url().await.query().unwrap().contains("code="));
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_password_is_changed() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    house.browser().sign_in(&alice).await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/account/password")).await;
    browser.fill("#username", "alice").await;
    browser.fill("#password", &alice.password).await;
    browser.click("#login-submit").await;
    browser.wait_for_text("h2", "Change your password").await;
    inspect(&browser, "account-password").await;
    browser.fill("#old_password", "not hers").await;
    browser
        .fill("#new_password", "alice chose another one")
        .await;
    browser.click("#password-submit").await;
    browser
        .wait_for_text("[role=alert]", "was not changed")
        .await;
    inspect(&browser, "account-password-refused").await;
    browser.fill("#old_password", &alice.password).await;
    browser
        .fill("#new_password", "alice chose another one")
        .await;
    browser.click("#password-submit").await;
    browser
        .wait_for_text("[role=status]", "1 other session has ended")
        .await;
    inspect(&browser, "account-password-changed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_changed() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/account/profile")).await;
    browser.fill("#username", "alice").await;
    browser.fill("#password", &alice.password).await;
    browser.click("#login-submit").await;
    browser
        .wait_for_text("#profile-head", "What apps may be told of you")
        .await;
    inspect(&browser, "account-profile").await;
    browser.fill("#birthdate", "yesterday").await;
    browser.click("#profile-submit").await;
    browser.wait_for_text(".error", "is not a date").await;
    inspect(&browser, "account-profile-refused").await;
    browser.fill("#birthdate", "1990-12-31").await;
    browser.click("#profile-submit").await;
    browser
        .wait_for_text("[role=status]", "Your profile is saved")
        .await;
}
