//! A socket on which anything can be said, and what came back.

use std::io::{Error, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A connection to the provider, without manners.
pub(crate) struct Raw {
    stream: TcpStream,
    /// What came, and was not asked for yet.
    come: Vec<u8>,
}

impl Raw {
    pub(crate) fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            come: Vec::new(),
        }
    }

    /// Sends as it is. A server that has closed already is no failure.
    pub(crate) fn send(&mut self, bytes: &str) {
        let _ = self.stream.write_all(bytes.as_bytes());
    }

    /// One answer with its `Content-Length`; nothing, if none comes in time.
    pub(crate) fn answer(&mut self, patience: Duration) -> Option<String> {
        let end = Instant::now() + patience;
        loop {
            if let Some(length) = whole(&self.come) {
                let rest = self.come.split_off(length);
                let answer = std::mem::replace(&mut self.come, rest);
                return Some(String::from_utf8(answer).unwrap());
            }
            if self.more(end) != Some(true) {
                return None;
            }
        }
    }

    /// All that comes until the server closes; nothing, if it does not in time.
    pub(crate) fn until_closed(&mut self, patience: Duration) -> Option<String> {
        let end = Instant::now() + patience;
        while self.more(end)? {}
        let all = std::mem::take(&mut self.come);
        Some(String::from_utf8_lossy(&all).into_owned())
    }

    /// Whether something more came, or the end; nothing, if neither did in time.
    fn more(&mut self, end: Instant) -> Option<bool> {
        let mut part = [0; 4_096];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            self.stream.set_read_timeout(Some(left)).unwrap();
            match self.stream.read(&mut part) {
                Ok(read) => {
                    self.come.extend_from_slice(&part[..read]);
                    return Some(read > 0);
                }
                Err(error) if is_patient(&error) => {}
                Err(_) => return Some(false),
            }
        }
    }
}

fn is_patient(error: &Error) -> bool {
    let waits = [
        ErrorKind::Interrupted,
        ErrorKind::TimedOut,
        ErrorKind::WouldBlock,
    ];
    waits.contains(&error.kind())
}

/// How long the whole answer is, once its head is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(bytes);
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let whole = head.len() + 4 + length;
    (bytes.len() >= whole).then_some(whole)
}
