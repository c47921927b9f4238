//! Faults in the middle of an end, and where each is told:
//!
//! | fault | story |
//! |---|---|
//! | an app is down, then up | `flows::slow_apps::an_app_that_was_down_is_told_once_it_is_up`; with a kill in between: `processes::kill::killed_after_the_answer_while_apps_are_down_or_failing` |
//! | … answers 400 | `flows::delivery::a_refusal_is_final` |
//! | … answers 500 | `flows::delivery::an_app_that_fails_is_tried_again_and_each_token_is_new` |
//! | … asks for time (`Retry-After`) | `flows::delivery::an_app_that_asks_for_time_gets_it_up_to_an_hour` |
//! | … redirects | `flows::delivery::a_redirect_is_not_followed` |
//! | … hangs | `flows::delivery::an_app_that_hangs_takes_no_places_from_others`, `flows::delivery::nobody_waits_for_an_app_that_hangs`; within two seconds, whatever apps do: `flows::slow_apps::nobody_waits_whatever_apps_do` |
//! | … for a day | `flows::delivery::what_cannot_be_delivered_is_given_up_after_a_day_and_said_aloud` |
//! | a notice comes twice, each with its `jti`, only after a kill | `processes::kill::killed_after_the_post_and_before_the_receipt`; otherwise once: `flows::delivery::every_app_is_told_once_however_often_a_session_is_ended` |
//! | the process dies at each step | `outages::steps::a_crash_at_any_step_of_an_end_loses_nothing`; at any moment: `processes::kill_at_any_moment` |
//! | Redis is restarted, flushed, restored | here, between the steps of an end and of a delivery; of ends that were answered: `outages::restores`, `outages::flush` |
//! | … hangs, is full | `outages::steps::a_notice_in_hand_while_a_store_was_away_is_due_again_at_once`, `outages::pauses::a_full_redis_keeps_nobody_signed_in` |
//! | PostgreSQL hangs | `outages::pauses::postgres_hangs` |
//! | an app joins meanwhile | `flows::joining_an_end`, `flows::nodes::joins_at_one_node_and_an_end_at_the_other_never_both_win_unseen`, `contract::record::races::a_join_and_an_end_cannot_both_win_unseen` |
//! | a token is refreshed meanwhile | `flows::refresh::a_refresh_that_races_the_end_leaves_nothing_alive` |

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use lanyard::entropy::SessionId;
use lanyard::failpoint::{Action, FailPoint};
use lanyard::session::ending::{Actor, Reason, Selection};

use super::on;
use crate::support::app::Tokens;
use crate::support::parts::RedisServer;
use crate::support::{App, Browser, House};

/// What happens to Redis.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Restarted,
    Flushed,
    Restored,
}

impl Loss {
    async fn happen(self, server: &mut RedisServer) {
        match self {
            Self::Restarted => server.restart_empty().await,
            Self::Flushed => {
                server.command(&["FLUSHALL"]).await;
            }
            Self::Restored => server.restart_from_snapshot().await,
        }
    }
}

/// Alice at wiki; the snapshot was taken while she was signed in.
struct Story {
    server: RedisServer,
    house: House,
    wiki: App,
    browser: Browser,
    tokens: Tokens,
    session: SessionId,
}

impl Story {
    async fn begin() -> Self {
        let server = RedisServer::start().await;
        let house = on(&server).await;
        let wiki = house.app("wiki").await;
        let alice = house.person("alice").await;
        let browser = house.browser();
        let tokens = wiki.sign_in(&browser, &alice).await;
        let session = house.session_of(&alice).await;
        server.save_snapshot().await;
        Self {
            server,
            house,
            wiki,
            browser,
            tokens,
            session,
        }
    }

    fn at_both(&self, step: FailPoint, action: Action) {
        for number in 0..2 {
            self.house.node(number).fail_points().set(step, action);
        }
    }

    /// Over at both nodes as soon as they answer, and wiki knows.
    async fn is_over(&self, when: &str) {
        for number in 0..2 {
            let here = self.house.at_node(number, &self.browser);
            House::until(&format!("{when}: node {number} refuses it"), || async {
                let page = here.get("/account").await;
                // Until an end is answered, or its node has read the log, it may be accepted.
                page.status != 200 && page.status != 503
            })
            .await;
        }
        self.house.settled().await;
        let silent = self.wiki.silently(&self.browser).await;
        assert_eq!(silent.unwrap_err(), "login_required", "{when}");
        // Attempts that the loss cut short are made again after a pause.
        House::until(&format!("{when}: wiki is told"), || async {
            self.house.advance(Duration::from_secs(1));
            !self.wiki.tokens_of(self.tokens.sid()).is_empty()
        })
        .await;
        self.wiki.expect_signed_out(self.tokens.sid()).await;
        self.wiki.assert_dead(&self.tokens).await;
    }
}

/// The end stops at a step, Redis is lost, nobody ever goes on with it.
async fn an_end_that_stopped(step: FailPoint, loss: Loss) {
    let mut story = Story::begin().await;
    story.at_both(step, Action::Stop);
    let (ending, session) = (Arc::clone(story.house.node(0)), story.session);
    let ended = tokio::spawn(async move {
        let selection = Selection::Session(session);
        ending.end(&selection, Reason::Admin, &Actor::System).await
    });
    let record = story.house.node(0).record().clone();
    House::until("it is over in SQL", || async {
        record.session_over(session).await.unwrap()
    })
    .await;
    loss.happen(&mut story.server).await;
    let when = format!("{loss:?} at {}", step.name());
    story.is_over(&when).await;
    assert!(!ended.is_finished(), "{when}: nobody answered");
    ended.abort();
}

/// A delivery pauses at a step, and Redis is lost meanwhile.
async fn a_delivery_that_paused(step: FailPoint, loss: Loss) {
    let mut story = Story::begin().await;
    story.at_both(step, Action::Delay(Duration::from_millis(700)));
    story.house.end(story.session).await;
    loss.happen(&mut story.server).await;
    let when = format!("{loss:?} at {}", step.name());
    story.is_over(&when).await;
    // Once, unless a store was in the way of the receipt; and then with another `jti`.
    let mut numbers = BTreeSet::new();
    let tokens = story.wiki.tokens_of(story.tokens.sid());
    for token in &tokens {
        let claims = story.wiki.verify(token, "logout+jwt").await;
        numbers.insert(claims["jti"].as_str().unwrap().to_owned());
    }
    assert_eq!(numbers.len(), tokens.len(), "{when}");
}

async fn at_each_step(loss: Loss) {
    let ends = [FailPoint::EndRecorded, FailPoint::EndBuried];
    for step in ends {
        Box::pin(an_end_that_stopped(step, loss)).await;
    }
    let deliveries = [
        FailPoint::DeliveryLeased,
        FailPoint::DeliveryBuried,
        FailPoint::DeliveryPosted,
    ];
    for step in deliveries {
        Box::pin(a_delivery_that_paused(step, loss)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_restarted_empty_at_each_step() {
    at_each_step(Loss::Restarted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_flushed_at_each_step() {
    at_each_step(Loss::Flushed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_restored_from_before_the_end_at_each_step() {
    at_each_step(Loss::Restored).await;
}
