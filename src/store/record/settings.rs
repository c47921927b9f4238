//! Where the record lies, and what it may take of its database.

use std::path::Path;
use std::time::Duration;

use super::{address, sqlite};

/// Enough for a node that serves from its hot state; a server has a hundred by default.
const CONNECTIONS: u32 = 16;
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);

/// Where the record lies.
#[derive(Clone)]
pub struct RecordSettings {
    /// `sqlite:PATH`, absolute or relative to the working directory; or
    /// `postgres://USER:PASSWORD@HOST/DATABASE`, with `sslmode` (`prefer` where nothing is said,
    /// `require`, `verify-full` …) and `sslrootcert` as parameters.
    pub url: String,
    /// How many connections to PostgreSQL: half of them for writes. One more holds the lease of a
    /// hot state in this process.
    pub connections: u32,
    /// How long PostgreSQL may work on one statement, or let it wait. Below four seconds, or
    /// nobody waits for its answer.
    pub statement_timeout: Duration,
}

impl RecordSettings {
    /// The record in a file of SQLite.
    pub fn sqlite(path: &Path) -> Self {
        Self::at(sqlite::url(path))
    }

    /// The record in a database of PostgreSQL.
    pub fn postgres(url: String) -> Self {
        Self::at(url)
    }

    fn at(url: String) -> Self {
        Self {
            url,
            connections: CONNECTIONS,
            statement_timeout: STATEMENT_TIMEOUT,
        }
    }
}

impl std::fmt::Debug for RecordSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = if self.url.starts_with("sqlite:") {
            self.url.clone()
        } else {
            address::shown(&self.url)
        };
        f.debug_struct("RecordSettings")
            .field("url", &url)
            .field("connections", &self.connections)
            .field("statement_timeout", &self.statement_timeout)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for url in [
            "postgres://lanyard:hunter2@db/lanyard",
            "postgresql://db/lanyard?password=hunter2",
            "postgres//lanyard:hunter2@db",
        ] {
            let shown = format!("{:?}", RecordSettings::postgres(url.to_owned()));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let shown = format!("{:?}", RecordSettings::sqlite(Path::new("/data/a.db")));
        assert!(shown.contains("/data/a.db"), "{shown}");
    }
}
