//! The end of all that a client has, batch by batch; and the clients of the configuration file.

use std::collections::HashSet;
use std::time::Duration;

use lanyard::entropy::{ClientId, SecretHash, Sid};
use lanyard::protocol::client::{Client, RegisteredBy};
use lanyard::session::ending::{Actor, Reason, Selection, Verb};
use lanyard::session::session::Session;
use lanyard::store::record::{AuditFilter, Declaration, EndKind, Ended, Join};

use super::{Backend, World, both, client, joining, user_id};

both!(
    all_of_a_client_ends_and_is_reported,
    what_is_not_of_the_client_goes_on,
    a_logout_of_a_client_leaves_offline_access,
    more_than_one_batch_ends_at_once,
    a_disabled_client_joins_nothing,
    a_join_and_a_disabling_cannot_pass_each_other,
    what_the_file_says_is_so,
    a_client_of_another_origin_is_not_overwritten,
);

async fn end_client(world: &World, id: &str, verb: Verb) -> Ended {
    let selection = Selection::Client(ClientId::new(id));
    let (now, actor) = (world.now(), Actor::CommandLine);
    let ended = world
        .record
        .end(&selection, Reason::Disabled, verb, &actor, now);
    ended.await.unwrap()
}

async fn offline(world: &World, session: &Session, client: &str, sid: &Sid) {
    let mut grant = world.new_grant(session, client, sid);
    grant.offline = true;
    assert!(world.record.insert_offline_grant(&grant).await.unwrap());
}

/// Sessions of alice and bob, in both of which wiki and shop take part and may come offline; and
/// the names that wiki has for them.
async fn two_sessions(world: &World) -> ([Session; 2], HashSet<Sid>) {
    let both = [world.begin("alice").await, world.begin("bob").await];
    let mut sids = HashSet::new();
    for session in &both {
        let sid = world.join(session, "wiki").await;
        offline(world, session, "wiki", &sid).await;
        sids.insert(sid);
        let elsewhere = world.join(session, "shop").await;
        offline(world, session, "shop", &elsewhere).await;
    }
    (both, sids)
}

async fn all_of_a_client_ends_and_is_reported(on: Backend) {
    let world = World::peopled(on).await;
    let (_, sids) = two_sessions(&world).await;
    let head = world.record.ends_head().await.unwrap();
    let ended = end_client(&world, "wiki", Verb::Revoke).await;
    assert_eq!((ended.notices, ended.fresh), (2, 0));
    let reported: HashSet<Sid> = ended
        .sessions
        .iter()
        .flat_map(|session| &session.participants)
        .map(|(client, sid)| {
            assert_eq!(client.as_str(), "wiki");
            sid.clone()
        })
        .collect();
    assert_eq!(reported, sids);
    assert_eq!(ended.grants.len(), 2);
    let log = world.record.ends_since(head, 10).await.unwrap();
    assert_eq!(ended.position, log.last().map(|entry| entry.position));
    let count = |kind: fn(&EndKind) -> bool| log.iter().filter(|entry| kind(&entry.kind)).count();
    assert_eq!(count(|kind| matches!(kind, EndKind::Participant(..))), 2);
    assert_eq!(count(|kind| matches!(kind, EndKind::Grant(..))), 2);

    let again = end_client(&world, "wiki", Verb::Revoke).await;
    assert_eq!(again, Ended::default());
    let by_client = AuditFilter {
        action: Some("client.end_parts".to_owned()),
        ..AuditFilter::default()
    };
    let lines = world.record.list_audit(&by_client, 10).await.unwrap().rows;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].1.target, "wiki");
    assert_eq!(lines[0].1.reason.as_deref(), Some("disabled"));
}

async fn what_is_not_of_the_client_goes_on(on: Backend) {
    let world = World::peopled(on).await;
    let (both, sids) = two_sessions(&world).await;
    let bound = world.new_grant(&both[0], "wiki", sids.iter().next().unwrap());
    end_client(&world, "wiki", Verb::Revoke).await;
    for session in &both {
        let snapshot = world
            .record
            .load_session(session.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(snapshot.ended, None, "the session goes on");
        let live: Vec<_> = snapshot
            .participants
            .iter()
            .map(|part| part.client.as_str())
            .collect();
        assert_eq!(live, ["shop"]);
    }
    let left = world
        .record
        .offline_grants_of(&user_id("alice"))
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].client.as_str(), "shop");
    // A flush that comes late revives nothing.
    world.record.save_grants(&[bound]).await.unwrap();
    let alive = "SELECT COUNT(*) FROM grants WHERE client_id = 'wiki' AND ended_at IS NULL";
    assert_eq!(world.count(alive).await, 0);
    let with_sub = "SELECT COUNT(*) FROM notices WHERE include_sub = 1";
    assert_eq!(world.count(with_sub).await, 0, "their other apps live on");
}

async fn a_logout_of_a_client_leaves_offline_access(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let sid = world.join(&session, "wiki").await;
    offline(&world, &session, "wiki", &sid).await;
    let ended = end_client(&world, "wiki", Verb::Logout).await;
    assert_eq!((ended.sessions.len(), ended.grants.len()), (1, 0));
    let ended = end_client(&world, "wiki", Verb::Revoke).await;
    assert_eq!((ended.sessions.len(), ended.grants.len()), (0, 1));
    assert!(ended.position.is_some());
}

