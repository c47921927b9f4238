//! What must be remembered: SQL, one text for every back end. The only room that knows `sqlx`.
//!
//! Reads go to a small pool of connections that cannot write; every write is a job of the one
//! `writer`. Files are named for what they hold; each `impl`s its part of [`Record`]. Statements
//! keep to a dialect that SQLite and PostgreSQL share: `$1`, flags as 0/1, times as milliseconds,
//! `ON CONFLICT`, and locks taken by an `UPDATE` of the row that is to be guarded.

mod audit;
mod changes;
mod clients;
mod consents;
mod ended;
mod ending;
mod ending_sql;
mod ends;
mod error;
mod grants;
mod jobs;
mod keys;
mod lease;
mod meta;
mod migrations;
mod notices;
mod participants;
mod receipts;
mod reference;
mod revoked_tokens;
mod rows;
mod session_list;
mod sessions;
mod snapshot;
mod sqlite;
mod users;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Transaction};

pub use audit::AuditEntry;
pub use changes::{Change, ChangeKind};
pub use clients::ClientCreation;
pub use consents::{Consent, ConsentRow};
pub use ended::{Ended, EndedSession};
pub use ends::{EndEntry, EndKind};
pub use error::RecordError;
pub use keys::StoredKey;
pub use lease::{Holder, Lease, LeaseError};
pub use notices::{DueNotice, NoticeState, NoticeView, Owed, Places};
pub use participants::{Join, Joining};
pub use receipts::Receipt;
pub use reference::reference;
pub use session_list::{ParticipantRow, SessionFilter, SessionRow};
pub use sessions::{Renewed, SignIn};
pub use snapshot::Snapshot;
pub use users::UserCreation;

use crate::clock::{Clock, Timestamp};
use crate::entropy::Entropy;
use jobs::{Durability, Work};
use writer::Queue;

/// Nobody waits longer for a write. Longer than SQLite waits for another process's lock.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// Where the record lies.
#[derive(Clone, Debug)]
pub struct RecordSettings {
    /// `sqlite:PATH`. Absolute, or relative to the working directory.
    pub url: String,
}

impl RecordSettings {
    /// The record in a file of SQLite.
    pub fn sqlite(path: &Path) -> Self {
        Self {
            url: sqlite::url(path),
        }
    }
}

/// The record. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Record(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    readers: AnyPool,
    queue: Queue,
    clock: Clock,
    entropy: Entropy,
    calls: AtomicU64,
    /// Keeps audit rows of one millisecond in order.
    audited: AtomicU64,
}

impl Record {
    /// Opens the record, and makes its file where there is none. The schema is as it was left:
    /// see [`Record::migrate`]. The clock is for bookkeeping (when a client was changed), never
    /// for a verdict.
    pub async fn open(
        settings: &RecordSettings,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, RecordError> {
        sqlx::any::install_default_drivers();
        let path = sqlite::path(&settings.url)?;
        let blocked = |why: String| RecordError::new(format!("{}: {why}", path.display()));
        sqlite::create(&path).map_err(|error| blocked(error.to_string()))?;
        let options = sqlite::options(&path)?;
        let conn = sqlite::connect_writer(&options)
            .await
            .map_err(|RecordError::Unavailable(why)| blocked(why))?;
        Ok(Self(Arc::new(Inner {
            readers: sqlite::readers(options.clone()),
            queue: writer::start(options, conn),
            path,
            clock,
            entropy,
            calls: AtomicU64::new(0),
            audited: AtomicU64::new(0),
        })))
    }

    /// Commits what is queued, then closes every connection. Later calls fail.
    pub async fn close(self) {
        // Readers first: the last connection to close folds the write-ahead log into the file.
        self.0.readers.close().await;
        self.0.queue.close().await;
    }

    /// Reads and writes so far: a meter for tests and for operators.
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }

    fn meter(&self) {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A connection for one statement.
    async fn reader(&self) -> Result<PoolConnection<Any>, RecordError> {
        self.meter();
        Ok(self.0.readers.acquire().await?)
    }

    /// A connection for several statements that must see one moment.
    async fn snapshot(&self) -> Result<Transaction<'static, Any>, RecordError> {
        self.meter();
        Ok(self.0.readers.begin_with(sqlite::BEGIN_SNAPSHOT).await?)
    }

    /// Runs a job of the writer; the answer comes after its commit.
    async fn write<P, T>(
        &self,
        durability: Durability,
        params: P,
        work: Work<P, T>,
    ) -> Result<T, RecordError>
    where
        P: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.meter();
        // A job that is given up may still be done: the caller must treat it as unknown.
        let answer = self.0.queue.run(durability, params, work);
        match tokio::time::timeout(ANSWER_WITHIN, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(RecordError::new("the writer took too long")),
        }
    }
}

/// The newest position of the ends log, as the caller's transaction sees it.
async fn ends_position(conn: &mut AnyConnection) -> Result<i64, RecordError> {
    let query = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'ends'");
    Ok(query.fetch_one(conn).await?)
}
