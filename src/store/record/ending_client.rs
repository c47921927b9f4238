//! The end of all that a client has. There may be a part of every session of the house: they end
//! some at a time, each batch a transaction of its own, until nothing is left. Who wants it to stay
//! so disables the client before, as no join passes its row then.

use sqlx::AnyConnection;

use super::RecordError;
use super::dialect::Dialect;
use super::ended::{Ended, EndedSession};
use super::ending_request::{Ending, Part};
use super::ends::EndKind;
use super::rows::Columns as _;
use crate::entropy::{ClientId, GrantId, SessionId, Sid, UserId};
use crate::session::ending::Verb;

/// So many parts, and so many grants, in one transaction.
const BATCH: i64 = 250;

/// The last session of a batch, and how many parts it has. `$1` client, `$2` how many.
const LAST_SESSION: &str = "SELECT MAX(session_id) AS last, COUNT(*) AS parts FROM \
     (SELECT session_id FROM participants WHERE client_id = $1 AND ended_at IS NULL \
     ORDER BY session_id LIMIT $2) AS batch";
/// Takes the sessions' rows in order, as other ends and joins do.
const SESSIONS_IN_ORDER: &str = "SELECT id FROM sessions WHERE id IN (SELECT session_id \
     FROM participants WHERE client_id = $1 AND ended_at IS NULL AND session_id <= $2) \
     ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE";
/// No join of this client passes until this is over.
const LOCK: &str = "UPDATE clients SET enabled = enabled WHERE client_id = $1";
const PARTS: &str = "SELECT p.session_id AS session_id, p.sid AS sid, s.user_id AS user_id \
     FROM participants p JOIN sessions s ON s.id = p.session_id \
     WHERE p.client_id = $1 AND p.session_id <= $2 AND p.ended_at IS NULL ORDER BY p.session_id";
const NOTICES: &str = "INSERT INTO notices (sid, session_id, client_id, user_id, include_sub, \
     created_at, state, attempts, next_at) \
     SELECT p.sid, p.session_id, p.client_id, s.user_id, 0, $3, 'due', 0, $3 \
     FROM participants p JOIN sessions s ON s.id = p.session_id \
     JOIN clients c ON c.client_id = p.client_id \
     WHERE p.client_id = $1 AND p.session_id <= $2 AND p.ended_at IS NULL \
     AND c.backchannel_logout_uri IS NOT NULL ON CONFLICT (sid) DO NOTHING";
const END_PARTS: &str = "UPDATE participants SET ended_at = $3, reason = $4 \
     WHERE client_id = $1 AND session_id <= $2 AND ended_at IS NULL";

macro_rules! grants {
    ($what:literal, $more:literal, $tail:literal) => {
        concat!(
            $what,
            " WHERE client_id = $1 AND ended_at IS NULL AND (offline = 0 OR $2 = 1)",
            $more,
            $tail
        )
    };
}

/// `$1` client, `$2` offline ones too, `$3` how many.
const LAST_GRANT: &str = concat!(
    "SELECT MAX(id) AS last, COUNT(*) AS grants FROM (",
    grants!("SELECT id FROM grants", "", " ORDER BY id LIMIT $3"),
    ") AS batch"
);
/// `$3` the last.
const GRANTS_IN_ORDER: &str = grants!(
    "SELECT id FROM grants",
    " AND id <= $3",
    " ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE"
);
const END_GRANTS: &str = grants!(
    "UPDATE grants SET ended_at = $4, reason = $5",
    " AND id <= $3",
    " RETURNING id, session_id, offline"
);

/// Ends the next batch. What ended before is not reported again: every node finds it in the ends
/// log, and tries until its tombstones are written.
pub(super) async fn end_batch(
    conn: &mut AnyConnection,
    ending: &Ending,
    client: &ClientId,
    log: &mut Vec<EndKind>,
) -> Result<Part, RecordError> {
    let mut batch = Ended::default();
    let more_parts = end_parts(conn, ending, client, &mut batch, log).await?;
    let more_grants = end_grants(conn, ending, client, &mut batch, log).await?;
    Ok((batch, more_parts || more_grants))
}

/// Whether there are more.
async fn end_parts(
    conn: &mut AnyConnection,
    ending: &Ending,
    client: &ClientId,
    batch: &mut Ended,
    log: &mut Vec<EndKind>,
) -> Result<bool, RecordError> {
    let query = sqlx::query(LAST_SESSION).bind(client.as_str()).bind(BATCH);
    let row = query.fetch_one(&mut *conn).await?;
    let Some(last) = row.text_or_null("last")? else {
        return Ok(false);
    };
    if Dialect::of(conn) == Dialect::Postgres {
        let query = sqlx::query(SESSIONS_IN_ORDER).bind(client.as_str());
        query.bind(last.as_str()).execute(&mut *conn).await?;
    }
    let query = sqlx::query(LOCK).bind(client.as_str());
    query.execute(&mut *conn).await?;
    let query = sqlx::query(PARTS).bind(client.as_str()).bind(last.as_str());
    for row in query.fetch_all(&mut *conn).await? {
        let (id, sid) = (row.session_id("session_id")?, Sid::new(row.text("sid")?));
        log.push(EndKind::Participant(id, sid.clone()));
        batch.sessions.push(EndedSession {
            id,
            user: UserId::new(row.text("user_id")?),
            participants: vec![(client.clone(), sid)],
        });
    }
    let now = ending.now.as_millis();
    let query = sqlx::query(NOTICES).bind(client.as_str());
    let query = query.bind(last.as_str()).bind(now);
    batch.notices = query.execute(&mut *conn).await?.rows_affected();
    let query = sqlx::query(END_PARTS)
        .bind(client.as_str())
        .bind(last.as_str())
        .bind(now)
        .bind(ending.reason.as_str());
    query.execute(conn).await?;
    Ok(row.integer("parts")? == BATCH)
}

/// Whether there are more.
async fn end_grants(
    conn: &mut AnyConnection,
    ending: &Ending,
    client: &ClientId,
    batch: &mut Ended,
    log: &mut Vec<EndKind>,
) -> Result<bool, RecordError> {
    let offline_too = i64::from(ending.verb == Verb::Revoke);
    let query = sqlx::query(LAST_GRANT)
        .bind(client.as_str())
        .bind(offline_too)
        .bind(BATCH);
    let row = query.fetch_one(&mut *conn).await?;
    let Some(last) = row.text_or_null("last")? else {
        return Ok(false);
    };
    if Dialect::of(conn) == Dialect::Postgres {
        let query = sqlx::query(GRANTS_IN_ORDER).bind(client.as_str());
        let query = query.bind(offline_too).bind(last.as_str());
        query.execute(&mut *conn).await?;
    }
    let query = sqlx::query(END_GRANTS)
        .bind(client.as_str())
        .bind(offline_too)
        .bind(last.as_str())
        .bind(ending.now.as_millis())
        .bind(ending.reason.as_str());
    for ended in query.fetch_all(conn).await? {
        let grant: (GrantId, SessionId) = (ended.grant_id("id")?, ended.session_id("session_id")?);
        // An `offline_access` grant outlives its session: its end must be said by itself.
        if ended.flag("offline")? {
            log.push(EndKind::Grant(grant.0, grant.1));
        }
        batch.grants.push(grant);
    }
    Ok(row.integer("grants")? == BATCH)
}
