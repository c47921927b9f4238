//! The end of all that a client has. There may be a part of every session of the house: they end
//! some at a time, each batch a transaction of its own, until nothing is left. Who wants it to stay
//! so disables the client before, as no join passes its row then.

use sqlx::AnyConnection;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

use super::RecordError;
use super::dialect::Dialect;
use super::ended::{Ended, EndedSession};
use super::ending_request::{Ending, Part};
use super::ends::EndKind;
use super::rows::Columns as _;
use crate::entropy::{ClientId, GrantId, SessionId, Sid, UserId};
use crate::session::ending::Verb;

type AnyQuery = Query<'static, sqlx::Any, AnyArguments>;

/// So many parts, and so many grants, in one transaction.
const BATCH: i64 = 250;

/// Which of it. Every statement has it.
pub(super) struct Bounds<'a> {
    /// Only what began before this position of the ends log.
    pub(super) before: i64,
    /// Not in this session.
    pub(super) spared: &'a str,
    /// Only parts of sessions after this one: before it nothing is left.
    pub(super) after: &'a str,
    /// The end of very many to which it belongs.
    pub(super) mass: Option<&'a str>,
}

/// All of it.
pub(super) const ALL: Bounds<'static> = Bounds {
    before: i64::MAX,
    spared: "",
    after: "",
    mass: None,
};

/// What is left of a client, but never many: `$1` client, `$2` how many are many.
const MANY: &str = "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM participants \
     WHERE client_id = $1 AND ended_at IS NULL LIMIT $2) AS parts) \
     + (SELECT COUNT(*) FROM (SELECT 1 FROM grants \
     WHERE client_id = $1 AND ended_at IS NULL LIMIT $2) AS held)";
/// The last session of a batch, and how many parts it has. `$1` client, `$2` how many.
const LAST_SESSION: &str = "SELECT MAX(session_id) AS last, COUNT(*) AS parts FROM \
     (SELECT session_id FROM participants WHERE client_id = $1 AND ended_at IS NULL \
     AND joined_position < $3 AND session_id <> $4 AND session_id > $5 \
     ORDER BY session_id LIMIT $2) AS batch";
/// Takes the sessions' rows in order, as other ends and joins do.
const SESSIONS_IN_ORDER: &str = "SELECT id FROM sessions WHERE id IN (SELECT session_id \
     FROM participants WHERE client_id = $1 AND ended_at IS NULL AND session_id <= $2 \
     AND joined_position < $3 AND session_id <> $4 AND session_id > $5) \
     ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE";
/// No join of this client passes until this is over.
const LOCK: &str = "UPDATE clients SET enabled = enabled WHERE client_id = $1";
const PARTS: &str = "SELECT p.session_id AS session_id, p.sid AS sid, s.user_id AS user_id \
     FROM participants p JOIN sessions s ON s.id = p.session_id \
     WHERE p.client_id = $1 AND p.session_id <= $2 AND p.ended_at IS NULL \
     AND p.joined_position < $3 AND p.session_id <> $4 AND p.session_id > $5 \
     ORDER BY p.session_id";
const NOTICES: &str = "INSERT INTO notices (sid, session_id, client_id, user_id, include_sub, \
     created_at, state, attempts, next_at, mass_end) \
     SELECT p.sid, p.session_id, p.client_id, s.user_id, 0, $6, 'due', 0, $6, $7 \
     FROM participants p JOIN sessions s ON s.id = p.session_id \
     JOIN clients c ON c.client_id = p.client_id \
     WHERE p.client_id = $1 AND p.session_id <= $2 AND p.ended_at IS NULL \
     AND p.joined_position < $3 AND p.session_id <> $4 AND p.session_id > $5 \
     AND c.backchannel_logout_uri IS NOT NULL ON CONFLICT (sid) DO NOTHING";
const END_PARTS: &str = "UPDATE participants SET ended_at = $6, reason = $7 \
     WHERE client_id = $1 AND session_id <= $2 AND ended_at IS NULL \
     AND joined_position < $3 AND session_id <> $4 AND session_id > $5";

macro_rules! grants {
    ($what:literal, $more:literal, $tail:literal) => {
        concat!(
            $what,
            " WHERE client_id = $1 AND ended_at IS NULL AND (offline = 0 OR $2 = 1) ",
            "AND began_position < $3 AND session_id <> $4",
            $more,
            $tail
        )
    };
}

