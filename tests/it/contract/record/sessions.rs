//! Sessions: begin, join, renew, touch, load, run out.

use std::time::Duration;

use lanyard::entropy::{ClientId, Secret, SessionId, Sid};
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::{Join, Joining, LeftPart, Renewed, SignIn, reference};

use super::{Backend, World, both, user_id};

both!(
    a_disabled_person_and_a_stranger_are_refused,
    a_session_loads_as_it_was_written,
    a_client_joins_once_and_keeps_its_sid,
    a_client_that_somebody_signed_out_joins_only_after_the_person_was_asked,
    a_client_that_left_comes_back_under_a_new_sid_but_not_into_an_ended_session,
    a_renewal_changes_the_secret_of_a_live_session_only,
    activity_moves_forward_and_never_wakes_an_ended_session,
    the_sweeper_finds_what_ran_out_and_gives_idle_ones_slack,
);

async fn a_disabled_person_and_a_stranger_are_refused(on: Backend) {
    let world = World::peopled(on).await;
    assert!(
        world
            .record
            .set_enabled(&user_id("alice"), false, &Actor::System)
            .await
            .unwrap()
            .is_done()
    );
    assert!(
        !world
            .record
            .set_enabled(&user_id("nobody"), false, &Actor::System)
            .await
            .unwrap()
            .is_done()
    );
    for name in ["alice", "nobody"] {
        let session = world.new_session(name);
        assert_eq!(
            world.record.begin_session(&session).await.unwrap(),
            SignIn::Refused,
            "{name}"
        );
        assert!(
            world
                .record
                .load_session(session.id)
                .await
                .unwrap()
                .is_none()
        );
    }
    world
        .record
        .set_enabled(&user_id("alice"), true, &Actor::System)
        .await
        .unwrap();
    world.begin("alice").await;
}

