//! The audit in pages, the newest first, and what came since a moment.

use sqlx::any::AnyRow;

use super::audit::{AuditEntry, line as entry};
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;

/// Where the audit goes on: a line's moment and id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AuditMark {
    at: Timestamp,
    id: String,
}

impl AuditMark {
    /// As text for a link.
    pub fn encode(&self) -> String {
        format!("{}~{}", self.at.as_millis(), self.id)
    }

    /// From its text; none if it is not one.
    pub fn decode(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('~')?;
        Some(Self {
            at: Timestamp::from_millis(at.parse().ok()?),
            id: id.to_owned(),
        })
    }
}

/// Which lines of the audit. What is absent does not narrow it.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only at this moment or later.
    pub since: Option<Timestamp>,
    /// Only before this moment.
    pub until: Option<Timestamp>,
    /// Only by this actor: [`crate::session::ending::Actor::describe`].
    pub actor: Option<String>,
    /// Only this action, such as `person.disable`.
    pub action: Option<String>,
    /// Only what was done to this: `person:…`, `client:…`.
    pub target: Option<String>,
    /// Only of the session with this reference.
    pub session: Option<String>,
    /// Older than this line.
    pub before: Option<AuditMark>,
}

/// One page of the audit, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLines {
    /// The lines.
    pub rows: Vec<(AuditMark, AuditEntry)>,
    /// Where the next, older page begins, if there is one.
    pub next: Option<AuditMark>,
}

/// Later than any line.
const END: i64 = i64::MAX;

const PAGE: &str = "SELECT id, at, actor, action, target, session, address, reason, detail \
     FROM audit WHERE at >= $1 AND at < $2 AND (at, id) < ($3, $4) \
     AND ($5 IS NULL OR actor = $5) AND ($6 IS NULL OR action = $6) \
     AND ($7 IS NULL OR target = $7) AND ($8 IS NULL OR session = $8) \
     ORDER BY at DESC, id DESC LIMIT $9";

impl Record {
    /// A page of the audit, the newest first.
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        limit: u32,
    ) -> Result<AuditLines, RecordError> {
        let before = filter.before.as_ref();
        let query = sqlx::query(PAGE)
            .bind(filter.since.map_or(0, Timestamp::as_millis))
            .bind(filter.until.map_or(END, Timestamp::as_millis))
            .bind(before.map_or(END, |cursor| cursor.at.as_millis()))
            .bind(before.map(|cursor| cursor.id.clone()).unwrap_or_default())
            .bind(filter.actor.as_deref())
            .bind(filter.action.as_deref())
            .bind(filter.target.as_deref())
            .bind(filter.session.as_deref())
            .bind(i64::from(limit) + 1);
        let mut conn = self.reader().await?;
        let mut rows = conn.ask(|conn| query.fetch_all(conn)).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let rows: Vec<_> = rows.iter().map(line).collect::<Result<_, RecordError>>()?;
        let next = rows
            .last()
            .filter(|_| more)
            .map(|(cursor, _)| cursor.clone());
        Ok(AuditLines { rows, next })
    }
}

fn line(row: &AnyRow) -> Result<(AuditMark, AuditEntry), RecordError> {
    let entry = entry(row)?;
    let cursor = AuditMark {
        at: entry.at,
        id: row.text("id")?,
    };
    Ok((cursor, entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_goes_round() {
        let place = AuditMark {
            at: Timestamp::from_secs(1),
            id: "000000000001-a~b".to_owned(),
        };
        assert_eq!(AuditMark::decode(&place.encode()), Some(place));
        assert_eq!(AuditMark::decode("x~y"), None);
        assert_eq!(AuditMark::decode("1"), None);
    }
}
