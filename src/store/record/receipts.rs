//! What became of an attempt to deliver a notice.

use super::jobs::Durability;
use super::{Record, RecordError};
use crate::clock::Timestamp;

/// The outcome of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The client took it.
    Delivered {
        /// HTTP status.
        status: u16,
    },
    /// It did not work; try again.
    Retry {
        /// When.
        next: Timestamp,
        /// HTTP status, if there was an answer.
        status: Option<u16>,
        /// What went wrong.
        problem: String,
    },
    /// The client understood, and does not take it (Back-Channel Logout 1.0, 2.8): trying again
    /// would not help.
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// It did not work for too long.
    GaveUp {
        /// HTTP status of the last attempt, if there was an answer.
        status: Option<u16>,
        /// What went wrong.
        problem: String,
    },
}

const WRITE: &str = "UPDATE notices SET state = $1, last_status = COALESCE($2, last_status), \
     problem = $3, next_at = COALESCE($4, next_at), last_attempt_at = $5, settled_at = $6, \
     leased_by = NULL, leased_until = NULL WHERE sid = $7 AND state = 'due'";

impl Record {
    /// Writes what became of an attempt; false if the notice was settled before.
    pub async fn receipt(
        &self,
        id: &str,
        receipt: Receipt,
        at: Timestamp,
    ) -> Result<bool, RecordError> {
        let params = (id.to_owned(), Columns::of(receipt, at), at);
        self.write(Durability::Normal, params, |conn, (id, columns, at)| {
            Box::pin(async move {
                let query = sqlx::query(WRITE)
                    .bind(columns.state)
                    .bind(columns.status.map(i64::from))
                    .bind(columns.problem.as_deref())
                    .bind(columns.next.map(Timestamp::as_millis))
                    .bind(at.as_millis())
                    .bind(columns.settled.map(Timestamp::as_millis))
                    .bind(id.as_str());
                Ok(query.execute(conn).await?.rows_affected() == 1)
            })
        })
        .await
    }
}

struct Columns {
    state: &'static str,
    status: Option<u16>,
    problem: Option<String>,
    next: Option<Timestamp>,
    settled: Option<Timestamp>,
}

impl Columns {
    fn of(receipt: Receipt, at: Timestamp) -> Self {
        let settled = |state, status, problem| Self {
            state,
            status,
            problem,
            next: None,
            settled: Some(at),
        };
        match receipt {
            Receipt::Delivered { status } => settled("delivered", Some(status), None),
            Receipt::Refused { status } => settled("refused", Some(status), None),
            Receipt::GaveUp { status, problem } => settled("gave_up", status, Some(problem)),
            Receipt::Retry {
                next,
                status,
                problem,
            } => Self {
                state: "due",
                status,
                problem: Some(problem),
                next: Some(next),
                settled: None,
            },
        }
    }
}
