//! The whole installation of `scripts/topology`: two nodes behind nginx with TLS, on PostgreSQL and
//! Redis.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// It runs until dropped.
pub(crate) struct Topology {
    process: Child,
    /// Where people and apps find it.
    pub(crate) issuer: String,
    /// The certificate of its authority (PEM).
    pub(crate) authority: Vec<u8>,
    /// What it said of itself, with what the nodes wrote on standard output.
    pub(crate) said: String,
}

impl Topology {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start() -> Self {
        let mut process = Command::new(script())
            .args(["--program", env!("CARGO_BIN_EXE_lanyard")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("Ctrl-C stops all of it") {
            let read = output.read_line(&mut said).unwrap();
            assert_ne!(read, 0, "it ended: {said}");
        }
        go_on_reading(output);
        let after = |name: &str| {
            let line = said.lines().find(|line| line.starts_with(name));
            line.unwrap_or_else(|| panic!("{name}: {said}"))
                .split_whitespace()
                .nth(1)
                .unwrap()
        };
        let authority = std::fs::read(after("authority")).unwrap();
        Self {
            process,
            issuer: after("Lanyard").to_owned(),
            authority,
            said,
        }
    }
}

/// What it asks of itself, as lines.
pub(crate) fn check() -> String {
    let done = Command::new(script())
        .args(["--program", env!("CARGO_BIN_EXE_lanyard"), "--check"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

fn script() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/topology")
}

/// So that it never waits for a reader.
fn go_on_reading(mut output: BufReader<ChildStdout>) {
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        output.read_to_end(&mut rest)
    });
}

impl Drop for Topology {
    fn drop(&mut self) {
        // It stops what it started; killed, it would leave that behind.
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.process.wait();
    }
}
