//! Initial access tokens (RFC 7591, 1.2): each allows a number of registrations for a while.

use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::audit::{self, AuditEntry};
use super::audit_action::AuditAction;
use super::jobs::{Durability, Work};
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::SecretHash;
use crate::session::ending::Actor;

/// An initial access token, without the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialToken {
    /// What names it.
    pub id: String,
    /// What it is for, in the words of whoever made it.
    pub note: String,
    /// When it was made.
    pub made: Timestamp,
    /// From then on it is void.
    pub expires: Timestamp,
    /// Registrations that it still allows.
    pub uses_left: i64,
}

type New = (InitialToken, SecretHash, String, AuditEntry);
type Gone = (String, String, AuditEntry);

impl Record {
    /// Makes one, for so many registrations within so long.
    pub async fn make_initial_token(
        &self,
        token: SecretHash,
        (note, uses, life): (&str, i64, Duration),
        actor: &Actor,
    ) -> Result<InitialToken, RecordError> {
        let now = self.now();
        let fresh = InitialToken {
            id: self.0.entropy.alphanumeric(8),
            note: note.to_owned(),
            made: now,
            expires: now + life,
            uses_left: uses,
        };
        let noted = AuditEntry {
            detail: Some(format!("{uses} uses, {note}")),
            ..entry(actor, AuditAction::InitialTokenMake, &fresh.id, now)
        };
        let params = (fresh.clone(), token, self.audit_id(), noted);
        let work: Work<_, ()> = |conn, new: &New| Box::pin(make(conn, new));
        self.write(Durability::Full, params, work).await?;
        Ok(fresh)
    }

    /// All of them, the newest first.
    pub async fn initial_tokens(&self) -> Result<Vec<InitialToken>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT id, note, made_at, expires_at, uses_left FROM initial_access_tokens \
             ORDER BY made_at DESC, id";
        let rows = conn.ask(|conn| sqlx::query(sql).fetch_all(conn)).await?;
        rows.iter().map(read).collect()
    }

    /// Makes one void. False: there is none of this id.
    pub async fn revoke_initial_token(&self, id: &str, actor: &Actor) -> Result<bool, RecordError> {
        let line = entry(actor, AuditAction::InitialTokenRevoke, id, self.now());
        let params = (id.to_owned(), self.audit_id(), line);
        let revoke: Work<_, bool> = |conn, gone: &Gone| Box::pin(revoke(conn, gone));
        self.write(Durability::Full, params, revoke).await
    }
}

async fn make(
    conn: &mut AnyConnection,
    (made, token, audit_id, line): &New,
) -> Result<(), RecordError> {
    let sql = "INSERT INTO initial_access_tokens \
         (id, token_hash, note, made_at, expires_at, uses_left) VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(made.id.as_str())
        .bind(token.as_bytes().to_vec())
        .bind(made.note.as_str())
        .bind(made.made.as_millis())
        .bind(made.expires.as_millis())
        .bind(made.uses_left)
        .execute(&mut *conn)
        .await?;
    audit::append(conn, audit_id, line).await
}

async fn revoke(
    conn: &mut AnyConnection,
    (id, audit_id, line): &Gone,
) -> Result<bool, RecordError> {
    let query = sqlx::query("DELETE FROM initial_access_tokens WHERE id = $1").bind(id.as_str());
    if query.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(false);
    }
    audit::append(conn, audit_id, line).await?;
    Ok(true)
}

/// Uses a token once; its id, or none if it is not good. Two at once never use it twice: the row
/// is locked by the update.
pub(super) async fn spend(
    conn: &mut AnyConnection,
    token: &SecretHash,
    now: Timestamp,
) -> Result<Option<String>, RecordError> {
    let sql = "UPDATE initial_access_tokens SET uses_left = uses_left - 1 \
         WHERE token_hash = $1 AND uses_left > 0 AND expires_at > $2 RETURNING id";
    let query = sqlx::query_scalar(sql).bind(token.as_bytes().to_vec());
    Ok(query.bind(now.as_millis()).fetch_optional(conn).await?)
}

fn entry(actor: &Actor, action: AuditAction, id: &str, now: Timestamp) -> AuditEntry {
    AuditEntry {
        at: now,
        actor: actor.describe(),
        action: action.as_str().to_owned(),
        target: id.to_owned(),
        session: None,
        address: None,
        reason: None,
        detail: None,
    }
}

fn read(row: &AnyRow) -> Result<InitialToken, RecordError> {
    Ok(InitialToken {
        id: row.text("id")?,
        note: row.text("note")?,
        made: row.time("made_at")?,
        expires: row.time("expires_at")?,
        uses_left: row.integer("uses_left")?,
    })
}
