//! Attempts to deliver a notice that failed, one by one. They are written with the receipt, so
//! that a notice that is taken at once costs nothing more.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::RecordError;
use super::rows::Columns as _;
use crate::clock::Timestamp;
use crate::entropy::{SessionId, Sid};

/// Of one notice the newest so many are kept.
const KEPT: i64 = 50;

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAttempt {
    /// The client's name for the session, which names the notice.
    pub sid: Sid,
    /// The how-manieth attempt it was.
    pub number: i64,
    /// When it was over.
    pub at: Timestamp,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What went wrong.
    pub problem: Option<String>,
}

/// Notes an attempt.
pub(super) async fn note(
    conn: &mut AnyConnection,
    session: &str,
    failed: &FailedAttempt,
) -> Result<(), RecordError> {
    let sql = "INSERT INTO notice_attempts (sid, number, session_id, at, status, problem) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (sid, number) DO NOTHING";
    sqlx::query(sql)
        .bind(failed.sid.as_str())
        .bind(failed.number)
        .bind(session)
        .bind(failed.at.as_millis())
        .bind(failed.status.map(i64::from))
        .bind(failed.problem.as_deref())
        .execute(&mut *conn)
        .await?;
    let old = "DELETE FROM notice_attempts WHERE sid = $1 AND number <= $2";
    let query = sqlx::query(old).bind(failed.sid.as_str());
    query.bind(failed.number - KEPT).execute(conn).await?;
    Ok(())
}

/// Those of a session, in the order in which they were made.
pub(super) async fn of_session(
    conn: &mut AnyConnection,
    session: SessionId,
) -> Result<Vec<FailedAttempt>, RecordError> {
    let sql = "SELECT sid, number, at, status, problem FROM notice_attempts \
         WHERE session_id = $1 ORDER BY at, sid, number";
    let query = sqlx::query(sql).bind(session.encode());
    query.fetch_all(conn).await?.iter().map(attempt).collect()
}

fn attempt(row: &AnyRow) -> Result<FailedAttempt, RecordError> {
    Ok(FailedAttempt {
        sid: Sid::new(row.text("sid")?),
        number: row.integer("number")?,
        at: row.time("at")?,
        status: row.status_or_null("status")?,
        problem: row.text_or_null("problem")?,
    })
}
