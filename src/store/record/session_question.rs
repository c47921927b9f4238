//! Where in the list of sessions an administrator is.

use std::fmt;

use super::SessionRow;
use super::paging::Direction;
use super::reference::is_reference;
use crate::clock::Timestamp;

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
