//! What administrators do with people.

use std::collections::HashSet;
use std::time::Duration;

use lanyard::entropy::{ClientId, UserId};
use lanyard::identity::user::{LoginKey, User};
use lanyard::session::ending::Actor;
use lanyard::store::record::{
    AuditFilter, ChangeKind, Cursor, Enabled, PersonChange, PersonEdit, PersonUpdate, Record,
    Renewed, SignIn, UserCreation, UserFilter,
};

use super::{Backend, World, both, user, user_id};

both!(
    an_edit_moves_names_and_frees_the_old_ones,
    two_edits_cannot_overwrite_each_other_unseen,
    an_edit_that_takes_anothers_name_changes_nothing,
    the_last_administrator_stays,
    nobody_can_be_changed,
    the_audit_comes_in_pages,
    two_administrators_cannot_both_leave_at_once,
    a_password_of_another_is_temporary_until_its_owner_changes_it,
    a_session_rests_on_the_password_that_was_proved,
    a_deleted_person_leaves_an_empty_row_and_free_names,
    people_come_in_pages_by_username,
    people_are_found_by_a_part_of_what_they_are_called,
    each_change_says_who_made_it_and_what_to_read_again,
);

const ROOT: Actor = Actor::CommandLine;

fn edit(of: &User, change: impl FnOnce(&mut PersonEdit)) -> PersonEdit {
    let mut edit = PersonEdit {
        id: of.id.clone(),
        version: of.updated,
        username: of.username.clone(),
        profile: of.profile.clone(),
    };
    change(&mut edit);
    edit
}

async fn by_login(world: &World, name: &str) -> Option<UserId> {
    let found = world.record.user_by_login(&LoginKey::new(name)).await;
    found.unwrap().map(|person| person.id)
}

async fn an_edit_moves_names_and_frees_the_old_ones(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    world.pass(60);
    let change = edit(&user("alice"), |edit| {
        edit.username = "Alicia".to_owned();
        edit.profile.email = Some("alicia@example.org".to_owned());
        edit.profile.given_name = Some("Alicia".to_owned());
    });
    let done = record.update_user(&change, &ROOT).await.unwrap();
    assert_eq!(done, PersonUpdate::Done(world.now()));
    let stored = record.user(&user_id("alice")).await.unwrap().unwrap();
    assert_eq!(stored.username, "Alicia");
    assert_eq!(stored.profile, change.profile);
    assert_eq!(stored.updated, world.now());
    assert_eq!(stored.password, user("alice").password, "left alone");
    for (name, found) in [
        ("alicia", true),
        ("ALICIA@example.org", true),
        ("alice", false),
        ("alice@example.com", false),
    ] {
        assert_eq!(by_login(&world, name).await.is_some(), found, "{name}");
    }
    // What is free is for others, and a name may become the address of the same person.
    let mut other = user("carol");
    other.username = "alice".to_owned();
    assert_eq!(
        record.insert_user(&other).await.unwrap(),
        UserCreation::Created
    );
    let swapped = edit(&stored, |edit| {
        edit.username = "alicia@example.org".to_owned();
        edit.profile.email = None;
    });
    let done = record.update_user(&swapped, &ROOT).await.unwrap();
    assert!(matches!(done, PersonUpdate::Done(_)), "{done:?}");
    assert_eq!(by_login(&world, "alicia").await, None);
    assert_eq!(
        by_login(&world, "alicia@example.org").await,
        Some(user_id("alice"))
    );
}

async fn two_edits_cannot_overwrite_each_other_unseen(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    let name = |name: &str| {
        let name = Some(name.to_owned());
        edit(&user("alice"), |edit| edit.profile.name = name)
    };
    let first = record.update_user(&name("First"), &ROOT).await.unwrap();
    // Within one millisecond, by a clock that stands still.
    let PersonUpdate::Done(version) = first else {
        panic!("{first:?}")
    };
    assert!(version > user("alice").updated);
    let second = record.update_user(&name("Second"), &ROOT).await.unwrap();
    assert_eq!(second, PersonUpdate::Outdated);
    let stored = record.user(&user_id("alice")).await.unwrap().unwrap();
    assert_eq!(stored.profile.name.as_deref(), Some("First"));
    let nobody = edit(&user("nobody"), |_| ());
    let done = record.update_user(&nobody, &ROOT).await.unwrap();
    assert_eq!(done, PersonUpdate::NotFound);
}

