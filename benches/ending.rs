//! What it takes to end many sessions and to tell their apps. For people, not for CI: it judges
//! nothing but that every app was told, and a busy machine shows in it.
//!
//! ```sh
//! cargo bench --bench ending
//! ```
//!
//! One node, three apps on this machine that answer at once, each in every session. On the embedded
//! stores, and on Redis and PostgreSQL: those that `LANYARD_TEST_REDIS` and
//! `LANYARD_TEST_POSTGRES` name, or private ones. `LANYARD_BENCH_SESSIONS` says how many sessions
//! (1000), `LANYARD_BENCH_ON` where (`embedded`, `redis+postgres`; both unless it is said),
//! `LANYARD_BENCH_ONLY` which scene, by a part of its name.
//!
//! Sessions are made in SQL alone: no browser signed in, and so an end finds no hot copies of them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a measurement that cannot be made ends with the reason"
)]

#[path = "ending/receiver.rs"]
mod receiver;
#[path = "ending/scene.rs"]
mod scene;

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

use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use lanyard::session::ending::{Actor, Reason, Selection};

use scene::Scene;
use stores::Variables;

/// Ends that are asked for at a time, where each session is ended by itself.
const AT_A_TIME: usize = 100;
/// Longer than this nobody waits for an app that answers.
const PATIENCE: Duration = Duration::from_mins(10);

#[tokio::main]
async fn main() {
    let sessions = sessions();
    let on = std::env::var("LANYARD_BENCH_ON").unwrap_or_default();
    if on != "redis+postgres" {
        measure("embedded", sessions, &async || Variables::new()).await;
    }
    if on != "embedded" {
        measure("Redis and PostgreSQL", sessions, &async || {
            let mut variables = stores::on_redis(&parts::redis_url().await);
            variables.extend(stores::on_postgres(&parts::postgres_url().await).await);
            // As an operator would have it: nothing else is asked of these servers.
            variables.retain(|(name, _)| *name != "DATABASE__MAX_CONNECTIONS");
            variables
        })
        .await;
    }
}

fn sessions() -> usize {
    let Ok(text) = std::env::var("LANYARD_BENCH_SESSIONS") else {
        return 1_000;
    };
    let number = text.parse();
    number.unwrap_or_else(|_| panic!("LANYARD_BENCH_SESSIONS is a number"))
}

async fn measure(on: &str, sessions: usize, variables: &impl AsyncFn() -> Variables) {
    let only = std::env::var("LANYARD_BENCH_ONLY").unwrap_or_default();
    println!("\n{on}: {sessions} sessions with three apps each\n");
    println!(
        "| what | answered | told | again | a session, p50 | p99 | the last |\n\
         |---|---|---|---|---|---|---|"
    );
    for (name, people, hanging) in [
        ("all of one person, in one call", 1, false),
        ("each by a call of its own", sessions, false),
        ("one call, one app of the three hangs", 1, true),
    ] {
        if name.contains(&only) {
            let scene = Scene::begin(variables().await, sessions, people, hanging);
            let scene = Box::pin(scene).await;
            run(name, scene).await;
        }
    }
}

/// Ends everything, waits until all who answer are told, and prints a line.
async fn run(name: &str, scene: Scene) {
    let began = Instant::now();
    let ends = stream::iter(scene.selections()).map(|(selection, sids)| {
        let provider = &scene.running.provider;
        async move {
            let asked = Instant::now();
            let ended = provider.end(&selection, Reason::Admin, &Actor::CommandLine);
            ended.await.unwrap();
            (asked, asked.elapsed(), sids)
        }
    });
    let ends: Vec<_> = ends.buffer_unordered(AT_A_TIME).collect().await;
    let told = scene.until_told(PATIENCE).await;
    let (mut answered, mut each, mut last) = (Vec::new(), Vec::new(), Duration::ZERO);
    for (asked, took, sessions) in ends {
        answered.push(took);
        for sids in sessions {
            let heard = sids.iter().map(|sid| told.first_of(sid));
            let heard = heard.max().unwrap();
            each.push(heard.duration_since(asked));
            last = last.max(heard.duration_since(began));
        }
    }
    println!(
        "| {name} | {} | {} | {} | {} | {} | {} |",
        millis(at(&mut answered, 99)),
        told.notices(),
        told.repeats(),
        millis(at(&mut each, 50)),
        millis(at(&mut each, 99)),
        millis(last)
    );
    scene.close().await;
}

/// So many hundredths are not longer.
fn at(times: &mut [Duration], share: usize) -> Duration {
    times.sort();
    let place = (times.len() * share / 100).min(times.len().saturating_sub(1));
    times.get(place).copied().unwrap_or_default()
}

fn millis(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}

/// All that a person has, or one session of theirs; with the `sid`s that are to be told, session
/// by session.
pub(crate) type Asked = (Selection, Vec<Vec<String>>);
