//! Grants: what a late flush may and may not do.

use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::session::grant::{Grant, Place};

use super::{Backend, World, both, user_id};

both!(
    a_family_only_moves_forward,
    live_grants_come_back_with_their_session_oldest_first,
    a_late_flush_revives_nothing,
    a_part_that_is_over_gets_no_new_grants,
    offline_grants_demand_an_enabled_person_and_a_live_part,
    what_gave_way_is_over_and_no_flush_brings_it_back,
    an_offline_grant_that_ended_before_it_came_does_not_come,
);

fn moved(grant: &Grant, generation: i64, sequence: u64) -> Grant {
    Grant {
        place: Place {
            generation,
            sequence,
        },
        ..grant.clone()
    }
}

async fn a_family_only_moves_forward(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let sid = world.join(&session, "wiki").await;
    let grant = moved(&world.new_grant(&session, "wiki", &sid), 5, 7);
    for (flushed, kept) in [
        ((5, 7), (5, 7)),
        ((5, 8), (5, 8)),
        ((5, 6), (5, 8)),
        ((4, 99), (5, 8)),
        ((9, 1), (9, 1)),
        ((5, 100), (9, 1)),
    ] {
        world
            .record
            .save_grants(&[moved(&grant, flushed.0, flushed.1)])
            .await
            .unwrap();
        let (stored, ended) = world.record.grant(&grant.id).await.unwrap().unwrap();
        assert_eq!(
            (stored.place.generation, stored.place.sequence),
            kept,
            "{flushed:?}"
        );
        assert!(!ended);
    }
}

async fn live_grants_come_back_with_their_session_oldest_first(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let (wiki, shop) = (
        world.join(&session, "wiki").await,
        world.join(&session, "shop").await,
    );
    let old = world.new_grant(&session, "wiki", &wiki);
    world.pass(10);
    let (young, other) = (
        world.new_grant(&session, "wiki", &wiki),
        world.new_grant(&session, "shop", &shop),
    );
    let offline = Grant {
        offline: true,
        ..world.new_grant(&session, "wiki", &wiki)
    };
    world
        .record
        .save_grants(&[young.clone(), other.clone(), old.clone()])
        .await
        .unwrap();
    assert!(world.record.insert_offline_grant(&offline).await.unwrap());

    let snapshot = world
        .record
        .load_session(session.id)
        .await
        .unwrap()
        .unwrap();
    let own = |client: &str| {
        let members = &snapshot.participants;
        members
            .iter()
            .find(|member| member.client.as_str() == client)
            .unwrap()
            .grants
            .clone()
    };
    assert_eq!(own("wiki"), [old.id, young.id]);
    assert_eq!(own("shop"), [other.id]);
    assert_eq!(
        snapshot.grants.len(),
        3,
        "offline grants have a place of their own"
    );
    assert_eq!(snapshot.grants[0], old);
}

async fn a_late_flush_revives_nothing(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let sid = world.join(&session, "wiki").await;
    let known = world.new_grant(&session, "wiki", &sid);
    let unknown = world.new_grant(&session, "wiki", &sid);
    let bystander = world.new_grant(&session, "wiki", &sid);
    world
        .record
        .save_grants(std::slice::from_ref(&known))
        .await
        .unwrap();
    for grant in [&known, &unknown] {
        let ended = world
            .end(Selection::Grant(grant.id, session.id), Reason::Reuse)
            .await;
        assert!(ended.position.is_some());
        assert_eq!(ended.grants, [(grant.id, session.id)]);
        let again = world
            .end(Selection::Grant(grant.id, session.id), Reason::Reuse)
            .await;
        assert_eq!(again.position, None, "already over");
        assert_eq!(again.grants, [(grant.id, session.id)], "reported again");
    }
    let late = [
        moved(&known, 9, 9),
        moved(&unknown, 9, 9),
        bystander.clone(),
    ];
    world.record.save_grants(&late).await.unwrap();
    assert!(world.record.grant(&known.id).await.unwrap().unwrap().1);
    assert!(world.record.grant(&unknown.id).await.unwrap().is_none());
    for grant in [&known, &unknown] {
        assert!(world.record.grant_ended(&grant.id).await.unwrap());
    }
    assert!(!world.record.grant_ended(&bystander.id).await.unwrap());
    let snapshot = world
        .record
        .load_session(session.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        snapshot.participants[0].grants,
        [bystander.id],
        "the session goes on"
    );
}