async fn an_edit_that_takes_anothers_name_changes_nothing(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    let mut carol = user("carol");
    carol.profile.email = Some("aaa@example.com".to_owned());
    record.insert_user(&carol).await.unwrap();
    for (username, email, refused) in [
        ("BOB", "new@example.com", PersonUpdate::UsernameTaken),
        (
            "Bob@Example.com",
            "new@example.com",
            PersonUpdate::UsernameTaken,
        ),
        ("fresh", "bob@EXAMPLE.com", PersonUpdate::EmailTaken),
        ("fresh", "bob", PersonUpdate::EmailTaken),
        // The first name in order is free and taken before the second turns out not to be.
        ("0fresh", "aaa@example.com", PersonUpdate::EmailTaken),
    ] {
        let change = edit(&user("alice"), |edit| {
            edit.username = username.to_owned();
            edit.profile.email = Some(email.to_owned());
        });
        let done = record.update_user(&change, &ROOT).await.unwrap();
        assert_eq!(done, refused, "{username} {email}");
    }
    assert_eq!(
        record.user(&user_id("alice")).await.unwrap(),
        Some(user("alice"))
    );
    for free in ["fresh", "0fresh", "new@example.com"] {
        assert_eq!(by_login(&world, free).await, None, "{free}");
    }
    assert_eq!(by_login(&world, "alice").await, Some(user_id("alice")));
}

async fn the_last_administrator_stays(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    let (alice, bob) = (user_id("alice"), user_id("bob"));
    assert!(
        record
            .set_admin(&alice, true, &ROOT)
            .await
            .unwrap()
            .is_done()
    );
    let last = PersonChange::LastAdministrator;
    assert_eq!(record.set_admin(&alice, false, &ROOT).await.unwrap(), last);
    assert_eq!(
        record.set_enabled(&alice, false, &ROOT).await.unwrap(),
        last
    );
    assert_eq!(record.delete_user(&alice, &ROOT).await.unwrap(), last);
    let stored = record.user(&alice).await.unwrap().unwrap();
    assert!(stored.admin && stored.enabled);

    // A disabled administrator does not count.
    record.set_admin(&bob, true, &ROOT).await.unwrap();
    assert!(
        record
            .set_enabled(&bob, false, &ROOT)
            .await
            .unwrap()
            .is_done()
    );
    assert_eq!(record.set_admin(&alice, false, &ROOT).await.unwrap(), last);
    assert!(
        record
            .set_admin(&bob, false, &ROOT)
            .await
            .unwrap()
            .is_done()
    );
    record.set_admin(&bob, true, &ROOT).await.unwrap();
    record.set_enabled(&bob, true, &ROOT).await.unwrap();
    assert!(
        record
            .set_admin(&alice, false, &ROOT)
            .await
            .unwrap()
            .is_done()
    );
    // Said again, it is as was asked.
    assert!(
        record
            .set_admin(&alice, false, &ROOT)
            .await
            .unwrap()
            .is_done()
    );
    assert_eq!(record.delete_user(&bob, &ROOT).await.unwrap(), last);
    assert!(record.delete_user(&alice, &ROOT).await.unwrap().is_done());
}

async fn nobody_can_be_changed(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    let (alice, nobody) = (user_id("alice"), user_id("nobody"));
    record.delete_user(&alice, &ROOT).await.unwrap();
    for gone in [&alice, &nobody] {
        let missing = PersonChange::NotFound;
        assert_eq!(record.set_admin(gone, true, &ROOT).await.unwrap(), missing);
        assert_eq!(
            record.set_enabled(gone, true, &ROOT).await.unwrap(),
            missing
        );
        assert_eq!(record.delete_user(gone, &ROOT).await.unwrap(), missing);
        let set = record.set_password(gone, "$new", false, &ROOT).await;
        assert_eq!(set.unwrap(), missing);
    }
}

