//! Every way in which something ends: one transaction that ends it, owes the notices, and writes
//! the audit and, last, the ends log. What was over before stays as it was, but is reported again,
//! so that a caller whose tombstone was not acknowledged can repeat it. Where an app
//! of a person, or a client, has more than one transaction ends, there are several, each complete in
//! itself; of everything, of a large client and of a person with very many sessions one entry of the
//! log ends all (`mass_ends`).

use sqlx::AnyConnection;

use super::audit::{self, AuditEntry};
use super::audit_action::AuditAction;
use super::dialect::Dialect;
use super::ended::{self, Ended, TOMBSTONE};
use super::ending_client::has_more_than;
use super::ending_locks as locks;
use super::ending_request::{Ending, Part};
use super::ending_sql::{self as sql, GRANTS, Pick, SESSIONS, Whose};
use super::ends::{self, EndKind};
use super::jobs::Durability;
use super::rows::Columns as _;
use super::{MassOrder, MassScope, Record, RecordError, ending_client, mass_ends, reference};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, GrantId, SessionId, Sid};
use crate::session::ending::{Actor, Reason, Selection, Verb};

/// Of a client with more than so many parts, rows are worked off after the answer.
const PARTS_AT_ONCE: i64 = 2_000;
/// The same of a person with more than so many sessions.
const SESSIONS_AT_ONCE: usize = 500;

