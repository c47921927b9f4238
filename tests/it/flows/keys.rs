//! Signing keys change: known before they sign, verified until their last token has run out, and
//! dropped at once when they must be.

use std::sync::Mutex;
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use lanyard::protocol::client::SigningAlg;
use lanyard::session::ending::Actor;
use serde_json::Value;

use crate::support::app::Tokens;
use crate::support::parts;
use crate::support::stores::{Stores, on_redis};
use crate::support::{App, Browser, House, Person};

const DAY: Duration = Duration::from_hours(24);
/// From the moment that a key is superseded until it leaves the key set.
const VERIFIED: Duration = Duration::from_mins(70);

/// Alice at wiki, whose ID tokens are RS256; access tokens are ES256.
struct Story {
    house: House,
    alice: Person,
    wiki: App,
    browser: Browser,
    tokens: Tokens,
}

async fn story() -> Story {
    let house = House::open_with(&[("SESSION__REMEMBER_ME_LIFETIME", "400d")]).await;
    house.look_after_keys().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &alice).await;
    Story {
        house,
        alice,
        wiki,
        browser,
        tokens,
    }
}

/// The key that a token names.
fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

impl Story {
    async fn published(&self) -> Vec<String> {
        let jwks = self.browser.get("/oauth2/jwks").await.json();
        let keys = jwks["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Changes the keys as the command line does.
    async fn rotate(&self, alg: SigningAlg, drop: bool) -> String {
        let outside = self.house.other_process().await;
        let keeper = self.house.key_keeper(&outside);
        let now = self.house.clock.now();
        let rotated = keeper.rotate(alg, drop, &Actor::CommandLine, now).await;
        self.house.settled().await;
        rotated.unwrap().unwrap().current
    }

    /// A new sign-in, as the first one's session has run out meanwhile.
    async fn sign_in_again(&self) -> Tokens {
        self.wiki.sign_in(&self.house.browser(), &self.alice).await
    }

    async fn log_out_with(&self, browser: &Browser, hint: &Tokens) -> String {
        let out = format!("/oauth2/logout?id_token_hint={}", hint.id_token());
        browser.go(&out).await.page().heading()
    }
}

/// An app that keeps the key set, and reads it again only when it meets a key that it does not know.
struct KeepsKeys {
    keys: Mutex<JwkSet>,
    read: Mutex<u32>,
}

impl KeepsKeys {
    async fn new(browser: &Browser) -> Self {
        let keys = Mutex::new(Self::fetch(browser).await);
        let read = Mutex::new(1);
        Self { keys, read }
    }

    async fn fetch(browser: &Browser) -> JwkSet {
        let page = browser.get("/oauth2/jwks").await;
        assert_eq!(page.header("cache-control"), Some("public, max-age=300"));
        serde_json::from_value(page.json()).unwrap()
    }

    async fn verifies(&self, browser: &Browser, token: &str) -> bool {
        let known = self.keys.lock().unwrap().find(&kid(token)).is_some();
        if !known {
            let fresh = Self::fetch(browser).await;
            *self.keys.lock().unwrap() = fresh;
            *self.read.lock().unwrap() += 1;
        }
        let keys = self.keys.lock().unwrap();
        let Some(key) = keys.find(&kid(token)) else {
            return false;
        };
        let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        rules.algorithms = vec![jsonwebtoken::decode_header(token).unwrap().alg];
        // The house has a clock of its own.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        jsonwebtoken::decode::<Value>(token, &key, &rules).is_ok()
    }

    fn times_read(&self) -> u32 {
        *self.read.lock().unwrap()
    }
}

/// Conformance: 16.
#[tokio::test(flavor = "multi_thread")]
async fn the_next_key_is_published_long_before_it_signs() {
    let story = story().await;
    let published = story.published().await;
    assert_eq!(
        published.len(),
        4,
        "one that signs and one to come, of each"
    );
    let app = KeepsKeys::new(&story.browser).await;
    let (id, access) = (kid(story.tokens.id_token()), kid(story.tokens.access()));
    assert_eq!(
        &published[..2],
        [id.clone(), access.clone()],
        "those that sign come first"
    );

    let minute = Duration::from_mins(1);
    story.house.advance(DAY * 89 + minute * (24 * 60 - 1));
    story.house.look_after_keys().await;
    assert_eq!(story.published().await, published);
    let before = story.sign_in_again().await;
    assert_eq!(kid(before.id_token()), id);

    story.house.advance(minute);
    story.house.look_after_keys().await;
    let after = story.sign_in_again().await;
    assert_ne!(kid(after.id_token()), id);
    assert_ne!(kid(after.access()), access);
    // An app that has not read the set since the first day knows the new keys.
    for token in [
        after.id_token(),
        after.access(),
        before.id_token(),
        before.access(),
    ] {
        assert!(app.verifies(&story.browser, token).await);
    }
    assert_eq!(app.times_read(), 1);
    // What was signed before is good as long as it would have been.
    assert_eq!(story.wiki.userinfo(before.access()).await.status, 200);
    assert_eq!(story.wiki.introspect(before.access()).await["active"], true);
    assert_eq!(story.published().await.len(), 6);

    story.house.advance(VERIFIED);
    story.house.look_after_keys().await;
    let published = story.published().await;
    assert_eq!(published.len(), 4);
    assert!(!published.contains(&id) && !published.contains(&access));
    for (action, count) in [("key.promote", 2), ("key.retire", 2)] {
        let lines = story.house.provider().record().recent_audit(1_000).await;
        let lines = lines.unwrap().into_iter();
        let lines: Vec<_> = lines.filter(|line| line.action == action).collect();
        assert_eq!(lines.len(), count, "{action}");
        assert!(lines.iter().all(|line| line.actor == "system"), "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_change_is_met_by_reading_the_key_set_again() {
    let story = story().await;
    let app = KeepsKeys::new(&story.browser).await;
    // Twice, so that it signs with a key that was never read ahead.
    story.rotate(SigningAlg::RS256, false).await;
    let current = story.rotate(SigningAlg::RS256, false).await;
    let after = story.sign_in_again().await;
    assert_eq!(kid(after.id_token()), current);
    assert_eq!(
        kid(after.access()),
        kid(story.tokens.access()),
        "algorithms are apart"
    );
    assert!(app.verifies(&story.browser, after.id_token()).await);
    assert!(app.verifies(&story.browser, story.tokens.id_token()).await);
    assert_eq!(app.times_read(), 2);
    story.wiki.assert_alive(&story.tokens).await;
    let audit = story.house.expect_audit("who did it", |line| {
        line.action == "key.promote" && line.target == format!("key:{current}")
    });
    assert_eq!(audit.await.actor, "command_line");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_dropped_key_signed_is_believed() {
    let story = story().await;
    // So that every node has verified it before.
    for _ in 0..4 {
        assert_eq!(story.wiki.userinfo(story.tokens.access()).await.status, 200);
    }
    story.rotate(SigningAlg::ES256, true).await;
    story.rotate(SigningAlg::RS256, true).await;
    let published = story.published().await;
    for token in [story.tokens.id_token(), story.tokens.access()] {
        assert!(!published.contains(&kid(token)));
    }
    for _ in 0..4 {
        assert_eq!(story.wiki.userinfo(story.tokens.access()).await.status, 401);
    }
    assert_eq!(
        story.wiki.introspect(story.tokens.access()).await["active"],
        false
    );
    // The session goes on, and so does the refresh token, which no key of these made.
    let fresh = story.wiki.refresh(story.tokens.refresh()).await;
    story.wiki.assert_alive(&fresh).await;
    // A hint that somebody else may have made ends nothing by itself.
    let heading = story.log_out_with(&story.browser, &story.tokens).await;
    assert_ne!(heading, "You are signed out");
    assert!(story.browser.is_signed_in().await);
    let heading = story.log_out_with(&story.browser, &fresh).await;
    assert_eq!(heading, "You are signed out");
    story.wiki.expect_signed_out(story.tokens.sid()).await;
}

/// Conformance: 9, 16.
#[tokio::test(flavor = "multi_thread")]
async fn a_hint_of_a_retired_key_still_signs_out() {
    let mut story = story().await;
    let hint = story.tokens.clone();
    story.rotate(SigningAlg::RS256, false).await;
    story.house.advance(VERIFIED);
    story.house.look_after_keys().await;
    assert!(!story.published().await.contains(&kid(hint.id_token())));
    // Also by a node that has never seen more than the public part.
    story.house.reopen().await;
    assert!(story.browser.is_signed_in().await);
    let heading = story.log_out_with(&story.browser, &hint).await;
    assert_eq!(heading, "You are signed out");
    assert!(!story.browser.is_signed_in().await);
    story.wiki.expect_signed_out(hint.sid()).await;

    // When no session can be left that it speaks of, it is forgotten.
    let known = |keys: Vec<lanyard::store::record::StoredKey>| {
        keys.iter().any(|key| key.kid == kid(hint.id_token()))
    };
    let record = story.house.other_process().await;
    assert!(known(record.keys().await.unwrap()));
    story.house.advance(DAY * 400);
    story.house.look_after_keys().await;
    assert!(!known(record.keys().await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_finds_the_keys_as_they_were() {
    let mut story = story().await;
    let next = story.published().await;
    story.house.reopen().await;
    assert_eq!(story.published().await, next, "nothing is made anew");
    story.wiki.assert_alive(&story.tokens).await;

    let current = story.rotate(SigningAlg::ES256, false).await;
    story.house.reopen().await;
    story.wiki.assert_alive(&story.tokens).await;
    let fresh = story.wiki.refresh(story.tokens.refresh()).await;
    assert_eq!(kid(fresh.access()), current);

    story.rotate(SigningAlg::ES256, true).await;
    story.house.reopen().await;
    assert_eq!(story.wiki.userinfo(fresh.access()).await.status, 401);
    let fresh = story.wiki.refresh(fresh.refresh()).await;
    story.wiki.assert_alive(&fresh).await;

    // Off for longer than a key signs.
    story.house.reopen_after(DAY * 100).await;
    story.house.look_after_keys().await;
    let after = story.sign_in_again().await;
    assert_ne!(kid(after.access()), kid(fresh.access()));
    story.wiki.assert_alive(&after).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_make_and_change_the_same_keys() {
    let house = match Stores::of_this_run() {
        Stores::Embedded => House::open_on(on_redis(&parts::redis_url().await), 2, &[]).await,
        stores => House::open_on(stores.variables().await, 2, &[]).await,
    };
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    for published in [4, 6] {
        // More than the lease would let do it at the same time.
        let mut keepers = Vec::new();
        for _ in 0..4 {
            keepers.push(house.key_keeper(&house.other_process().await));
        }
        let now = house.clock.now();
        let looks = keepers.iter().map(|keeper| keeper.keep_up(now));
        for look in futures_util::future::join_all(looks).await {
            look.unwrap();
        }
        house.look_after_keys().await;
        let sets: Vec<_> = (0..2).map(|node| house.node(node).jwks()).collect();
        assert_eq!(sets[0], sets[1]);
        assert_eq!(sets[0]["keys"].as_array().unwrap().len(), published);
        let tokens = wiki.sign_in(&house.browser(), &alice).await;
        for _ in 0..4 {
            assert_eq!(wiki.userinfo(tokens.access()).await.status, 200);
        }
        house.advance(DAY * 90);
    }
    let lines = house.provider().record().recent_audit(1_000).await.unwrap();
    let of = |action: &str| lines.iter().filter(|line| line.action == action).count();
    assert_eq!((of("key.make"), of("key.promote")), (6, 2), "each once");
}
