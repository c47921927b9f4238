//! A dry run: how many would end, and who would be told.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::mass_ends::MassScope;
use super::rows::Columns as _;
use super::statement::Statement;
use super::{Record, RecordError, session_search, snapshot};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId};

/// What would end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MassCounts {
    /// People whose sessions they are.
    pub people: i64,
    /// Sessions; of a client, those in which it takes part.
    pub sessions: i64,
    /// Different apps in them.
    pub apps: i64,
    /// Notices that would be owed.
    pub notices: i64,
    /// Notices that can't be: the app has no back-channel logout URI.
    pub untold: i64,
    /// What was typed fits more people than were looked for, or a range of addresses too wide: the
    /// question must be narrower.
    pub unclear: bool,
}

impl Record {
    /// Counts what would end now. Nothing is changed.
    pub async fn plan_mass_end(
        &self,
        scope: &MassScope,
        spared: Option<SessionId>,
        now: Timestamp,
    ) -> Result<MassCounts, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(|conn| async move {
            let mut snapshot = snapshot(conn).await?;
            let counts = count(&mut snapshot, scope, spared, now).await?;
            snapshot.rollback().await?;
            Ok::<_, RecordError>(counts)
        })
        .await
    }
}

async fn count(
    conn: &mut AnyConnection,
    scope: &MassScope,
    spared: Option<SessionId>,
    now: Timestamp,
) -> Result<MassCounts, RecordError> {
    let spared = spared.map(|id| id.encode()).unwrap_or_default();
    match scope {
        // Joined with the sessions, the parts of a million of them would take seconds.
        MassScope::Everything => everything(conn, &spared, now).await,
        MassScope::Client(client) => {
            let mut sql = Statement::to(conn);
            sql.say("SELECT s.id AS id, s.user_id AS user_id FROM participants q ");
            sql.say("JOIN sessions s ON s.id = q.session_id WHERE q.ended_at IS NULL ");
            sql.say("AND s.ended_at IS NULL AND q.client_id = ");
            sql.text(client.as_str());
            joined(conn, sql, &spared, Some(client)).await
        }
        MassScope::Person(user) => {
            let mut sql = Statement::to(conn);
            sql.say("SELECT s.id AS id, s.user_id AS user_id FROM sessions s ");
            sql.say("WHERE s.ended_at IS NULL AND s.deadline_at > ");
            sql.integer(now.as_millis()).say(" AND s.user_id = ");
            sql.text(user.as_str());
            joined(conn, sql, &spared, None).await
        }
        MassScope::Question(question) => {
            let (matching, unclear) = session_search::matching(conn, question).await?;
            let mut counts = MassCounts::default();
            if let Some(matching) = matching {
                let mut sql = Statement::to(conn);
                sql.say("SELECT DISTINCT s.id AS id, s.user_id AS user_id FROM (");
                matching.say(&mut sql);
                counts = joined(conn, sql, &spared, None).await?;
            }
            counts.unclear = unclear;
            Ok(counts)
        }
    }
}

/// Counts what hangs on the sessions that a statement selects. It goes on with a condition.
async fn joined(
    conn: &mut AnyConnection,
    sessions: Statement,
    spared: &str,
    client: Option<&ClientId>,
) -> Result<MassCounts, RecordError> {
    let mut sql = Statement::to(conn);
    sql.say("WITH m AS (").append(sessions).say(" AND s.id <> ");
    sql.text(spared).say(
        "), parts AS (SELECT p.client_id AS client_id, \
         CASE WHEN c.backchannel_logout_uri IS NULL THEN 0 ELSE 1 END AS told \
         FROM m JOIN participants p ON p.session_id = m.id AND p.ended_at IS NULL \
         LEFT JOIN clients c ON c.client_id = p.client_id",
    );
    if let Some(client) = client {
        sql.say(" WHERE p.client_id = ").text(client.as_str());
    }
    sql.say(
        ") SELECT (SELECT COUNT(*) FROM m) AS sessions, \
         (SELECT COUNT(DISTINCT user_id) FROM m) AS people, \
         (SELECT COUNT(DISTINCT client_id) FROM parts) AS apps, \
         (SELECT COUNT(*) FROM parts WHERE told = 1) AS notices, \
         (SELECT COUNT(*) FROM parts WHERE told = 0) AS untold",
    );
    read(&sql.fetch_one(conn).await?)
}

async fn everything(
    conn: &mut AnyConnection,
    spared: &str,
    now: Timestamp,
) -> Result<MassCounts, RecordError> {
    let mut sql = Statement::to(conn);
    sql.say(
        "WITH parts AS (SELECT p.client_id AS client_id, COUNT(*) AS n FROM participants p \
         WHERE p.ended_at IS NULL AND p.session_id <> ",
    );
    sql.text(spared).say(
        " GROUP BY p.client_id), told AS (SELECT parts.n AS n, \
         CASE WHEN c.backchannel_logout_uri IS NULL THEN 0 ELSE 1 END AS told \
         FROM parts LEFT JOIN clients c ON c.client_id = parts.client_id), \
         live AS (SELECT user_id FROM sessions WHERE ended_at IS NULL AND deadline_at > ",
    );
    sql.integer(now.as_millis()).say(" AND id <> ");
    sql.text(spared).say(
        ") SELECT (SELECT COUNT(*) FROM live) AS sessions, \
         (SELECT COUNT(DISTINCT user_id) FROM live) AS people, \
         (SELECT COUNT(*) FROM told) AS apps, \
         (SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM told WHERE told = 1) AS notices, \
         (SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM told WHERE told = 0) AS untold",
    );
    read(&sql.fetch_one(conn).await?)
}

fn read(row: &AnyRow) -> Result<MassCounts, RecordError> {
    Ok(MassCounts {
        people: row.integer("people")?,
        sessions: row.integer("sessions")?,
        apps: row.integer("apps")?,
        notices: row.integer("notices")?,
        untold: row.integer("untold")?,
        unclear: false,
    })
}
