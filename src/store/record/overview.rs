//! What the overview shows: each figure from an index, over a bounded time.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::audit_action::AuditAction;
use super::rows::Columns as _;
use super::{Record, RecordError, snapshot};
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::session::ending::Reason;

const HOUR: i64 = 3_600_000;
/// How many hours are shown, the one that runs included.
const HOURS: u8 = 24;
const DAY: Duration = Duration::from_hours(24);

/// The actions that are counted; see the notes of a sign-in.
const SUCCEEDED: &str = AuditAction::SignIn.as_str();
const FAILED: &str = AuditAction::SignInFailed.as_str();

/// Who is signed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveCount {
    /// Sessions that live.
    pub sessions: i64,
    /// People who have a session that was not ended. It may have run out a moment ago.
    pub people: i64,
}

/// The state of the house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// As of when.
    pub at: Timestamp,
    /// Who is signed in.
    pub live: LiveCount,
    /// Sign-ins of the last 24 hours (UTC), the oldest first; the last one still runs.
    pub sign_ins: Vec<Hour>,
    /// Sessions that ended in the last 24 hours, by reason; those with none are left out.
    pub ends: Vec<(Reason, i64)>,
    /// Notices that are to be delivered, now or later.
    pub owed: i64,
    /// Since when the oldest of these is owed.
    pub oldest_owed: Option<Timestamp>,
    /// Notices by client, by name: what was settled in the last 24 hours, and what is being tried.
    pub deliveries: Vec<Deliveries>,
}

/// Sign-ins of one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// Its first moment.
    pub from: Timestamp,
    /// Sessions that began.
    pub succeeded: i64,
    /// Tries that were refused.
    pub failed: i64,
}

/// What became of one client's notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliveries {
    /// The client.
    pub client: ClientId,
    /// What people call it; its id if it is gone.
    pub client_name: String,
    /// It took them.
    pub delivered: i64,
    /// Owed, and tried in vain at least once.
    pub retrying: i64,
    /// It did not take them.
    pub refused: i64,
    /// Tried for too long.
    pub gave_up: i64,
}

impl Record {
    /// Who is signed in. Counted one by one: some tens of milliseconds for a million sessions, so
    /// that callers keep the answer for a while.
    pub async fn count_live(&self, now: Timestamp) -> Result<LiveCount, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(|conn| live(conn, now)).await
    }

    /// The state of the house. To be kept for a while, as it counts much.
    pub async fn overview(&self, now: Timestamp) -> Result<Overview, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(|conn| async move {
            let mut snapshot = snapshot(conn).await?;
            let overview = overview(&mut snapshot, now).await?;
            snapshot.rollback().await?;
            Ok::<_, RecordError>(overview)
        })
        .await
    }
}

async fn overview(conn: &mut AnyConnection, now: Timestamp) -> Result<Overview, RecordError> {
    let (owed, oldest_owed) = owed(&mut *conn).await?;
    Ok(Overview {
        at: now,
        live: live(&mut *conn, now).await?,
        sign_ins: sign_ins(&mut *conn, now).await?,
        ends: ends(&mut *conn, now).await?,
        owed,
        oldest_owed,
        deliveries: deliveries(conn, now).await?,
    })
}

async fn live(conn: &mut AnyConnection, now: Timestamp) -> Result<LiveCount, RecordError> {
    let sql = "SELECT (SELECT COUNT(*) FROM sessions \
         WHERE ended_at IS NULL AND deadline_at > $1) AS sessions, \
         (SELECT COUNT(*) FROM (SELECT DISTINCT user_id FROM sessions \
         WHERE ended_at IS NULL) d) AS people";
    let row = sqlx::query(sql).bind(now.as_millis()).fetch_one(conn);
    let row = row.await?;
    Ok(LiveCount {
        sessions: row.integer("sessions")?,
        people: row.integer("people")?,
    })
}

