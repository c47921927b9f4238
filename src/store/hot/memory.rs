//! The hot state of a single node, in its own memory and bounded.
//!
//! What was used longest ago makes room: a root goes with all its documents and marks at once, so
//! a reader never sees one without the other. That is safe, as SQL is the truth: absent means "ask
//! SQL", never "fine". A mark that was pushed out brings nothing back either. A late write at a
//! version finds no document or one of another version, and a late first write is held against
//! the ends log like every other. Both hold only for puts that check one of [`super::Check::At`]
//! and [`super::Check::Absent`]. An end is also the latest use of its root, so that it is the last
//! to be pushed out. Pushed-out counters start again from nothing, which is why they have a
//! share of their own that documents cannot take. Marks of what may be used once have a store of
//! their own too, and whoever asks for one asks [`MemoryStore::forgotten_until`] as well.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::notification::RemovalCause;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::entry::{Entry, Verdict};
use super::meter::Meter;
use super::{Commit, Name, Outcome, Slot};
use crate::clock::{Clock, Timestamp};
use crate::entropy::Root;

/// Counters get this part of the memory.
const COUNTERS_SHARE: u64 = 8;

/// What a counter takes beside its key, in bytes: rough, for the bound.
const COUNTER_OVERHEAD: usize = 128;

/// How long a root is kept after its last document, for its attempts and for clocks that differ.
const LINGER: Duration = Duration::from_mins(10);

/// Nothing is kept longer than this without being written again.
const LONGEST: Duration = Duration::from_hours(400 * 24);

/// The hot state in this process. Clones share it.
#[derive(Clone)]
pub struct MemoryStore(Arc<Inner>);

struct Inner {
    clock: Clock,
    /// Of the whole store: so a version of a name rises even after everything else of that name
    /// is forgotten.
    versions: AtomicU64,
    documents: Cache<Root, Arc<Entry>>,
    counters: Cache<String, Counter>,
    /// Milliseconds.
    forgotten_until: Arc<AtomicI64>,
    meter: Meter,
}

#[derive(Clone, Copy)]
struct Counter {
    count: u64,
    until: Timestamp,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore(…)")
    }
}

impl MemoryStore {
    /// An empty store of about `max_bytes` at most.
    pub fn new(clock: Clock, max_bytes: u64) -> Self {
        let for_counters = max_bytes / COUNTERS_SHARE;
        let forgotten_until = Arc::new(AtomicI64::new(Timestamp::default().as_millis()));
        let forgotten = Arc::clone(&forgotten_until);
        let documents = Cache::builder()
            .max_capacity(max_bytes - for_counters)
            .weigher(|_, entry: &Arc<Entry>| entry.weight())
            .eviction_policy(EvictionPolicy::lru())
            .eviction_listener(move |_, entry: Arc<Entry>, cause| {
                if cause == RemovalCause::Size {
                    forgotten.fetch_max(entry.expires().as_millis(), Ordering::SeqCst);
                }
            })
            .expire_after(Garbage(clock.clone()))
            .build();
        let counters = Cache::builder()
            .max_capacity(for_counters)
            .weigher(|key: &String, _| {
                u32::try_from(key.len() + COUNTER_OVERHEAD).unwrap_or(u32::MAX)
            })
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(Garbage(clock.clone()))
            .build();
        Self(Arc::new(Inner {
            clock,
            versions: AtomicU64::new(1),
            documents,
            counters,
            forgotten_until,
            meter: Meter::default(),
        }))
    }

    /// See [`super::HotStore::read`].
    pub fn read(&self, root: &Root, names: &[Name]) -> Vec<Slot> {
        self.0.meter.read();
        let now = self.0.clock.now();
        match self.0.documents.get(root) {
            Some(entry) => names.iter().map(|name| entry.slot(name, now)).collect(),
            None => vec![Slot::Absent; names.len()],
        }
    }

