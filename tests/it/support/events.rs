//! An event stream (HTML, 9.2) as a script would hear it.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

/// Longer than a second look of the server, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer that goes on. Dropped, its connection is closed.
pub(crate) struct Events {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    response: reqwest::Response,
    come: String,
}

impl Events {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            response,
            come: String::new(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Reads on until this comes; what came before it, and it, since the last time.
    pub(crate) async fn until(&mut self, part: &str) -> String {
        loop {
            if let Some(at) = self.come.find(part) {
                let rest = self.come.split_off(at + part.len());
                return std::mem::replace(&mut self.come, rest);
            }
            assert!(self.more().await, "it ends without {part}: {}", self.come);
        }
    }

    /// The id of the next change.
    pub(crate) async fn changed(&mut self) -> String {
        let text = self.until("event: changed\ndata: receipts\n\n").await;
        let (_, rest) = text.rsplit_once("id: ").unwrap();
        rest.split('\n').next().unwrap().to_owned()
    }

    /// Reads to the end, which must come soon and in order; what came since the last time.
    pub(crate) async fn rest(mut self) -> String {
        let end = async { while self.more().await {} };
        let ended = tokio::time::timeout(PATIENCE, end).await;
        assert!(ended.is_ok(), "it does not end: {}", self.come);
        self.come
    }

    async fn more(&mut self) -> bool {
        let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
        let chunk = chunk.unwrap_or_else(|_| panic!("nothing more comes after {}", self.come));
        let Some(bytes) = chunk.unwrap_or_else(|error| panic!("it broke off: {error}")) else {
            return false;
        };
        self.come.push_str(std::str::from_utf8(&bytes).unwrap());
        true
    }
}
