//! A connection that is borrowed from a pool. Every question has its time; a connection of which
//! nobody knows what it is about is closed, not given back.

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool};

use super::{ANSWER_WITHIN, RecordError};
use crate::meters::Call;

/// A connection in use.
#[derive(Debug)]
pub(super) struct Borrowed {
    conn: PoolConnection<Any>,
    in_doubt: bool,
    /// Ends with the loan.
    call: Option<Call>,
}

impl Borrowed {
    /// The pool says how long this may take.
    pub(super) async fn of(pool: &AnyPool) -> Result<Self, RecordError> {
        Ok(Self {
            conn: pool.acquire().await?,
            in_doubt: false,
            call: None,
        })
    }

    /// The same as a call of the record, from waiting for the connection to giving it back.
    pub(super) async fn metered(pool: &AnyPool, mut call: Call) -> Result<Self, RecordError> {
        let borrowed = Self::of(pool).await;
        call.judge(&borrowed);
        let mut borrowed = borrowed?;
        borrowed.call = Some(call);
        Ok(borrowed)
    }

    /// Asks the database. If the time runs out, or the caller goes away in the middle, the
    /// connection is closed.
    pub(super) async fn ask<'c, T, E, Answer>(
        &'c mut self,
        question: impl FnOnce(&'c mut AnyConnection) -> Answer,
    ) -> Result<T, RecordError>
    where
        Answer: Future<Output = Result<T, E>>,
        RecordError: From<E>,
    {
        let Self {
            conn,
            in_doubt,
            call,
        } = self;
        say(call, "abandoned");
        let before = std::mem::replace(in_doubt, true);
        let answer = tokio::time::timeout(ANSWER_WITHIN, question(conn)).await;
        let Ok(answer) = answer else {
            say(call, "error");
            return Err(RecordError::new("the database took too long"));
        };
        *in_doubt = before;
        say(call, if answer.is_ok() { "ok" } else { "error" });
        Ok(answer?)
    }

    /// From here on the connection is closed when it is let go, unless it is settled.
    pub(super) const fn doubt(&mut self) {
        self.in_doubt = true;
    }

    pub(super) const fn settle(&mut self) {
        self.in_doubt = false;
    }
}

fn say(call: &mut Option<Call>, outcome: &'static str) {
    if let Some(call) = call {
        call.came_to(outcome);
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if self.in_doubt {
            self.conn.close_on_drop();
        }
    }
}
