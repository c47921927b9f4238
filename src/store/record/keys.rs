//! Signing keys, sealed: the record never sees a private key in the clear.

use sqlx::any::AnyRow;

use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::protocol::jose::KeyLife;

/// A key to be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct NewKey {
    /// RFC 7517, 4.5.
    pub kid: String,
    /// RFC 7518, 3.1.
    pub alg: String,
    /// The sealed private key.
    pub private: Vec<u8>,
    /// The sealed public key.
    pub public: Vec<u8>,
}

/// A key as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// RFC 7517, 4.5.
    pub kid: String,
    /// RFC 7518, 3.1.
    pub alg: String,
    /// The sealed private key, while it may sign.
    pub private: Option<Vec<u8>>,
    /// The sealed public key; absent only in a key of an older version that has its private part.
    pub public: Option<Vec<u8>>,
    /// What happened to it.
    pub life: KeyLife,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredKey")
            .field("kid", &self.kid)
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

impl Record {
    /// All signing keys, oldest first.
    pub async fn keys(&self) -> Result<Vec<StoredKey>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT kid, alg, private_part, public_part, published_at, promoted_at, \
             superseded_at, retired_at, dropped_at FROM signing_keys ORDER BY published_at, kid";
        let rows = conn.ask(|conn| sqlx::query(sql).fetch_all(conn)).await?;
        rows.iter().map(stored).collect()
    }
}

fn stored(row: &AnyRow) -> Result<StoredKey, RecordError> {
    Ok(StoredKey {
        kid: row.text("kid")?,
        alg: row.text("alg")?,
        private: row.bytes_or_null("private_part")?,
        public: row.bytes_or_null("public_part")?,
        life: KeyLife {
            published: row.time("published_at")?,
            promoted: row.time_or_null("promoted_at")?,
            superseded: row.time_or_null("superseded_at")?,
            retired: row.time_or_null("retired_at")?,
            dropped: row.time_or_null("dropped_at")?,
        },
    })
}
