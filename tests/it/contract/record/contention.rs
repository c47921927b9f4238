//! Transactions that are in each other's way on PostgreSQL, and writes that lock several rows.

use std::time::{Duration, Instant};

use lanyard::clock::Timestamp;
use lanyard::entropy::{ClientId, SessionId};
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::session::grant::Grant;
use lanyard::session::session::Session;
use lanyard::store::record::{Record, RecordSettings};
use sqlx::{AnyConnection, AssertSqlSafe};
use tokio::task::JoinSet;

use super::{Backend, World, both, places, user_id};

both!(batches_and_ends_of_many_rows_never_wait_in_a_circle);

async fn run(conn: &mut AnyConnection, sql: String) {
    let sql = AssertSqlSafe(sql);
    sqlx::raw_sql(sql).execute(conn).await.unwrap();
}

async fn lock(conn: &mut AnyConnection, id: SessionId) {
    let sql = format!(
        "UPDATE sessions SET user_agent = user_agent WHERE id = '{}'",
        id.encode()
    );
    run(conn, sql).await;
}

/// Until so many connections of this world wait for a lock.
async fn waiting(world: &World, many: i64) {
    let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
         AND application_name = current_schema()";
    while world.count(sql).await < many {
        tokio::task::yield_now().await;
    }
}

fn sorted(mut sessions: [Session; 2]) -> [Session; 2] {
    sessions.sort_by_key(|session| session.id.encode());
    sessions
}

