//! `lanyard demo` as a person starts it: the program itself, on ports of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running demo. It ends with the test.
pub(crate) struct Demo {
    process: Child,
    _data: TempDir,
    pub(crate) provider: String,
    pub(crate) wiki: String,
    pub(crate) shop: String,
}

impl Demo {
    pub(crate) fn start() -> Self {
        // Another program may take a port between the look and the start.
        let mut problems = String::new();
        for _ in 0..5 {
            match Self::try_start(free_ports()) {
                Ok(demo) => return demo,
                Err(said) if said.contains("taken") => problems.push_str(&said),
                Err(said) => panic!("the demo does not start: {said}"),
            }
        }
        panic!("the demo finds no free ports: {problems}")
    }

    fn try_start([provider, wiki, shop]: [u16; 3]) -> Result<Self, String> {
        let data = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_lanyard"))
            .arg("demo")
            .args(["--port", &provider.to_string()])
            .args(["--wiki-port", &wiki.to_string()])
            .args(["--shop-port", &shop.to_string()])
            .arg("--data")
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut words = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("demo is running") {
            line.clear();
            if words.read_line(&mut line).unwrap() == 0 {
                process.wait().unwrap();
                let mut said = String::new();
                let mut errors = process.stderr.take().unwrap();
                errors.read_to_string(&mut said).unwrap();
                return Err(said);
            }
        }
        // What it says later goes nowhere, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut words, &mut std::io::sink()));
        let mut errors = process.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::stderr()));
        Ok(Self {
            process,
            _data: data,
            provider: format!("http://localhost:{provider}"),
            wiki: format!("http://wiki.localhost:{wiki}"),
            shop: format!("http://shop.localhost:{shop}"),
        })
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Held all at once, so that they differ.
fn free_ports() -> [u16; 3] {
    let held = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}
