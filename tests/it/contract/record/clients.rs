//! What administrators do with clients.

use std::sync::LazyLock;
use std::time::Duration;

use lanyard::entropy::{ClientId, SecretHash};
use lanyard::protocol::client::{AuthMethod, KeptSecret, RegisteredBy, SealedSecret};
use lanyard::session::ending::Actor;
use lanyard::store::record::{
    AuditFilter, ClientChange, ClientCreation, ClientFilter, Cursor, Enabled,
};

use super::{Backend, World, both, client, user_id};

both!(
    an_edit_needs_the_version_that_it_began_from,
    a_rotation_keeps_the_secret_before_for_a_while,
    who_signs_with_its_secret_has_it_sealed,
    only_a_disabled_client_of_which_nothing_lives_is_deleted,
    what_the_file_declares_is_changed_there,
    clients_come_in_pages_by_name,
    each_change_to_a_client_says_who_made_it,
);

const ROOT: Actor = Actor::CommandLine;

static WIKI: LazyLock<ClientId> = LazyLock::new(|| ClientId::new("wiki"));

async fn an_edit_needs_the_version_that_it_began_from(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    let row = record.client_row(&WIKI).await.unwrap().unwrap();
    assert_eq!((row.created, row.updated), (world.now(), world.now()));
    let mut edited = row.client.clone();
    edited.client_name = "Notes".to_owned();
    edited.backchannel_logout_uri = None;
    // Not an edit's to say.
    edited.enabled = false;
    edited.registered_by = RegisteredBy::Itself;
    let done = record
        .update_client(&edited, row.updated, &ROOT)
        .await
        .unwrap();
    let ClientChange::Done(version) = done else {
        panic!("{done:?}")
    };
    assert!(version > row.updated);
    let again = record
        .update_client(&edited, row.updated, &ROOT)
        .await
        .unwrap();
    assert_eq!(again, ClientChange::Outdated);
    let stored = record.client_row(&WIKI).await.unwrap().unwrap();
    assert_eq!(stored.updated, version);
    assert_eq!(stored.created, row.created);
    assert_eq!(stored.client.client_name, "Notes");
    assert_eq!(stored.client.backchannel_logout_uri, None);
    assert!(stored.client.enabled);
    assert_eq!(stored.client.registered_by, RegisteredBy::Administrator);
    let nobody = client("nobody", None);
    let done = record.update_client(&nobody, version, &ROOT).await.unwrap();
    assert_eq!(done, ClientChange::NotFound);
    // A rotation is a change too: an edit must not bring the old secret back.
    let rotated = record.rotate_client_secret(&WIKI, kept("b"), Duration::ZERO, &ROOT);
    assert!(matches!(rotated.await.unwrap(), ClientChange::Done(_)));
    let late = record.update_client(&stored.client, version, &ROOT).await;
    assert_eq!(late.unwrap(), ClientChange::Outdated);
}

fn hash(secret: &str) -> SecretHash {
    SecretHash::of_text(secret)
}

/// As of a client that sends its secret.
fn kept(secret: &str) -> KeptSecret {
    KeptSecret {
        hash: hash(secret),
        sealed: None,
    }
}

fn sealed(secret: &str) -> KeptSecret {
    KeptSecret {
        sealed: Some(seal(secret)),
        ..kept(secret)
    }
}

fn seal(secret: &str) -> SealedSecret {
    SealedSecret::new(format!("sealed {secret}").into_bytes())
}

async fn a_rotation_keeps_the_secret_before_for_a_while(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    let day = Duration::from_hours(24);
    let rotate = |secret, overlap| async move {
        let done = record
            .rotate_client_secret(&WIKI, kept(secret), overlap, &ROOT)
            .await;
        assert!(matches!(done.unwrap(), ClientChange::Done(_)));
        record.client(&WIKI).await.unwrap().unwrap()
    };
    let first = rotate("second", day).await;
    assert_eq!(first.secret_hash, Some(hash("second")));
    let previous = first.previous_secret.unwrap();
    assert_eq!(previous.hash, hash("secret"));
    assert_eq!(previous.expires, world.now() + day);
    let second = rotate("third", day).await;
    assert_eq!(second.previous_secret.unwrap().hash, hash("second"));
    let third = rotate("fourth", Duration::ZERO).await;
    assert_eq!(third.previous_secret, None);

    let mut public = client("public", None);
    public.token_endpoint_auth_method = AuthMethod::None;
    public.secret_hash = None;
    record.insert_client(&public).await.unwrap();
    let id = ClientId::new("public");
    let done = record
        .rotate_client_secret(&id, kept("x"), day, &ROOT)
        .await;
    assert_eq!(done.unwrap(), ClientChange::NoSecret);
}

