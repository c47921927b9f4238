//! What lives of one client, and what became of its notices.

use std::time::Duration;

use lanyard::entropy::ClientId;
use lanyard::session::ending::{Reason, Selection};
use lanyard::store::record::{ClientFilter, ClientNotices, ClientUse, Cursor, Enabled, Receipt};

use super::{Backend, World, both, places};

both!(
    what_lives_of_a_client_is_counted_and_nothing_else,
    notices_of_a_client_are_counted_for_a_day,
    what_no_database_can_hold_is_never_found,
);

async fn of(world: &World, client: &str) -> ClientUse {
    let id = ClientId::new(client);
    world.record.client_use(&id, world.now()).await.unwrap()
}

async fn what_lives_of_a_client_is_counted_and_nothing_else(on: Backend) {
    let world = World::peopled(on).await;
    assert_eq!(of(&world, "wiki").await, ClientUse::default());
    let mut sessions = Vec::new();
    for name in ["alice", "alice", "bob", "bob"] {
        let session = world.begin(name).await;
        world.join(&session, "shop").await;
        let sid = world.join(&session, "wiki").await;
        let mut grant = world.new_grant(&session, "wiki", &sid);
        grant.offline = true;
        let kept = world.record.insert_offline_grant(&grant).await;
        assert!(kept.unwrap());
        sessions.push(session);
    }
    let wiki = of(&world, "wiki").await;
    assert_eq!((wiki.sessions, wiki.people, wiki.offline), (4, 2, 4));
    let part = Selection::ClientInSession(sessions[0].id, ClientId::new("wiki"));
    world.end(part, Reason::Client).await;
    world
        .end(Selection::Session(sessions[1].id), Reason::User)
        .await;
    let wiki = of(&world, "wiki").await;
    assert_eq!((wiki.sessions, wiki.people), (2, 1));
    assert!(wiki.offline >= 2, "a sign-out leaves them");
    let shop = of(&world, "shop").await;
    assert_eq!((shop.sessions, shop.people, shop.offline), (3, 2, 0));
    // What ran out lives no more, though nothing has ended it yet.
    let later = world.now() + Duration::from_hours(24 * 365);
    let id = ClientId::new("wiki");
    let wiki = world.record.client_use(&id, later).await.unwrap();
    assert_eq!((wiki.sessions, wiki.people, wiki.offline), (0, 0, 0));
}

async fn notices_of_a_client_are_counted_for_a_day(on: Backend) {
    let world = World::peopled(on).await;
    for _ in 0..4 {
        let session = world.begin("alice").await;
        world.join(&session, "wiki").await;
        world.join(&session, "shop").await;
        world
            .end(Selection::Session(session.id), Reason::User)
            .await;
    }
    let now = world.pass(1);
    let until = now + Duration::from_secs(30);
    let leased = world.record.lease("me", now, places(50), until).await;
    let mut receipts = vec![
        Receipt::Delivered { status: 200 },
        Receipt::Refused { status: 400 },
        Receipt::GaveUp {
            status: None,
            problem: "gone".to_owned(),
        },
    ];
    for notice in leased.unwrap() {
        if notice.client.as_str() == "wiki"
            && let Some(receipt) = receipts.pop()
        {
            let settled = world.record.receipt(&notice.id, receipt, now).await;
            assert!(settled.unwrap());
        }
    }
    let expected = ClientNotices {
        owed: 1,
        delivered: 1,
        refused: 1,
        gave_up: 1,
    };
    assert_eq!(of(&world, "wiki").await.notices, expected);
    world.pass(24 * 3600);
    let expected = ClientNotices {
        owed: 1,
        ..ClientNotices::default()
    };
    assert_eq!(of(&world, "wiki").await.notices, expected);
    assert_eq!(of(&world, "shop").await.notices.owed, 4);
}

async fn what_no_database_can_hold_is_never_found(on: Backend) {
    let world = World::peopled(on).await;
    let filter = |search: &str, after| ClientFilter {
        search: Some(search.to_owned()),
        enabled: Enabled::Either,
        after,
        limit: 10,
    };
    let all = world.record.list_clients(&filter("", None)).await.unwrap();
    assert!(!all.rows.is_empty());
    // ["\u0000",""], as a link may hold it.
    let forged = Cursor::decode("WyJcdTAwMDAiLCIiXQ");
    assert!(forged.is_none());
    let question = filter("\0", None);
    let found = world.record.list_clients(&question).await.unwrap();
    assert!(found.rows.is_empty() && found.next.is_none());
}