/// The record's job waits first, so that it is the one that PostgreSQL undoes, after a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_deadlock_undid_is_done_again() {
    let world = World::peopled(Backend::Postgres).await;
    let record = world.record.clone();
    let [low, high] = sorted([world.begin("alice").await, world.begin("alice").await]);
    let later = world.pass(60);
    let mut conn = world.ground.connect().await;
    run(&mut conn, "BEGIN".to_owned()).await;
    lock(&mut conn, high.id).await;
    let batch = [(low.id, later), (high.id, later)];
    let touch = tokio::spawn(async move { record.touch(&batch).await });
    waiting(&world, 1).await;
    // The batch holds the lower row and waits for the higher one, which waits for the lower one.
    lock(&mut conn, low.id).await;
    run(&mut conn, "COMMIT".to_owned()).await;
    touch.await.unwrap().unwrap();
    for session in [low, high] {
        let snapshot = world.record.load_session(session.id).await.unwrap();
        assert_eq!(snapshot.unwrap().session.last_seen, later);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lock_that_is_not_let_go_is_an_error_in_time() {
    let mut world = World::peopled(Backend::Postgres).await;
    world.ground.settings = RecordSettings {
        statement_timeout: Duration::from_millis(400),
        ..world.ground.settings.clone()
    };
    let record = world.again().await;
    let session = world.begin("alice").await;
    let mut conn = world.ground.connect().await;
    run(&mut conn, "BEGIN".to_owned()).await;
    lock(&mut conn, session.id).await;
    let began = Instant::now();
    let refused = record.touch(&[(session.id, world.now())]).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("55P03"), "{text}");
    assert!(began.elapsed() < Duration::from_secs(2));
    run(&mut conn, "ROLLBACK".to_owned()).await;
    record.touch(&[(session.id, world.now())]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_statement_that_takes_too_long_is_an_error_in_time() {
    let mut world = World::peopled(Backend::Postgres).await;
    world.ground.settings.statement_timeout = Duration::from_millis(300);
    let record = world.again().await;
    let mut conn = world.ground.connect().await;
    run(
        &mut conn,
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN PERFORM pg_sleep(10); RETURN NEW; END'; \
         CREATE TRIGGER slow BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION slow()"
            .to_owned(),
    )
    .await;
    let began = Instant::now();
    let refused = record.begin_session(&world.new_session("alice")).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("57014"), "{text}");
    assert!(began.elapsed() < Duration::from_secs(2));
    run(&mut conn, "DROP TRIGGER slow ON sessions".to_owned()).await;
    world.begin("alice").await;
    assert_eq!(world.count("SELECT COUNT(*) FROM sessions").await, 1);
}

/// A node that leases passes over what another has locked, and does not wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lease_does_not_wait_for_another() {
    let world = World::peopled(Backend::Postgres).await;
    let session = world.begin("alice").await;
    for client in ["wiki", "shop"] {
        world.join(&session, client).await;
    }
    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    let mut conn = world.ground.connect().await;
    let sql = "BEGIN; SELECT sid FROM notices WHERE client_id = 'wiki' FOR UPDATE";
    run(&mut conn, sql.to_owned()).await;
    let (now, until) = (world.now(), world.now() + Duration::from_secs(30));
    let began = Instant::now();
    let leased = world.record.lease("me", now, places(10), until).await;
    let clients: Vec<_> = leased.unwrap().into_iter().map(|n| n.client).collect();
    assert_eq!(clients, [ClientId::new("shop")]);
    assert!(began.elapsed() < Duration::from_millis(900));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn too_many_writes_are_refused_at_once() {
    let world = World::peopled(Backend::Postgres).await;
    let session = world.begin("alice").await;
    let mut conn = world.ground.connect().await;
    run(&mut conn, "BEGIN".to_owned()).await;
    lock(&mut conn, session.id).await;
    let mut tasks = JoinSet::new();
    for _ in 0..2_100 {
        let (record, now) = (world.record.clone(), world.now());
        tasks.spawn(async move { record.touch(&[(session.id, now)]).await });
    }
    let first = tasks.join_next().await.unwrap().unwrap();
    let text = first.unwrap_err().to_string();
    assert!(text.contains("too many writes are waiting"), "{text}");
    // Reads go on meanwhile.
    let began = Instant::now();
    world.record.load_session(session.id).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
    run(&mut conn, "ROLLBACK".to_owned()).await;
    let done = tasks.join_all().await;
    assert!(done.iter().any(Result::is_ok));
}

async fn ended(record: &Record, selection: Selection, now: Timestamp) {
    let reason = Reason::Admin;
    record
        .end(&selection, reason, reason.verb(), &Actor::System, now)
        .await
        .unwrap();
}

/// Two nodes flush, touch and end what is one person's, in every order: nobody is undone.
async fn batches_and_ends_of_many_rows_never_wait_in_a_circle(on: Backend) {
    let world = World::peopled(on).await;
    let other = world.again().await;
    let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    let before = if on == Backend::Postgres {
        world.count(sql).await
    } else {
        0
    };
    for _ in 0..12 {
        let mut sessions = Vec::new();
        let mut grants = Vec::new();
        for _ in 0..8 {
            let session = world.begin("alice").await;
            for client in ["wiki", "shop"] {
                let sid = world.join(&session, client).await;
                grants.push(world.new_grant(&session, client, &sid));
            }
            sessions.push(session);
        }
        world.record.save_grants(&grants).await.unwrap();
        storm(&world, &other, &sessions, &grants).await;
    }
    if on == Backend::Postgres {
        // Another test forces one in the same database; these would be many.
        assert!(world.count(sql).await <= before + 1);
    }
}

async fn storm(world: &World, other: &Record, sessions: &[Session], grants: &[Grant]) {
    let now = world.pass(1);
    let wiki = ClientId::new("wiki");
    let mut tasks = JoinSet::new();
    for n in 0..10 {
        let record = if n % 2 == 0 { &world.record } else { other }.clone();
        let touched: Vec<_> = sessions.iter().map(|session| (session.id, now)).collect();
        let (mut grants, wiki, first) = (grants.to_vec(), wiki.clone(), sessions[0].id);
        if n % 4 < 2 {
            grants.reverse();
        }
        let displaced: Vec<_> = grants.iter().map(|grant| (grant.id, now)).collect();
        tasks.spawn(async move {
            let alice = user_id("alice");
            match n {
                0..4 => record.save_grants(&grants).await.unwrap(),
                4 | 5 => record.touch(&touched).await.unwrap(),
                6 => record.end_displaced(&displaced).await.unwrap(),
                7 => ended(&record, Selection::ClientOfPerson(alice, wiki), now).await,
                8 => ended(&record, Selection::Session(first), now).await,
                _ => {
                    let person = Selection::Person {
                        user: alice,
                        except: None,
                    };
                    ended(&record, person, now).await;
                }
            }
        });
    }
    tasks.join_all().await;
}
