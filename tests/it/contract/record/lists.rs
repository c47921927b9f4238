//! Lists of sessions.

use std::time::Duration;

use lanyard::entropy::ClientId;
use lanyard::session::ending::{Reason, Selection};
use lanyard::store::record::{SessionFilter, SessionRow, reference};

use super::{Backend, World, both, client, user_id};

both!(
    filters_pick_and_the_newest_come_first,
    a_persons_own_list_leaves_out_what_ran_out,
    a_line_says_who_where_and_how_it_ended,
);

fn ids(rows: &[SessionRow]) -> Vec<String> {
    rows.iter().map(|row| row.reference.clone()).collect()
}

/// `[user, client]`, empty for any.
fn of(world: &World, [user, client]: [&str; 2], include_ended: bool, limit: i64) -> SessionFilter {
    SessionFilter {
        user: Some(user).filter(|user| !user.is_empty()).map(user_id),
        client: Some(client)
            .filter(|client| !client.is_empty())
            .map(ClientId::new),
        include_ended,
        limit,
        now: world.now(),
    }
}

async fn filters_pick_and_the_newest_come_first(on: Backend) {
    let world = World::peopled(on).await;
    let old = world.begin("alice").await;
    world.join(&old, "wiki").await;
    world.join(&old, "shop").await;
    world.pass(10);
    let young = world.begin("alice").await;
    world.join(&young, "wiki").await;
    world.pass(10);
    let bob = world.begin("bob").await;
    world.pass(10);
    let ended = world.begin("bob").await;
    world.join(&ended, "shop").await;
    world.end(Selection::Session(ended.id), Reason::Admin).await;
    let at_shop = Selection::ClientInSession(old.id, ClientId::new("shop"));
    world.end(at_shop, Reason::User).await;

    for (name, filter, expected) in [
        (
            "live",
            of(&world, ["", ""], false, 10),
            vec![&bob, &young, &old],
        ),
        (
            "all",
            of(&world, ["", ""], true, 10),
            vec![&ended, &bob, &young, &old],
        ),
        ("few", of(&world, ["", ""], true, 2), vec![&ended, &bob]),
        (
            "alice",
            of(&world, ["alice", ""], true, 10),
            vec![&young, &old],
        ),
        (
            "bob's live ones",
            of(&world, ["bob", ""], false, 10),
            vec![&bob],
        ),
        (
            "shop",
            of(&world, ["", "shop"], true, 10),
            vec![&ended, &old],
        ),
        (
            "alice at shop",
            of(&world, ["alice", "shop"], false, 10),
            vec![&old],
        ),
        ("bob at wiki", of(&world, ["bob", "wiki"], true, 10), vec![]),
    ] {
        let rows = world.record.list_sessions(&filter).await.unwrap();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|session| reference(session.id))
            .collect();
        assert_eq!(ids(&rows), expected, "{name}");
    }
}

async fn a_persons_own_list_leaves_out_what_ran_out(on: Backend) {
    let world = World::peopled(on).await;
    let old = world.begin("alice").await;
    world.pass(10);
    let young = world.begin("alice").await;
    world.begin("bob").await;
    for (later, expected) in [
        (0, vec![&young, &old]),
        (7_190, vec![&young]),
        (7_200, vec![]),
    ] {
        let at = young.began + Duration::from_secs(later);
        let rows = world
            .record
            .sessions_of(&user_id("alice"), at)
            .await
            .unwrap();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|session| reference(session.id))
            .collect();
        assert_eq!(ids(&rows), expected, "{later}");
    }
}

async fn a_line_says_who_where_and_how_it_ended(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let wiki = world.join(&session, "wiki").await;
    world.pass(1);
    let gone = client("gone", None);
    world.record.insert_client(&gone).await.unwrap();
    world.join(&session, "gone").await;
    world.lose_client("gone").await;
    world
        .end(
            Selection::ClientInSession(session.id, ClientId::new("wiki")),
            Reason::User,
        )
        .await;
    let before = world.record.calls();
    let rows = world
        .record
        .sessions_of(&user_id("alice"), world.now())
        .await
        .unwrap();
    assert_eq!(world.record.calls() - before, 1);
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(
        (row.username.as_str(), row.display_name.as_str()),
        ("alice", "alice Example")
    );
    assert_eq!(row.session.id, session.id);
    assert_eq!((row.ended, row.reason), (None, None));
    let [first, second] = &row.participants[..] else {
        panic!("{row:?}")
    };
    assert_eq!(
        (first.client_name.as_str(), first.ended.is_some()),
        ("The wiki", true)
    );
    assert_eq!(first.participant.sid, wiki);
    assert_eq!(
        (second.client_name.as_str(), second.ended.is_some()),
        ("gone", false)
    );
}
