//! Receipts: who has been told of a sign-out, as it becomes known.

use std::time::Duration;

use lanyard::store::record::reference;

use crate::support::app::Mood;
use crate::support::chromium::{Browser, Options};
use crate::support::{App, House, Person};

use super::looks::inspect;

async fn start(javascript: bool) -> Browser {
    let browser = Browser::start(Options {
        javascript,
        ..Options::default()
    })
    .await;
    browser.note_what_scripts_ask().await;
    browser
}

async fn sign_in_at(browser: &Browser, url: &str, person: &Person) {
    browser.goto(url).await;
    browser.fill("#username", &person.username).await;
    browser.fill("#password", &person.password).await;
    browser.click("#login-submit").await;
}

/// Alice, signed in at two apps, signs out on her account page. The shop does not answer yet.
async fn signed_out(browser: &Browser) -> (House, App) {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    sign_in_at(browser, &house.url(&wiki.ask().url()), &alice).await;
    browser.wait_for_url(&wiki.origin).await;
    // Receipts stand in the order of joining.
    house.advance(Duration::from_secs(1));
    browser.goto(&house.url(&shop.ask().url())).await;
    browser.wait_for_url(&shop.origin).await;
    shop.feels(Mood::Answers(503));
    browser.goto(&house.url("/account")).await;
    browser.click("header button").await;
    browser.wait_for_text("h1", "You are signed out").await;
    (house, shop)
}

/// Alice signs somebody in on another machine, at the shop, which does not answer yet.
async fn elsewhere(house: &House, alice: &Person, shop: &App) -> String {
    let before = house.sessions_of(alice).await;
    let browser = house.browser();
    browser.sign_in(alice).await;
    shop.join(&browser).await;
    shop.feels(Mood::Answers(503));
    let after = house.sessions_of(alice).await;
    let new = after.into_iter().find(|id| !before.contains(id));
    reference(new.unwrap())
}

/// The shop answers from now on, and the next attempt is due.
fn recovers(house: &House, shop: &App) {
    shop.feels(Mood::Answers(200));
    house.advance(Duration::from_secs(5));
}

