//! A node that stops, or dies, between two effects.

use std::sync::Arc;
use std::time::Duration;

use lanyard::clock::Clock;
use lanyard::failpoint::{Action, FailPoint};
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::{MassOrder, MassScope, Record};

use super::on;
use crate::support::app::Ask;
use crate::support::parts::RedisServer;
use crate::support::{App, Browser, House, Installation, Person, Server};

/// An end that stopped after its transaction: no node accepts the session once it has read the
/// log, though no tombstone was ever written by the node that ended it.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_without_its_tombstone_holds_at_every_node() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &alice).await;
    let session = house.session_of(&alice).await;
    house
        .node(0)
        .fail_points()
        .set(FailPoint::EndRecorded, Action::Stop);
    let ending = Arc::clone(house.node(0));
    tokio::spawn(async move {
        let selection = Selection::Session(session);
        ending.end(&selection, Reason::Admin, &Actor::System).await
    });
    House::until("no node accepts it", || async {
        for number in 0..2 {
            if house.at_node(number, &browser).is_signed_in().await {
                return false;
            }
        }
        true
    })
    .await;
    wiki.expect_signed_out(tokens.sid()).await;
}

/// Nobody buries what others ended: it is refused all the same as soon as the log is read, and an
/// end of one's own does not wait for those of others.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_to_be_buried_keeps_nothing_back() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let wiki = house.app("wiki").await;
    for number in 0..2 {
        let points = house.node(number).fail_points();
        points.set(FailPoint::BurialDue, Action::Stop);
    }
    for name in ["alice", "bob", "carol"] {
        let person = house.person(name).await;
        let browser = house.browser();
        wiki.sign_in(&browser, &person).await;
        let session = house.session_of(&person).await;
        let selection = Selection::Session(session);
        let (by, at) = (Actor::CommandLine, house.node(0).clock().now());
        let record = house.node(0).record();
        let ended = record.end(&selection, Reason::Admin, Reason::Admin.verb(), &by, at);
        ended.await.unwrap();
        House::until("no node accepts it", || async {
            !house.at_node(0, &browser).is_signed_in().await
                && !house.at_node(1, &browser).is_signed_in().await
        })
        .await;
    }
    let dana = house.person("dana").await;
    let browser = house.browser();
    wiki.sign_in(&browser, &dana).await;
    house.end(house.session_of(&dana).await).await;
    assert!(!browser.is_signed_in().await);
}

/// A store that was away while a notice was in hand: it is due again at once, not when the lease
/// is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_in_hand_while_a_store_was_away_is_due_again_at_once() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    let tokens = wiki.sign_in(&house.browser(), &alice).await;
    for number in 0..2 {
        let points = house.node(number).fail_points();
        points.set(
            FailPoint::DeliveryLeased,
            Action::Delay(Duration::from_millis(300)),
        );
    }
    let session = house.session_of(&alice).await;
    house.end(session).await;
    server.pause();
    House::until("the delivery was given up for now", || async {
        let notices = house.node(0).record().notices_of(session).await.unwrap();
        notices.iter().any(|notice| notice.problem.is_some())
    })
    .await;
    server.resume();
    house.advance(Duration::from_secs(2));
    wiki.expect_signed_out(tokens.sid()).await;
}

/// The hint between nodes is cut: an end is refused by the other node at its first request after
/// the answer all the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_known_without_any_hint() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    for number in 0..2 {
        let points = house.node(number).fail_points();
        points.set(FailPoint::HintDue, Action::Stop);
    }
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    for round in 0..10 {
        let jar = house.browser();
        let (here, there) = (
            house.at_node(round % 2, &jar),
            house.at_node(1 - round % 2, &jar),
        );
        here.sign_in(&alice).await;
        let ask = wiki.ask().with("prompt", "none");
        wiki.code(&there.get(&ask.url()).await.location().unwrap(), &ask);
        let session = house.session_of(&alice).await;
        let selection = Selection::Session(session);
        let ending = house.node(round % 2);
        ending
            .end(&selection, Reason::Admin, &Actor::System)
            .await
            .unwrap();
        assert!(!there.is_signed_in().await);
    }
}

/// A sign-in that is overtaken by the disabling of its person, between SQL and the hot state.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_was_overtaken_gets_nothing() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let alice = house.person("alice").await;
    for number in 0..2 {
        let points = house.node(number).fail_points();
        points.set(
            FailPoint::SignInRecorded,
            Action::Delay(Duration::from_millis(1_500)),
        );
    }
    let browser = house.browser();
    let page = browser.go("/account").await.page();
    let slow = {
        let (browser, alice, page) = (browser.clone(), alice.clone(), page.clone());
        tokio::spawn(async move {
            browser
                .try_password(&page, &alice.username, &alice.password)
                .await
        })
    };
    House::until("the session is in SQL", || async {
        !house.sessions_of(&alice).await.is_empty()
    })
    .await;
    let session = house.session_of(&alice).await;
    house.end(session).await;
    slow.await.unwrap();
    assert!(!browser.is_signed_in().await, "the tombstone was first");
}

