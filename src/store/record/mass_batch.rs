//! The rows of an end of very many, worked off one batch at a time, the oldest first. Each batch is
//! a transaction that holds the row of the end: nodes that work at the same one take turns. Its
//! notices are owed in the same transaction; no entry of the ends log is needed any more, as the
//! one at the beginning has said it all.

use std::time::Duration;

use sqlx::AnyConnection;

use super::audit::{self, AuditEntry};
use super::audit_action::AuditAction;
use super::dialect::Dialect;
use super::ended::{self, Ended};
use super::ending::end_picked;
use super::ending_client::{self, Bounds};
use super::ending_request::Ending;
use super::ending_sql::{self as sql, Before, Pick, Whose};
use super::ends::EndKind;
use super::jobs::Durability;
use super::mass_ends::{MassEnd, MassScope, by_id};
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, UserId};
use crate::session::ending::{Actor, Selection, Verb};

/// Sessions, or grants, that end in one transaction.
const BATCH: i64 = 500;
/// A transaction that began before the end may still write a row that it covers. None runs longer.
const STRAGGLERS: Duration = Duration::from_secs(30);

/// What a batch did.
#[derive(Clone, Debug, Default)]
pub struct MassBatch {
    /// What is over now.
    pub ended: Ended,
    /// Whether there is more to be done now.
    pub more: bool,
}

pub(super) struct Turn {
    pub(super) id: String,
    pub(super) now: Timestamp,
    pub(super) audit_id: String,
}

impl Record {
    /// Works off the next rows of an end of everything or of a client.
    pub async fn mass_batch(&self, id: &str) -> Result<MassBatch, RecordError> {
        let turn = Turn {
            id: id.to_owned(),
            now: self.now(),
            audit_id: self.audit_id(),
        };
        self.write(Durability::Full, turn, |conn, turn| {
            Box::pin(run(conn, turn))
        })
        .await
    }
}

/// Takes the turn; none if all is done.
pub(super) async fn hold(
    conn: &mut AnyConnection,
    id: &str,
) -> Result<Option<MassEnd>, RecordError> {
    let sql = "UPDATE mass_ends SET ended = ended WHERE id = $1 AND finished_at IS NULL";
    let held = sqlx::query(sql).bind(id).execute(&mut *conn).await?;
    if held.rows_affected() == 0 {
        return Ok(None);
    }
    by_id(conn, id).await
}

async fn run(conn: &mut AnyConnection, turn: &Turn) -> Result<MassBatch, RecordError> {
    let Some(end) = hold(conn, &turn.id).await? else {
        return Ok(MassBatch::default());
    };
    let Some(position) = end.position else {
        return Ok(MassBatch::default());
    };
    let ending = ending(&end, turn);
    let (ended, mark) = match &end.scope {
        MassScope::Everything => whole(conn, &end, (None, position), &ending).await?,
        MassScope::Person(user) => whole(conn, &end, (Some(user), position), &ending).await?,
        MassScope::Client(client) => of_client(conn, &end, (client, position), &ending).await?,
        MassScope::Question(_) => return Ok(MassBatch::default()),
    };
    let idle = ended.sessions.is_empty() && ended.grants.is_empty();
    if idle && end.mark.is_empty() {
        if turn.now >= end.began + STRAGGLERS {
            finish(conn, turn).await?;
        }
        return Ok(MassBatch::default());
    }
    // Once through, it is looked through from the beginning again.
    let mark = if idle { String::new() } else { mark };
    note(conn, &end, &ended, &mark).await?;
    Ok(MassBatch { ended, more: true })
}

pub(super) fn ending(end: &MassEnd, turn: &Turn) -> Ending {
    Ending {
        selection: Selection::Everything { except: end.spared },
        reason: end.reason,
        verb: end.verb,
        actor: Actor::System,
        note: None,
        now: turn.now,
        audit_id: turn.audit_id.clone(),
        first: false,
    }
}

/// The next sessions, whole, of a person or of everybody; after the last of them the grants that
/// outlived theirs.
async fn whole(
    conn: &mut AnyConnection,
    end: &MassEnd,
    (user, position): (Option<&UserId>, i64),
    ending: &Ending,
) -> Result<(Ended, String), RecordError> {
    let spared = end.spared.map(|id| id.encode()).unwrap_or_default();
    let from = end.mark.parse().unwrap_or(i64::MIN);
    let before = Before {
        user,
        position,
        spared: &spared,
        limit: BATCH,
    };
    let rows = before.sessions(from).fetch(&mut *conn).await?;
    let Some(last) = rows.last() else {
        let grants = offline(conn, end, &before, ending).await?;
        return Ok((grants, end.mark.clone()));
    };
    let mark = last.integer("began_at")?.to_string();
    let ids = ended::ids(&rows)?;
    let include_sub = match user {
        Some(user) => are_the_last(conn, user, &ids).await?,
        // That a person has no other session is not known here.
        None => false,
    };
    let ended = end_listed(conn, (end, ids, include_sub), ending, &mut Vec::new()).await?;
    Ok((ended, mark))
}

