//! What several nodes do at once, once.

use std::future::Future;
use std::time::Duration;

use lanyard::clock::Timestamp;
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::{Admission, EndKind, HotIdentity, Record, RecordError};
use tokio::task::JoinSet;

use super::{Backend, World, both, client, user_id};

both!(
    an_unknown_hot_state_is_distrusted_until_it_is_known,
    each_shard_has_an_identity_of_its_own,
    many_nodes_distrust_a_new_hot_state_once,
    an_outdated_generation_is_not_raised_again,
    many_nodes_raise_the_generation_once,
    work_is_one_owners_until_it_runs_out,
    many_nodes_take_a_piece_of_work_once,
    a_log_that_grew_wakes_the_worker,
    what_was_written_between_two_waits_is_not_missed,
    two_ends_of_an_unknown_grant_are_one,
);

fn identity(shard: &str, run_id: &str) -> HotIdentity {
    HotIdentity {
        shard: shard.to_owned(),
        run_id: run_id.to_owned(),
        replication_id: "replication".to_owned(),
        canary: "canary".to_owned(),
    }
}

/// What 24 tasks on two records answer.
async fn at_once<T, F>(world: &World, ask: impl Fn(Record) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T, RecordError>> + Send + 'static,
{
    let other = world.again().await;
    let mut tasks = JoinSet::new();
    for n in 0..24 {
        let record = if n % 2 == 0 { &world.record } else { &other };
        let answer = ask(record.clone());
        tasks.spawn(async move { answer.await.unwrap() });
    }
    tasks.join_all().await
}

async fn distrusts(world: &World) -> i64 {
    let sql = "SELECT COUNT(*) FROM ends WHERE kind = 'distrust'";
    world.count(sql).await
}

async fn an_unknown_hot_state_is_distrusted_until_it_is_known(on: Backend) {
    let world = World::empty(on).await;
    let (record, now) = (&world.record, world.now());
    let first = identity("0", "one");
    let changed = [
        identity("0", "two"),
        HotIdentity {
            replication_id: "other".to_owned(),
            ..identity("0", "two")
        },
        HotIdentity {
            canary: "other".to_owned(),
            ..identity("0", "two")
        },
        first.clone(),
    ];
    let admitted = record.admit(&first, now).await.unwrap();
    assert_eq!(admitted, Admission::Distrusted { position: 1 });
    assert_eq!(record.admit(&first, now).await.unwrap(), Admission::Known);
    for (identity, position) in changed.iter().zip(2..) {
        let admitted = record.admit(identity, now).await.unwrap();
        assert_eq!(admitted, Admission::Distrusted { position });
        assert_eq!(record.admit(identity, now).await.unwrap(), Admission::Known);
        assert_eq!(record.generation().await.unwrap(), position);
    }
}

async fn each_shard_has_an_identity_of_its_own(on: Backend) {
    let world = World::empty(on).await;
    for (shard, position) in [("a", 1), ("b", 2)] {
        let identity = identity(shard, "same");
        let admitted = world.record.admit(&identity, world.now());
        assert_eq!(admitted.await.unwrap(), Admission::Distrusted { position });
    }
    let identity = identity("a", "same");
    let again = world.record.admit(&identity, world.now());
    assert_eq!(again.await.unwrap(), Admission::Known);
}

async fn many_nodes_distrust_a_new_hot_state_once(on: Backend) {
    let world = World::empty(on).await;
    for (run_id, position) in [("one", 1), ("two", 2), ("three", 3)] {
        let now = world.now();
        let answers = at_once(&world, |record| async move {
            record.admit(&identity("0", run_id), now).await
        });
        let mut distrusted = answers.await;
        distrusted.retain(|answer| *answer != Admission::Known);
        assert_eq!(distrusted, [Admission::Distrusted { position }]);
    }
    assert_eq!(distrusts(&world).await, 3);
}

async fn an_outdated_generation_is_not_raised_again(on: Backend) {
    let world = World::empty(on).await;
    let (record, now) = (&world.record, world.now());
    assert_eq!(
        record.distrust_once(7, now).await.unwrap(),
        0,
        "not that one"
    );
    assert_eq!(record.distrust_once(0, now).await.unwrap(), 1);
    assert_eq!(
        record.distrust_once(0, now).await.unwrap(),
        1,
        "raised before"
    );
    assert_eq!(record.distrust_once(1, now).await.unwrap(), 2);
    assert_eq!(record.generation().await.unwrap(), 2);
    let kinds: Vec<_> = record.ends_since(0, 10).await.unwrap();
    assert!(kinds.iter().all(|entry| entry.kind == EndKind::Distrust));
    assert_eq!(kinds.len(), 2);
}

async fn many_nodes_raise_the_generation_once(on: Backend) {
    let world = World::empty(on).await;
    for generation in 0..3 {
        let now = world.now();
        let answers = at_once(&world, |record| async move {
            record.distrust_once(generation, now).await
        });
        assert_eq!(answers.await, [generation + 1; 24]);
    }
    assert_eq!(distrusts(&world).await, 3);
}

async fn work_is_one_owners_until_it_runs_out(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    let take = async |name: &str, owner: &str, now: Timestamp| {
        let until = now + Duration::from_secs(10);
        record.take_work(name, owner, now, until).await.unwrap()
    };
    let start = world.now();
    assert!(take("sweep", "one", start).await);
    assert!(!take("sweep", "two", start).await);
    assert!(take("other", "two", start).await, "another piece");
    assert!(
        take("sweep", "one", start + Duration::from_secs(5)).await,
        "kept"
    );
    assert!(!take("sweep", "two", start + Duration::from_secs(14)).await);
    assert!(
        take("sweep", "two", start + Duration::from_secs(15)).await,
        "run out"
    );
    assert!(!take("sweep", "one", start + Duration::from_secs(15)).await);
    record.release_work("one").await.unwrap();
    assert!(!take("sweep", "one", start + Duration::from_secs(15)).await);
    record.release_work("two").await.unwrap();
    assert!(take("sweep", "one", start + Duration::from_secs(15)).await);
    assert!(take("other", "one", start).await);
}

async fn many_nodes_take_a_piece_of_work_once(on: Backend) {
    let world = World::empty(on).await;
    let (now, until) = (world.now(), world.now() + Duration::from_secs(10));
    let owners = std::sync::atomic::AtomicUsize::new(0);
    let answers = at_once(&world, |record| {
        let owner = owners.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let owner = format!("node{owner}");
        async move { record.take_work("sweep", &owner, now, until).await }
    });
    let taken = answers.await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 1);
}

