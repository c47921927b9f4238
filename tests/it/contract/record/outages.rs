//! A server of PostgreSQL that goes away and comes back, and one that was never there.

use std::time::{Duration, Instant};

use lanyard::clock::Clock;
use lanyard::entropy::Entropy;
use lanyard::session::ending::{Reason, Selection};
use lanyard::store::record::{Holder, Record, RecordSettings, SignIn};

use super::{Backend, START, World, user_id};

/// Ends every connection of this world's records, as a restart of the server does.
async fn terminate(world: &World) {
    let sql = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE application_name = current_schema() AND pid <> pg_backend_pid()";
    world.count(sql).await;
}

async fn connections(world: &World) -> i64 {
    let sql = "SELECT COUNT(*) FROM pg_stat_activity \
         WHERE application_name = current_schema() AND pid <> pg_backend_pid()";
    world.count(sql).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_comes_back_is_used_again() {
    let world = World::peopled(Backend::Postgres).await;
    for _ in 0..3 {
        // Several connections of both pools.
        let signing_in = (0..6).map(|_| world.begin("alice"));
        let sessions = futures_util::future::join_all(signing_in).await;
        let reads = sessions.iter().map(|s| world.record.load_session(s.id));
        futures_util::future::join_all(reads).await;
        assert!(connections(&world).await > 2);
        terminate(&world).await;
        let began = Instant::now();
        // A transaction is begun elsewhere where its connection is gone.
        let session = world.new_session("alice");
        let done = world.record.begin_session(&session).await.unwrap();
        assert!(matches!(done, SignIn::Begun { .. }));
        // A read says so, once for each connection at most.
        let mut tries = 0;
        while let Err(error) = world.record.load_session(session.id).await {
            tries += 1;
            assert!(tries <= 8, "{error}");
        }
        assert!(began.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_whose_connection_dies_is_an_error_and_changes_nothing() {
    let world = World::peopled(Backend::Postgres).await;
    let session = world.begin("alice").await;
    world.join(&session, "wiki").await;
    let mut conn = world.ground.connect().await;
    let sql = "BEGIN; UPDATE counters SET value = value WHERE name = 'ends'";
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    let record = world.record.clone();
    let (id, now) = (session.id, world.now());
    let ending = tokio::spawn(async move {
        let (selection, reason) = (Selection::Session(id), Reason::User);
        let actor = lanyard::session::ending::Actor::System;
        record
            .end(&selection, reason, reason.verb(), &actor, now)
            .await
    });
    // The end has done everything but its last statement.
    let waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
         AND application_name = current_schema()";
    while world.count(waits).await < 1 {
        tokio::task::yield_now().await;
    }
    terminate(&world).await;
    assert!(ending.await.unwrap().is_err());
    let snapshot = world.again().await.load_session(id).await.unwrap().unwrap();
    assert_eq!((snapshot.ended, snapshot.participants.len()), (None, 1));
    let ended = world.end(Selection::Session(id), Reason::User).await;
    assert_eq!((ended.notices, ended.position), (1, Some(1)));
}

/// The jobs that wait when the record closes are done first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn closing_waits_for_jobs_in_flight() {
    let world = World::peopled(Backend::Postgres).await;
    let record = world.again().await;
    let mut begun = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (record, session) = (record.clone(), world.new_session("alice"));
        begun.spawn(async move { record.begin_session(&session).await });
        tokio::task::yield_now().await;
    }
    record.close().await;
    let done = begun.join_all().await;
    let kept = done.iter().filter(|done| done.is_ok()).count();
    let stored = world.count("SELECT COUNT(*) FROM sessions").await;
    assert_eq!(usize::try_from(stored).unwrap(), kept);
}

fn holder(pid: u32) -> Holder {
    Holder {
        pid,
        started: START,
        listen: "127.0.0.1:8080".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lease_outlives_its_connection() {
    let world = World::empty(Backend::Postgres).await;
    let second = world.again().await;
    let lease = world.record.hold(holder(1)).await.unwrap();
    let holder_of_lock = "SELECT COALESCE(MAX(l.pid), 0)::BIGINT FROM pg_locks l \
         JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = current_schema()";
    let before = world.count(holder_of_lock).await;
    assert_ne!(before, 0);
    terminate(&world).await;
    let began = Instant::now();
    // The one that was told to go may still be there for a moment.
    while [0, before].contains(&world.count(holder_of_lock).await) {
        assert!(began.elapsed() < Duration::from_secs(5));
        tokio::task::yield_now().await;
    }
    assert!(!lease.lost());
    // Reads on connections that are gone fail cleanly first.
    let refused = loop {
        match second.hold(holder(2)).await.unwrap_err().to_string() {
            text if text.contains("in use by process 1") => break text,
            _ => assert!(began.elapsed() < Duration::from_secs(20)),
        }
    };
    assert!(refused.contains("127.0.0.1:8080"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lease_that_another_took_is_lost() {
    let world = World::empty(Backend::Postgres).await;
    let lease = world.record.hold(holder(1)).await.unwrap();
    let mut conn = world.ground.connect().await;
    // Another process is quicker after the connection was lost, and gone again before we look.
    let sql = "UPDATE leases SET pid = 2 WHERE name = 'hot'";
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    assert!(!lease.lost());
    terminate(&world).await;
    let lost = tokio::time::timeout(Duration::from_secs(5), lease.until_lost());
    assert!(lost.await.is_ok());
    assert!(lease.lost());
    drop(lease);
    let again = world.again().await.hold(holder(3)).await;
    assert!(again.is_ok(), "{again:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_in_time_and_without_secrets() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = closed.local_addr().unwrap();
    drop(closed);
    for (address, part) in [(silent, "did not answer"), (refused, "refused")] {
        let url = format!("postgres://lanyard:hunter2@{address}/lanyard");
        let settings = RecordSettings::postgres(url);
        let began = Instant::now();
        let opened = Record::open(&settings, Clock::manual(START), Entropy::System).await;
        let text = opened.unwrap_err().to_string();
        assert!(began.elapsed() < Duration::from_secs(3), "{text}");
        assert!(
            text.contains(part) && text.contains(&address.to_string()),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}

/// A wrong password, a wrong value, a missing column: no error shows what was asked with.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn errors_of_the_server_show_no_values() {
    let world = World::peopled(Backend::Postgres).await;
    let sql = "ALTER TABLE users ADD CONSTRAINT odd CHECK (password <> 'hunter2')";
    let mut conn = world.ground.connect().await;
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    let alice = user_id("alice");
    let record = &world.record;
    let refused = record.replace_password(&alice, "$argon2id$old", "hunter2");
    let text = refused.await.unwrap_err().to_string();
    assert!(
        text.contains("23514") && !text.contains("hunter2"),
        "{text}"
    );
}
