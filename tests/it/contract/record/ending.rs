//! Every selection, once and again.

use lanyard::entropy::ClientId;
use lanyard::protocol::client::Client;
use lanyard::session::ending::{Actor, Reason, Selection, Verb};
use lanyard::session::grant::Grant;
use lanyard::session::session::Session;
use lanyard::store::record::{EndKind, Ended};

use super::{Backend, World, both, client, user_id};

both!(
    a_session_ends_once_and_tells_those_who_can_be_told_once,
    an_idle_end_is_told_to_those_who_want_to_hear_of_it,
    one_client_leaves_and_the_session_goes_on,
    a_person_leaves_everywhere_but_perhaps_here,
    a_person_withdraws_from_one_client,
    a_revocation_ends_offline_grants_and_says_so,
    the_audit_says_who_and_why,
    thousands_of_sessions_lose_an_app_in_several_transactions,
    what_had_its_tombstone_is_not_reported_again,
);

/// Sessions that one transaction ends.
const AT_ONCE: usize = 500;

fn parts(ended: &Ended) -> Vec<&str> {
    let parts = ended
        .sessions
        .iter()
        .flat_map(|session| &session.participants);
    let mut clients: Vec<_> = parts.map(|(client, _)| client.as_str()).collect();
    clients.sort_unstable();
    clients
}

async fn kinds_since(world: &World, position: i64) -> Vec<EndKind> {
    let entries = world.record.ends_since(position, 100).await.unwrap();
    entries.into_iter().map(|entry| entry.kind).collect()
}

async fn ended(world: &World, session: &Session) -> bool {
    world
        .record
        .load_session(session.id)
        .await
        .unwrap()
        .unwrap()
        .ended
        .is_some()
}