    /// See [`super::HotStore::commit`].
    pub fn commit(&self, root: &Root, commit: Commit) -> Outcome {
        self.0.meter.commit();
        let mut outcome = Outcome::Conflict;
        self.0.documents.entry(*root).and_compute_with(|held| {
            let held = held.map(moka::Entry::into_value).unwrap_or_default();
            // Asked under the root's lock, so that time follows the order of the commits.
            let now = self.0.clock.now();
            match held.judge(commit, now, || self.next_version()) {
                Verdict::Holds(next) => {
                    outcome = Outcome::Committed;
                    Op::Put(Arc::new(next))
                }
                Verdict::Repeated => {
                    outcome = Outcome::Committed;
                    Op::Nop
                }
                Verdict::Fails => Op::Nop,
            }
        });
        outcome
    }

    /// See [`super::HotStore::count`].
    pub fn count(&self, key: &str, window: Duration) -> u64 {
        self.0.meter.count();
        let mut count = 1;
        let counter = self.0.counters.entry_by_ref(key);
        counter.and_compute_with(|held| {
            let now = self.0.clock.now();
            let mut until = now + window;
            if let Some(held) = held
                .map(moka::Entry::into_value)
                .filter(|it| now < it.until)
            {
                count = held.count.saturating_add(1);
                until = held.until;
            }
            Op::Put(Counter { count, until })
        });
        count
    }

    /// See [`super::HotStore::counted`].
    pub fn counted(&self, key: &str) -> u64 {
        self.0.meter.count();
        let now = self.0.clock.now();
        let counter = self.0.counters.get(key).filter(|it| now < it.until);
        counter.map_or(0, |it| it.count)
    }

    /// See [`super::HotStore::uncount`].
    pub fn uncount(&self, key: &str) {
        self.0.meter.count();
        let now = self.0.clock.now();
        let counter = self.0.counters.entry_by_ref(key);
        counter.and_compute_with(|held| {
            let held = held
                .map(moka::Entry::into_value)
                .filter(|it| now < it.until);
            match held {
                Some(Counter { count, until }) if count > 1 => Op::Put(Counter {
                    count: count - 1,
                    until,
                }),
                _ => Op::Remove,
            }
        });
    }

    /// See [`super::HotStore::forget`].
    pub fn forget(&self, key: &str) {
        self.0.meter.count();
        // Not `invalidate`: a count under way would write its sum after it.
        let counter = self.0.counters.entry_by_ref(key);
        counter.and_compute_with(|_| Op::Remove);
    }

    /// See [`super::HotStore::forgotten_until`].
    pub fn forgotten_until(&self) -> Timestamp {
        Timestamp::from_millis(self.0.forgotten_until.load(Ordering::SeqCst))
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.0.meter
    }

    fn next_version(&self) -> u64 {
        self.0.versions.fetch_add(1, Ordering::Relaxed)
    }
}

/// What may be forgotten at a moment of our clock.
trait Expires {
    fn expires(&self) -> Timestamp;
}

impl Expires for Arc<Entry> {
    fn expires(&self) -> Timestamp {
        Entry::expires(self)
    }
}

impl Expires for Counter {
    fn expires(&self) -> Timestamp {
        self.until
    }
}

/// Frees memory when everything has expired. The cache's own time decides only that: what is
/// still there is judged by our clock at each read.
struct Garbage(Clock);

impl Garbage {
    fn remaining(&self, value: &impl Expires) -> Duration {
        let remaining = self.0.now().until(value.expires());
        remaining.min(LONGEST) + LINGER
    }
}

impl<K, V: Expires> Expiry<K, V> for Garbage {
    fn expire_after_create(&self, _: &K, value: &V, _: Instant) -> Option<Duration> {
        Some(self.remaining(value))
    }

    fn expire_after_update(
        &self,
        _: &K,
        value: &V,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(self.remaining(value))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Check, Effect};
    use super::*;
    use crate::entropy::Entropy;

    const START: Timestamp = Timestamp::from_secs(1_000);

    fn name() -> Name {
        Name("session".to_owned())
    }

