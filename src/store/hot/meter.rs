//! Counts the round trips, so that a test can hold a request to its budget.

use std::sync::atomic::{AtomicU64, Ordering};

/// Calls since the store was made.
#[derive(Debug, Default)]
pub(super) struct Meter {
    reads: AtomicU64,
    commits: AtomicU64,
    counts: AtomicU64,
}

impl Meter {
    pub(super) fn read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count(&self) {
        self.counts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(super) fn counts(&self) -> u64 {
        self.counts.load(Ordering::Relaxed)
    }
}
