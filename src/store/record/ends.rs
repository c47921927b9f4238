//! The ends log: every end in commit order. All nodes follow it; it is why an ended session stays
//! ended whatever happens to the hot state.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::jobs::Durability;
use super::rows::Columns as _;
use super::statement::Statement;
use super::{Record, RecordError, ends_position, snapshot};
use crate::clock::Timestamp;
use crate::entropy::{GrantId, SessionId, Sid};

/// Rows that one statement inserts, five values each: SQLite takes 32 766 values, PostgreSQL twice
/// as many.
const ROWS: usize = 1_000;

/// What ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndKind {
    /// A session, in every app.
    Session(SessionId),
    /// One client's part in a session.
    Participant(SessionId, Sid),
    /// A grant, and the session in which it was given.
    Grant(GrantId, SessionId),
    /// Very many: an end of everything or of all that a client has, by its name.
    Mass(String),
    /// Not an end: from here on nothing that the hot state says of earlier times is believed.
    Distrust,
}

/// One entry of the ends log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndEntry {
    /// Where it is: rises in commit order, without gaps.
    pub position: i64,
    /// When it was written.
    pub at: Timestamp,
    /// What ended.
    pub kind: EndKind,
}

impl Record {
    /// The newest position.
    pub async fn ends_head(&self) -> Result<i64, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(ends_position).await
    }

    /// The entries after a position, oldest first.
    pub async fn ends_since(
        &self,
        position: i64,
        limit: i64,
    ) -> Result<Vec<EndEntry>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT position, at, kind, key, session_id FROM ends WHERE position > $1 \
             ORDER BY position LIMIT $2";
        let rows = conn
            .ask(|conn| sqlx::query(sql).bind(position).bind(limit).fetch_all(conn))
            .await?;
        rows.iter().map(entry).collect()
    }

    /// The position after which lie all entries written at `from` or later. The lowest such entry
    /// decides, not the highest earlier one: clocks of several nodes may disagree.
    pub async fn start_of_window(&self, from: Timestamp) -> Result<i64, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(|conn| start_of_window(conn, from)).await
    }

    /// Appends a distrust entry; answers with its position, the new generation.
    pub async fn append_distrust(&self, now: Timestamp) -> Result<i64, RecordError> {
        self.write_log(
            Durability::Full,
            now,
            |conn, now| Box::pin(append(conn, std::slice::from_ref(&EndKind::Distrust), *now)),
            |_| true,
        )
        .await
    }

    /// Appends a distrust entry if the generation is still this one; answers with the generation
    /// that holds. Many who saw the same sign of loss raise it once.
    pub async fn distrust_once(&self, generation: i64, now: Timestamp) -> Result<i64, RecordError> {
        let raised = self.write_log(
            Durability::Full,
            (generation, now),
            |conn, (generation, now)| Box::pin(distrust_once(conn, *generation, *now)),
            |(_, raised)| *raised,
        );
        Ok(raised.await?.0)
    }

    /// The position of the last distrust entry, or 0.
    pub async fn generation(&self) -> Result<i64, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(generation).await
    }
}

async fn start_of_window(conn: &mut AnyConnection, from: Timestamp) -> Result<i64, RecordError> {
    let mut snapshot = snapshot(conn).await?;
    let query = sqlx::query_scalar("SELECT MIN(position) FROM ends WHERE at >= $1");
    let first: Option<i64> = query
        .bind(from.as_millis())
        .fetch_one(&mut *snapshot)
        .await?;
    let start = match first {
        Some(first) => first.saturating_sub(1),
        None => ends_position(&mut snapshot).await?,
    };
    snapshot.rollback().await?;
    Ok(start)
}

/// The generation that holds, and whether this raised it.
async fn distrust_once(
    conn: &mut AnyConnection,
    expected: i64,
    now: Timestamp,
) -> Result<(i64, bool), RecordError> {
    hold(conn).await?;
    let present = generation(conn).await?;
    if present != expected {
        return Ok((present, false));
    }
    Ok((append(conn, &[EndKind::Distrust], now).await?, true))
}

async fn generation(conn: &mut AnyConnection) -> Result<i64, RecordError> {
    let sql = "SELECT COALESCE(MAX(position), 0) FROM ends WHERE kind = 'distrust'";
    Ok(sqlx::query_scalar(sql).fetch_one(conn).await?)
}

/// Locks the counter, so that nobody appends until this transaction is over: for those that look
/// at the log before they append. After it a transaction may lock nothing that others lock first.
pub(super) async fn hold(conn: &mut AnyConnection) -> Result<(), RecordError> {
    let sql = "UPDATE counters SET value = value WHERE name = 'ends'";
    sqlx::query(sql).execute(conn).await?;
    Ok(())
}

/// Appends entries, each at its own position, and answers with the last. The last statements of
/// an end's transaction: raising the counter locks its row, so that the next end waits for this
/// commit, and positions are in commit order.
pub(super) async fn append(
    conn: &mut AnyConnection,
    kinds: &[EndKind],
    now: Timestamp,
) -> Result<i64, RecordError> {
    let count = i64::try_from(kinds.len()).unwrap_or(i64::MAX);
    let raise = "UPDATE counters SET value = value + $1 WHERE name = 'ends' RETURNING value";
    let last: i64 = sqlx::query_scalar(raise)
        .bind(count)
        .fetch_one(&mut *conn)
        .await?;
    let first = last - count + 1;
    for (rows, from) in kinds.chunks(ROWS).zip((first..).step_by(ROWS)) {
        insert(rows, from, now).execute(conn).await?;
    }
    Ok(last)
}

/// The rows of entries at their positions. One at a time, ten thousand ends would take longer than
/// a transaction may.
fn insert(kinds: &[EndKind], from: i64, now: Timestamp) -> Statement {
    let mut sql = Statement::default();
    sql.say("INSERT INTO ends (position, at, kind, key, session_id) VALUES ");
    for (kind, position) in kinds.iter().zip(from..) {
        let (word, key, session) = columns(kind);
        sql.say(if position == from { "(" } else { ", (" });
        sql.integer(position).say(", ");
        sql.integer(now.as_millis()).say(", ");
        sql.text(word).say(", ");
        sql.text(key).say(", ");
        sql.text(session).say(")");
    }
    if kinds.len() == 1 {
        sql.keep();
    }
    sql
}

fn columns(kind: &EndKind) -> (&'static str, String, String) {
    match kind {
        EndKind::Session(id) => ("session", id.encode(), id.encode()),
        EndKind::Participant(id, sid) => ("participant", sid.as_str().to_owned(), id.encode()),
        EndKind::Grant(grant, id) => ("grant", grant.encode(), id.encode()),
        EndKind::Mass(id) => ("mass", id.clone(), String::new()),
        EndKind::Distrust => ("distrust", String::new(), String::new()),
    }
}

fn entry(row: &AnyRow) -> Result<EndEntry, RecordError> {
    let kind = match row.text("kind")?.as_str() {
        "session" => EndKind::Session(row.session_id("key")?),
        "participant" => {
            EndKind::Participant(row.session_id("session_id")?, Sid::new(row.text("key")?))
        }
        "grant" => EndKind::Grant(row.grant_id("key")?, row.session_id("session_id")?),
        "mass" => EndKind::Mass(row.text("key")?),
        "distrust" => EndKind::Distrust,
        // An end that this version does not understand must not be passed over.
        _ => return Err(RecordError::malformed("ends.kind")),
    };
    Ok(EndEntry {
        position: row.integer("position")?,
        at: row.time("at")?,
        kind,
    })
}