async fn a_session_loads_as_it_was_written(on: Backend) {
    let world = World::peopled(on).await;
    let mut session = world.new_session("alice");
    session.previous_secret = Some((Secret::random(&world.entropy).hash(), world.now()));
    session.remembered = true;
    world.record.append_distrust(world.now()).await.unwrap();
    let begun = world.record.begin_session(&session).await.unwrap();
    assert_eq!(
        begun,
        SignIn::Begun {
            position: 1,
            over: vec![]
        }
    );

    let snapshot = world
        .record
        .load_session(session.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(snapshot.session, session);
    assert_eq!((snapshot.ended, snapshot.position), (None, 1));
    assert!(snapshot.participants.is_empty() && snapshot.grants.is_empty());

    let name = reference(session.id);
    for typed in [name.clone(), name.to_lowercase(), format!(" {name} ")] {
        let found = world.record.session_by_reference(&typed).await.unwrap();
        assert_eq!(found, Some(session.id), "{typed}");
    }
    assert_eq!(
        world
            .record
            .session_by_reference("AAAA-AAAA-AAAA")
            .await
            .unwrap(),
        None
    );
}

async fn join(world: &World, session: SessionId, sid: &str) -> Join {
    let wiki = ClientId::new("wiki");
    world
        .record
        .join(super::joining(session, &wiki, Sid::new(sid), world.now()))
        .await
        .unwrap()
}

async fn a_client_joins_once_and_keeps_its_sid(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let first = Sid::new("first");
    let joined = join(&world, session.id, "first").await;
    assert!(
        matches!(&joined, Join::Joined(member, 0) if member.sid == first),
        "{joined:?}"
    );
    let later = world.pass(30);
    let again = join(&world, session.id, "second").await;
    assert!(
        matches!(&again, Join::Existing(member, 0) if member.sid == first),
        "{again:?}"
    );

    let owner = world.record.session_of_sid(&first).await.unwrap();
    assert_eq!(owner, Some((session.id, ClientId::new("wiki"), false)));
    assert_eq!(
        world
            .record
            .session_of_sid(&Sid::new("second"))
            .await
            .unwrap(),
        None
    );
    let snapshot = world
        .record
        .load_session(session.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(snapshot.session.last_seen, later, "a join is activity");
}

async fn a_client_that_left_comes_back_under_a_new_sid_but_not_into_an_ended_session(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    join(&world, session.id, "first").await;
    let selection = Selection::ClientInSession(session.id, ClientId::new("wiki"));
    world.end(selection, Reason::Disabled).await;
    let (first, second) = (Sid::new("first"), Sid::new("second"));
    let snapshot = world.record.load_session(session.id).await.unwrap();
    assert_eq!(
        snapshot.unwrap().ended_participants,
        [(ClientId::new("wiki"), first.clone())]
    );
    let rejoined = join(&world, session.id, "second").await;
    assert!(
        matches!(&rejoined, Join::Joined(member, 1) if member.sid == second),
        "{rejoined:?}"
    );
    let owner = world.record.session_of_sid(&first).await.unwrap();
    assert_eq!(owner, Some((session.id, ClientId::new("wiki"), true)));

    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    assert_eq!(join(&world, session.id, "third").await, Join::Ended);
    let unknown = SessionId::random(&world.entropy);
    assert_eq!(join(&world, unknown, "third").await, Join::Ended);
}

async fn a_client_that_somebody_signed_out_joins_only_after_the_person_was_asked(on: Backend) {
    let world = World::peopled(on).await;
    let (session, wiki) = (world.begin("alice").await, ClientId::new("wiki"));
    let other = world.begin("alice").await;
    let part = Selection::ClientInSession(session.id, wiki.clone());
    let of_person = Selection::ClientOfPerson(session.user.clone(), wiki.clone());
    let left = || world.record.left_part(session.id, &wiki);
    let asked = |sid: &str| {
        let (sid, now) = (Sid::new(sid), world.now());
        let plain = super::joining(session.id, &wiki, sid, now);
        world.record.join(Joining {
            asked: true,
            ..plain
        })
    };
    assert_eq!(left().await.unwrap(), None, "it never was there");
    join(&world, session.id, "first").await;
    let ways = [
        (&part, Reason::User),
        (&part, Reason::Admin),
        (&part, Reason::Client),
        (&of_person, Reason::User),
        (&of_person, Reason::Admin),
    ];
    for (number, (selection, reason)) in ways.into_iter().enumerate() {
        let at = world.pass(1);
        world.end(selection.clone(), reason).await;
        let expected = LeftPart { at, reason };
        assert_eq!(left().await.unwrap(), Some(expected));
        for _ in 0..2 {
            let silent = join(&world, session.id, "silent").await;
            assert_eq!(silent, Join::MustAsk, "{reason:?}");
        }
        // Of another session nothing is known, nor of another client.
        let elsewhere = join(&world, other.id, &format!("elsewhere{number}")).await;
        let fits = matches!(elsewhere, Join::Joined(..) | Join::Existing(..));
        assert!(fits || matches!(selection, Selection::ClientOfPerson(..)));
        world.join(&session, "shop").await;
        world.pass(1);
        let back = asked(&format!("back{number}")).await.unwrap();
        assert!(matches!(back, Join::Joined(..)), "{back:?}");
        // It is there: that it once was signed out is over.
        let again = join(&world, session.id, "silent").await;
        assert!(matches!(again, Join::Existing(..)), "{again:?}");
        assert_eq!(left().await.unwrap(), None);
    }
    // What nobody meant as "sign out of this app" keeps no app from coming back.
    for (number, reason) in [Reason::Disabled, Reason::Policy].into_iter().enumerate() {
        world.pass(1);
        world.end(part.clone(), reason).await;
        let silent = join(&world, session.id, &format!("silent{number}")).await;
        assert!(matches!(silent, Join::Joined(..)), "{reason:?} {silent:?}");
    }
}

async fn a_renewal_changes_the_secret_of_a_live_session_only(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let now = world.pass(100);
    let renewed = session
        .clone()
        .reauthenticated(Secret::random(&world.entropy).hash(), now);
    let done = world.record.renew_session(&renewed, None).await.unwrap();
    assert_eq!(done, Renewed::Renewed { position: 0 });
    let snapshot = world
        .record
        .load_session(session.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(snapshot.session, renewed);

    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    assert_eq!(
        world.record.renew_session(&session, None).await.unwrap(),
        Renewed::Ended
    );
    let snapshot = world
        .record
        .load_session(session.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(snapshot.session, renewed);
    assert_eq!(snapshot.ended, Some((now, Reason::User)));
}

async fn activity_moves_forward_and_never_wakes_an_ended_session(on: Backend) {
    let world = World::peopled(on).await;
    let (live, ended) = (world.begin("alice").await, world.begin("bob").await);
    let began = world.now();
    world.end(Selection::Session(ended.id), Reason::User).await;
    let later = world.pass(600);
    world
        .record
        .touch(&[(live.id, later), (ended.id, later)])
        .await
        .unwrap();
    world.record.touch(&[(live.id, began)]).await.unwrap();
    world.record.touch(&[]).await.unwrap();
    let seen = |id| {
        let record = world.record.clone();
        async move {
            record
                .load_session(id)
                .await
                .unwrap()
                .unwrap()
                .session
                .last_seen
        }
    };
    assert_eq!(seen(live.id).await, later);
    assert_eq!(seen(ended.id).await, began);
}

async fn the_sweeper_finds_what_ran_out_and_gives_idle_ones_slack(on: Backend) {
    let world = World::peopled(on).await;
    let idle = world.begin("alice").await;
    let busy = world.begin("alice").await;
    let slack = Duration::from_mins(20);
    let expired = |now| {
        let record = world.record.clone();
        async move { record.expired(now, slack, 10).await.unwrap() }
    };
    for (secs, reason) in [(7_200, None), (8_399, None), (8_400, Some(Reason::Idle))] {
        let now = world.now() + Duration::from_secs(secs);
        world.record.touch(&[(busy.id, now)]).await.unwrap();
        let found: Vec<_> = reason.map(|reason| (idle.id, reason)).into_iter().collect();
        assert_eq!(expired(now).await, found, "{secs}");
    }
    let over = world.now() + Duration::from_hours(12);
    world
        .record
        .touch(&[(busy.id, over - Duration::from_secs(1))])
        .await
        .unwrap();
    // The idle one has the nearer deadline still.
    let both = vec![(idle.id, Reason::Lifetime), (busy.id, Reason::Lifetime)];
    assert_eq!(expired(over).await, both);
    world
        .end(Selection::Session(idle.id), Reason::Lifetime)
        .await;
    assert_eq!(expired(over).await, vec![(busy.id, Reason::Lifetime)]);
}
