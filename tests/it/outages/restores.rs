//! Redis restarted empty, put back to an older snapshot, or replaced by a replica that lacks the
//! tail: nobody is signed out, nothing that ended comes back, no code is spent twice, and a family
//! of refresh tokens goes on at most once.

use std::time::Duration;

use lanyard::entropy::SessionId;
use lanyard::failpoint::{Action, FailPoint};

use super::{by_sentinel, on};
use crate::support::app::Tokens;
use crate::support::parts::{Failover, RedisServer};
use crate::support::tokens::refusal;
use crate::support::{App, Browser, House};

/// Copies every session's hash aside, or back over what is there, while the server looks the same:
/// the loss that no identity tells of.
const ASIDE: &str = "for _, key in ipairs(redis.call('KEYS', '*')) do \
     if redis.call('TYPE', key).ok == 'hash' and redis.call('HEXISTS', key, 's') == 1 then \
     redis.call('COPY', key, 'aside:' .. key) end end";
const BACK: &str = "for _, key in ipairs(redis.call('KEYS', 'aside:*')) do \
     redis.call('COPY', key, string.sub(key, 7), 'REPLACE') end";

/// Before the loss: two browsers, a code that is spent, one that is not, and an offline grant.
struct Story {
    wiki: App,
    stays: Browser,
    staying: SessionId,
    leaves: Browser,
    leaving: SessionId,
    bound: Tokens,
    offline: Tokens,
    spent: (String, crate::support::app::Ask),
}

impl Story {
    async fn begin(house: &House) -> Self {
        let wiki = house.app("wiki").await;
        let alice = house.person("alice").await;
        let (stays, leaves) = (house.browser(), house.browser());
        wiki.sign_in(&leaves, &alice).await;
        let leaving = house.session_of(&alice).await;
        let bound = wiki.sign_in(&stays, &alice).await;
        let sessions = house.sessions_of(&alice).await;
        let staying = sessions.into_iter().find(|session| *session != leaving);
        let ask = wiki
            .ask()
            .with("scope", "openid offline_access")
            .with("prompt", "consent");
        let offline = wiki.granted(&stays, ask).await;
        let spent = wiki.fresh_code(&stays).await;
        Self {
            wiki,
            stays,
            staying: staying.unwrap(),
            leaves,
            leaving,
            bound,
            offline,
            spent,
        }
    }

    /// What the store acknowledges and then loses: an end, a redemption, a rotation.
    async fn tail(&mut self, house: &House) {
        house.end(self.leaving).await;
        let (code, ask) = &self.spent;
        self.wiki.redeem(code, ask).await;
        self.offline = self.wiki.refresh(self.offline.refresh()).await;
        self.bound = self.wiki.refresh(self.bound.refresh()).await;
    }

