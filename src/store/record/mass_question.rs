//! The sessions that match a question, ended one page of the list at a time, the newest first. Each
//! has an entry of its own in the ends log.

use sqlx::AnyConnection;

use super::ends;
use super::jobs::Durability;
use super::mass_batch::{self as batch, MassBatch, Turn};
use super::mass_ends::{MassEnd, MassScope};
use super::session_question::SessionCursor;
use super::{Record, RecordError};

/// Sessions that end in one transaction.
const PAGE: usize = 200;

struct Page {
    turn: Turn,
    end: MassEnd,
    sessions: Vec<String>,
    next: Option<String>,
}

impl Record {
    /// Ends the next sessions that match, as far as this end has come.
    pub async fn mass_question_batch(&self, end: &MassEnd) -> Result<MassBatch, RecordError> {
        let MassScope::Question(question) = &end.scope else {
            return Ok(MassBatch::default());
        };
        let mut question = question.clone();
        question.now = self.now();
        let cursor = SessionCursor::parse(&end.mark);
        let found = self
            .search_sessions(&question, cursor.as_ref(), PAGE)
            .await?;
        let sessions: Vec<_> = found
            .rows
            .iter()
            .map(|row| row.session.id)
            .filter(|id| Some(*id) != end.spared)
            .map(|id| id.encode())
            .collect();
        let page = Page {
            turn: Turn {
                id: end.id.clone(),
                now: self.now(),
                audit_id: self.audit_id(),
            },
            end: end.clone(),
            sessions,
            next: found.older.map(|cursor| cursor.to_string()),
        };
        self.write_log(
            Durability::Full,
            page,
            |conn, page| Box::pin(run(conn, page)),
            |batch| batch.ended.position.is_some(),
        )
        .await
    }
}

async fn run(conn: &mut AnyConnection, page: &Page) -> Result<MassBatch, RecordError> {
    let held = batch::hold(conn, &page.turn.id).await?;
    // Another node was quicker: this page is done, or was looked for from another place.
    let Some(end) = held.filter(|held| held.mark == page.end.mark) else {
        return Ok(MassBatch::default());
    };
    let ending = batch::ending(&end, &page.turn);
    let mut log = Vec::new();
    let mut done = MassBatch::default();
    if !page.sessions.is_empty() {
        // That a person has no other session is not known here.
        let listed = (&end, page.sessions.clone(), false);
        done.ended = batch::end_listed(conn, listed, &ending, &mut log).await?;
    }
    done.more = page.next.is_some();
    let mark = page.next.as_deref().unwrap_or_default();
    batch::note(conn, &end, &done.ended, mark).await?;
    if page.next.is_none() {
        batch::finish(conn, &page.turn).await?;
    }
    if !log.is_empty() {
        done.ended.position = Some(ends::append(conn, &log, page.turn.now).await?);
    }
    Ok(done)
}
