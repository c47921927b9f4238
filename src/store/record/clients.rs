//! Clients: their metadata as JSON, and beside it what joins need and what JSON must not hold.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::audit_action::AuditAction;
use super::changes::{self, ChangeKind};
use super::deed::Deed;
use super::jobs::{Durability, Work};
use super::rows::{Columns as _, to_json};
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::protocol::client::{Client, PreviousSecret, RegisteredBy, SealedSecret};
use crate::session::ending::Actor;

/// What became of a new client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCreation {
    /// It is there.
    Created,
    /// Another has this id.
    IdTaken,
}

macro_rules! insert_client {
    ($conflict:literal) => {
        concat!(
            "INSERT INTO clients (client_id, metadata, secret_hash, enabled, registered_by, ",
            "client_name, backchannel_logout_uri, created_at, updated_at, previous_secret_hash, ",
            "previous_secret_expires_at, notify_on_idle, sealed_secret, previous_sealed_secret) ",
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13) ON CONFLICT (client_id) ",
            $conflict
        )
    };
}

const INSERT: &str = insert_client!("DO NOTHING");
const UPSERT: &str = insert_client!(
    "DO UPDATE SET metadata = excluded.metadata, secret_hash = excluded.secret_hash, \
     enabled = excluded.enabled, registered_by = excluded.registered_by, \
     client_name = excluded.client_name, updated_at = excluded.updated_at, \
     backchannel_logout_uri = excluded.backchannel_logout_uri, \
     previous_secret_hash = excluded.previous_secret_hash, \
     previous_secret_expires_at = excluded.previous_secret_expires_at, \
     notify_on_idle = excluded.notify_on_idle, sealed_secret = excluded.sealed_secret, \
     previous_sealed_secret = excluded.previous_sealed_secret"
);

/// Selects clients with all that belongs to one.
macro_rules! select_clients {
    ($more:literal, $tail:literal) => {
        concat!(
            "SELECT metadata, secret_hash, previous_secret_hash, previous_secret_expires_at, ",
            "sealed_secret, previous_sealed_secret, enabled, registered_by",
            $more,
            " FROM clients ",
            $tail
        )
    };
}
pub(super) use select_clients;

impl Record {
    /// Makes a client, if its id is free, and says in the audit who made it.
    pub async fn create_client(
        &self,
        client: &Client,
        actor: &Actor,
    ) -> Result<ClientCreation, RecordError> {
        let params = (client.clone(), self.deed(actor));
        let create: Work<_, bool> = |conn, (client, deed): &(Client, Deed)| {
            Box::pin(async move {
                let done = put(conn, INSERT, client, deed.now).await?;
                if done {
                    let on = ChangeKind::Client(client.client_id.clone());
                    let name = Some(client.client_name.clone());
                    deed.done(conn, AuditAction::ClientCreate, &on, name)
                        .await?;
                }
                Ok(done)
            })
        };
        let made = self.write_log(Durability::Full, params, create, |made| *made);
        Ok(if made.await? {
            ClientCreation::Created
        } else {
            ClientCreation::IdTaken
        })
    }

    /// The same where nobody is to be named for it.
    pub async fn insert_client(&self, client: &Client) -> Result<ClientCreation, RecordError> {
        let params = (client.clone(), self.now());
        let made = self.write_log(
            Durability::Full,
            params,
            |conn, (client, now)| Box::pin(put_noted(conn, INSERT, client, *now)),
            |made| *made,
        );
        Ok(if made.await? {
            ClientCreation::Created
        } else {
            ClientCreation::IdTaken
        })
    }

    /// Makes a client or overwrites it, whatever it was, and names nobody for it: for the demo,
    /// which makes its apps anew at each start.
    pub async fn upsert_client(&self, client: &Client) -> Result<(), RecordError> {
        let params = (client.clone(), self.now());
        let put = self.write_log(
            Durability::Full,
            params,
            |conn, (client, now)| Box::pin(put_noted(conn, UPSERT, client, *now)),
            |_| true,
        );
        put.await.map(drop)
    }

