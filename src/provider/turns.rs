//! Turns: what must be done one after the other in this node, by what it is done to.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::trouble::Trouble;
use crate::store::Unknown;

/// How long one waits for a turn.
const WAIT: Duration = Duration::from_secs(1);

type Open<K> = Arc<Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>>;

/// Who has a turn, and who waits for one.
pub(super) struct Queues<K>(Open<K>);

impl<K> Default for Queues<K> {
    fn default() -> Self {
        Self(Open::default())
    }
}

/// A turn, until it is dropped.
pub(super) struct Turn<K: Eq + Hash> {
    key: K,
    open: Open<K>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl<K: Eq + Hash + Copy> Queues<K> {
    /// Waits for a turn, but not for long: what each of many waits for may be failing slowly.
    pub(super) async fn take(&self, key: K) -> Result<Turn<K>, Trouble> {
        let mut turn = Turn {
            key,
            open: Arc::clone(&self.0),
            guard: None,
        };
        let queue = {
            let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(open.entry(key).or_default())
        };
        let guard = tokio::time::timeout(WAIT, queue.lock_owned()).await;
        turn.guard = Some(guard.map_err(|_| Unknown("the line is too long".to_owned()))?);
        Ok(turn)
    }
}

impl<K: Eq + Hash> Drop for Turn<K> {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.guard.take());
        // Nobody else waits: only the map knows it.
        let alone = |queue: &Arc<_>| Arc::strong_count(queue) == 1;
        if open.get(&self.key).is_some_and(alone) {
            open.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_of_one_key_follow_each_other_and_leave_nothing_behind() {
        let queues = Queues::<u8>::default();
        let first = queues.take(1).await.unwrap();
        let _other = queues.take(2).await.unwrap();
        let mut second = Box::pin(queues.take(1));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        drop(second.await.unwrap());
        // One that gives up while it waits.
        let third = queues.take(1).await.unwrap();
        let mut fourth = Box::pin(queues.take(1));
        assert!(futures_util::poll!(&mut fourth).is_pending());
        drop(fourth);
        drop(third);
        let open = queues.0.lock().unwrap();
        assert_eq!(open.keys().collect::<Vec<_>>(), [&2]);
    }
}
