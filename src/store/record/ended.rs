//! What an end reports: what is over of what was selected, whenever it ended.

use sqlx::AnyConnection;

use super::RecordError;
use super::rows::Columns as _;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, GrantId, SessionId, Sid, UserId};

/// What an end ended, now or before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// The sessions that were selected and are over; where one client was selected, the sessions
    /// in which its part is over.
    pub sessions: Vec<EndedSession>,
    /// How many sessions lived until now.
    pub fresh: usize,
    /// Grants that ended with it and that the record knows, with the session of each.
    pub grants: Vec<(GrantId, SessionId)>,
    /// Notices that are owed for it.
    pub notices: u64,
    /// More than this is to be ended, by asking again: all of a client ends some at a time.
    pub more: bool,
    /// The last position that it took in the ends log. None: all of it was over before.
    pub position: Option<i64>,
}

/// A session that ended, or in which a client's part did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The parts that ended with it; where one client was selected, its parts.
    pub participants: Vec<(ClientId, Sid)>,
}

/// Runs the statement that finds what is over for a session's or person's `key`.
pub(super) async fn over(
    conn: &mut AnyConnection,
    statement: &'static str,
    key: &str,
    client: Option<&str>,
    now: Timestamp,
) -> Result<Vec<EndedSession>, RecordError> {
    let query = sqlx::query(statement)
        .bind(key)
        .bind(client)
        .bind(now.as_millis());
    let mut sessions: Vec<EndedSession> = Vec::new();
    for row in query.fetch_all(conn).await? {
        let id = row.session_id("id")?;
        if sessions.last().is_none_or(|last| last.id != id) {
            let user = UserId::new(row.text("user_id")?);
            sessions.push(EndedSession {
                id,
                user,
                participants: Vec::new(),
            });
        }
        let part = row.text_or_null("client_id")?.zip(row.text_or_null("sid")?);
        if let (Some(session), Some((client, sid))) = (sessions.last_mut(), part) {
            session
                .participants
                .push((ClientId::new(client), Sid::new(sid)));
        }
    }
    Ok(sessions)
}