/// The page asked again only when a stream had said that it is worth it.
async fn by_stream_alone(browser: &Browser) {
    let told = browser.asked("changed").await;
    let asked = browser.asked("fetch").await;
    assert_eq!(browser.asked("stream").await, 1);
    assert!((1..=told).contains(&asked), "{asked} for {told}");
    // A page that sees that nothing is under way may hang up before it is told so.
    assert!(browser.asked("done").await <= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_arrives_without_a_reload() {
    let browser = start(true).await;
    let (house, shop) = signed_out(&browser).await;
    browser.execute("window.witness = 'the same page'").await;
    browser.wait_for_text("#receipt-1", "Signed out").await;
    browser.wait_for_text("#receipt-2", "trying again").await;
    browser
        .wait_for_text("#advice", "Sign out in shop too")
        .await;
    inspect(&browser, "signed-out-trying").await;
    recovers(&house, &shop);
    browser.wait_for_text("#receipt-2", "Signed out").await;
    let rest = "return [window.witness, advice.innerText, document.querySelectorAll('[data-waiting]').length]";
    assert_eq!(
        browser.execute(rest).await,
        serde_json::json!(["the same page", "", 0])
    );
    by_stream_alone(&browser).await;
    assert_eq!(browser.url().await.query(), None, "no secret in an address");
    inspect(&browser, "signed-out-told").await;
    // Nor does a reload sign out again, or forget.
    browser.reload().await;
    browser.wait_for_text("#receipt-2", "Signed out").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_a_link_checks_again() {
    let browser = start(false).await;
    let (house, shop) = signed_out(&browser).await;
    House::until("the shop was tried in vain", || async {
        browser.click("#check-again").await;
        browser.text("#receipt-2").await.contains("trying again")
    })
    .await;
    recovers(&house, &shop);
    House::until("the shop is told", || async {
        browser.click("#check-again").await;
        browser.text("#receipt-2").await.starts_with("Signed out")
    })
    .await;
    assert_eq!(browser.count("#advice p, #check-again").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_stream_comes_through_the_page_asks_by_itself() {
    let browser = start(true).await;
    browser.block("*/events*").await;
    let (house, shop) = signed_out(&browser).await;
    browser.execute("window.witness = 'the same page'").await;
    browser.wait_for_text("#receipt-2", "trying again").await;
    recovers(&house, &shop);
    browser.wait_for_text("#receipt-2", "Signed out").await;
    let witness = browser.execute("return window.witness").await;
    assert_eq!(witness, "the same page");
    assert_eq!(browser.asked("changed").await, 0);
    assert!(browser.asked("fetch").await > 0);
}

/// Alice, who ends her session elsewhere on her account page.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_ends_another_session_sees_it_arrive() {
    let browser = start(true).await;
    let house = House::open().await;
    let (alice, shop) = (house.person("alice").await, house.app("shop").await);
    sign_in_at(&browser, &house.url("/account"), &alice).await;
    browser.wait_for_text("#devices", "1 device").await;
    for round in ["by a stream", "by asking"] {
        let name = elsewhere(&house, &alice, &shop).await;
        let mut held = Vec::new();
        if round == "by asking" {
            // Other tabs hold all the streams that she may have, at every node.
            let tab = house.browser();
            tab.plant_cookie("lanyard", &browser.cookie("lanyard").await);
            let other = elsewhere(&house, &alice, &shop).await;
            let csrf = tab.get("/account").await.csrf();
            let form = [("csrf", csrf.as_str()), ("session", &other)];
            assert_eq!(tab.post("/account/sessions/end", &form).await.status, 303);
            let url = format!("/account/sessions/events?s={other}");
            for node in 0..house.number_of_nodes() {
                for _ in 0..4 {
                    held.push(house.at_node(node, &tab).listen(&url, &[]).await);
                }
            }
            assert!(held.iter().all(|events| events.status == 200));
        }
        browser.goto(&house.url("/account")).await;
        browser
            .click(&format!("form:has([value='{name}']) button[value='end']"))
            .await;
        browser.wait_for_text("#told", "Who has been told").await;
        browser.execute("window.witness = 'the same page'").await;
        browser.wait_for_text("#receipt-1-1", "trying again").await;
        inspect(&browser, "account-ended-trying").await;
        recovers(&house, &shop);
        browser.wait_for_text("#receipt-1-1", "Signed out").await;
        let witness = browser.execute("return window.witness").await;
        assert_eq!(witness, "the same page", "{round}");
        if held.is_empty() {
            by_stream_alone(&browser).await;
        } else {
            assert_eq!(browser.asked("changed").await, 0);
            assert!(browser.asked("fetch").await > 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_a_person_checks_again_on_the_account_page() {
    let browser = start(false).await;
    let house = House::open().await;
    let (alice, shop) = (house.person("alice").await, house.app("shop").await);
    sign_in_at(&browser, &house.url("/account"), &alice).await;
    elsewhere(&house, &alice, &shop).await;
    browser.goto(&house.url("/account")).await;
    browser.click("[value=end]").await;
    browser.wait_for_text("#told", "Who has been told").await;
    recovers(&house, &shop);
    House::until("the shop is told", || async {
        if browser.count("#check-again").await > 0 {
            browser.click("#check-again").await;
        }
        browser.text("#receipt-1-1").await.starts_with("Signed out")
    })
    .await;
    assert_eq!(browser.count("#check-again").await, 0);
}

/// Mona, who ends a session of alice's, sees it on the page of the ends and on the session's own.
#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_it_arrive_on_both_pages() {
    let browser = start(true).await;
    let house = House::open().await;
    let (alice, shop) = (house.person("alice").await, house.app("shop").await);
    let mona = house.administrator("mona").await;
    sign_in_at(&browser, &house.url("/admin/sessions"), &mona).await;
    browser.wait_for_text("h1", "Sessions").await;
    for page in ["told", "session"] {
        let name = elsewhere(&house, &alice, &shop).await;
        let at = format!("/admin/sessions/{name}");
        browser.goto(&house.url(&at)).await;
        browser.click("#end-this").await;
        browser.click("#end").await;
        browser.wait_for_text("h1", "1 session ended").await;
        let receipt = if page == "told" {
            "#receipt-1-1"
        } else {
            browser.goto(&house.url(&at)).await;
            "#notice-1"
        };
        browser.execute("window.witness = 'the same page'").await;
        browser.wait_for_text(receipt, "rying again").await;
        recovers(&house, &shop);
        browser.wait_for_text(receipt, "Signed out").await;
        let witness = browser.execute("return window.witness").await;
        assert_eq!(witness, "the same page", "{page}");
        by_stream_alone(&browser).await;
    }
    browser.wait_for_text("#again-1", "").await;
    assert_eq!(browser.count("#again-1 button").await, 0);
}
