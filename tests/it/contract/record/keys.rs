//! Signing keys: one of each algorithm signs, one comes next, whoever changes them.

use lanyard::clock::{Clock, Timestamp};
use lanyard::protocol::jose::KeyState;
use lanyard::session::ending::Actor;
use lanyard::store::record::{ChangeKind, KeyChange, Record, StoredKey, Superseded};
use tokio::task::JoinSet;

use super::ground::Ground;
use super::{Backend, START, World, both, new_key};

both!(
    a_key_lives_from_its_making_to_its_end,
    a_dropped_key_leaves_at_once,
    a_step_that_does_not_fit_is_not_taken,
    algorithms_are_apart,
    many_nodes_make_one_key,
    many_nodes_promote_once,
    keys_of_the_version_before_go_on,
);

async fn change(world: &World, change: KeyChange) -> bool {
    let done = world.record.change_key(change, &Actor::System, world.now());
    done.await.unwrap()
}

async fn keys(record: &Record) -> Vec<StoredKey> {
    record.keys().await.unwrap()
}

async fn states(world: &World) -> Vec<(String, KeyState)> {
    let keys = keys(&world.record).await;
    let states = keys.iter().map(|key| (key.kid.clone(), key.life.state()));
    states.collect()
}

fn first(kid: &str, alg: &str) -> KeyChange {
    KeyChange::First(new_key(kid, alg))
}

fn next(kid: &str, alg: &str) -> KeyChange {
    KeyChange::Next(new_key(kid, alg))
}

fn superseded(kid: &str) -> Superseded {
    Superseded {
        kid: kid.to_owned(),
        public: b"other".to_vec(),
    }
}

fn promote(kid: &str, over: Option<&str>, drop: bool) -> KeyChange {
    KeyChange::Promote {
        alg: "ES256".to_owned(),
        kid: kid.to_owned(),
        supersedes: over.map(superseded),
        drop,
    }
}

fn remove(kid: &str) -> KeyChange {
    KeyChange::Remove {
        kid: kid.to_owned(),
    }
}

async fn a_key_lives_from_its_making_to_its_end(on: Backend) {
    let world = World::empty(on).await;
    let head = world.record.changes_head().await.unwrap();
    assert!(change(&world, first("a", "ES256")).await);
    world.pass(1);
    assert!(change(&world, next("b", "ES256")).await);
    world.pass(1);
    assert!(change(&world, promote("b", Some("a"), false)).await);
    let both = keys(&world.record).await;
    let at = |secs| Some(START + std::time::Duration::from_secs(secs));
    let (old, new) = (&both[0], &both[1]);
    assert_eq!(old.kid, "a");
    assert_eq!((old.life.promoted, old.life.superseded), (at(0), at(2)));
    assert_eq!(old.private, None, "the private part is gone");
    assert_eq!(old.public.as_deref(), Some(b"public a".as_slice()));
    assert_eq!(Some(new.life.published), at(1));
    assert_eq!((new.life.promoted, new.life.superseded), (at(2), None));
    assert_eq!(new.private.as_deref(), Some(b"private b".as_slice()));
    assert!(!format!("{both:?}").contains("private"), "not for logs");

    assert!(!change(&world, remove("a")).await, "it is published");
    assert!(change(&world, KeyChange::Retire(superseded("a"))).await);
    assert_eq!(states(&world).await[0].1, KeyState::Retired);
    assert!(change(&world, remove("a")).await);
    assert_eq!(states(&world).await, [("b".to_owned(), KeyState::Current)]);

    let changes = world.record.changes_since(head, 100).await.unwrap();
    assert_eq!(changes.len(), 5);
    assert!(changes.iter().all(|change| change.kind == ChangeKind::Keys));
    let lines = world.record.recent_audit(10).await.unwrap();
    let lines: Vec<_> = lines
        .iter()
        .rev()
        .map(|line| {
            (
                line.action.as_str(),
                line.target.as_str(),
                line.detail.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("key.make", "key:a", Some("ES256, signs at once")),
            ("key.make", "key:b", Some("ES256, next")),
            ("key.promote", "key:b", Some("ES256, in place of a")),
            ("key.retire", "key:a", None),
            ("key.remove", "key:a", None),
        ]
    );
}

async fn a_dropped_key_leaves_at_once(on: Backend) {
    let world = World::empty(on).await;
    change(&world, first("a", "ES256")).await;
    change(&world, next("b", "ES256")).await;
    let dropping = promote("b", Some("a"), true);
    let done = world
        .record
        .change_key(dropping, &Actor::CommandLine, world.now());
    assert!(done.await.unwrap());
    let old = &keys(&world.record).await[0];
    assert_eq!(old.life.state(), KeyState::Dropped);
    assert_eq!(old.private, None);
    assert!(!change(&world, KeyChange::Retire(superseded("a"))).await);
    let lines = world.record.recent_audit(2).await.unwrap();
    let said: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line.actor.as_str(),
                line.action.as_str(),
                line.target.as_str(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("command_line", "key.drop", "key:a"),
            ("command_line", "key.promote", "key:b"),
        ]
    );
    assert!(change(&world, remove("a")).await);
}

