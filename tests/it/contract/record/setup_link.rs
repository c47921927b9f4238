//! The set-up link: one at a time, used once, and void when there is an administrator.

use std::time::Duration;

use lanyard::entropy::Secret;
use lanyard::identity::user::User;
use lanyard::session::ending::Actor;
use lanyard::store::record::{FirstAdministrator, SetupLink, UserCreation};
use tokio::task::JoinSet;

use super::{Backend, World, both, user, user_id};

both!(
    of_many_nodes_one_replaces_the_link_that_all_saw,
    a_link_makes_one_administrator,
    of_many_at_once_one_makes_the_account,
    another_token_and_a_late_one_make_nothing,
    a_taken_name_leaves_the_link_as_it_was,
    whoever_becomes_an_administrator_otherwise_takes_it_away,
    a_link_and_a_command_at_once_make_what_they_say,
    there_is_no_link_while_there_is_an_administrator,
    a_node_takes_back_its_own_link_only,
);

const ADDRESS: &str = "192.0.2.7";

fn link(world: &World, node: &str) -> (Secret, SetupLink) {
    let secret = Secret::random(&world.entropy);
    let link = SetupLink {
        node: node.to_owned(),
        hash: secret.hash(),
        expires: world.now() + Duration::from_hours(1),
    };
    (secret, link)
}

/// A record with a link that was printed.
async fn with_link(on: Backend) -> (World, Secret, SetupLink) {
    let world = World::peopled(on).await;
    let (secret, link) = link(&world, "node-1");
    assert!(world.record.replace_setup_link(None, &link).await.unwrap());
    (world, secret, link)
}

fn administrator(name: &str) -> User {
    User {
        admin: true,
        ..user(name)
    }
}

async fn try_it(world: &World, secret: &Secret, user: &User) -> FirstAdministrator {
    let done = world
        .record
        .create_first_administrator(user, secret.hash(), ADDRESS);
    done.await.unwrap()
}

async fn of_many_nodes_one_replaces_the_link_that_all_saw(on: Backend) {
    let world = World::empty(on).await;
    let mut seen = None;
    for round in 0..8 {
        let mut tasks = JoinSet::new();
        for n in 0..6 {
            let (record, seen) = (world.again().await, seen.clone());
            let (_, new) = link(&world, &format!("node-{n}"));
            tasks.spawn(async move {
                let won = record
                    .replace_setup_link(seen.as_ref(), &new)
                    .await
                    .unwrap();
                won.then_some(new)
            });
        }
        let won: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(won.len(), 1, "in round {round}");
        seen = world.record.setup_link().await.unwrap();
        assert_eq!(seen.as_ref(), won.first());
    }
    let lines = world.record.recent_audit(100).await.unwrap();
    assert_eq!(lines.len(), 8);
    for line in lines {
        assert_eq!(
            (line.actor.as_str(), line.action.as_str()),
            ("system", "setup_link.make")
        );
    }
}

async fn a_link_makes_one_administrator(on: Backend) {
    let (world, secret, _) = with_link(on).await;
    assert!(!world.record.has_administrator().await.unwrap());
    let head = world.record.changes_head().await.unwrap();
    // Whatever the caller says of the role.
    let done = try_it(&world, &secret, &user("mona")).await;
    assert_eq!(done, FirstAdministrator::Created);
    let mona = world.record.user(&user_id("mona")).await.unwrap().unwrap();
    assert!(mona.admin && mona.enabled);
    assert!(world.record.has_administrator().await.unwrap());
    assert!(world.record.changes_head().await.unwrap() > head);
    assert_eq!(world.record.setup_link().await.unwrap(), None);
    let line = world.record.recent_audit(1).await.unwrap().remove(0);
    assert_eq!(line.actor, "system");
    assert_eq!(
        (line.action.as_str(), line.target.as_str()),
        ("person.create", "person:u_mona")
    );
    assert_eq!(line.address.as_deref(), Some(ADDRESS));
    assert_eq!(
        line.detail.as_deref(),
        Some("an administrator, by the set-up link")
    );

    let again = try_it(&world, &secret, &user("olaf")).await;
    assert_eq!(again, FirstAdministrator::Void);
    assert_eq!(world.record.user(&user_id("olaf")).await.unwrap(), None);
}

async fn of_many_at_once_one_makes_the_account(on: Backend) {
    let (world, secret, _) = with_link(on).await;
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let record = world.again().await;
        tasks.spawn(async move {
            let user = user(&format!("mona{n}"));
            let done = record.create_first_administrator(&user, secret.hash(), ADDRESS);
            done.await.unwrap()
        });
    }
    let done = tasks.join_all().await;
    let count = |of| done.iter().filter(|done| **done == of).count();
    assert_eq!(count(FirstAdministrator::Created), 1);
    assert_eq!(count(FirstAdministrator::Void), 7);
    let sql = "SELECT COUNT(*) FROM users WHERE username LIKE 'mona%'";
    assert_eq!(world.count(sql).await, 1);
}

