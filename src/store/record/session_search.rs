//! The list of sessions for administrators: searched, in pages, quick with a million of them.
//!
//! Each condition can be read along an index in the order of the list. The narrowest leads, as
//! found by counting a little of each; the others are asked of each session that it names. What
//! does not match is passed over, but not without bound: then the page is short, and its cursor
//! goes on from there.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::paging::{self, Direction};
use super::reference::is_reference;
use super::rows::Columns as _;
use super::session_question::{SessionCursor, SessionPage};
use super::session_streams::{self as streams, Facet, Span, Stream};
use super::statement::Statement;
use super::{
    Counted, Record, RecordError, SessionQuestion, SessionState, person_names, session_rows,
    session_terms, snapshot,
};
use crate::clock::Timestamp;
use crate::session::device;
use crate::session::network::{self, Typed};

/// The longest page.
const LONGEST_PAGE: usize = 200;
/// People for whom one search looks.
const PEOPLE: usize = 30;
/// Sessions that are looked at for one page.
const LOOKED_AT: i64 = 1_000;
/// Sessions that are counted.
const COUNTED: i64 = 1_000;

impl Record {
    /// One page of the sessions that a question names, the newest first: at most `size` of them,
    /// and never more than 200.
    pub async fn search_sessions(
        &self,
        question: &SessionQuestion,
        cursor: Option<&SessionCursor>,
        size: usize,
    ) -> Result<SessionPage, RecordError> {
        let mut conn = self.reader().await?;
        let size = size.clamp(1, LONGEST_PAGE);
        conn.ask(|conn| async move {
            let mut snapshot = snapshot(conn).await?;
            let page = search(&mut snapshot, question, cursor, size).await?;
            snapshot.rollback().await?;
            Ok::<_, RecordError>(page)
        })
        .await
    }

    /// How many sessions a question names, counted as far as a thousand.
    pub async fn count_sessions(&self, question: &SessionQuestion) -> Result<Counted, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(|conn| async move {
            let mut snapshot = snapshot(conn).await?;
            let counted = count(&mut snapshot, question).await?;
            snapshot.rollback().await?;
            Ok::<_, RecordError>(counted)
        })
        .await
    }
}

/// The conditions of a question, and what is to be said of it beside the rows.
struct Plan {
    /// None where nothing can match.
    facets: Option<Vec<Facet>>,
    page: SessionPage,
}

async fn plan(conn: &mut AnyConnection, question: &SessionQuestion) -> Result<Plan, RecordError> {
    let mut page = SessionPage::default();
    let mut facets = Vec::new();
    let user = question
        .user
        .as_ref()
        .map(|user| (user.as_str(), Stream::Of(user.clone())));
    let client = question.client.as_ref().map(|client| {
        let term = session_terms::of_client(client);
        (client.as_str(), Stream::Term(term))
    });
    for (id, stream) in user.into_iter().chain(client) {
        // PostgreSQL has no such text, so that nothing is called that.
        if id.contains('\0') {
            return Ok(Plan { facets: None, page });
        }
        facets.push(Facet::of(stream));
    }
    let typed = question.q.trim();
    if !typed.is_empty() {
        let facet = typed_facet(conn, typed, &mut page).await?;
        if facet.streams.is_empty() {
            return Ok(Plan { facets: None, page });
        }
        facets.push(facet);
    }
    let facets = Some(facets);
    Ok(Plan { facets, page })
}

async fn typed_facet(
    conn: &mut AnyConnection,
    typed: &str,
    page: &mut SessionPage,
) -> Result<Facet, RecordError> {
    let (people, more) = person_names::find(conn, typed, PEOPLE).await?;
    page.too_many_people = more;
    let networks = match network::typed(typed) {
        Typed::Networks(networks) => networks,
        Typed::NotAnAddress => Vec::new(),
        Typed::TooWide => {
            page.range_too_wide = true;
            Vec::new()
        }
    };
    let devices = device::matching(typed);
    let reference = Some(typed.to_ascii_uppercase()).filter(|text| is_reference(text));
    let kinds = [
        people.is_empty(),
        networks.is_empty(),
        devices.is_empty(),
        reference.is_none(),
    ];
    let overlap = kinds.iter().filter(|empty| !**empty).count();
    let streams = people
        .into_iter()
        .map(Stream::Of)
        .chain(reference.map(Stream::Reference))
        .chain(streams::terms(&devices, &networks))
        .collect();
    Ok(Facet {
        streams,
        overlap: i64::try_from(overlap).unwrap_or(1),
    })
}

