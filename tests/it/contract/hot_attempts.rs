//! A commit whose answer was lost is asked again, and must not be read as somebody else's.

use lanyard::store::hot::{Outcome, Slot};

use super::hot_words::{Bench, absent, at, present, put, tombstone};

pub(super) async fn suite(bench: &impl AsyncFn() -> Bench) {
    a_repeat_answers_the_same_without_effect(bench().await).await;
    a_failed_attempt_may_be_tried_again(bench().await).await;
    sixteen_are_recognised(bench().await).await;
}

async fn a_repeat_answers_the_same_without_effect(bench: Bench) {
    let redeem = async || {
        let effects = [put("code", "redeemed", 60)];
        bench.attempt([1; 16], &[absent("code")], &effects).await
    };
    assert_eq!(redeem().await, Outcome::Committed);
    let first = bench.found("code").await;
    assert_eq!(
        redeem().await,
        Outcome::Committed,
        "its check no longer holds"
    );
    assert_eq!(bench.found("code").await, first);
    // Another attempt at the same thing is another's.
    let other = bench.attempt([2; 16], &[absent("code")], &[]).await;
    assert_eq!(other, Outcome::Conflict);
    // It writes nothing over what came after it either.
    bench
        .commits(&[at("code", first.0)], &[tombstone("code", 60)])
        .await;
    assert_eq!(redeem().await, Outcome::Committed);
    assert_eq!(bench.slot("code").await, Slot::Tombstone);
    bench.pass(61);
    assert_eq!(redeem().await, Outcome::Committed);
    assert_eq!(bench.slot("code").await, Slot::Absent);
    // The number means nothing under another root.
    let elsewhere = bench.elsewhere();
    let outcome = elsewhere.attempt([1; 16], &[present("code")], &[]).await;
    assert_eq!(outcome, Outcome::Conflict);
}

async fn a_failed_attempt_may_be_tried_again(bench: Bench) {
    let update = async || {
        let effects = [put("b", "1", 60)];
        bench.attempt([1; 16], &[present("a")], &effects).await
    };
    assert_eq!(update().await, Outcome::Conflict);
    bench.commits(&[], &[put("a", "1", 60)]).await;
    assert_eq!(update().await, Outcome::Committed);
    assert_eq!(bench.found("b").await.1, "1");
}

async fn sixteen_are_recognised(bench: Bench) {
    for attempt in 0..16 {
        let outcome = bench
            .attempt([attempt; 16], &[], &[put("a", "1", 60)])
            .await;
        assert_eq!(outcome, Outcome::Committed);
    }
    // Conflicts in between take no place.
    bench.conflicts(&[absent("a")], &[]).await;
    let last = bench.found("a").await;
    for attempt in 0..16 {
        let outcome = bench
            .attempt([attempt; 16], &[absent("a")], &[put("a", "2", 60)])
            .await;
        assert_eq!(outcome, Outcome::Committed, "{attempt}");
        assert_eq!(bench.found("a").await, last, "{attempt}");
    }
}
