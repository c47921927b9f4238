//! How a client left a session that goes on: by whose will, and whether it has come back since.

use sqlx::AnyConnection;

use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId};
use crate::session::ending::Reason;

/// When and why a client's part in a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftPart {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// The newest part that ended, unless a newer one lives. `$1` session, `$2` client.
const NEWEST: &str = "SELECT p.ended_at AS ended_at, p.reason AS reason FROM participants p \
     WHERE p.session_id = $1 AND p.client_id = $2 AND p.ended_at IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM participants q WHERE q.session_id = p.session_id \
     AND q.client_id = p.client_id AND q.ended_at IS NULL) \
     ORDER BY p.ended_at DESC, p.joined_at DESC, p.sid LIMIT 1";

impl Record {
    /// How a client left a session; none if it takes part in it, or never did.
    pub async fn left_part(
        &self,
        session: SessionId,
        client: &ClientId,
    ) -> Result<Option<LeftPart>, RecordError> {
        let mut conn = self.reader().await?;
        let session = session.encode();
        conn.ask(|conn| async move { newest(conn, &session, client).await })
            .await
    }
}

/// The same within a transaction.
pub(super) async fn newest(
    conn: &mut AnyConnection,
    session: &str,
    client: &ClientId,
) -> Result<Option<LeftPart>, RecordError> {
    let query = sqlx::query(NEWEST).bind(session).bind(client.as_str());
    let Some(row) = query.fetch_optional(conn).await? else {
        return Ok(None);
    };
    let end = row.end("ended_at", "reason")?;
    Ok(end.map(|(at, reason)| LeftPart { at, reason }))
}
