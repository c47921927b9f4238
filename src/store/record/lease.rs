//! The exclusive lease of the in-process hot store: two processes with hot states of their own on
//! one record would each accept what the other has ended.
//!
//! Whether the holder lives is known by a lock of the operating system, which is gone with the
//! process however that dies; the row in the database only says who it is.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;

use super::jobs::Durability;
use super::rows::Columns as _;
use super::{Record, RecordError};
use crate::clock::Timestamp;

/// Who holds the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Since when.
    pub started: Timestamp,
    /// Where it listens.
    pub listen: String,
}

/// The lease. Held until it is dropped, or the process is gone.
#[derive(Debug)]
pub struct Lease {
    _locked: File,
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

impl Record {
    /// Takes the lease, or says who has it.
    pub async fn hold(&self, holder: Holder) -> Result<Lease, LeaseError> {
        let path = self.lease_path();
        let blocked = |error| RecordError::new(format!("{}: {error}", path.display()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(blocked)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LeaseError::Held {
                    by: self.holder().await?,
                });
            }
            Err(TryLockError::Error(error)) => return Err(blocked(error).into()),
        }
        self.write(Durability::Normal, holder, |conn, holder| {
            Box::pin(async move {
                let sql = "INSERT INTO leases (name, pid, started_at, listen) \
                     VALUES ('hot', $1, $2, $3) ON CONFLICT (name) DO UPDATE SET \
                     pid = excluded.pid, started_at = excluded.started_at, \
                     listen = excluded.listen";
                sqlx::query(sql)
                    .bind(i64::from(holder.pid))
                    .bind(holder.started.as_millis())
                    .bind(holder.listen.as_str())
                    .execute(conn)
                    .await?;
                Ok(())
            })
        })
        .await?;
        Ok(Lease { _locked: file })
    }

    async fn holder(&self) -> Result<String, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query("SELECT pid, started_at, listen FROM leases WHERE name = 'hot'");
        let Some(row) = query.fetch_optional(&mut *conn).await? else {
            return Ok("another process that has just started".to_owned());
        };
        let (pid, listen) = (row.integer("pid")?, row.text("listen")?);
        let since = jiff::Timestamp::from_millisecond(row.integer("started_at")?)
            .map(|at| at.to_string())
            .unwrap_or_default();
        Ok(format!(
            "process {pid}, running since {since}, listening on {listen}"
        ))
    }

    fn lease_path(&self) -> PathBuf {
        let mut name = self.0.path.clone().into_os_string();
        name.push(".lease");
        PathBuf::from(name)
    }
}