async fn who_signs_with_its_secret_has_it_sealed(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    let mut signer = client("wiki", None);
    signer.token_endpoint_auth_method = AuthMethod::ClientSecretJwt;
    signer.keep_secret(sealed("first"));
    record.insert_client(&signer).await.unwrap();
    let stored = || async { record.client(&WIKI).await.unwrap().unwrap() };
    assert_eq!(stored().await, signer);
    let day = Duration::from_hours(24);
    let rotate = |secret| record.rotate_client_secret(&WIKI, secret, day, &ROOT);
    assert_eq!(
        rotate(kept("second")).await.unwrap(),
        ClientChange::Outdated,
        "it would have none to sign with"
    );
    let done = rotate(sealed("second")).await.unwrap();
    assert!(matches!(done, ClientChange::Done(_)));
    let after = stored().await;
    assert_eq!(after.secret_hash, Some(hash("second")));
    assert_eq!(after.sealed_secret, Some(seal("second")));
    let previous = after.previous_secret.unwrap();
    assert_eq!(previous.hash, hash("first"));
    assert_eq!(previous.sealed, Some(seal("first")));

    // Of one that sends its secret, no seal is kept.
    record.insert_client(&client("notes", None)).await.unwrap();
    let notes = ClientId::new("notes");
    let rotated = record.rotate_client_secret(&notes, sealed("x"), day, &ROOT);
    rotated.await.unwrap();
    let notes = record.client(&notes).await.unwrap().unwrap();
    assert_eq!(notes.secret_hash, Some(hash("x")));
    assert_eq!(notes.sealed_secret, None);
}

async fn only_a_disabled_client_of_which_nothing_lives_is_deleted(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    let session = world.begin("alice").await;
    world.join(&session, "wiki").await;
    let alice = user_id("alice");
    let openid = ["openid".to_owned()];
    let saved = record.save_consent(&alice, &WIKI, &openid, world.now());
    saved.await.unwrap();
    let delete = || async { record.delete_client(&WIKI, &ROOT).await.unwrap() };
    assert_eq!(delete().await, ClientChange::StillInUse);
    record
        .set_client_enabled(&WIKI, false, &ROOT)
        .await
        .unwrap();
    assert_eq!(delete().await, ClientChange::StillInUse);
    let selection = lanyard::session::ending::Selection::Session(session.id);
    let ended = world
        .end(selection, lanyard::session::ending::Reason::User)
        .await;
    assert_eq!(ended.notices, 1);
    assert!(matches!(delete().await, ClientChange::Done(_)));
    assert_eq!(delete().await, ClientChange::NotFound);
    assert_eq!(record.client(&WIKI).await.unwrap(), None);
    assert_eq!(record.consent(&alice, &WIKI).await.unwrap(), None);
    let due = "SELECT COUNT(*) FROM notices WHERE state = 'due'";
    assert_eq!(world.count(due).await, 0, "nobody is left to tell");
    // What was, can be read; and the id may be given again.
    assert_eq!(record.participants_of(session.id).await.unwrap().len(), 1);
    let made = record.insert_client(&client("wiki", None)).await.unwrap();
    assert_eq!(made, ClientCreation::Created);
}

