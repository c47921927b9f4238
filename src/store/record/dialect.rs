//! The few words in which SQLite and PostgreSQL differ. A statement has one text for both; where
//! PostgreSQL needs a lock that SQLite's one writer does not, the text is a pair.

use sqlx::AnyConnection;
use sqlx::error::DatabaseError;

/// Which database a connection speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// Texts that differ only by a locking clause.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

/// A pair of texts from one: `$locking` is for PostgreSQL alone.
macro_rules! pair {
    ($before:expr, $locking:literal, $after:expr) => {
        $crate::store::record::dialect::Pair {
            sqlite: concat!($before, $after),
            postgres: concat!($before, $locking, $after),
        }
    };
}
pub(super) use pair;

impl Dialect {
    pub(super) fn of(conn: &AnyConnection) -> Self {
        match conn.backend_name() {
            "PostgreSQL" => Self::Postgres,
            _ => Self::Sqlite,
        }
    }

    /// Begins a transaction that reads one moment, from its first read on.
    pub(super) const fn begin_snapshot(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN DEFERRED",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    pub(super) const fn text(self, pair: Pair) -> &'static str {
        match self {
            Self::Sqlite => pair.sqlite,
            Self::Postgres => pair.postgres,
        }
    }
}

/// Whether a statement named a table that no migration has made yet.
pub(super) fn is_missing_table(error: &dyn DatabaseError) -> bool {
    error.code().as_deref() == Some("42P01") || error.message().starts_with("no such table")
}

/// Whether PostgreSQL undid a transaction because of another one: a serialization failure or a
/// deadlock. It may be run again.
pub(super) fn is_undone(error: &dyn DatabaseError) -> bool {
    matches!(error.code().as_deref(), Some("40001" | "40P01"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_postgres_gets_the_lock() {
        let pair = pair!("SELECT a FROM t", " FOR UPDATE", " LIMIT 1");
        assert_eq!(Dialect::Sqlite.text(pair), "SELECT a FROM t LIMIT 1");
        assert_eq!(
            Dialect::Postgres.text(pair),
            "SELECT a FROM t FOR UPDATE LIMIT 1"
        );
    }
}
