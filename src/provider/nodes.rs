//! Being one of several nodes: whom this one lets in, what it tells the others, and what it takes
//! over from one that died.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use super::Provider;
use super::trouble::Trouble;
use crate::failpoint::FailPoint;
use crate::store::Unknown;
use crate::store::hot::{Admission, Gate, Identity};
use crate::store::record::HotIdentity;

/// How long a piece of work is one node's.
const WORK: Duration = Duration::from_secs(15);

/// Lets a server of the hot state in when this node knows what not to believe of it.
pub(super) struct Doorkeeper(pub(super) Weak<Provider>);

impl Gate for Doorkeeper {
    fn admit<'a>(&'a self, identity: &'a Identity) -> Admission<'a> {
        Box::pin(async move {
            let Some(provider) = self.0.upgrade() else {
                return Err(Unknown("the house is closing".to_owned()));
            };
            provider.admit(identity).await
        })
    }
}

/// Owners of leases who gave no sign of life at the last look.
#[derive(Debug, Default)]
pub(super) struct Missing(Mutex<HashSet<String>>);

impl Missing {
    /// Remembers who is missing now; answers with those who were missing before already.
    fn still(&self, now: HashSet<String>) -> Vec<String> {
        let mut before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let still = now.intersection(&before).cloned().collect();
        *before = now;
        still
    }
}

impl Provider {
    /// One that is not what it was has perhaps forgotten: whoever sees it first raises the
    /// generation, and everybody follows the log that far before they use it.
    async fn admit(&self, identity: &Identity) -> Result<(), Unknown> {
        let known = HotIdentity {
            shard: identity.shard.clone(),
            run_id: identity.run_id.clone(),
            replication_id: identity.replication_id.clone(),
            canary: identity.canary.clone(),
        };
        let now = self.clock.now();
        self.record.admit(&known, now).await?;
        let followed = self.ends.follow(&self.record, now).await;
        followed.map_err(|error| Unknown(error.to_string()))
    }

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
        if self.hot.is_shared() {
            self.record.release_work(&self.node).await?;
            self.record.release_leases_of(&self.node).await?;
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
