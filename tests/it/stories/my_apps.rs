//! The page of the apps that a person can open, and the fields of people that only some houses have.

use serde_json::json;

use super::looks::inspect;
use crate::support::chromium::{Browser, Options};
use crate::support::{House, Person};

const OWN: &str = "\
    [[scopes]]\n\
    scope = \"work\"\n\
    title = \"See where you work\"\n\
    [[claims]]\n\
    attribute = \"department\"\n\
    scope = \"work\"\n\
    label = \"Department\"\n\
    self_service = true\n";

async fn sign_in(browser: &Browser, person: &Person) {
    browser.fill("#username", &person.username).await;
    browser.fill("#password", &person.password).await;
    browser.click("#login-submit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_to_open() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/apps")).await;
    sign_in(&browser, &alice).await;
    browser.wait_for_text("h2", "No app to open yet").await;
    inspect(&browser, "my-apps-none").await;

    let wiki = json!({
        "client_name": "Wiki", "client_uri": house.url("/account"),
        "logo_uri": house.url("/static/wiki.svg").replace("localhost", "127.0.0.1"),
        "initiate_login_uri": house.url("/account/profile"),
    });
    house.app_with("wiki", wiki).await;
    let notes = json!({ "client_name": "Notes", "client_uri": "https://notes.example.net/" });
    house.app_with("notes", notes).await;
    browser.goto(&house.url("/apps")).await;
    browser.wait_for_text("h2", "Open an app").await;
    inspect(&browser, "my-apps").await;
    browser.click("a.button[href*='iss=']").await;
    browser
        .wait_for_text("#profile-head", "What apps may be told of you")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_and_its_form() {
    let house = House::open_with_file(OWN).await;
    let mona = house.administrator("mona").await;
    let alice = house.person("alice").await;
    let browser = Browser::start(Options::default()).await;
    let edit = format!("/admin/people/{}/edit", alice.id);
    browser.goto(&house.url(&edit)).await;
    sign_in(&browser, &mona).await;
    browser.wait_for_text("h1", "Edit a person").await;
    browser.click("summary").await;
    browser.fill("#groups", "staff").await;
    browser.fill("#phone_number", "call me").await;
    browser.click("#save").await;
    browser
        .wait_for_text("#phone_number-error", "phone number")
        .await;
    inspect(&browser, "admin-person-claims").await;
    browser.fill("#phone_number", "+33 1 23 45 67 89").await;
    browser.click("#save").await;
    browser.wait_for_text("dl", "staff").await;

    let own = Browser::start(Options::default()).await;
    own.goto(&house.url("/account/profile")).await;
    sign_in(&own, &alice).await;
    own.wait_for_text("dl", "staff").await;
    own.wait_for_text("main", "Department").await;
    inspect(&own, "account-profile-claims").await;
}
