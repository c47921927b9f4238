//! A notice that an administrator sends again: also one that was refused or given up.

use sqlx::AnyConnection;

use super::audit::{self, AuditEntry};
use super::audit_action::AuditAction;
use super::jobs::Durability;
use super::{Record, RecordError, reference};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId};
use crate::session::ending::Actor;

struct Again {
    session: SessionId,
    client: ClientId,
    actor: Actor,
    now: Timestamp,
    audit_id: String,
}

/// What the client has taken is not sent again.
const DUE: &str = "UPDATE notices SET state = 'due', next_at = $1, settled_at = NULL \
     WHERE session_id = $2 AND client_id = $3 AND state <> 'delivered'";

impl Record {
    /// Makes a client's notices of one session due now. False: there are none that it has not
    /// taken.
    pub async fn send_again(
        &self,
        session: SessionId,
        client: &ClientId,
        actor: &Actor,
    ) -> Result<bool, RecordError> {
        let again = Again {
            session,
            client: client.clone(),
            actor: actor.clone(),
            now: self.now(),
            audit_id: self.audit_id(),
        };
        self.write(Durability::Full, again, |conn, again| {
            Box::pin(run(conn, again))
        })
        .await
    }
}

async fn run(conn: &mut AnyConnection, again: &Again) -> Result<bool, RecordError> {
    let query = sqlx::query(DUE)
        .bind(again.now.as_millis())
        .bind(again.session.encode())
        .bind(again.client.as_str());
    if query.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let entry = AuditEntry {
        at: again.now,
        actor: again.actor.describe(),
        action: AuditAction::NoticeSendAgain.as_str().to_owned(),
        target: format!("client:{}", again.client),
        session: Some(reference(again.session)),
        address: None,
        reason: None,
        detail: None,
    };
    audit::append(conn, &again.audit_id, &entry).await?;
    Ok(true)
}
