//! Changes to clients by administrators. Each is one transaction that begins with the client's
//! row, and ends with the audit and the change log. What the configuration file declares is
//! changed there, and nowhere else.
//!
//! What must end with a change is the caller's to end: the parts of a disabled client can be ended
//! for good, as no join passes its row from then on.

use std::time::Duration;

use sqlx::AnyConnection;

use super::audit_action::AuditAction;
use super::changes::ChangeKind;
use super::clients::{self, client, select_clients};
use super::deed::Deed;
use super::jobs::{Durability, Work};
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::protocol::client::{Client, KeptSecret, PreviousSecret, RegisteredBy};
use crate::session::ending::Actor;

/// What became of a change to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientChange {
    /// Done; the client's new version.
    Done(Timestamp),
    /// There is no such client.
    NotFound,
    /// Somebody else changed it since: show the edit anew.
    Outdated,
    /// The configuration file declares it.
    DeclaredInFile,
    /// It is what its metadata document says, and is changed there.
    Described,
    /// A client without a secret has none that could be rotated.
    NoSecret,
    /// It is enabled, or something of it lives: disable it and end that first.
    StillInUse,
}

/// A client's row, held until the transaction is over.
pub(super) struct Held {
    pub(super) client: Client,
    version: Timestamp,
}

impl Record {
    /// Replaces metadata and secret of a client, if nobody changed it since `version`. The whole
    /// client must have been judged before. Whether it is enabled and who made it stay as they are.
    pub async fn update_client(
        &self,
        client: &Client,
        version: Timestamp,
        actor: &Actor,
    ) -> Result<ClientChange, RecordError> {
        type Edit = (Client, Timestamp, Deed);
        let params = (client.clone(), version, self.deed(actor));
        let update: Work<_, ClientChange> = |conn, (client, version, deed): &Edit| {
            Box::pin(async move {
                let held = match hold(conn, &client.client_id).await? {
                    Ok(held) => held,
                    Err(refused) => return Ok(refused),
                };
                if held.client.registered_by == RegisteredBy::MetadataDocument {
                    return Ok(ClientChange::Described);
                }
                if held.version != *version {
                    return Ok(ClientChange::Outdated);
                }
                let mut after = client.clone();
                after.enabled = held.client.enabled;
                after.enabled_since = held.client.enabled_since;
                after.registered_by = held.client.registered_by;
                write(conn, &held, &after, deed, AuditAction::ClientUpdate, None).await
            })
        };
        self.change(params, update).await
    }

    /// Enables or disables a client. One that was declared in the configuration file, and is no
    /// more, stays disabled.
    pub async fn set_client_enabled(
        &self,
        id: &ClientId,
        enabled: bool,
        actor: &Actor,
    ) -> Result<ClientChange, RecordError> {
        let params = (id.clone(), enabled, self.deed(actor));
        let set: Work<_, ClientChange> = |conn, (id, enabled, deed): &(ClientId, bool, Deed)| {
            Box::pin(async move {
                let held = match hold(conn, id).await? {
                    Ok(held) => held,
                    Err(refused) => return Ok(refused),
                };
                if held.client.enabled == *enabled {
                    return Ok(ClientChange::Done(held.version));
                }
                let mut after = held.client.clone();
                after.enabled = *enabled;
                if *enabled {
                    after.enabled_since = Some(deed.now);
                }
                let action = if *enabled {
                    AuditAction::ClientEnable
                } else {
                    AuditAction::ClientDisable
                };
                write(conn, &held, &after, deed, action, None).await
            })
        };
        self.change(params, set).await
    }

    /// Gives a client a new secret; the one that it has is taken for a while longer, the one
    /// before that no more. A client that signs with its secret gets none without its seal: if it
    /// began to while the new one was being made, it is [`ClientChange::Outdated`].
    pub async fn rotate_client_secret(
        &self,
        id: &ClientId,
        secret: KeptSecret,
        overlap: Duration,
        actor: &Actor,
    ) -> Result<ClientChange, RecordError> {
        type Rotation = (ClientId, KeptSecret, Duration, Deed);
        let params = (id.clone(), secret, overlap, self.deed(actor));
        let rotate: Work<_, ClientChange> = |conn, (id, secret, overlap, deed): &Rotation| {
            Box::pin(async move {
                let held = match hold(conn, id).await? {
                    Ok(held) => held,
                    Err(refused) => return Ok(refused),
                };
                if !held.client.has_secret() {
                    return Ok(ClientChange::NoSecret);
                }
                if held.client.signs_with_secret() && secret.sealed.is_none() {
                    return Ok(ClientChange::Outdated);
                }
                let mut after = held.client.clone();
                after.keep_secret(secret.clone());
                after.previous_secret = previous(&held.client, deed.now, *overlap);
                let detail = format!("the secret before is good for {} s more", overlap.as_secs());
                let action = AuditAction::ClientRotateSecret;
                write(conn, &held, &after, deed, action, Some(detail)).await
            })
        };
        self.change(params, rotate).await
    }

