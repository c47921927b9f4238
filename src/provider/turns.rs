//! Turns: what must be done one after the other in this node, by what it is done to.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

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
    /// Waits for a turn.
    pub(super) async fn take(&self, key: K) -> Turn<K> {
        let mut turn = Turn {
            key,
            open: Arc::clone(&self.0),
            guard: None,
        };
        let queue = {
            let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(open.entry(key).or_default())
        };
        turn.guard = Some(queue.lock_owned().await);
        turn
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
        let first = queues.take(1).await;
        let _other = queues.take(2).await;
        let mut second = Box::pin(queues.take(1));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        drop(second.await);
        // One that gives up while it waits.
        let third = queues.take(1).await;
        let mut fourth = Box::pin(queues.take(1));
        assert!(futures_util::poll!(&mut fourth).is_pending());
        drop(fourth);
        drop(third);
        let open = queues.0.lock().unwrap();
        assert_eq!(open.keys().collect::<Vec<_>>(), [&2]);
    }
}
