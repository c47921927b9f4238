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

/// Before what somebody said of it, in the detail of a line.
const NOTE: &str = "; note: ";

impl AuditEntry {
    /// Why, in the words of whoever did it, if they said so.
    pub fn note(&self) -> Option<&str> {
        let (_, note) = self.detail.as_deref()?.split_once(NOTE)?;
        Some(note)
    }
}

/// The detail of a line, with what its actor says of it.
pub(super) fn with_note(detail: String, note: Option<&str>) -> String {
    match note {
        Some(note) => format!("{detail}{NOTE}{note}"),
        None => detail,
    }
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
        rows.iter().map(line).collect()
    }

    /// Unique over all processes, and rising within this one: lines of one millisecond keep their
    /// order. A shared counter would make every sign-in wait for every other.
    pub(super) fn audit_id(&self) -> String {
        let place = self.0.audited.fetch_add(1, Ordering::Relaxed);
        format!("{place:012}-{}", self.0.entropy.alphanumeric(12))
    }
}

pub(super) fn line(row: &AnyRow) -> Result<AuditEntry, RecordError> {
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

/// Whom a line is about is found out here: whose session it is, or who is named as the target, or
/// who did it.
const APPEND: &str = "INSERT INTO audit \
     (id, at, actor, action, target, session, address, reason, detail, person) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
     COALESCE((SELECT s.user_id FROM sessions s WHERE s.reference = $6), $10, \
     (SELECT u.id FROM users u WHERE u.id = $11), $12)) ON CONFLICT (id) DO NOTHING";

pub(super) async fn append(
    conn: &mut AnyConnection,
    id: &str,
    entry: &AuditEntry,
) -> Result<(), RecordError> {
    // Of "person client" the first word is the person.
    let named = entry.target.split(' ').next().unwrap_or_default();
    sqlx::query(APPEND)
        .bind(id)
        .bind(entry.at.as_millis())
        .bind(entry.actor.as_str())
        .bind(entry.action.as_str())
        .bind(entry.target.as_str())
        .bind(entry.session.as_deref())
        .bind(entry.address.as_deref())
        .bind(entry.reason.as_deref())
        .bind(entry.detail.as_deref())
        .bind(named.strip_prefix("person:"))
        .bind(named)
        .bind(entry.actor.strip_prefix("person:"))
        .execute(conn)
        .await?;
    Ok(())
}
