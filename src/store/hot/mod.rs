//! What must be quick: a tiny transactional store of sealed documents. It knows nothing of
//! sessions, so that two back ends cannot hold two copies of the rules.
//!
//! Documents lie under a [`Root`] (Redis: the hash tag); a [`Commit`] is all or nothing within one
//! root. Deadlines are in the documents and judged by the callers' clock; the expiry given here is
//! garbage collection, judged by the store's own injected clock.

mod entry;
mod memory;
mod meter;

pub use memory::MemoryStore;

use crate::clock::Timestamp;
use crate::entropy::Root;
use crate::store::Unknown;

use meter::Meter;

/// What a document is called under its root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub String);

/// What a name holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A document and its version. Versions of one name only ever rise, also across a deletion.
    Found {
        /// For [`Check::At`].
        version: u64,
        /// The sealed document.
        bytes: Vec<u8>,
    },
    /// Ended: a mark that keeps a late write from bringing the document back.
    Tombstone,
    /// Nothing.
    Absent,
}

/// What must hold for a commit to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// The document is there at this version.
    At(Name, u64),
    /// Neither document nor tombstone.
    Absent(Name),
    /// A document is there.
    Present(Name),
    /// No tombstone; a document may be there or not.
    NoTombstone(Name),
}

/// What a commit does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Writes a document. Never over a tombstone: that is a conflict even without a check.
    Put {
        /// Its name.
        name: Name,
        /// The sealed document.
        bytes: Vec<u8>,
        /// When it may be forgotten.
        expires: Timestamp,
    },
    /// Removes the document and leaves a mark. Allowed also when memory is full. Over an earlier
    /// mark the later expiry holds.
    Tombstone {
        /// Its name.
        name: Name,
        /// When the mark may be forgotten.
        expires: Timestamp,
    },
    /// Removes the document, leaving no mark. A tombstone stays: it wins always.
    Delete(Name),
}

/// All or nothing within one root.
#[derive(Clone, Debug)]
pub struct Commit {
    /// All must hold.
    pub checks: Vec<Check>,
    /// Done in order, if they do.
    pub effects: Vec<Effect>,
    /// Names this attempt: a repeat after a lost answer is recognised and answers the same.
    pub attempt: [u8; 16],
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every effect is done.
    Committed,
    /// A check failed; nothing is done.
    Conflict,
}

/// The hot state, whichever back end holds it.
#[derive(Clone, Debug)]
pub enum HotStore {
    /// In this process.
    Memory(MemoryStore),
}

#[expect(
    clippy::unused_async,
    reason = "memory answers at once; a back end over the network will not"
)]
impl HotStore {
    /// Calls of [`Self::read`] so far.
    pub fn reads(&self) -> u64 {
        self.meter().reads()
    }

    /// Calls of [`Self::commit`] so far, whatever came of them.
    pub fn commits(&self) -> u64 {
        self.meter().commits()
    }

    /// Calls of [`Self::count`], [`Self::counted`] and [`Self::forget`] so far.
    pub fn counts(&self) -> u64 {
        self.meter().counts()
    }

    fn meter(&self) -> &Meter {
        match self {
            Self::Memory(store) => store.meter(),
        }
    }

    /// Reads several names of one root as of one moment, in the order asked.
    pub async fn read(&self, root: &Root, names: &[Name]) -> Result<Vec<Slot>, Unknown> {
        match self {
            Self::Memory(store) => Ok(store.read(root, names)),
        }
    }

    /// Commits within one root.
    pub async fn commit(&self, root: &Root, commit: Commit) -> Result<Outcome, Unknown> {
        match self {
            Self::Memory(store) => Ok(store.commit(root, commit)),
        }
    }

    /// Adds one to a counter that forgets after `window` from its first count; answers with the
    /// new value.
    pub async fn count(&self, key: &str, window: std::time::Duration) -> Result<u64, Unknown> {
        match self {
            Self::Memory(store) => Ok(store.count(key, window)),
        }
    }

    /// Reads a counter without raising it.
    pub async fn counted(&self, key: &str) -> Result<u64, Unknown> {
        match self {
            Self::Memory(store) => Ok(store.counted(key)),
        }
    }

    /// Takes one away from a counter that was raised.
    pub async fn uncount(&self, key: &str) -> Result<(), Unknown> {
        match self {
            Self::Memory(store) => {
                store.uncount(key);
                Ok(())
            }
        }
    }

    /// Forgets a counter.
    pub async fn forget(&self, key: &str) -> Result<(), Unknown> {
        match self {
            Self::Memory(store) => {
                store.forget(key);
                Ok(())
            }
        }
    }
}
