//! What people allowed which client. Withdrawing is a way to end: see `ending`.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::jobs::Durability;
use super::rows::{Columns as _, to_json};
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, UserId};

/// What a person allowed a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// All scopes that were ever allowed.
    pub scopes: Vec<String>,
    /// First.
    pub granted: Timestamp,
    /// Last.
    pub updated: Timestamp,
}

/// A line of a person's list of apps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRow {
    /// Which client.
    pub client: ClientId,
    /// What people call it; its id if it is gone.
    pub client_name: String,
    /// What it may.
    pub consent: Consent,
}

impl Record {
    /// A person's consent to a client.
    pub async fn consent(
        &self,
        user: &UserId,
        client: &ClientId,
    ) -> Result<Option<Consent>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT scopes, granted_at, updated_at FROM consents \
             WHERE user_id = $1 AND client_id = $2";
        let query = sqlx::query(sql).bind(user.as_str()).bind(client.as_str());
        conn.ask(|conn| query.fetch_optional(conn))
            .await?
            .as_ref()
            .map(consent)
            .transpose()
    }

    /// Adds scopes to what a person allows a client.
    pub async fn save_consent(
        &self,
        user: &UserId,
        client: &ClientId,
        scopes: &[String],
        now: Timestamp,
    ) -> Result<(), RecordError> {
        let key = (user.clone(), client.clone());
        let params = (key, scopes.to_vec(), now);
        self.write(Durability::Normal, params, |conn, (key, scopes, now)| {
            Box::pin(add(conn, key, scopes, *now))
        })
        .await
    }

    /// All that a person allowed, by the clients' names.
    pub async fn consents_of(&self, user: &UserId) -> Result<Vec<ConsentRow>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT o.client_id AS client_id, o.scopes AS scopes, \
             o.granted_at AS granted_at, o.updated_at AS updated_at, \
             COALESCE(c.client_name, o.client_id) AS client_name \
             FROM consents o LEFT JOIN clients c ON c.client_id = o.client_id \
             WHERE o.user_id = $1 ORDER BY client_name, o.client_id";
        let rows = conn
            .ask(|conn| sqlx::query(sql).bind(user.as_str()).fetch_all(conn))
            .await?;
        rows.iter()
            .map(|row| {
                Ok(ConsentRow {
                    client: ClientId::new(row.text("client_id")?),
                    client_name: row.text("client_name")?,
                    consent: consent(row)?,
                })
            })
            .collect()
    }
}

async fn add(
    conn: &mut AnyConnection,
    (user, client): &(UserId, ClientId),
    scopes: &[String],
    now: Timestamp,
) -> Result<(), RecordError> {
    let sql = "INSERT INTO consents (user_id, client_id, scopes, granted_at, updated_at) \
         VALUES ($1, $2, '[]', $3, $3) ON CONFLICT (user_id, client_id) \
         DO UPDATE SET updated_at = excluded.updated_at RETURNING scopes";
    let query = sqlx::query(sql)
        .bind(user.as_str())
        .bind(client.as_str())
        .bind(now.as_millis());
    let mut all = query.fetch_one(&mut *conn).await?.words("scopes")?;
    for scope in scopes {
        if !all.contains(scope) {
            all.push(scope.clone());
        }
    }
    let sql = "UPDATE consents SET scopes = $1 WHERE user_id = $2 AND client_id = $3";
    let query = sqlx::query(sql)
        .bind(to_json(&all)?)
        .bind(user.as_str())
        .bind(client.as_str());
    query.execute(conn).await?;
    Ok(())
}

/// Whether a person's consent to a client stands. Takes its row, so that a withdrawal waits for
/// whoever relies on it, or is seen by them.
pub(super) async fn stands(
    conn: &mut AnyConnection,
    user: &UserId,
    client: &ClientId,
) -> Result<bool, RecordError> {
    let sql = "UPDATE consents SET updated_at = updated_at WHERE user_id = $1 AND client_id = $2";
    let query = sqlx::query(sql).bind(user.as_str()).bind(client.as_str());
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

fn consent(row: &AnyRow) -> Result<Consent, RecordError> {
    Ok(Consent {
        scopes: row.words("scopes")?,
        granted: row.time("granted_at")?,
        updated: row.time("updated_at")?,
    })
}
