//! One browser, one session: what becomes of it when somebody signs in again.

use lanyard::store::record::reference;
use serde_json::json;

use crate::support::app::Tokens;
use crate::support::{App, Browser, House, Page, Person};

struct Story {
    house: House,
    alice: Person,
    bob: Person,
    wiki: App,
    browser: Browser,
    tokens: Tokens,
}

/// Alice, signed in at wiki.
async fn story() -> Story {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let tokens = wiki.join(&browser).await;
    Story {
        house,
        alice,
        bob,
        wiki,
        browser,
        tokens,
    }
}

/// The page on which another person can sign in, by either way there.
async fn sign_in_page(story: &Story, way: &str) -> (Page, crate::support::app::Ask) {
    let ask = story.wiki.ask().with("prompt", way);
    let page = story.wiki.send(&story.browser, &ask).await.page();
    if way == "login" {
        return (page, ask);
    }
    let page = story
        .browser
        .submit(&page, &[("action", "switch")])
        .await
        .page();
    (page, ask)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_try_of_somebody_else_ends_nothing() {
    let story = story().await;
    let (page, _) = sign_in_page(&story, "login").await;
    let answer = story.browser.try_password(&page, "bob", "wrong").await;
    assert_eq!(answer.status, 400);
    assert!(!answer.sets_cookie("lanyard"));
    assert!(story.browser.is_signed_in().await);
    let access = story.tokens.access();
    assert_eq!(story.wiki.userinfo(access).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_on_the_same_browser_ends_the_first_session() {
    for way in ["login", "select_account"] {
        let story = story().await;
        let (wiki, browser) = (&story.wiki, &story.browser);
        let alices = story.house.session_of(&story.alice).await;
        let left_behind = browser.stolen_copy();
        let (page, ask) = sign_in_page(&story, way).await;
        let answer = browser.sign_in_at(&page, &story.bob).await.away();
        let of_bob = wiki.redeem(&wiki.code(&answer, &ask), &ask).await;
        assert_eq!(of_bob.claims["sub"], json!(story.bob.id.as_str()));
        assert_ne!(of_bob.sid(), story.tokens.sid());

        assert_eq!(story.house.sessions_of(&story.alice).await, []);
        assert_eq!(wiki.userinfo(story.tokens.access()).await.status, 401);
        let refreshed = wiki.try_refresh(story.tokens.refresh()).await;
        assert_eq!(refreshed.json()["error"], "invalid_grant");
        let claims = wiki.expect_signed_out(story.tokens.sid()).await;
        assert_eq!(claims["sub"], json!(null));
        let page = left_behind.go("/account").await.page();
        assert!(page.shows("Somebody else signed in with this browser"));
        story
            .house
            .expect_audit("who replaced whom", |line| {
                line.session == Some(reference(alices))
                    && line.reason.as_deref() == Some("replaced")
                    && line.actor == format!("person:{}", story.bob.id)
            })
            .await;
        assert_eq!(wiki.userinfo(of_bob.access()).await.status, 200);
        assert!(browser.go("/account").await.page().shows("bob Example"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_person_keeps_the_session() {
    for way in ["login", "select_account"] {
        let story = story().await;
        let wiki = &story.wiki;
        let session = story.house.session_of(&story.alice).await;
        story.house.advance(std::time::Duration::from_mins(4));
        let (page, ask) = sign_in_page(&story, way).await;
        let answer = story.browser.sign_in_at(&page, &story.alice).await.away();
        let again = wiki.redeem(&wiki.code(&answer, &ask), &ask).await;
        assert_eq!(story.house.session_of(&story.alice).await, session);
        assert_eq!(again.sid(), story.tokens.sid());
        let moved = again.claims["auth_time"].as_i64().unwrap();
        assert_eq!(
            moved - story.tokens.claims["auth_time"].as_i64().unwrap(),
            240
        );
        assert_eq!(wiki.userinfo(story.tokens.access()).await.status, 200);
        // What was issued before says what was true then.
        let refreshed = wiki.refresh(story.tokens.refresh()).await;
        assert_eq!(
            refreshed.claims["auth_time"],
            story.tokens.claims["auth_time"]
        );
        assert!(story.house.notices_of(session).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_wait_are_one_sign_in() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let (at_wiki, at_shop) = (wiki.ask(), shop.ask());
    let tab = wiki.send(&browser, &at_wiki).await.page();
    let other = shop.send(&browser, &at_shop).await.page();
    let third = shop.send(&browser, &shop.ask()).await.page();

    let answer = browser.sign_in_at(&tab, &alice).await.away();
    let in_wiki = wiki.redeem(&wiki.code(&answer, &at_wiki), &at_wiki).await;
    let session = house.session_of(&alice).await;
    // The second tab types the password once more, the third is reloaded: one session.
    let answer = browser.sign_in_at(&other, &alice).await.away();
    shop.redeem(&shop.code(&answer, &at_shop), &at_shop).await;
    browser.go(third.url.as_str()).await.away();
    assert_eq!(house.session_of(&alice).await, session);
    assert_eq!(wiki.userinfo(in_wiki.access()).await.status, 200);
    // A tab that is done is done.
    let page = browser.go(tab.url.as_str()).await.page();
    assert_eq!(page.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_of_two_people_end_with_the_last() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let (at_wiki, at_shop) = (wiki.ask(), shop.ask());
    let tab = wiki.send(&browser, &at_wiki).await.page();
    let other = shop.send(&browser, &at_shop).await.page();
    let answer = browser.sign_in_at(&tab, &alice).await.away();
    let in_wiki = wiki.redeem(&wiki.code(&answer, &at_wiki), &at_wiki).await;
    let answer = browser.sign_in_at(&other, &bob).await.away();
    let in_shop = shop.redeem(&shop.code(&answer, &at_shop), &at_shop).await;
    assert_eq!(in_shop.claims["sub"], json!(bob.id.as_str()));
    assert_eq!(house.sessions_of(&alice).await, []);
    wiki.expect_signed_out(in_wiki.sid()).await;
    // The app that alice had used finds bob now.
    let silent = wiki.join(&browser).await;
    assert_eq!(silent.claims["sub"], json!(bob.id.as_str()));
}