    /// Deletes a client that is disabled and of which nothing lives. Consents to it go too, so
    /// that another client of this id inherits none; notices that it is still owed are given up.
    pub async fn delete_client(
        &self,
        id: &ClientId,
        actor: &Actor,
    ) -> Result<ClientChange, RecordError> {
        let params = (id.clone(), self.deed(actor));
        let delete: Work<_, ClientChange> =
            |conn, (id, deed): &(ClientId, Deed)| Box::pin(delete(conn, id, deed));
        self.change(params, delete).await
    }

    async fn change<P: Send + Sync + 'static>(
        &self,
        params: P,
        work: Work<P, ClientChange>,
    ) -> Result<ClientChange, RecordError> {
        let grew = |done: &ClientChange| matches!(done, ClientChange::Done(_));
        self.write_log(Durability::Full, params, work, grew).await
    }
}

/// What the secret of now is, once another has followed it.
fn previous(client: &Client, now: Timestamp, overlap: Duration) -> Option<PreviousSecret> {
    let hash = client.secret_hash.filter(|_| !overlap.is_zero())?;
    Some(PreviousSecret {
        hash,
        sealed: client.sealed_secret.clone(),
        expires: now + overlap,
    })
}

/// The row of a client that may be changed; or why not.
async fn hold(
    conn: &mut AnyConnection,
    id: &ClientId,
) -> Result<Result<Held, ClientChange>, RecordError> {
    let held = held(conn, id).await?;
    Ok(match held {
        None => Err(ClientChange::NotFound),
        Some(held) if held.client.registered_by == RegisteredBy::File => {
            Err(ClientChange::DeclaredInFile)
        }
        Some(held) => Ok(held),
    })
}

pub(super) async fn held(
    conn: &mut AnyConnection,
    id: &ClientId,
) -> Result<Option<Held>, RecordError> {
    let lock = "UPDATE clients SET enabled = enabled WHERE client_id = $1";
    let query = sqlx::query(lock).bind(id.as_str());
    query.execute(&mut *conn).await?;
    let sql = select_clients!(", updated_at", "WHERE client_id = $1");
    let query = sqlx::query(sql).bind(id.as_str());
    match query.fetch_optional(conn).await? {
        Some(row) => Ok(Some(Held {
            client: client(&row)?,
            version: row.time("updated_at")?,
        })),
        None => Ok(None),
    }
}

pub(super) async fn write(
    conn: &mut AnyConnection,
    held: &Held,
    after: &Client,
    deed: &Deed,
    action: AuditAction,
    detail: Option<String>,
) -> Result<ClientChange, RecordError> {
    // Never the same moment twice, or the next edit could overwrite this one unseen.
    let version = deed.now.max(held.version + Duration::from_millis(1));
    clients::upsert(conn, after, version).await?;
    let on = ChangeKind::Client(after.client_id.clone());
    deed.done(conn, action, &on, detail).await?;
    Ok(ClientChange::Done(version))
}

async fn delete(
    conn: &mut AnyConnection,
    id: &ClientId,
    deed: &Deed,
) -> Result<ClientChange, RecordError> {
    let Some(held) = held(conn, id).await? else {
        return Ok(ClientChange::NotFound);
    };
    if held.client.enabled {
        return Ok(match held.client.registered_by {
            RegisteredBy::File => ClientChange::DeclaredInFile,
            RegisteredBy::Administrator | RegisteredBy::Itself | RegisteredBy::MetadataDocument => {
                ClientChange::StillInUse
            }
        });
    }
    let sql = "SELECT (SELECT COUNT(*) FROM participants WHERE client_id = $1 \
         AND ended_at IS NULL) + (SELECT COUNT(*) FROM grants WHERE client_id = $1 \
         AND ended_at IS NULL)";
    let alive: i64 = sqlx::query_scalar(sql)
        .bind(id.as_str())
        .fetch_one(&mut *conn)
        .await?;
    if alive > 0 {
        return Ok(ClientChange::StillInUse);
    }
    take_away(conn, id, held, deed).await
}

/// Takes a client away that nothing hangs on, whether it is enabled or not.
pub(super) async fn forget(
    conn: &mut AnyConnection,
    id: &ClientId,
    deed: &Deed,
) -> Result<ClientChange, RecordError> {
    match held(conn, id).await? {
        Some(held) => take_away(conn, id, held, deed).await,
        None => Ok(ClientChange::NotFound),
    }
}

async fn take_away(
    conn: &mut AnyConnection,
    id: &ClientId,
    held: Held,
    deed: &Deed,
) -> Result<ClientChange, RecordError> {
    for sql in [
        "DELETE FROM consents WHERE client_id = $1",
        "DELETE FROM registrations WHERE client_id = $1",
        "DELETE FROM clients WHERE client_id = $1",
    ] {
        sqlx::query(sql)
            .bind(id.as_str())
            .execute(&mut *conn)
            .await?;
    }
    let sql = "UPDATE notices SET state = 'gave_up', settled_at = $1, \
         problem = 'the app was deleted', leased_by = NULL, leased_until = NULL \
         WHERE client_id = $2 AND state = 'due'";
    let query = sqlx::query(sql)
        .bind(deed.now.as_millis())
        .bind(id.as_str());
    query.execute(&mut *conn).await?;
    let on = ChangeKind::Client(id.clone());
    let name = Some(held.client.client_name);
    deed.done(conn, AuditAction::ClientDelete, &on, name)
        .await?;
    Ok(ClientChange::Done(deed.now))
}
