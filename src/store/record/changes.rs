//! The change log: which people, clients and keys other processes must read again.

use std::time::Duration;

use sqlx::AnyConnection;

use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, TokenId, UserId};

/// Followers read twice a second; a day is for those that slept.
const KEPT: Duration = Duration::from_hours(24);

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A person's account.
    User(UserId),
    /// A client.
    Client(ClientId),
    /// The set of signing keys.
    Keys,
    /// An access token was revoked.
    RevokedToken(TokenId),
}

/// One entry of the change log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it is: rises in commit order.
    pub position: i64,
    /// What changed.
    pub kind: ChangeKind,
}

impl Record {
    /// The changes after a position, oldest first. Kinds that a newer version wrote are left out.
    pub async fn changes_since(
        &self,
        position: i64,
        limit: i64,
    ) -> Result<Vec<Change>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT position, kind, key FROM changes WHERE position > $1 \
             ORDER BY position LIMIT $2";
        let rows = conn
            .ask(|conn| sqlx::query(sql).bind(position).bind(limit).fetch_all(conn))
            .await?;
        let mut changes = Vec::with_capacity(rows.len());
        for row in &rows {
            let key = row.text("key")?;
            let kind = match row.text("kind")?.as_str() {
                "user" => ChangeKind::User(UserId::new(key)),
                "client" => ChangeKind::Client(ClientId::new(key)),
                "keys" => ChangeKind::Keys,
                "token" => match TokenId::decode(&key) {
                    Some(id) => ChangeKind::RevokedToken(id),
                    None => continue,
                },
                _ => continue,
            };
            changes.push(Change {
                position: row.integer("position")?,
                kind,
            });
        }
        Ok(changes)
    }

    /// The newest position.
    pub async fn changes_head(&self) -> Result<i64, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'changes'");
        conn.ask(|conn| query.fetch_one(conn)).await
    }
}

/// Notes a change in the transaction that makes it, as its last step: the counter's row stays
/// locked until the commit.
pub(super) async fn note(
    conn: &mut AnyConnection,
    kind: &ChangeKind,
    now: Timestamp,
) -> Result<(), RecordError> {
    let (word, key) = match kind {
        ChangeKind::User(id) => ("user", id.as_str().to_owned()),
        ChangeKind::Client(id) => ("client", id.as_str().to_owned()),
        ChangeKind::Keys => ("keys", String::new()),
        ChangeKind::RevokedToken(id) => ("token", id.encode()),
    };
    // Before anything else: two that tidy up at once could wait for each other.
    let raise = "UPDATE counters SET value = value + 1 WHERE name = 'changes' RETURNING value";
    let position: i64 = sqlx::query_scalar(raise).fetch_one(&mut *conn).await?;
    sqlx::query("DELETE FROM changes WHERE at < $1")
        .bind((now - KEPT).as_millis())
        .execute(&mut *conn)
        .await?;
    sqlx::query("INSERT INTO changes (position, kind, key, at) VALUES ($1, $2, $3, $4)")
        .bind(position)
        .bind(word)
        .bind(key)
        .bind(now.as_millis())
        .execute(conn)
        .await?;
    Ok(())
}
