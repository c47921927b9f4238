//! People, clients, consents, small facts.

use lanyard::entropy::{ClientId, SecretHash};
use lanyard::identity::user::LoginKey;
use lanyard::protocol::client::RegisteredBy;
use lanyard::store::record::{ClientCreation, UserCreation};

use super::{Backend, START, World, both, client, user, user_id};

both!(
    names_are_unique_over_usernames_and_email_addresses,
    a_person_is_found_by_either_name,
    a_password_is_replaced_only_if_it_is_the_one_expected,
    clients_go_round_and_an_upsert_overwrites,
    consent_adds_up,
    facts_are_kept,
);

async fn names_are_unique_over_usernames_and_email_addresses(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    assert_eq!(
        record.insert_user(&user("alice")).await.unwrap(),
        UserCreation::Created
    );

    let mut same_name = user("alice");
    same_name.id = user_id("other");
    same_name.profile.email = Some("fresh@example.com".to_owned());
    let mut same_email = user("carol");
    same_email.profile.email = Some("ALICE@example.com".to_owned());
    let mut email_as_name = user("dave");
    email_as_name.username = "Alice@Example.com".to_owned();
    let mut name_as_email = user("erin");
    name_as_email.profile.email = Some(" ＡLICE ".to_owned());
    for taken in [
        same_name,
        same_email,
        email_as_name,
        name_as_email,
        user("alice"),
    ] {
        assert_eq!(
            record.insert_user(&taken).await.unwrap(),
            UserCreation::NameTaken,
            "{taken:?}"
        );
    }

    // What was refused left nothing behind.
    assert_eq!(record.users(10).await.unwrap(), vec![user("alice")]);
    assert!(
        record
            .user_by_login(&LoginKey::new("fresh@example.com"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        record
            .user_by_login(&LoginKey::new("erin"))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        record.insert_user(&user("carol")).await.unwrap(),
        UserCreation::Created
    );
}

async fn a_person_is_found_by_either_name(on: Backend) {
    let world = World::peopled(on).await;
    for typed in ["alice", "ALICE", "Alice@example.com"] {
        let found = world
            .record
            .user_by_login(&LoginKey::new(typed))
            .await
            .unwrap();
        assert_eq!(found, Some(user("alice")), "{typed}");
    }
    assert_eq!(
        world.record.user(&user_id("bob")).await.unwrap(),
        Some(user("bob"))
    );
    assert_eq!(world.record.user(&user_id("nobody")).await.unwrap(), None);

    let mut bare = user("frank");
    bare.username = "Frank@example.com".to_owned();
    bare.password = None;
    bare.admin = true;
    assert_eq!(
        world.record.insert_user(&bare).await.unwrap(),
        UserCreation::Created
    );
    assert_eq!(world.record.user(&bare.id).await.unwrap(), Some(bare));
}

async fn a_password_is_replaced_only_if_it_is_the_one_expected(on: Backend) {
    let world = World::peopled(on).await;
    let (record, alice) = (&world.record, user_id("alice"));
    assert!(
        !record
            .replace_password(&alice, "$argon2id$wrong", "$new")
            .await
            .unwrap()
    );
    assert!(
        record
            .replace_password(&alice, "$argon2id$old", "$new")
            .await
            .unwrap()
    );
    assert!(
        !record
            .replace_password(&alice, "$argon2id$old", "$newer")
            .await
            .unwrap()
    );
    let stored = record.user(&alice).await.unwrap().unwrap();
    assert_eq!(stored.password.as_deref(), Some("$new"));
    assert!(
        !record
            .replace_password(&user_id("nobody"), "", "")
            .await
            .unwrap()
    );
}

async fn clients_go_round_and_an_upsert_overwrites(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    let mut wiki = client("wiki", Some("https://wiki.example/bc"));
    assert_eq!(
        record.insert_client(&wiki).await.unwrap(),
        ClientCreation::Created
    );
    assert_eq!(
        record.insert_client(&wiki).await.unwrap(),
        ClientCreation::IdTaken
    );
    assert_eq!(
        record.client(&wiki.client_id).await.unwrap(),
        Some(wiki.clone())
    );

    wiki.client_name = "Another name".to_owned();
    wiki.secret_hash = Some(SecretHash::of_text("changed"));
    wiki.enabled = false;
    wiki.registered_by = RegisteredBy::Itself;
    record.upsert_client(&wiki).await.unwrap();
    let mut public = client("public", None);
    public.secret_hash = None;
    record.upsert_client(&public).await.unwrap();
    assert_eq!(record.clients().await.unwrap(), vec![wiki, public]);
    assert_eq!(record.client(&ClientId::new("none")).await.unwrap(), None);
}

async fn consent_adds_up(on: Backend) {
    let world = World::peopled(on).await;
    let (record, alice, wiki) = (&world.record, user_id("alice"), ClientId::new("wiki"));
    let scopes = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(record.consent(&alice, &wiki).await.unwrap(), None);
    record
        .save_consent(&alice, &wiki, &scopes(&["openid"]), world.now())
        .await
        .unwrap();
    let later = world.pass(60);
    record
        .save_consent(&alice, &wiki, &scopes(&["email", "openid"]), later)
        .await
        .unwrap();

    let consent = record.consent(&alice, &wiki).await.unwrap().unwrap();
    assert_eq!(consent.scopes, scopes(&["openid", "email"]));
    assert_eq!((consent.granted, consent.updated), (START, later));

    let gone = ClientId::new("zgone");
    record
        .save_consent(&alice, &gone, &scopes(&["openid"]), later)
        .await
        .unwrap();
    let rows = record.consents_of(&alice).await.unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.client_name.as_str()).collect();
    assert_eq!(names, ["The wiki", "zgone"]);
    assert!(
        record
            .consents_of(&user_id("bob"))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn facts_are_kept(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    assert_eq!(record.meta("instance").await.unwrap(), None);
    assert_eq!(record.meta_or_insert("instance", "a").await.unwrap(), "a");
    assert_eq!(record.meta_or_insert("instance", "b").await.unwrap(), "a");
    record.set_meta("instance", "c").await.unwrap();
    assert_eq!(record.meta("instance").await.unwrap().as_deref(), Some("c"));
}
