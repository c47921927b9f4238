//! Access tokens that were revoked, until they would have run out: a restart must not forgive them.

use sqlx::AnyConnection;

use super::changes::{self, ChangeKind};
use super::dialect::{Dialect, Pair, pair};
use super::jobs::Durability;
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::TokenId;

/// Two that tidy up at once do not wait for each other.
const FORGET: Pair = pair!(
    "DELETE FROM revoked_tokens WHERE id IN (\
     SELECT id FROM revoked_tokens WHERE expires_at <= $1",
    " FOR UPDATE SKIP LOCKED",
    ")"
);

impl Record {
    /// Remembers a revoked token, and says so in the change log; forgets those that have run out.
    pub async fn revoke_token(
        &self,
        id: TokenId,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        self.write_log(
            Durability::Full,
            (id, expires, now),
            |conn, (id, expires, now)| Box::pin(revoke(conn, *id, *expires, *now)),
            |()| true,
        )
        .await
    }

    /// Revoked tokens that have not run out.
    pub async fn revoked_tokens(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(TokenId, Timestamp)>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT id, expires_at FROM revoked_tokens WHERE expires_at > $1";
        let rows = conn
            .ask(|conn| sqlx::query(sql).bind(now.as_millis()).fetch_all(conn))
            .await?;
        rows.iter()
            .map(|row| {
                let id = TokenId::decode(&row.text("id")?);
                let id = id.ok_or_else(|| RecordError::malformed("revoked_tokens.id"))?;
                Ok((id, row.time("expires_at")?))
            })
            .collect()
    }
}

async fn revoke(
    conn: &mut AnyConnection,
    id: TokenId,
    expires: Timestamp,
    now: Timestamp,
) -> Result<(), RecordError> {
    sqlx::query(Dialect::of(conn).text(FORGET))
        .bind(now.as_millis())
        .execute(&mut *conn)
        .await?;
    let sql = "INSERT INTO revoked_tokens (id, expires_at) VALUES ($1, $2) \
         ON CONFLICT (id) DO NOTHING";
    let query = sqlx::query(sql).bind(id.encode()).bind(expires.as_millis());
    query.execute(&mut *conn).await?;
    changes::note(conn, &ChangeKind::RevokedToken(id), now).await
}
