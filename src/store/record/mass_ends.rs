//! Ends of very many sessions: how they begin, and how far they are. What is refused, and from when
//! on, is said in `mass_cover`.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::audit::{self, AuditEntry};
use super::audit_action::AuditAction;
use super::ends::{self, EndKind};
use super::jobs::Durability;
use super::rows::{Columns as _, to_json};
use super::{Record, RecordError, ending_locks};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId, UserId};
use crate::session::ending::{Actor, Reason, Verb};
use crate::session::question::SessionQuestion;

/// What ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MassScope {
    /// Every session.
    Everything,
    /// All that a client has: its parts in all sessions, its grants.
    Client(ClientId),
    /// All sessions of a person.
    Person(UserId),
    /// The sessions that match, whole.
    Question(Box<SessionQuestion>),
}

/// An end that is asked for.
#[derive(Clone, Debug)]
pub struct MassOrder {
    /// Its name: one that is known already begins nothing again.
    pub id: String,
    /// What ends.
    pub scope: MassScope,
    /// The session that is not touched.
    pub spared: Option<SessionId>,
    /// Why.
    pub reason: Reason,
    /// Whether `offline_access` grants end too.
    pub verb: Verb,
    /// Who says so.
    pub actor: Actor,
    /// What they say of it.
    pub note: Option<String>,
    /// How many sessions were counted before.
    pub expected: i64,
    /// When.
    pub now: Timestamp,
}

/// An end of very many sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MassEnd {
    /// Its name.
    pub id: String,
    /// What ends.
    pub scope: MassScope,
    /// The session that is not touched.
    pub spared: Option<SessionId>,
    /// The position of its entry in the ends log; none for a question.
    pub position: Option<i64>,
    /// Why.
    pub reason: Reason,
    /// Whether `offline_access` grants end too.
    pub verb: Verb,
    /// What whoever began it says of it.
    pub note: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// How many sessions were counted before.
    pub expected: i64,
    /// Sessions whose rows are worked off; of a client, its parts.
    pub ended: i64,
    /// Notices owed because of it.
    pub notices: i64,
    /// When all rows were worked off.
    pub finished: Option<Timestamp>,
    /// How far the rows are worked off.
    pub(super) mark: String,
}

/// How far an end is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MassProgress {
    /// The end.
    pub end: MassEnd,
    /// Notices that were taken.
    pub delivered: i64,
    /// Notices that are still to be delivered.
    pub waiting: i64,
    /// Notices that were refused or given up.
    pub failed: i64,
}

const COLUMNS: &str = "SELECT id, kind, key, question, spared, position, reason, verb, note, \
     began_at, expected, ended, notices, mark, finished_at FROM mass_ends ";

impl Record {
    /// Begins an end of very many. From its commit on everything, or all of a client or a person,
    /// is over, at nodes that have read the ends log; what matches a question ends as it is worked
    /// off.
    pub async fn begin_mass_end(&self, order: &MassOrder) -> Result<MassEnd, RecordError> {
        let params = (order.clone(), self.audit_id());
        self.write_log(
            Durability::Full,
            params,
            |conn, (order, audit_id)| Box::pin(begin(conn, order, audit_id)),
            |_| true,
        )
        .await
    }

    /// An end by its name, and what became of its notices.
    pub async fn mass_progress(&self, id: &str) -> Result<Option<MassProgress>, RecordError> {
        let mut conn = self.reader().await?;
        let id = id.to_owned();
        conn.ask(|conn| async move { progress(conn, &id).await })
            .await
    }

    /// The ends whose rows are not worked off yet, the oldest first.
    pub async fn open_mass_ends(&self) -> Result<Vec<MassEnd>, RecordError> {
        self.mass_ends_where("WHERE finished_at IS NULL ORDER BY began_at, id LIMIT 100")
            .await
    }

    /// The latest ends of very many.
    pub async fn latest_mass_ends(&self) -> Result<Vec<MassEnd>, RecordError> {
        self.mass_ends_where("ORDER BY began_at DESC, id LIMIT 20")
            .await
    }

    async fn mass_ends_where(&self, tail: &'static str) -> Result<Vec<MassEnd>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS}{tail}"));
        let rows = conn.ask(|conn| sqlx::query(sql).fetch_all(conn)).await?;
        rows.iter().map(mass_end).collect()
    }

    /// The position of the last end that covers what began before it, or 0.
    pub async fn mass_position(&self) -> Result<i64, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT COALESCE(MAX(position), 0) FROM mass_ends";
        conn.ask(|conn| sqlx::query_scalar(sql).fetch_one(conn))
            .await
    }
}

async fn progress(conn: &mut AnyConnection, id: &str) -> Result<Option<MassProgress>, RecordError> {
    let Some(end) = by_id(conn, id).await? else {
        return Ok(None);
    };
    let sql = "SELECT state, COUNT(*) AS n FROM notices WHERE mass_end = $1 GROUP BY state";
    let rows = sqlx::query(sql).bind(id).fetch_all(conn).await?;
    let mut progress = MassProgress {
        end,
        delivered: 0,
        waiting: 0,
        failed: 0,
    };
    for row in rows {
        let count = row.integer("n")?;
        match row.text("state")?.as_str() {
            "delivered" => progress.delivered += count,
            "due" => progress.waiting += count,
            _ => progress.failed += count,
        }
    }
    Ok(Some(progress))
}