    fn put(entropy: &Entropy, checks: Vec<Check>, size: usize) -> Commit {
        let document = Effect::Put {
            name: name(),
            bytes: vec![7; size],
            expires: START + Duration::from_hours(1),
        };
        Commit {
            checks,
            effects: vec![document],
            attempt: entropy.bytes(),
        }
    }

    fn version(store: &MemoryStore, root: &Root) -> Option<u64> {
        match store.read(root, &[name()]).as_slice() {
            [Slot::Found { version, .. }] => Some(*version),
            _ => None,
        }
    }

    #[test]
    fn memory_is_bounded_and_versions_rise_across_it() {
        let entropy = Entropy::seeded(1);
        let store = MemoryStore::new(Clock::manual(START), 64 * 1024);
        let first = Root::random(&entropy);
        store.commit(&first, put(&entropy, Vec::new(), 1_000));
        let before = version(&store, &first).unwrap();
        for _ in 0..500 {
            let other = Root::random(&entropy);
            store.commit(&other, put(&entropy, Vec::new(), 1_000));
        }
        store.0.documents.run_pending_tasks();
        assert!(store.0.documents.weighted_size() <= 56 * 1024);
        assert_eq!(store.read(&first, &[name()]), [Slot::Absent]);

        let late = put(&entropy, vec![Check::At(name(), before)], 10);
        assert_eq!(store.commit(&first, late), Outcome::Conflict);
        store.commit(&first, put(&entropy, vec![Check::Absent(name())], 10));
        assert!(version(&store, &first).unwrap() > before);
    }

    #[test]
    fn an_end_is_written_and_stays_when_memory_is_full() {
        let entropy = Entropy::seeded(2);
        let store = MemoryStore::new(Clock::manual(START), 64 * 1024);
        let roots = [(); 200].map(|()| Root::random(&entropy));
        for root in &roots {
            store.commit(root, put(&entropy, Vec::new(), 1_000));
        }
        store.0.documents.run_pending_tasks();
        let end = Commit {
            checks: Vec::new(),
            effects: vec![Effect::Tombstone {
                name: name(),
                expires: START + Duration::from_mins(1),
            }],
            attempt: entropy.bytes(),
        };
        assert_eq!(store.commit(&roots[0], end), Outcome::Committed);
        store.0.documents.run_pending_tasks();
        assert_eq!(store.read(&roots[0], &[name()]), [Slot::Tombstone]);
    }

    #[test]
    fn documents_do_not_push_out_counters() {
        let entropy = Entropy::seeded(3);
        let store = MemoryStore::new(Clock::manual(START), 64 * 1024);
        store.count("account:alice", Duration::from_hours(1));
        for _ in 0..500 {
            store.commit(&Root::random(&entropy), put(&entropy, Vec::new(), 1_000));
        }
        store.0.counters.run_pending_tasks();
        assert_eq!(store.counted("account:alice"), 1);
    }

    #[test]
    fn it_knows_what_it_no_longer_knows() {
        let entropy = Entropy::seeded(4);
        let clock = Clock::manual(START);
        let store = MemoryStore::new(clock.clone(), 64 * 1024);
        let until = |minutes: u64| START + Duration::from_mins(minutes);
        let commit = |minutes: u64| {
            let mut commit = put(&entropy, Vec::new(), 1_000);
            if let Effect::Put { expires, .. } = &mut commit.effects[0] {
                *expires = until(minutes);
            }
            store.commit(&Root::random(&entropy), commit);
            store.0.documents.run_pending_tasks();
        };
        (0..40).for_each(|_| commit(5));
        assert_eq!(
            store.forgotten_until(),
            Timestamp::default(),
            "there was room"
        );
        (0..40).for_each(|_| commit(10));
        assert_eq!(store.forgotten_until(), until(5), "the oldest went first");
        (0..40).for_each(|_| commit(3));
        assert_eq!(store.forgotten_until(), until(10));
    }

    #[test]
    fn nothing_shows_in_logs() {
        let store = MemoryStore::new(Clock::manual(START), 1_024);
        store.count("account:alice", Duration::from_hours(1));
        assert_eq!(format!("{store:?}"), "MemoryStore(…)");
    }
}
