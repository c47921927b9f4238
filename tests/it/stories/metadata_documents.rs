//! What people and administrators see of an app that nobody registered.

use serde_json::json;

use super::looks::inspect;
use crate::support::chromium::{Browser, ENTER, Options, TAB};
use crate::support::{House, Person, Publisher, site};

async fn sign_in(browser: &Browser, person: &Person) {
    browser.fill("#username", &person.username).await;
    browser.fill("#password", &person.password).await;
    browser.click("#login-submit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_is_named_wherever_somebody_decides() {
    let publisher = Publisher::open();
    let house = House::open_with(&publisher.settings()).await;
    let alice = house.person("alice").await;
    let app = publisher.app(&house, "/client.json");
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url(&app.ask().url())).await;
    browser
        .wait_for_text("main", "This app comes from localhost")
        .await;
    inspect(&browser, "sign-in-document").await;
    sign_in(&browser, &alice).await;
    browser
        .wait_for_text("#vouched", "It comes from localhost")
        .await;
    inspect(&browser, "consent-document").await;

    publisher.describe(json!({ "redirect_uris": ["http://elsewhere.example/"] }));
    let broken = publisher.app(&house, "/broken.json");
    browser.goto(&house.url(&broken.ask().url())).await;
    browser.wait_for_text("main", "redirect_uris[0]").await;
    inspect(&browser, "error-document").await;
}

/// Without a script, without a pointer.
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_back_to_this_device_is_warned_and_allows_it_by_keyboard() {
    let publisher = Publisher::open();
    let house = House::open_with(&publisher.settings()).await;
    let alice = house.person("alice").await;
    let here = site::open("assistant", None).origin;
    let callback = format!("{here}/callback");
    publisher.describe(json!({ "redirect_uris": [callback] }));
    let app = publisher.app(&house, "/client.json").at(&callback);
    let options = Options {
        javascript: false,
        ..Options::default()
    };
    for options in [Options::default(), options] {
        let browser = Browser::start(options).await;
        browser.goto(&house.url(&app.ask().url())).await;
        sign_in(&browser, &alice).await;
        browser
            .wait_for_text("#vouched", "You go back to a program on this device")
            .await;
        if options.javascript {
            inspect(&browser, "consent-document-device").await;
        }
        browser.find("#consent-allow").await;
        browser.press(TAB).await;
        while browser.cursor().await != "consent-allow" {
            browser.press(TAB).await;
        }
        browser.press(ENTER).await;
        browser.wait_for_url(&here).await;
    }

    let mona = house.administrator("mona").await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/admin/apps")).await;
    sign_in(&browser, &mona).await;
    browser.wait_for_text("main", "Assistant").await;
    inspect(&browser, "admin-apps-document").await;
    browser.click("main a[href*=\"client%2Ejson\"]").await;
    browser
        .wait_for_text(".notice", "This app is what its metadata document says")
        .await;
    inspect(&browser, "admin-app-document").await;
    browser.click("#disable").await;
    browser.wait_for_text("h1", "Disable").await;
    inspect(&browser, "admin-app-document-disable").await;
}
