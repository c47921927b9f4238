//! The two databases, and how each is opened, written to and closed.

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::AnyPool;
use tokio::sync::Notify;

use super::jobs::Job;
use super::postgres::Server;
use super::transactions::Transactions;
use super::writer::{self, Queue};
use super::{RecordError, RecordSettings, address, sqlite};
use crate::store::denied;

/// Where writes go, and what else is particular to a database.
#[derive(Debug)]
pub(super) enum Backend {
    Sqlite {
        path: PathBuf,
        queue: Queue,
    },
    Postgres {
        server: Server,
        writes: Transactions,
    },
}

/// Opens what the settings name: for writing, and a pool for reading.
pub(super) async fn open(
    settings: &RecordSettings,
    wrote: &Arc<Notify>,
) -> Result<(Backend, AnyPool), RecordError> {
    if address::is_url(&settings.url) {
        open_postgres(settings, wrote).await
    } else {
        open_sqlite(settings, wrote).await
    }
}

async fn open_postgres(
    settings: &RecordSettings,
    wrote: &Arc<Notify>,
) -> Result<(Backend, AnyPool), RecordError> {
    let server = Server::new(settings)?;
    // A wrong password, or a host that is not there, is said at once and in the server's words.
    let conn = server.connect().await?;
    sqlx::Connection::close(conn).await?;
    let writes = Transactions::new(server.writers(), Arc::clone(wrote));
    let readers = server.readers();
    Ok((Backend::Postgres { server, writes }, readers))
}

async fn open_sqlite(
    settings: &RecordSettings,
    wrote: &Arc<Notify>,
) -> Result<(Backend, AnyPool), RecordError> {
    let path = sqlite::path(&settings.url)?;
    let blocked = |why: String| RecordError::new(format!("{}: {why}", path.display()));
    sqlite::create(&path).map_err(|error| blocked(denied::words(&path, &error)))?;
    let options = sqlite::options(&path)?;
    let conn =
        sqlite::connect_writer(&options)
            .await
            .map_err(|error| match sqlite::stranger(&path) {
                Some(whose) => blocked(format!("{error}: {whose}")),
                None => blocked(error.to_string()),
            })?;
    let readers = sqlite::readers(options.clone());
    let queue = writer::start(options, conn, Arc::clone(wrote));
    Ok((Backend::Sqlite { path, queue }, readers))
}

impl Backend {
    /// Hands a job over; it will be done, or its caller told why not.
    pub(super) fn submit(&self, job: Box<dyn Job>) -> Result<(), RecordError> {
        match self {
            Self::Sqlite { queue, .. } => queue.submit(job),
            Self::Postgres { writes, .. } => writes.submit(job),
        }
    }

    /// Waits for what was handed over.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { queue, .. } => queue.close().await,
            Self::Postgres { writes, .. } => writes.close().await,
        }
    }
}
