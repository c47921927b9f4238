//! What this process remembers of metadata documents: within bounds, failures too.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::{Mutex, Semaphore};

use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::protocol::client::Client;
use crate::protocol::metadata_document::CEILING;

/// Documents, and failures, that are remembered.
const KEPT: u64 = 1_000;
/// How long a failure is.
const FAILED: Duration = Duration::from_secs(30);
/// Read at the same time, of clients that are not known yet; and as many of those that are, so that
/// a crowd of strangers does not keep them waiting.
const AT_ONCE: usize = 8;
/// Why there is no document to go by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Undocumented {
    /// It cannot be read now, or too much is asked for. Trying again may help.
    #[error("the client's metadata document can't be read now")]
    NotNow,
    /// Likewise, and its author can do something about it. In words of ours.
    #[error("the client's metadata document can't be read now: {0}")]
    Unread(String),
    /// It is there, and makes no client. In words of ours.
    #[error("the client's metadata document can't be used: {0}")]
    Flawed(String),
}

/// What this process lately read of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentReading {
    /// When it last said what the client is.
    pub read: Option<Timestamp>,
    /// When it could not be had since then, and why, in words of ours.
    pub failed: Option<(Timestamp, String)>,
}

/// The documents that this process read.
pub(super) struct MetadataDocuments {
    pub(super) slots: Cache<ClientId, Arc<Mutex<Slot>>>,
    pub(super) of_strangers: Semaphore,
    pub(super) of_known: Semaphore,
}

impl Default for MetadataDocuments {
    fn default() -> Self {
        Self {
            slots: Cache::new(KEPT),
            of_strangers: Semaphore::new(AT_ONCE),
            of_known: Semaphore::new(AT_ONCE),
        }
    }
}

/// What is known of one document.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) read: Option<Read>,
    pub(super) failed: Option<(Timestamp, Undocumented)>,
}

pub(super) struct Read {
    pub(super) client: Arc<Client>,
    pub(super) at: Timestamp,
    pub(super) fresh: Duration,
}

impl Slot {
    fn not_older(&self, age: impl Fn(&Read) -> Duration, now: Timestamp) -> Option<Arc<Client>> {
        let read = self.read.as_ref().filter(|read| now < read.at + age(read));
        read.map(|read| Arc::clone(&read.client))
    }

    pub(super) fn fresh(&self, now: Timestamp) -> Option<Arc<Client>> {
        self.not_older(|read| read.fresh, now)
    }

    /// The copy that is believed while there is no newer one.
    pub(super) fn believed(&self, now: Timestamp) -> Option<Arc<Client>> {
        self.not_older(|_| CEILING, now)
    }

    pub(super) fn failed_lately(&self, now: Timestamp) -> Option<Undocumented> {
        let failed = self.failed.as_ref().filter(|(at, _)| now < *at + FAILED);
        failed.map(|(_, why)| why.clone())
    }
}
