//! Words for what was there before anything was found by words: people and sessions of an older
//! version. In small transactions, each of which may be done again: a process that dies in between
//! leaves the rest to the next one.

use sqlx::AnyConnection;

use super::jobs::{Durability, Work};
use super::rows::Columns as _;
use super::users::{select_users, user};
use super::{Record, RecordError, person_names, session_terms};

/// The fact that all have their words.
const FILLED: &str = "search_words_filled";
/// So many in one transaction.
const BATCH: i64 = 500;

/// Fills one batch after a key; answers with its last key.
type Fill = Work<String, Option<String>>;

impl Record {
    /// Gives words to those that have none, once.
    pub(super) async fn fill_search_words(&self) -> Result<(), RecordError> {
        if self.meta(FILLED).await?.is_some() {
            return Ok(());
        }
        self.fill(|conn, after| Box::pin(people(conn, after)))
            .await?;
        self.fill(|conn, after| Box::pin(sessions(conn, after)))
            .await?;
        self.set_meta(FILLED, "1").await
    }

    async fn fill(&self, batch: Fill) -> Result<(), RecordError> {
        let mut after = String::new();
        while let Some(last) = self.write(Durability::Normal, after, batch).await? {
            after = last;
        }
        Ok(())
    }
}

async fn people(conn: &mut AnyConnection, after: &str) -> Result<Option<String>, RecordError> {
    let sql = select_users!("", "AND id > $1 ORDER BY id LIMIT $2");
    let query = sqlx::query(sql).bind(after).bind(BATCH);
    let mut last = None;
    for row in &query.fetch_all(&mut *conn).await? {
        let user = user(row)?;
        person_names::write(&mut *conn, &user.id, &user.username, &user.profile).await?;
        last = Some(user.id.as_str().to_owned());
    }
    Ok(last)
}

async fn sessions(conn: &mut AnyConnection, after: &str) -> Result<Option<String>, RecordError> {
    let sql = "SELECT reference, began_at, address, user_agent FROM sessions \
         WHERE reference > $1 ORDER BY reference LIMIT $2";
    let query = sqlx::query(sql).bind(after).bind(BATCH);
    let mut last = None;
    for row in &query.fetch_all(&mut *conn).await? {
        let reference = row.text("reference")?;
        let (address, agent) = (row.text("address")?, row.text("user_agent")?);
        let began = row.time("began_at")?;
        session_terms::write(&mut *conn, &reference, began, &address, &agent).await?;
        last = Some(reference);
    }
    Ok(last)
}
