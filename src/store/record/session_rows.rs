//! Sessions as lists show them, by their references.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::reference::is_reference;
use super::rows::Columns as _;
use super::session_list::{participant_row, session_row};
use super::sessions::select_sessions;
use super::statement::Statement;
use super::{ParticipantRow, Record, RecordError, SessionRow, snapshot};

const ROWS: &str = select_sessions!(
    ", s.reference AS reference, COALESCE(u.username, s.user_id) AS username, \
     COALESCE(u.profile, '{}') AS profile",
    "LEFT JOIN users u ON u.id = s.user_id WHERE s.reference IN "
);
const PARTS: &str = "SELECT s.reference AS reference, p.sid AS sid, p.client_id AS client_id, \
     p.joined_at AS joined_at, p.ended_at AS ended_at, c.client_name AS client_name, \
     c.backchannel_logout_uri AS backchannel_logout_uri \
     FROM sessions s JOIN participants p ON p.session_id = s.id \
     LEFT JOIN clients c ON c.client_id = p.client_id WHERE s.reference IN ";

impl Record {
    /// The sessions that these references name, live or not, in their order. What names none, or
    /// names one twice, is passed over.
    pub async fn sessions_named(
        &self,
        references: &[String],
    ) -> Result<Vec<SessionRow>, RecordError> {
        let names = references
            .iter()
            .map(|text| text.trim().to_ascii_uppercase());
        let names: Vec<_> = names.filter(|text| is_reference(text)).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.reader().await?;
        conn.ask(|conn| async move {
            let mut snapshot = snapshot(conn).await?;
            let rows = rows(&mut snapshot, &names).await?;
            snapshot.rollback().await?;
            Ok::<_, RecordError>(rows)
        })
        .await
    }
}

/// What pages show of these sessions, in their order.
pub(super) async fn rows(
    conn: &mut AnyConnection,
    references: &[String],
) -> Result<Vec<SessionRow>, RecordError> {
    if references.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::default();
    statement.say(PARTS).texts(references);
    statement.say(" ORDER BY p.joined_at, p.sid");
    let mut parts: HashMap<String, Vec<ParticipantRow>> = HashMap::new();
    for row in &statement.fetch(&mut *conn).await? {
        let of = parts.entry(row.text("reference")?).or_default();
        of.push(participant_row(row)?);
    }
    let mut statement = Statement::default();
    statement.say(ROWS).texts(references);
    let mut sessions = HashMap::new();
    for row in &statement.fetch(conn).await? {
        let reference = row.text("reference")?;
        let parts = parts.remove(&reference).unwrap_or_default();
        sessions.insert(reference, session_row(row, parts)?);
    }
    let in_order = references.iter().filter_map(|key| sessions.remove(key));
    Ok(in_order.collect())
}
