//! The set-up link as one fact of the installation, which holds the hash of its token. Whoever makes
//! an administrator takes the row first, so that of all who try at once one is the first, and takes
//! the link away with it.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::RecordError;
use super::rows::to_json;
use crate::clock::Timestamp;
use crate::entropy::SecretHash;

pub(super) const NAME: &str = "setup_link";

/// A set-up link, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupLink {
    /// The node that printed it.
    pub node: String,
    /// Of its token.
    pub hash: SecretHash,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
}

#[derive(Deserialize, Serialize)]
struct Fact {
    node: String,
    hash: String,
    expires: i64,
}

impl SetupLink {
    pub(super) fn written(&self) -> Result<String, RecordError> {
        to_json(&Fact {
            node: self.node.clone(),
            hash: self.hash.encode(),
            expires: self.expires.as_millis(),
        })
    }

    pub(super) fn read(value: &str) -> Result<Self, RecordError> {
        let fact: Fact =
            serde_json::from_str(value).map_err(|_| RecordError::malformed("value"))?;
        Ok(Self {
            node: fact.node,
            hash: SecretHash::decode(&fact.hash).ok_or_else(|| RecordError::malformed("value"))?,
            expires: Timestamp::from_millis(fact.expires),
        })
    }

    /// Whether this is the token's hash and the link has not run out.
    pub fn admits(&self, hash: &SecretHash, now: Timestamp) -> bool {
        self.hash.matches(hash) && now < self.expires
    }
}

/// The present link, whose row is held to the end of the transaction.
pub(super) async fn hold(conn: &mut AnyConnection) -> Result<Option<SetupLink>, RecordError> {
    let sql = "UPDATE meta SET value = value WHERE name = $1 RETURNING value";
    let query = sqlx::query_scalar(sql).bind(NAME);
    let value: Option<String> = query.fetch_optional(conn).await?;
    // One that this version cannot read admits nobody, and must not keep anybody from the other way.
    Ok(value.and_then(|value| SetupLink::read(&value).ok()))
}

/// Takes the link away: there is an administrator.
pub(super) async fn void(conn: &mut AnyConnection) -> Result<(), RecordError> {
    let query = sqlx::query("DELETE FROM meta WHERE name = $1").bind(NAME);
    query.execute(conn).await?;
    Ok(())
}