async fn sign_ins(conn: &mut AnyConnection, now: Timestamp) -> Result<Vec<Hour>, RecordError> {
    let this = now.as_millis().div_euclid(HOUR);
    let first = this - i64::from(HOURS) + 1;
    let sql = "SELECT action, at / 3600000 AS hour, COUNT(*) AS n FROM audit \
         WHERE action = $1 AND at >= $2 AND at < $3 GROUP BY action, at / 3600000";
    let mut counts: BTreeMap<(bool, i64), i64> = BTreeMap::new();
    for action in [SUCCEEDED, FAILED] {
        let query = sqlx::query(sql)
            .bind(action)
            .bind(first * HOUR)
            .bind((this + 1) * HOUR);
        for row in &query.fetch_all(&mut *conn).await? {
            let place = (action == SUCCEEDED, row.integer("hour")?);
            counts.insert(place, row.integer("n")?);
        }
    }
    let count = |succeeded, hour| counts.get(&(succeeded, hour)).copied().unwrap_or(0);
    Ok((first..=this)
        .map(|hour| Hour {
            from: Timestamp::from_millis(hour * HOUR),
            succeeded: count(true, hour),
            failed: count(false, hour),
        })
        .collect())
}

async fn ends(conn: &mut AnyConnection, now: Timestamp) -> Result<Vec<(Reason, i64)>, RecordError> {
    let sql = "SELECT reason, COUNT(*) AS n FROM sessions WHERE ended_at IS NOT NULL \
         AND ended_at > $1 GROUP BY reason";
    let query = sqlx::query(sql).bind((now - DAY).as_millis());
    let mut counts: Vec<(Reason, i64)> = Vec::new();
    for row in &query.fetch_all(conn).await? {
        let reason = Reason::parse(&row.text("reason")?);
        let reason = reason.ok_or_else(|| RecordError::malformed("sessions.reason"))?;
        counts.push((reason, row.integer("n")?));
    }
    counts.sort_by_key(|(reason, _)| Reason::ALL.iter().position(|other| other == reason));
    Ok(counts)
}

async fn owed(conn: &mut AnyConnection) -> Result<(i64, Option<Timestamp>), RecordError> {
    let sql = "SELECT COUNT(*) AS n, MIN(created_at) AS oldest FROM notices WHERE state = 'due'";
    let row = sqlx::query(sql).fetch_one(conn).await?;
    Ok((row.integer("n")?, row.time_or_null("oldest")?))
}

const DELIVERIES: &str = "SELECT d.client_id AS client_id, d.state AS state, d.n AS n, \
     COALESCE(c.client_name, d.client_id) AS client_name FROM (\
     SELECT client_id, state, COUNT(*) AS n FROM notices \
     WHERE settled_at IS NOT NULL AND settled_at > $1 GROUP BY client_id, state \
     UNION ALL SELECT client_id, state, COUNT(*) AS n FROM notices \
     WHERE state = 'due' AND last_attempt_at IS NOT NULL GROUP BY client_id, state\
     ) d LEFT JOIN clients c ON c.client_id = d.client_id ORDER BY client_name, d.client_id";

async fn deliveries(
    conn: &mut AnyConnection,
    now: Timestamp,
) -> Result<Vec<Deliveries>, RecordError> {
    let query = sqlx::query(DELIVERIES).bind((now - DAY).as_millis());
    let mut all: Vec<Deliveries> = Vec::new();
    for row in &query.fetch_all(conn).await? {
        let client = ClientId::new(row.text("client_id")?);
        if all.last().is_none_or(|last| last.client != client) {
            all.push(none_of(row, client)?);
        }
        let Some(last) = all.last_mut() else { continue };
        let count = match row.text("state")?.as_str() {
            "delivered" => &mut last.delivered,
            "due" => &mut last.retrying,
            "refused" => &mut last.refused,
            "gave_up" => &mut last.gave_up,
            _ => return Err(RecordError::malformed("notices.state")),
        };
        *count = row.integer("n")?;
    }
    Ok(all)
}

fn none_of(row: &AnyRow, client: ClientId) -> Result<Deliveries, RecordError> {
    Ok(Deliveries {
        client,
        client_name: row.text("client_name")?,
        delivered: 0,
        retrying: 0,
        refused: 0,
        gave_up: 0,
    })
}
