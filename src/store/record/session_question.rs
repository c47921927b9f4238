//! What an administrator asks of the list of sessions, and where in it they are.

use std::fmt;

use super::SessionRow;
use super::paging::Direction;
use super::reference::is_reference;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, UserId};

/// Which sessions. Conditions are joined by "and".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionQuestion {
    /// What was typed: the beginning of a person's username, email address or display name; an
    /// address, its beginning or a range; words of a browser ("Firefox Android"); or a reference.
    /// What any of these finds is found. Empty for all.
    pub q: String,
    /// Only this person's.
    pub user: Option<UserId>,
    /// Only those in which this client takes or took part.
    pub client: Option<ClientId>,
    /// Only those that began at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those that began before this moment.
    pub before: Option<Timestamp>,
    /// Whether they live.
    pub state: SessionState,
    /// By which running out is judged.
    pub now: Timestamp,
}

impl SessionQuestion {
    /// All that live.
    pub const fn live(now: Timestamp) -> Self {
        Self {
            q: String::new(),
            user: None,
            client: None,
            since: None,
            before: None,
            state: SessionState::Live,
            now,
        }
    }
}

/// Whether a session lives. One that has run out and was not ended yet (the sweeper does so within
/// a minute or two) is neither live nor ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionState {
    /// Only what lives.
    #[default]
    Live,
    /// Only what has ended.
    Ended,
    /// Both, and what has run out.
    Any,
}

/// Where the next page begins: in links, by [`fmt::Display`] and [`SessionCursor::parse`]. It
/// holds the start and the reference of a session, never its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCursor {
    pub(super) direction: Direction,
    pub(super) began: Timestamp,
    pub(super) reference: String,
}

impl SessionCursor {
    /// From a link. None for what this house did not write: start from the newest then.
    pub fn parse(text: &str) -> Option<Self> {
        let (direction, rest) = text.split_once('.')?;
        let (began, reference) = rest.split_once('.')?;
        is_reference(reference).then_some(())?;
        Some(Self {
            direction: Direction::parse(direction)?,
            began: Timestamp::from_millis(began.parse().ok()?),
            reference: reference.to_owned(),
        })
    }
}

impl fmt::Display for SessionCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = self.direction.as_str();
        write!(
            f,
            "{direction}.{}.{}",
            self.began.as_millis(),
            self.reference
        )
    }
}

/// One page of sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionPage {
    /// The newest first.
    pub rows: Vec<SessionRow>,
    /// To the page of newer ones. None on the first page, and on an empty one.
    pub newer: Option<SessionCursor>,
    /// To the page of older ones, if there may be any.
    pub older: Option<SessionCursor>,
    /// The search stopped after many sessions that did not match, so that the page is shorter than
    /// asked for, or empty: it goes on from its cursor.
    pub stopped_early: bool,
    /// What was typed fits more people than were searched for: type more of the name.
    pub too_many_people: bool,
    /// What was typed is a range of IPv6 addresses too wide to search: a /32, a /48, or one of
    /// which no more than 256 are needed.
    pub range_too_wide: bool,
}

/// How many sessions match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// So many were counted.
    pub count: i64,
    /// There may be more: counting has a bound.
    pub or_more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_go_round_and_strangers_are_refused() {
        for text in [
            "older.1700000000000.ABCD-EFGH-2345",
            "newer.-1.ABCD-EFGH-2345",
        ] {
            assert_eq!(SessionCursor::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "older",
            "older.1",
            "older.x.ABCD-EFGH-2345",
            "older.1.abcd-efgh-2345",
            "older.1.ABCD-EFGH-234\0",
            "older.1.ABCD-EFGH-2345.",
            "sideways.1.ABCD-EFGH-2345",
            "older.99999999999999999999.ABCD-EFGH-2345",
        ] {
            assert_eq!(SessionCursor::parse(text), None, "{text}");
        }
    }
}