    /// What must hold, however much was lost.
    async fn holds(&self, house: &House) {
        House::until("the stores answer", || async {
            let page = self.stays.get("/account").await;
            assert!(page.status == 200 || page.status == 503, "{}", page.status);
            page.status == 200
        })
        .await;
        assert!(!self.leaves.is_signed_in().await, "what ended came back");
        let (code, ask) = &self.spent;
        let again = self.wiki.try_redeem(code, ask).await;
        assert_eq!(refusal(&again), "invalid_grant", "a code was spent twice");
        self.wiki.join(&self.stays).await;
        // The newest token goes on, once.
        let next = self.wiki.refresh(self.offline.refresh()).await;
        house.advance(Duration::from_secs(11));
        let old = self.wiki.refused_refresh(self.offline.refresh()).await;
        assert_eq!(old, "invalid_grant");
        let refused = self.wiki.refused_refresh(next.refresh()).await;
        assert_eq!(refused, "invalid_grant", "reuse ends the family");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_empty() {
    let mut server = RedisServer::start().await;
    let house = on(&server).await;
    let mut story = Story::begin(&house).await;
    story.tail(&house).await;
    server.restart_empty().await;
    story.holds(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_from_an_older_snapshot() {
    let mut server = RedisServer::start().await;
    let house = on(&server).await;
    let mut story = Story::begin(&house).await;
    server.save_snapshot().await;
    story.tail(&house).await;
    server.restart_from_snapshot().await;
    story.holds(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_snapshot_long_after_the_ends_are_forgotten() {
    let mut server = RedisServer::start().await;
    let house = on(&server).await;
    let mut story = Story::begin(&house).await;
    server.save_snapshot().await;
    story.tail(&house).await;
    // No node remembers the ends of so long ago.
    house.advance(Duration::from_mins(30));
    story.wiki.join(&story.stays).await;
    server.restart_from_snapshot().await;
    House::until("the stores answer", || story.stays.is_signed_in()).await;
    assert!(!story.leaves.is_signed_in().await, "what ended came back");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_was_signed_out_alone_stays_out_after_a_restore() {
    let mut server = RedisServer::start().await;
    let house = on(&server).await;
    let story = Story::begin(&house).await;
    let shop = house.app("shop").await;
    let at_shop = shop.join(&story.stays).await;
    server.save_snapshot().await;
    house.end_client(story.staying, &shop).await;
    shop.assert_dead(&at_shop).await;
    house.advance(Duration::from_mins(30));
    story.wiki.join(&story.stays).await;
    server.restart_from_snapshot().await;
    House::until("the stores answer", || story.stays.is_signed_in()).await;
    shop.assert_dead(&at_shop).await;
    // That it was signed out is not forgotten either: the record holds it.
    let silent = shop.silently(&story.stays).await;
    assert_eq!(silent.unwrap_err(), "interaction_required");
    let anew = shop.come_back(&story.stays).await;
    assert_ne!(anew.sid(), at_shop.sid(), "a later join is a new part");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_that_is_lost_in_silence_is_not_missed() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let (alice, wiki) = (house.person("alice").await, house.app("wiki").await);
    let browser = house.browser();
    wiki.sign_in(&browser, &alice).await;
    server.command(&["EVAL", ASIDE, "0"]).await;
    for number in 0..2 {
        let points = house.node(number).fail_points();
        points.set(FailPoint::BurialDue, Action::Stop);
    }
    house.end(house.session_of(&alice).await).await;
    house.settled().await;
    server.command(&["EVAL", BACK, "0"]).await;
    assert!(!browser.is_signed_in().await, "what ended came back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_rotated_away_long_ago_stays_refused() {
    let mut server = RedisServer::start().await;
    let house = on(&server).await;
    let (alice, wiki) = (house.person("alice").await, house.app("wiki").await);
    let browser = house.browser();
    wiki.sign_in(&browser, &alice).await;
    let ask = wiki.ask().with("scope", "openid offline_access");
    let ask = ask.with("prompt", "consent");
    let stolen = wiki.granted(&browser, ask).await;
    server.save_snapshot().await;
    let mut tokens = wiki.refresh(stolen.refresh()).await;
    for _ in 0..3 {
        tokens = wiki.refresh(tokens.refresh()).await;
    }
    House::until("the record knows of it", || async {
        let grants = house.node(0).record().offline_grants_of(&alice.id);
        grants
            .await
            .unwrap()
            .iter()
            .all(|grant| grant.place.sequence >= 4)
    })
    .await;
    house.advance(Duration::from_secs(12));
    server.restart_from_snapshot().await;
    House::until("the stores answer", || browser.is_signed_in()).await;
    let refused = wiki.refused_refresh(stolen.refresh()).await;
    assert_eq!(refused, "invalid_grant", "SQL knew better");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_replaced_opens_nothing_after_a_restore() {
    let mut server = RedisServer::start().await;
    let house = on(&server).await;
    let (alice, wiki) = (house.person("alice").await, house.app("wiki").await);
    let browser = house.browser();
    wiki.sign_in(&browser, &alice).await;
    let thief = browser.stolen_copy();
    server.save_snapshot().await;
    wiki.reauthenticate(&browser, &alice).await;
    house.advance(Duration::from_mins(1));
    assert!(!thief.is_signed_in().await);
    server.restart_from_snapshot().await;
    House::until("the stores answer", || browser.is_signed_in()).await;
    assert!(!thief.is_signed_in().await, "the old secret came back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_without_the_tail_is_promoted() {
    let mut pair = Failover::start().await;
    let house = by_sentinel(&pair).await;
    let mut story = Story::begin(&house).await;
    pair.master.command(&["WAIT", "1", "2000"]).await;
    pair.hold_replication_back().await;
    story.tail(&house).await;
    pair.promote_losing_tail().await;
    story.holds(&house).await;
}
