//! Every way in which something ends: one transaction that ends it, owes the notices, and writes
//! the audit and, last, the ends log. What was over before stays as it was, but is reported again,
//! so that a caller whose tombstone was not acknowledged can repeat it.

use sqlx::AnyConnection;

use super::audit::{self, AuditEntry};
use super::ended::{self, Ended};
use super::ending_locks as locks;
use super::ending_request::Ending;
use super::ending_sql::{BY_PERSON, BY_SESSION, Pick};
use super::ends::{self, EndKind};
use super::jobs::Durability;
use super::rows::Columns as _;
use super::{Record, RecordError, ending_client, reference};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, GrantId, SessionId, Sid};
use crate::session::ending::{Actor, Reason, Selection, Verb};

impl Record {
    /// Ends what is selected. Idempotent: only what lives is ended, and only that is told. Of a
    /// client only so much at a time: ask again while [`Ended::more`] says so.
    pub async fn end(
        &self,
        selection: &Selection,
        reason: Reason,
        verb: Verb,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Ended, RecordError> {
        let ending = Ending {
            selection: selection.clone(),
            reason,
            verb,
            actor: actor.clone(),
            now,
            audit_id: self.audit_id(),
        };
        self.write_log(
            Durability::Full,
            ending,
            |conn, ending| Box::pin(run(conn, ending)),
            |ended| ended.position.is_some(),
        )
        .await
    }
}

async fn run(conn: &mut AnyConnection, ending: &Ending) -> Result<Ended, RecordError> {
    let mut log = Vec::new();
    let mut ended = match (&ending.selection, pick(ending)) {
        (_, Some(pick)) => {
            locks::first(conn, &ending.selection, ending.now).await?;
            end_picked(conn, ending, &pick, &mut log).await?
        }
        (Selection::Client(client), None) => {
            ending_client::end_batch(conn, ending, client, &mut log).await?
        }
        (_, None) => end_grant(conn, ending, &mut log).await?,
    };
    if !log.is_empty() {
        audit::append(conn, &ending.audit_id, &audit_entry(ending, log.len())).await?;
        ended.position = Some(ends::append(conn, &log, ending.now).await?);
    }
    Ok(ended)
}

fn pick(ending: &Ending) -> Option<Pick> {
    let revoke = ending.verb == Verb::Revoke;
    let by = |statements, key: String| Pick {
        statements,
        key,
        client: None,
        spared: String::new(),
        include_sub: false,
        offline_too: revoke,
    };
    let client_id = |client: &ClientId| Some(client.as_str().to_owned());
    match &ending.selection {
        Selection::Session(id) => Some(by(&BY_SESSION, id.encode())),
        Selection::ClientInSession(id, client) => Some(Pick {
            client: client_id(client),
            ..by(&BY_SESSION, id.encode())
        }),
        Selection::Person { user, except } => Some(Pick {
            spared: except.map(|id| id.encode()).unwrap_or_default(),
            // A common client library ends every session of a person on seeing `sub`.
            include_sub: except.is_none(),
            ..by(&BY_PERSON, user.as_str().to_owned())
        }),
        Selection::ClientOfPerson(user, client) => Some(Pick {
            client: client_id(client),
            offline_too: true,
            ..by(&BY_PERSON, user.as_str().to_owned())
        }),
        Selection::Client(_) | Selection::Grant(..) => None,
    }
}

async fn end_picked(
    conn: &mut AnyConnection,
    ending: &Ending,
    pick: &Pick,
    log: &mut Vec<EndKind>,
) -> Result<Ended, RecordError> {
    if pick.client.is_none() {
        end_sessions(conn, ending, pick, log).await?;
    }
    let fresh = log.len();
    let notices = sqlx::query(pick.statements.notices)
        .bind(ending.now.as_millis())
        .bind(i64::from(pick.include_sub))
        .bind(pick.key.as_str())
        .bind(pick.client.as_deref())
        .execute(&mut *conn)
        .await?
        .rows_affected();
    end_participants(conn, ending, pick, log).await?;
    let grants = end_grants(conn, ending, pick, log).await?;
    let sessions = ended::over(
        conn,
        pick.statements.ended,
        pick.key.as_str(),
        pick.client.as_deref(),
        ending.now,
    )
    .await?;
    Ok(Ended {
        sessions,
        fresh,
        grants,
        notices,
        more: false,
        position: None,
    })
}

async fn end_sessions(
    conn: &mut AnyConnection,
    ending: &Ending,
    pick: &Pick,
    log: &mut Vec<EndKind>,
) -> Result<(), RecordError> {
    let query = sqlx::query(pick.statements.sessions)
        .bind(ending.now.as_millis())
        .bind(ending.reason.as_str())
        .bind(pick.key.as_str())
        .bind(pick.spared.as_str());
    for row in query.fetch_all(conn).await? {
        log.push(EndKind::Session(row.session_id("id")?));
    }
    Ok(())
}

async fn end_participants(
    conn: &mut AnyConnection,
    ending: &Ending,
    pick: &Pick,
    log: &mut Vec<EndKind>,
) -> Result<(), RecordError> {
    let query = sqlx::query(pick.statements.participants)
        .bind(ending.now.as_millis())
        .bind(ending.reason.as_str())
        .bind(pick.key.as_str())
        .bind(pick.client.as_deref());
    let rows = query.fetch_all(conn).await?;
    // The end of a session says it of all its participants.
    if pick.client.is_some() {
        for row in rows {
            let sid = Sid::new(row.text("sid")?);
            log.push(EndKind::Participant(row.session_id("session_id")?, sid));
        }
    }
    Ok(())
}

async fn end_grants(
    conn: &mut AnyConnection,
    ending: &Ending,
    pick: &Pick,
    log: &mut Vec<EndKind>,
) -> Result<Vec<(GrantId, SessionId)>, RecordError> {
    locks::grants(conn, pick).await?;
    let query = sqlx::query(pick.statements.grants)
        .bind(ending.now.as_millis())
        .bind(ending.reason.as_str())
        .bind(pick.key.as_str())
        .bind(pick.client.as_deref())
        .bind(i64::from(pick.offline_too))
        .bind(pick.spared.as_str());
    let mut grants = Vec::new();
    for row in query.fetch_all(conn).await? {
        let grant = (row.grant_id("id")?, row.session_id("session_id")?);
        // An `offline_access` grant outlives its session: its end must be said by itself.
        if row.flag("offline")? {
            log.push(EndKind::Grant(grant.0, grant.1));
        }
        grants.push(grant);
    }
    Ok(grants)
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
        Selection::Session(id) => ("session.end", String::new(), Some(*id)),
        Selection::ClientInSession(id, client) => {
            ("session.end_client", client.to_string(), Some(*id))
        }
        Selection::Person { user, .. } => ("person.end_sessions", user.to_string(), None),
        Selection::ClientOfPerson(user, client) => {
            ("person.end_client", format!("{user} {client}"), None)
        }
        Selection::Client(client) => ("client.end_parts", client.to_string(), None),
        Selection::Grant(grant, id) => ("grant.end", grant.encode(), Some(*id)),
    };
    let verb = match ending.verb {
        Verb::Logout => "logout",
        Verb::Revoke => "revoke",
    };
    AuditEntry {
        at: ending.now,
        actor: ending.actor.describe(),
        action: action.to_owned(),
        target,
        session: session.map(reference),
        address: None,
        reason: Some(ending.reason.as_str().to_owned()),
        detail: Some(format!("{verb}, {entries} ended")),
    }
}
