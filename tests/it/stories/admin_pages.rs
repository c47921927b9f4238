//! The overview, the audit and the keys, as an administrator sees them.

use std::time::Duration;

use super::looks::inspect;
use crate::support::app::Mood;
use crate::support::chromium::{Browser, Options};
use crate::support::{House, Person};

async fn signed_in(house: &House, mona: &Person, place: &str) -> Browser {
    let browser = Browser::start(Options::default()).await;
    browser.goto(&house.url(place)).await;
    browser.fill("#username", &mona.username).await;
    browser.fill("#password", &mona.password).await;
    browser.click("#login-submit").await;
    browser
}

/// A house in which no session runs out by itself while a day is told.
async fn for_a_day() -> House {
    House::open_with(&[("SESSION__IDLE_TIMEOUT", "11h")]).await
}

/// Some people, over some hours, and ends of several kinds.
async fn a_day(house: &House) {
    let (wiki, shop, payroll) = (
        house.app("Wiki").await,
        house.app("Shop").await,
        house.app("Payroll").await,
    );
    payroll.feels(Mood::Answers(400));
    shop.feels(Mood::Answers(500));
    for (hour, name) in ["alice", "ben.okafor", "chen", "dana.novak"]
        .into_iter()
        .enumerate()
    {
        let person = house.person(name).await;
        for _ in 0..=hour {
            let browser = house.browser();
            let page = browser.go("/account").await.page();
            browser.try_password(&page, name, "not it").await;
            browser.sign_in(&person).await;
            wiki.join(&browser).await;
        }
        let browser = house.browser();
        browser.sign_in(&person).await;
        shop.join(&browser).await;
        payroll.join(&browser).await;
        let sessions = house.sessions_of(&person).await;
        house.end(sessions[0]).await;
        house.end_by_person(sessions[1], &person).await;
        for session in &sessions[..2] {
            House::until("the notices were tried", || async {
                let notices = house.notices_of(*session).await;
                notices
                    .iter()
                    .all(|notice| notice.last_attempt_at.is_some())
            })
            .await;
        }
        house.advance(Duration::from_mins(61));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview() {
    let house = for_a_day().await;
    let mona = house.administrator("mona").await;
    let browser = signed_in(&house, &mona, "/admin").await;
    browser.wait_for_text("h1", "Overview").await;
    inspect(&browser, "admin-overview-empty").await;
    a_day(&house).await;
    browser.goto(&house.url("/admin")).await;
    browser.wait_for_text(".notice", "Payroll").await;
    browser.click("summary").await;
    inspect(&browser, "admin-overview").await;
    browser.click(".notice p a").await;
    browser.wait_for_text("h1", "Audit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit() {
    let house = for_a_day().await;
    let mona = house.administrator("mona").await;
    a_day(&house).await;
    house
        .expect_audit("the last of the day", |line| {
            line.action == "sign_in_failed" && line.at.as_secs() > 1_800_010_000
        })
        .await;
    let browser = signed_in(&house, &mona, "/admin/audit").await;
    browser.wait_for_text("h1", "Audit").await;
    inspect(&browser, "admin-audit").await;
    browser.fill("#person", "ben.okafor").await;
    browser.click(".filters button").await;
    browser.wait_for_url(&house.url("/admin/audit?")).await;
    // Three sign-ins and two ends; and perhaps one of these was the session at Payroll, which
    // refuses to be told.
    let lines = browser.count("tbody tr").await;
    assert!(
        matches!(lines, 5 | 6),
        "{lines}: {}",
        browser.text("tbody").await
    );
    browser.fill("#person", "nobody-we-know").await;
    browser.fill("#session", "7QK4").await;
    browser.click(".filters button").await;
    browser
        .wait_for_text("[role=alert]", "nobody-we-know")
        .await;
    inspect(&browser, "admin-audit-wrong").await;
    browser.click(".empty a").await;
    browser.wait_for_text("#lines", "Newest first").await;
    browser
        .goto(&house.url("/admin/audit?before=2020-01-01"))
        .await;
    inspect(&browser, "admin-audit-none").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys() {
    let house = House::open().await;
    house.look_after_keys().await;
    house.settled().await;
    let mona = house.administrator("mona").await;
    let browser = signed_in(&house, &mona, "/admin/keys").await;
    browser.wait_for_text("h1", "Signing keys").await;
    browser.click("#rotate-ES256").await;
    browser.wait_for_text("h1", "Change the ES256 key?").await;
    inspect(&browser, "admin-key-rotation").await;
    browser.click("[name=drop]").await;
    browser.click("[value=rotate]").await;
    browser
        .wait_for_text("[role=status]", "The ES256 key was changed")
        .await;
    inspect(&browser, "admin-keys").await;
}
