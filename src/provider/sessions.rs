//! Every way a session ends passes here.
//!
//! The order carries the promise: one SQL transaction (ended, notices, audit, ends log), then the
//! tombstone, then the answer, then delivery. A tombstone that was not acknowledged is 503;
//! ending again finds it ended, writes the tombstone and answers.

use std::time::Duration;

use tracing::Instrument as _;

use super::Provider;
use super::trouble::Trouble;
use crate::entropy::SessionId;
use crate::failpoint::FailPoint;
use crate::session::ending::{Actor, Reason, Selection, Verb};
use crate::store::record::{self, MassEnd, MassOrder};

/// Tombstones outlive any commit that was under way, and the half minute that a node may go
/// without reading the ends log.
pub(super) const TOMBSTONE: Duration = record::TOMBSTONE;

/// What an end did.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// Sessions that are ended now, by this call or before.
    pub sessions: Vec<SessionId>,
    /// How many sessions lived until now.
    pub fresh: usize,
    /// Notices owed because of it.
    pub notices: u64,
    /// The name of the end, where it is one of very many: all of it is refused from now on, and
    /// its rows are worked off behind it.
    pub mass: Option<String>,
}

impl Provider {
    /// Ends what is selected. Whether `offline_access` grants end too follows from the reason.
    pub async fn end(
        &self,
        selection: &Selection,
        reason: Reason,
        actor: &Actor,
    ) -> Result<Ended, Trouble> {
        self.end_as(selection, reason, reason.verb(), actor).await
    }

    /// The same, saying aloud whether it is a logout or a revocation.
    pub async fn end_as(
        &self,
        selection: &Selection,
        reason: Reason,
        verb: Verb,
        actor: &Actor,
    ) -> Result<Ended, Trouble> {
        self.end_noted(selection, reason, verb, (actor, None)).await
    }

    /// The same, with what the actor says of it, for the audit.
    ///
    /// Runs to its end in a task of its own: a browser that goes away between the transaction and
    /// the tombstone must not leave the one without the other.
    pub async fn end_noted(
        &self,
        selection: &Selection,
        reason: Reason,
        verb: Verb,
        (actor, note): (&Actor, Option<&str>),
    ) -> Result<Ended, Trouble> {
        let Some(me) = self.me.upgrade() else {
            return Err(Trouble::Internal("the house is closing".to_owned()));
        };
        let (selection, actor) = (selection.clone(), actor.clone());
        let note = note.map(ToOwned::to_owned);
        let task = async move {
            let by = (&actor, note.as_deref());
            me.end_now(&selection, reason, verb, by).await
        };
        tokio::spawn(task.in_current_span())
            .await
            .map_err(|error| Trouble::Internal(error.to_string()))?
    }

    /// Begins an end of very many: of everything, of all that a client has, or of what matches a
    /// question. From the answer on all of it is refused here, and at other nodes as soon as they
    /// have read the log; what matches a question, as it is worked off.
    pub(super) async fn end_very_many(&self, order: MassOrder) -> Result<MassEnd, Trouble> {
        let Some(me) = self.me.upgrade() else {
            return Err(Trouble::Internal("the house is closing".to_owned()));
        };
        let task = async move {
            let end = me.record.begin_mass_end(&order).await?;
            me.fail_points.at(FailPoint::EndRecorded).await;
            me.ends.follow(&me.record, me.clock.now()).await?;
            me.mass_due.notify_one();
            Ok(end)
        };
        tokio::spawn(task.in_current_span())
            .await
            .map_err(|error| Trouble::Internal(error.to_string()))?
    }

    async fn end_now(
        &self,
        selection: &Selection,
        reason: Reason,
        verb: Verb,
        by: (&Actor, Option<&str>),
    ) -> Result<Ended, Trouble> {
        // A grant that SQL has not seen yet could not be marked ended there, and would come back.
        self.flush().await?;
        let ended = self
            .record
            .end_noted(selection, reason, verb, by, self.clock.now())
            .await?;
        self.count_end(selection, reason, &ended);
        self.fail_points.at(FailPoint::EndRecorded).await;
        self.bury_ended(selection, &ended).await?;
        self.fail_points.at(FailPoint::EndBuried).await;
        // Only to know of it: what others ended is not waited for.
        self.ends.follow(&self.record, self.clock.now()).await?;
        self.notices_due.notify_one();
        self.mass_due.notify_one();
        let sessions: Vec<_> = ended
            .sessions
            .into_iter()
            .map(|session| session.id)
            .collect();
        Ok(Ended {
            sessions,
            fresh: ended.fresh,
            notices: ended.notices,
            mass: ended.mass,
        })
    }

    fn count_end(&self, selection: &Selection, reason: Reason, ended: &record::Ended) {
        if ended.mass.is_some() {
            // Counted as their rows are worked off.
            return;
        }
        let fresh = u64::try_from(ended.fresh).unwrap_or(u64::MAX);
        match selection {
            Selection::Session(_) | Selection::Person { .. } => {
                self.meters.sessions_ended(reason.as_str(), fresh);
            }
            // These always are ends of very many.
            Selection::Matching { .. } | Selection::Everything { .. } => {}
            // All of it was over before.
            _ if ended.position.is_none() => {}
            Selection::ClientInSession(..)
            | Selection::ClientOfPerson(..)
            | Selection::Client(_) => {
                self.meters.part_ended("client", reason.as_str());
            }
            Selection::Grant(..) => self.meters.part_ended("grant", reason.as_str()),
        }
    }
}