/// The process dies at each step of an end and of a delivery: after its next start the session is
/// over, and the app has heard of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_step_of_an_end_loses_nothing() {
    for step in [
        FailPoint::EndRecorded,
        FailPoint::EndBuried,
        FailPoint::DeliveryLeased,
        FailPoint::DeliveryBuried,
        FailPoint::DeliveryPosted,
    ] {
        let house = Installation::on_stores();
        let (alice, wiki) = (house.person("alice"), house.app("wiki"));
        let mut server = Server::start_to_crash(&house, step.name())
            .ready(&house.issuer)
            .await
            .unwrap();
        let browser = house.browser();
        let tokens = wiki.sign_in(&browser, &alice).await;
        let page = browser.go("/oauth2/logout").await.page();
        let form = [("csrf", page.csrf()), ("action", "logout".to_owned())];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        browser.try_post(page.form_action().as_str(), &form).await;
        server.gone().await;
        let server = house.serve().await;
        assert!(!browser.is_signed_in().await, "{}", step.name());
        wiki.expect_signed_out(tokens.sid()).await;
        assert_eq!(
            wiki.refused_refresh(tokens.refresh()).await,
            "invalid_grant"
        );
        drop(server);
    }
}

/// The same where very many sessions end by one entry: whoever wrote it is gone, and whoever works
/// the rows off dies.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_step_of_an_end_of_very_many_loses_nothing() {
    for step in [
        FailPoint::MassBatchRecorded,
        FailPoint::DeliveryLeased,
        FailPoint::DeliveryBuried,
        FailPoint::DeliveryPosted,
    ] {
        let house = Installation::on_stores();
        let wiki = house.app("wiki");
        let mut server = Server::start_to_crash(&house, step.name())
            .ready(&house.issuer)
            .await
            .unwrap();
        let mut people = Vec::new();
        for name in ["alice", "bob"] {
            let browser = house.browser();
            let tokens = wiki.sign_in(&browser, &house.person(name)).await;
            people.push((browser, tokens));
        }
        let record = house.record().await;
        let id = everything(&record).await;
        server.gone().await;
        let server = house.serve().await;
        for (browser, tokens) in &people {
            assert!(!browser.is_signed_in().await, "{}", step.name());
            wiki.assert_dead(tokens).await;
            wiki.expect_signed_out(tokens.sid()).await;
        }
        House::until("all of it is worked off and told", || async {
            let done = record.mass_progress(&id).await.unwrap().unwrap();
            (done.end.ended, done.delivered, done.waiting) == (2, 2, 0)
        })
        .await;
        record.close().await;
        drop(server);
    }
}

/// Begins an end of everything, as a node would that dies then.
async fn everything(record: &Record) -> String {
    let order = MassOrder {
        id: record.mass_id(),
        scope: MassScope::Everything,
        spared: None,
        reason: Reason::Admin,
        verb: Reason::Admin.verb(),
        actor: Actor::CommandLine,
        note: None,
        expected: 2,
        now: Clock::System.now(),
    };
    record.begin_mass_end(&order).await.unwrap().id
}

/// The process dies at each step of a sign-in, a join, a redemption and a refresh: after its next
/// start the person goes on, and nothing was given twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_other_step_gives_nothing_twice() {
    for step in [
        FailPoint::SignInCounted,
        FailPoint::SignInRecorded,
        FailPoint::SignInPut,
        FailPoint::JoinRecorded,
        FailPoint::JoinCommitted,
        FailPoint::CodeRead,
        FailPoint::CodeCommitted,
    ] {
        let house = Installation::on_stores();
        let (alice, wiki) = (house.person("alice"), Arc::new(house.app("wiki")));
        let mut server = Server::start_to_crash(&house, step.name())
            .ready(&house.issuer)
            .await
            .unwrap();
        let browser = house.browser();
        let attempt = sign_in_until_it_dies(&wiki, &browser, &alice).await;
        server.gone().await;
        let server = house.serve().await;
        if let Some((code, ask)) = attempt {
            // Before it was redeemed it may still be; afterwards it may not.
            let page = wiki.try_redeem(&code, &ask).await;
            assert!(page.status != 200 || step != FailPoint::CodeCommitted);
        }
        let anew = wiki.sign_in(&house.browser(), &alice).await;
        wiki.assert_alive(&anew).await;
        drop(server);
    }
}

/// Goes as far as the server lives; the code, if it came to one.
async fn sign_in_until_it_dies(
    wiki: &Arc<App>,
    browser: &Browser,
    alice: &Person,
) -> Option<(String, Ask)> {
    let ask = wiki.ask();
    let page = wiki.send(browser, &ask).await.page();
    let csrf = page.csrf();
    let form = [
        ("csrf", csrf.as_str()),
        ("username", &alice.username),
        ("password", &alice.password),
        ("action", "sign_in"),
    ];
    let mut answer = browser.try_post(page.form_action().as_str(), &form).await?;
    let mut location = answer.location()?;
    while location.as_str().starts_with(&wiki.issuer) {
        answer = browser.try_get(location.as_str()).await?;
        location = answer.location()?;
    }
    let code = wiki.code(&location, &ask);
    // The request dies with the server.
    let (app, code_of_app, ask_of_app) = (Arc::clone(wiki), code.clone(), ask.clone());
    let _ = tokio::spawn(async move { app.try_redeem(&code_of_app, &ask_of_app).await }).await;
    Some((code, ask))
}
