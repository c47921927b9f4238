//! Notices: what is owed to clients whose session ended. They are written by the end itself, and
//! leave the state `due` only by a receipt. Who delivers them is in `notice_leases`.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::rows::Columns as _;
use super::statement::Statement;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId, Sid};

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
    /// When the session ended, and with that the notice was owed.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// When the last attempt was over.
    pub last_attempt_at: Option<Timestamp>,
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

impl Record {
    /// The notices of a session, with what became of them.
    pub async fn notices_of(&self, session: SessionId) -> Result<Vec<NoticeView>, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(|conn| of_session(conn, session)).await
    }

    /// The notices of several sessions, each with its session.
    pub async fn notices_among(
        &self,
        sessions: &[SessionId],
    ) -> Result<Vec<(SessionId, NoticeView)>, RecordError> {
        if sessions.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.reader().await?;
        conn.ask(|conn| among(conn, sessions)).await
    }

    /// What is owed altogether.
    pub async fn owed(&self, now: Timestamp) -> Result<Owed, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT \
             (SELECT COUNT(*) FROM notices WHERE state = 'due' AND next_at <= $1) AS due, \
             (SELECT COUNT(*) FROM notices WHERE state = 'due' AND next_at > $1) AS later, \
             (SELECT COUNT(*) FROM notices WHERE state = 'gave_up') AS given_up";
        let row = conn
            .ask(|conn| sqlx::query(sql).bind(now.as_millis()).fetch_one(conn))
            .await?;
        Ok(Owed {
            due: row.integer("due")?,
            later: row.integer("later")?,
            given_up: row.integer("given_up")?,
        })
    }
}

macro_rules! select_notices {
    ($which:literal) => {
        concat!(
            "SELECT n.session_id AS session_id, n.sid AS sid, n.client_id AS client_id, ",
            "n.state AS state, n.created_at AS created_at, n.attempts AS attempts, ",
            "n.last_attempt_at AS last_attempt_at, n.last_status AS last_status, ",
            "n.settled_at AS settled_at, n.next_at AS next_at, n.problem AS problem, ",
            "COALESCE(c.client_name, n.client_id) AS client_name ",
            "FROM notices n LEFT JOIN clients c ON c.client_id = n.client_id ",
            "WHERE n.session_id ",
            $which
        )
    };
}

const ORDER: &str = " ORDER BY client_name, n.created_at, n.sid";

pub(super) async fn of_session(
    conn: &mut AnyConnection,
    session: SessionId,
) -> Result<Vec<NoticeView>, RecordError> {
    let sql = select_notices!("= $1 ORDER BY client_name, n.created_at, n.sid");
    let query = sqlx::query(sql).bind(session.encode());
    query.fetch_all(conn).await?.iter().map(view).collect()
}

async fn among(
    conn: &mut AnyConnection,
    sessions: &[SessionId],
) -> Result<Vec<(SessionId, NoticeView)>, RecordError> {
    let mut statement = Statement::default();
    statement.say(select_notices!("IN "));
    statement
        .texts(sessions.iter().map(SessionId::encode))
        .say(ORDER);
    let rows = statement.fetch(conn).await?;
    rows.iter()
        .map(|row| Ok((row.session_id("session_id")?, view(row)?)))
        .collect()
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
        created_at: row.time("created_at")?,
        attempts: row.integer("attempts")?,
        last_attempt_at: row.time_or_null("last_attempt_at")?,
        last_status: row.status_or_null("last_status")?,
        delivered_at: settled.filter(|_| state == NoticeState::Delivered),
        next_at: (state == NoticeState::Waiting).then_some(next),
        problem: row.text_or_null("problem")?,
    })
}
