//! Notices: leased by one, retried, settled once.

use std::time::Duration;

use lanyard::entropy::ClientId;
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::{DueNotice, NoticeState, Owed, Places, Receipt, Record, reference};

use super::{Backend, World, both, places, user_id};

both!(
    a_lease_is_one_owners_until_it_runs_out,
    one_client_has_only_so_many_places_at_a_time,
    leases_of_the_dead_are_freed,
    a_receipt_settles_once,
    a_retry_waits_for_its_time_and_is_given_up_at_last,
    each_try_that_failed_leaves_a_line,
    a_poll_that_finds_nothing_is_one_read,
    what_a_client_has_not_taken_can_be_sent_again,
);

const LEASE: Duration = Duration::from_secs(30);

async fn owing(on: Backend) -> World {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    world.join(&session, "wiki").await;
    world.join(&session, "shop").await;
    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    world
}

async fn a_lease_is_one_owners_until_it_runs_out(on: Backend) {
    let world = owing(on).await;
    let record = &world.record;
    let until = world.now() + LEASE;
    let one = record
        .lease("one", world.now(), places(1), until)
        .await
        .unwrap();
    let two = record
        .lease("two", world.now(), places(10), until)
        .await
        .unwrap();
    assert_eq!((one.len(), two.len()), (1, 1));
    assert_ne!(one[0].id, two[0].id);
    assert_eq!(one[0].attempt, 1);
    assert_eq!(one[0].user, user_id("alice"));
    assert_eq!(one[0].id, one[0].sid.as_str());
    assert!(!one[0].include_sub);
    assert!(
        record
            .lease("three", world.now(), places(10), until)
            .await
            .unwrap()
            .is_empty()
    );

    let now = world.pass(30);
    let again = record
        .lease("three", now, places(10), now + LEASE)
        .await
        .unwrap();
    assert_eq!(
        again
            .iter()
            .map(|notice| notice.attempt)
            .collect::<Vec<_>>(),
        [2, 2]
    );
}

async fn one_client_has_only_so_many_places_at_a_time(on: Backend) {
    let world = World::peopled(on).await;
    for _ in 0..3 {
        let session = world.begin("alice").await;
        world.join(&session, "wiki").await;
        world
            .end(Selection::Session(session.id), Reason::User)
            .await;
    }
    world.pass(1);
    let session = world.begin("alice").await;
    world.join(&session, "shop").await;
    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    let (record, now) = (&world.record, world.now());
    let places = Places {
        free: 10,
        per_client: 2,
    };
    let lease = || record.lease("me", now, places, now + LEASE);
    let first = lease().await.unwrap();
    let of = |client: &str| first.iter().filter(|n| n.client.as_str() == client).count();
    assert_eq!((of("wiki"), of("shop")), (2, 1), "{first:?}");
    assert_eq!(lease().await.unwrap(), [], "those of before count");
    let wiki = first.iter().find(|n| n.client.as_str() == "wiki").unwrap();
    let delivered = Receipt::Delivered { status: 200 };
    record.receipt(&wiki.id, delivered, now).await.unwrap();
    assert_eq!(lease().await.unwrap().len(), 1, "a place is free again");
}

async fn leases_of_the_dead_are_freed(on: Backend) {
    let world = owing(on).await;
    let until = world.now() + LEASE;
    world
        .record
        .lease("dead", world.now(), places(10), until)
        .await
        .unwrap();
    assert_eq!(world.record.release_leases("dead").await.unwrap(), 0);
    assert_eq!(world.record.release_leases("me").await.unwrap(), 2);
    assert_eq!(
        world
            .record
            .lease("me", world.now(), places(10), until)
            .await
            .unwrap()
            .len(),
        2
    );
}

fn owed(due: i64, later: i64, given_up: i64) -> Owed {
    Owed {
        due,
        later,
        given_up,
    }
}

