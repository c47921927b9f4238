//! An app that joins a session while it is being ended: it gets nothing and is owed nothing, or
//! what it got is dead and it is told. It is never missed.

use std::sync::Arc;
use std::time::Duration;

use lanyard::failpoint::{Action, FailPoint};
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::NoticeState;

use crate::support::app::value;
use crate::support::{App, Browser, House};

fn at_every_node(house: &House, step: FailPoint, action: Action) {
    for number in 0..house.number_of_nodes() {
        house.node(number).fail_points().set(step, action);
    }
}

/// Asks silently, and redeems what it is given: the access token, if there is one.
async fn try_to_join(app: &App, browser: &Browser) -> Option<String> {
    let ask = app.ask().with("prompt", "none");
    let answer = browser.get(&ask.url()).await;
    let code = value(&answer.location()?, "code")?;
    let page = app.try_redeem(&code, &ask).await;
    let access = page.json()["access_token"].as_str()?.to_owned();
    Some(access)
}

/// The end comes between the join in SQL and its code.
#[tokio::test(flavor = "multi_thread")]
async fn who_had_joined_is_told_and_gets_nothing() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &alice).await;
    let session = house.session_of(&alice).await;
    let pause = Duration::from_millis(1_500);
    at_every_node(&house, FailPoint::JoinRecorded, Action::Delay(pause));
    let joining = {
        let (shop, browser) = (shop.clone(), browser.clone());
        tokio::spawn(async move { try_to_join(&shop, &browser).await })
    };
    House::until("shop has joined in SQL", || async {
        house.participants(session).await == 2
    })
    .await;
    house.end(session).await;
    assert_eq!(joining.await.unwrap(), None, "the end was first");
    House::until("both are told", || async {
        let notices = house.notices_of(session).await;
        let told = |state| state == NoticeState::Delivered;
        notices.len() == 2 && notices.iter().all(|notice| told(notice.state))
    })
    .await;
    wiki.expect_signed_out(tokens.sid()).await;
    assert_eq!(
        shop.logout_tokens().len(),
        1,
        "told of a `sid` it never saw"
    );
}

/// The join comes between the end in SQL and its tombstone.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_after_the_end_is_refused() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &alice).await;
    let session = house.session_of(&alice).await;
    at_every_node(&house, FailPoint::EndRecorded, Action::Stop);
    let ending = Arc::clone(house.provider());
    let ended = tokio::spawn(async move {
        let selection = Selection::Session(session);
        ending.end(&selection, Reason::Admin, &Actor::System).await
    });
    let record = house.provider().record();
    House::until("it is over in SQL", || async {
        record.session_over(session).await.unwrap()
    })
    .await;
    for number in 0..house.number_of_nodes() {
        let here = house.at_node(number, &browser);
        assert_eq!(try_to_join(&shop, &here).await, None, "at node {number}");
    }
    assert_eq!(house.participants(session).await, 1, "nobody else joined");
    wiki.expect_signed_out(tokens.sid()).await;
    House::until("no node knows the browser", || async {
        !browser.is_signed_in().await
    })
    .await;
    assert!(shop.logout_tokens().is_empty(), "nothing is owed to it");
    ended.abort();
}
