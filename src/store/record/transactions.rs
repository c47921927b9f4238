//! Writes on PostgreSQL: each job is a transaction of its own, on a connection of the writers'
//! pool. Many at once: jobs of one batch would wait for each other's locks, and all of them for
//! the counter that an end raises last.
//!
//! A job belongs to a task once it is submitted: a caller that goes away does not stop an end
//! half-way. What the database undid because of another transaction is run once more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::AnyPool;
use tokio::sync::{Notify, Semaphore};
use tracing::Instrument as _;

use super::connection::Borrowed;
use super::jobs::Job;
use super::{ANSWER_WITHIN, RecordError};

/// Jobs that may wait or run. Beyond that a caller is told at once, rather than after its time is
/// over.
const PLACES: u32 = 2_048;

/// The callers' end.
#[derive(Clone, Debug)]
pub(super) struct Transactions {
    pool: AnyPool,
    places: Arc<Semaphore>,
    closed: Arc<AtomicBool>,
    wrote: Arc<Notify>,
}

impl Transactions {
    /// On a pool; says when a log grew.
    pub(super) fn new(pool: AnyPool, wrote: Arc<Notify>) -> Self {
        Self {
            pool,
            places: Arc::new(Semaphore::new(PLACES as usize)),
            closed: Arc::default(),
            wrote,
        }
    }

    pub(super) fn submit(&self, mut job: Box<dyn Job>) -> Result<(), RecordError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(RecordError::new("the writer is closed"));
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(RecordError::new("too many writes are waiting"));
        };
        let (pool, wrote) = (self.pool.clone(), Arc::clone(&self.wrote));
        // In the span of the request that asked: what is logged here names it.
        let task = async move {
            let done = tokio::time::timeout(ANSWER_WITHIN, run(&pool, &mut *job)).await;
            let done = done.unwrap_or_else(|_| {
                // Cut off in the middle: its connection is closed, and whether it was done is open.
                Err(RecordError::new("the database took too long"))
            });
            if let Err(error) = &done {
                tracing::warn!(%error, "a write was not committed");
            }
            job.answer(&done, &wrote);
            drop(place);
        };
        tokio::spawn(task.in_current_span());
        Ok(())
    }

    /// Waits for the jobs that were submitted, then closes the connections.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        // All places are free when the last job is done. They are kept: nobody comes after.
        if let Ok(all) = self.places.acquire_many(PLACES).await {
            all.forget();
        }
        self.pool.close().await;
    }
}

async fn run(pool: &AnyPool, job: &mut dyn Job) -> Result<(), RecordError> {
    match once(pool, job).await {
        Err(RecordError::Undone(why)) => {
            tracing::debug!(why, "a write is run once more");
            once(pool, job).await
        }
        done => done,
    }
}

/// One transaction. Only what was undone as a whole is an error of that kind.
async fn once(pool: &AnyPool, job: &mut dyn Job) -> Result<(), RecordError> {
    let mut conn = begin(pool).await?;
    let running = &mut *job;
    let keep = conn
        .ask(|conn| async move { Ok::<_, RecordError>(running.run(conn).await) })
        .await?;
    let last = if keep { "COMMIT" } else { "ROLLBACK" };
    let done = conn.ask(|conn| sqlx::raw_sql(last).execute(conn)).await;
    if done.is_ok() {
        conn.settle();
    }
    done?;
    if job.undone() {
        return Err(RecordError::Undone("a neighbour was in the way".to_owned()));
    }
    Ok(())
}

/// A connection with an open transaction. Those on which none can be begun are gone, perhaps with
/// the server's last start; nothing was done on them, so that the next may be tried.
async fn begin(pool: &AnyPool) -> Result<Borrowed, RecordError> {
    let mut tries = pool.options().get_max_connections();
    loop {
        let mut conn = Borrowed::of(pool).await?;
        conn.doubt();
        let begun = conn.ask(|conn| sqlx::raw_sql("BEGIN").execute(conn)).await;
        match begun {
            Ok(_) => return Ok(conn),
            Err(error) if tries == 0 => return Err(error),
            Err(_) => tries -= 1,
        }
    }
}
