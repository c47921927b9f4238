//! What this process remembers of metadata documents: within bounds, failures too.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::protocol::client::Client;
use crate::protocol::metadata_document::CEILING;

/// Documents, and failures, of clients that the record does not know.
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

impl Undocumented {
    /// What is wrong with the document; trouble as long as it may yet be had.
    pub(super) fn flaw(self) -> Result<String, Trouble> {
        match self {
            Self::NotNow | Self::Unread(_) => Err(Trouble::Undocumented),
            Self::Flawed(_) => Ok(self.to_string()),
        }
    }
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
    /// Of clients that the record knows: nobody else's push them out.
    of_known: Room,
    of_strangers: Room,
    /// Those that are asked for, and were not read yet. Whoever comes meanwhile waits for them;
    /// names of documents alone, of which anybody can invent any number, push out nothing.
    asked_for: std::sync::Mutex<HashMap<ClientId, Weak<Mutex<Slot>>>>,
}

/// Documents of one kind of clients, and the places to read them.
struct Room {
    slots: Cache<ClientId, Arc<Mutex<Slot>>>,
    places: Semaphore,
}

impl Room {
    fn of(slots: u64) -> Self {
        Self {
            slots: Cache::new(slots),
            places: Semaphore::new(AT_ONCE),
        }
    }
}

impl MetadataDocuments {
    /// With room for so many clients that the record knows.
    pub(super) fn of(known: u64) -> Self {
        Self {
            of_known: Room::of(known),
            of_strangers: Room::of(KEPT),
            asked_for: std::sync::Mutex::default(),
        }
    }

    /// What is known of a document, and maybe nothing yet.
    pub(super) fn slot(&self, id: &ClientId, known: bool) -> Arc<Mutex<Slot>> {
        if let Some(slot) = self.kept(id, known) {
            return slot;
        }
        let mut asked_for = self.asked_for();
        if let Some(slot) = asked_for.get(id).and_then(Weak::upgrade) {
            return slot;
        }
        asked_for.retain(|_, slot| slot.strong_count() > 0);
        let slot = Arc::default();
        asked_for.insert(id.clone(), Arc::downgrade(&slot));
        slot
    }

    fn asked_for(&self) -> MutexGuard<'_, HashMap<ClientId, Weak<Mutex<Slot>>>> {
        let held = self.asked_for.lock();
        held.unwrap_or_else(PoisonError::into_inner)
    }

    /// The slot of a document that was read, or that could not be.
    pub(super) fn kept(&self, id: &ClientId, known: bool) -> Option<Arc<Mutex<Slot>>> {
        let of_stranger = || self.of_strangers.slots.get(id);
        if known {
            return self.of_known.slots.get(id).or_else(of_stranger);
        }
        of_stranger()
    }

    /// Keeps what is about to be read.
    pub(super) fn keep(&self, id: &ClientId, known: bool, slot: &Arc<Mutex<Slot>>) {
        self.room(known).slots.insert(id.clone(), Arc::clone(slot));
        self.asked_for().remove(id);
    }

    /// A place to read a document, while there is one.
    pub(super) fn place(&self, known: bool) -> Option<SemaphorePermit<'_>> {
        self.room(known).places.try_acquire().ok()
    }

    const fn room(&self, known: bool) -> &Room {
        if known {
            &self.of_known
        } else {
            &self.of_strangers
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_alone_push_out_nothing_and_are_forgotten() {
        let documents = MetadataDocuments::of(1);
        let (kept, known) = (ClientId::new("kept"), ClientId::new("known"));
        documents.keep(&kept, false, &documents.slot(&kept, false));
        documents.keep(&known, true, &documents.slot(&known, true));
        for number in 0..3_000 {
            let invented = ClientId::new(format!("invented-{number}"));
            drop(documents.slot(&invented, false));
        }
        assert!(documents.kept(&kept, false).is_some());
        assert!(documents.kept(&known, true).is_some());
        assert!(documents.asked_for().len() <= 1);
    }

    #[test]
    fn who_asks_for_what_is_being_read_waits_for_it() {
        let documents = MetadataDocuments::of(1);
        let id = ClientId::new("app");
        let (first, second) = (documents.slot(&id, false), documents.slot(&id, false));
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn what_strangers_had_read_is_not_read_again_once_it_is_known() {
        let documents = MetadataDocuments::of(1);
        let id = ClientId::new("app");
        let slot = documents.slot(&id, false);
        documents.keep(&id, false, &slot);
        assert!(Arc::ptr_eq(&slot, &documents.slot(&id, true)));
    }
}
