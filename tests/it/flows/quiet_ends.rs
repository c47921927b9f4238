//! An app that is not told of sessions that nobody used (`notify_on_idle`).

use std::time::Duration;

use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::reference;
use serde_json::json;

use crate::support::{App, Browser, House, Person};

/// Alice, signed in at board, which is not told of idle ends, and at wiki, which is.
struct Story {
    house: House,
    alice: Person,
    board: App,
    wiki: App,
    browser: Browser,
}

async fn story() -> Story {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let quiet = json!({ "notify_on_idle": false });
    let board = house.app_with("board", quiet).await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    Story {
        house,
        alice,
        board,
        wiki,
        browser,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_nobody_brought_about_is_kept_quiet_where_it_should_be() {
    let story = story().await;
    let in_board = story.board.join(&story.browser).await;
    let in_wiki = story.wiki.join(&story.browser).await;
    let session = story.house.session_of(&story.alice).await;
    story.house.advance(Duration::from_hours(2));
    story.wiki.expect_signed_out(in_wiki.sid()).await;
    assert_eq!(
        story.house.endings(&story.alice).await,
        [Some(Reason::Idle)]
    );
    // Quiet it is, but over.
    story.board.assert_dead(&in_board).await;
    assert!(!story.browser.is_signed_in().await);
    let owed = story.house.notices_of(session).await;
    let owed: Vec<_> = owed.iter().map(|one| one.sid.as_str()).collect();
    assert_eq!(owed, [in_wiki.sid()]);
    assert!(story.board.logout_tokens().is_empty());

    let mona = story.house.administrator("mona").await;
    let at = story.house.browser();
    at.sign_in(&mona).await;
    let name = reference(session);
    let page = at.get(&format!("/admin/sessions/{name}")).await;
    assert!(page.shows("Not told</span>") && page.shows("Nobody used the session"));
    assert!(!page.shows("Can’t be told"));
    let page = at.get(&format!("/admin/sessions/told?s={name}")).await;
    assert!(page.shows("Not told</span>") && !page.shows("Can’t be told"));
    let notice = "The session ended because nobody used it, and this app isn’t told of that";
    assert!(page.shows(notice));
    // The person is told the same at their own sessions.
    let at = story.house.browser();
    at.sign_in(&story.alice).await;
    let page = at.get(&format!("/account?ended=1&s={name}")).await;
    assert!(page.shows("Not told</span>") && page.shows(notice));
    assert!(!page.shows("Can’t be told"));
    assert!(story.board.logout_tokens().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_every_other_end_it_is_told() {
    let story = story().await;
    story
        .house
        .end(story.house.session_of(&story.alice).await)
        .await;
    let others = Reason::ALL.into_iter().filter(|why| *why != Reason::Idle);
    for reason in others {
        let browser = story.house.browser();
        let in_board = story.board.sign_in(&browser, &story.alice).await;
        let one = Selection::Session(story.house.session_of(&story.alice).await);
        let ended = story.house.provider().end(&one, reason, &Actor::System);
        assert_eq!(ended.await.unwrap().notices, 1, "{reason:?}");
        story.board.expect_signed_out(in_board.sid()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lifetime_that_is_over_is_no_idle_end() {
    let story = story().await;
    let mut tokens = story.board.join(&story.browser).await;
    for _ in 0..11 {
        story.house.advance(Duration::from_hours(1));
        tokens = story.board.refresh(tokens.refresh()).await;
    }
    story.house.advance(Duration::from_hours(1));
    story.board.expect_signed_out(tokens.sid()).await;
    assert_eq!(
        story.house.endings(&story.alice).await,
        [Some(Reason::Lifetime)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_may_change_its_mind() {
    let story = story().await;
    let in_board = story.board.join(&story.browser).await;
    story
        .house
        .change(&story.board, |client| client.notify_on_idle = true)
        .await;
    story.house.advance(Duration::from_hours(2));
    story.board.expect_signed_out(in_board.sid()).await;
}
