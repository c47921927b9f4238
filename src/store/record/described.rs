//! Clients that are what a document says (draft-ietf-oauth-client-id-metadata-document). They are
//! kept here as soon as somebody allows one anything, so that ends, notices, lists and an
//! administrator's "no" work as for any other; never for a mere visit, which costs a stranger
//! nothing.

use std::sync::Arc;

use sqlx::AnyConnection;

use super::audit_action::AuditAction;
use super::changes::ChangeKind;
use super::client_changes::{self, ClientChange};
use super::clients::{self, ClientCreation};
use super::deed::Deed;
use super::jobs::{Durability, Work};
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::entropy::{ClientId, UserId};
use crate::protocol::client::{Client, RegisteredBy};
use crate::session::ending::Actor;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Described {
    /// It is there, and says this by now.
    Changed,
    /// It said this before.
    Same,
    /// It is not there, and was not to be made.
    Absent,
    /// There are as many as there may be, and all are in use.
    Full,
    /// The person allows as many something as one person may, and all are in use.
    FullOfPerson,
}

/// For how many of them there is room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedRoom {
    /// Of all people together.
    pub all: i64,
    /// Who is about to allow one something.
    pub person: UserId,
    /// Of those that this person allows something.
    pub of_person: i64,
}

/// One of them that nothing lives of, and that nobody switched off: a "no" must last. First those
/// that nobody allows anything any more. A mere permission keeps none, or who has an account could
/// fill the house for good; its people are asked anew.
///
/// Of those that one person allows something, if one is named.
const UNUSED: &str = "SELECT c.client_id FROM clients c WHERE c.registered_by = $1 \
     AND c.enabled = 1 \
     AND ($2 IS NULL OR EXISTS (SELECT 1 FROM consents o WHERE o.client_id = c.client_id \
         AND o.user_id = $2)) \
     AND NOT EXISTS (SELECT 1 FROM participants p WHERE p.client_id = c.client_id \
         AND p.ended_at IS NULL) \
     AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.client_id = c.client_id \
         AND g.ended_at IS NULL) \
     AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.client_id = c.client_id \
         AND n.state = 'due') \
     ORDER BY EXISTS (SELECT 1 FROM consents o WHERE o.client_id = c.client_id), \
         c.updated_at, c.client_id LIMIT 1";

const ALL: &str = "SELECT COUNT(*) FROM clients WHERE registered_by = $1";

const OF_PERSON: &str = "SELECT COUNT(*) FROM consents o JOIN clients c ON c.client_id = o.client_id \
     WHERE c.registered_by = $1 AND o.user_id = $2";

impl Record {
    /// Has the record say of a client what its document says. One that is not there is made if
    /// there is room; one that is unused gives way to it.
    pub async fn describe_client(
        &self,
        client: &Client,
        room: Option<DescribedRoom>,
    ) -> Result<Described, RecordError> {
        type Params = (Client, Option<DescribedRoom>, Deed);
        let actor = Actor::Client(client.client_id.clone());
        let client = Client {
            house_scopes: Arc::default(),
            ..client.clone()
        };
        let params = (client, room, self.deed(&actor));
        let work: Work<_, Described> = |conn, (client, room, deed): &Params| {
            Box::pin(describe(conn, client, room.as_ref(), deed))
        };
        self.write_log(Durability::Full, params, work, |done| {
            *done == Described::Changed
        })
        .await
    }
}

async fn describe(
    conn: &mut AnyConnection,
    client: &Client,
    room: Option<&DescribedRoom>,
    deed: &Deed,
) -> Result<Described, RecordError> {
    if let Some(held) = client_changes::held(conn, &client.client_id).await? {
        let after = Client {
            enabled: held.client.enabled,
            enabled_since: held.client.enabled_since,
            ..client.clone()
        };
        // An id with a scheme is nobody else's.
        if held.client == after || held.client.registered_by != RegisteredBy::MetadataDocument {
            return Ok(Described::Same);
        }
        client_changes::write(conn, &held, &after, deed, AuditAction::ClientUpdate, None).await?;
        return Ok(Described::Changed);
    }
    let Some(room) = room else {
        return Ok(Described::Absent);
    };
    let word = clients::word(RegisteredBy::MetadataDocument);
    let own = sqlx::query_scalar(OF_PERSON)
        .bind(word)
        .bind(room.person.as_str());
    let own: i64 = own.fetch_one(&mut *conn).await?;
    if own >= room.of_person && !make_room(conn, Some(&room.person), deed).await? {
        return Ok(Described::FullOfPerson);
    }
    let all = sqlx::query_scalar(ALL).bind(word);
    let all: i64 = all.fetch_one(&mut *conn).await?;
    if all >= room.all && !make_room(conn, None, deed).await? {
        return Ok(Described::Full);
    }
    if clients::create(conn, client, deed.now).await? == ClientCreation::IdTaken {
        return Ok(Described::Same);
    }
    let on = ChangeKind::Client(client.client_id.clone());
    let detail = format!("{}, by its metadata document", client.client_name);
    deed.done(conn, AuditAction::ClientRegister, &on, Some(detail))
        .await?;
    Ok(Described::Changed)
}

/// Forgets one that nobody uses, of those that this person allows something; whether there was one.
async fn make_room(
    conn: &mut AnyConnection,
    person: Option<&UserId>,
    deed: &Deed,
) -> Result<bool, RecordError> {
    let query = sqlx::query(UNUSED)
        .bind(clients::word(RegisteredBy::MetadataDocument))
        .bind(person.map(UserId::as_str));
    let Some(row) = query.fetch_optional(&mut *conn).await? else {
        return Ok(false);
    };
    let id = ClientId::new(row.text("client_id")?);
    let deed = deed.one_of_many(1);
    let forgotten = client_changes::forget(conn, &id, &deed).await?;
    Ok(matches!(forgotten, ClientChange::Done(_)))
}
