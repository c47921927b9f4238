//! What a session's page tells of its life between beginning and end: proofs, networks, refreshes.

use std::time::Duration;

use lanyard::store::record::reference;

use crate::support::{App, Browser, House, Person};

struct Story {
    house: House,
    alice: Person,
    wiki: App,
    browser: Browser,
    mona: Browser,
    /// The page of the session.
    path: String,
}

const HOME: &str = "203.0.113.7";

async fn story() -> Story {
    let house = House::open_with(&[("SERVER__TRUSTED_PROXIES", "127.0.0.2")]).await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = Browser::forwarded(&house.issuer, "127.0.0.2", HOME);
    browser.sign_in(&alice).await;
    let mona = house.browser();
    mona.sign_in(&house.administrator("mona").await).await;
    let session = reference(house.session_of(&alice).await);
    Story {
        path: format!("/admin/sessions/{session}"),
        house,
        alice,
        wiki,
        browser,
        mona,
    }
}

impl Story {
    /// The browser with its cookies, as it comes from elsewhere.
    fn from(&self, address: &str) -> Browser {
        let there = Browser::forwarded(&self.house.issuer, "127.0.0.2", address);
        there.with_cookies_of(&self.browser)
    }

    /// How often the timeline says this.
    async fn told(&self, what: &str) -> usize {
        let page = self.mona.get(&self.path).await;
        let (_, timeline) = page.body.split_once("id=\"timeline\"").unwrap();
        timeline.matches(what).count()
    }

    /// What is noted off the request path comes a moment later.
    async fn expect(&self, what: &str, times: usize) {
        House::until(what, || async { self.told(what).await == times }).await;
    }

    /// Waits until what was noted before this has been written, at whatever node it was noted.
    async fn written(&self) {
        for node in 0..self.house.number_of_nodes() {
            let nobody = self.house.at_node(node, &self.house.browser());
            let page = nobody.go("/account").await.page();
            let before = self.failed_sign_ins().await;
            nobody.try_password(&page, "nobody", "wrong").await;
            House::until("a failed sign-in is noted", || async {
                self.failed_sign_ins().await > before
            })
            .await;
        }
    }

    async fn failed_sign_ins(&self) -> usize {
        let lines = self.house.provider().record().recent_audit(10_000).await;
        let lines = lines.unwrap();
        let failed = lines.iter().filter(|line| line.action == "sign_in_failed");
        failed.count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_up_is_told_apart_from_the_sign_in() {
    let story = story().await;
    story.wiki.join(&story.browser).await;
    story.expect("Signed in", 1).await;
    assert_eq!(story.told("Stepped up").await, 0);
    story.house.advance(Duration::from_mins(5));
    story
        .wiki
        .reauthenticate(&story.browser, &story.alice)
        .await;
    story.expect("Stepped up", 1).await;
    assert_eq!(story.told("Signed in").await, 1);
    let line = story
        .house
        .expect_audit("a step-up", |line| line.action == "session.step_up")
        .await;
    assert_eq!(line.address.as_deref(), Some(HOME));
    assert_eq!(line.actor, format!("person:{}", story.alice.id));
}

/// A copy of the cookie in another country is seen at its first request, whatever the request is.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_moves_to_another_network_says_so_once() {
    let story = story().await;
    story.wiki.join(&story.browser).await;
    // Another address of the same network is no move.
    assert!(story.from("203.0.113.99").is_signed_in().await);
    let cafe = story.from("198.51.100.20");
    story.wiki.silently(&cafe).await.unwrap();
    story.expect("Moved to another network", 1).await;
    assert_eq!(story.told("From 198.51.100.20").await, 1);
    // To and fro, as a browser does that takes turns between two ways out.
    for _ in 0..3 {
        assert!(story.browser.is_signed_in().await);
        assert!(story.from("198.51.100.21").is_signed_in().await);
    }
    let abroad = story.from("[2001:db8:7::1]:4711");
    assert!(abroad.is_signed_in().await);
    story.written().await;
    assert_eq!(story.told("Moved to another network").await, 2);
    assert_eq!(story.told("From 2001:db8:7::1").await, 1);
    // An app's server is nobody who moves.
    let line = story
        .house
        .expect_audit("a move", |line| line.action == "session.new_network")
        .await;
    assert_eq!(line.actor, format!("person:{}", story.alice.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_without_the_secret_moves_nothing() {
    let story = story().await;
    let session = story.house.session_of(&story.alice).await;
    let stranger = story.from("198.51.100.20");
    let forged = story.house.forged_cookie(
        session,
        &lanyard::entropy::Secret::random(&lanyard::entropy::Entropy::System),
    );
    stranger.plant_cookie("lanyard", &forged);
    assert!(!stranger.is_signed_in().await);
    story.written().await;
    assert_eq!(story.told("Moved to another network").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshes_are_told_and_written_at_most_every_ten_minutes_beside_redis() {
    let story = story().await;
    let session = story.house.session_of(&story.alice).await;
    let mut tokens = story.wiki.join(&story.browser).await;
    assert_eq!(story.told("wiki refreshed its tokens").await, 0);
    tokens = story.wiki.refresh(tokens.refresh()).await;
    story.expect("wiki refreshed its tokens", 1).await;
    let record = story.house.provider().record();
    let noted = || async {
        let now = story.house.clock.now();
        let name = reference(session);
        let told = record.session_story(&name, now).await.unwrap().unwrap();
        told.parts[0].refreshed
    };
    let first = noted().await.unwrap();
    story.house.advance(Duration::from_mins(10));
    story.wiki.refresh(tokens.refresh()).await;
    House::until("the later one is noted", || async {
        noted().await.unwrap() >= first + Duration::from_mins(10)
    })
    .await;
    // One line, and it stays after the end.
    story.house.end(session).await;
    story.expect("wiki refreshed its tokens", 1).await;
}

/// What an app keeps with `offline_access` outlives the session, and so do its refreshes.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_after_the_end_is_told_with_the_session() {
    let story = story().await;
    let session = story.house.session_of(&story.alice).await;
    let ask = story
        .wiki
        .ask()
        .with("scope", "openid offline_access")
        .with("prompt", "consent");
    let page = story.wiki.send(&story.browser, &ask).await.page();
    let answer = story
        .browser
        .submit(&page, &[("action", "allow")])
        .await
        .away();
    let code = story.wiki.code(&answer, &ask);
    let tokens = story.wiki.redeem(&code, &ask).await;
    story.house.end_by_person(session, &story.alice).await;
    story.house.advance(Duration::from_mins(30));
    story.wiki.refresh(tokens.refresh()).await;
    story.expect("wiki refreshed its tokens", 1).await;
}
