//! What must be quick: a tiny transactional store of sealed documents. It knows nothing of
//! sessions, so that two back ends cannot hold two copies of the rules.
//!
//! Documents lie under a [`Root`] (Redis: the hash tag); a [`Commit`] is all or nothing within one
//! root. Deadlines are in the documents and judged by the callers' clock; the expiry given here is
//! garbage collection, judged by the store's own injected clock.

mod entry;
mod memory;
mod meter;
mod redis;

pub use memory::MemoryStore;
pub use redis::{Address, Login, RedisSettings, RedisStore, Topology};

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::entropy::Root;
use crate::meters::Meters;
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
    /// Removes every document of the root; its tombstones stay.
    DeleteAll,
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

/// Who a server of the hot state is, and which data it has: what a restart, a failover, a flush or
/// a restored snapshot changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Which part of the hot state it holds.
    pub shard: String,
    /// Of the process.
    pub run_id: String,
    /// Of the history of its data.
    pub replication_id: String,
    /// A random value among the data themselves.
    pub canary: String,
}

/// A future that borrows from its maker.
pub type Admission<'a> = Pin<Box<dyn Future<Output = Result<(), Unknown>> + Send + 'a>>;

/// Is asked before a new connection to a server is used. When it has answered, this node knows
/// what must not be believed any more of what that server says.
pub trait Gate: Send + Sync {
    /// Compares a server with what the house knows.
    fn admit<'a>(&'a self, identity: &'a Identity) -> Admission<'a>;
}

/// The hot state, whichever back end holds it.
#[derive(Clone, Debug)]
pub enum HotStore {
    /// In this process.
    Memory(MemoryStore),
    /// In Redis, for any number of nodes.
    Redis(RedisStore),
}

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

    /// Reports calls to the meters of the house from now on.
    pub fn report_to(&self, meters: Meters) {
        self.meter().report_to(meters);
    }

    fn meter(&self) -> &Meter {
        match self {
            Self::Memory(store) => store.meter(),
            Self::Redis(store) => store.meter(),
        }
    }

    /// Whether other nodes use it too.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Redis(_))
    }

    /// Of nothing that expires by this moment can it be said that it was never here: it may have
    /// been pushed out. A store that is shared refuses what it has no room for, and forgets nothing
    /// by itself.
    pub fn forgotten_until(&self) -> Timestamp {
        match self {
            Self::Memory(store) => store.forgotten_until(),
            Self::Redis(_) => Timestamp::default(),
        }
    }

    /// The same store, by a way that does not stand in front of requests.
    #[must_use]
    pub fn bulk(&self) -> Self {
        match self {
            Self::Memory(_) => self.clone(),
            Self::Redis(store) => Self::Redis(store.bulk()),
        }
    }

    /// From now on `gate` is asked about every connection; the first ones are made now.
    pub async fn open(&self, gate: Arc<dyn Gate>) -> Result<(), Unknown> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Redis(store) => store.open(gate).await,
        }
    }

    /// Where it is, in words for an operator.
    pub fn place(&self) -> String {
        match self {
            Self::Memory(_) => "the memory of its process".to_owned(),
            Self::Redis(store) => store.place(),
        }
    }

    /// The servers that are connected and admitted.
    pub fn in_use(&self) -> Vec<Identity> {
        match self {
            Self::Memory(_) => Vec::new(),
            Self::Redis(store) => store.in_use(),
        }
    }

    /// Lets a server go: it must be admitted again before its next use.
    pub fn doubt(&self, identity: &Identity) {
        if let Self::Redis(store) = self {
            store.doubt(identity);
        }
    }

    /// Reads several names of one root as of one moment, in the order asked.
    pub async fn read(&self, root: &Root, names: &[Name]) -> Result<Vec<Slot>, Unknown> {
        let mut call = self.meter().call("read");
        let answer = match self {
            Self::Memory(store) => Ok(store.read(root, names)),
            Self::Redis(store) => store.read(root, names).await,
        };
        call.judge(&answer);
        answer
    }

    /// Commits within one root.
    pub async fn commit(&self, root: &Root, commit: Commit) -> Result<Outcome, Unknown> {
        let mut call = self.meter().call("commit");
        let answer = match self {
            Self::Memory(store) => Ok(store.commit(root, commit)),
            Self::Redis(store) => store.commit(root, &commit).await,
        };
        call.came_to(match answer {
            Ok(Outcome::Committed) => "ok",
            Ok(Outcome::Conflict) => "conflict",
            Err(_) => "error",
        });
        answer
    }

    /// Adds one to a counter that forgets after `window` from its first count; answers with the
    /// new value.
    pub async fn count(&self, key: &str, window: Duration) -> Result<u64, Unknown> {
        let mut call = self.meter().call("count");
        let answer = match self {
            Self::Memory(store) => Ok(store.count(key, window)),
            Self::Redis(store) => store.count(key, window).await,
        };
        call.judge(&answer);
        answer
    }

    /// Reads a counter without raising it.
    pub async fn counted(&self, key: &str) -> Result<u64, Unknown> {
        let mut call = self.meter().call("count");
        let answer = match self {
            Self::Memory(store) => Ok(store.counted(key)),
            Self::Redis(store) => store.counted(key).await,
        };
        call.judge(&answer);
        answer
    }

    /// Takes one away from a counter that was raised.
    pub async fn uncount(&self, key: &str) -> Result<(), Unknown> {
        let mut call = self.meter().call("count");
        let answer = match self {
            Self::Memory(store) => {
                store.uncount(key);
                Ok(())
            }
            Self::Redis(store) => store.uncount(key).await,
        };
        call.judge(&answer);
        answer
    }

    /// Forgets a counter.
    pub async fn forget(&self, key: &str) -> Result<(), Unknown> {
        let mut call = self.meter().call("count");
        let answer = match self {
            Self::Memory(store) => {
                store.forget(key);
                Ok(())
            }
            Self::Redis(store) => store.forget(key).await,
        };
        call.judge(&answer);
        answer
    }

    /// Tells the other nodes that there is something to read in the logs. A hint: it may be lost.
    pub async fn hint(&self) -> Result<(), Unknown> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Redis(store) => store.hint().await,
        }
    }

    /// Waits for a hint of any node.
    pub async fn hinted(&self) {
        match self {
            Self::Memory(_) => std::future::pending().await,
            Self::Redis(store) => store.hinted().await,
        }
    }

    /// Says that a node lives. Holds for seconds of real time, as it is about processes.
    pub async fn sign_of_life(&self, node: &str) -> Result<(), Unknown> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Redis(store) => store.sign_of_life(node).await,
        }
    }

    /// Whether a node has said lately that it lives.
    pub async fn lives(&self, node: &str) -> Result<bool, Unknown> {
        match self {
            Self::Memory(_) => Ok(true),
            Self::Redis(store) => store.lives(node).await,
        }
    }
}