async fn a_session_ends_once_and_tells_those_who_can_be_told_once(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let gone = client("gone", Some("https://gone.example/bc"));
    world.record.insert_client(&gone).await.unwrap();
    for client in ["wiki", "shop", "blog", "gone"] {
        world.join(&session, client).await;
    }
    world.lose_client("gone").await;
    let first = world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    assert_eq!(first.notices, 2, "wiki and shop have addresses");
    assert_eq!(first.position, Some(1));
    assert_eq!(first.sessions.len(), 1);
    assert_eq!(first.sessions[0].user, user_id("alice"));
    assert_eq!(parts(&first), ["blog", "gone", "shop", "wiki"]);

    world.pass(5);
    let second = world
        .end(Selection::Session(session.id), Reason::Admin)
        .await;
    assert_eq!((first.fresh, second.fresh), (1, 0));
    assert_eq!((second.notices, second.position), (0, None));
    assert_eq!(
        second.sessions, first.sessions,
        "so that the tombstone can be repeated"
    );
    assert_eq!(world.count("SELECT COUNT(*) FROM notices").await, 2);
    assert_eq!(world.count("SELECT COUNT(*) FROM ends").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM audit").await, 1);

    let snapshot = world
        .record
        .load_session(session.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        snapshot.ended.unwrap().1,
        Reason::User,
        "the first reason stays"
    );
    assert!(snapshot.participants.is_empty());
    let nothing = world
        .end(
            Selection::Session(world.new_session("alice").id),
            Reason::User,
        )
        .await;
    assert_eq!(nothing, Ended::default());
}

async fn an_idle_end_is_told_to_those_who_want_to_hear_of_it(on: Backend) {
    let world = World::peopled(on).await;
    let quiet = Client {
        notify_on_idle: false,
        ..client("quiet", Some("https://quiet.example/bc"))
    };
    world.record.insert_client(&quiet).await.unwrap();
    let stored = world.record.client(&quiet.client_id).await.unwrap();
    assert_eq!(stored, Some(quiet.clone()));
    for reason in Reason::ALL {
        let session = world.begin("alice").await;
        world.join(&session, "quiet").await;
        world.join(&session, "wiki").await;
        let ended = world.end(Selection::Session(session.id), reason).await;
        let expected = if reason == Reason::Idle { 1 } else { 2 };
        assert_eq!(ended.notices, expected, "{reason:?}");
    }
    // It is the setting at the end that counts, however it was changed.
    let loud = Client {
        notify_on_idle: true,
        ..quiet
    };
    world.record.upsert_client(&loud).await.unwrap();
    let session = world.begin("alice").await;
    world.join(&session, "quiet").await;
    let ended = world.end(Selection::Session(session.id), Reason::Idle);
    assert_eq!(ended.await.notices, 1);
}

async fn one_client_leaves_and_the_session_goes_on(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let (wiki, _) = (
        world.join(&session, "wiki").await,
        world.join(&session, "shop").await,
    );
    let selection = Selection::ClientInSession(session.id, ClientId::new("wiki"));
    let first = world.end(selection.clone(), Reason::Client).await;
    assert_eq!((first.notices, first.position), (1, Some(1)));
    assert_eq!(parts(&first), ["wiki"]);
    assert_eq!(
        kinds_since(&world, 0).await,
        [EndKind::Participant(session.id, wiki)]
    );
    assert!(!ended(&world, &session).await);

    let again = world.end(selection, Reason::Client).await;
    assert_eq!((again.notices, again.position), (0, None));
    assert_eq!(again.sessions, first.sessions);

    let all = world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    assert_eq!(all.notices, 1, "wiki was told before");
    let stranger = Selection::ClientInSession(session.id, ClientId::new("never"));
    assert_eq!(world.end(stranger, Reason::User).await, Ended::default());
    let nameless = Selection::ClientInSession(session.id, ClientId::new(""));
    assert_eq!(world.end(nameless, Reason::User).await, Ended::default());
}

async fn a_person_leaves_everywhere_but_perhaps_here(on: Backend) {
    let world = World::peopled(on).await;
    let here = world.begin("alice").await;
    let others = [world.begin("alice").await, world.begin("alice").await];
    let bob = world.begin("bob").await;
    for session in others.iter().chain([&here, &bob]) {
        world.join(session, "wiki").await;
    }
    let but_here = Selection::Person {
        user: user_id("alice"),
        except: Some(here.id),
    };
    let first = world.end(but_here.clone(), Reason::CredentialChange).await;
    assert_eq!(
        (first.sessions.len(), first.notices, first.position),
        (2, 2, Some(2))
    );
    assert!(!ended(&world, &here).await && !ended(&world, &bob).await);
    assert_eq!(world.count("SELECT SUM(include_sub) FROM notices").await, 0);

    let everywhere = Selection::Person {
        user: user_id("alice"),
        except: None,
    };
    let second = world.end(everywhere.clone(), Reason::Admin).await;
    assert_eq!((second.notices, second.position), (1, Some(3)));
    assert_eq!(second.sessions.len(), 3, "earlier ends are reported again");
    assert_eq!(world.count("SELECT SUM(include_sub) FROM notices").await, 1);
    assert!(!ended(&world, &bob).await);

    // Long after, there is no hot copy left that a tombstone could be for.
    world.pass(50_000);
    assert_eq!(world.end(everywhere, Reason::Admin).await, Ended::default());
}

async fn a_person_withdraws_from_one_client(on: Backend) {
    let world = World::peopled(on).await;
    let (alice, wiki) = (user_id("alice"), ClientId::new("wiki"));
    let (one, two) = (world.begin("alice").await, world.begin("alice").await);
    let bob = world.begin("bob").await;
    let sid = world.join(&one, "wiki").await;
    for (session, client) in [(&one, "shop"), (&two, "wiki"), (&bob, "wiki")] {
        world.join(session, client).await;
    }
    let bound = world.new_grant(&one, "wiki", &sid);
    let offline = Grant {
        offline: true,
        ..world.new_grant(&one, "wiki", &sid)
    };
    world
        .record
        .save_grants(std::slice::from_ref(&bound))
        .await
        .unwrap();
    world.record.insert_offline_grant(&offline).await.unwrap();
    world
        .record
        .save_consent(&alice, &wiki, &["openid".to_owned()], world.now())
        .await
        .unwrap();

    let selection = Selection::ClientOfPerson(alice.clone(), wiki.clone());
    let verb = Verb::Logout;
    let actor = Actor::Person(alice.clone());
    let ended = world
        .record
        .end(&selection, Reason::User, verb, &actor, world.now())
        .await
        .unwrap();
    assert_eq!(
        (ended.sessions.len(), ended.notices, ended.position),
        (2, 2, Some(3))
    );
    assert_eq!(parts(&ended), ["wiki", "wiki"]);
    assert_eq!(ended.grants.len(), 2, "offline grants too");
    assert_eq!(world.record.consent(&alice, &wiki).await.unwrap(), None);
    assert!(
        kinds_since(&world, 0)
            .await
            .contains(&EndKind::Grant(offline.id, one.id))
    );
    let left = world.record.load_session(one.id).await.unwrap().unwrap();
    assert_eq!(left.participants.len(), 1, "shop stays");
    let other = world.record.load_session(bob.id).await.unwrap().unwrap();
    assert_eq!(other.participants.len(), 1, "bob stays");
    let again = world
        .record
        .end(&selection, Reason::User, verb, &actor, world.now())
        .await
        .unwrap();
    assert_eq!((again.sessions, again.position), (ended.sessions, None));
}

async fn a_revocation_ends_offline_grants_and_says_so(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let sid = world.join(&session, "wiki").await;
    let offline = Grant {
        offline: true,
        ..world.new_grant(&session, "wiki", &sid)
    };
    world.record.insert_offline_grant(&offline).await.unwrap();
    let logout = world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    assert_eq!(logout.grants, []);
    let revoked = world
        .end(Selection::Session(session.id), Reason::Admin)
        .await;
    assert_eq!(revoked.grants, [(offline.id, session.id)]);
    assert_eq!((revoked.notices, revoked.position), (0, Some(2)));
    let kinds = kinds_since(&world, 1).await;
    assert_eq!(kinds, [EndKind::Grant(offline.id, session.id)]);
    assert!(world.record.grant(&offline.id).await.unwrap().unwrap().1);
    assert!(
        world
            .record
            .offline_grants_of(&user_id("alice"))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn the_audit_says_who_and_why(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let actor = Actor::Person(user_id("bob"));
    let selection = Selection::Session(session.id);
    world
        .record
        .end(&selection, Reason::Admin, Verb::Revoke, &actor, world.now())
        .await
        .unwrap();
    let lines = world.record.recent_audit(10).await.unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].actor, "person:u_bob");
    assert_eq!(lines[0].action, "session.end");
    assert_eq!(lines[0].reason.as_deref(), Some("admin"));
    assert_eq!(
        lines[0].session,
        Some(lanyard::store::record::reference(session.id))
    );
}

async fn thousands_of_sessions_lose_an_app_in_several_transactions(on: Backend) {
    let world = World::peopled(on).await;
    let first = world.begin("alice").await;
    world.join(&first, "wiki").await;
    world.copies(&first, 2 * AT_ONCE + 9).await;
    let all = 2 * AT_ONCE + 10;
    let withdrawn = Selection::ClientOfPerson(user_id("alice"), ClientId::new("wiki"));
    let ended = world.end(withdrawn, Reason::User).await;
    assert_eq!((ended.sessions.len(), ended.fresh), (all, 0));
    let all = i64::try_from(all).unwrap();
    assert_eq!(i64::try_from(ended.notices).unwrap(), all);
    assert_eq!(ended.position, Some(all));
    assert_eq!(world.count("SELECT COUNT(*) FROM ends").await, all);
    let parts = "SELECT COUNT(*) FROM participants WHERE ended_at IS NULL";
    assert_eq!(world.count(parts).await, 0);
    let live = "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL";
    assert_eq!(world.count(live).await, all, "they go on");
    let told = "SELECT SUM(include_sub) FROM notices";
    assert_eq!(world.count(told).await, 0);
    assert_eq!(world.count("SELECT COUNT(*) FROM audit").await, 3);
}

async fn what_had_its_tombstone_is_not_reported_again(on: Backend) {
    let world = World::peopled(on).await;
    let person = Selection::Person {
        user: user_id("alice"),
        except: None,
    };
    let first = world.begin("alice").await;
    world.join(&first, "wiki").await;
    world.end(person.clone(), Reason::Admin).await;
    world.pass(3_599);
    let second = world.begin("alice").await;
    world.join(&second, "wiki").await;
    let ended = world.end(person.clone(), Reason::Admin).await;
    assert_eq!((ended.sessions.len(), ended.fresh), (2, 1));
    let wiki = Selection::ClientOfPerson(user_id("alice"), ClientId::new("wiki"));
    assert_eq!(parts(&world.end(wiki.clone(), Reason::User).await).len(), 2);
    world.pass(2);
    let ended = world.end(person, Reason::Admin).await;
    let ids: Vec<_> = ended.sessions.iter().map(|session| session.id).collect();
    assert_eq!(
        ids,
        [second.id],
        "the first has not run out, but had its hour"
    );
    assert_eq!(parts(&world.end(wiki, Reason::User).await).len(), 1);
    let one = world.end(Selection::Session(first.id), Reason::User).await;
    assert_eq!(one.sessions.len(), 1, "who asks for one is told of it");
}
