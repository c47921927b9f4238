//! What it takes to end everything, or all of an app, with a million sessions in PostgreSQL. For
//! people, not for CI: it judges nothing, and a busy machine shows in it.
//!
//! ```sh
//! cargo bench --bench mass_ending
//! ```
//!
//! Two nodes on Redis and PostgreSQL, those that `LANYARD_TEST_REDIS` and `LANYARD_TEST_POSTGRES`
//! name (an empty one), or private ones. The rows are those of `session_search`: four of five
//! sessions live, three apps in three of ten. `LANYARD_BENCH_SESSIONS` says how many sessions
//! (1000000). Apps are at addresses where nobody is: their notices fail, and are tried again.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a measurement that cannot be made ends with the reason"
)]

#[path = "session_search/rows.rs"]
#[expect(
    dead_code,
    reason = "the rows of the searches, of which all are used and no name"
)]
mod rows;

#[path = "../tests/it/support/parts/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the parts of the tests, of which two are used"
)]
mod parts;

#[path = "../tests/it/support/stores.rs"]
#[expect(
    dead_code,
    reason = "the stores of the tests, of which one kind is used"
)]
mod stores;

mod installation {
    /// A port that nobody listens at.
    pub(crate) fn free_port() -> u16 {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.local_addr().unwrap().port()
    }
}

use std::net::TcpListener;
use std::time::{Duration, Instant};

use lanyard::app::{self, Running};
use lanyard::clock::Clock;
use lanyard::config::{self, Source};
use lanyard::entropy::{ClientId, Entropy};
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::{MassScope, Record, RecordSettings};
use tempfile::TempDir;

use rows::{NOW, Size};
use stores::Variables;

/// For so long the rows are watched as they are worked off.
const WATCHED: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() {
    let size = Size::new(sessions());
    let mut variables = stores::on_redis(&parts::redis_url().await);
    variables.extend(stores::on_postgres(&parts::postgres_url().await).await);
    // As an operator would have it: nothing else is asked of these servers.
    variables.retain(|(name, _)| *name != "DATABASE__MAX_CONNECTIONS");
    let mut urls = variables
        .iter()
        .filter(|(name, _)| *name == "DATABASE__URL");
    let (_, url) = urls.next().unwrap().clone();
    let settings = RecordSettings::postgres(url.clone());
    let record = Record::open(&settings, Clock::System, Entropy::System);
    let record = record.await.unwrap();
    record.migrate().await.unwrap();
    let began = Instant::now();
    rows::make(&url, size).await;
    let seconds = began.elapsed().as_secs();
    println!("\n{} sessions, made in {seconds} s\n", size.sessions);
    record.close().await;
    let issuer = format!("http://localhost:{}", installation::free_port());
    let (here, there) = (
        start(&issuer, &variables).await,
        start(&issuer, &variables).await,
    );
    println!(
        "| what | dry run | answered | known at the other node | worked off in {WATCHED:?} | notices |"
    );
    println!("|---|---|---|---|---|---|");
    let wiki = ClientId::new("wiki");
    let app = Selection::Client(wiki.clone());
    measure(
        &here.0,
        &there.0,
        ("all of an app", app, MassScope::Client(wiki)),
    )
    .await;
    let everything = Selection::Everything { except: None };
    let all = ("everything", everything, MassScope::Everything);
    measure(&here.0, &there.0, all).await;
    for (node, folder) in [here, there] {
        node.stop().await;
        folder.close().unwrap();
    }
}

fn sessions() -> i64 {
    let Ok(text) = std::env::var("LANYARD_BENCH_SESSIONS") else {
        return 1_000_000;
    };
    let number = text.parse();
    number.unwrap_or_else(|_| panic!("LANYARD_BENCH_SESSIONS is a number"))
}

/// A node. Its clock stands at the moment of the rows, so that none of them runs out.
async fn start(issuer: &str, stores: &Variables) -> (Running, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut environment = vec![
        ("ISSUER", issuer.to_owned()),
        ("SERVER__LISTEN", listener.local_addr().unwrap().to_string()),
        ("DATA", folder.path().display().to_string()),
        ("METRICS__LISTEN", "off".to_owned()),
    ];
    environment.extend(stores.iter().cloned());
    let environment = environment.into_iter();
    let environment = environment.map(|(name, value)| (format!("LANYARD__{name}"), value));
    let config = config::load(Source {
        file: None,
        environment: environment.collect(),
    })
    .unwrap();
    let clock = Clock::manual(NOW);
    let node = app::start_on(vec![listener], &config, clock, Entropy::System);
    (node.await.unwrap(), folder)
}

/// Ends it at one node, and prints a line.
async fn measure(
    here: &Running,
    there: &Running,
    (name, what, scope): (&str, Selection, MassScope),
) {
    let record = here.provider.record();
    let asked = Instant::now();
    let counts = record.plan_mass_end(&scope, None, NOW).await.unwrap();
    let dry = asked.elapsed();
    let asked = Instant::now();
    let ended = here.provider.end(&what, Reason::Admin, &Actor::CommandLine);
    let id = ended.await.unwrap().mass.unwrap();
    let answered = asked.elapsed();
    let position = record.mass_progress(&id).await.unwrap().unwrap();
    let position = position.end.position.unwrap();
    // From then on it believes nothing that it knew before.
    while there.provider.followed().0 < position {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let known = asked.elapsed();
    tokio::time::sleep(WATCHED).await;
    let done = record.mass_progress(&id).await.unwrap().unwrap();
    println!(
        "| {name}: {} sessions | {} | {} | {} | {} | {} |",
        counts.sessions,
        millis(dry),
        millis(answered),
        millis(known),
        done.end.ended,
        done.end.notices
    );
}

fn millis(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}
