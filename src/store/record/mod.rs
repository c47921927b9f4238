//! What must be remembered: SQL, one text for both back ends. The only room that knows `sqlx`.
//!
//! Reads go to a small pool of connections; every write is a job, for the one `writer` of SQLite
//! or as one of many `transactions` on PostgreSQL. Files are named for what they hold; each
//! `impl`s its part of [`Record`]. Statements keep to a dialect that SQLite and PostgreSQL share:
//! `$1`, flags as 0/1, times as milliseconds, `ON CONFLICT`, and locks taken by an `UPDATE` of the
//! row that is to be guarded. The few words that differ are in `dialect`.
//!
//! On PostgreSQL many transactions run at once. They lock rows in one order, so that none waits
//! for one that waits for it: people, by id; sessions, by id; a client; a consent; participants; grants, by id;
//! notices; and last the counters, which those hold that append to a log until they commit. A
//! change of signing keys locks no other row, and its own counter first.

mod address;
mod admission;
mod audit;
mod audit_action;
mod audit_list;
mod audit_search;
mod backend;
mod changes;
mod client_changes;
mod client_list;
mod client_use;
mod clients;
mod connection;
mod consents;
mod cursor;
mod declared;
mod deed;
mod described;
mod dialect;
mod ended;
mod ending;
mod ending_client;
mod ending_locks;
mod ending_request;
mod ending_sql;
mod ends;
mod error;
mod figures;
mod grants;
mod holder;
mod hot_nodes;
mod initial_tokens;
mod jobs;
mod key_changes;
mod keys;
mod lease;
mod lease_lock;
mod left_part;
mod mass_batch;
mod mass_cover;
mod mass_ends;
mod mass_plan;
mod mass_question;
mod meta;
mod migrations;
mod notice_again;
mod notice_attempts;
mod notice_leases;
mod notices;
mod overview;
mod paging;
mod participants;
mod people_list;
mod person_names;
mod postgres;
mod receipts;
mod reference;
mod registrations;
mod revoked_tokens;
mod rows;
mod search_words;
mod session_list;
mod session_question;
mod session_rows;
mod session_search;
mod session_story;
mod session_streams;
mod session_terms;
mod sessions;
mod settings;
mod setup_fact;
mod setup_link;
mod snapshot;
mod sqlite;
mod statement;
mod transactions;
mod user_changes;
mod user_list;
mod users;
mod work;
mod writer;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Transaction};
use tokio::sync::Notify;

pub use admission::{Admission, HotIdentity};
pub use audit::AuditEntry;
pub use audit_action::AuditAction;
pub use audit_list::{AuditFilter, AuditLines, AuditMark};
pub use audit_search::{AuditCursor, AuditPage, AuditQuestion};
pub use changes::{Change, ChangeKind};
pub use client_changes::ClientChange;
pub use client_list::{ClientFilter, ClientPage, ClientRow};
pub use client_use::{ClientNotices, ClientUse};
pub use clients::ClientCreation;
pub use consents::{Consent, ConsentRow};
pub use cursor::Cursor;
pub use declared::Declaration;
pub use described::{Described, DescribedRoom};
pub use ended::{Ended, EndedSession, TOMBSTONE};
pub use ends::{EndEntry, EndKind};
pub use error::RecordError;
pub use figures::RecordFigures;
pub use holder::Holder;
pub use hot_nodes::HotNode;
pub use initial_tokens::InitialToken;
pub use key_changes::{KeyChange, Superseded};
pub use keys::{NewKey, StoredKey};
pub use lease::{Lease, LeaseError};
pub use left_part::LeftPart;
pub use mass_batch::MassBatch;
pub use mass_ends::{MassEnd, MassOrder, MassProgress, MassScope};
pub use mass_plan::MassCounts;
pub use notice_attempts::FailedAttempt;
pub use notice_leases::{DueNotice, Places};
pub use notices::{NoticeState, NoticeView, Owed};
pub use overview::{Deliveries, Hour, LiveCount, Overview};
pub use participants::{Join, Joining};
pub use people_list::{PeopleQuestion, Which};
pub use receipts::Receipt;
pub use reference::{is_reference, reference};
pub use registrations::{NewRegistration, Registered, Registration};
pub use session_list::{ParticipantRow, SessionFilter, SessionRow};
pub use session_question::{Counted, SessionCursor, SessionPage};
pub use session_story::{PartStory, SessionStory};
pub use sessions::{Renewed, SignIn};
pub use settings::RecordSettings;
pub use setup_fact::SetupLink;
pub use setup_link::FirstAdministrator;
pub use snapshot::Snapshot;
pub use user_changes::{PersonChange, PersonEdit, PersonUpdate};
pub use user_list::{Enabled, UserFilter, UserPage, UserRow};
pub use users::UserCreation;

