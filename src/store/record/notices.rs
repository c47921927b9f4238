//! Notices: what is owed to clients whose session ended. They are written by the end itself, and
//! leave the state `due` only by a receipt.

use sqlx::any::AnyRow;

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

/// Where a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// Waits for its next attempt.
    Waiting,
    /// The client has it.
    Delivered,
    /// The client does not take it.
    Refused,
    /// Tried for too long.
    GaveUp,
}

/// A notice as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeView {
    /// The client's name for the session.
    pub sid: Sid,
    /// The receiver.
    pub client: ClientId,
    /// What people call it; its id if it is gone.
    pub client_name: String,
    /// Where it stands.
    pub state: NoticeState,
    /// How often it was tried.
    pub attempts: i64,
    /// HTTP status of the last attempt that got one.
    pub last_status: Option<u16>,
    /// When the client took it.
    pub delivered_at: Option<Timestamp>,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// What went wrong last.
    pub problem: Option<String>,
}

/// What is owed altogether.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// To be tried now.
    pub due: i64,
    /// To be tried later.
    pub later: i64,
    /// Given up.
    pub given_up: i64,
}

/// How many notices may be leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// By this call.
    pub free: i64,
    /// For one client, those that are leased already included: one that hangs must not take the
    /// places of all others.
    pub per_client: i64,
}

/// On PostgreSQL `FOR UPDATE OF n SKIP LOCKED` goes after the `LIMIT`; SQLite has one writer at a
/// time.
const LEASE: &str = "UPDATE notices SET leased_by = $1, leased_until = $2, \
     attempts = attempts + 1 WHERE sid IN (SELECT n.sid FROM notices n JOIN (\
     SELECT d.sid AS sid, ROW_NUMBER() OVER (PARTITION BY d.client_id ORDER BY d.next_at, d.sid) \
     + COALESCE(b.leased, 0) AS place FROM notices d LEFT JOIN (\
     SELECT client_id, COUNT(*) AS leased FROM notices WHERE state = 'due' AND leased_until > $3 \
     GROUP BY client_id) b ON b.client_id = d.client_id WHERE d.state = 'due' \
     AND d.next_at <= $3 AND (d.leased_until IS NULL OR d.leased_until <= $3)\
     ) q ON q.sid = n.sid WHERE n.state = 'due' AND q.place <= $5 \
     ORDER BY n.next_at, n.sid LIMIT $4) \
     RETURNING sid, session_id, client_id, user_id, include_sub, attempts, created_at";

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
                    let query = sqlx::query(LEASE)
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
        self.write(Durability::Normal, owner.to_owned(), |conn, owner| {
            Box::pin(async move {
                let sql = "UPDATE notices SET leased_by = NULL, leased_until = NULL \
                     WHERE state = 'due' AND leased_by IS NOT NULL AND leased_by <> $1";
                Ok(sqlx::query(sql)
                    .bind(owner.as_str())
                    .execute(conn)
                    .await?
                    .rows_affected())
            })
        })
        .await
    }

    /// The notices of a session, with what became of them.
    pub async fn notices_of(&self, session: SessionId) -> Result<Vec<NoticeView>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT n.sid AS sid, n.client_id AS client_id, n.state AS state, n.attempts AS attempts, \
             n.last_status AS last_status, n.settled_at AS settled_at, n.next_at AS next_at, \
             n.problem AS problem, COALESCE(c.client_name, n.client_id) AS client_name \
             FROM notices n LEFT JOIN clients c ON c.client_id = n.client_id \
             WHERE n.session_id = $1 ORDER BY client_name, n.created_at, n.sid";
        let rows = sqlx::query(sql)
            .bind(session.encode())
            .fetch_all(&mut *conn)
            .await?;
        rows.iter().map(view).collect()
    }

    /// What is owed altogether.
    pub async fn owed(&self, now: Timestamp) -> Result<Owed, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT COUNT(CASE WHEN state = 'due' AND next_at <= $1 THEN 1 END) AS due, \
             COUNT(CASE WHEN state = 'due' AND next_at > $1 THEN 1 END) AS later, \
             COUNT(CASE WHEN state = 'gave_up' THEN 1 END) AS given_up \
             FROM notices WHERE state IN ('due', 'gave_up')";
        let row = sqlx::query(sql)
            .bind(now.as_millis())
            .fetch_one(&mut *conn)
            .await?;
        Ok(Owed {
            due: row.integer("due")?,
            later: row.integer("later")?,
            given_up: row.integer("given_up")?,
        })
    }

    async fn any_due(&self, now: Timestamp) -> Result<bool, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT sid FROM notices WHERE state = 'due' AND next_at <= $1 \
             AND (leased_until IS NULL OR leased_until <= $1) LIMIT 1";
        let query = sqlx::query(sql).bind(now.as_millis());
        Ok(query.fetch_optional(&mut *conn).await?.is_some())
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

fn view(row: &AnyRow) -> Result<NoticeView, RecordError> {
    let state = match row.text("state")?.as_str() {
        "due" => NoticeState::Waiting,
        "delivered" => NoticeState::Delivered,
        "refused" => NoticeState::Refused,
        "gave_up" => NoticeState::GaveUp,
        _ => return Err(RecordError::malformed("notices.state")),
    };
    let settled = row.time_or_null("settled_at")?;
    let next = row.time("next_at")?;
    Ok(NoticeView {
        sid: Sid::new(row.text("sid")?),
        client: ClientId::new(row.text("client_id")?),
        client_name: row.text("client_name")?,
        state,
        attempts: row.integer("attempts")?,
        last_status: row.status_or_null("last_status")?,
        delivered_at: settled.filter(|_| state == NoticeState::Delivered),
        next_at: (state == NoticeState::Waiting).then_some(next),
        problem: row.text_or_null("problem")?,
    })
}