impl Record {
    /// Ends what is selected. Idempotent: only what lives is ended, and only that is told. Of a
    /// person's sessions none is left that lived when this was called. An end of very many is over
    /// for whoever reads the log, and its rows are worked off later: see [`Ended::mass`].
    pub async fn end(
        &self,
        selection: &Selection,
        reason: Reason,
        verb: Verb,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Ended, RecordError> {
        self.end_noted(selection, reason, verb, (actor, None), now)
            .await
    }

    /// The same, with what the actor says of it: kept in the audit line of this very end.
    pub async fn end_noted(
        &self,
        selection: &Selection,
        reason: Reason,
        verb: Verb,
        (actor, note): (&Actor, Option<&str>),
        now: Timestamp,
    ) -> Result<Ended, RecordError> {
        if let Some((scope, expected)) = self.mass_scope(selection, now).await? {
            let order = MassOrder {
                id: self.mass_id(),
                scope,
                spared: selection.spared(),
                reason,
                verb,
                actor: actor.clone(),
                note: note.map(ToOwned::to_owned),
                expected,
                now,
            };
            let end = self.begin_mass_end(&order).await?;
            return Ok(Ended {
                fresh: usize::try_from(end.expected).unwrap_or_default(),
                position: end.position,
                mass: Some(end.id),
                ..Ended::default()
            });
        }
        let mut all = Ended::default();
        let mut first = true;
        loop {
            let ending = Ending {
                selection: selection.clone(),
                reason,
                verb,
                actor: actor.clone(),
                note: note.map(ToOwned::to_owned),
                now,
                audit_id: self.audit_id(),
                first,
            };
            let part = self.write_log(
                Durability::Full,
                ending,
                |conn, ending| Box::pin(run(conn, ending)),
                |(ended, _)| ended.position.is_some(),
            );
            let (ended, more) = part.await?;
            all.add(ended);
            if !more {
                return Ok(all);
            }
            first = false;
        }
    }

    /// A selection that ends by one entry of the log, or one by one behind the caller's back; and
    /// how many sessions were counted, if they were.
    async fn mass_scope(
        &self,
        selection: &Selection,
        now: Timestamp,
    ) -> Result<Option<(MassScope, i64)>, RecordError> {
        Ok(match selection {
            Selection::Everything { .. } => Some((MassScope::Everything, 0)),
            Selection::Matching { question, .. } => {
                Some((MassScope::Question(question.clone()), 0))
            }
            Selection::Person { user, except } => {
                let live = self.live_sessions_of(user, *except, now).await?;
                let expected = i64::try_from(live).unwrap_or(i64::MAX);
                (live > SESSIONS_AT_ONCE).then(|| (MassScope::Person(user.clone()), expected))
            }
            Selection::Client(client) => {
                let mut conn = self.reader().await?;
                let id = client.clone();
                let many = conn
                    .ask(|conn| async move { has_more_than(conn, &id, PARTS_AT_ONCE).await })
                    .await?;
                many.then(|| (MassScope::Client(client.clone()), 0))
            }
            Selection::Session(_)
            | Selection::ClientInSession(..)
            | Selection::ClientOfPerson(..)
            | Selection::Grant(..) => None,
        })
    }

    /// A name for an end of very many.
    pub fn mass_id(&self) -> String {
        self.0.entropy.alphanumeric(22)
    }
}

async fn run(conn: &mut AnyConnection, ending: &Ending) -> Result<Part, RecordError> {
    let mut log = Vec::new();
    let (mut ended, more) = match (&ending.selection, pick(ending)) {
        (_, Some(pick)) => {
            locks::first(conn, &ending.selection, ending.now).await?;
            end_picked(conn, ending, &pick, &mut log).await?
        }
        (Selection::Client(client), None) => {
            let all = (client, &ending_client::ALL);
            ending_client::end_batch(conn, ending, all, &mut log).await?
        }
        (_, None) => (end_grant(conn, ending, &mut log).await?, false),
    };
    if !log.is_empty() {
        audit::append(conn, &ending.audit_id, &audit_entry(ending, log.len())).await?;
        ended.position = Some(ends::append(conn, &log, ending.now).await?);
    }
    Ok((ended, more))
}

fn pick(ending: &Ending) -> Option<Pick> {
    let revoke = ending.verb == Verb::Revoke;
    let of = |whose| Pick {
        whose,
        client: None,
        spared: String::new(),
        include_sub: false,
        offline_too: revoke,
        mass: None,
    };
    let session = |id: &SessionId| of(Whose::Session(id.encode()));
    let client_id = |client: &ClientId| Some(client.as_str().to_owned());
    match &ending.selection {
        Selection::Session(id) => Some(session(id)),
        Selection::ClientInSession(id, client) => Some(Pick {
            client: client_id(client),
            ..session(id)
        }),
        Selection::Person { user, except } => Some(Pick {
            spared: except.map(|id| id.encode()).unwrap_or_default(),
            // A common client library ends every session of a person on seeing `sub`.
            include_sub: except.is_none(),
            ..of(Whose::Person(user.as_str().to_owned()))
        }),
        Selection::ClientOfPerson(user, client) => Some(Pick {
            client: client_id(client),
            offline_too: true,
            ..of(Whose::Person(user.as_str().to_owned()))
        }),
        Selection::Client(_)
        | Selection::Grant(..)
        | Selection::Matching { .. }
        | Selection::Everything { .. } => None,
    }
}

pub(super) async fn end_picked(
    conn: &mut AnyConnection,
    ending: &Ending,
    pick: &Pick,
    log: &mut Vec<EndKind>,
) -> Result<Part, RecordError> {
    let ids = match &pick.whose {
        Whose::Session(id) => vec![id.clone()],
        Whose::Listed(ids) => ids.clone(),
        Whose::Person(person) => {
            let chosen = pick.chosen(person, Dialect::of(conn));
            ended::ids(&chosen.fetch(conn).await?)?
        }
    };
    if pick.client.is_none() {
        let sessions = pick.end_sessions(&ids, ending.now, ending.reason);
        for row in sessions.fetch(conn).await? {
            log.push(EndKind::Session(row.session_id("id")?));
        }
    }
    let fresh = log.len();
    let left = match &pick.whose {
        Whose::Session(_) | Whose::Listed(_) => false,
        // All of them were locked before these were chosen.
        Whose::Person(_) if pick.client.is_some() => full(&ids, SESSIONS),
        Whose::Person(person) => !pick.left(person).fetch(conn).await?.is_empty(),
    };
    // Only once no session of the person is left is it true of all of them.
    let include_sub = pick.include_sub && !left;
    let owed = pick.owe(&ids, ending.now, ending.reason, include_sub);
    let notices = owed.execute(conn).await?;
    end_participants(conn, ending, pick, &ids, log).await?;
    let (grants, more_grants) = end_grants(conn, ending, pick, &ids, log).await?;
    // Whoever ended something lately may not have written its tombstone.
    let since = ending.first.then(|| ending.now - TOMBSTONE);
    let sessions = ended::over(conn, pick.ended(&ids, since)).await?;
    let ended = Ended {
        sessions,
        fresh,
        grants,
        notices,
        ..Ended::default()
    };
    Ok((ended, left || more_grants))
}

async fn end_participants(
    conn: &mut AnyConnection,
    ending: &Ending,
    pick: &Pick,
    ids: &[String],
    log: &mut Vec<EndKind>,
) -> Result<(), RecordError> {
    let participants = pick.end_participants(ids, ending.now, ending.reason);
    let rows = participants.fetch(conn).await?;
    // The end of a session says it of all its participants.
    if pick.client.is_some() {
        for row in rows {
            let sid = Sid::new(row.text("sid")?);
            log.push(EndKind::Participant(row.session_id("session_id")?, sid));
        }
    }
    Ok(())
}

/// The grants that ended, and whether there may be more.
async fn end_grants(
    conn: &mut AnyConnection,
    ending: &Ending,
    pick: &Pick,
    ids: &[String],
    log: &mut Vec<EndKind>,
) -> Result<(Vec<(GrantId, SessionId)>, bool), RecordError> {
    let chosen = pick.grants(ids, Dialect::of(conn));
    let chosen = ended::ids(&chosen.fetch(conn).await?)?;
    let mut grants = Vec::new();
    if chosen.is_empty() {
        return Ok((grants, false));
    }
    let statement = sql::end_grants(&chosen, ending.now, ending.reason);
    for row in statement.fetch(conn).await? {
        let grant = (row.grant_id("id")?, row.session_id("session_id")?);
        // An `offline_access` grant outlives its session: its end must be said by itself.
        if row.flag("offline")? {
            log.push(EndKind::Grant(grant.0, grant.1));
        }
        grants.push(grant);
    }
    Ok((grants, full(&chosen, GRANTS)))
}

/// Whether there may be more than were chosen.
fn full(chosen: &[String], limit: i64) -> bool {
    i64::try_from(chosen.len()).is_ok_and(|count| count >= limit)
}

/// Ends one grant. Session-bound grants reach the record late or never: one that it does not know
/// ends by its entry in the log, which later flushes obey.
async fn end_grant(
    conn: &mut AnyConnection,
    ending: &Ending,
    log: &mut Vec<EndKind>,
) -> Result<Ended, RecordError> {
    let Selection::Grant(id, session) = ending.selection else {
        return Ok(Ended::default());
    };
    let sql = "UPDATE grants SET ended_at = $1, reason = $2 WHERE id = $3 AND ended_at IS NULL";
    let ended_now = sqlx::query(sql)
        .bind(ending.now.as_millis())
        .bind(ending.reason.as_str())
        .bind(id.encode())
        .execute(&mut *conn)
        .await?
        .rows_affected();
    // There may be no row to lock: two ends of one grant meet here.
    ends::hold(conn).await?;
    let sql = "SELECT (SELECT COUNT(*) FROM ends WHERE kind = 'grant' AND key = $1) \
         + (SELECT COUNT(*) FROM grants WHERE id = $1 AND ended_at IS NOT NULL)";
    let over: i64 = sqlx::query_scalar(sql)
        .bind(id.encode())
        .fetch_one(&mut *conn)
        .await?;
    if over == i64::try_from(ended_now).unwrap_or(i64::MAX) {
        log.push(EndKind::Grant(id, session));
    }
    Ok(Ended {
        grants: vec![(id, session)],
        ..Ended::default()
    })
}

fn audit_entry(ending: &Ending, entries: usize) -> AuditEntry {
    let (action, target, session) = match &ending.selection {
        Selection::Session(id) => (AuditAction::SessionEnd, String::new(), Some(*id)),
        Selection::ClientInSession(id, client) => {
            (AuditAction::SessionEndClient, client.to_string(), Some(*id))
        }
        Selection::Person { user, .. } => (AuditAction::PersonEndSessions, user.to_string(), None),
        Selection::ClientOfPerson(user, client) => (
            AuditAction::PersonEndClient,
            format!("{user} {client}"),
            None,
        ),
        Selection::Client(client) => (AuditAction::ClientEndParts, client.to_string(), None),
        Selection::Grant(grant, id) => (AuditAction::GrantEnd, grant.encode(), Some(*id)),
        // These have a line of their own, at their beginning.
        Selection::Matching { .. } => (AuditAction::QuestionEndSessions, String::new(), None),
        Selection::Everything { .. } => (AuditAction::EverythingEndSessions, String::new(), None),
    };
    let verb = mass_ends::word(ending.verb);
    AuditEntry {
        at: ending.now,
        actor: ending.actor.describe(),
        action: action.as_str().to_owned(),
        target,
        session: session.map(reference),
        address: None,
        reason: Some(ending.reason.as_str().to_owned()),
        detail: Some(audit::with_note(
            format!("{verb}, {entries} ended"),
            ending.note.as_deref(),
        )),
    }
}
