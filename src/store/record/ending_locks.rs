//! The rows that an end locks before it looks or writes, in the order in which all lock them.

use sqlx::AnyConnection;

use super::RecordError;
use super::dialect::Dialect;
use super::ending_sql::SESSIONS_IN_ORDER;
use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::session::ending::Selection;

/// Locks what sign-ins (the person) and joins (the session) lock, before anything is looked at.
pub(super) async fn first(
    conn: &mut AnyConnection,
    selection: &Selection,
    now: Timestamp,
) -> Result<(), RecordError> {
    match selection {
        // The sessions are locked as they are chosen.
        Selection::Person { user, .. } => person(conn, user, now).await,
        Selection::ClientOfPerson(user, client) => {
            sessions(conn, user).await?;
            let sql = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";
            let query = sqlx::query(sql).bind(user.as_str()).bind(client.as_str());
            query.execute(conn).await?;
            Ok(())
        }
        Selection::ClientInSession(id, _) => {
            let session = "UPDATE sessions SET last_seen_at = last_seen_at WHERE id = $1";
            sqlx::query(session).bind(id.encode()).execute(conn).await?;
            Ok(())
        }
        // Ending the row locks it.
        Selection::Session(_)
        | Selection::Client(_)
        | Selection::Grant(..)
        | Selection::Matching { .. }
        | Selection::Everything { .. } => Ok(()),
    }
}

/// Locks a person, as a sign-in does.
pub(super) async fn person(
    conn: &mut AnyConnection,
    user: &UserId,
    now: Timestamp,
) -> Result<(), RecordError> {
    let sql = "UPDATE users SET signed_out_at = $1 WHERE id = $2";
    let query = sqlx::query(sql).bind(now.as_millis()).bind(user.as_str());
    query.execute(conn).await?;
    Ok(())
}

/// Locks all live sessions of a person: in any of them the client may be joining. SQLite has locked
/// everything before.
async fn sessions(conn: &mut AnyConnection, user: &UserId) -> Result<(), RecordError> {
    if Dialect::of(conn) == Dialect::Postgres {
        let query = sqlx::query(SESSIONS_IN_ORDER).bind(user.as_str());
        query.execute(conn).await?;
    }
    Ok(())
}
