//! The admin pages for people.

use std::time::Duration;

use super::looks::inspect;
use crate::support::chromium::{Browser, ENTER, Options, TAB};
use crate::support::{House, Person};

async fn at(house: &House, mona: &Person, place: &str) -> Browser {
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url(place)).await;
    browser.fill("#username", &mona.username).await;
    browser.fill("#password", &mona.password).await;
    browser.click("#login-submit").await;
    browser
}

/// By the keyboard alone, up to the password that is shown once.
#[tokio::test(flavor = "multi_thread")]
async fn mona_makes_a_person_by_the_keyboard() {
    let house = House::open().await;
    let mona = house.administrator("mona").await;
    let browser = at(&house, &mona, "/admin/people").await;
    browser.wait_for_text("h1", "People").await;
    browser
        .execute("document.querySelector('#create').focus()")
        .await;
    browser.press(ENTER).await;
    browser.wait_for_text("h1", "Create a person").await;
    inspect(&browser, "admin-person-new").await;
    browser
        .execute("document.querySelector('#username').focus()")
        .await;
    // Wrong first: Enter sends the form, and the problem is told in the title.
    browser.press(TAB).await;
    assert_eq!(browser.cursor().await, "email");
    browser.press("nowhere").await;
    browser.press(ENTER).await;
    browser
        .wait_for_text("[role=alert]", "2 fields need your attention")
        .await;
    assert!(browser.title().await.starts_with("Problem: "));
    assert_eq!(
        browser.attribute("#email", "aria-invalid").await.as_deref(),
        Some("true")
    );
    inspect(&browser, "admin-person-new-wrong").await;
    browser.fill("#username", "noor.haddad").await;
    browser.fill("#email", "noor.haddad@example.com").await;
    browser.fill("#name", "Noor Haddad").await;
    browser.click("summary").await;
    browser.fill("#zoneinfo", "Europe/Paris").await;
    browser.press(ENTER).await;
    browser
        .wait_for_text("h1", "The temporary password of Noor Haddad")
        .await;
    let password = browser.text("#password").await;
    assert_eq!(password.len(), 23);
    inspect(&browser, "admin-password-shown").await;
    browser
        .execute("document.querySelector('#on').focus()")
        .await;
    browser.press(ENTER).await;
    browser.wait_for_text("h1", "Noor Haddad").await;
    browser
        .wait_for_text("[role=status]", "The account is there")
        .await;
    assert!(!browser.source().await.contains(&password));
    inspect(&browser, "admin-person-created").await;
}

/// Found, changed, and asked for another password.
#[tokio::test(flavor = "multi_thread")]
async fn mona_finds_somebody_and_changes_them() {
    let house = House::open().await;
    let mona = house.administrator("mona").await;
    for name in ["alice", "ben", "emil", "grace"] {
        house.person(name).await;
    }
    let browser = at(&house, &mona, "/admin/people").await;
    browser.wait_for_text("table", "grace").await;
    inspect(&browser, "admin-people").await;
    browser.fill("#q", "alicia").await;
    browser.press(ENTER).await;
    browser
        .wait_for_text("h2", "Nobody is called “alicia”")
        .await;
    inspect(&browser, "admin-people-nobody").await;
    browser.fill("#q", "ali").await;
    browser.press(ENTER).await;
    browser.wait_for_text("table", "alice").await;
    browser.click("th a").await;
    browser.wait_for_text("h1", "alice Example").await;
    inspect(&browser, "admin-person").await;

    browser.click("#edit").await;
    browser.wait_for_text("h1", "Edit a person").await;
    inspect(&browser, "admin-person-edit").await;
    browser.fill("#family_name", "Moreau").await;
    browser.click("#save").await;
    browser
        .wait_for_text("[role=status]", "What you changed is saved")
        .await;

    browser.click("#password").await;
    browser
        .wait_for_text("h1", "Set a temporary password")
        .await;
    inspect(&browser, "admin-person-password").await;
    browser.click("label:has([value=typed])").await;
    browser.fill("#password", "short").await;
    browser.click("#do").await;
    browser
        .wait_for_text("[role=alert]", "The password was not set")
        .await;
    inspect(&browser, "admin-person-password-weak").await;
}

/// Somebody leaves: mona reads what will happen, and sees it happen.
#[tokio::test(flavor = "multi_thread")]
async fn mona_shows_somebody_out() {
    let house = House::open().await;
    let mona = house.administrator("mona").await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let metadata = serde_json::json!({"backchannel_logout_uri": null});
    let calendar = house.app_with("calendar", metadata).await;
    let of_alice = house.browser();
    let tokens = wiki.sign_in(&of_alice, &alice).await;
    // Receipts stand in the order of joining.
    house.advance(Duration::from_secs(1));
    calendar.join(&of_alice).await;
    house.settled().await;
    let place = format!("/admin/people/{}", alice.id);
    let browser = at(&house, &mona, &place).await;
    browser.wait_for_text("h1", "alice Example").await;
    browser.click("#delete").await;
    browser.wait_for_text("h1", "Delete alice Example?").await;
    inspect(&browser, "admin-person-delete").await;
    browser.click("a.crumb").await;
    browser.wait_for_text("h1", "alice Example").await;
    browser.click("#disable").await;
    browser.wait_for_text("h1", "Disable alice Example?").await;
    inspect(&browser, "admin-person-disable").await;
    browser.click("#do").await;
    browser
        .wait_for_text("[role=status]", "1 session ended")
        .await;
    inspect(&browser, "admin-person-disabled").await;
    wiki.expect_signed_out(tokens.sid()).await;
    assert!(!of_alice.is_signed_in().await);
    browser.click("[role=status] a").await;
    browser.wait_for_text("#receipt-1-1", "Signed out").await;
}