async fn what_the_file_declares_is_changed_there(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    let mut declared = client("wiki", None);
    declared.registered_by = RegisteredBy::File;
    record.upsert_client(&declared).await.unwrap();
    let version = record.client_row(&WIKI).await.unwrap().unwrap().updated;
    let file = ClientChange::DeclaredInFile;
    let done = record.update_client(&declared, version, &ROOT).await;
    assert_eq!(done.unwrap(), file);
    for enabled in [true, false] {
        let done = record.set_client_enabled(&WIKI, enabled, &ROOT).await;
        assert_eq!(done.unwrap(), file);
    }
    let done = record.rotate_client_secret(&WIKI, kept("x"), Duration::ZERO, &ROOT);
    assert_eq!(done.await.unwrap(), file);
    assert_eq!(record.delete_client(&WIKI, &ROOT).await.unwrap(), file);
    assert_eq!(record.client(&WIKI).await.unwrap(), Some(declared.clone()));
    // One that was withdrawn from the file is disabled, and may go.
    declared.enabled = false;
    record.upsert_client(&declared).await.unwrap();
    let done = record.delete_client(&WIKI, &ROOT).await.unwrap();
    assert!(matches!(done, ClientChange::Done(_)));
}

async fn clients_come_in_pages_by_name(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    for (id, name) in [
        ("a", "delta"),
        ("b", "Alpha"),
        ("c", "charlie"),
        ("d", "Bravo 50%"),
    ] {
        let mut one = client(id, None);
        one.client_name = name.to_owned();
        record.insert_client(&one).await.unwrap();
    }
    let off = ClientId::new("c");
    record.set_client_enabled(&off, false, &ROOT).await.unwrap();
    let mut filter = ClientFilter {
        search: None,
        enabled: Enabled::Either,
        after: None,
        limit: 3,
    };
    let first = record.list_clients(&filter).await.unwrap();
    let names = |page: &lanyard::store::record::ClientPage| {
        let names = page.rows.iter().map(|row| row.client.client_name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&first), ["Alpha", "Bravo 50%", "charlie"]);
    filter.after = Cursor::decode(&first.next.unwrap().encode());
    let second = record.list_clients(&filter).await.unwrap();
    assert_eq!(names(&second), ["delta"]);
    assert_eq!(second.next, None);
    filter.after = None;
    for (typed, found) in [
        ("L", &["Alpha", "charlie", "delta"][..]),
        ("0%", &["Bravo 50%"]),
        ("d", &["Bravo 50%", "delta"]),
    ] {
        filter.search = Some(typed.to_owned());
        assert_eq!(
            names(&record.list_clients(&filter).await.unwrap()),
            found,
            "{typed}"
        );
    }
    filter.search = None;
    filter.enabled = Enabled::No;
    assert_eq!(
        names(&record.list_clients(&filter).await.unwrap()),
        ["charlie"]
    );
}

async fn each_change_to_a_client_says_who_made_it(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    let new = client("wiki", None);
    record.create_client(&new, &ROOT).await.unwrap();
    assert_eq!(
        record.create_client(&new, &ROOT).await.unwrap(),
        ClientCreation::IdTaken
    );
    let version = record.client_row(&WIKI).await.unwrap().unwrap().updated;
    record.update_client(&new, version, &ROOT).await.unwrap();
    record.update_client(&new, version, &ROOT).await.unwrap();
    let hour = Duration::from_hours(1);
    let rotated = record.rotate_client_secret(&WIKI, kept("x"), hour, &ROOT);
    rotated.await.unwrap();
    for enabled in [false, false, true, false] {
        let set = record.set_client_enabled(&WIKI, enabled, &ROOT).await;
        set.unwrap();
    }
    record.delete_client(&WIKI, &ROOT).await.unwrap();
    let page = record
        .list_audit(&AuditFilter::default(), 100)
        .await
        .unwrap();
    let said: Vec<_> = page
        .rows
        .iter()
        .rev()
        .map(|(_, line)| {
            assert_eq!(
                (line.actor.as_str(), line.target.as_str()),
                ("command_line", "client:wiki")
            );
            line.action.as_str()
        })
        .collect();
    let expected = [
        "client.create",
        "client.update",
        "client.rotate_secret",
        "client.disable",
        "client.enable",
        "client.disable",
        "client.delete",
    ];
    assert_eq!(said, expected);
    assert_eq!(record.changes_head().await.unwrap(), 7);
}
