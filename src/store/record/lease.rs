//! The exclusive lease of the in-process hot store: two processes with hot states of their own on
//! one record would each accept what the other has ended.
//!
//! Whether the holder lives is known by a lock that goes with it, however it dies: of the operating
//! system on a file beside SQLite's, of PostgreSQL for as long as a connection stands. The row in
//! the database only says who it is.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::backend::Backend;
use super::holder::{self, Holder};
use super::jobs::Durability;
use super::lease_lock::{self, Keeper};
use super::{Record, RecordError};
use crate::store::denied;

/// The lease. Held until it is dropped, or the process is gone.
#[derive(Debug)]
pub struct Lease(Kept);

#[derive(Debug)]
enum Kept {
    File { _locked: File },
    Connection(Keeper),
}

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Another process has it.
    #[error("these data are in use by {by}")]
    Held {
        /// Which, in words.
        by: String,
    },
    /// It cannot be known.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Lease {
    /// Whether another process has it by now. That can happen where the connection to PostgreSQL
    /// was lost: its lock went with it, and another was quicker. From here on this process must
    /// not answer from its hot state. A file's lock is never lost.
    pub fn lost(&self) -> bool {
        match &self.0 {
            Kept::File { .. } => false,
            Kept::Connection(keeper) => keeper.lost(),
        }
    }

    /// Returns when the lease is lost; never, if it never is.
    pub async fn until_lost(&self) {
        match &self.0 {
            Kept::File { .. } => std::future::pending().await,
            Kept::Connection(keeper) => keeper.until_lost().await,
        }
    }
}

impl Record {
    /// Takes the lease, or says who has it.
    pub async fn hold(&self, holder: Holder) -> Result<Lease, LeaseError> {
        let kept = match &self.0.backend {
            Backend::Sqlite { path, .. } => {
                lock(&beside(path))?.map(|file| Kept::File { _locked: file })
            }
            Backend::Postgres { server, .. } => lease_lock::hold(server.clone(), holder.clone())
                .await?
                .map(Kept::Connection),
        };
        let Some(kept) = kept else {
            return Err(LeaseError::Held {
                by: holder::words(self.holder().await?),
            });
        };
        self.write(Durability::Normal, holder, |conn, holder| {
            Box::pin(holder::write(conn, holder))
        })
        .await?;
        Ok(Lease(kept))
    }

    async fn holder(&self) -> Result<Option<Holder>, RecordError> {
        let mut conn = self.reader().await?;
        conn.ask(holder::read).await
    }
}

/// Locks a file, which is made; none if another process has it.
fn lock(path: &Path) -> Result<Option<File>, RecordError> {
    let blocked = |error| {
        let why = denied::words(path, &error);
        RecordError::new(format!("{}: {why}", path.display()))
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(blocked)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(blocked(error)),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.to_path_buf().into_os_string();
    name.push(".lease");
    PathBuf::from(name)
}
