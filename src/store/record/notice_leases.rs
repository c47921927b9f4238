//! Who delivers which notice: a lease, until a moment by which the delivery is over. Many nodes
//! lease at once; on PostgreSQL none waits for another, as each passes over the rows that are
//! locked.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::dialect::{Dialect, Pair, pair};
use super::jobs::Durability;
use super::rows::Columns as _;
use super::statement::Statement;
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

/// Clients that one lease looks at: those that have waited longest.
const CLIENTS: i64 = 64;

/// Who is owed something that is due and has a place left, the longest waiting first. Each client
/// is found by a step in an index, however much it is owed: one that has been away for a day, or
/// an end of a hundred thousand sessions, must not make every lease read all of it. What is in hand
/// is read first: SQLite would go through all that is owed to group it.
/// `$1` now, `$2` places of one client, `$3` clients.
const OWED: &str = "WITH RECURSIVE owed (client_id) AS (\
     SELECT MIN(client_id) FROM notices WHERE state = 'due' UNION ALL \
     SELECT (SELECT MIN(n.client_id) FROM notices n WHERE n.state = 'due' \
     AND n.client_id > o.client_id) FROM owed o WHERE o.client_id IS NOT NULL), \
     in_hand AS MATERIALIZED (SELECT client_id FROM notices \
     WHERE state = 'due' AND leased_until > $1), \
     held AS (SELECT client_id, COUNT(*) AS leased FROM in_hand GROUP BY client_id) \
     SELECT client_id, leased FROM (\
     SELECT o.client_id AS client_id, COALESCE(h.leased, 0) AS leased, (\
     SELECT n.next_at FROM notices n WHERE n.state = 'due' AND n.client_id = o.client_id \
     AND n.next_at <= $1 AND (n.leased_until IS NULL OR n.leased_until <= $1) \
     ORDER BY n.next_at, n.sid LIMIT 1) AS waits_since \
     FROM owed o LEFT JOIN held h ON h.client_id = o.client_id WHERE o.client_id IS NOT NULL\
     ) q WHERE waits_since IS NOT NULL AND leased < $2 ORDER BY waits_since, client_id LIMIT $3";

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
        let wanted = Wanted {
            owner: owner.to_owned(),
            now,
            places,
            until,
        };
        self.write(Durability::Normal, wanted, |conn, wanted| {
            Box::pin(lease(conn, wanted))
        })
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

struct Wanted {
    owner: String,
    now: Timestamp,
    places: Places,
    until: Timestamp,
}

async fn lease(conn: &mut AnyConnection, wanted: &Wanted) -> Result<Vec<DueNotice>, RecordError> {
    let shares = shares(conn, wanted).await?;
    if shares.is_empty() {
        return Ok(Vec::new());
    }
    let statement = take(wanted, &shares, Dialect::of(conn));
    statement.fetch(conn).await?.iter().map(due).collect()
}

/// How many notices each client gets at most, the first of them first.
async fn shares(
    conn: &mut AnyConnection,
    wanted: &Wanted,
) -> Result<Vec<(String, i64)>, RecordError> {
    let places = wanted.places;
    let query = sqlx::query(OWED)
        .bind(wanted.now.as_millis())
        .bind(places.per_client)
        .bind(CLIENTS);
    let rows = query.fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let share = places.per_client - row.integer("leased")?;
            Ok((row.text("client_id")?, share.min(places.free)))
        })
        .collect()
}

/// A row that another node leased meanwhile is looked at once more after it is locked: all that
/// makes it due is said of `n` itself.
fn take(wanted: &Wanted, shares: &[(String, i64)], dialect: Dialect) -> Statement {
    let now = wanted.now.as_millis();
    let mut sql = Statement::default();
    // Once: else PostgreSQL might pick others again for each row that it looks at.
    sql.say("WITH picked AS MATERIALIZED (");
    for (place, (client, share)) in shares.iter().enumerate() {
        sql.say(if place == 0 { "" } else { " UNION ALL " });
        sql.say("SELECT sid FROM (SELECT n.sid AS sid FROM notices n WHERE n.state = 'due'");
        sql.say(" AND n.client_id = ").text(client.as_str());
        sql.say(" AND n.next_at <= ").integer(now);
        sql.say(" AND (n.leased_until IS NULL OR n.leased_until <= ")
            .integer(now);
        sql.say(") ORDER BY n.next_at, n.sid LIMIT ")
            .integer(*share);
        if dialect == Dialect::Postgres {
            sql.say(" FOR UPDATE SKIP LOCKED");
        }
        sql.say(&format!(") share{place}"));
    }
    sql.say(" LIMIT ").integer(wanted.places.free);
    sql.say(") UPDATE notices SET leased_by = ")
        .text(wanted.owner.as_str());
    sql.say(", leased_until = ")
        .integer(wanted.until.as_millis());
    sql.say(
        ", attempts = attempts + 1 WHERE sid IN (SELECT sid FROM picked) \
         RETURNING sid, session_id, client_id, user_id, include_sub, attempts, created_at",
    );
    sql
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
