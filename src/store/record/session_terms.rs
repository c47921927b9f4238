//! The words that sessions are looked for by. Written when a session begins and when a client
//! joins it; never changed, so that activity costs no index of them.

use sqlx::{AnyConnection, AssertSqlSafe};

use super::jobs::{Durability, Work};
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::session::{device, network};

/// Sessions of an older version that get their words in one transaction.
const BATCH: i64 = 500;

/// The word of one description of a browser.
pub(super) fn of_device(description: &str) -> String {
    format!("device:{description}")
}

/// The word of one network.
pub(super) fn of_network(network: &str) -> String {
    format!("net:{network}")
}

/// The word of one client.
pub(super) fn of_client(client: &ClientId) -> String {
    format!("client:{client}")
}

/// Writes the words that are known when a session begins.
pub(super) async fn write(
    conn: &mut AnyConnection,
    reference: &str,
    began: Timestamp,
    address: &str,
    user_agent: &str,
) -> Result<(), RecordError> {
    let device = of_device(&device::describe(user_agent));
    let networks = network::around(address);
    let networks = networks.iter().map(|network| of_network(network));
    let terms: Vec<_> = std::iter::once(device).chain(networks).collect();
    let places: Vec<_> = (0..terms.len())
        .map(|place| format!("(${}, $1, $2)", place + 3))
        .collect();
    let sql = format!(
        "INSERT INTO session_terms (term, began_at, reference) VALUES {} ON CONFLICT DO NOTHING",
        places.join(", ")
    );
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(began.as_millis())
        .bind(reference);
    let query = terms.into_iter().fold(query, sqlx::query::Query::bind);
    query.execute(conn).await?;
    Ok(())
}

/// Writes the word of a client that joins. `session` is its id.
pub(super) async fn write_client(
    conn: &mut AnyConnection,
    session: &str,
    client: &ClientId,
) -> Result<(), RecordError> {
    let sql = "INSERT INTO session_terms (term, began_at, reference) \
         SELECT $1, began_at, reference FROM sessions WHERE id = $2 ON CONFLICT DO NOTHING";
    let query = sqlx::query(sql).bind(of_client(client)).bind(session);
    query.execute(conn).await?;
    Ok(())
}

impl Record {
    /// Gives words to the sessions of a version that had none. What is written twice is there once.
    pub(super) async fn fill_session_terms(&self) -> Result<(), RecordError> {
        let mut after = String::new();
        loop {
            let fill: Work<String, Option<String>> =
                |conn, after| Box::pin(async move { fill(conn, after).await });
            let last = self.write(Durability::Normal, after, fill).await?;
            let Some(last) = last else { return Ok(()) };
            after = last;
        }
    }
}

/// One batch; the last reference in it.
async fn fill(conn: &mut AnyConnection, after: &str) -> Result<Option<String>, RecordError> {
    let sql = "SELECT reference, began_at, address, user_agent FROM sessions \
         WHERE reference > $1 ORDER BY reference LIMIT $2";
    let query = sqlx::query(sql).bind(after).bind(BATCH);
    let rows = query.fetch_all(&mut *conn).await?;
    let mut last = None;
    for row in &rows {
        let reference = row.text("reference")?;
        let (address, user_agent) = (row.text("address")?, row.text("user_agent")?);
        let began = row.time("began_at")?;
        write(&mut *conn, &reference, began, &address, &user_agent).await?;
        last = Some(reference);
    }
    Ok(last)
}
