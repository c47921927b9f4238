//! Being one of several nodes: what this one tells the others, and what it takes over from one that
//! died.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Provider;
use super::trouble::Trouble;
use crate::failpoint::FailPoint;

/// How long a piece of work is one node's.
const WORK: Duration = Duration::from_secs(15);

/// Owners of leases who gave no sign of life at the last look.
#[derive(Debug, Default)]
pub(super) struct Missing(Mutex<HashSet<String>>);

impl Missing {
    /// Remembers who is missing now; answers with those who were missing before already.
    pub(super) fn still(&self, now: HashSet<String>) -> Vec<String> {
        let mut before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let still = now.intersection(&before).cloned().collect();
        *before = now;
        still
    }
}

impl Provider {
    /// Says that this node lives, and frees what a dead one had in hand: one that was missing
    /// twice, as a flushed hot state forgets signs of life too.
    pub(super) async fn look_after_nodes(&self) -> Result<(), Trouble> {
        if !self.hot.is_shared() {
            return Ok(());
        }
        self.hot.sign_of_life(&self.node).await?;
        let mut missing = HashSet::new();
        for owner in self.record.lease_owners(self.clock.now()).await? {
            if owner != self.node && !self.hot.lives(&owner).await? {
                missing.insert(owner);
            }
        }
        for dead in self.missing.still(missing) {
            let freed = self.record.release_leases_of(&dead).await?;
            tracing::info!(
                node = dead,
                notices = freed,
                "took over from a node that is gone"
            );
            self.notices_due.notify_one();
        }
        Ok(())
    }

    /// Tells the other nodes that there is something to read.
    pub(super) async fn tell(&self) -> Result<(), Trouble> {
        self.fail_points.at(FailPoint::HintDue).await;
        Ok(self.hot.hint().await?)
    }

    /// Whether a piece of work is this node's for now. A node alone has all of it.
    pub(super) async fn has_work(&self, name: &str) -> Result<bool, Trouble> {
        if !self.hot.is_shared() {
            return Ok(true);
        }
        let now = self.clock.now();
        let taken = self.record.take_work(name, &self.node, now, now + WORK);
        Ok(taken.await?)
    }

    /// Leaves its work to others.
    pub(super) async fn leave_work(&self) -> Result<(), Trouble> {
        self.withdraw_setup_link().await?;
        if self.hot.is_shared() {
            self.record.release_work(&self.node).await?;
            self.record.release_leases_of(&self.node).await?;
            self.record.forget_hot_node(&self.node).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_missing_twice_is_gone() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let missing = Missing::default();
        assert!(missing.still(names(&["a", "b"])).is_empty());
        assert_eq!(missing.still(names(&["b", "c"])), ["b"]);
        assert!(missing.still(names(&["a"])).is_empty());
    }
}