/// Whether the worker is told within a moment.
async fn told(record: &Record) -> bool {
    let wait = Duration::from_millis(200);
    tokio::time::timeout(wait, record.wrote()).await.is_ok()
}

async fn a_log_that_grew_wakes_the_worker(on: Backend) {
    let world = World::peopled(on).await;
    let (record, now) = (&world.record, world.now());
    assert!(
        told(record).await,
        "people and clients are in the change log"
    );
    let session = world.begin("alice").await;
    world.join(&session, "wiki").await;
    record.touch(&[(session.id, now)]).await.unwrap();
    record
        .set_enabled(&user_id("nobody"), false, &Actor::System)
        .await
        .unwrap();
    record.distrust_once(7, now).await.unwrap();
    assert!(!told(record).await, "nothing to read for others");
    let selection = Selection::Session(session.id);
    world.end(selection.clone(), Reason::User).await;
    assert!(told(record).await);
    world.end(selection, Reason::User).await;
    assert!(!told(record).await, "it was over");
    record.upsert_client(&client("wiki", None)).await.unwrap();
    assert!(told(record).await);
    record.admit(&identity("0", "one"), now).await.unwrap();
    assert!(told(record).await);
    record.admit(&identity("0", "one"), now).await.unwrap();
    assert!(!told(record).await);
}

async fn what_was_written_between_two_waits_is_not_missed(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    let waiting = tokio::spawn(record.wrote());
    record.append_distrust(world.now()).await.unwrap();
    waiting.await.unwrap();
    for _ in 0..3 {
        record.append_distrust(world.now()).await.unwrap();
    }
    assert!(told(record).await);
    assert!(!told(record).await, "several are one");
}

async fn two_ends_of_an_unknown_grant_are_one(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let sid = world.join(&session, "wiki").await;
    let grant = world.new_grant(&session, "wiki", &sid);
    let now = world.now();
    let answers = at_once(&world, |record| async move {
        let (selection, reason) = (Selection::Grant(grant.id, session.id), Reason::Reuse);
        let actor = lanyard::session::ending::Actor::System;
        let ended = record
            .end(&selection, reason, reason.verb(), &actor, now)
            .await?;
        Ok(ended.position)
    });
    let positions: Vec<_> = answers.await.into_iter().flatten().collect();
    assert_eq!(positions, [1]);
}
