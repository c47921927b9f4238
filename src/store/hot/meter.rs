//! Counts the round trips, so that a test can hold a request to its budget, and reports them to
//! the meters of the house.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::meters::{Call, Meters, Store};

/// Calls since the store was made.
#[derive(Debug, Default)]
pub(super) struct Meter {
    house: OnceLock<Meters>,
    reads: AtomicU64,
    commits: AtomicU64,
    counts: AtomicU64,
}

impl Meter {
    /// From now on. The first to ask is heard.
    pub(super) fn report_to(&self, house: Meters) {
        let _ = self.house.set(house);
    }

    pub(super) fn call(&self, operation: &'static str) -> Call {
        let house = self.house.get().cloned().unwrap_or_default();
        house.call(Store::Hot, operation)
    }

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