/// Whether a person has no live session but these. None can begin until this is over.
async fn are_the_last(
    conn: &mut AnyConnection,
    user: &UserId,
    ids: &[String],
) -> Result<bool, RecordError> {
    let lock = "UPDATE users SET enabled = enabled WHERE id = $1";
    let query = sqlx::query(lock).bind(user.as_str());
    query.execute(&mut *conn).await?;
    let sql = "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL AND user_id = $1";
    let query = sqlx::query_scalar(sql).bind(user.as_str());
    let live: i64 = query.fetch_one(conn).await?;
    Ok(usize::try_from(live).is_ok_and(|live| live == ids.len()))
}

/// Ends these sessions, whole.
pub(super) async fn end_listed(
    conn: &mut AnyConnection,
    (end, ids, include_sub): (&MassEnd, Vec<String>, bool),
    ending: &Ending,
    log: &mut Vec<EndKind>,
) -> Result<Ended, RecordError> {
    if Dialect::of(conn) == Dialect::Postgres {
        sql::take(&ids).execute(&mut *conn).await?;
    }
    let pick = Pick {
        whose: Whose::Listed(ids),
        client: None,
        spared: String::new(),
        include_sub,
        offline_too: end.verb == Verb::Revoke,
        mass: Some(end.id.clone()),
    };
    Ok(end_picked(conn, ending, &pick, log).await?.0)
}

async fn offline(
    conn: &mut AnyConnection,
    end: &MassEnd,
    before: &Before<'_>,
    ending: &Ending,
) -> Result<Ended, RecordError> {
    let mut ended = Ended::default();
    if end.verb == Verb::Logout {
        return Ok(ended);
    }
    let chosen = before.offline(Dialect::of(conn));
    let chosen = ended::ids(&chosen.fetch(&mut *conn).await?)?;
    if chosen.is_empty() {
        return Ok(ended);
    }
    let statement = sql::end_grants(&chosen, ending.now, ending.reason);
    for row in statement.fetch(conn).await? {
        let grant = (row.grant_id("id")?, row.session_id("session_id")?);
        ended.grants.push(grant);
    }
    Ok(ended)
}

async fn of_client(
    conn: &mut AnyConnection,
    end: &MassEnd,
    (client, position): (&ClientId, i64),
    ending: &Ending,
) -> Result<(Ended, String), RecordError> {
    let spared = end.spared.map(|id| id.encode()).unwrap_or_default();
    let bounds = Bounds {
        before: position,
        spared: &spared,
        after: &end.mark,
        mass: Some(&end.id),
    };
    let mut log = Vec::new();
    let of = (client, &bounds);
    let (mut ended, _) = ending_client::end_batch(conn, ending, of, &mut log).await?;
    // Their rows are in the order of their ids.
    let last = ended.sessions.last().map(|session| session.id.encode());
    ended.fresh = ended.sessions.len();
    Ok((ended, last.unwrap_or_else(|| end.mark.clone())))
}

/// Counts what a batch did.
pub(super) async fn note(
    conn: &mut AnyConnection,
    end: &MassEnd,
    ended: &Ended,
    mark: &str,
) -> Result<(), RecordError> {
    let sql = "UPDATE mass_ends SET ended = ended + $1, notices = notices + $2, mark = $3 \
         WHERE id = $4";
    sqlx::query(sql)
        .bind(i64::try_from(ended.fresh).unwrap_or(i64::MAX))
        .bind(i64::try_from(ended.notices).unwrap_or(i64::MAX))
        .bind(mark)
        .bind(end.id.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// All is done.
pub(super) async fn finish(conn: &mut AnyConnection, turn: &Turn) -> Result<(), RecordError> {
    let sql = "UPDATE mass_ends SET finished_at = $1, mark = '' WHERE id = $2";
    let query = sqlx::query(sql).bind(turn.now.as_millis());
    query.bind(turn.id.as_str()).execute(&mut *conn).await?;
    let end = by_id(conn, &turn.id).await?;
    let end = end.ok_or_else(|| RecordError::malformed("mass_ends.id"))?;
    let entry = AuditEntry {
        at: turn.now,
        actor: Actor::System.describe(),
        action: AuditAction::MassEndFinished.as_str().to_owned(),
        target: String::new(),
        session: None,
        address: None,
        reason: Some(end.reason.as_str().to_owned()),
        detail: Some(format!(
            "{} ended, {} notices, mass end {}",
            end.ended, end.notices, end.id
        )),
    };
    audit::append(conn, &turn.audit_id, &entry).await
}
