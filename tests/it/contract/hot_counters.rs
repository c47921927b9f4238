//! Counters, as throttling uses them.

use std::time::Duration;

use tokio::task::JoinSet;

use super::hot_words::Bench;

const WINDOW: Duration = Duration::from_mins(1);

pub(super) async fn suite(bench: &impl AsyncFn() -> Bench) {
    counters_count_and_forget(bench().await).await;
    the_window_starts_with_the_first_count(bench().await).await;
    no_count_is_lost_in_a_race(bench().await).await;
}

async fn counters_count_and_forget(bench: Bench) {
    let store = &bench.store;
    assert_eq!(store.counted("alice").await.unwrap(), 0);
    for expected in 1..=3 {
        assert_eq!(store.count("alice", WINDOW).await.unwrap(), expected);
        assert_eq!(store.counted("alice").await.unwrap(), expected);
    }
    assert_eq!(store.counted("bob").await.unwrap(), 0, "keys are apart");
    assert_eq!(store.count("bob", WINDOW).await.unwrap(), 1);
    store.forget("alice").await.unwrap();
    store.forget("nobody").await.unwrap();
    assert_eq!(store.counted("alice").await.unwrap(), 0);
    assert_eq!(store.count("alice", WINDOW).await.unwrap(), 1);
    assert_eq!(store.counted("bob").await.unwrap(), 1);
    assert_eq!((store.reads(), store.commits()), (0, 0));
    assert_eq!(store.counts(), 14);
}

async fn the_window_starts_with_the_first_count(bench: Bench) {
    let store = &bench.store;
    assert_eq!(store.count("alice", WINDOW).await.unwrap(), 1);
    bench.pass(59);
    // Neither a later count nor a longer window of it puts the end off.
    assert_eq!(store.count("alice", WINDOW * 10).await.unwrap(), 2);
    bench.pass(1);
    assert_eq!(store.counted("alice").await.unwrap(), 0);
    assert_eq!(store.count("alice", WINDOW).await.unwrap(), 1);
    bench.pass(59);
    assert_eq!(store.counted("alice").await.unwrap(), 1);
}

async fn no_count_is_lost_in_a_race(bench: Bench) {
    let mut tasks = JoinSet::new();
    for _ in 0..24 {
        let store = bench.store.clone();
        tasks.spawn(async move {
            let mut seen = Vec::new();
            for _ in 0..25 {
                seen.push(store.count("alice", WINDOW).await.unwrap());
            }
            seen
        });
    }
    let mut seen = tasks.join_all().await.concat();
    seen.sort_unstable();
    assert_eq!(seen, (1..=600).collect::<Vec<u64>>(), "each value once");
    assert_eq!(bench.store.counted("alice").await.unwrap(), 600);
}