async fn search(
    conn: &mut AnyConnection,
    question: &SessionQuestion,
    cursor: Option<&SessionCursor>,
    size: usize,
) -> Result<SessionPage, RecordError> {
    let Plan { facets, mut page } = plan(conn, question).await?;
    let Some(facets) = facets else {
        return Ok(page);
    };
    let wanted = i64::try_from(size).unwrap_or(1) + 1;
    let mut span = span(conn, question, &facets, cursor).await?;
    let mut search = lead(conn, question, facets, &span).await?;
    let mut found = search.keys(conn, &span, wanted).await?;
    if span.direction() == Direction::Newer && found.ends(size) {
        // The newest are reached: the first page, and a full one.
        span.cursor = None;
        search = lead(conn, question, search.facets(), &span).await?;
        found = search.keys(conn, &span, wanted).await?;
    }
    let keys = turn(&mut page, found, &span, size);
    let references: Vec<_> = keys.into_iter().map(|(_, reference)| reference).collect();
    page.rows = session_rows::rows(conn, &references).await?;
    Ok(page)
}

/// Which stretch of the list is looked through.
async fn span(
    conn: &mut AnyConnection,
    question: &SessionQuestion,
    facets: &[Facet],
    cursor: Option<&SessionCursor>,
) -> Result<Span, RecordError> {
    let mut span = Span::of(question, cursor);
    if question.state == SessionState::Live && !facets.is_empty() {
        // Among the ended ones of long ago nothing is live: sessions have a lifetime.
        let sql = "SELECT began_at FROM sessions WHERE ended_at IS NULL \
             ORDER BY began_at, reference LIMIT 1";
        let oldest = sqlx::query(sql).fetch_optional(conn).await?;
        let oldest = oldest.map(|row| row.integer("began_at")).transpose()?;
        span.since = span.since.max(oldest);
    }
    Ok(span)
}

/// All sessions that a question names, for a statement.
pub(super) struct Matching<'a> {
    search: Search<'a>,
    span: Span,
}

impl Matching<'_> {
    /// The tables, after `FROM (`, up to and with the conditions on `s`. One session may come
    /// several times.
    pub(super) fn say(&self, statement: &mut Statement) {
        streams::say_candidates(statement, &self.search.leader, &self.span, i64::MAX);
        self.search.say_conditions(statement.say(") c "));
    }
}

/// All that a question names; none where nothing can match. And whether more may be meant than is
/// found by it.
pub(super) async fn matching<'a>(
    conn: &mut AnyConnection,
    question: &'a SessionQuestion,
) -> Result<(Option<Matching<'a>>, bool), RecordError> {
    let Plan { facets, page } = plan(conn, question).await?;
    let unclear = page.too_many_people || page.range_too_wide;
    let Some(facets) = facets else {
        return Ok((None, unclear));
    };
    let span = span(conn, question, &facets, None).await?;
    let search = lead(conn, question, facets, &span).await?;
    Ok((Some(Matching { search, span }), unclear))
}

/// A question with the condition along which it is read.
struct Search<'a> {
    question: &'a SessionQuestion,
    leader: Facet,
    others: Vec<Facet>,
    /// The leader is the state, or nothing at all.
    by_state: bool,
}

/// Chooses the narrowest condition. Where several are wide, any is good enough.
async fn lead<'a>(
    conn: &mut AnyConnection,
    question: &'a SessionQuestion,
    mut others: Vec<Facet>,
    span: &Span,
) -> Result<Search<'a>, RecordError> {
    let state = Facet::of_state(question.state);
    let mut best = (LOOKED_AT, None);
    if others.len() + usize::from(question.state != SessionState::Any) > 1 {
        for (place, facet) in others.iter().enumerate() {
            let count = count_candidates(conn, facet, span, LOOKED_AT).await?;
            if count < best.0 {
                best = (count, Some(place));
            }
        }
        let few_in_state = question.state != SessionState::Any
            && count_candidates(conn, &state, span, LOOKED_AT).await? < best.0;
        if few_in_state {
            best.1 = None;
        } else if best.1.is_none() && !others.is_empty() {
            best.1 = Some(0);
        }
    } else if !others.is_empty() {
        best.1 = Some(0);
    }
    let leader = best.1.map(|place| others.remove(place));
    Ok(Search {
        question,
        by_state: leader.is_none(),
        leader: leader.unwrap_or(state),
        others,
    })
}

async fn count_candidates(
    conn: &mut AnyConnection,
    facet: &Facet,
    span: &Span,
    limit: i64,
) -> Result<i64, RecordError> {
    let mut statement = Statement::to(conn);
    statement.say("SELECT COUNT(*) AS n FROM (");
    streams::say_candidates(&mut statement, facet, span, limit);
    statement.say(") c");
    statement.fetch_one(conn).await?.integer("n")
}

/// The start and the reference of a session: its place in the list.
type Key = (Timestamp, String);

