//! An app's part in a session ends, here or elsewhere, and the app may come back: what ended stays
//! ended, and what came after it lives.

use std::time::Duration;

use lanyard::session::ending::{Actor, Reason, Selection, Verb};

use crate::support::House;

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_comes_back_at_once_is_not_swept_out_with_its_old_part() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    let mut old = wiki.sign_in(&browser, &alice).await;
    let session = house.session_of(&alice).await;
    for _ in 0..10 {
        house.end_part(session, &wiki).await;
        let new = wiki.come_back(&browser).await;
        wiki.assert_dead(&old).await;
        wiki.expect_signed_out(old.sid()).await;
        wiki.assert_alive(&new).await;
        old = new;
    }
    // The worker reads of ends before it reads of changes: now it has been at all of them.
    house
        .change(&wiki, |client| client.client_name = "Wiki".to_owned())
        .await;
    wiki.assert_alive(&old).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_from_elsewhere_is_not_forgotten_whoever_reads_of_it_first() {
    let house = House::open().await;
    // Nobody has to be told, so no delivery comes by and buries it too.
    let wiki = house.public_app("wiki").await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &alice).await;
    let session = house.session_of(&alice).await;
    let others = [house.browser(), house.browser()];
    others[0].sign_in(&bob).await;
    others[1].sign_in(&bob).await;
    let bobs = house.sessions_of(&bob).await;

    // Another process ends the wiki's part; an end here reads of it before the worker does.
    let selection = Selection::ClientInSession(session, wiki.id());
    let record = house.provider().record();
    let now = house.clock.now();
    record
        .end(
            &selection,
            Reason::Admin,
            Verb::Revoke,
            &Actor::CommandLine,
            now,
        )
        .await
        .unwrap();
    house.end(bobs[0]).await;
    // The others read of it within half a second.
    house.settled().await;
    assert_eq!(wiki.userinfo(tokens.access()).await.status, 401);

    // Eleven minutes on the house no longer remembers this end, and looks at nothing but the hot
    // copy. The session has been used meanwhile.
    house.advance(Duration::from_mins(11));
    house.end(bobs[1]).await;
    assert!(browser.is_signed_in().await);
    assert_eq!(
        wiki.refused_refresh(tokens.refresh()).await,
        "invalid_grant"
    );
}