async fn two_administrators_cannot_both_leave_at_once(on: Backend) {
    let world = World::peopled(on).await;
    let (alice, bob) = (user_id("alice"), user_id("bob"));
    let other = world.again().await;
    for _ in 0..10 {
        for id in [&alice, &bob] {
            world.record.set_admin(id, true, &ROOT).await.unwrap();
            world.record.set_enabled(id, true, &ROOT).await.unwrap();
        }
        let (one, two) = tokio::join!(
            world.record.set_admin(&alice, false, &ROOT),
            other.set_enabled(&bob, false, &ROOT),
        );
        let outcomes: HashSet<bool> = [one.unwrap().is_done(), two.unwrap().is_done()].into();
        assert_eq!(outcomes.len(), 2, "one leaves, the other stays");
    }
}

async fn a_password_of_another_is_temporary_until_its_owner_changes_it(on: Backend) {
    let world = World::peopled(on).await;
    let (record, alice) = (&world.record, user_id("alice"));
    let stored = || async { record.user(&alice).await.unwrap().unwrap() };
    assert!(!stored().await.must_change_password);
    let set = record.set_password(&alice, "$temporary", true, &ROOT);
    assert!(set.await.unwrap().is_done());
    let now = stored().await;
    assert!(now.must_change_password);
    assert_eq!(now.password.as_deref(), Some("$temporary"));
    // A rehash is no change.
    assert!(
        record
            .replace_password(&alice, "$temporary", "$re")
            .await
            .unwrap()
    );
    assert!(stored().await.must_change_password);
    assert!(
        !record
            .change_password(&alice, "$other", "$own")
            .await
            .unwrap()
    );
    assert!(record.change_password(&alice, "$re", "$own").await.unwrap());
    let now = stored().await;
    assert!(!now.must_change_password);
    assert_eq!(now.password.as_deref(), Some("$own"));
    record
        .set_password(&alice, "$t", true, &ROOT)
        .await
        .unwrap();
    record
        .set_password(&alice, "$p", false, &ROOT)
        .await
        .unwrap();
    assert!(!stored().await.must_change_password);
    record.set_enabled(&alice, false, &ROOT).await.unwrap();
    assert!(!record.change_password(&alice, "$p", "$q").await.unwrap());
}

async fn a_session_rests_on_the_password_that_was_proved(on: Backend) {
    let world = World::peopled(on).await;
    let (record, alice) = (&world.record, user_id("alice"));
    let begin = |proved: &'static str| {
        let session = world.new_session("alice");
        async move {
            let begun = record.begin_session_within(&session, Some(proved), None);
            matches!(begun.await.unwrap(), SignIn::Begun { .. })
        }
    };
    let live = world.begin("alice").await;
    let renew = |proved: &'static str| {
        let live = live.clone();
        async move {
            let renewed = record.renew_session(&live, Some(proved)).await;
            matches!(renewed.unwrap(), Renewed::Renewed { .. })
        }
    };
    let set = |hash: &'static str, temporary| {
        let alice = alice.clone();
        async move {
            let set = record.set_password(&alice, hash, temporary, &ROOT);
            assert!(set.await.unwrap().is_done());
        }
    };
    set("$one", false).await;
    assert!(begin("$one").await && renew("$one").await);
    set("$two", false).await;
    assert!(
        !begin("$one").await && !renew("$one").await,
        "it was changed"
    );
    assert!(begin("$two").await && renew("$two").await);
    set("$three", true).await;
    assert!(
        !begin("$three").await && !renew("$three").await,
        "a temporary one"
    );
    assert!(
        record
            .change_password(&alice, "$three", "$own")
            .await
            .unwrap()
    );
    assert!(begin("$own").await);
    record.set_enabled(&alice, false, &ROOT).await.unwrap();
    assert!(!begin("$own").await && !renew("$own").await);
}

