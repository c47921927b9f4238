//! Real servers for the tests, each private: its own folder, its own port of the loopback, and a
//! guardian that leaves nothing of it behind.

mod certificates;
mod cluster;
mod failover;
mod family;
mod monitor;
mod nest;
mod postgres_server;
mod redis_server;
mod shared;

pub(crate) use certificates::{Certificates, openssl};
pub(crate) use cluster::RedisCluster;
pub(crate) use failover::Failover;
pub(crate) use postgres_server::PostgresServer;
pub(crate) use redis_server::RedisServer;
pub(crate) use shared::{postgres_url, redis_url};

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits, for a bounded time, until something holds; whether it came to hold.
async fn comes_to<F: Future<Output = bool>>(
    patience: Duration,
    mut holds: impl FnMut() -> F,
) -> bool {
    let waited = tokio::time::timeout(patience, async {
        while !holds().await {
            tokio::time::sleep(PAUSE).await;
        }
    });
    waited.await.is_ok()
}

/// What a variable names, or the first of this name on PATH.
fn program(variable: &str, name: &str) -> PathBuf {
    if let Some(named) = std::env::var_os(variable) {
        return named.into();
    }
    on_path(name).unwrap_or_else(|| {
        panic!("{name} is not on PATH. Run the tests by ./scripts/test, or set {variable}.")
    })
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path: OsString = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// The end of a log, for those who have to read why a server did not start.
fn end_of(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
