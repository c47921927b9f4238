//! The audit: who did what to whom, append-only.

use std::sync::atomic::Ordering;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::jobs::Durability;
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;

/// One line of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: [`crate::session::ending::Actor::describe`].
    pub actor: String,
    /// Did what.
    pub action: String,
    /// To whom or what; empty if that goes without saying.
    pub target: String,
    /// The public reference of the session that it concerns.
    pub session: Option<String>,
    /// The peer's address: whole, as incidents are traced by it; sessions keep a coarse one.
    pub address: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// More, in words.
    pub detail: Option<String>,
}

impl Record {
    /// Appends lines, in their order.
    pub async fn append_audit(&self, entries: &[AuditEntry]) -> Result<(), RecordError> {
        if entries.is_empty() {
            return Ok(());
        }
        let lines: Vec<_> = entries
            .iter()
            .map(|entry| (self.audit_id(), entry.clone()))
            .collect();
        self.write(Durability::Normal, lines, |conn, lines| {
            Box::pin(async move {
                for (id, entry) in lines {
                    append(conn, id, entry).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The newest lines first.
    pub async fn recent_audit(&self, limit: i64) -> Result<Vec<AuditEntry>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT at, actor, action, target, session, address, reason, detail \
             FROM audit ORDER BY at DESC, id DESC LIMIT $1";
        let rows = conn
            .ask(|conn| sqlx::query(sql).bind(limit).fetch_all(conn))
            .await?;
        rows.iter().map(entry).collect()
    }

    /// Unique over all processes, and rising within this one: lines of one millisecond keep their
    /// order. A shared counter would make every sign-in wait for every other.
    pub(super) fn audit_id(&self) -> String {
        let place = self.0.audited.fetch_add(1, Ordering::Relaxed);
        format!("{place:012}-{}", self.0.entropy.alphanumeric(12))
    }
}

pub(super) fn entry(row: &AnyRow) -> Result<AuditEntry, RecordError> {
    Ok(AuditEntry {
        at: row.time("at")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        target: row.text("target")?,
        session: row.text_or_null("session")?,
        address: row.text_or_null("address")?,
        reason: row.text_or_null("reason")?,
        detail: row.text_or_null("detail")?,
    })
}

pub(super) async fn append(
    conn: &mut AnyConnection,
    id: &str,
    entry: &AuditEntry,
) -> Result<(), RecordError> {
    let sql = "INSERT INTO audit (id, at, actor, action, target, session, address, reason, detail) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING";
    sqlx::query(sql)
        .bind(id)
        .bind(entry.at.as_millis())
        .bind(entry.actor.as_str())
        .bind(entry.action.as_str())
        .bind(entry.target.as_str())
        .bind(entry.session.as_deref())
        .bind(entry.address.as_deref())
        .bind(entry.reason.as_deref())
        .bind(entry.detail.as_deref())
        .execute(conn)
        .await?;
    Ok(())
}