async fn a_deleted_person_leaves_an_empty_row_and_free_names(on: Backend) {
    let world = World::peopled(on).await;
    let (record, alice) = (&world.record, user_id("alice"));
    let session = world.begin("alice").await;
    world.join(&session, "wiki").await;
    let openid = ["openid".to_owned()];
    let wiki = ClientId::new("wiki");
    let saved = record.save_consent(&alice, &wiki, &openid, world.now());
    saved.await.unwrap();
    assert!(record.delete_user(&alice, &ROOT).await.unwrap().is_done());

    assert_eq!(record.user(&alice).await.unwrap(), None);
    assert_eq!(by_login(&world, "alice").await, None);
    assert_eq!(record.consent(&alice, &wiki).await.unwrap(), None);
    let left = "SELECT COUNT(*) FROM users WHERE id = 'u_alice' AND (username LIKE '%alice%' \
         OR profile LIKE '%lice%' OR search LIKE '%alice%' OR username_key <> '' \
         OR password IS NOT NULL)";
    assert_eq!(world.count(left).await, 0);
    // Their sessions can be read and ended, and none can begin.
    let rows = record.sessions_of(&alice, world.now()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].username, "(deleted)");
    let again = record.begin_session(&world.new_session("alice")).await;
    assert_eq!(again.unwrap(), SignIn::Refused);
    let mut grant = world.new_grant(&session, "wiki", &rows[0].participants[0].participant.sid);
    grant.offline = true;
    assert!(!record.insert_offline_grant(&grant).await.unwrap());
    // The names are free, the id is not.
    let mut successor = user("alice");
    assert_eq!(
        record.insert_user(&successor).await.unwrap(),
        UserCreation::NameTaken
    );
    successor.id = user_id("alice2");
    assert_eq!(
        record.insert_user(&successor).await.unwrap(),
        UserCreation::Created
    );
    let listed: Vec<_> = record.users(10).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|person| person.id.as_str()).collect();
    assert_eq!(ids, ["u_alice2", "u_bob"]);
}

fn filter(limit: u32) -> UserFilter {
    UserFilter {
        search: None,
        enabled: Enabled::Either,
        admins_only: false,
        after: None,
        limit,
    }
}

async fn names(record: &Record, filter: &UserFilter) -> Vec<String> {
    let page = record.list_users(filter).await.unwrap();
    let names = page.rows.into_iter().map(|row| row.user.username);
    names.collect()
}

async fn people_come_in_pages_by_username(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    for name in ["dora", "Berta", "anna", "Emil", "carl"] {
        record.insert_user(&user(name)).await.unwrap();
    }
    let mut all = Vec::new();
    let mut page = filter(2);
    let mut sizes = Vec::new();
    loop {
        let found = record.list_users(&page).await.unwrap();
        sizes.push(found.rows.len());
        all.extend(found.rows.into_iter().map(|row| row.user.username));
        let Some(next) = found.next else { break };
        page.after = Cursor::decode(&next.encode());
    }
    assert_eq!(all, ["anna", "Berta", "carl", "dora", "Emil"]);
    assert_eq!(sizes, [2, 2, 1]);
    let whole = record.list_users(&filter(5)).await.unwrap();
    assert_eq!((whole.rows.len(), whole.next), (5, None));

    record
        .set_enabled(&user_id("carl"), false, &ROOT)
        .await
        .unwrap();
    record
        .set_admin(&user_id("anna"), true, &ROOT)
        .await
        .unwrap();
    world.pass(60);
    world.begin("dora").await;
    let mut only = filter(10);
    only.enabled = Enabled::No;
    assert_eq!(names(record, &only).await, ["carl"]);
    only.enabled = Enabled::Yes;
    assert_eq!(
        names(record, &only).await,
        ["anna", "Berta", "dora", "Emil"]
    );
    only.admins_only = true;
    assert_eq!(names(record, &only).await, ["anna"]);
    let rows = record.list_users(&filter(10)).await.unwrap().rows;
    let seen: Vec<_> = rows
        .iter()
        .filter(|row| row.last_signed_in.is_some())
        .collect();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].user.username, "dora");
    assert_eq!(seen[0].last_signed_in, Some(world.now()));
}

