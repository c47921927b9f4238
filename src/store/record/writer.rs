//! The one writer, with group commit: it takes all waiting jobs, runs each in a savepoint of one
//! transaction, commits, then answers all. A failing job rolls back alone.
//!
//! A job belongs to the writer once it is queued: a caller that goes away (a closed connection of
//! a browser) does not stop an end half-way.

use std::sync::Arc;

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, Connection as _};
use tokio::sync::{Notify, mpsc, oneshot};

use super::jobs::{Durability, Job};
use super::{RecordError, sqlite};

/// Jobs that share one commit.
const BATCH: usize = 64;
/// Jobs that may wait. Beyond that a caller is told at once, rather than after its time is over.
const WAITING: usize = 2_048;

enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

/// The callers' end of the queue.
#[derive(Clone, Debug)]
pub(super) struct Queue(mpsc::Sender<Message>);

impl Queue {
    pub(super) fn submit(&self, job: Box<dyn Job>) -> Result<(), RecordError> {
        self.0.try_send(Message::Job(job)).map_err(|refused| {
            RecordError::new(match refused {
                mpsc::error::TrySendError::Full(_) => "too many writes are waiting",
                mpsc::error::TrySendError::Closed(_) => "the writer is closed",
            })
        })
    }

    /// Waits until all that was queued is committed and the connection is closed.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.send(Message::Close(done)).await.is_ok() {
            // An error here means that the writer is gone already.
            closed.await.ok();
        }
    }
}

struct Writer {
    options: AnyConnectOptions,
    /// None after a failure: a connection in an unknown state is dropped, which rolls it back.
    conn: Option<AnyConnection>,
    synchronous: Durability,
    queue: mpsc::Receiver<Message>,
    wrote: Arc<Notify>,
}

/// Starts the writer on an open connection; it says when a log grew.
pub(super) fn start(options: AnyConnectOptions, conn: AnyConnection, wrote: Arc<Notify>) -> Queue {
    let (sender, queue) = mpsc::channel(WAITING);
    let writer = Writer {
        options,
        conn: Some(conn),
        synchronous: Durability::Normal,
        queue,
        wrote,
    };
    tokio::spawn(writer.run());
    Queue(sender)
}

impl Writer {
    async fn run(mut self) {
        let mut closing = Vec::new();
        while let Some(first) = self.queue.recv().await {
            let batch = self.take_batch(first, &mut closing);
            self.serve(batch).await;
            if !closing.is_empty() {
                self.queue.close();
            }
        }
        if let Some(conn) = self.conn.take()
            && let Err(error) = conn.close().await
        {
            tracing::warn!(%error, "the record's writer did not close cleanly");
        }
        for done in closing {
            // Whoever asked may have gone away.
            done.send(()).ok();
        }
    }

