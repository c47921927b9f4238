//! Grants: `offline_access` ones live here, session-bound ones are flushed here now and then.
//! The document is the grant; the columns beside it are for indexes and rules.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use sqlx::query::Query;

use super::jobs::Durability;
use super::mass_cover::{part_is_covered, session_is_covered};
use super::rows::{Columns as _, to_json};
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::{GrantId, UserId};
use crate::session::ending::Reason;
use crate::session::grant::Grant;

/// Whether the grant `g` ended: by itself, by an entry that came to the ends log before the grant
/// came here, or with its part of the session. A flush may have written a row at the very moment
/// of its end, unseen by it.
macro_rules! grant_is_over {
    () => {
        "(g.ended_at IS NOT NULL \
         OR EXISTS (SELECT 1 FROM ends e WHERE e.kind = 'grant' AND e.key = g.id) \
         OR (g.offline = 0 AND NOT EXISTS (SELECT 1 FROM participants p \
         WHERE p.sid = g.sid AND p.ended_at IS NULL)) \
         OR (g.offline = 1 AND EXISTS (SELECT 1 FROM mass_ends m \
         WHERE m.position > g.began_position AND m.verb = 'revoke' AND m.spared <> g.session_id \
         AND (m.kind = 'everything' OR (m.kind = 'client' AND m.key = g.client_id) \
         OR (m.kind = 'person' AND m.key = g.user_id)))))"
    };
}

/// Selects grants, with whether they ended.
macro_rules! select_grants {
    ($($tail:tt)+) => {
        concat!(
            "SELECT g.document AS document, CASE WHEN ",
            grant_is_over!(),
            " THEN 1 ELSE 0 END AS ended FROM grants g ",
            $($tail)+
        )
    };
}
pub(super) use {grant_is_over, select_grants};

macro_rules! insert_grant {
    ($($tail:tt)+) => {
        concat!(
            "INSERT INTO grants (id, session_id, user_id, client_id, sid, offline, began_at, ",
            "expires_at, last_used_at, generation, sequence, document, began_position) ",
            "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, ",
            "(SELECT value FROM counters WHERE name = 'ends') ",
            $($tail)+
        )
    };
}

/// Not if it ended already: its code may have been used again before its row came here.
/// Where the ends log is, and what it covers, are seen by one statement, as of one moment.
const INSERT: &str = insert_grant!(
    "WHERE NOT EXISTS (SELECT 1 FROM ends e WHERE e.kind = 'grant' AND e.key = $1) \
     AND NOT EXISTS (SELECT 1 FROM participants p JOIN sessions s ON s.id = p.session_id \
     WHERE p.sid = $5 AND (",
    part_is_covered!(),
    " OR ",
    session_is_covered!(),
    ")) ON CONFLICT (id) DO NOTHING"
);

const DISPLACE: &str = "UPDATE grants SET ended_at = $1, reason = $2 \
     WHERE id = $3 AND offline = 0 AND ended_at IS NULL";

const LOCK_PERSON: &str = "UPDATE users SET enabled = enabled WHERE id = $1 AND enabled = 1";
const LOCK_MEMBER: &str =
    "UPDATE participants SET joined_at = joined_at WHERE sid = $1 AND ended_at IS NULL";

/// A flush comes late. It must not revive what ended meanwhile, nor turn a family back; a row
/// that is new demands that its participant lives and that the ends log does not know it.
const FLUSH_BOUND: &str = insert_grant!(
    "WHERE EXISTS (SELECT 1 FROM participants p WHERE p.sid = $5 AND p.ended_at IS NULL) \
     AND NOT EXISTS (SELECT 1 FROM ends e WHERE e.kind = 'grant' AND e.key = $1) \
     ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, \
     last_used_at = excluded.last_used_at, generation = excluded.generation, \
     sequence = excluded.sequence, document = excluded.document \
     WHERE grants.ended_at IS NULL AND (grants.generation < excluded.generation \
     OR (grants.generation = excluded.generation AND grants.sequence <= excluded.sequence))"
);

/// An `offline_access` grant has its row from the beginning.
const FLUSH_OFFLINE: &str = "UPDATE grants SET expires_at = $2, last_used_at = $3, \
     generation = $4, sequence = $5, document = $6 WHERE id = $1 AND ended_at IS NULL \
     AND (generation < $4 OR (generation = $4 AND sequence <= $5))";

