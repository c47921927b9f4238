//! One session with everything that its page tells: who, where, which apps, what was owed to them,
//! and what was done.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::audit::line;
use super::grants::grant_is_over;
use super::notices::of_session;
use super::reference::is_reference;
use super::rows::Columns as _;
use super::session_list::{PARTS, participant_row, session_row};
use super::sessions::select_sessions;
use super::{
    AuditEntry, FailedAttempt, NoticeView, ParticipantRow, Record, RecordError, SessionRow,
    notice_attempts, snapshot,
};
use crate::clock::Timestamp;
use crate::entropy::SessionId;
use crate::identity::user::Profile;
use crate::session::ending::Reason;

/// Lines of the audit that a page shows: the newest so many.
const LINES: i64 = 500;

/// One session's story, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionStory {
    /// The session, its person and its parts.
    pub row: SessionRow,
    /// The person's email address.
    pub email: Option<String>,
    /// Whether the person may sign in.
    pub person_enabled: bool,
    /// What more there is of each part: in the order of the row's.
    pub parts: Vec<PartStory>,
    /// What was owed to clients, with what became of it.
    pub notices: Vec<NoticeView>,
    /// What was tried in vain, in the order of time.
    pub failed: Vec<FailedAttempt>,
    /// What was done to this very session, the oldest first: the newest 500 lines.
    pub audit: Vec<AuditEntry>,
}

/// One client's part in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartStory {
    /// The client, its `sid` and its times.
    pub part: ParticipantRow,
    /// Why it ended.
    pub reason: Option<Reason>,
    /// Session-bound grants that live, as far as the record knows: with Redis, only Redis does.
    pub grants: i64,
    /// `offline_access` grants that live, perhaps longer than the part.
    pub offline_grants: i64,
    /// When one of these was last used.
    pub last_used: Option<Timestamp>,
    /// When it last refreshed its tokens, to ten minutes: in Redis a refresh costs SQL nothing.
    pub refreshed: Option<Timestamp>,
}

const ROW: &str = select_sessions!(
    ", s.reference AS reference, COALESCE(u.username, s.user_id) AS username, \
     COALESCE(u.profile, '{}') AS profile, COALESCE(u.enabled, 0) AS enabled",
    "LEFT JOIN users u ON u.id = s.user_id WHERE s.reference = $1"
);
const GRANTS: &str = concat!(
    "SELECT g.sid AS sid, COUNT(CASE WHEN g.offline = 0 THEN 1 END) AS bound, ",
    "COUNT(CASE WHEN g.offline = 1 THEN 1 END) AS offline, MAX(g.last_used_at) AS last_used ",
    "FROM grants g WHERE g.session_id = $1 AND g.expires_at > $2 AND NOT ",
    grant_is_over!(),
    " GROUP BY g.sid"
);
const AUDIT: &str = "SELECT at, actor, action, target, session, address, reason, detail \
     FROM audit WHERE session = $1 ORDER BY at DESC, id DESC LIMIT $2";

impl Record {
    /// The story of the session with this public reference. `now` judges whether grants live.
    pub async fn session_story(
        &self,
        reference: &str,
        now: Timestamp,
    ) -> Result<Option<SessionStory>, RecordError> {
        let reference = reference.trim().to_ascii_uppercase();
        if !is_reference(&reference) {
            return Ok(None);
        }
        let mut conn = self.reader().await?;
        conn.ask(|conn| async move {
            let mut snapshot = snapshot(conn).await?;
            let story = story(&mut snapshot, &reference, now).await?;
            snapshot.rollback().await?;
            Ok::<_, RecordError>(story)
        })
        .await
    }
}

async fn story(
    conn: &mut AnyConnection,
    reference: &str,
    now: Timestamp,
) -> Result<Option<SessionStory>, RecordError> {
    let query = sqlx::query(ROW).bind(reference);
    let Some(row) = query.fetch_optional(&mut *conn).await? else {
        return Ok(None);
    };
    let session = row.session_id("id")?;
    let parts = parts(&mut *conn, session, now).await?;
    let participants = parts.iter().map(|part| part.part.clone()).collect();
    let notices = of_session(&mut *conn, session).await?;
    let failed = notice_attempts::of_session(&mut *conn, session).await?;
    let audit = sqlx::query(AUDIT).bind(reference).bind(LINES);
    let audit = audit.fetch_all(conn).await?;
    let profile: Profile = row.json("profile")?;
    Ok(Some(SessionStory {
        row: session_row(&row, participants)?,
        email: profile.email,
        person_enabled: row.flag("enabled")?,
        parts,
        notices,
        failed,
        audit: audit.iter().rev().map(line).collect::<Result<_, _>>()?,
    }))
}

async fn parts(
    conn: &mut AnyConnection,
    session: SessionId,
    now: Timestamp,
) -> Result<Vec<PartStory>, RecordError> {
    let query = sqlx::query(GRANTS)
        .bind(session.encode())
        .bind(now.as_millis());
    let mut grants = HashMap::new();
    for row in &query.fetch_all(&mut *conn).await? {
        let counts = (row.integer("bound")?, row.integer("offline")?);
        grants.insert(row.text("sid")?, (counts, row.time_or_null("last_used")?));
    }
    let rows = sqlx::query(PARTS).bind(session.encode());
    let rows = rows.fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let part = participant_row(row)?;
            let held = grants.remove(part.participant.sid.as_str());
            let ((grants, offline_grants), last_used) = held.unwrap_or_default();
            Ok(PartStory {
                part,
                reason: row.end("ended_at", "reason")?.map(|(_, reason)| reason),
                grants,
                offline_grants,
                last_used,
                refreshed: row.time_or_null("refreshed_at")?,
            })
        })
        .collect()
}