async fn more_than_one_batch_ends_at_once(on: Backend) {
    let world = World::peopled(on).await;
    for _ in 0..260 {
        let session = world.begin("alice").await;
        world.join(&session, "wiki").await;
    }
    let ended = end_client(&world, "wiki", Verb::Revoke).await;
    assert_eq!((ended.sessions.len(), ended.notices), (260, 260));
}

async fn a_disabled_client_joins_nothing(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let wiki = ClientId::new("wiki");
    let set = |enabled| {
        world
            .record
            .set_client_enabled(&wiki, enabled, &Actor::System)
    };
    set(false).await.unwrap();
    let join = |client: &'static str| {
        let sid = Sid::random(&world.entropy);
        let joining = joining(session.id, &ClientId::new(client), sid, world.now());
        world.record.join(joining)
    };
    assert_eq!(join("wiki").await.unwrap(), Join::NoClient);
    assert_eq!(join("unheard of").await.unwrap(), Join::NoClient);
    set(true).await.unwrap();
    assert!(matches!(join("wiki").await.unwrap(), Join::Joined(..)));
}

async fn a_join_and_a_disabling_cannot_pass_each_other(on: Backend) {
    let world = World::peopled(on).await;
    let other = world.again().await;
    let wiki = ClientId::new("wiki");
    let actor = Actor::System;
    for _ in 0..10 {
        let session = world.begin("alice").await;
        let sid = Sid::random(&world.entropy);
        let joining = joining(session.id, &wiki, sid, world.now());
        let leave = async {
            other
                .set_client_enabled(&wiki, false, &actor)
                .await
                .unwrap();
            let selection = Selection::Client(wiki.clone());
            let (reason, verb) = (Reason::Disabled, Verb::Revoke);
            let ended = other.end(&selection, reason, verb, &actor, world.now());
            ended.await.unwrap();
        };
        let (joined, ()) = tokio::join!(world.record.join(joining), leave);
        joined.unwrap();
        let alive = "SELECT COUNT(*) FROM participants WHERE ended_at IS NULL";
        assert_eq!(world.count(alive).await, 0, "whoever was first");
        other.set_client_enabled(&wiki, true, &actor).await.unwrap();
    }
}

fn declared(id: &str) -> Client {
    let mut client = client(id, None);
    client.registered_by = RegisteredBy::File;
    client
}

async fn what_the_file_says_is_so(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    let first = [declared("wiki"), declared("shop")];
    let done = |changed, withdrawn: &[&str]| Declaration::Done {
        changed,
        withdrawn: withdrawn.iter().copied().map(ClientId::new).collect(),
    };
    assert_eq!(
        record.declare_clients(&first).await.unwrap(),
        done(true, &[])
    );
    assert_eq!(
        record.declare_clients(&first).await.unwrap(),
        done(false, &[])
    );
    let mut changed = declared("wiki");
    changed.client_name = "Notes".to_owned();
    changed.secret_hash = Some(SecretHash::of_text("another"));
    world.pass(60);
    let now = record.declare_clients(std::slice::from_ref(&changed)).await;
    assert_eq!(now.unwrap(), done(true, &["shop"]));
    let wiki = record
        .client_row(&changed.client_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(wiki.client, changed);
    assert!(wiki.created < wiki.updated);
    let shop = record
        .client(&ClientId::new("shop"))
        .await
        .unwrap()
        .unwrap();
    assert!(!shop.enabled);
    assert_eq!(shop.registered_by, RegisteredBy::File);
    let again = record.declare_clients(&[changed]).await.unwrap();
    assert_eq!(again, done(false, &["shop"]));
    // Declared again, it is back.
    record.declare_clients(&first).await.unwrap();
    let shop = record.client(&ClientId::new("shop")).await.unwrap();
    let mut shop = shop.unwrap();
    // What it held for itself before stays dead.
    assert_eq!(shop.enabled_since.take(), Some(world.now()));
    assert_eq!(shop, declared("shop"));

    let lines = record
        .list_audit(&AuditFilter::default(), 100)
        .await
        .unwrap()
        .rows;
    let said: Vec<_> = lines
        .iter()
        .map(|(_, line)| (line.action.as_str(), line.target.as_str()))
        .collect();
    assert_eq!(said.len(), 6);
    assert!(
        said.contains(&("client.withdraw", "client:shop")),
        "{said:?}"
    );
    assert_eq!(record.changes_head().await.unwrap(), 6);
}

async fn a_client_of_another_origin_is_not_overwritten(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    let both = [declared("alpha"), declared("wiki")];
    let done = record.declare_clients(&both).await.unwrap();
    assert_eq!(done, Declaration::Taken(vec![ClientId::new("wiki")]));
    let alpha = record.client(&ClientId::new("alpha")).await.unwrap();
    assert_eq!(alpha, None, "all or nothing");
    let wiki = record
        .client(&ClientId::new("wiki"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(wiki, client("wiki", Some("https://wiki.example/bc")));
    // Two starts at once.
    let other = world.again().await;
    let one = [declared("beta"), declared("gamma")];
    for _ in 0..5 {
        let (left, right) = tokio::join!(record.declare_clients(&one), other.declare_clients(&one));
        for done in [left, right] {
            assert!(matches!(done.unwrap(), Declaration::Done { .. }));
        }
        world.clock.advance(Duration::from_secs(1));
    }
}
