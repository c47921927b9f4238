//! The figures of the overview.

use std::collections::BTreeMap;
use std::time::Duration;

use lanyard::entropy::ClientId;
use lanyard::session::ending::{Reason, Selection};
use lanyard::session::session::Session;
use lanyard::store::record::{AuditEntry, Deliveries, LiveCount, Receipt};

use super::{Backend, World, both, places};

both!(
    sign_ins_are_counted_by_hour,
    ends_are_counted_by_reason_and_the_living_by_one,
    notices_are_counted_by_app,
    an_empty_house_has_an_overview,
);

const LEASE: Duration = Duration::from_secs(30);
const DAY: u64 = 24 * 3600;

async fn sign_ins_are_counted_by_hour(on: Backend) {
    let world = World::peopled(on).await;
    let note = |action: &str| AuditEntry {
        at: world.now(),
        actor: "system".to_owned(),
        action: action.to_owned(),
        target: String::new(),
        session: None,
        address: None,
        reason: None,
        detail: None,
    };
    // Longer ago than anything that is shown.
    world.record.append_audit(&[note("sign_in")]).await.unwrap();
    world.pass(DAY + 3600);
    for (action, count) in [("sign_in", 3), ("sign_in_failed", 2), ("stale_cookie", 1)] {
        let lines = vec![note(action); count];
        world.record.append_audit(&lines).await.unwrap();
    }
    let now = world.pass(3600);
    let hours = world.record.overview(now).await.unwrap().sign_ins;
    let counts: Vec<_> = hours
        .iter()
        .map(|hour| (hour.succeeded, hour.failed))
        .collect();
    let mut expected = vec![(0, 0); 24];
    expected[22] = (3, 2);
    assert_eq!(counts, expected);
    let last = hours[23].from;
    assert!(last <= now && now.since(last) < Duration::from_hours(1));
    assert!(
        hours
            .windows(2)
            .all(|pair| pair[1].from.since(pair[0].from) == Duration::from_hours(1))
    );
}

/// Bob's, which ended a day ago; alice's two, which ended just now; bob's two, which live.
async fn ended(on: Backend) -> (World, Vec<Session>) {
    let world = World::peopled(on).await;
    let gone = world.begin("bob").await;
    world.end(Selection::Session(gone.id), Reason::Theft).await;
    world.pass(DAY);
    let mut sessions = Vec::new();
    for name in ["alice", "alice", "bob", "bob"] {
        let session = world.begin(name).await;
        for client in ["wiki", "shop", "blog"] {
            world.join(&session, client).await;
        }
        sessions.push(session);
    }
    world
        .end(Selection::Session(sessions[0].id), Reason::User)
        .await;
    world
        .end(Selection::Session(sessions[1].id), Reason::Admin)
        .await;
    (world, sessions)
}

async fn ends_are_counted_by_reason_and_the_living_by_one(on: Backend) {
    let (world, _) = ended(on).await;
    let overview = world.record.overview(world.now()).await.unwrap();
    assert_eq!(overview.at, world.now());
    assert_eq!(overview.ends, [(Reason::User, 1), (Reason::Admin, 1)]);
    let live = LiveCount {
        sessions: 2,
        people: 1,
    };
    assert_eq!(overview.live, live);
    // What ran out is not counted before the sweeper ends it.
    let later = world.now() + Duration::from_hours(3);
    assert_eq!(world.record.count_live(later).await.unwrap().sessions, 0);
}

async fn notices_are_counted_by_app(on: Backend) {
    let (world, sessions) = ended(on).await;
    let since = world.now();
    let now = world.pass(1);
    let shop = Selection::ClientInSession(sessions[2].id, ClientId::new("shop"));
    world.end(shop, Reason::Client).await;
    let until = now + LEASE;
    let leased = world
        .record
        .lease("me", now, places(50), until)
        .await
        .unwrap();
    assert_eq!(leased.len(), 5);
    let mut tried = BTreeMap::new();
    for notice in &leased {
        let place = tried.entry(notice.client.to_string()).or_insert(0);
        let receipt = match (notice.client.as_str(), *place) {
            ("wiki", 0) => Receipt::Delivered { status: 200 },
            ("wiki", _) => Receipt::Refused { status: 400 },
            (_, 0) => Receipt::GaveUp {
                status: None,
                problem: "gone".to_owned(),
            },
            _ => Receipt::Retry {
                next: until,
                status: None,
                problem: "busy".to_owned(),
            },
        };
        *place += 1;
        world
            .record
            .receipt(&notice.id, receipt, now)
            .await
            .unwrap();
    }
    let overview = world.record.overview(now).await.unwrap();
    assert_eq!(overview.owed, 2);
    assert!(
        overview
            .oldest_owed
            .is_some_and(|at| at == since || at == now)
    );
    let all: Vec<_> = overview.deliveries.iter().map(figures).collect();
    assert_eq!(all, [("The shop", 0, 2, 0, 1), ("The wiki", 1, 0, 1, 0)]);
    // What was settled is forgotten after a day; what is owed is not.
    let overview = world.record.overview(world.pass(DAY + 1)).await.unwrap();
    let all: Vec<_> = overview.deliveries.iter().map(figures).collect();
    assert_eq!(all, [("The shop", 0, 2, 0, 0)]);
}

/// Name, delivered, retrying, refused, given up.
fn figures(of: &Deliveries) -> (&str, i64, i64, i64, i64) {
    let name = &of.client_name;
    (name, of.delivered, of.retrying, of.refused, of.gave_up)
}

async fn an_empty_house_has_an_overview(on: Backend) {
    let world = World::empty(on).await;
    let overview = world.record.overview(world.now()).await.unwrap();
    assert_eq!(overview.live, LiveCount::default());
    assert_eq!((overview.owed, overview.oldest_owed), (0, None));
    assert!(overview.ends.is_empty() && overview.deliveries.is_empty());
    let quiet = overview
        .sign_ins
        .iter()
        .all(|hour| hour.succeeded + hour.failed == 0);
    assert!(quiet && overview.sign_ins.len() == 24);
}
