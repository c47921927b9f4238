//! What clients ask of a Redis server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// The last line that is of interest.
const MARK: &str = "that-was-all";

pub(super) async fn commands_during(
    port: u16,
    user: Option<&str>,
    done: impl Future<Output = ()>,
) -> Vec<String> {
    let mut watcher = Line::open(port, user);
    watcher.ask("MONITOR");
    done.await;
    // Redis tells a monitor of commands in the order in which it ran them.
    Line::open(port, user).ask(&format!("ECHO {MARK}"));
    let mut seen = Vec::new();
    loop {
        match client_command(&watcher.next()) {
            Some(command) if command == format!("ECHO {MARK}") => return seen,
            command => seen.extend(command),
        }
    }
}

/// `+1700000000.000000 [0 127.0.0.1:50000] "GET" "key"` is `GET key`; what a script called, `[0
/// lua]`, is nothing.
fn client_command(line: &str) -> Option<String> {
    let (origin, words) = line.split_once("] \"").unwrap();
    if origin.ends_with(" lua") {
        return None;
    }
    let words = words.strip_suffix('"').unwrap();
    Some(words.replace("\" \"", " "))
}

/// A connection that is read a line at a time.
struct Line(BufReader<TcpStream>);

impl Line {
    fn open(port: u16, user: Option<&str>) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let patience = Some(Duration::from_secs(5));
        stream.set_read_timeout(patience).unwrap();
        let mut line = Self(BufReader::new(stream));
        if let Some(user) = user {
            // Redis shows no monitor this command.
            line.ask(&format!("AUTH {user} any"));
        }
        line
    }

    fn ask(&mut self, command: &str) {
        write!(self.0.get_ref(), "{command}\r\n").unwrap();
        let answer = self.next();
        assert!(!answer.starts_with('-'), "{command}: {answer}");
    }

    fn next(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "Redis hung up");
        line.trim_end().to_owned()
    }
}
