//! Who did what, in batches off the request path. Ends write their audit row in their own
//! transaction; what is noted here may wait a moment.

use std::sync::{Mutex, PoisonError};

use super::Provider;
use super::trouble::Trouble;
use crate::session::ending::Actor;
use crate::store::record::{AuditAction, AuditEntry};

/// At most this many entries wait; beyond it the newest go to the log alone.
const WAITING: usize = 10_000;

/// Entries that wait for their batch.
#[derive(Debug, Default)]
pub(super) struct Audit(Mutex<Vec<AuditEntry>>);

/// One line of the audit, without its time.
#[derive(Debug)]
pub(super) struct Note<'a> {
    pub(super) actor: &'a Actor,
    pub(super) action: AuditAction,
    pub(super) target: String,
    pub(super) session: Option<String>,
    pub(super) address: Option<String>,
    pub(super) reason: Option<&'static str>,
}

impl Provider {
    pub(super) fn note(&self, note: Note<'_>) {
        let entry = AuditEntry {
            at: self.clock.now(),
            actor: note.actor.describe(),
            action: note.action.as_str().to_owned(),
            target: note.target,
            session: note.session,
            address: note.address,
            reason: note.reason.map(str::to_owned),
            detail: None,
        };
        tracing::info!(
            target: "lanyard::audit",
            actor = entry.actor,
            action = entry.action,
            object = entry.target,
            session = entry.session,
            reason = entry.reason,
        );
        let mut waiting = self.audit.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING {
            waiting.push(entry);
        }
    }

    pub(super) async fn write_audit(&self) -> Result<(), Trouble> {
        let batch = {
            let mut waiting = self.audit.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        if batch.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.record.append_audit(&batch).await {
            let mut waiting = self.audit.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.splice(0..0, batch);
            return Err(error.into());
        }
        Ok(())
    }
}
