//! The audit, searched: the newest first, in pages, each condition along an index of its own. The
//! narrowest leads; what it names is looked through for the others, but not without bound.

use std::fmt;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::audit::line;
use super::paging::{Direction, Found, turn};
use super::rows::Columns as _;
use super::statement::Statement;
use super::{AuditEntry, Record, RecordError, snapshot};
use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::session::ending::Actor;

const LONGEST_PAGE: usize = 200;
/// Lines that are looked at for one page.
const LOOKED_AT: i64 = 5_000;

/// Which lines. Conditions are joined by "and"; texts are compared as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuestion {
    /// What was done.
    pub action: Option<String>,
    /// Who did it, in the words of [`Actor::describe`].
    pub actor: Option<String>,
    /// To what.
    pub target: Option<String>,
    /// Whom it is about, or who did it.
    pub person: Option<UserId>,
    /// The reference of the session that it concerns.
    pub session: Option<String>,
    /// At this moment or later.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
}

/// Where the next page begins: in links, by [`fmt::Display`] and [`AuditCursor::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCursor {
    direction: Direction,
    key: Key,
}

/// A moment and an id: a line's place.
type Key = (Timestamp, String);

impl AuditCursor {
    /// From a link. None for what this house did not write: start from the newest then.
    pub fn parse(text: &str) -> Option<Self> {
        let (direction, rest) = text.split_once('.')?;
        let (at, id) = rest.split_once('.')?;
        let plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
        (!id.is_empty() && id.len() <= 64 && id.bytes().all(plain)).then_some(())?;
        Some(Self {
            direction: Direction::parse(direction)?,
            key: (Timestamp::from_millis(at.parse().ok()?), id.to_owned()),
        })
    }
}

impl fmt::Display for AuditCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, id) = &self.key;
        write!(f, "{}.{}.{id}", self.direction.as_str(), at.as_millis())
    }
}

/// One page of the audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The newest first.
    pub lines: Vec<AuditEntry>,
    /// To the page of newer ones. None on the first page, and on an empty one.
    pub newer: Option<AuditCursor>,
    /// To the page of older ones, if there may be any.
    pub older: Option<AuditCursor>,
    /// The search stopped after many lines that did not match: it goes on from its cursor.
    pub stopped_early: bool,
}

impl Record {
    /// One page of the lines that a question names, the newest first: at most `size` of them, and
    /// never more than 200.
    pub async fn search_audit(
        &self,
        question: &AuditQuestion,
        cursor: Option<&AuditCursor>,
        size: usize,
    ) -> Result<AuditPage, RecordError> {
        let conditions = conditions(question);
        // PostgreSQL has no such text, so that no line holds it.
        let foreign = |condition: &Condition| condition.values.iter().any(|v| v.1.contains('\0'));
        if conditions.iter().any(foreign) {
            return Ok(AuditPage::default());
        }
        let mut conn = self.reader().await?;
        let search = Search {
            conditions,
            since: question.since,
            before: question.before,
            cursor: cursor.cloned(),
            size: size.clamp(1, LONGEST_PAGE),
        };
        conn.ask(|conn| async move {
            let mut snapshot = snapshot(conn).await?;
            let page = search.page(&mut snapshot).await?;
            snapshot.rollback().await?;
            Ok::<_, RecordError>(page)
        })
        .await
    }
}

/// What any of these says: a column and its value. Each has an index.
#[derive(Clone, Debug)]
struct Condition {
    values: Vec<(&'static str, String)>,
}

fn conditions(question: &AuditQuestion) -> Vec<Condition> {
    let person = question.person.as_ref().map(|user| {
        let actor = Actor::Person(user.clone()).describe();
        vec![("person", user.as_str().to_owned()), ("actor", actor)]
    });
    [
        ("session", &question.session),
        ("target", &question.target),
        ("actor", &question.actor),
        ("action", &question.action),
    ]
    .into_iter()
    .filter_map(|(column, value)| Some(vec![(column, value.clone()?)]))
    .chain(person)
    .map(|values| Condition { values })
    .collect()
}

struct Search {
    conditions: Vec<Condition>,
    since: Option<Timestamp>,
    before: Option<Timestamp>,
    cursor: Option<AuditCursor>,
    size: usize,
}

impl Search {
    async fn page(mut self, conn: &mut AnyConnection) -> Result<AuditPage, RecordError> {
        let mut found = self.found(conn).await?;
        if self.direction() == Direction::Newer && found.ends(self.size) {
            // The newest are reached: the first page, and a full one.
            self.cursor = None;
            found = self.found(conn).await?;
        }
        let direction = self.direction();
        let turned = turn(found, direction, self.cursor.is_none(), self.size);
        let cursor = |direction, line: Line| AuditCursor {
            direction,
            key: line.key,
        };
        Ok(AuditPage {
            newer: turned.newer.map(|line| cursor(Direction::Newer, line)),
            older: turned.older.map(|line| cursor(Direction::Older, line)),
            stopped_early: turned.stopped_early,
            lines: turned.keys.into_iter().map(|line| line.entry).collect(),
        })
    }

    fn direction(&self) -> Direction {
        let cursor = self.cursor.as_ref();
        cursor.map_or(Direction::Older, |cursor| cursor.direction)
    }