pub(super) async fn by_id(
    conn: &mut AnyConnection,
    id: &str,
) -> Result<Option<MassEnd>, RecordError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS}WHERE id = $1"));
    let row = sqlx::query(sql).bind(id.to_owned());
    let row = row.fetch_optional(conn).await?;
    row.as_ref().map(mass_end).transpose()
}

async fn begin(
    conn: &mut AnyConnection,
    order: &MassOrder,
    audit_id: &str,
) -> Result<MassEnd, RecordError> {
    if insert(conn, order).await? {
        if let MassScope::Person(user) = &order.scope {
            // A sign-in that is under way is over before this or begins after it.
            ending_locks::person(conn, user, order.now).await?;
        }
        audit::append(conn, audit_id, &audit_entry(order)).await?;
        if !matches!(order.scope, MassScope::Question(_)) {
            let entry = EndKind::Mass(order.id.clone());
            let position = ends::append(conn, std::slice::from_ref(&entry), order.now).await?;
            let sql = "UPDATE mass_ends SET position = $1 WHERE id = $2";
            let query = sqlx::query(sql).bind(position).bind(order.id.as_str());
            query.execute(&mut *conn).await?;
        }
    }
    let end = by_id(conn, &order.id).await?;
    end.ok_or_else(|| RecordError::malformed("mass_ends.id"))
}

/// False if it is there already.
async fn insert(conn: &mut AnyConnection, order: &MassOrder) -> Result<bool, RecordError> {
    let sql = "INSERT INTO mass_ends (id, kind, key, question, spared, reason, verb, actor, note, \
         began_at, expected, ended, notices, mark) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, '') ON CONFLICT (id) DO NOTHING";
    let (kind, key, question) = match &order.scope {
        MassScope::Everything => ("everything", "", None),
        MassScope::Client(client) => ("client", client.as_str(), None),
        MassScope::Person(user) => ("person", user.as_str(), None),
        MassScope::Question(question) => ("question", "", Some(to_json(question)?)),
    };
    let query = sqlx::query(sql)
        .bind(order.id.as_str())
        .bind(kind)
        .bind(key)
        .bind(question)
        .bind(order.spared.map(|id| id.encode()).unwrap_or_default())
        .bind(order.reason.as_str())
        .bind(word(order.verb))
        .bind(order.actor.describe())
        .bind(order.note.as_deref())
        .bind(order.now.as_millis())
        .bind(order.expected);
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

fn audit_entry(order: &MassOrder) -> AuditEntry {
    let (action, target) = match &order.scope {
        MassScope::Everything => (AuditAction::EverythingEndSessions, String::new()),
        MassScope::Client(client) => (AuditAction::ClientEndParts, client.to_string()),
        MassScope::Person(user) => (AuditAction::PersonEndSessions, user.to_string()),
        MassScope::Question(_) => (AuditAction::QuestionEndSessions, String::new()),
    };
    // Of some scopes nobody counted.
    let about = match order.expected {
        0 => String::new(),
        counted => format!(", about {counted} to end"),
    };
    let detail = format!("{}{about}, mass end {}", word(order.verb), order.id);
    AuditEntry {
        at: order.now,
        actor: order.actor.describe(),
        action: action.as_str().to_owned(),
        target,
        session: None,
        address: None,
        reason: Some(order.reason.as_str().to_owned()),
        detail: Some(audit::with_note(detail, order.note.as_deref())),
    }
}

pub(super) const fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::Logout => "logout",
        Verb::Revoke => "revoke",
    }
}

fn mass_end(row: &AnyRow) -> Result<MassEnd, RecordError> {
    let scope = match row.text("kind")?.as_str() {
        "everything" => MassScope::Everything,
        "client" => MassScope::Client(ClientId::new(row.text("key")?)),
        "person" => MassScope::Person(UserId::new(row.text("key")?)),
        "question" => MassScope::Question(row.json("question")?),
        _ => return Err(RecordError::malformed("mass_ends.kind")),
    };
    let verb = match row.text("verb")?.as_str() {
        "logout" => Verb::Logout,
        "revoke" => Verb::Revoke,
        _ => return Err(RecordError::malformed("mass_ends.verb")),
    };
    let reason = Reason::parse(&row.text("reason")?);
    let spared = row.text("spared")?;
    Ok(MassEnd {
        id: row.text("id")?,
        scope,
        spared: SessionId::decode(&spared),
        position: row.integer_or_null("position")?,
        reason: reason.ok_or_else(|| RecordError::malformed("mass_ends.reason"))?,
        verb,
        note: row.text_or_null("note")?,
        began: row.time("began_at")?,
        expected: row.integer("expected")?,
        ended: row.integer("ended")?,
        notices: row.integer("notices")?,
        finished: row.time_or_null("finished_at")?,
        mark: row.text("mark")?,
    })
}
