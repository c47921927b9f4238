//! A session with everything that its hot copy is made of, as of one moment.

use sqlx::AnyConnection;

use super::rows::Columns as _;
use super::sessions::{select_sessions, session};
use super::{Record, RecordError, ends_position, mass_cover, participants, snapshot};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId, Sid};
use crate::session::ending::Reason;
use crate::session::grant::Grant;
use crate::session::participant::Participant;
use crate::session::session::Session;

/// What the record knows of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The session.
    pub session: Session,
    /// When and why it ended, if it did.
    pub ended: Option<(Timestamp, Reason)>,
    /// Its live participants, with those of their grants that reached the record.
    pub participants: Vec<Participant>,
    /// These grants themselves, oldest first: session-bound ones only, as `offline_access` grants
    /// have a life and a place of their own.
    pub grants: Vec<Grant>,
    /// Its parts that ended, so that a hot state that was put back in time can be told of them.
    pub ended_participants: Vec<(ClientId, Sid)>,
    /// The position of the ends log as of which all of this is true.
    pub position: i64,
}

impl Record {
    /// A session with its live parts, in one snapshot.
    pub async fn load_session(&self, id: SessionId) -> Result<Option<Snapshot>, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(|conn| load(conn, id)).await
    }
}

async fn load(conn: &mut AnyConnection, id: SessionId) -> Result<Option<Snapshot>, RecordError> {
    let mut snapshot = snapshot(conn).await?;
    let position = ends_position(&mut snapshot).await?;
    let key = id.encode();
    let query = sqlx::query(select_sessions!("", "WHERE s.id = $1")).bind(key.as_str());
    let Some(row) = query.fetch_optional(&mut *snapshot).await? else {
        snapshot.rollback().await?;
        return Ok(None);
    };
    let ended = match row.end("ended_at", "reason")? {
        Some(ended) => Some(ended),
        None => mass_cover::of_session(&mut snapshot, &key).await?,
    };
    let grants = participants::bound_grants(&mut snapshot, &key).await?;
    let participants = participants::live(&mut snapshot, &key, &grants).await?;
    let ended_participants = participants::ended(&mut snapshot, &key).await?;
    snapshot.rollback().await?;
    Ok(Some(Snapshot {
        session: session(&row)?,
        ended,
        participants,
        grants,
        ended_participants,
        position,
    }))
}
