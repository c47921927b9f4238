//! The pages on the way out.

use std::time::Duration;

use serde_json::json;

use super::looks::inspect;
use crate::support::app::Mood;
use crate::support::chromium::{Browser, Options};
use crate::support::site::{self, Site};
use crate::support::{App, House};

async fn joined(browser: &Browser, house: &House, app: &App) {
    browser.goto(&house.url(&app.ask().url())).await;
    browser.wait_for_url(&app.redirect_uri).await;
}

async fn signed_in() -> (House, Browser) {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url("/account")).await;
    browser.fill("#username", &alice.username).await;
    browser.fill("#password", &alice.password).await;
    browser.click("#login-submit").await;
    browser.wait_for_text("h1", "Your account").await;
    (house, browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_and_what_is_wrong_with_it() {
    let (house, browser) = signed_in().await;
    browser.goto(&house.url("/oauth2/logout")).await;
    browser.wait_for_text("h1", "Sign out?").await;
    inspect(&browser, "sign-out-no-apps").await;
    for id in ["wiki", "shop"] {
        let app = house.app(id).await;
        joined(&browser, &house, &app).await;
    }
    let elsewhere = "/oauth2/logout?client_id=wiki&post_logout_redirect_uri=https://evil.example/";
    browser.goto(&house.url(elsewhere)).await;
    browser
        .wait_for_text("[role=alert]", "We won’t send you back")
        .await;
    inspect(&browser, "sign-out-problem").await;
    browser.goto(&house.url("/oauth2/logout")).await;
    browser.wait_for_text("main", "2 apps").await;
    inspect(&browser, "sign-out").await;
    browser.click("[value=stay]").await;
    browser.wait_for_text("h1", "Your account").await;
}

/// An app that is told in a frame, at a site that remembers its visits.
async fn framed(house: &House) -> (App, Site) {
    let site = site::open("framed", None);
    let metadata = json!({
        "redirect_uris": [format!("{}/callback", site.origin)],
        "post_logout_redirect_uris": [format!("{}/bye", site.origin)],
        "frontchannel_logout_uri": format!("{}/out", site.origin),
        "backchannel_logout_uri": null,
    });
    (house.app_with("Framed", metadata).await, site)
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_out_with_every_kind_of_receipt() {
    let (house, browser) = signed_in().await;
    let told = house.app("Told").await;
    let refusing = house.app("Refusing").await;
    let away = house.app("Away").await;
    let without = json!({"backchannel_logout_uri": null});
    let silent = house.app_with("Silent", without).await;
    let (framed, site) = framed(&house).await;
    for app in [&told, &refusing, &away, &silent, &framed] {
        joined(&browser, &house, app).await;
        // Receipts stand in the order of joining.
        house.advance(Duration::from_secs(1));
    }
    refusing.feels(Mood::Answers(400));
    away.feels(Mood::Answers(503));
    browser.goto(&house.url("/account")).await;
    browser.click("header button").await;
    browser.wait_for_text("h1", "You are signed out").await;
    for (receipt, words) in [
        ("#receipt-1", "Signed out"),
        ("#receipt-2", "Gave up"),
        ("#receipt-3", "Not reached yet, trying again"),
        ("#receipt-4", "Can’t be told"),
        ("#receipt-5", "Told through this browser"),
    ] {
        browser.wait_for_text(receipt, words).await;
    }
    let frame = |visit: &String| visit.starts_with("/out?iss=") && visit.contains("&sid=");
    assert!(site.visits().iter().any(frame), "{:?}", site.visits());
    inspect(&browser, "signed-out").await;
    // Once more: for ten minutes the receipts say more than that nobody is signed in.
    browser.goto(&house.url("/oauth2/logout")).await;
    browser.wait_for_text("#receipt-1", "Signed out").await;
    house.advance(Duration::from_mins(11));
    browser.goto(&house.url("/oauth2/logout")).await;
    browser.wait_for_text("main", "Nobody is signed in").await;
    inspect(&browser, "signed-out-nobody").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_waits_for_the_frames() {
    let (house, browser) = signed_in().await;
    let (app, site) = framed(&house).await;
    let ask = app.ask();
    browser.goto(&house.url(&ask.url())).await;
    browser.wait_for_url(&app.redirect_uri).await;
    let tokens = app
        .redeem(&app.code(&browser.url().await, &ask), &ask)
        .await;
    let out = format!(
        "/oauth2/logout?id_token_hint={}&post_logout_redirect_uri={}/bye",
        tokens.id_token(),
        site.origin
    );
    browser.goto(&house.url(&out)).await;
    browser.wait_for_url(&format!("{}/bye", site.origin)).await;
    let visits = site.visits();
    let when = |part: &str| visits.iter().position(|visit| visit.contains(part));
    let (told, back) = (when(&format!("sid={}", tokens.sid())), when("/bye"));
    assert!(told.is_some() && told < back, "{visits:?}");
    assert_eq!(browser.complaints().await, [""; 0]);
}
