//! Who delivers which notice: a lease, until a moment by which the delivery is over. Many nodes
//! lease at once; on PostgreSQL none waits for another, as each passes over the rows that are
//! locked.

use sqlx::any::AnyRow;

use super::dialect::{Dialect, Pair, pair};
use super::jobs::Durability;
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId, Sid, UserId};

/// A notice that was leased for delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueNotice {
    /// Its name, for the receipt.
    pub id: String,
    /// The session that ended.
    pub session: SessionId,
    /// The client's name for it.
    pub sid: Sid,
    /// The receiver.
    pub client: ClientId,
    /// Whose session it was.
    pub user: UserId,
    /// Every session of the person ended, without exception: `sub` goes along.
    pub include_sub: bool,
    /// Which attempt this is, from 1. Attempts that a crash cut short count.
    pub attempt: i64,
    /// When the session ended.
    pub created: Timestamp,
}

/// How many notices may be leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// By this call.
    pub free: i64,
    /// For one client, those that are leased already included: one that hangs must not take the
    /// places of all others. Nodes that lease in the same moment do not see each other's.
    pub per_client: i64,
}

/// A row that another node leased meanwhile is looked at once more after it is locked: all that
/// makes it due is said of `n` itself.
const LEASE: Pair = pair!(
    "WITH picked AS (SELECT n.sid AS sid FROM notices n JOIN (\
     SELECT d.sid AS sid, ROW_NUMBER() OVER (PARTITION BY d.client_id ORDER BY d.next_at, d.sid) \
     + COALESCE(b.leased, 0) AS place FROM notices d LEFT JOIN (\
     SELECT client_id, COUNT(*) AS leased FROM notices WHERE state = 'due' AND leased_until > $3 \
     GROUP BY client_id) b ON b.client_id = d.client_id WHERE d.state = 'due' \
     AND d.next_at <= $3 AND (d.leased_until IS NULL OR d.leased_until <= $3)\
     ) q ON q.sid = n.sid WHERE n.state = 'due' AND n.next_at <= $3 \
     AND (n.leased_until IS NULL OR n.leased_until <= $3) AND q.place <= $5 \
     ORDER BY n.next_at, n.sid LIMIT $4",
    " FOR UPDATE OF n SKIP LOCKED",
    ") UPDATE notices SET leased_by = $1, leased_until = $2, attempts = attempts + 1 \
     WHERE sid IN (SELECT sid FROM picked) \
     RETURNING sid, session_id, client_id, user_id, include_sub, attempts, created_at"
);

macro_rules! release {
    ($whose:literal) => {
        pair!(
            concat!(
                "UPDATE notices SET leased_by = NULL, leased_until = NULL WHERE sid IN (",
                "SELECT sid FROM notices WHERE state = 'due' AND ",
                $whose
            ),
            " FOR UPDATE SKIP LOCKED",
            ")"
        )
    };
}

const RELEASE_OTHERS: Pair = release!("leased_by IS NOT NULL AND leased_by <> $1");
const RELEASE_OWN: Pair = release!("leased_by = $1");

impl Record {
    /// Leases notices that are due, until a moment by which their delivery is over.
    pub async fn lease(
        &self,
        owner: &str,
        now: Timestamp,
        places: Places,
        until: Timestamp,
    ) -> Result<Vec<DueNotice>, RecordError> {
        // The poll finds nothing nearly always: that must not cost the writer a transaction.
        if !self.any_due(now).await? {
            return Ok(Vec::new());
        }
        let params = (owner.to_owned(), now, places, until);
        self.write(
            Durability::Normal,
            params,
            |conn, (owner, now, places, until)| {
                Box::pin(async move {
                    let query = sqlx::query(Dialect::of(conn).text(LEASE))
                        .bind(owner.as_str())
                        .bind(until.as_millis())
                        .bind(now.as_millis())
                        .bind(places.free)
                        .bind(places.per_client);
                    query.fetch_all(conn).await?.iter().map(due).collect()
                })
            },
        )
        .await
    }

    /// Frees what other owners leased: for the start of the one process that may hold this
    /// record, when every other is dead.
    pub async fn release_leases(&self, owner: &str) -> Result<u64, RecordError> {
        self.release(RELEASE_OTHERS, owner).await
    }

    /// Frees what one owner leased: for an owner that is known to be dead.
    pub async fn release_leases_of(&self, owner: &str) -> Result<u64, RecordError> {
        self.release(RELEASE_OWN, owner).await
    }

    /// Who has leases that have not run out, so that the dead among them can be found.
    pub async fn lease_owners(&self, now: Timestamp) -> Result<Vec<String>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT DISTINCT leased_by FROM notices WHERE state = 'due' \
             AND leased_by IS NOT NULL AND leased_until > $1 ORDER BY leased_by";
        let query = sqlx::query_scalar(sql).bind(now.as_millis());
        conn.ask(|conn| query.fetch_all(conn)).await
    }

    async fn release(&self, statement: Pair, owner: &str) -> Result<u64, RecordError> {
        let params = (statement, owner.to_owned());
        self.write(Durability::Normal, params, |conn, (statement, owner)| {
            Box::pin(async move {
                let query = sqlx::query(Dialect::of(conn).text(*statement)).bind(owner.as_str());
                Ok(query.execute(conn).await?.rows_affected())
            })
        })
        .await
    }

    async fn any_due(&self, now: Timestamp) -> Result<bool, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT sid FROM notices WHERE state = 'due' AND next_at <= $1 \
             AND (leased_until IS NULL OR leased_until <= $1) LIMIT 1";
        let query = sqlx::query(sql).bind(now.as_millis());
        Ok(conn.ask(|conn| query.fetch_optional(conn)).await?.is_some())
    }
}

fn due(row: &AnyRow) -> Result<DueNotice, RecordError> {
    let id = row.text("sid")?;
    Ok(DueNotice {
        session: row.session_id("session_id")?,
        sid: Sid::new(id.as_str()),
        id,
        client: ClientId::new(row.text("client_id")?),
        user: UserId::new(row.text("user_id")?),
        include_sub: row.flag("include_sub")?,
        attempt: row.integer("attempts")?,
        created: row.time("created_at")?,
    })
}
