//! Clients that the configuration file declares, brought into the record at a start.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use super::audit_action::AuditAction;
use super::changes::{self, ChangeKind};
use super::client_changes::held;
use super::clients;
use super::deed::Deed;
use super::jobs::{Durability, Work};
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::entropy::ClientId;
use crate::protocol::client::{Client, RegisteredBy};
use crate::session::ending::Actor;

/// What became of a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declaration {
    /// The record says what the file says.
    Done {
        /// Something was not so before.
        changed: bool,
        /// Clients that were declared once and are no more: disabled; what they still have is the
        /// caller's to end.
        withdrawn: Vec<ClientId>,
    },
    /// These ids belong to clients that were made otherwise. Nothing was changed.
    Taken(Vec<ClientId>),
}

impl Record {
    /// Makes the record say what the file says of its clients: those that are new are made, others
    /// overwritten, those that are gone from the file disabled.
    pub async fn declare_clients(&self, declared: &[Client]) -> Result<Declaration, RecordError> {
        type All = BTreeMap<ClientId, Client>;
        let by_id = |client: &Client| (client.client_id.clone(), client.clone());
        let all: All = declared.iter().map(by_id).collect();
        let params = (all, self.deed(&Actor::System));
        let declare: Work<_, Declaration> =
            |conn, (all, deed): &(All, Deed)| Box::pin(declare(conn, all, deed));
        let grew = |done: &Declaration| matches!(done, Declaration::Done { changed: true, .. });
        self.write_log(Durability::Full, params, declare, grew)
            .await
    }

    /// What the sector of a declared client lists was read, and has all redirect URIs of `client`:
    /// holds unless the client has others by now. Whether something changed.
    pub async fn sector_was_read(&self, client: &Client) -> Result<bool, RecordError> {
        let mut read = client.clone();
        read.sector_unread = false;
        let params = (read, self.deed(&Actor::System));
        let note: Work<_, bool> =
            |conn, (read, deed): &(Client, Deed)| Box::pin(read_of(conn, read, deed));
        self.write_log(Durability::Full, params, note, |changed| *changed)
            .await
    }
}

async fn declare(
    conn: &mut AnyConnection,
    declared: &BTreeMap<ClientId, Client>,
    deed: &Deed,
) -> Result<Declaration, RecordError> {
    let mut before = BTreeMap::new();
    let sql = "SELECT client_id FROM clients WHERE registered_by = $1";
    let query = sqlx::query(sql).bind(clients::word(RegisteredBy::File));
    for row in query.fetch_all(&mut *conn).await? {
        before.insert(ClientId::new(row.text("client_id")?), None);
    }
    before.extend(declared.keys().map(|id| (id.clone(), None)));
    // In the order of their ids, so that two starts do not wait for each other.
    for (id, known) in &mut before {
        *known = held(conn, id).await?.map(|held| held.client);
    }
    let taken: Vec<ClientId> = before
        .iter()
        .filter(|(id, _)| declared.contains_key(id))
        .filter_map(|(id, known)| known.as_ref().map(|known| (id, known)))
        .filter(|(_, known)| known.registered_by != RegisteredBy::File)
        .map(|(id, _)| id.clone())
        .collect();
    if !taken.is_empty() {
        return Ok(Declaration::Taken(taken));
    }
    let mut withdrawn = Vec::new();
    let mut changes = 0_u32;
    for (id, known) in before {
        let (after, action) = match (declared.get(&id), &known) {
            (Some(client), _) => (
                declared_again(client, known.as_ref(), deed),
                AuditAction::ClientDeclare,
            ),
            (None, Some(known)) => {
                withdrawn.push(id.clone());
                let mut after = known.clone();
                after.enabled = false;
                (after, AuditAction::ClientWithdraw)
            }
            (None, None) => continue,
        };
        if known.as_ref() != Some(&after) {
            clients::upsert(conn, &after, deed.now).await?;
            let on = ChangeKind::Client(id);
            deed.one_of_many(changes)
                .done(conn, action, &on, None)
                .await?;
            changes += 1;
        }
    }
    Ok(Declaration::Done {
        changed: changes > 0,
        withdrawn,
    })
}

/// A client that was withdrawn meanwhile, and so disabled, is enabled now.
fn declared_again(client: &Client, known: Option<&Client>, deed: &Deed) -> Client {
    let mut after = client.clone();
    after.enabled_since = match known {
        Some(known) if !known.enabled => Some(deed.now),
        known => known.and_then(|known| known.enabled_since),
    };
    let listed = client.tokens.sector_identifier_uri.is_some();
    after.sector_unread = listed && !known.is_some_and(|known| was_read(client, known));
    after
}

/// Whether what its sector lists was read once, and had all that the client says now.
fn was_read(client: &Client, known: &Client) -> bool {
    let same = known.tokens.sector_identifier_uri == client.tokens.sector_identifier_uri;
    let mut redirects = client.redirect_uris.iter();
    same && !known.sector_unread && redirects.all(|uri| known.redirect_uris.contains(uri))
}

async fn read_of(
    conn: &mut AnyConnection,
    client: &Client,
    deed: &Deed,
) -> Result<bool, RecordError> {
    let Some(known) = held(conn, &client.client_id).await? else {
        return Ok(false);
    };
    let mut after = known.client.clone();
    after.sector_unread = false;
    if !known.client.sector_unread || !was_read(&known.client, client) {
        return Ok(false);
    }
    clients::upsert(conn, &after, deed.now).await?;
    let on = ChangeKind::Client(client.client_id.clone());
    changes::note(conn, &on, deed.now).await?;
    Ok(true)
}