async fn another_token_and_a_late_one_make_nothing(on: Backend) {
    let (world, secret, link) = with_link(on).await;
    let other = Secret::random(&world.entropy);
    let mona = user("mona");
    assert_eq!(
        try_it(&world, &other, &mona).await,
        FirstAdministrator::Void
    );
    world.pass(3_600);
    assert_eq!(
        try_it(&world, &secret, &mona).await,
        FirstAdministrator::Void
    );
    assert_eq!(world.record.user(&mona.id).await.unwrap(), None);
    assert_eq!(world.record.setup_link().await.unwrap(), Some(link));
}

async fn a_taken_name_leaves_the_link_as_it_was(on: Backend) {
    let (world, secret, link) = with_link(on).await;
    let mut mona = user("mona");
    mona.profile.email = Some("Alice@Example.com".to_owned());
    assert_eq!(
        try_it(&world, &secret, &mona).await,
        FirstAdministrator::NameTaken
    );
    assert_eq!(world.record.user(&mona.id).await.unwrap(), None);
    assert_eq!(world.record.setup_link().await.unwrap(), Some(link));
    mona.profile.email = None;
    assert_eq!(
        try_it(&world, &secret, &mona).await,
        FirstAdministrator::Created
    );
}

async fn whoever_becomes_an_administrator_otherwise_takes_it_away(on: Backend) {
    let (world, secret, _) = with_link(on).await;
    let record = &world.record;
    let done = record
        .create_user(&user("carol"), &Actor::CommandLine)
        .await;
    assert_eq!(done.unwrap(), UserCreation::Created);
    assert!(record.setup_link().await.unwrap().is_some(), "she is none");
    let taken = User {
        username: "alice".to_owned(),
        ..administrator("olaf")
    };
    let done = record.create_user(&taken, &Actor::CommandLine).await;
    assert_eq!(done.unwrap(), UserCreation::NameTaken);
    assert!(
        record.setup_link().await.unwrap().is_some(),
        "nobody was made"
    );

    let carol = user_id("carol");
    let promoted = record.set_admin(&carol, true, &Actor::CommandLine).await;
    assert!(promoted.unwrap().is_done());
    assert_eq!(record.setup_link().await.unwrap(), None);
    assert_eq!(
        try_it(&world, &secret, &user("mona")).await,
        FirstAdministrator::Void
    );

    let (world, secret, _) = with_link(on).await;
    let olaf = administrator("olaf");
    let done = world.record.create_user(&olaf, &Actor::CommandLine).await;
    assert_eq!(done.unwrap(), UserCreation::Created);
    assert_eq!(world.record.setup_link().await.unwrap(), None);
    assert_eq!(
        try_it(&world, &secret, &user("mona")).await,
        FirstAdministrator::Void
    );
}

/// The command always makes its account. The link makes one only if it was first.
async fn a_link_and_a_command_at_once_make_what_they_say(on: Backend) {
    for _ in 0..8 {
        let (world, secret, _) = with_link(on).await;
        let other = world.again().await;
        let (mona, olaf) = (user("mona"), administrator("olaf"));
        let (by_link, by_command) = tokio::join!(
            try_it(&world, &secret, &mona),
            other.create_user(&olaf, &Actor::CommandLine)
        );
        assert_eq!(by_command.unwrap(), UserCreation::Created);
        let mona = world.record.user(&user_id("mona")).await.unwrap();
        assert_eq!(mona.is_some(), by_link == FirstAdministrator::Created);
        assert_eq!(world.record.setup_link().await.unwrap(), None);
    }
}

async fn there_is_no_link_while_there_is_an_administrator(on: Backend) {
    let world = World::empty(on).await;
    world
        .record
        .insert_user(&administrator("mona"))
        .await
        .unwrap();
    let (_, new) = link(&world, "node-1");
    assert!(!world.record.replace_setup_link(None, &new).await.unwrap());
    assert_eq!(world.record.setup_link().await.unwrap(), None);
    assert_eq!(world.record.recent_audit(1).await.unwrap(), []);
}

async fn a_node_takes_back_its_own_link_only(on: Backend) {
    let (world, _, link) = with_link(on).await;
    world.record.withdraw_setup_link("node-2").await.unwrap();
    assert_eq!(world.record.setup_link().await.unwrap(), Some(link));
    world.record.withdraw_setup_link("node-1").await.unwrap();
    assert_eq!(world.record.setup_link().await.unwrap(), None);
    world.record.withdraw_setup_link("node-1").await.unwrap();
}
