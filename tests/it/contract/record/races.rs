//! Many at once: what the writer and the row locks are for.

use std::collections::BTreeSet;
use std::time::Duration;

use lanyard::clock::Timestamp;
use lanyard::entropy::{ClientId, SessionId, Sid};
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::{Ended, Join, Record};
use tokio::task::JoinSet;

use super::{Backend, World, both, client, joining, places, user};

both!(
    a_join_and_an_end_cannot_both_win_unseen,
    sixteen_joins_of_one_client_are_one_participant,
    positions_rise_in_commit_order,
    an_abandoned_call_still_happens,
);

const APPS: usize = 16;

/// One end among joins of different clients, by two processes; answers with the joined.
async fn race(world: &World, other: &Record, session: SessionId, place: usize) -> BTreeSet<Sid> {
    let mut tasks = JoinSet::new();
    for n in 0..APPS {
        let record = if n % 3 == 0 {
            other.clone()
        } else {
            world.record.clone()
        };
        let (now, sid) = (world.now(), Sid::random(&world.entropy));
        tasks.spawn(async move {
            if n == place {
                end(&record, session, now).await;
                return None;
            }
            let client = ClientId::new(format!("app{n}"));
            match record
                .join(joining(session, &client, sid, now))
                .await
                .unwrap()
            {
                Join::Joined(member, _) | Join::Existing(member, _) => Some(member.sid),
                Join::Ended | Join::NoConsent | Join::NoClient | Join::MustAsk => None,
            }
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

async fn end(record: &Record, session: SessionId, now: Timestamp) -> Ended {
    let (selection, reason) = (Selection::Session(session), Reason::User);
    record
        .end(&selection, reason, reason.verb(), &Actor::System, now)
        .await
        .unwrap()
}

/// Every participant that a join reported has its notice, and none lives on.
async fn a_join_and_an_end_cannot_both_win_unseen(on: Backend) {
    let world = World::empty(on).await;
    world.record.insert_user(&user("alice")).await.unwrap();
    for n in 0..APPS {
        let client = client(&format!("app{n}"), Some("https://app.example/bc"));
        world.record.insert_client(&client).await.unwrap();
    }
    let other = world.again().await;
    let mut late = 0;
    for round in 0..32 {
        let session = world.begin("alice").await;
        let joined = race(&world, &other, session.id, round % APPS).await;
        late += APPS - 1 - joined.len();
        let snapshot = world
            .record
            .load_session(session.id)
            .await
            .unwrap()
            .unwrap();
        assert!(
            snapshot.ended.is_some() && snapshot.participants.is_empty(),
            "round {round}"
        );
        let until = world.now() + Duration::from_mins(1);
        let leased = world
            .record
            .lease("test", world.now(), places(100), until)
            .await
            .unwrap();
        let told: BTreeSet<_> = leased.into_iter().map(|notice| notice.sid).collect();
        assert_eq!(told, joined, "round {round}");
    }
    assert!(late > 0, "no join ever lost: this was no race");
    let sql = "SELECT COUNT(*) FROM participants p JOIN sessions s ON s.id = p.session_id \
         WHERE s.ended_at IS NOT NULL AND (p.ended_at IS NULL \
         OR NOT EXISTS (SELECT 1 FROM notices n WHERE n.sid = p.sid))";
    assert_eq!(world.count(sql).await, 0);
}

async fn sixteen_joins_of_one_client_are_one_participant(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let (record, now) = (world.record.clone(), world.now());
        let sid = Sid::random(&world.entropy);
        tasks.spawn(async move {
            record
                .join(joining(session.id, &ClientId::new("wiki"), sid, now))
                .await
                .unwrap()
        });
    }
    let outcomes = tasks.join_all().await;
    let sids: BTreeSet<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Join::Joined(member, _) | Join::Existing(member, _) => member.sid.clone(),
            Join::Ended | Join::NoConsent | Join::NoClient | Join::MustAsk => panic!("it lives"),
        })
        .collect();
    assert_eq!(sids.len(), 1);
    let new = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Join::Joined(..)));
    assert_eq!(new.count(), 1);
}

/// A follower that reads while ends are committed never sees a position appear behind it.
async fn positions_rise_in_commit_order(on: Backend) {
    let world = World::peopled(on).await;
    let mut sessions = Vec::new();
    for _ in 0..24 {
        sessions.push(world.begin("alice").await);
    }
    let other = world.again().await;
    let mut tasks = JoinSet::new();
    for (n, session) in sessions.iter().enumerate() {
        let record = if n % 2 == 0 {
            world.record.clone()
        } else {
            other.clone()
        };
        let (now, selection) = (world.now(), Selection::Session(session.id));
        tasks.spawn(async move {
            let reason = Reason::User;
            let actor = Actor::System;
            record
                .end(&selection, reason, reason.verb(), &actor, now)
                .await
                .unwrap()
                .position
        });
    }
    let mut seen = Vec::new();
    while seen.len() < 24 {
        let from = seen.last().copied().unwrap_or(0);
        let fresh = world.record.ends_since(from, 100).await.unwrap();
        seen.extend(fresh.into_iter().map(|entry| entry.position));
        tokio::task::yield_now().await;
    }
    assert_eq!(
        seen,
        (1..=24).collect::<Vec<_>>(),
        "no gap, none out of order"
    );
    let mut answered: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    answered.sort_unstable();
    assert_eq!(answered, seen);
}

/// A caller that goes away does not stop an end half-way.
async fn an_abandoned_call_still_happens(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    world.join(&session, "wiki").await;
    tokio::select! {
        biased;
        _ = end(&world.record, session.id, world.now()) => panic!("polled once, it cannot be done"),
        () = std::future::ready(()) => {}
    }
    // Whoever waits for what was handed over waits for it too.
    world.record.clone().close().await;
    let snapshot = world.again().await.load_session(session.id).await.unwrap();
    assert!(snapshot.unwrap().ended.is_some());
    assert_eq!(world.count("SELECT COUNT(*) FROM notices").await, 1);
}