async fn a_part_that_is_over_gets_no_new_grants(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let sid = world.join(&session, "wiki").await;
    let known = world.new_grant(&session, "wiki", &sid);
    world
        .record
        .save_grants(std::slice::from_ref(&known))
        .await
        .unwrap();
    let selection = Selection::ClientInSession(session.id, known.client.clone());
    world.end(selection, Reason::User).await;
    let late = world.new_grant(&session, "wiki", &sid);
    world
        .record
        .save_grants(&[late.clone(), known.clone()])
        .await
        .unwrap();
    assert!(world.record.grant(&late.id).await.unwrap().is_none());
    assert!(world.record.grant(&known.id).await.unwrap().unwrap().1);
}

async fn offline_grants_demand_an_enabled_person_and_a_live_part(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let sid = world.join(&session, "wiki").await;
    let grant = Grant {
        offline: true,
        ..world.new_grant(&session, "wiki", &sid)
    };
    world
        .record
        .set_enabled(&user_id("alice"), false, &Actor::System)
        .await
        .unwrap();
    assert!(!world.record.insert_offline_grant(&grant).await.unwrap());
    world
        .record
        .set_enabled(&user_id("alice"), true, &Actor::System)
        .await
        .unwrap();
    assert!(world.record.insert_offline_grant(&grant).await.unwrap());
    assert!(
        !world.record.insert_offline_grant(&grant).await.unwrap(),
        "once"
    );

    world
        .record
        .save_grants(&[moved(&grant, 1, 4)])
        .await
        .unwrap();
    world
        .record
        .save_grants(&[moved(&grant, 1, 3)])
        .await
        .unwrap();
    let listed = world.record.offline_grants_of(&grant.user).await.unwrap();
    assert_eq!(listed, [moved(&grant, 1, 4)]);

    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    let (_, ended) = world.record.grant(&grant.id).await.unwrap().unwrap();
    assert!(
        !ended,
        "a logout leaves it alone (Back-Channel Logout 1.0, 2.7)"
    );
    let late = Grant {
        offline: true,
        ..world.new_grant(&session, "wiki", &sid)
    };
    assert!(
        !world.record.insert_offline_grant(&late).await.unwrap(),
        "its part is over"
    );
    // One that has no row is not made by a flush.
    world
        .record
        .save_grants(std::slice::from_ref(&late))
        .await
        .unwrap();
    assert!(world.record.grant(&late.id).await.unwrap().is_none());
}

async fn what_gave_way_is_over_and_no_flush_brings_it_back(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let sid = world.join(&session, "wiki").await;
    let [old, kept] = [(); 2].map(|()| world.new_grant(&session, "wiki", &sid));
    let both = [old.clone(), kept.clone()];
    world.record.save_grants(&both).await.unwrap();
    let gone = [(old.id, world.now())];
    world.record.end_displaced(&gone).await.unwrap();
    world.record.save_grants(&both).await.unwrap();

    let snapshot = world.record.load_session(session.id).await.unwrap();
    assert_eq!(snapshot.unwrap().grants, [kept]);
    let (_, ended) = world.record.grant(&old.id).await.unwrap().unwrap();
    assert!(ended);
}

async fn an_offline_grant_that_ended_before_it_came_does_not_come(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let sid = world.join(&session, "wiki").await;
    let grant = Grant {
        offline: true,
        ..world.new_grant(&session, "wiki", &sid)
    };
    // The code was used twice, and the second use was judged before the first was written down.
    let selection = Selection::Grant(grant.id, session.id);
    world.end(selection, Reason::Reuse).await;
    assert!(!world.record.insert_offline_grant(&grant).await.unwrap());
    let listed = world.record.offline_grants_of(&grant.user).await.unwrap();
    assert_eq!(listed, []);
}
