//! Many nodes that lease notices.

use std::time::Duration;

use lanyard::session::ending::{Reason, Selection};
use lanyard::store::record::Places;

use super::{Backend, World, both, places};

both!(
    the_leases_of_one_owner_are_freed_and_no_others,
    nodes_that_lease_at_once_never_share_a_notice,
);

const LEASE: Duration = Duration::from_secs(30);

async fn owing_many(on: Backend, notices: usize) -> World {
    let world = World::peopled(on).await;
    for _ in 0..notices {
        let session = world.begin("alice").await;
        world.join(&session, "wiki").await;
        world
            .end(Selection::Session(session.id), Reason::User)
            .await;
    }
    world
}

async fn the_leases_of_one_owner_are_freed_and_no_others(on: Backend) {
    let world = owing_many(on, 3).await;
    let (record, now) = (&world.record, world.now());
    assert_eq!(record.lease_owners(now).await.unwrap(), [""; 0]);
    assert_eq!(record.release_leases_of("dead").await.unwrap(), 0);
    for (owner, free) in [("dead", 2), ("me", 1)] {
        let places = Places {
            free,
            per_client: 10,
        };
        let leased = record.lease(owner, now, places, now + LEASE).await;
        assert_eq!(leased.unwrap().len(), usize::try_from(free).unwrap());
    }
    assert_eq!(record.lease_owners(now).await.unwrap(), ["dead", "me"]);
    assert_eq!(record.release_leases_of("dead").await.unwrap(), 2);
    assert_eq!(record.lease_owners(now).await.unwrap(), ["me"]);
    let leased = record.lease("me", now, places(10), now + LEASE).await;
    assert_eq!(leased.unwrap().len(), 2);
    assert_eq!(record.lease_owners(now + LEASE).await.unwrap(), [""; 0]);
}

/// Each takes what the others leave.
async fn nodes_that_lease_at_once_never_share_a_notice(on: Backend) {
    let world = owing_many(on, 60).await;
    let other = world.again().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..12 {
        let record = if n % 2 == 0 { &world.record } else { &other };
        let (record, now) = (record.clone(), world.now());
        tasks.spawn(async move {
            let owner = format!("node{n}");
            let mut mine = Vec::new();
            loop {
                let leased = record.lease(&owner, now, places(60), now + LEASE).await;
                let leased = leased.unwrap();
                assert!(leased.iter().all(|notice| notice.attempt == 1));
                if leased.is_empty() {
                    return mine;
                }
                mine.extend(leased.into_iter().map(|notice| notice.id));
            }
        });
    }
    let mut all: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert!(all.len() <= 60, "leased twice: {all:?}");
    // Who found all of it locked went away with nothing; the rest is there for the next.
    let rest = world
        .record
        .lease("last", world.now(), places(60), world.now() + LEASE);
    all.extend(rest.await.unwrap().into_iter().map(|notice| notice.id));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 60);
}
