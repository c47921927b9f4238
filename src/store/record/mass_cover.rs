//! What an end of everything, or of all that a client or a person has, covers. Its one entry in the
//! ends log ends all that began before it at once; the rows follow one batch at a time. Whoever
//! judges a row that is not marked as ended asks here too.
//!
//! A transaction that reads the position of the ends log, to say that something is live as of it,
//! asks after it has read it: an end that is committed in between is then seen.

use sqlx::AnyConnection;

use super::RecordError;
use super::rows::Columns as _;
use crate::clock::Timestamp;
use crate::session::ending::Reason;

/// Whether the session `s` is covered.
macro_rules! session_is_covered {
    () => {
        "EXISTS (SELECT 1 FROM mass_ends m WHERE m.kind IN ('everything', 'person') \
         AND m.key IN ('', s.user_id) AND m.position > s.began_position AND m.spared <> s.id)"
    };
}

/// Whether the part `p` is covered by itself; its session may be covered beside that.
macro_rules! part_is_covered {
    () => {
        "EXISTS (SELECT 1 FROM mass_ends m WHERE m.kind = 'client' AND m.key = p.client_id \
         AND m.position > p.joined_position AND m.spared <> p.session_id)"
    };
}

pub(super) use {part_is_covered, session_is_covered};

/// When and why the first end that covers a session made it over. `session` is its id.
pub(super) async fn of_session(
    conn: &mut AnyConnection,
    session: &str,
) -> Result<Option<(Timestamp, Reason)>, RecordError> {
    let sql = "SELECT m.began_at AS ended_at, m.reason AS reason FROM mass_ends m \
         JOIN sessions s ON s.id = $1 WHERE m.kind IN ('everything', 'person') \
         AND m.key IN ('', s.user_id) AND m.position > s.began_position AND m.spared <> s.id ORDER BY m.position LIMIT 1";
    let row = sqlx::query(sql).bind(session).fetch_optional(conn).await?;
    let row = row.map(|row| row.end("ended_at", "reason")).transpose()?;
    Ok(row.flatten())
}
