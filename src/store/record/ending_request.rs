//! What an end is asked to do, for one transaction of it.

use super::ended::Ended;
use crate::clock::Timestamp;
use crate::session::ending::{Actor, Reason, Selection, Verb};

/// One transaction of an end.
pub(super) struct Ending {
    pub(super) selection: Selection,
    pub(super) reason: Reason,
    pub(super) verb: Verb,
    pub(super) actor: Actor,
    /// Why, in the actor's own words.
    pub(super) note: Option<String>,
    pub(super) now: Timestamp,
    pub(super) audit_id: String,
    /// Whether no transaction went before.
    pub(super) first: bool,
}

/// What one transaction did, and whether it leaves something to the next.
pub(super) type Part = (Ended, bool);
