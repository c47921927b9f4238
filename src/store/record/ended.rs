//! What an end reports: what is over of what was selected, whenever it ended.

use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::RecordError;
use super::rows::Columns as _;
use super::statement::Statement;
use crate::entropy::{ClientId, GrantId, SessionId, Sid, UserId};

/// How long a tombstone is kept. Whatever ended longer ago than this has had its own, or a memory
/// of its end at every node: ending it again says nothing of it.
pub const TOMBSTONE: Duration = Duration::from_hours(1);

/// What an end ended, now or before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// The sessions that were selected and are over; where one client was selected, the sessions
    /// in which its part is over. Of all that a person has, those that ended within [`TOMBSTONE`].
    pub sessions: Vec<EndedSession>,
    /// How many sessions lived until now; of very many of a person, as counted just before.
    pub fresh: usize,
    /// Grants that ended with it and that the record knows, with the session of each.
    pub grants: Vec<(GrantId, SessionId)>,
    /// Notices that are owed for it.
    pub notices: u64,
    /// The last position that it took in the ends log. None: all of it was over before.
    pub position: Option<i64>,
    /// The name of the end, where it is one of very many: their rows are worked off later.
    pub mass: Option<String>,
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

impl Ended {
    /// Adds what the next transaction of the same end did.
    pub(super) fn add(&mut self, next: Self) {
        self.sessions.extend(next.sessions);
        self.fresh += next.fresh;
        self.grants.extend(next.grants);
        self.notices += next.notices;
        self.position = next.position.or(self.position);
    }
}

/// The ids in rows.
pub(super) fn ids(rows: &[AnyRow]) -> Result<Vec<String>, RecordError> {
    rows.iter().map(|row| row.text("id")).collect()
}

/// Runs the statement that finds what is over.
pub(super) async fn over(
    conn: &mut AnyConnection,
    statement: Statement,
) -> Result<Vec<EndedSession>, RecordError> {
    let mut sessions: Vec<EndedSession> = Vec::new();
    for row in statement.fetch(conn).await? {
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
