//! Many at once, at one root.

use std::sync::Arc;

use lanyard::store::hot::{Outcome, Slot};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::hot_words::{Bench, absent, at, delete, name, no_tombstone, present, put, tombstone};

const TASKS: usize = 20;

pub(super) async fn suite(bench: &impl AsyncFn() -> Bench) {
    one_redeems(bench().await).await;
    no_update_is_lost(bench().await).await;
    one_attempt_has_one_effect(bench().await).await;
    what_has_ended_stays_ended(bench().await).await;
    a_read_is_of_one_moment(bench().await).await;
}

/// Runs `task` in many tasks that start together.
async fn together<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    task: impl Fn(usize) -> F,
) -> Vec<T> {
    let start = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let (start, task) = (Arc::clone(&start), task(number));
        tasks.spawn(async move {
            start.wait().await;
            task.await
        });
    }
    tasks.join_all().await
}

/// Many redemptions of one code: one winner, at a version and at an absence.
async fn one_redeems(bench: Bench) {
    for _ in 0..50 {
        let bench = bench.elsewhere();
        bench.commits(&[], &[put("code", "fresh", 60)]).await;
        let (version, _) = bench.found("code").await;
        for check in [at("code", version), absent("mark")] {
            let outcomes = together(|number| {
                let (bench, check) = (bench.clone(), check.clone());
                async move {
                    let owner = number.to_string();
                    let effects = [put("code", &owner, 60), put("mark", &owner, 60)];
                    (owner, bench.commit(&[check], &effects).await)
                }
            })
            .await;
            let mut winners = outcomes.iter().filter(|(_, it)| *it == Outcome::Committed);
            let (winner, _) = winners.next().unwrap();
            assert!(winners.next().is_none(), "{outcomes:?}");
            assert_eq!(bench.found("code").await.1, *winner);
            assert_eq!(bench.found("mark").await.1, *winner);
            bench.commits(&[], &[delete("mark")]).await;
        }
    }
}

async fn no_update_is_lost(bench: Bench) {
    bench.commits(&[], &[put("sum", "0", 60)]).await;
    together(|_| {
        let bench = bench.clone();
        async move {
            loop {
                let (version, sum) = bench.found("sum").await;
                let sum = (sum.parse::<u64>().unwrap() + 1).to_string();
                let outcome = bench
                    .commit(&[at("sum", version)], &[put("sum", &sum, 60)])
                    .await;
                if outcome == Outcome::Committed {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    assert_eq!(bench.found("sum").await.1, TASKS.to_string());
}

/// The retry of a commit may overtake it.
async fn one_attempt_has_one_effect(bench: Bench) {
    let outcomes = together(|number| {
        let bench = bench.clone();
        async move {
            let effects = [put("a", &number.to_string(), 60)];
            bench.attempt([9; 16], &[absent("a")], &effects).await
        }
    })
    .await;
    assert!(outcomes.iter().all(|it| *it == Outcome::Committed));
    let (_, first) = bench.found("a").await;
    assert!(first.parse::<usize>().unwrap() < TASKS);
}

/// One ends the session while all others write activity, by every kind of check. Whoever comes
/// later must find it ended, and so must the last reader.
async fn what_has_ended_stays_ended(bench: Bench) {
    for _ in 0..100 {
        let bench = bench.elsewhere();
        bench.commits(&[], &[put("session", "live", 60)]).await;
        let late = together(|number| {
            let bench = bench.clone();
            async move {
                if number == TASKS / 2 {
                    bench.commits(&[], &[tombstone("session", 60)]).await;
                    return bench.slot("session").await == Slot::Tombstone;
                }
                keep_alive(&bench, number).await
            }
        })
        .await;
        assert!(late.iter().all(|ended_for_good| *ended_for_good));
        assert_eq!(bench.slot("session").await, Slot::Tombstone);
    }
}

/// Writes activity a few times; whether nothing lived again after it was seen ended.
async fn keep_alive(bench: &Bench, number: usize) -> bool {
    let mut ended = false;
    for _ in 0..4 {
        let slot = bench.slot("session").await;
        ended |= slot == Slot::Tombstone;
        let check = match (slot, number % 4) {
            (Slot::Found { version, .. }, 0) => at("session", version),
            (_, 1) => no_tombstone("session"),
            (_, 2) => present("session"),
            _ => absent("session"),
        };
        let outcome = bench.commit(&[check], &[put("session", "live", 60)]).await;
        if ended && outcome == Outcome::Committed {
            return false;
        }
    }
    true
}

/// Two documents that are always written together are never seen apart.
async fn a_read_is_of_one_moment(bench: Bench) {
    let names = ["a", "b"].map(name);
    bench
        .commits(&[], &[put("a", "0", 60), put("b", "0", 60)])
        .await;
    together(|number| {
        let (bench, names) = (bench.clone(), names.clone());
        async move {
            for round in 0..50 {
                let text = format!("{number} {round}");
                bench
                    .commits(&[], &[put("a", &text, 60), put("b", &text, 60)])
                    .await;
                let slots = bench.store.read(&bench.root, &names).await.unwrap();
                let [Slot::Found { bytes: a, .. }, Slot::Found { bytes: b, .. }] = slots.as_slice()
                else {
                    panic!("both are there: {slots:?}");
                };
                assert_eq!(a, b);
            }
        }
    })
    .await;
}
