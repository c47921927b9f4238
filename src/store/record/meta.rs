//! Small facts about this installation, by name.

use super::jobs::Durability;
use super::{Record, RecordError};

impl Record {
    /// A fact.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1").bind(name);
        conn.ask(|conn| query.fetch_optional(conn)).await
    }

    /// Writes a fact over the former one.
    pub async fn set_meta(&self, name: &str, value: &str) -> Result<(), RecordError> {
        let params = (name.to_owned(), value.to_owned());
        self.write(Durability::Full, params, |conn, (name, value)| {
            Box::pin(async move {
                let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) \
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value";
                let query = sqlx::query(sql).bind(name.as_str()).bind(value.as_str());
                query.execute(conn).await?;
                Ok(())
            })
        })
        .await
    }

    /// Writes a fact if there is none, and answers with the one that holds: what two processes
    /// make up at once (an installation's id) is one.
    pub async fn meta_or_insert(&self, name: &str, value: &str) -> Result<String, RecordError> {
        let params = (name.to_owned(), value.to_owned());
        self.write(Durability::Full, params, |conn, (name, value)| {
            Box::pin(async move {
                let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) \
                     ON CONFLICT (name) DO NOTHING";
                let query = sqlx::query(sql).bind(name.as_str()).bind(value.as_str());
                query.execute(&mut *conn).await?;
                let query = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1");
                Ok(query.bind(name.as_str()).fetch_one(conn).await?)
            })
        })
        .await
    }
}