type Found = paging::Found<Key>;

impl Search<'_> {
    /// All conditions, to begin again.
    fn facets(self) -> Vec<Facet> {
        let mut facets = self.others;
        if !self.by_state {
            facets.push(self.leader);
        }
        facets
    }

    /// The next so many. A few are looked at first, as most pages are full with them.
    async fn keys(
        &self,
        conn: &mut AnyConnection,
        span: &Span,
        wanted: i64,
    ) -> Result<Found, RecordError> {
        let few = wanted * self.leader.overlap * 4;
        let found = self.keys_among(conn, span, (few, wanted)).await?;
        let full = i64::try_from(found.keys.len()).is_ok_and(|count| count >= wanted);
        if full || found.stopped_at.is_none() || few >= LOOKED_AT {
            return Ok(found);
        }
        self.keys_among(conn, span, (LOOKED_AT, wanted)).await
    }

    async fn keys_among(
        &self,
        conn: &mut AnyConnection,
        span: &Span,
        (candidates, wanted): (i64, i64),
    ) -> Result<Found, RecordError> {
        let mut statement = Statement::to(conn);
        statement.say("SELECT c.began_at AS began_at, c.reference AS reference FROM (");
        streams::say_candidates(&mut statement, &self.leader, span, candidates);
        self.say_conditions(statement.say(") c "));
        statement.say(&span.order("c.")).say(" LIMIT ");
        statement.integer(wanted * self.leader.overlap);
        let rows = statement.fetch(&mut *conn).await?;
        let mut keys = rows.iter().map(key).collect::<Result<Vec<_>, _>>()?;
        keys.dedup();
        keys.truncate(usize::try_from(wanted).unwrap_or(0));
        let full = i64::try_from(keys.len()).is_ok_and(|count| count == wanted);
        let stopped_at = if full {
            None
        } else {
            self.last_candidate(conn, span, candidates).await?
        };
        Ok(Found { keys, stopped_at })
    }

    /// The last of so many candidates, if there are so many.
    async fn last_candidate(
        &self,
        conn: &mut AnyConnection,
        span: &Span,
        candidates: i64,
    ) -> Result<Option<Key>, RecordError> {
        let mut statement = Statement::to(conn);
        statement.say("SELECT began_at, reference FROM (");
        streams::say_candidates(&mut statement, &self.leader, span, candidates);
        statement.say(") c ").say(&span.order("c."));
        statement.say(" LIMIT 1 OFFSET ").integer(candidates - 1);
        let rows = statement.fetch(conn).await?;
        rows.first().map(key).transpose()
    }

    fn say_conditions(&self, statement: &mut Statement) {
        statement.say("JOIN sessions s ON s.reference = c.reference WHERE ");
        streams::say_state(statement, self.question);
        for facet in &self.others {
            facet.say_condition(statement.say(" AND "));
        }
    }
}

fn key(row: &AnyRow) -> Result<Key, RecordError> {
    Ok((row.time("began_at")?, row.text("reference")?))
}

/// Cuts the page out of what was found, the newest first, and says where its neighbours begin.
fn turn(page: &mut SessionPage, found: Found, span: &Span, size: usize) -> Vec<Key> {
    let turned = paging::turn(found, span.direction(), span.cursor.is_none(), size);
    let cursor = |direction, (began, reference): Key| SessionCursor {
        direction,
        began,
        reference,
    };
    page.newer = turned.newer.map(|key| cursor(Direction::Newer, key));
    page.older = turned.older.map(|key| cursor(Direction::Older, key));
    page.stopped_early = turned.stopped_early;
    turned.keys
}

async fn count(
    conn: &mut AnyConnection,
    question: &SessionQuestion,
) -> Result<Counted, RecordError> {
    let Some(facets) = plan(conn, question).await?.facets else {
        return Ok(Counted::default());
    };
    let span = span(conn, question, &facets, None).await?;
    let search = lead(conn, question, facets, &span).await?;
    let limit = (COUNTED + 1) * search.leader.overlap;
    let mut statement = Statement::to(conn);
    statement.say("SELECT COUNT(*) AS n FROM (SELECT ");
    statement.say(if search.leader.overlap > 1 {
        "DISTINCT "
    } else {
        ""
    });
    statement.say("c.reference AS reference FROM (");
    streams::say_candidates(&mut statement, &search.leader, &span, limit);
    search.say_conditions(statement.say(") c "));
    statement.say(") d");
    let count = statement.fetch_one(&mut *conn).await?.integer("n")?;
    let or_more =
        count > COUNTED || (limit == count_candidates(conn, &search.leader, &span, limit).await?);
    Ok(Counted {
        count: count.min(COUNTED),
        or_more,
    })
}