/// The notices for shop and wiki, leased.
async fn leased(world: &World) -> (DueNotice, DueNotice) {
    let now = world.now();
    let mut leased = world
        .record
        .lease("me", now, places(10), now + LEASE)
        .await
        .unwrap();
    leased.sort_by(|a, b| a.client.cmp(&b.client));
    let [shop, wiki] = &leased[..] else {
        panic!("{leased:?}")
    };
    (shop.clone(), wiki.clone())
}

async fn a_receipt_settles_once(on: Backend) {
    let world = owing(on).await;
    let now = world.now();
    assert_eq!(world.record.owed(now).await.unwrap(), owed(2, 0, 0));
    let (_, wiki) = leased(&world).await;
    let delivered = Receipt::Delivered { status: 200 };
    assert!(
        world
            .record
            .receipt(&wiki.id, delivered, now)
            .await
            .unwrap()
    );
    for id in [wiki.id.as_str(), "unknown"] {
        let refused = Receipt::Refused { status: 400 };
        assert!(
            !world.record.receipt(id, refused, now).await.unwrap(),
            "{id}"
        );
    }
    let views = world.record.notices_of(wiki.session).await.unwrap();
    let [shop, wiki] = &views[..] else {
        panic!("{views:?}")
    };
    assert_eq!(
        (shop.client_name.as_str(), wiki.client_name.as_str()),
        ("The shop", "The wiki")
    );
    assert_eq!(
        (wiki.state, wiki.delivered_at),
        (NoticeState::Delivered, Some(now))
    );
    assert_eq!((wiki.next_at, wiki.attempts), (None, 1));
    assert_eq!(
        (shop.state, shop.delivered_at),
        (NoticeState::Waiting, None)
    );
    assert_eq!(world.record.owed(now).await.unwrap(), owed(1, 0, 0));
}

async fn alarms(record: &Record, action: &str) -> usize {
    let lines = record.recent_audit(20).await.unwrap();
    lines.iter().filter(|line| line.action == action).count()
}

async fn each_try_that_failed_leaves_a_line(on: Backend) {
    let world = owing(on).await;
    let record = &world.record;
    let mut session = None;
    for number in 1..=53 {
        let (shop, wiki) = leased(&world).await;
        session = Some(shop.session);
        let now = world.now();
        let failed = |problem: &str| Receipt::Retry {
            next: now,
            status: (number % 2 == 0).then_some(503),
            problem: problem.to_owned(),
        };
        assert!(record.receipt(&shop.id, failed("busy"), now).await.unwrap());
        // A repeated receipt of the same try is no other try.
        assert!(
            record
                .receipt(&shop.id, failed("again"), now)
                .await
                .unwrap()
        );
        let wiki_gets = if number == 53 {
            Receipt::Delivered { status: 200 }
        } else {
            failed("away")
        };
        assert!(record.receipt(&wiki.id, wiki_gets, now).await.unwrap());
        world.pass(1);
    }
    let name = reference(session.unwrap());
    let story = record.session_story(&name, world.now()).await.unwrap();
    let story = story.unwrap();
    let of = |client: &str| {
        let mut notices = story.notices.iter();
        let notice = notices.find(|notice| notice.client.as_str() == client);
        let sid = notice.unwrap().sid.clone();
        let lines = story.failed.iter().filter(move |failed| failed.sid == sid);
        lines.collect::<Vec<_>>()
    };
    let (shop, wiki) = (of("shop"), of("wiki"));
    let numbers: Vec<_> = shop.iter().map(|failed| failed.number).collect();
    assert_eq!(numbers, (4..=53).collect::<Vec<_>>(), "the newest 50");
    assert_eq!((shop[0].status, shop[1].status), (Some(503), None));
    assert_eq!(shop[0].problem.as_deref(), Some("busy"));
    assert!(shop[0].at < shop[1].at);
    assert_eq!(wiki.last().unwrap().number, 52, "the 53rd was taken");
}