/// `$1` client, `$2` offline ones too, `$5` how many.
const LAST_GRANT: &str = concat!(
    "SELECT MAX(id) AS last, COUNT(*) AS grants FROM (",
    grants!("SELECT id FROM grants", "", " ORDER BY id LIMIT $5"),
    ") AS batch"
);
/// `$5` the last.
const GRANTS_IN_ORDER: &str = grants!(
    "SELECT id FROM grants",
    " AND id <= $5",
    " ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE"
);
const END_GRANTS: &str = grants!(
    "UPDATE grants SET ended_at = $6, reason = $7",
    " AND id <= $5",
    " RETURNING id, session_id, offline"
);

/// Whether a client has more than so many parts and grants.
pub(super) async fn has_more_than(
    conn: &mut AnyConnection,
    client: &ClientId,
    count: i64,
) -> Result<bool, RecordError> {
    let query = sqlx::query_scalar(MANY).bind(client.as_str());
    let left: i64 = query.bind(count + 1).fetch_one(conn).await?;
    Ok(left > count)
}

/// Ends the next batch. What ended before is not reported again: every node finds it in the ends
/// log, and tries until its tombstones are written.
pub(super) async fn end_batch(
    conn: &mut AnyConnection,
    ending: &Ending,
    (client, bounds): (&ClientId, &Bounds<'_>),
    log: &mut Vec<EndKind>,
) -> Result<Part, RecordError> {
    let mut batch = Ended::default();
    let more_parts = end_parts(conn, ending, (client, bounds), &mut batch, log).await?;
    let more_grants = end_grants(conn, ending, (client, bounds), &mut batch, log).await?;
    Ok((batch, more_parts || more_grants))
}

/// Whether there are more.
async fn end_parts(
    conn: &mut AnyConnection,
    ending: &Ending,
    (client, bounds): (&ClientId, &Bounds<'_>),
    batch: &mut Ended,
    log: &mut Vec<EndKind>,
) -> Result<bool, RecordError> {
    let bound = |sql: &'static str| sqlx::query(sql).bind(client.as_str().to_owned());
    let within = |query: AnyQuery| {
        let query = query.bind(bounds.before).bind(bounds.spared.to_owned());
        query.bind(bounds.after.to_owned())
    };
    let query = within(bound(LAST_SESSION).bind(BATCH));
    let row = query.fetch_one(&mut *conn).await?;
    let Some(last) = row.text_or_null("last")? else {
        return Ok(false);
    };
    let through = |sql| within(bound(sql).bind(last.clone()));
    if Dialect::of(conn) == Dialect::Postgres {
        through(SESSIONS_IN_ORDER).execute(&mut *conn).await?;
    }
    bound(LOCK).execute(&mut *conn).await?;
    for row in through(PARTS).fetch_all(&mut *conn).await? {
        let (id, sid) = (row.session_id("session_id")?, Sid::new(row.text("sid")?));
        log.push(EndKind::Participant(id, sid.clone()));
        batch.sessions.push(EndedSession {
            id,
            user: UserId::new(row.text("user_id")?),
            participants: vec![(client.clone(), sid)],
        });
    }
    let now = ending.now.as_millis();
    let mass = bounds.mass.map(ToOwned::to_owned);
    let query = through(NOTICES).bind(now).bind(mass);
    batch.notices = query.execute(&mut *conn).await?.rows_affected();
    let query = through(END_PARTS).bind(now).bind(ending.reason.as_str());
    query.execute(conn).await?;
    Ok(row.integer("parts")? == BATCH)
}

/// Whether there are more.
async fn end_grants(
    conn: &mut AnyConnection,
    ending: &Ending,
    (client, bounds): (&ClientId, &Bounds<'_>),
    batch: &mut Ended,
    log: &mut Vec<EndKind>,
) -> Result<bool, RecordError> {
    let bound = |sql: &'static str| {
        sqlx::query(sql)
            .bind(client.as_str().to_owned())
            .bind(i64::from(ending.verb == Verb::Revoke))
            .bind(bounds.before)
            .bind(bounds.spared.to_owned())
    };
    let query = bound(LAST_GRANT).bind(BATCH);
    let row = query.fetch_one(&mut *conn).await?;
    let Some(last) = row.text_or_null("last")? else {
        return Ok(false);
    };
    let through = |sql| bound(sql).bind(last.clone());
    if Dialect::of(conn) == Dialect::Postgres {
        through(GRANTS_IN_ORDER).execute(&mut *conn).await?;
    }
    let query = through(END_GRANTS)
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
