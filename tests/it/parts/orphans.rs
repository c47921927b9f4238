//! Nothing of a server outlives its test, not even when the test process is killed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::House;
use crate::support::parts::{PostgresServer, RedisServer};

const WORD: &str = "started in ";

#[tokio::test]
async fn a_dropped_server_leaves_nothing() {
    let server = RedisServer::start().await;
    let folder = server.folder().to_owned();
    assert!(folder.exists() && processes_in(&folder));
    server.pause();
    drop(server);
    assert!(!folder.exists() && !processes_in(&folder));
}

#[tokio::test]
async fn a_killed_test_process_leaves_nothing() {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "parts::orphans::to_be_killed"])
        .args(["--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(process.stdout.take().unwrap()).lines();
    let folders: Vec<PathBuf> = said
        .map(Result::unwrap)
        .filter_map(|line| Some(PathBuf::from(line.split_once(WORD)?.1)))
        .take(2)
        .collect();
    assert_eq!(folders.len(), 2, "it did not start");
    for folder in &folders {
        assert!(folder.exists() && processes_in(folder));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    House::until("all is gone", async || {
        let left = |folder: &PathBuf| folder.exists() || processes_in(folder);
        !folders.iter().any(left)
    })
    .await;
}

#[tokio::test]
#[ignore = "the test above starts it, and kills it"]
async fn to_be_killed() {
    let redis = RedisServer::start().await;
    let postgres = PostgresServer::start().await;
    // One that is stopped does not hear what it is told.
    postgres.pause();
    for folder in [redis.folder(), postgres.folder()] {
        println!("\n{WORD}{}", folder.display());
    }
    tokio::time::sleep(Duration::from_mins(1)).await;
}

/// Whether a process works in this folder or below it, as every server and its children do; asked
/// of the system where it has a `/proc`.
fn processes_in(folder: &Path) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten();
    let mut places =
        processes.filter_map(|process| std::fs::read_link(process.ok()?.path().join("cwd")).ok());
    places.any(|place| place.starts_with(folder))
}
