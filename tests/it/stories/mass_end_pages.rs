//! Very many sessions end on the admin pages: the dry run, the end, how far it is.

use std::time::Duration;

use super::looks::inspect;
use crate::support::app::Mood;
use crate::support::chromium::{Browser, ENTER, Options, TAB};
use crate::support::{App, House, Person};

/// Alice and ben at wiki and shop; mona, who is asked for at an admin page.
struct Story {
    house: House,
    wiki: App,
    shop: App,
    mona: Person,
    alice: crate::support::Browser,
}

async fn story() -> Story {
    let house = House::open().await;
    let (wiki, shop) = (house.app("Wiki").await, house.app("Shop").await);
    let mona = house.administrator("mona").await;
    let mut browsers = Vec::new();
    for name in ["alice", "ben"] {
        let browser = house.browser();
        browser.sign_in(&house.person(name).await).await;
        wiki.join(&browser).await;
        shop.join(&browser).await;
        browsers.push(browser);
    }
    Story {
        house,
        wiki,
        shop,
        mona,
        alice: browsers.remove(0),
    }
}

impl Story {
    async fn at(&self, path: &str, options: Options) -> Browser {
        let browser = Browser::start(options).await;
        browser.goto(&self.house.url(path)).await;
        browser.fill("#username", &self.mona.username).await;
        browser.fill("#password", &self.mona.password).await;
        browser.click("#login-submit").await;
        browser
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mona_ends_everything_and_watches() {
    let story = story().await;
    story.shop.feels(Mood::Answers(503));
    let path = "/admin/ends/plan?what=app&app=Wiki&own=ends";
    let browser = story.at(path, Options::default()).await;
    browser
        .wait_for_text("h1", "Sign everybody out of Wiki?")
        .await;
    inspect(&browser, "admin-mass-plan-app").await;
    browser.goto(&story.house.url("/admin/sessions")).await;
    browser.wait_for_text("h1", "Sessions").await;
    browser.click("a[href^='/admin/ends/plan']").await;
    browser.wait_for_text("h1", "End 2 sessions?").await;
    browser
        .wait_for_text("main", "Your own session, here, is spared")
        .await;
    inspect(&browser, "admin-mass-plan").await;
    browser.fill("#note", "A backup was stolen").await;
    browser.click("#end").await;
    browser.wait_for_text("h1", "2 sessions ended").await;
    browser.execute("window.witness = 'the same page'").await;
    browser.wait_for_text("#progress", "2 of 4 notices").await;
    browser
        .execute("document.getElementById('check-again').focus()")
        .await;
    inspect(&browser, "admin-mass-under-way").await;
    story.shop.feels(Mood::Answers(200));
    story.house.advance(Duration::from_mins(1));
    browser.wait_for_text("#progress", "4 of 4 notices").await;
    House::until("nothing is left to check", || async {
        browser.count("#check-again").await == 0
    })
    .await;
    assert_eq!(
        browser.cursor().await,
        "heading",
        "the keyboard is not lost with the button that it was on"
    );
    let witness = browser.execute("return window.witness").await;
    assert_eq!(witness, "the same page", "it came by itself");
    inspect(&browser, "admin-mass-done").await;
    story.house.settled().await;
    assert!(!story.alice.is_signed_in().await);
    browser.goto(&story.house.url("/admin/ends")).await;
    browser.wait_for_text("main", "Every session").await;
    inspect(&browser, "admin-mass-ends").await;
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_and_by_the_keyboard_alone() {
    let story = story().await;
    let no_scripts = Options {
        javascript: false,
        ..Options::default()
    };
    let path = "/admin/ends/plan?what=app&app=Wiki";
    let browser = story.at(path, no_scripts).await;
    browser
        .wait_for_text("h1", "Sign everybody out of Wiki?")
        .await;
    for _ in 0..40 {
        if browser.cursor().await == "note" {
            break;
        }
        browser.press(TAB).await;
    }
    assert_eq!(browser.cursor().await, "note");
    browser.press("Wiki lost its keys").await;
    browser.press(TAB).await;
    assert_eq!(browser.cursor().await, "end");
    browser.press(ENTER).await;
    browser.wait_for_text("main", "Wiki lost its keys").await;
    for _ in 0..100 {
        if browser.count("#check-again").await == 0 {
            break;
        }
        browser.click("#check-again").await;
    }
    browser.wait_for_text("#progress", "2 of 2 notices").await;
    story.house.settled().await;
    let silent = story.wiki.silently(&story.alice).await;
    assert_eq!(silent.unwrap_err(), "interaction_required");
    assert!(story.alice.is_signed_in().await, "the session goes on");
    story.shop.silently(&story.alice).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_and_too_much_are_said() {
    let house = House::open().await;
    let mona = house.administrator("mona").await;
    let browser = Browser::start(Options::default()).await;
    let path = "/admin/ends/plan?what=matching&q=nobody-like-this";
    browser.goto(&house.url(path)).await;
    browser.fill("#username", &mona.username).await;
    browser.fill("#password", &mona.password).await;
    browser.click("#login-submit").await;
    browser.wait_for_text("h1", "There is nothing to end").await;
    inspect(&browser, "admin-mass-nothing").await;
    browser.goto(&house.url("/admin/ends")).await;
    browser.wait_for_text("h1", "Ends of many sessions").await;
    inspect(&browser, "admin-mass-ends-none").await;
}
