//! What lives of one client, and what became of the notices that it was owed.

use std::time::Duration;

use sqlx::AnyConnection;

use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::ClientId;

/// How far back settled notices are counted.
const SETTLED_WITHIN: Duration = Duration::from_hours(24);

/// What lives of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientUse {
    /// Live sessions in which it takes part.
    pub sessions: i64,
    /// Of how many people.
    pub people: i64,
    /// Grants that go on after a sign-out (`offline_access`).
    pub offline: i64,
    /// What became of its notices.
    pub notices: ClientNotices,
}

/// A client's notices: those that are still owed, and those that were settled in the last 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientNotices {
    /// To be delivered, now or later.
    pub owed: i64,
    /// It took them.
    pub delivered: i64,
    /// It did not take them.
    pub refused: i64,
    /// Tried for too long.
    pub gave_up: i64,
}

const LIVES: &str = "SELECT COUNT(*) AS sessions, COUNT(DISTINCT s.user_id) AS people, \
     (SELECT COUNT(*) FROM grants WHERE client_id = $1 AND ended_at IS NULL AND offline = 1 \
     AND expires_at > $2) AS offline \
     FROM participants p JOIN sessions s ON s.id = p.session_id \
     WHERE p.client_id = $1 AND p.ended_at IS NULL AND s.ended_at IS NULL AND s.deadline_at > $2";

const NOTICES: &str = "SELECT state, COUNT(*) AS n FROM notices \
     WHERE settled_at IS NOT NULL AND settled_at > $1 AND client_id = $2 GROUP BY state \
     UNION ALL SELECT 'due' AS state, COUNT(*) AS n FROM notices \
     WHERE state = 'due' AND client_id = $2";

impl Record {
    /// What lives of a client, counted one by one.
    pub async fn client_use(
        &self,
        id: &ClientId,
        now: Timestamp,
    ) -> Result<ClientUse, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(|conn| client_use(conn, id, now)).await
    }
}

async fn client_use(
    conn: &mut AnyConnection,
    id: &ClientId,
    now: Timestamp,
) -> Result<ClientUse, RecordError> {
    let query = sqlx::query(LIVES).bind(id.as_str()).bind(now.as_millis());
    let row = query.fetch_one(&mut *conn).await?;
    Ok(ClientUse {
        sessions: row.integer("sessions")?,
        people: row.integer("people")?,
        offline: row.integer("offline")?,
        notices: notices(conn, id, now).await?,
    })
}

async fn notices(
    conn: &mut AnyConnection,
    id: &ClientId,
    now: Timestamp,
) -> Result<ClientNotices, RecordError> {
    let query = sqlx::query(NOTICES)
        .bind((now - SETTLED_WITHIN).as_millis())
        .bind(id.as_str());
    let mut counts = ClientNotices::default();
    for row in &query.fetch_all(conn).await? {
        let count = match row.text("state")?.as_str() {
            "due" => &mut counts.owed,
            "delivered" => &mut counts.delivered,
            "refused" => &mut counts.refused,
            "gave_up" => &mut counts.gave_up,
            _ => return Err(RecordError::malformed("notices.state")),
        };
        *count = row.integer("n")?;
    }
    Ok(counts)
}
