//! What the writer is given: a function with its parameters, and somebody who waits for its answer.

use sqlx::AnyConnection;
use tokio::sync::{Notify, oneshot};

use super::RecordError;

/// A future that borrows what it works on.
pub(super) type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a job does. A function of its parameters alone, so that a back end whose transactions may
/// fail for their neighbours' sake (PostgreSQL, 40001 and 40P01) can run it again.
pub(super) type Work<P, T> =
    for<'a> fn(&'a mut AnyConnection, &'a P) -> BoxFuture<'a, Result<T, RecordError>>;

/// Whether an answer says that the ends log or the change log grew: other processes then have
/// something to read.
pub(super) type Grew<T> = fn(&T) -> bool;

/// What a commit must survive. PostgreSQL is asked for both alike: a hot state of its own may
/// outlive the database's machine, and must not know more than it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Durability {
    /// The end of this process.
    Normal,
    /// The end of the machine's power.
    Full,
}

/// A job, whatever its parameters and answer.
pub(super) trait Job: Send {
    fn durability(&self) -> Durability;
    /// Does the work; whether it may be kept.
    fn run<'a>(&'a mut self, conn: &'a mut AnyConnection) -> BoxFuture<'a, bool>;
    /// Whether the database undid the work because of another transaction.
    fn undone(&self) -> bool;
    /// Tells the caller, after the commit or instead of it; and before that, if a log grew, whoever
    /// waits for that.
    fn answer(self: Box<Self>, committed: &Result<(), RecordError>, wrote: &Notify);
}

struct Task<P, T> {
    durability: Durability,
    params: P,
    work: Work<P, T>,
    grew: Grew<T>,
    result: Option<Result<T, RecordError>>,
    caller: oneshot::Sender<Result<T, RecordError>>,
}

/// Where an answer will come.
pub(super) struct Pending<T>(oneshot::Receiver<Result<T, RecordError>>);

impl<T> Pending<T> {
    pub(super) async fn answer(self) -> Result<T, RecordError> {
        let answer = self.0.await;
        answer.map_err(|_| RecordError::new("the writer stopped"))?
    }
}

/// A job, and where its answer will come.
pub(super) fn job<P, T>(
    durability: Durability,
    params: P,
    work: Work<P, T>,
    grew: Grew<T>,
) -> (Box<dyn Job>, Pending<T>)
where
    P: Send + Sync + 'static,
    T: Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    (
        Box::new(Task {
            durability,
            params,
            work,
            grew,
            result: None,
            caller,
        }),
        Pending(answer),
    )
}

impl<P: Send + Sync, T: Send> Job for Task<P, T> {
    fn durability(&self) -> Durability {
        self.durability
    }

    fn run<'a>(&'a mut self, conn: &'a mut AnyConnection) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let result = (self.work)(conn, &self.params).await;
            let keep = result.is_ok();
            self.result = Some(result);
            keep
        })
    }

    fn undone(&self) -> bool {
        matches!(self.result, Some(Err(RecordError::Undone(_))))
    }

    fn answer(self: Box<Self>, committed: &Result<(), RecordError>, wrote: &Notify) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            // What the work itself says is the better explanation.
            (Err(_), Some(Err(error))) => Err(error),
            (Err(error), _) => Err(error.clone()),
            (Ok(()), None) => Err(RecordError::new("the job did not run")),
        };
        if result.as_ref().is_ok_and(self.grew) {
            wrote.notify_one();
        }
        // A caller that went away needs no answer.
        self.caller.send(result).ok();
    }
}