    fn take_batch(
        &mut self,
        first: Message,
        closing: &mut Vec<oneshot::Sender<()>>,
    ) -> Vec<Box<dyn Job>> {
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(job) => batch.push(job),
                Message::Close(done) => closing.push(done),
            }
            next = if batch.len() < BATCH {
                self.queue.try_recv().ok()
            } else {
                None
            };
        }
        batch
    }

    async fn serve(&mut self, mut batch: Vec<Box<dyn Job>>) {
        let Some(durability) = batch.iter().map(|job| job.durability()).max() else {
            return;
        };
        let committed = self.commit(&mut batch, durability).await;
        if let Err(error) = &committed {
            tracing::warn!(%error, jobs = batch.len(), "a batch of writes was not committed");
            self.conn = None;
        }
        for job in batch {
            job.answer(&committed, &self.wrote);
        }
    }

    async fn commit(
        &mut self,
        batch: &mut [Box<dyn Job>],
        durability: Durability,
    ) -> Result<(), RecordError> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            gone => {
                self.synchronous = Durability::Normal;
                gone.insert(sqlite::connect_writer(&self.options).await?)
            }
        };
        if self.synchronous != durability {
            sqlx::raw_sql(sqlite::synchronous(durability))
                .execute(&mut *conn)
                .await?;
            self.synchronous = durability;
        }
        let mut transaction = conn.begin_with(sqlite::BEGIN_WRITE).await?;
        if let [job] = batch {
            return if job.run(&mut transaction).await {
                Ok(transaction.commit().await?)
            } else {
                Ok(transaction.rollback().await?)
            };
        }
        for job in batch {
            // Where the database itself rolled everything back (disk full), there is no savepoint
            // to return to: that fails here, and with it the whole batch.
            let mut savepoint = transaction.begin().await?;
            if job.run(&mut savepoint).await {
                savepoint.commit().await?;
            } else {
                savepoint.rollback().await?;
            }
        }
        Ok(transaction.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::jobs::{Work, job};
    use super::*;

    async fn writer(folder: &tempfile::TempDir) -> Queue {
        sqlx::any::install_default_drivers();
        let path = folder.path().join("test.db");
        sqlite::create(&path).unwrap();
        let options = sqlite::options(&path).unwrap();
        let conn = sqlite::connect_writer(&options).await.unwrap();
        let queue = start(options, conn, Arc::default());
        run(&queue, "CREATE TABLE t (name TEXT PRIMARY KEY)")
            .await
            .unwrap();
        queue
    }

    async fn run(queue: &Queue, sql: &'static str) -> Result<(), RecordError> {
        let work: Work<&'static str, ()> = |conn, sql| {
            Box::pin(async move { Ok(sqlx::raw_sql(*sql).execute(conn).await.map(drop)?) })
        };
        let (job, pending) = job(Durability::Normal, sql, work, |()| false);
        queue.submit(job)?;
        pending.answer().await
    }

    async fn names(queue: &Queue) -> Vec<String> {
        let work: Work<(), Vec<String>> = |conn, ()| {
            Box::pin(async move {
                let query = sqlx::query_scalar("SELECT name FROM t ORDER BY name");
                Ok(query.fetch_all(conn).await?)
            })
        };
        let (job, pending) = job(Durability::Full, (), work, |_| false);
        queue.submit(job).unwrap();
        pending.answer().await.unwrap()
    }

    #[tokio::test]
    async fn a_failing_job_rolls_back_alone() {
        let folder = tempfile::tempdir().unwrap();
        let queue = writer(&folder).await;
        // All are queued before the writer has its turn: one batch.
        let (a, b, c) = tokio::join!(
            run(&queue, "INSERT INTO t VALUES ('a')"),
            run(
                &queue,
                "INSERT INTO t VALUES ('b'); INSERT INTO t VALUES ('a')"
            ),
            run(&queue, "INSERT INTO t VALUES ('c')"),
        );
        assert!(a.is_ok() && c.is_ok());
        assert!(b.unwrap_err().to_string().contains("UNIQUE"));
        assert_eq!(names(&queue).await, ["a", "c"]);
        // Alone in its batch likewise.
        let alone = "INSERT INTO t VALUES ('d'); INSERT INTO t VALUES ('a')";
        assert!(run(&queue, alone).await.is_err());
        assert_eq!(names(&queue).await, ["a", "c"]);
    }

    #[tokio::test]
    async fn where_the_database_rolls_all_back_nobody_is_told_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let queue = writer(&folder).await;
        // What a full disk does: the whole transaction is gone, not only the statement.
        let (a, b, c) = tokio::join!(
            run(&queue, "INSERT INTO t VALUES ('a')"),
            run(&queue, "ROLLBACK; SELECT missing"),
            run(&queue, "INSERT INTO t VALUES ('c')"),
        );
        assert!(a.is_err() && b.is_err() && c.is_err());
        assert!(names(&queue).await.is_empty());
        run(&queue, "INSERT INTO t VALUES ('e')").await.unwrap();
        assert_eq!(names(&queue).await, ["e"]);
    }

    #[tokio::test]
    async fn a_closed_writer_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let queue = writer(&folder).await;
        let (last, ()) = tokio::join!(run(&queue, "INSERT INTO t VALUES ('z')"), queue.close());
        last.unwrap();
        let late = run(&queue, "INSERT INTO t VALUES ('y')").await;
        assert!(late.unwrap_err().to_string().contains("closed"));
        queue.close().await;
    }
}
