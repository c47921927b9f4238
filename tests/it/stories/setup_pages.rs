//! Making the first administrator, in a real browser.

use lanyard::provider::SetupLinkDue;

use super::looks::inspect;
use crate::support::House;
use crate::support::chromium::{Browser, Options};

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_link_leads_to_the_admin_pages() {
    let house = House::open().await;
    let due = house.provider().setup_link_due().await.unwrap();
    let SetupLinkDue::Print(token) = due else {
        panic!("no link: {due:?}");
    };
    let link = house.provider().setup_address(&token);
    // The page needs no script.
    let options = Options {
        javascript: false,
        ..Options::default()
    };
    let plain = Browser::start(options).await;
    plain.goto(&link).await;
    plain
        .wait_for_text("h1", "Make the first administrator")
        .await;

    let browser = Browser::start(Options::default()).await;
    browser.goto(&link).await;
    browser
        .wait_for_text("h1", "Make the first administrator")
        .await;
    assert_eq!(browser.url().await.query(), None);
    inspect(&browser, "setup").await;
    browser.fill("#username", "mona").await;
    browser.fill("#name", "Mona Lind").await;
    browser.fill("#email", "mona@example.com").await;
    browser.fill("#password", "mona@example.com").await;
    browser.click("#setup-submit").await;
    browser
        .wait_for_text("#password-error", "your own username or email")
        .await;
    inspect(&browser, "setup-refused").await;
    browser.fill("#password", "mona likes long passwords").await;
    browser.click("#setup-submit").await;
    browser.wait_for_text("h1", "Overview").await;

    browser.goto(&link).await;
    browser
        .wait_for_text("h1", "This set-up link doesn’t work")
        .await;
    inspect(&browser, "setup-void").await;
}
