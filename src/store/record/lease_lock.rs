//! The lease on PostgreSQL: an advisory lock of a session, on a connection of its own that a task
//! looks at every second. If the connection is lost, the task takes the lock again on a new one.
//! Another process may have been quicker, and may have gone again: the row that names the holder
//! says so, as every holder writes it.

use std::time::Duration;

use sqlx::AnyConnection;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::RecordError;
use super::holder::{self, Holder};
use super::postgres::Server;

/// The lock's name: a number of ours, and the schema in which the record lies.
const TAKE: &str = "SELECT CASE WHEN pg_try_advisory_lock(1281127801, hashtext(current_schema())) \
     THEN 1 ELSE 0 END";
/// The server notices within seconds that a holder's machine is gone, and frees the lock.
const KEEP_ALIVE: &str = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; \
     SET tcp_keepalives_count = 3";

const PULSE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);
/// A holder that has just gone is noticed by the server a moment later.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// Keeps the lock until it is dropped.
#[derive(Debug)]
pub(super) struct Keeper {
    lost: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // The connection goes with its task, and the lock with the connection.
        self.task.abort();
    }
}

impl Keeper {
    pub(super) fn lost(&self) -> bool {
        *self.lost.borrow()
    }

    pub(super) async fn until_lost(&self) {
        let mut lost = self.lost.clone();
        if lost.wait_for(|lost| *lost).await.is_err() {
            // The task ends only after it has said so.
            std::future::pending::<()>().await;
        }
    }
}

/// Takes the lock; none if another process has it.
pub(super) async fn hold(server: Server, holder: Holder) -> Result<Option<Keeper>, RecordError> {
    let mut taken = None;
    for _ in 0..TRIES {
        taken = take(&server).await?;
        if taken.is_some() {
            break;
        }
        sleep(PAUSE).await;
    }
    let Some(conn) = taken else {
        return Ok(None);
    };
    let (say, lost) = watch::channel(false);
    let task = tokio::spawn(async move {
        keep(&server, &holder, conn).await;
        say.send_replace(true);
        tracing::error!("another process has taken the lease of the hot state");
    });
    Ok(Some(Keeper { lost, task }))
}

async fn take(server: &Server) -> Result<Option<AnyConnection>, RecordError> {
    let mut conn = server.connect().await?;
    sqlx::raw_sql(KEEP_ALIVE).execute(&mut conn).await?;
    let taken: i64 = sqlx::query_scalar(TAKE).fetch_one(&mut conn).await?;
    Ok((taken == 1).then_some(conn))
}

/// Returns when another process has the lock.
async fn keep(server: &Server, holder: &Holder, mut conn: AnyConnection) {
    loop {
        watch_over(&mut conn).await;
        tracing::warn!("the connection that holds the lease of the hot state is lost");
        let Some(again) = retake(server, holder).await else {
            return;
        };
        conn = again;
    }
}

/// Returns when the connection is gone.
async fn watch_over(conn: &mut AnyConnection) {
    loop {
        sleep(PULSE).await;
        let pulse = sqlx::raw_sql("SELECT 1").execute(&mut *conn);
        if !matches!(timeout(PATIENCE, pulse).await, Ok(Ok(_))) {
            return;
        }
    }
}

/// Takes the lock again; none if another process has it, or had it meanwhile.
async fn retake(server: &Server, holder: &Holder) -> Option<AnyConnection> {
    loop {
        match timeout(2 * PATIENCE, attempt(server, holder)).await {
            Ok(Ok(Attempt::Taken(conn))) => return Some(conn),
            Ok(Ok(Attempt::Lost)) => return None,
            // The database is away, or has not noticed yet that our old connection is gone.
            Ok(Ok(Attempt::Wait) | Err(_)) | Err(_) => sleep(PULSE).await,
        }
    }
}

enum Attempt {
    Taken(AnyConnection),
    Lost,
    Wait,
}

async fn attempt(server: &Server, holder: &Holder) -> Result<Attempt, RecordError> {
    let (taken, mut conn) = match take(server).await? {
        Some(conn) => (true, conn),
        None => (false, server.connect().await?),
    };
    Ok(match holder::read(&mut conn).await? {
        Some(row) if row != *holder => Attempt::Lost,
        _ if taken => Attempt::Taken(conn),
        _ => Attempt::Wait,
    })
}