use crate::clock::{Clock, Timestamp};
use crate::entropy::Entropy;
use crate::meters::{Call, Meters, Store};
pub use crate::session::question::{SessionQuestion, SessionState};
use backend::Backend;
use connection::Borrowed;
use dialect::Dialect;
use jobs::{Durability, Grew, Work};

/// Nobody waits longer for an answer. Longer than SQLite waits for another process's lock, and
/// than PostgreSQL works on one statement.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// The record. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Record(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    backend: Backend,
    readers: AnyPool,
    wrote: Arc<Notify>,
    clock: Clock,
    entropy: Entropy,
    calls: AtomicU64,
    meters: OnceLock<Meters>,
    /// Keeps audit rows of one millisecond in order.
    audited: AtomicU64,
}

impl Record {
    /// Opens the record; a file that is not there is made, a database must be. The schema is as it
    /// was left: see [`Record::migrate`]. The clock is for bookkeeping (when a client was changed),
    /// never for a verdict.
    pub async fn open(
        settings: &RecordSettings,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, RecordError> {
        sqlx::any::install_default_drivers();
        let wrote = Arc::new(Notify::new());
        let (backend, readers) = backend::open(settings, &wrote).await?;
        Ok(Self(Arc::new(Inner {
            backend,
            readers,
            wrote,
            clock,
            entropy,
            calls: AtomicU64::new(0),
            meters: OnceLock::new(),
            audited: AtomicU64::new(0),
        })))
    }

    /// Commits what is queued, then closes every connection. Later calls fail.
    pub async fn close(self) {
        // Readers first: the last connection to close folds SQLite's write-ahead log into the file.
        self.0.readers.close().await;
        self.0.backend.close().await;
    }

    /// Returns after a write of this process that appended to the ends log or the change log, so
    /// that a worker can tell other nodes. For one worker: what happens between two waits is not
    /// missed, several are one.
    pub fn wrote(&self) -> impl Future<Output = ()> + Send + use<> {
        let wrote = Arc::clone(&self.0.wrote);
        async move { wrote.notified().await }
    }

    /// Reads and writes so far: a meter for tests and for operators.
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// Reports calls to the meters of the house from now on. The first to ask is heard.
    pub fn report_to(&self, meters: Meters) {
        let _ = self.0.meters.set(meters);
    }

    fn call(&self, operation: &'static str) -> Call {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
        let meters = self.0.meters.get().cloned().unwrap_or_default();
        meters.call(Store::Record, operation)
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A connection for reading.
    async fn reader(&self) -> Result<Borrowed, RecordError> {
        Borrowed::metered(&self.0.readers, self.call("read")).await
    }

    /// Runs a job; the answer comes after its commit.
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
        self.write_log(durability, params, work, |_| false).await
    }

    /// Runs a job that may append to a log.
    async fn write_log<P, T>(
        &self,
        durability: Durability,
        params: P,
        work: Work<P, T>,
        grew: Grew<T>,
    ) -> Result<T, RecordError>
    where
        P: Send + Sync + 'static,
        T: Send + 'static,
    {
        let mut call = self.call("write");
        let (job, pending) = jobs::job(durability, params, work, grew);
        let submitted = self.0.backend.submit(job);
        if submitted.is_err() {
            call.judge(&submitted);
        }
        submitted?;
        // A job that is given up may still be done: the caller must treat it as unknown.
        let answer = match tokio::time::timeout(ANSWER_WITHIN, pending.answer()).await {
            Ok(answer) => answer,
            Err(_) => Err(RecordError::new("the writer took too long")),
        };
        call.judge(&answer);
        answer
    }
}

/// Begins a transaction whose statements see one moment.
async fn snapshot(conn: &mut AnyConnection) -> Result<Transaction<'_, Any>, RecordError> {
    let begin = Dialect::of(conn).begin_snapshot();
    Ok(conn.begin_with(begin).await?)
}

/// The newest position of the ends log, as the caller's transaction sees it.
async fn ends_position(conn: &mut AnyConnection) -> Result<i64, RecordError> {
    let query = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'ends'");
    Ok(query.fetch_one(conn).await?)
}