    /// A client by id, enabled or not.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Client>, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query(select_clients!("", "WHERE client_id = $1")).bind(id.as_str());
        conn.ask(|conn| query.fetch_optional(conn))
            .await?
            .as_ref()
            .map(client)
            .transpose()
    }

    /// All clients, by name.
    pub async fn clients(&self) -> Result<Vec<Client>, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(|conn| {
            sqlx::query(select_clients!("", "ORDER BY client_name, client_id")).fetch_all(conn)
        })
        .await?
        .iter()
        .map(client)
        .collect()
    }
}

/// Makes a client, if its id is free; the caller says so in the logs.
pub(super) async fn create(
    conn: &mut AnyConnection,
    client: &Client,
    now: Timestamp,
) -> Result<ClientCreation, RecordError> {
    Ok(if put(conn, INSERT, client, now).await? {
        ClientCreation::Created
    } else {
        ClientCreation::IdTaken
    })
}

async fn put_noted(
    conn: &mut AnyConnection,
    sql: &'static str,
    client: &Client,
    now: Timestamp,
) -> Result<bool, RecordError> {
    let done = put(conn, sql, client, now).await?;
    if done {
        changes::note(conn, &ChangeKind::Client(client.client_id.clone()), now).await?;
    }
    Ok(done)
}

async fn put(
    conn: &mut AnyConnection,
    sql: &'static str,
    client: &Client,
    now: Timestamp,
) -> Result<bool, RecordError> {
    let previous = client.previous_secret.as_ref();
    let bytes = |sealed: &SealedSecret| sealed.as_bytes().to_vec();
    let previous_sealed = previous.and_then(|previous| previous.sealed.as_ref());
    let query = sqlx::query(sql)
        .bind(client.client_id.as_str())
        .bind(to_json(client)?)
        .bind(client.secret_hash.map(|hash| hash.as_bytes().to_vec()))
        .bind(i64::from(client.enabled))
        .bind(word(client.registered_by))
        .bind(client.client_name.as_str())
        .bind(client.backchannel_logout_uri.as_deref())
        .bind(now.as_millis())
        .bind(previous.map(|previous| previous.hash.as_bytes().to_vec()))
        .bind(previous.map(|previous| previous.expires.as_millis()))
        .bind(i64::from(client.notify_on_idle))
        .bind(client.sealed_secret.as_ref().map(bytes))
        .bind(previous_sealed.map(bytes));
    Ok(query.execute(&mut *conn).await?.rows_affected() == 1)
}

/// Makes a client or overwrites it.
pub(super) async fn upsert(
    conn: &mut AnyConnection,
    client: &Client,
    now: Timestamp,
) -> Result<(), RecordError> {
    put(conn, UPSERT, client, now).await.map(drop)
}

pub(super) fn client(row: &AnyRow) -> Result<Client, RecordError> {
    let mut client: Client = row.json("metadata")?;
    let sealed = |column| Ok::<_, RecordError>(row.bytes_or_null(column)?.map(SealedSecret::new));
    client.secret_hash = row.hash_or_null("secret_hash")?;
    client.sealed_secret = sealed("sealed_secret")?;
    let previous = row.hash_or_null("previous_secret_hash")?;
    let expires = row.time_or_null("previous_secret_expires_at")?;
    let previous_sealed = sealed("previous_sealed_secret")?;
    client.previous_secret = previous.zip(expires).map(|(hash, expires)| PreviousSecret {
        hash,
        sealed: previous_sealed,
        expires,
    });
    client.enabled = row.flag("enabled")?;
    client.registered_by = registered_by(&row.text("registered_by")?)?;
    Ok(client)
}

pub(super) const fn word(by: RegisteredBy) -> &'static str {
    match by {
        RegisteredBy::Administrator => "administrator",
        RegisteredBy::File => "file",
        RegisteredBy::Itself => "itself",
        RegisteredBy::MetadataDocument => "metadata_document",
    }
}

fn registered_by(word: &str) -> Result<RegisteredBy, RecordError> {
    match word {
        "administrator" => Ok(RegisteredBy::Administrator),
        "file" => Ok(RegisteredBy::File),
        "itself" => Ok(RegisteredBy::Itself),
        "metadata_document" => Ok(RegisteredBy::MetadataDocument),
        _ => Err(RecordError::malformed("registered_by")),
    }
}
