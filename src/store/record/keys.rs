//! Signing keys, sealed: the record never sees a private key in the clear.

use sqlx::AnyConnection;

use super::changes::{self, ChangeKind};
use super::jobs::Durability;
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;

/// A signing key as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// RFC 7517, 4.5.
    pub kid: String,
    /// RFC 7518, 3.1.
    pub alg: String,
    /// The sealed private key.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created: Timestamp,
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl Record {
    /// Keeps a signing key; one that is known already stays as it is.
    pub async fn insert_key(
        &self,
        kid: &str,
        alg: &str,
        sealed: &[u8],
        created: Timestamp,
    ) -> Result<(), RecordError> {
        let key = StoredKey {
            kid: kid.to_owned(),
            alg: alg.to_owned(),
            sealed: sealed.to_vec(),
            created,
        };
        self.write_log(
            Durability::Full,
            (key, self.now()),
            |conn, (key, now)| Box::pin(insert(conn, key, *now)),
            |()| true,
        )
        .await
    }

    /// All signing keys, oldest first.
    pub async fn keys(&self) -> Result<Vec<StoredKey>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT kid, alg, sealed, created_at FROM signing_keys ORDER BY created_at, kid";
        let rows = conn.ask(|conn| sqlx::query(sql).fetch_all(conn)).await?;
        rows.iter()
            .map(|row| {
                Ok(StoredKey {
                    kid: row.text("kid")?,
                    alg: row.text("alg")?,
                    sealed: row.bytes("sealed")?,
                    created: row.time("created_at")?,
                })
            })
            .collect()
    }
}

async fn insert(
    conn: &mut AnyConnection,
    key: &StoredKey,
    now: Timestamp,
) -> Result<(), RecordError> {
    let sql = "INSERT INTO signing_keys (kid, alg, sealed, created_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (kid) DO NOTHING";
    sqlx::query(sql)
        .bind(key.kid.as_str())
        .bind(key.alg.as_str())
        .bind(key.sealed.clone())
        .bind(key.created.as_millis())
        .execute(&mut *conn)
        .await?;
    changes::note(conn, &ChangeKind::Keys, now).await
}
