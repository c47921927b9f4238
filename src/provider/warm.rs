//! A cache that an outage of the record does not empty: what is in use is read again in the
//! background, and served meanwhile.

use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use moka::future::Cache;
use moka::ops::compute::Op;

use super::trouble::Trouble;
use crate::store::Unknown;

/// How many of each kind are kept.
const KEPT: u64 = 20_000;
/// From this age on an entry that is used is read again: the backstop, should a change be missed.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// How long an entry that nobody used stays good enough to begin an outage with.
const WARM_FOR: Duration = Duration::from_mins(1);

/// What the record said of one key, also that it has nothing.
struct Known<T> {
    value: Option<Arc<T>>,
    read: Instant,
    being_read: AtomicBool,
}

impl<T> Known<T> {
    fn new(value: Option<T>) -> Arc<Self> {
        Arc::new(Self {
            value: value.map(Arc::new),
            read: Instant::now(),
            being_read: AtomicBool::new(false),
        })
    }
}

/// Entries by key.
pub(super) struct Warm<K, T>(Cache<K, Arc<Known<T>>>);

impl<K, T> Warm<K, T>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    /// Entries in use outlive an outage of `tolerance`.
    pub(super) fn new(tolerance: Duration) -> Self {
        let cache = Cache::builder()
            .max_capacity(KEPT)
            .time_to_live(WARM_FOR + tolerance);
        Self(cache.build())
    }

    /// The entry, read by `load` if it is not there.
    pub(super) async fn get<F>(
        &self,
        key: &K,
        load: impl FnOnce() -> F + Send,
    ) -> Result<Option<Arc<T>>, Trouble>
    where
        F: Future<Output = Result<Option<T>, Trouble>> + Send + 'static,
    {
        if let Some(known) = self.0.get(key).await {
            let old = known.read.elapsed() >= READ_AGAIN_AFTER;
            if old && !known.being_read.swap(true, Ordering::AcqRel) {
                self.read_again(key, &known, load());
            }
            return Ok(known.value.clone());
        }
        let load = load();
        let load = async { Ok::<_, Trouble>(Known::new(load.await?)) };
        let known = self.0.try_get_with_by_ref(key, load).await;
        known
            .map(|known| known.value.clone())
            .map_err(|error| Trouble::Unknown(Unknown(error.to_string())))
    }

    fn read_again<F>(&self, key: &K, known: &Arc<Known<T>>, load: F)
    where
        F: Future<Output = Result<Option<T>, Trouble>> + Send + 'static,
    {
        let (cache, key, known) = (self.0.clone(), key.clone(), Arc::clone(known));
        tokio::spawn(async move {
            let Ok(value) = load.await else {
                known.being_read.store(false, Ordering::Release);
                return;
            };
            // What was dropped or replaced meanwhile is newer than what was read.
            let replace = cache.entry(key).and_compute_with(|present| {
                let same = present.is_some_and(|entry| Arc::ptr_eq(entry.value(), &known));
                let op = if same {
                    Op::Put(Known::new(value))
                } else {
                    Op::Nop
                };
                std::future::ready(op)
            });
            replace.await;
        });
    }

    /// What the record has just said: newer than what is kept.
    pub(super) async fn put(&self, key: K, value: T) {
        self.0.insert(key, Known::new(Some(value))).await;
    }

    /// The next look reads it again.
    pub(super) async fn forget(&self, key: &K) {
        self.0.invalidate(key).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aged(value: u64) -> Arc<Known<u64>> {
        Arc::new(Known {
            value: Some(Arc::new(value)),
            read: Instant::now()
                .checked_sub(READ_AGAIN_AFTER)
                .expect("the machine runs longer"),
            being_read: AtomicBool::new(false),
        })
    }

    fn fails() -> std::future::Ready<Result<Option<u64>, Trouble>> {
        std::future::ready(Err(Trouble::Unknown(Unknown("away".to_owned()))))
    }

    async fn settled(warm: &Warm<u8, u64>, wanted: u64) {
        for _ in 0..10_000 {
            let got = warm.get(&1, fails).await.expect("it is kept");
            if got.as_deref() == Some(&wanted) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it was not read again");
    }

    #[tokio::test]
    async fn an_old_entry_is_served_while_the_record_is_away() {
        let warm = Warm::new(Duration::from_secs(30));
        assert!(warm.get(&1, fails).await.is_err(), "nothing is made up");
        warm.0.insert(1, aged(7)).await;
        for _ in 0..3 {
            assert_eq!(
                warm.get(&1, fails).await.expect("kept").as_deref(),
                Some(&7)
            );
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn an_old_entry_in_use_is_read_again() {
        let warm = Warm::new(Duration::from_secs(30));
        warm.0.insert(1, aged(7)).await;
        let eight = || std::future::ready(Ok(Some(8)));
        assert_eq!(
            warm.get(&1, eight).await.expect("kept").as_deref(),
            Some(&7)
        );
        settled(&warm, 8).await;
    }

    #[tokio::test]
    async fn what_was_dropped_meanwhile_stays_dropped() {
        let warm = Warm::new(Duration::from_secs(30));
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        warm.0.insert(1, aged(7)).await;
        let slow = || async {
            let _ = wait.await;
            Ok(Some(8))
        };
        warm.get(&1, slow).await.expect("kept");
        warm.forget(&1).await;
        warm.get(&1, || std::future::ready(Ok(Some(9))))
            .await
            .expect("read");
        go.send(()).expect("somebody waits");
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        settled(&warm, 9).await;
    }
}
