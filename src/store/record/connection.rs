//! A connection that is borrowed from a pool. Every question has its time; a connection of which
//! nobody knows what it is about is closed, not given back.

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool};

use super::{ANSWER_WITHIN, RecordError};

/// A connection in use.
#[derive(Debug)]
pub(super) struct Borrowed {
    conn: PoolConnection<Any>,
    in_doubt: bool,
}

impl Borrowed {
    /// The pool says how long this may take.
    pub(super) async fn of(pool: &AnyPool) -> Result<Self, RecordError> {
        Ok(Self {
            conn: pool.acquire().await?,
            in_doubt: false,
        })
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
        let Self { conn, in_doubt } = self;
        let before = std::mem::replace(in_doubt, true);
        let answer = tokio::time::timeout(ANSWER_WITHIN, question(conn)).await;
        let Ok(answer) = answer else {
            return Err(RecordError::new("the database took too long"));
        };
        *in_doubt = before;
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

impl Drop for Borrowed {
    fn drop(&mut self) {
        if self.in_doubt {
            self.conn.close_on_drop();
        }
    }
}
