//! Work that one node does for all, such as the sweep of what ran out: whoever has its lease.

use super::jobs::Durability;
use super::{Record, RecordError};
use crate::clock::Timestamp;

/// Mine, or run out: taken. A lease that is another's and still good is left alone.
const TAKE: &str = "INSERT INTO work_leases (name, owner, until) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until \
     WHERE work_leases.owner = excluded.owner OR work_leases.until <= $4";

impl Record {
    /// Takes a piece of work, or keeps it, until a moment; false if another has it.
    pub async fn take_work(
        &self,
        name: &str,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, RecordError> {
        let params = (name.to_owned(), owner.to_owned(), now, until);
        self.write(
            Durability::Normal,
            params,
            |conn, (name, owner, now, until)| {
                Box::pin(async move {
                    let query = sqlx::query(TAKE)
                        .bind(name.as_str())
                        .bind(owner.as_str())
                        .bind(until.as_millis())
                        .bind(now.as_millis());
                    Ok(query.execute(conn).await?.rows_affected() == 1)
                })
            },
        )
        .await
    }

    /// Frees all work of an owner that stops.
    pub async fn release_work(&self, owner: &str) -> Result<(), RecordError> {
        self.write(Durability::Normal, owner.to_owned(), |conn, owner| {
            Box::pin(async move {
                let query = sqlx::query("DELETE FROM work_leases WHERE owner = $1");
                query.bind(owner.as_str()).execute(conn).await?;
                Ok(())
            })
        })
        .await
    }
}