async fn people_are_found_by_a_part_of_what_they_are_called(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    let mut zoe = user("zoe");
    zoe.profile.name = Some("Zoë ÅNGSTRÖM".to_owned());
    zoe.profile.email = Some("z_100%@example.org".to_owned());
    record.insert_user(&zoe).await.unwrap();
    record.insert_user(&user("yan")).await.unwrap();
    for (typed, found) in [
        ("ZO", &["zoe"][..]),
        ("ångs", &["zoe"]),
        ("example", &["yan", "zoe"]),
        ("example.ORG", &["zoe"]),
        ("100%", &["zoe"]),
        ("z%", &[]),
        ("y_n", &[]),
        ("!", &[]),
        ("  ", &["yan", "zoe"]),
    ] {
        let mut search = filter(10);
        search.search = Some(typed.to_owned());
        assert_eq!(names(record, &search).await, found, "{typed}");
    }
    // As those are who were there before there was a column for it.
    world
        .count("UPDATE users SET search = NULL RETURNING 1")
        .await;
    let mut search = filter(10);
    search.search = Some("Z_100".to_owned());
    assert_eq!(names(record, &search).await, ["zoe"]);
}

/// Each change that there is, most of them to bob.
async fn change_everything(record: &Record, admin: &Actor) {
    let (alice, bob) = (user_id("alice"), user_id("bob"));
    record.create_user(&user("bob"), admin).await.unwrap();
    let mut root = user("alice");
    root.admin = true;
    record.create_user(&root, admin).await.unwrap();
    let change = edit(&user("bob"), |_| ());
    record.update_user(&change, admin).await.unwrap();
    record.set_enabled(&bob, false, admin).await.unwrap();
    record.set_enabled(&bob, false, admin).await.unwrap();
    record.set_enabled(&bob, true, admin).await.unwrap();
    record.set_admin(&bob, true, admin).await.unwrap();
    record.set_admin(&bob, false, admin).await.unwrap();
    record.set_password(&bob, "$t", true, admin).await.unwrap();
    record.change_password(&bob, "$t", "$u").await.unwrap();
    record.set_admin(&alice, false, admin).await.unwrap();
    record.delete_user(&bob, admin).await.unwrap();
}

async fn each_change_says_who_made_it_and_what_to_read_again(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    let admin = Actor::Person(UserId::new("u_admin"));
    change_everything(record, &admin).await;

    let page = record
        .list_audit(&AuditFilter::default(), 100)
        .await
        .unwrap();
    let mut lines: Vec<_> = page.rows.into_iter().map(|(_, line)| line).collect();
    lines.reverse();
    let said: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line.action.as_str(),
                line.actor.as_str(),
                line.target.as_str(),
            )
        })
        .collect();
    let on_bob = |action| (action, "person:u_admin", "person:u_bob");
    assert_eq!(
        said,
        [
            on_bob("person.create"),
            ("person.create", "person:u_admin", "person:u_alice"),
            on_bob("person.update"),
            on_bob("person.disable"),
            on_bob("person.enable"),
            on_bob("person.promote"),
            on_bob("person.demote"),
            on_bob("person.set_password"),
            ("person.change_password", "person:u_bob", "person:u_bob"),
            on_bob("person.delete"),
        ]
    );
    assert_eq!(lines[1].detail.as_deref(), Some("an administrator"));
    assert_eq!(lines[7].detail.as_deref(), Some("temporary"));
    let changes = record.changes_since(0, 100).await.unwrap();
    assert_eq!(changes.len(), said.len());
    assert_eq!(changes[9].kind, ChangeKind::User(user_id("bob")));
}

async fn the_audit_comes_in_pages(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    for name in ["bob", "alice"] {
        record.create_user(&user(name), &ROOT).await.unwrap();
    }
    let bob = user_id("bob");
    record.set_enabled(&bob, false, &ROOT).await.unwrap();
    let mut filter = AuditFilter {
        action: Some("person.create".to_owned()),
        ..AuditFilter::default()
    };
    let first = record.list_audit(&filter, 1).await.unwrap();
    assert_eq!(first.rows[0].1.target, "person:u_alice");
    filter.before = first.next;
    let second = record.list_audit(&filter, 1).await.unwrap();
    assert_eq!(second.rows[0].1.target, "person:u_bob");
    assert_eq!(second.next, None);
    let since = |since| AuditFilter {
        since: Some(since),
        target: Some("person:u_alice".to_owned()),
        ..AuditFilter::default()
    };
    let now = world.now();
    assert_eq!(
        record.list_audit(&since(now), 9).await.unwrap().rows.len(),
        1
    );
    let later = now + Duration::from_millis(1);
    assert_eq!(record.list_audit(&since(later), 9).await.unwrap().rows, []);
}