    /// The leading condition is moved to the front. Where all are wide, any is good enough.
    async fn lead(&mut self, conn: &mut AnyConnection) -> Result<(), RecordError> {
        if self.conditions.len() < 2 {
            return Ok(());
        }
        let mut best = (LOOKED_AT, 0);
        for place in 0..self.conditions.len() {
            let mut statement = Statement::to(conn);
            statement.say("SELECT COUNT(*) AS n FROM (");
            self.say_candidates(
                &mut statement,
                "at, id",
                self.conditions.get(place),
                LOOKED_AT,
            );
            statement.say(") c");
            let count = statement.fetch_one(&mut *conn).await?.integer("n")?;
            if count < best.0 {
                best = (count, place);
            }
        }
        self.conditions.swap(0, best.1);
        Ok(())
    }

    async fn found(&mut self, conn: &mut AnyConnection) -> Result<Found<Line>, RecordError> {
        self.lead(&mut *conn).await?;
        let wanted = self.size + 1;
        let few = i64::try_from(wanted * 8).unwrap_or(LOOKED_AT);
        for candidates in [few, LOOKED_AT] {
            let found = self.among(&mut *conn, candidates, wanted).await?;
            if found.keys.len() == wanted || found.stopped_at.is_none() {
                return Ok(found);
            }
        }
        self.among(conn, LOOKED_AT, wanted).await
    }

    async fn among(
        &self,
        conn: &mut AnyConnection,
        candidates: i64,
        wanted: usize,
    ) -> Result<Found<Line>, RecordError> {
        let mut statement = Statement::to(conn);
        statement.say("SELECT * FROM (");
        let leader = self.conditions.first();
        self.say_candidates(&mut statement, ALL, leader, candidates);
        statement.say(") c WHERE 1 = 1");
        for condition in self.conditions.iter().skip(1) {
            let mut between = " AND (";
            for (column, value) in &condition.values {
                statement.say(between).say(column).say(" = ").text(value);
                between = " OR ";
            }
            statement.say(")");
        }
        // A line about its own actor is in two streams.
        let most = i64::try_from(wanted * 2).unwrap_or(i64::MAX);
        statement.say(&self.direction().order(PLACE)).say(" LIMIT ");
        statement.integer(most);
        let rows = statement.fetch(&mut *conn).await?;
        let mut keys = rows.iter().map(Line::of).collect::<Result<Vec<_>, _>>()?;
        keys.dedup_by(|one, next| one.key == next.key);
        keys.truncate(wanted);
        let stopped_at = if keys.len() == wanted {
            None
        } else {
            self.last_candidate(conn, candidates).await?
        };
        Ok(Found { keys, stopped_at })
    }

    async fn last_candidate(
        &self,
        conn: &mut AnyConnection,
        candidates: i64,
    ) -> Result<Option<Line>, RecordError> {
        let mut statement = Statement::to(conn);
        statement.say("SELECT * FROM (");
        self.say_candidates(&mut statement, ALL, self.conditions.first(), candidates);
        statement.say(") c").say(&self.direction().order(PLACE));
        statement.say(" LIMIT 1 OFFSET ").integer(candidates - 1);
        let rows = statement.fetch(conn).await?;
        rows.first().map(Line::of).transpose()
    }

    fn say_candidates(
        &self,
        statement: &mut Statement,
        columns: &str,
        condition: Option<&Condition>,
        limit: i64,
    ) {
        let values = condition.map(|condition| condition.values.as_slice());
        let streams = values.map_or(vec![None], |values| values.iter().map(Some).collect());
        let order = self.direction().order(PLACE);
        statement.merge(streams, &order, limit, |statement, stream| {
            statement
                .say("SELECT ")
                .say(columns)
                .say(" FROM audit WHERE ");
            match stream {
                Some((column, value)) => statement.say(column).say(" = ").text(value),
                None => statement.say("1 = 1"),
            };
            self.say_span(statement);
        });
    }

    fn say_span(&self, statement: &mut Statement) {
        if let Some(since) = self.since {
            statement.say(" AND at >= ").integer(since.as_millis());
        }
        if let Some(before) = self.before {
            statement.say(" AND at < ").integer(before.as_millis());
        }
        if let Some(AuditCursor { direction, key }) = &self.cursor {
            statement
                .say(" AND (at, id)")
                .say(direction.comes_after())
                .say("(");
            statement
                .integer(key.0.as_millis())
                .say(", ")
                .text(&key.1)
                .say(")");
        }
    }
}

const PLACE: [&str; 2] = ["at", "id"];
const ALL: &str = "id, at, actor, action, target, session, address, reason, detail, person";

#[derive(Clone, Debug)]
struct Line {
    key: Key,
    entry: AuditEntry,
}

impl Line {
    fn of(row: &AnyRow) -> Result<Self, RecordError> {
        Ok(Self {
            key: (row.time("at")?, row.text("id")?),
            entry: line(row)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_go_round_and_strangers_are_refused() {
        let text = "newer.1700000000000.000000000001-AbCdEfGhIjKl";
        assert_eq!(AuditCursor::parse(text).unwrap().to_string(), text);
        for text in [
            "",
            "older.1",
            "older.1.",
            "older.x.a",
            "older.1.a'",
            "older.1.a\0",
        ] {
            assert_eq!(AuditCursor::parse(text), None, "{text}");
        }
    }
}
