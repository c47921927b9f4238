//! An end that is asked for.

use crate::clock::Timestamp;
use crate::session::ending::{Actor, Reason, Selection, Verb};

/// What is to end, and all that is said of it.
pub(super) struct Ending {
    pub(super) selection: Selection,
    pub(super) reason: Reason,
    pub(super) verb: Verb,
    pub(super) actor: Actor,
    pub(super) now: Timestamp,
    pub(super) audit_id: String,
}
