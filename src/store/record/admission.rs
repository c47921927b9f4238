//! Which hot state the nodes believe. Every node that connects to one asks here first: an identity
//! that is not the known one means that the hot state may have forgotten, so that the generation
//! rises, once, however many nodes see it at the same time.

use sqlx::AnyConnection;

use super::ends::{self, EndKind};
use super::jobs::Durability;
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;

/// What tells one life of a hot state from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotIdentity {
    /// Which part of the hot state.
    pub shard: String,
    /// New with each start of its process.
    pub run_id: String,
    /// New with each history that was not continued.
    pub replication_id: String,
    /// A random mark that was written into it, once for each master.
    pub canary: String,
}

/// What became of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is the one that is known.
    Known,
    /// It is the one that is known from here on, and what was before is distrusted.
    Distrusted {
        /// Where that stands in the ends log: the new generation.
        position: i64,
    },
}

impl Record {
    /// Admits a hot state. One that is new appends one distrust entry to the ends log, in the
    /// transaction that makes it known.
    pub async fn admit(
        &self,
        identity: &HotIdentity,
        now: Timestamp,
    ) -> Result<Admission, RecordError> {
        // Every connection asks, and the answer is the same nearly always.
        let mut conn = self.reader().await?;
        if conn.ask(|conn| known(conn, identity)).await? {
            return Ok(Admission::Known);
        }
        drop(conn);
        self.write_log(
            Durability::Full,
            (identity.clone(), now),
            |conn, (identity, now)| Box::pin(admit(conn, identity, *now)),
            |admission| matches!(admission, Admission::Distrusted { .. }),
        )
        .await
    }
}

async fn admit(
    conn: &mut AnyConnection,
    identity: &HotIdentity,
    now: Timestamp,
) -> Result<Admission, RecordError> {
    // There may be no row to lock. Whoever else brings this identity waits here.
    ends::hold(conn).await?;
    if known(conn, identity).await? {
        return Ok(Admission::Known);
    }
    let sql = "INSERT INTO hot_identities (shard, run_id, replication_id, canary, at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (shard) DO UPDATE SET \
         run_id = excluded.run_id, replication_id = excluded.replication_id, \
         canary = excluded.canary, at = excluded.at";
    sqlx::query(sql)
        .bind(identity.shard.as_str())
        .bind(identity.run_id.as_str())
        .bind(identity.replication_id.as_str())
        .bind(identity.canary.as_str())
        .bind(now.as_millis())
        .execute(&mut *conn)
        .await?;
    Ok(Admission::Distrusted {
        position: ends::append(conn, &[EndKind::Distrust], now).await?,
    })
}

async fn known(conn: &mut AnyConnection, identity: &HotIdentity) -> Result<bool, RecordError> {
    let sql = "SELECT run_id, replication_id, canary FROM hot_identities WHERE shard = $1";
    let query = sqlx::query(sql).bind(identity.shard.as_str());
    let Some(row) = query.fetch_optional(conn).await? else {
        return Ok(false);
    };
    Ok(row.text("run_id")? == identity.run_id
        && row.text("replication_id")? == identity.replication_id
        && row.text("canary")? == identity.canary)
}
