//! The indexes along which sessions are searched. A condition is a set of streams, each of them in
//! the order of the list; merged, they are read only as far as a page needs.

use super::paging::Direction;
use super::session_question::SessionCursor;
use super::session_terms;
use super::statement::Statement;
use crate::entropy::UserId;
use crate::session::question::{self, SessionQuestion, SessionState};

/// Sessions in the order of the list, from one index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    All,
    Live,
    Ended,
    Of(UserId),
    Reference(String),
    Term(String),
}

impl Stream {
    fn say(&self, statement: &mut Statement) {
        let sessions = "SELECT began_at, reference FROM sessions WHERE ";
        match self {
            Self::All => statement.say(sessions).say("1 = 1"),
            Self::Live => statement.say(sessions).say("ended_at IS NULL"),
            Self::Ended => statement.say(sessions).say("ended_at IS NOT NULL"),
            Self::Of(user) => statement
                .say(sessions)
                .say("user_id = ")
                .text(user.as_str()),
            Self::Reference(text) => statement.say(sessions).say("reference = ").text(text),
            Self::Term(term) => statement
                .say("SELECT began_at, reference FROM session_terms WHERE term = ")
                .text(term),
        };
    }
}

/// One condition: what any of its streams holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facet {
    pub(super) streams: Vec<Stream>,
    /// Several streams may hold the same session, at most so many of them.
    pub(super) overlap: i64,
}

impl Facet {
    pub(super) fn of(stream: Stream) -> Self {
        Self {
            streams: vec![stream],
            overlap: 1,
        }
    }

    /// The condition by which the state narrows the list, if it does.
    pub(super) fn of_state(state: SessionState) -> Self {
        Self::of(match state {
            SessionState::Live => Stream::Live,
            SessionState::Ended => Stream::Ended,
            SessionState::Any => Stream::All,
        })
    }

    /// The same as a condition on `s`.
    pub(super) fn say_condition(&self, statement: &mut Statement) {
        let (mut users, mut terms, mut references) = (Vec::new(), Vec::new(), Vec::new());
        for stream in &self.streams {
            match stream {
                Stream::Of(user) => users.push(user.as_str()),
                Stream::Term(term) => terms.push(term.as_str()),
                Stream::Reference(reference) => references.push(reference.as_str()),
                Stream::All | Stream::Live | Stream::Ended => {}
            }
        }
        // What is not asked is not said: a database plans worse around it.
        let mut between = "(";
        for (column, values) in [("s.user_id IN ", users), ("s.reference IN ", references)] {
            if !values.is_empty() {
                statement.say(between).say(column).texts(values);
                between = " OR ";
            }
        }
        if !terms.is_empty() {
            let found = "EXISTS (SELECT 1 FROM session_terms t WHERE t.term IN ";
            statement.say(between).say(found).texts(terms);
            statement.say(" AND t.began_at = s.began_at AND t.reference = s.reference)");
            between = " OR ";
        }
        statement.say(if between == "(" { "1 = 1" } else { ")" });
    }
}

/// A stretch of the list.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) cursor: Option<SessionCursor>,
    /// In milliseconds; the end is left out.
    pub(super) since: Option<i64>,
    pub(super) before: Option<i64>,
}

impl Span {
    pub(super) fn of(question: &SessionQuestion, cursor: Option<&SessionCursor>) -> Self {
        Self {
            cursor: cursor.cloned(),
            since: question.since.map(crate::clock::Timestamp::as_millis),
            before: question.before.map(crate::clock::Timestamp::as_millis),
        }
    }

    pub(super) fn direction(&self) -> Direction {
        let cursor = self.cursor.as_ref();
        cursor.map_or(Direction::Older, |cursor| cursor.direction)
    }

    /// The order in which the list is read from here; columns are those of `table`, as `c.`.
    pub(super) fn order(&self, table: &str) -> String {
        let columns = [format!("{table}began_at"), format!("{table}reference")];
        self.direction().order([&columns[0], &columns[1]])
    }

    fn say(&self, statement: &mut Statement) {
        if let Some(since) = self.since {
            statement.say(" AND began_at >= ").integer(since);
        }
        if let Some(before) = self.before {
            statement.say(" AND began_at < ").integer(before);
        }
        if let Some(cursor) = &self.cursor {
            let after = cursor.direction.comes_after();
            statement
                .say(" AND (began_at, reference)")
                .say(after)
                .say("(");
            statement.integer(cursor.began.as_millis()).say(", ");
            statement.text(&cursor.reference).say(")");
        }
    }
}

/// The next sessions of a facet, without brackets: `began_at`, `reference`.
pub(super) fn say_candidates(statement: &mut Statement, facet: &Facet, span: &Span, limit: i64) {
    statement.merge(
        &facet.streams,
        &span.order(""),
        limit,
        |statement, stream| {
            stream.say(statement);
            span.say(statement);
        },
    );
}

/// The state, as a condition on `s`.
pub(super) fn say_state(statement: &mut Statement, question: &SessionQuestion) {
    match question.state {
        SessionState::Live => statement
            .say("s.ended_at IS NULL AND s.deadline_at > ")
            .integer(question.now.as_millis()),
        SessionState::Ended => statement.say("s.ended_at IS NOT NULL"),
        SessionState::Any => statement.say("1 = 1"),
    };
    if let Some(moment) = question.idle_since {
        statement.say(" AND s.last_seen_at < ");
        statement.integer(moment.as_millis());
    }
    if let Some(acr) = &question.acr_below {
        // Of one that nobody knows nothing can be said: it must not mean everything.
        match question::at_least(acr) {
            Some(strong) => statement
                .say(" AND s.acr NOT IN ")
                .texts(strong.iter().copied()),
            None => statement.say(" AND 1 = 0"),
        };
    }
}

/// What was typed, as words of sessions.
pub(super) fn terms<'a>(
    devices: &'a [String],
    networks: &'a [String],
) -> impl Iterator<Item = Stream> + 'a {
    let devices = devices.iter().map(|text| session_terms::of_device(text));
    let networks = networks.iter().map(|text| session_terms::of_network(text));
    devices.chain(networks).map(Stream::Term)
}