async fn a_step_that_does_not_fit_is_not_taken(on: Backend) {
    let world = World::empty(on).await;
    change(&world, first("a", "ES256")).await;
    change(&world, next("b", "ES256")).await;
    let (before, head) = (
        keys(&world.record).await,
        world.record.changes_head().await.unwrap(),
    );
    for wrong in [
        first("c", "ES256"),
        next("c", "ES256"),
        promote("c", Some("a"), false),
        promote("b", Some("c"), false),
        promote("b", None, false),
        promote("a", Some("a"), false),
        KeyChange::Retire(superseded("a")),
        KeyChange::Retire(superseded("b")),
        remove("a"),
        remove("b"),
        remove("c"),
    ] {
        assert!(!change(&world, wrong.clone()).await, "{wrong:?}");
        assert_eq!(keys(&world.record).await, before, "{wrong:?}");
    }
    assert_eq!(world.record.changes_head().await.unwrap(), head);
    assert_eq!(world.record.recent_audit(10).await.unwrap().len(), 2);
}

async fn algorithms_are_apart(on: Backend) {
    let world = World::empty(on).await;
    for alg in ["ES256", "RS256"] {
        assert!(change(&world, first(&format!("a{alg}"), alg)).await);
        assert!(change(&world, next(&format!("b{alg}"), alg)).await);
    }
    assert!(!change(&world, promote("bRS256", Some("aES256"), false)).await);
    assert!(change(&world, promote("bES256", Some("aES256"), false)).await);
    let states = states(&world).await;
    let of = |kid: &str| states.iter().find(|(known, _)| known == kid).unwrap().1;
    assert_eq!(of("aRS256"), KeyState::Current);
    assert_eq!(of("bRS256"), KeyState::Next);
    assert_eq!(of("aES256"), KeyState::Previous);
    assert_eq!(of("bES256"), KeyState::Current);
}

/// How many of 24 steps on two records are taken.
async fn taken(world: &World, step: impl Fn(usize) -> KeyChange) -> usize {
    let other = world.again().await;
    let mut tasks = JoinSet::new();
    for number in 0..24 {
        let record = [&world.record, &other][number % 2].clone();
        let (step, now) = (step(number), world.now());
        tasks.spawn(async move { record.change_key(step, &Actor::System, now).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    answers.into_iter().filter(|taken| *taken).count()
}

async fn many_nodes_make_one_key(on: Backend) {
    let world = World::empty(on).await;
    let firsts = |number| first(&format!("a{number}"), "ES256");
    assert_eq!(taken(&world, firsts).await, 1);
    let nexts = |number| next(&format!("b{number}"), "ES256");
    assert_eq!(taken(&world, nexts).await, 1);
    assert_eq!(keys(&world.record).await.len(), 2);
    assert_eq!(world.record.recent_audit(99).await.unwrap().len(), 2);
}

async fn many_nodes_promote_once(on: Backend) {
    let world = World::empty(on).await;
    change(&world, first("a", "ES256")).await;
    change(&world, next("b", "ES256")).await;
    let promotions = |_| promote("b", Some("a"), false);
    assert_eq!(taken(&world, promotions).await, 1);
    let dropping = |_| promote("b", Some("a"), true);
    assert_eq!(taken(&world, dropping).await, 0, "too late");
    let states: Vec<_> = states(&world).await;
    assert_eq!(states[0].1, KeyState::Previous);
    assert_eq!(states[1].1, KeyState::Current);
}

/// What came after the first version.
const SINCE: [&str; 4] = [
    include_str!("../../../../migrations/0002_nodes.sql"),
    include_str!("../../../../migrations/0003_people_and_clients.sql"),
    include_str!("../../../../migrations/0004_signing_keys.sql"),
    include_str!("../../../../migrations/0005_session_search.sql"),
];

/// A record as the version before left it.
async fn keys_of_the_version_before_go_on(on: Backend) {
    let ground = Ground::new(on).await;
    let clock = Clock::manual(START);
    let record = ground.open(&clock).await;
    let mut conn = ground.connect().await;
    let before = include_str!("../../../../migrations/0001_record.sql");
    sqlx::raw_sql(before).execute(&mut conn).await.unwrap();
    for (kid, alg, private, made) in [
        ("a", "ES256", "one", 1_000_i64),
        ("b", "ES256", "two", 2_000),
        ("c", "RS256", "three", 3_000),
        ("d", "ES256", "four", 2_000),
    ] {
        let sql = "INSERT INTO signing_keys (kid, alg, sealed, created_at) VALUES ($1, $2, $3, $4)";
        let query = sqlx::query(sql).bind(kid).bind(alg);
        let query = query.bind(private.as_bytes().to_vec()).bind(made);
        query.execute(&mut conn).await.unwrap();
    }
    for step in SINCE {
        sqlx::raw_sql(step).execute(&mut conn).await.unwrap();
    }
    let keys = keys(&record).await;
    let at = Timestamp::from_secs;
    let seen: Vec<_> = keys
        .iter()
        .map(|key| {
            let private = key.private.as_deref().map(<[u8]>::len);
            (
                key.kid.as_str(),
                key.life.state(),
                private,
                key.life.superseded,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("a", KeyState::Previous, Some(3), Some(at(2))),
            ("b", KeyState::Previous, Some(3), Some(at(2))),
            ("d", KeyState::Current, Some(4), None),
            ("c", KeyState::Current, Some(5), None),
        ]
    );
    // What is left of one gets its public part when the private one goes.
    let retire = KeyChange::Retire(superseded("a"));
    assert!(
        record
            .change_key(retire, &Actor::System, START)
            .await
            .unwrap()
    );
    let left = &record.keys().await.unwrap()[0];
    assert_eq!(
        (left.private.as_deref(), left.public.as_deref()),
        (None, Some(b"other".as_slice()))
    );
}
