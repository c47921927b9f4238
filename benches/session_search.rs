//! What the lists of administrators cost with a million sessions. For people, not for CI: it
//! judges nothing, and a busy machine shows in it.
//!
//! ```sh
//! cargo bench --bench session_search
//! ```
//!
//! It makes its rows by SQL in a private PostgreSQL, and in a file of SQLite, and prints a table of
//! medians and 95th percentiles. A database that `LANYARD_TEST_POSTGRES` names is used instead, with
//! the sessions that are there, if there are any. `LANYARD_BENCH_SESSIONS` says how many sessions (1000000),
//! `LANYARD_BENCH_ON` where (`postgres`, `sqlite`; both unless it is said).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a measurement that cannot be made ends with the reason"
)]

#[path = "session_search/questions.rs"]
mod questions;
#[path = "session_search/rows.rs"]
mod rows;

#[path = "../tests/it/support/parts/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the parts of the tests, of which one is used"
)]
mod parts;

mod installation {
    /// A port that nobody listens at.
    pub(crate) fn free_port() -> u16 {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.local_addr().unwrap().port()
    }
}

use std::time::{Duration, Instant};

use lanyard::clock::Clock;
use lanyard::entropy::Entropy;
use lanyard::store::record::{Record, RecordSettings, SessionPage, SessionQuestion, SessionState};

use rows::{NOW, Size};

/// A row of the table is measured so often.
const TIMES: usize = 40;
const PAGE: usize = 50;

#[tokio::main]
async fn main() {
    let size = Size::new(number("LANYARD_BENCH_SESSIONS", 1_000_000));
    let on = std::env::var("LANYARD_BENCH_ON").unwrap_or_default();
    if on != "sqlite" {
        let settings = RecordSettings::postgres(parts::postgres_url().await);
        measure("PostgreSQL", settings, size).await;
    }
    if on != "postgres" {
        let folder = tempfile::tempdir().unwrap();
        let settings = RecordSettings::sqlite(&folder.path().join("lanyard.db"));
        measure("SQLite", settings, size).await;
    }
}

fn number(variable: &str, otherwise: i64) -> i64 {
    let Ok(text) = std::env::var(variable) else {
        return otherwise;
    };
    let number = text.parse();
    number.unwrap_or_else(|_| panic!("{variable} is a number of sessions"))
}

async fn measure(on: &str, settings: RecordSettings, size: Size) {
    let url = settings.url.clone();
    let record = Record::open(&settings, Clock::System, Entropy::System);
    let record = record.await.unwrap();
    record.migrate().await.unwrap();
    let start = Instant::now();
    let here = SessionQuestion {
        state: SessionState::Any,
        ..SessionQuestion::live(NOW)
    };
    if record.count_sessions(&here).await.unwrap().count == 0 {
        rows::make(&url, size).await;
    }
    println!(
        "\n{on}: {} sessions of {} people, made in {} s\n",
        size.sessions,
        size.people,
        start.elapsed().as_secs()
    );
    println!("| question | rows | median | p95 |\n|---|---|---|---|");
    for (name, question, cursor) in questions::lists() {
        let ask = || async {
            let page = record.search_sessions(&question, cursor.as_ref(), PAGE);
            said(&page.await.unwrap())
        };
        line(name, ask).await;
    }
    figures(&record).await;
    record.close().await;
}

fn said(page: &SessionPage) -> String {
    let more = if page.stopped_early { ", goes on" } else { "" };
    format!("{}{more}", page.rows.len())
}

async fn figures(record: &Record) {
    for (name, question) in questions::counts() {
        line(name, || async {
            let counted = record.count_sessions(&question).await.unwrap();
            let more = if counted.or_more { " or more" } else { "" };
            format!("{}{more}", counted.count)
        })
        .await;
    }
    line("count of all live sessions and people", || async {
        let live = record.count_live(NOW).await.unwrap();
        format!("{}, {}", live.sessions, live.people)
    })
    .await;
    line("overview", || async {
        let overview = record.overview(NOW).await.unwrap();
        let hours = overview.sign_ins.iter();
        let tries: i64 = hours.map(|hour| hour.succeeded + hour.failed).sum();
        format!("{tries} sign-ins")
    })
    .await;
    let reference = rows::reference();
    line("one session's page", || async {
        let story = record.session_story(&reference, NOW).await.unwrap();
        format!("{} apps", story.unwrap().parts.len())
    })
    .await;
    for (name, question) in questions::audits() {
        line(name, || async {
            let page = record.search_audit(&question, None, PAGE).await.unwrap();
            page.lines.len().to_string()
        })
        .await;
    }
}

/// Asks often, and prints what it took. The first time is left out: it reads from disk.
async fn line<F: Future<Output = String>>(name: &str, ask: impl Fn() -> F) {
    let answer = ask().await;
    let mut took = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let start = Instant::now();
        ask().await;
        took.push(start.elapsed());
    }
    took.sort();
    let at = |share: usize| took.get(TIMES * share / 100).copied().unwrap_or_default();
    println!(
        "| {name} | {answer} | {} | {} |",
        millis(at(50)),
        millis(at(95))
    );
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
