//! Which hot state each node says that it uses. Nodes that use different ones would not know of
//! each other's tokens and ends; here they find out.

use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::admission::HotIdentity;
use super::jobs::Durability;
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;

/// What a node has said that was not heard of for so long is swept.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// What a node says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotNode {
    /// Who says it.
    pub node: String,
    /// What it uses of one shard.
    pub uses: HotIdentity,
    /// Where that is, in words for an operator.
    pub place: String,
    /// When it said so, by its own clock in real time: another one each time.
    pub said: Timestamp,
}

impl Record {
    /// Says, or says again, what a node uses.
    pub async fn say_hot_node(&self, said: &HotNode) -> Result<(), RecordError> {
        self.write(Durability::Normal, said.clone(), |conn, said| {
            Box::pin(say(conn, said))
        })
        .await
    }

    /// What nodes have said.
    pub async fn hot_nodes(&self) -> Result<Vec<HotNode>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT node, shard, run_id, replication_id, canary, place, said_at \
             FROM hot_nodes ORDER BY node, shard";
        let rows = conn.ask(|conn| sqlx::query(sql).fetch_all(conn)).await?;
        rows.iter().map(hot_node).collect()
    }

    /// Takes back what a node has said: it stops, or may not go on.
    pub async fn forget_hot_node(&self, node: &str) -> Result<(), RecordError> {
        self.write(Durability::Normal, node.to_owned(), |conn, node| {
            Box::pin(async move {
                let query = sqlx::query("DELETE FROM hot_nodes WHERE node = $1");
                query.bind(node.as_str()).execute(conn).await?;
                Ok(())
            })
        })
        .await
    }

    /// Which identity of a shard is known.
    pub async fn hot_identity(&self, shard: &str) -> Result<Option<HotIdentity>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT shard, run_id, replication_id, canary FROM hot_identities \
             WHERE shard = $1";
        let row = conn
            .ask(|conn| sqlx::query(sql).bind(shard).fetch_optional(conn))
            .await?;
        row.as_ref().map(identity).transpose()
    }
}

async fn say(conn: &mut AnyConnection, said: &HotNode) -> Result<(), RecordError> {
    let old = "DELETE FROM hot_nodes WHERE said_at < $1";
    let before = (said.said - FORGOTTEN).as_millis();
    sqlx::query(old).bind(before).execute(&mut *conn).await?;
    let sql = "INSERT INTO hot_nodes \
         (node, shard, run_id, replication_id, canary, place, said_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (node, shard) DO UPDATE SET \
         run_id = excluded.run_id, replication_id = excluded.replication_id, \
         canary = excluded.canary, place = excluded.place, said_at = excluded.said_at";
    sqlx::query(sql)
        .bind(said.node.as_str())
        .bind(said.uses.shard.as_str())
        .bind(said.uses.run_id.as_str())
        .bind(said.uses.replication_id.as_str())
        .bind(said.uses.canary.as_str())
        .bind(said.place.as_str())
        .bind(said.said.as_millis())
        .execute(conn)
        .await?;
    Ok(())
}

fn hot_node(row: &AnyRow) -> Result<HotNode, RecordError> {
    Ok(HotNode {
        node: row.text("node")?,
        uses: identity(row)?,
        place: row.text("place")?,
        said: row.time("said_at")?,
    })
}

fn identity(row: &AnyRow) -> Result<HotIdentity, RecordError> {
    Ok(HotIdentity {
        shard: row.text("shard")?,
        run_id: row.text("run_id")?,
        replication_id: row.text("replication_id")?,
        canary: row.text("canary")?,
    })
}
