//! How things stand, in numbers, for whoever watches the house.

use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;

/// How things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordFigures {
    /// Sessions that live. Activity of the last minute may not be written back yet.
    pub sessions: i64,
    /// Notices to be delivered now.
    pub notices_due: i64,
    /// Notices to be tried again later.
    pub notices_later: i64,
    /// The end that the oldest of both tells of.
    pub oldest_owed: Option<Timestamp>,
}

/// Each by its partial index: neither what ended nor what is settled is walked through.
const FIGURES: &str = "SELECT \
     (SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL AND deadline_at > $1) AS sessions, \
     (SELECT COUNT(*) FROM notices WHERE state = 'due' AND next_at <= $1) AS due, \
     (SELECT COUNT(*) FROM notices WHERE state = 'due' AND next_at > $1) AS later, \
     (SELECT MIN(created_at) FROM notices WHERE state = 'due') AS oldest";

impl Record {
    /// How things stand now.
    pub async fn figures(&self, now: Timestamp) -> Result<RecordFigures, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query(FIGURES).bind(now.as_millis());
        let row = conn.ask(|conn| query.fetch_one(conn)).await?;
        Ok(RecordFigures {
            sessions: row.integer("sessions")?,
            notices_due: row.integer("due")?,
            notices_later: row.integer("later")?,
            oldest_owed: row.time_or_null("oldest")?,
        })
    }
}