impl Record {
    /// Writes what the hot state knows better: new session-bound grants, later places of families.
    pub async fn save_grants(&self, batch: &[Grant]) -> Result<(), RecordError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut batch = batch.to_vec();
        batch.sort_by_cached_key(|grant| grant.id.encode());
        self.write(Durability::Normal, batch, |conn, batch| {
            Box::pin(async move {
                for grant in batch {
                    save(conn, grant).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Ends session-bound grants that gave way to newer ones of their client, so that no snapshot
    /// brings them back. No entry in the ends log: the hot state let go of them before.
    pub async fn end_displaced(&self, batch: &[(GrantId, Timestamp)]) -> Result<(), RecordError> {
        let mut batch: Vec<_> = batch.iter().map(|(id, at)| (id.encode(), *at)).collect();
        batch.sort();
        self.write(Durability::Normal, batch, |conn, batch| {
            Box::pin(async move {
                for (id, at) in batch {
                    sqlx::query(DISPLACE)
                        .bind(at.as_millis())
                        .bind(Reason::Limit.as_str())
                        .bind(id.clone())
                        .execute(&mut *conn)
                        .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Keeps an `offline_access` grant, if its person is enabled and its participant lives. Both
    /// rows are locked for it: a revocation cannot pass it by unseen.
    pub async fn insert_offline_grant(&self, grant: &Grant) -> Result<bool, RecordError> {
        self.write(Durability::Normal, grant.clone(), |conn, grant| {
            Box::pin(insert_offline(conn, grant))
        })
        .await
    }

    /// A grant, and whether it ended.
    pub async fn grant(&self, id: &GrantId) -> Result<Option<(Grant, bool)>, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query(select_grants!("WHERE g.id = $1")).bind(id.encode());
        let Some(row) = conn.ask(|conn| query.fetch_optional(conn)).await? else {
            return Ok(None);
        };
        Ok(Some((document(&row)?, row.flag("ended")?)))
    }

    /// Whether a grant was ended, also one that never reached the record.
    pub async fn grant_ended(&self, id: &GrantId) -> Result<bool, RecordError> {
        let mut conn = self.reader().await?;
        let sql = concat!(
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM ends WHERE kind = 'grant' AND key = $1) \
             OR EXISTS (SELECT 1 FROM grants g WHERE g.id = $1 AND ",
            grant_is_over!(),
            ") THEN 1 ELSE 0 END"
        );
        let ended: i64 = conn
            .ask(|conn| sqlx::query_scalar(sql).bind(id.encode()).fetch_one(conn))
            .await?;
        Ok(ended == 1)
    }

    /// Live `offline_access` grants of a person, oldest first. Some may have expired.
    pub async fn offline_grants_of(&self, user: &UserId) -> Result<Vec<Grant>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = select_grants!(
            "WHERE g.user_id = $1 AND g.offline = 1 AND g.ended_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM ends e WHERE e.kind = 'grant' AND e.key = g.id) \
             ORDER BY g.began_at, g.id"
        );
        let rows = conn
            .ask(|conn| sqlx::query(sql).bind(user.as_str()).fetch_all(conn))
            .await?;
        rows.iter().map(document).collect()
    }
}

async fn insert_offline(conn: &mut AnyConnection, grant: &Grant) -> Result<bool, RecordError> {
    for (lock, key) in [
        (LOCK_PERSON, grant.user.as_str()),
        (LOCK_MEMBER, grant.sid.as_str()),
    ] {
        let locked = sqlx::query(lock)
            .bind(key.to_owned())
            .execute(&mut *conn)
            .await?;
        if locked.rows_affected() == 0 {
            return Ok(false);
        }
    }
    let query = bind(sqlx::query(INSERT), grant)?;
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

async fn save(conn: &mut AnyConnection, grant: &Grant) -> Result<(), RecordError> {
    if !grant.offline {
        bind(sqlx::query(FLUSH_BOUND), grant)?.execute(conn).await?;
        return Ok(());
    }
    sqlx::query(FLUSH_OFFLINE)
        .bind(grant.id.encode())
        .bind(grant.expires.as_millis())
        .bind(grant.last_used.as_millis())
        .bind(grant.place.generation)
        .bind(sequence(grant))
        .bind(to_json(grant)?)
        .execute(conn)
        .await?;
    Ok(())
}

type AnyQuery = Query<'static, sqlx::Any, sqlx::any::AnyArguments>;

fn bind(query: AnyQuery, grant: &Grant) -> Result<AnyQuery, RecordError> {
    Ok(query
        .bind(grant.id.encode())
        .bind(grant.session.encode())
        .bind(grant.user.as_str().to_owned())
        .bind(grant.client.as_str().to_owned())
        .bind(grant.sid.as_str().to_owned())
        .bind(i64::from(grant.offline))
        .bind(grant.began.as_millis())
        .bind(grant.expires.as_millis())
        .bind(grant.last_used.as_millis())
        .bind(grant.place.generation)
        .bind(sequence(grant))
        .bind(to_json(grant)?))
}

fn sequence(grant: &Grant) -> i64 {
    i64::try_from(grant.place.sequence).unwrap_or(i64::MAX)
}

pub(super) fn document(row: &AnyRow) -> Result<Grant, RecordError> {
    row.json("document")
}
