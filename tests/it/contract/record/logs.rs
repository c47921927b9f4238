//! The ends log, the change log, the audit.

use std::time::Duration;

use lanyard::entropy::ClientId;
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::{AuditEntry, ChangeKind, EndKind, KeyChange};

use super::{Backend, START, World, both, client, new_key, user_id};

both!(
    distrust_raises_the_generation,
    the_window_starts_before_its_oldest_entry,
    changes_name_what_must_be_read_again,
    audit_lines_keep_their_order,
);

async fn distrust_raises_the_generation(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    assert_eq!(
        (
            record.ends_head().await.unwrap(),
            record.generation().await.unwrap()
        ),
        (0, 0)
    );
    assert_eq!(record.append_distrust(world.now()).await.unwrap(), 1);
    let session = world.begin("alice").await;
    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    assert_eq!(record.generation().await.unwrap(), 1);
    assert_eq!(record.append_distrust(world.now()).await.unwrap(), 3);
    assert_eq!(
        (
            record.ends_head().await.unwrap(),
            record.generation().await.unwrap()
        ),
        (3, 3)
    );

    let all = record.ends_since(0, 100).await.unwrap();
    let positions: Vec<_> = all.iter().map(|entry| entry.position).collect();
    assert_eq!(positions, [1, 2, 3]);
    assert_eq!(all[1].kind, EndKind::Session(session.id));
    assert_eq!((&all[2].kind, all[2].at), (&EndKind::Distrust, START));
    assert_eq!(record.ends_since(1, 1).await.unwrap(), [all[1].clone()]);
    assert!(record.ends_since(3, 100).await.unwrap().is_empty());
}

async fn the_window_starts_before_its_oldest_entry(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    assert_eq!(record.start_of_window(START).await.unwrap(), 0);
    record.append_distrust(START).await.unwrap();
    record
        .append_distrust(START + Duration::from_secs(100))
        .await
        .unwrap();
    // A node whose clock is behind.
    record
        .append_distrust(START + Duration::from_secs(50))
        .await
        .unwrap();
    for (secs, start) in [(0, 0), (1, 1), (60, 1), (100, 1), (101, 3)] {
        let from = START + Duration::from_secs(secs);
        assert_eq!(record.start_of_window(from).await.unwrap(), start, "{secs}");
    }
}

async fn changes_name_what_must_be_read_again(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    let head = record.changes_head().await.unwrap();
    assert_eq!(head, 5);
    record
        .set_enabled(&user_id("alice"), false, &Actor::System)
        .await
        .unwrap();
    record.upsert_client(&client("wiki", None)).await.unwrap();
    record
        .change_key(
            KeyChange::First(new_key("k", "ES256")),
            &Actor::System,
            START,
        )
        .await
        .unwrap();
    record
        .replace_password(&user_id("bob"), "not it", "new")
        .await
        .unwrap();
    let changes = record.changes_since(head, 100).await.unwrap();
    let kinds: Vec<_> = changes.iter().map(|change| change.kind.clone()).collect();
    assert_eq!(
        kinds,
        [
            ChangeKind::User(user_id("alice")),
            ChangeKind::Client(ClientId::new("wiki")),
            ChangeKind::Keys,
        ]
    );
    assert_eq!(
        changes.last().unwrap().position,
        record.changes_head().await.unwrap()
    );
    assert_eq!(record.changes_since(head, 1).await.unwrap(), changes[..1]);

    // A sign-in changes nothing that anybody caches.
    world.begin("bob").await;
    assert_eq!(record.changes_head().await.unwrap(), head + 3);

    world.pass(86_401);
    record
        .set_enabled(&user_id("alice"), true, &Actor::System)
        .await
        .unwrap();
    let kept = record.changes_since(0, 100).await.unwrap();
    assert_eq!(kept.len(), 1, "a day is enough");
}

async fn audit_lines_keep_their_order(on: Backend) {
    let world = World::empty(on).await;
    let line = |action: &str| AuditEntry {
        at: START,
        actor: "system".to_owned(),
        action: action.to_owned(),
        target: String::new(),
        session: None,
        address: Some("192.0.2.0/24".to_owned()),
        reason: None,
        detail: None,
    };
    let lines: Vec<_> = ["a", "b", "c"].map(line).into_iter().collect();
    world.record.append_audit(&lines[..2]).await.unwrap();
    world.record.append_audit(&lines[2..]).await.unwrap();
    world.record.append_audit(&[]).await.unwrap();
    let mut recent = world.record.recent_audit(10).await.unwrap();
    recent.reverse();
    assert_eq!(recent, lines);
    assert_eq!(world.record.recent_audit(1).await.unwrap(), lines[2..]);
}
