//! What every change by an administrator ends with, in its own transaction: a line in the audit,
//! and last an entry in the change log.

use sqlx::AnyConnection;

use super::audit::{self, AuditEntry};
use super::audit_action::AuditAction;
use super::changes::{self, ChangeKind};
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::session::ending::Actor;

/// Who changes something, and when.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    actor: Actor,
    pub(super) now: Timestamp,
    audit_id: String,
}

impl Record {
    pub(super) fn deed(&self, actor: &Actor) -> Deed {
        Deed {
            actor: actor.clone(),
            now: self.now(),
            audit_id: self.audit_id(),
        }
    }
}

impl Deed {
    /// The same deed on one of many, with a line of its own in the audit.
    pub(super) fn one_of_many(&self, which: u32) -> Self {
        Self {
            audit_id: format!("{}-{which:06}", self.audit_id),
            ..self.clone()
        }
    }

    /// Says what was done to whom. The last statements of the transaction.
    pub(super) async fn done(
        &self,
        conn: &mut AnyConnection,
        action: AuditAction,
        on: &ChangeKind,
        detail: Option<String>,
    ) -> Result<(), RecordError> {
        let target = match on {
            ChangeKind::User(id) => format!("person:{id}"),
            ChangeKind::Client(id) => format!("client:{id}"),
            ChangeKind::Keys | ChangeKind::RevokedToken(_) => String::new(),
        };
        let entry = AuditEntry {
            at: self.now,
            actor: self.actor.describe(),
            action: action.as_str().to_owned(),
            target,
            session: None,
            address: None,
            reason: None,
            detail,
        };
        audit::append(conn, &self.audit_id, &entry).await?;
        changes::note(conn, on, self.now).await
    }
}
