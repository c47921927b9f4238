//! Several processes on one file, and what is left when one dies.

use lanyard::session::ending::{Reason, Selection};
use lanyard::store::record::{Holder, LeaseError, Record, SignIn, UserCreation};
use tokio::task::JoinSet;

use super::ground::Ground;
use super::{Backend, START, World, both, places, user, user_id};

both!(
    a_server_and_a_command_line_both_write,
    processes_that_start_together_migrate_once,
    what_is_pending_is_named_before_it_is_done,
    a_second_holder_is_refused_and_told_who_has_it,
    what_was_answered_is_there_after_a_death,
    closing_commits_what_is_queued_and_refuses_what_comes_later,
);

fn holder(pid: u32) -> Holder {
    Holder {
        pid,
        started: START,
        listen: "127.0.0.1:8080".to_owned(),
    }
}

async fn a_server_and_a_command_line_both_write(on: Backend) {
    let world = World::peopled(on).await;
    let command_line = world.again().await;
    assert_eq!(
        command_line.migrate().await.unwrap(),
        0,
        "nothing left to do"
    );
    let mut tasks = JoinSet::new();
    for n in 0..40 {
        let record = if n % 2 == 0 {
            world.record.clone()
        } else {
            command_line.clone()
        };
        tasks.spawn(async move {
            record
                .insert_user(&user(&format!("person{n}")))
                .await
                .unwrap()
        });
    }
    assert!(
        tasks
            .join_all()
            .await
            .iter()
            .all(|done| *done == UserCreation::Created)
    );
    assert_eq!(command_line.users(100).await.unwrap().len(), 42);
    let session = world.begin("alice").await;
    assert!(
        command_line
            .load_session(session.id)
            .await
            .unwrap()
            .is_some()
    );
}

async fn processes_that_start_together_migrate_once(on: Backend) {
    let ground = Ground::new(on).await;
    let settings = ground.settings.clone();
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let settings = settings.clone();
        tasks.spawn(async move {
            let clock = lanyard::clock::Clock::manual(START);
            let entropy = lanyard::entropy::Entropy::System;
            let record = Record::open(&settings, clock, entropy).await.unwrap();
            record.migrate().await.unwrap();
            record
        });
    }
    for record in tasks.join_all().await {
        assert!(record.pending().await.unwrap().is_empty());
        assert_eq!(record.ends_head().await.unwrap(), 0);
    }
}

async fn what_is_pending_is_named_before_it_is_done(on: Backend) {
    let ground = Ground::new(on).await;
    let record = ground.open(&lanyard::clock::Clock::manual(START)).await;
    assert_eq!(
        record.pending().await.unwrap(),
        ["0001_record", "0002_nodes", "0003_people_and_clients"]
    );
    let error = record
        .user(&user_id("alice"))
        .await
        .unwrap_err()
        .to_string();
    let said = ["no such table", "does not exist"].map(|words| error.contains(words));
    assert!(said.contains(&true), "{error}");
    assert_eq!(record.migrate().await.unwrap(), 3);
    assert_eq!(record.user(&user_id("alice")).await.unwrap(), None);
}

async fn a_second_holder_is_refused_and_told_who_has_it(on: Backend) {
    let world = World::empty(on).await;
    let second = world.again().await;
    let lease = world.record.hold(holder(4_711)).await.unwrap();
    let refused = second.hold(holder(4_712)).await.unwrap_err();
    let text = refused.to_string();
    assert!(matches!(refused, LeaseError::Held { .. }));
    for part in ["4711", "2023-11-14T22:13:20Z", "127.0.0.1:8080"] {
        assert!(text.contains(part), "{text}");
    }
    drop(lease);
    let lease = second.hold(holder(4_712)).await.unwrap();
    let refused = world.record.hold(holder(4_713)).await.unwrap_err();
    assert!(refused.to_string().contains("4712"), "{refused}");
    drop(lease);
}

async fn what_was_answered_is_there_after_a_death(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    world.join(&session, "wiki").await;
    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    // Nothing is closed and nothing checkpointed: as after `kill -9`.
    let reopened = world.again().await;
    assert!(
        reopened
            .load_session(session.id)
            .await
            .unwrap()
            .unwrap()
            .ended
            .is_some()
    );
    let leased = reopened
        .lease("next", world.now(), places(10), world.now())
        .await
        .unwrap();
    assert_eq!(leased.len(), 1);
    assert_eq!(reopened.ends_head().await.unwrap(), 1);
}

async fn closing_commits_what_is_queued_and_refuses_what_comes_later(on: Backend) {
    let world = World::peopled(on).await;
    let (session, record) = (world.new_session("alice"), world.record.clone());
    let (begun, ()) = tokio::join!(record.begin_session(&session), world.record.clone().close());
    assert!(matches!(begun, Ok(SignIn::Begun { .. })), "{begun:?}");
    assert!(
        world
            .record
            .begin_session(&world.new_session("bob"))
            .await
            .is_err()
    );
    assert!(world.record.user(&user_id("alice")).await.is_err());
    let reopened = world.again().await;
    assert!(reopened.load_session(session.id).await.unwrap().is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::peopled(Backend::Sqlite).await;
    let _lease = world.record.hold(holder(1)).await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(world.ground.folder.path().join("sub")).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
        names.push(entry.file_name());
    }
    assert!(names.len() >= 3, "{names:?}");
}
