//! The audit says what happened, and nothing that could be used.

use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::reference;

use crate::support::House;

#[tokio::test(flavor = "multi_thread")]
async fn every_end_leaves_its_line() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let actor = Actor::Person(alice.id.clone());
    for reason in Reason::ALL {
        let browser = house.browser();
        browser.sign_in(&alice).await;
        let tokens = wiki.join(&browser).await;
        let session = house.session_of(&alice).await;
        let selection = Selection::Session(session);
        for _ in 0..2 {
            let ended = house.provider().end(&selection, reason, &actor);
            ended.await.unwrap();
        }
        let lines = house.provider().record().recent_audit(1_000).await.unwrap();
        let of_session: Vec<_> = lines
            .iter()
            .filter(|line| line.action == "session.end")
            .filter(|line| line.session == Some(reference(session)))
            .collect();
        assert_eq!(of_session.len(), 1, "{reason:?}: it ended once");
        assert_eq!(of_session[0].reason.as_deref(), Some(reason.as_str()));
        assert_eq!(of_session[0].actor, format!("person:{}", alice.id));
        assert_eq!(of_session[0].at, house.clock.now());
        wiki.expect_signed_out(tokens.sid()).await;
        let page = browser.go("/account").await.page();
        assert!(page.shows("Why you are asked again"), "{reason:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_holds_a_secret() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let page = browser.go("/account").await.page();
    let typed = "hunter2-in-the-wrong-field";
    browser.try_password(&page, typed, "a wrong password").await;
    browser
        .try_password(&page, "alice", "a wrong password")
        .await;
    let mut secrets = vec![
        typed.to_owned(),
        "a wrong password".to_owned(),
        alice.password.clone(),
        wiki.secret.clone().unwrap(),
    ];
    browser.sign_in(&alice).await;
    let (code, ask) = wiki.silently(&browser).await.unwrap();
    let first = wiki.redeem(&code, &ask).await;
    let second = wiki.refresh(first.refresh()).await;
    // Used twice: the grant ends, and says so.
    wiki.try_redeem(&code, &ask).await;
    let old = browser.stolen_copy();
    let session = house.session_of(&alice).await;
    let ask = wiki.ask().with("prompt", "login");
    let page = wiki.send(&browser, &ask).await.page();
    browser.sign_in_at(&page, &alice).await.away();
    house.advance(std::time::Duration::from_secs(31));
    assert!(!old.is_signed_in().await);
    for holder in [&browser, &old] {
        secrets.extend(
            holder
                .cookie_names()
                .iter()
                .filter_map(|name| holder.cookie(name)),
        );
    }
    secrets.extend([code, ask.verifier, session.encode()]);
    for tokens in [&first, &second] {
        secrets.extend([tokens.access(), tokens.refresh(), tokens.id_token()].map(str::to_owned));
    }
    house.end(session).await;
    house
        .expect_audit("all of it", |line| line.action == "stale_cookie")
        .await;
    for action in ["sign_in", "sign_in_failed", "grant.end", "session.end"] {
        house
            .expect_audit(action, |line| line.action == action)
            .await;
    }
    let lines = house.provider().record().recent_audit(1_000).await.unwrap();
    let text = format!("{lines:?}");
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} in {text}");
    }
}