async fn a_retry_waits_for_its_time_and_is_given_up_at_last(on: Backend) {
    let world = owing(on).await;
    let (record, now) = (&world.record, world.now());
    let (shop, wiki) = leased(&world).await;
    // Two that tell the same client after a lease ran out: the alarm is one.
    for first in [true, false] {
        let refused = Receipt::Refused { status: 400 };
        let written = record.receipt(&wiki.id, refused, now).await.unwrap();
        assert_eq!(written, first);
    }
    assert_eq!(alarms(record, "notice_refused").await, 1);
    let next = now + Duration::from_secs(4);
    let retry = Receipt::Retry {
        next,
        status: Some(503),
        problem: "busy".to_owned(),
    };
    assert!(record.receipt(&shop.id, retry, now).await.unwrap());
    assert_eq!(record.owed(now).await.unwrap(), owed(0, 1, 0));
    let view = record.notices_of(shop.session).await.unwrap().remove(0);
    assert_eq!(
        (view.state, view.next_at),
        (NoticeState::Waiting, Some(next))
    );
    assert_eq!(
        (view.last_status, view.problem.as_deref()),
        (Some(503), Some("busy"))
    );

    let early = record.lease("me", now, places(10), next).await;
    assert!(early.unwrap().is_empty(), "not yet");
    let later = world.pass(4);
    assert_eq!(
        record
            .lease("me", later, places(10), later + LEASE)
            .await
            .unwrap()
            .len(),
        1
    );
    let gave_up = Receipt::GaveUp {
        status: None,
        problem: "a day is over".to_owned(),
    };
    assert!(record.receipt(&shop.id, gave_up, later).await.unwrap());
    assert_eq!(alarms(record, "notice_given_up").await, 1);
    assert_eq!(record.owed(later).await.unwrap(), owed(0, 0, 1));
    let views = record.notices_of(shop.session).await.unwrap();
    let states: Vec<_> = views
        .iter()
        .map(|view| (view.state, view.last_status))
        .collect();
    assert_eq!(
        states,
        [
            (NoticeState::GaveUp, Some(503)),
            (NoticeState::Refused, Some(400))
        ]
    );
}

async fn a_poll_that_finds_nothing_is_one_read(on: Backend) {
    let world = World::peopled(on).await;
    let before = world.record.calls();
    world
        .record
        .lease("me", world.now(), places(10), world.now())
        .await
        .unwrap();
    assert_eq!(world.record.calls() - before, 1);
}

async fn what_a_client_has_not_taken_can_be_sent_again(on: Backend) {
    let world = owing(on).await;
    let (record, now) = (&world.record, world.now());
    let (shop, wiki) = leased(&world).await;
    let settle = |notice: &DueNotice, receipt| {
        let id = notice.id.clone();
        async move { record.receipt(&id, receipt, now).await.unwrap() }
    };
    settle(&wiki, Receipt::Delivered { status: 200 }).await;
    settle(&shop, Receipt::Refused { status: 400 }).await;
    let again = |notice: &DueNotice| {
        let client = notice.client.clone();
        let session = notice.session;
        async move {
            let by = Actor::CommandLine;
            record.send_again(session, &client, &by).await.unwrap()
        }
    };
    assert!(!again(&wiki).await, "it has it");
    assert!(again(&shop).await);
    assert_eq!(record.owed(now).await.unwrap(), owed(1, 0, 0));
    let (_, later) = (shop, world.pass(1));
    let leased = record.lease("me", later, places(10), later + LEASE).await;
    let leased = leased.unwrap();
    assert_eq!((leased.len(), leased[0].attempt), (1, 2));
    let nobody = ClientId::new("nobody");
    let none = record.send_again(leased[0].session, &nobody, &Actor::CommandLine);
    assert!(!none.await.unwrap());
    let lines = record.recent_audit(10).await.unwrap();
    let sent = lines
        .iter()
        .filter(|line| line.action == "notice.send_again");
    assert_eq!(sent.count(), 1);
}
