//! What is particular to SQLite: how it is opened, and the words of its transactions.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _};

use super::RecordError;
use super::jobs::Durability;
use crate::store::denied;

/// Takes the write lock at once: a transaction that reads first and writes later could find that
/// another process wrote in between, and fail without waiting.
pub(super) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// Another process (the command line) may hold the write lock for a moment.
const WRITER: &str = "PRAGMA busy_timeout = 2000; PRAGMA synchronous = NORMAL; \
     PRAGMA journal_size_limit = 67108864";
const WAL: &str = "PRAGMA journal_mode = WAL";
const READER: &str = "PRAGMA busy_timeout = 2000; PRAGMA query_only = ON";

const WAL_TRIES: u32 = 100;
const WAL_PAUSE: Duration = Duration::from_millis(20);
const READERS: u32 = 4;
/// A request must not wait longer for a free reader than it may take altogether.
const READER_WAIT: Duration = Duration::from_secs(2);

/// The setting under which a batch is committed.
pub(super) const fn synchronous(durability: Durability) -> &'static str {
    match durability {
        Durability::Normal => "PRAGMA synchronous = NORMAL",
        Durability::Full => "PRAGMA synchronous = FULL",
    }
}

/// Where the file of a `sqlite:` URL lies.
pub(super) fn path(url: &str) -> Result<PathBuf, RecordError> {
    if !url.starts_with("sqlite:") {
        return Err(RecordError::new(
            "the record lies in SQLite or PostgreSQL: sqlite:PATH, or postgres://USER@HOST/DATABASE",
        ));
    }
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(RecordError::new("the record needs a file: sqlite:PATH"));
    }
    let options = SqliteConnectOptions::from_str(url)?;
    std::path::absolute(options.get_filename()).map_err(|error| RecordError::new(error.to_string()))
}

/// The URL of a file.
pub(super) fn url(path: &Path) -> String {
    // The driver escapes all but the escape itself.
    let name = path.to_string_lossy().replace('%', "%25");
    SqliteConnectOptions::new()
        .filename(name)
        .to_url_lossy()
        .to_string()
}

/// How both kinds of connections find the file.
pub(super) fn options(path: &Path) -> Result<AnyConnectOptions, RecordError> {
    Ok(AnyConnectOptions::from_str(&url(path))?.disable_statement_logging())
}

/// Makes the file, and its folder, for its owner only: it holds password hashes. SQLite gives its
/// companion files (WAL, shared memory) the same mode.
pub(super) fn create(path: &Path) -> std::io::Result<()> {
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    if let Some(folder) = path.parent() {
        let mut make = std::fs::DirBuilder::new();
        make.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
        make.create(folder)?;
    }
    open.open(path).map(drop)
}

/// Whose the file or one of its companions is, if another user made it.
pub(super) fn stranger(path: &Path) -> Option<String> {
    ["", "-wal", "-shm"].iter().find_map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        denied::stranger(Path::new(&name))
    })
}

/// The one connection that writes.
pub(super) async fn connect_writer(
    options: &AnyConnectOptions,
) -> Result<AnyConnection, RecordError> {
    let mut conn = options.connect().await?;
    sqlx::raw_sql(WRITER).execute(&mut conn).await?;
    // Two processes that find a new file both switch its mode: SQLite does not wait here.
    for _ in 1..WAL_TRIES {
        match sqlx::raw_sql(WAL).execute(&mut conn).await {
            Err(sqlx::Error::Database(error)) if is_busy(&*error) => {
                tokio::time::sleep(WAL_PAUSE).await;
            }
            other => return Ok(other.map(|_| conn)?),
        }
    }
    sqlx::raw_sql(WAL).execute(&mut conn).await?;
    Ok(conn)
}

/// The connections that only read; opened when first needed.
pub(super) fn readers(options: AnyConnectOptions) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(READER_WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|conn, _| {
            Box::pin(async move { sqlx::raw_sql(READER).execute(conn).await.map(drop) })
        })
        .connect_lazy_with(options)
}

fn is_busy(error: &dyn DatabaseError) -> bool {
    error.message().starts_with("database is locked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_paths_go_round() {
        for name in [
            "/data/lanyard.db",
            "/with space/a.db",
            "/q?/b#.db",
            "/100%41/ü.db",
        ] {
            let there = url(Path::new(name));
            assert_eq!(path(&there).unwrap(), Path::new(name), "{there}");
        }
        assert_eq!(path("sqlite:/data/x.db").unwrap(), Path::new("/data/x.db"));
        let here = std::env::current_dir().unwrap();
        assert_eq!(path("sqlite:data/x.db").unwrap(), here.join("data/x.db"));
        assert_eq!(
            path("sqlite://./data/x.db").unwrap(),
            here.join("data/x.db")
        );
    }

    #[test]
    fn other_databases_are_refused_with_a_remedy() {
        for url in ["mysql://lanyard@db/lanyard", "sqlite::memory:", "data/x.db"] {
            assert!(
                path(url).unwrap_err().to_string().contains("sqlite:PATH"),
                "{url}"
            );
        }
    }
}
