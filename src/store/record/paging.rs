//! Pages of a list that is read from its newest end, by the place of a row and not by its number:
//! what comes or goes meanwhile moves nothing.

/// Which way a page is read from its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Older,
    Newer,
}

impl Direction {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Older => "older",
            Self::Newer => "newer",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Older, Self::Newer]
            .into_iter()
            .find(|direction| direction.as_str() == word)
    }

    /// What comes after a place in this direction, of `table`'s columns.
    pub(super) const fn comes_after(self) -> &'static str {
        match self {
            Self::Older => " < ",
            Self::Newer => " > ",
        }
    }

    /// The order in which rows are read.
    pub(super) fn order(self, columns: [&str; 2]) -> String {
        let [first, second] = columns;
        let way = match self {
            Self::Older => " DESC",
            Self::Newer => "",
        };
        format!(" ORDER BY {first}{way}, {second}{way}")
    }
}

/// What was found, in the order in which it was looked for.
#[derive(Debug)]
pub(super) struct Found<K> {
    pub(super) keys: Vec<K>,
    /// The last one that was looked at, if there were more to look at.
    pub(super) stopped_at: Option<K>,
}

impl<K> Found<K> {
    /// Whether there is nothing after a page of this size.
    pub(super) fn ends(&self, size: usize) -> bool {
        self.keys.len() <= size && self.stopped_at.is_none()
    }
}

/// A page, and where its neighbours begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turned<K> {
    /// The newest first.
    pub(super) keys: Vec<K>,
    pub(super) newer: Option<K>,
    pub(super) older: Option<K>,
    pub(super) stopped_early: bool,
}

/// Cuts a page out of what was found. `first` is a page without a cursor.
pub(super) fn turn<K: Clone>(
    found: Found<K>,
    direction: Direction,
    first: bool,
    size: usize,
) -> Turned<K> {
    let Found {
        mut keys,
        stopped_at,
    } = found;
    let more = keys.len() > size;
    keys.truncate(size);
    let onward = if more {
        keys.last().cloned()
    } else {
        stopped_at
    };
    let back = keys.first().cloned().filter(|_| !first);
    let stopped_early = !more && onward.is_some();
    let (newer, older) = match direction {
        Direction::Older => (back, onward),
        Direction::Newer => {
            keys.reverse();
            (onward, back)
        }
    };
    Turned {
        keys,
        newer,
        older,
        stopped_early,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keys: &[i32], stopped_at: Option<i32>) -> Found<i32> {
        Found {
            keys: keys.to_vec(),
            stopped_at,
        }
    }

    #[test]
    fn neighbours_begin_at_the_edges_of_the_page() {
        for (found, direction, first, expected) in [
            (
                found(&[9, 8, 7], None),
                Direction::Older,
                true,
                (vec![9, 8], None, Some(8), false),
            ),
            (
                found(&[9, 8], None),
                Direction::Older,
                false,
                (vec![9, 8], Some(9), None, false),
            ),
            (
                found(&[7, 8, 9], None),
                Direction::Newer,
                false,
                (vec![8, 7], Some(8), Some(7), false),
            ),
            (
                found(&[9], Some(3)),
                Direction::Older,
                true,
                (vec![9], None, Some(3), true),
            ),
            (
                found(&[], Some(3)),
                Direction::Newer,
                false,
                (vec![], Some(3), None, true),
            ),
            (
                found(&[], None),
                Direction::Older,
                false,
                (vec![], None, None, false),
            ),
        ] {
            let turned = turn(found, direction, first, 2);
            let turned = (
                turned.keys,
                turned.newer,
                turned.older,
                turned.stopped_early,
            );
            assert_eq!(turned, expected);
        }
    }
}
