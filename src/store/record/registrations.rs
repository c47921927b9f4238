//! Clients that registered themselves (RFC 7591), and the hash of the token by which each manages
//! itself (RFC 7592, 3).

use sqlx::AnyConnection;

use super::audit_action::AuditAction;
use super::changes::ChangeKind;
use super::clients::{self, ClientCreation};
use super::deed::Deed;
use super::jobs::{Durability, Work};
use super::rows::Columns as _;
use super::{Record, RecordError, initial_tokens};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SecretHash};
use crate::protocol::client::Client;
use crate::session::ending::Actor;

/// A client that registers itself.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    /// The client, judged.
    pub client: Client,
    /// Of its registration access token.
    pub token: SecretHash,
    /// The initial access token by which it may; none where anybody may.
    pub initial: Option<SecretHash>,
    /// No more such clients than this.
    pub limit: i64,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It is there.
    Done,
    /// The initial access token is unknown, used up, or ran out.
    VoidToken,
    /// There are as many such clients as there may be.
    Full,
    /// Another has this id.
    IdTaken,
}

/// When a client registered itself, and the hash of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// When.
    pub at: Timestamp,
    /// Of its registration access token.
    pub token: SecretHash,
}

impl Record {
    /// Registers a client: uses the initial access token, if one is demanded, and makes the client.
    pub async fn register_client(&self, new: NewRegistration) -> Result<Registered, RecordError> {
        type New = (NewRegistration, Deed);
        let actor = Actor::Client(new.client.client_id.clone());
        let params = (new, self.deed(&actor));
        let register: Work<_, Registered> =
            |conn, (new, deed): &New| Box::pin(register(conn, new, deed));
        self.write_log(Durability::Full, params, register, |done| {
            *done == Registered::Done
        })
        .await
    }

    /// How a client registered itself; none if it did not.
    pub async fn registration(&self, id: &ClientId) -> Result<Option<Registration>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT token_hash, registered_at FROM registrations WHERE client_id = $1";
        let query = sqlx::query(sql).bind(id.as_str());
        let row = conn.ask(|conn| query.fetch_optional(conn)).await?;
        row.map(|row| {
            Ok(Registration {
                at: row.time("registered_at")?,
                token: row.hash("token_hash")?,
            })
        })
        .transpose()
    }
}

async fn register(
    conn: &mut AnyConnection,
    new: &NewRegistration,
    deed: &Deed,
) -> Result<Registered, RecordError> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM registrations")
        .fetch_one(&mut *conn)
        .await?;
    if count >= new.limit {
        return Ok(Registered::Full);
    }
    let by = match &new.initial {
        Some(token) => match initial_tokens::spend(conn, token, deed.now).await? {
            Some(id) => Some(id),
            None => return Ok(Registered::VoidToken),
        },
        None => None,
    };
    if clients::create(conn, &new.client, deed.now).await? == ClientCreation::IdTaken {
        return Ok(Registered::IdTaken);
    }
    let sql =
        "INSERT INTO registrations (client_id, token_hash, registered_at) VALUES ($1, $2, $3)";
    sqlx::query(sql)
        .bind(new.client.client_id.as_str())
        .bind(new.token.as_bytes().to_vec())
        .bind(deed.now.as_millis())
        .execute(&mut *conn)
        .await?;
    let on = ChangeKind::Client(new.client.client_id.clone());
    let name = &new.client.client_name;
    let detail = by.map_or_else(
        || name.clone(),
        |id| format!("{name}, by initial access token {id}"),
    );
    deed.done(conn, AuditAction::ClientRegister, &on, Some(detail))
        .await?;
    Ok(Registered::Done)
}
