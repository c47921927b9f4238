//! What became of an attempt to deliver a notice.

use sqlx::AnyConnection;

use super::audit::{self, AuditEntry};
use super::audit_action::AuditAction;
use super::jobs::Durability;
use super::notice_attempts::{self, FailedAttempt};
use super::rows::Columns as _;
use super::{Record, RecordError, reference};
use crate::clock::Timestamp;
use crate::entropy::Sid;
use crate::session::ending::Actor;

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

impl Receipt {
    /// What the audit calls it, where the client is never told and somebody must look at it.
    pub const fn alarm(&self) -> Option<AuditAction> {
        match self {
            Self::Refused { .. } => Some(AuditAction::NoticeRefused),
            Self::GaveUp { .. } => Some(AuditAction::NoticeGivenUp),
            Self::Delivered { .. } | Self::Retry { .. } => None,
        }
    }
}

const WRITE: &str = "UPDATE notices SET state = $1, last_status = COALESCE($2, last_status), \
     problem = $3, next_at = COALESCE($4, next_at), last_attempt_at = $5, settled_at = $6, \
     leased_by = NULL, leased_until = NULL WHERE sid = $7 AND state = 'due' \
     RETURNING sid, session_id, client_id, attempts";

impl Record {
    /// Writes what became of an attempt; false if the notice was settled before. An end of which
    /// the client is never told is audited with it, and so once.
    pub async fn receipt(
        &self,
        id: &str,
        receipt: Receipt,
        at: Timestamp,
    ) -> Result<bool, RecordError> {
        let attempt = Attempt {
            notice: id.to_owned(),
            alarm: receipt.alarm(),
            columns: Columns::of(receipt, at),
            at,
            audit_id: self.audit_id(),
        };
        self.write(Durability::Normal, attempt, |conn, attempt| {
            Box::pin(run(conn, attempt))
        })
        .await
    }
}

async fn run(conn: &mut AnyConnection, attempt: &Attempt) -> Result<bool, RecordError> {
    let columns = &attempt.columns;
    let query = sqlx::query(WRITE)
        .bind(columns.state)
        .bind(columns.status.map(i64::from))
        .bind(columns.problem.as_deref())
        .bind(columns.next.map(Timestamp::as_millis))
        .bind(attempt.at.as_millis())
        .bind(columns.settled.map(Timestamp::as_millis))
        .bind(attempt.notice.as_str());
    let Some(row) = query.fetch_optional(&mut *conn).await? else {
        return Ok(false);
    };
    if columns.failed {
        let failed = FailedAttempt {
            sid: Sid::new(row.text("sid")?),
            number: row.integer("attempts")?,
            at: attempt.at,
            status: columns.status,
            problem: columns.problem.clone(),
        };
        notice_attempts::note(conn, &row.text("session_id")?, &failed).await?;
    }
    let Some(action) = attempt.alarm else {
        return Ok(true);
    };
    let entry = AuditEntry {
        at: attempt.at,
        actor: Actor::System.describe(),
        action: action.as_str().to_owned(),
        target: format!("client:{}", row.text("client_id")?),
        session: Some(reference(row.session_id("session_id")?)),
        address: None,
        reason: None,
        detail: None,
    };
    audit::append(conn, &attempt.audit_id, &entry).await?;
    Ok(true)
}

struct Attempt {
    notice: String,
    alarm: Option<AuditAction>,
    columns: Columns,
    at: Timestamp,
    audit_id: String,
}

struct Columns {
    state: &'static str,
    failed: bool,
    status: Option<u16>,
    problem: Option<String>,
    next: Option<Timestamp>,
    settled: Option<Timestamp>,
}

impl Columns {
    fn of(receipt: Receipt, at: Timestamp) -> Self {
        let failed = !matches!(receipt, Receipt::Delivered { .. });
        let settled = |state, status, problem| Self {
            state,
            failed,
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
                failed,
                status,
                problem: Some(problem),
                next: Some(next),
                settled: None,
            },
        }
    }
}
