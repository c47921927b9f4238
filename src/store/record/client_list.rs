//! Clients in pages, for administrators, with what an edit needs to know.

use sqlx::any::AnyRow;

use super::clients::{client, select_clients};
use super::cursor::{Cursor, pattern};
use super::rows::Columns as _;
use super::user_list::Enabled;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::protocol::client::Client;

/// Which clients.
#[derive(Clone, Debug)]
pub struct ClientFilter {
    /// What their name or id must hold somewhere, whatever the case.
    pub search: Option<String>,
    /// Which of them.
    pub enabled: Enabled,
    /// Where to go on.
    pub after: Option<Cursor>,
    /// At most this many.
    pub limit: u32,
}

/// A client in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// The client.
    pub client: Client,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed: the version that an edit begins from.
    pub updated: Timestamp,
}

/// One page of clients, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientPage {
    /// The lines.
    pub rows: Vec<ClientRow>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

const PAGE: &str = select_clients!(
    ", client_id, LOWER(client_name) AS sorted, created_at, updated_at",
    "WHERE ($1 < 0 OR enabled = $1) AND ($2 IS NULL OR LOWER(client_name) LIKE $2 ESCAPE '!' \
     OR LOWER(client_id) LIKE $2 ESCAPE '!') AND (LOWER(client_name), client_id) > ($3, $4) \
     ORDER BY LOWER(client_name), client_id LIMIT $5"
);

impl Record {
    /// A page of clients, by name.
    pub async fn list_clients(&self, filter: &ClientFilter) -> Result<ClientPage, RecordError> {
        // As the database lowers them: letters beyond ASCII are its own affair.
        let typed = filter.search.as_deref().unwrap_or_default().to_lowercase();
        let after = filter.after.clone().unwrap_or_default();
        // PostgreSQL has no such text, so that no client is called that.
        if [&typed, &after.key, &after.id]
            .iter()
            .any(|text| text.contains('\0'))
        {
            return Ok(ClientPage {
                rows: Vec::new(),
                next: None,
            });
        }
        let query = sqlx::query(PAGE)
            .bind(filter.enabled.bound())
            .bind(pattern(&typed))
            .bind(after.key)
            .bind(after.id)
            .bind(i64::from(filter.limit) + 1);
        let mut conn = self.reader().await?;
        let mut rows = conn.ask(|conn| query.fetch_all(conn)).await?;
        let more = rows.len() > filter.limit as usize;
        rows.truncate(filter.limit as usize);
        let next = match rows.last().filter(|_| more) {
            Some(last) => Some(Cursor::after(last.text("sorted")?, last.text("client_id")?)),
            None => None,
        };
        Ok(ClientPage {
            rows: rows.iter().map(client_row).collect::<Result<_, _>>()?,
            next,
        })
    }

    /// A client with its version, enabled or not.
    pub async fn client_row(&self, id: &ClientId) -> Result<Option<ClientRow>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = select_clients!(", created_at, updated_at", "WHERE client_id = $1");
        let query = sqlx::query(sql).bind(id.as_str());
        conn.ask(|conn| query.fetch_optional(conn))
            .await?
            .as_ref()
            .map(client_row)
            .transpose()
    }
}

fn client_row(row: &AnyRow) -> Result<ClientRow, RecordError> {
    Ok(ClientRow {
        client: client(row)?,
        created: row.time("created_at")?,
        updated: row.time("updated_at")?,
    })
}
