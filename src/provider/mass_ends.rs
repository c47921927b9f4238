//! Ends of very many sessions by an administrator: a dry run, carrying it out, how far it is; and
//! the worker behind it. The plan travels through the form, sealed: carrying it out twice begins it
//! once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Provider;
use super::administrators::Administrator;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::SessionId;
use crate::failpoint::FailPoint;
use crate::session::ending::Reason;
use crate::store::record::{MassBatch, MassCounts, MassEnd, MassOrder, MassProgress, MassScope};
use crate::store::seal::Purpose;

/// How long a plan is good.
pub const PLAN_FOR: Duration = Duration::from_mins(10);
const ABOUT: &[u8] = b"plan of a mass end";

/// What would end.
#[derive(Clone, Debug)]
pub struct MassPlan {
    /// As of when.
    pub at: Timestamp,
    /// What would end.
    pub scope: MassScope,
    /// How much.
    pub counts: MassCounts,
    /// The administrator's own session is left alone.
    pub spares_own: bool,
    /// To carry it out, within [`PLAN_FOR`].
    pub plan: String,
}

/// What became of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarriedOut {
    /// It is under way, or done, under this name.
    Begun(String),
    /// It is too old, or none of this administrator's.
    Void,
}

#[derive(Serialize, Deserialize)]
struct Plan {
    id: String,
    scope: MassScope,
    spared: Option<SessionId>,
    expected: i64,
    by: SessionId,
    until: Timestamp,
}

impl Provider {
    /// Counts what would end now. Nothing is changed.
    pub async fn plan_mass_end(
        &self,
        administrator: &Administrator,
        scope: MassScope,
        spares_own: bool,
    ) -> Result<MassPlan, Trouble> {
        let at = self.clock.now();
        let own = administrator.visitor.session;
        let spared = spares_own.then_some(own);
        let counts = self.record.plan_mass_end(&scope, spared, at).await?;
        let plan = Plan {
            id: self.record.mass_id(),
            scope: scope.clone(),
            spared,
            expected: counts.sessions,
            by: own,
            until: at + PLAN_FOR,
        };
        let bytes = serde_json::to_vec(&plan)
            .map_err(|_| Trouble::Internal("a plan cannot be written".to_owned()))?;
        let plan = self
            .sealer
            .seal_text(Purpose::Handle, ABOUT, &bytes, &self.entropy);
        Ok(MassPlan {
            at,
            scope,
            counts,
            spares_own,
            plan,
        })
    }

    /// Ends what a plan names: all that matches now.
    pub async fn carry_out(
        &self,
        administrator: &Administrator,
        plan: &str,
        note: Option<&str>,
    ) -> Result<CarriedOut, Trouble> {
        let bytes = self.sealer.open_text(Purpose::Handle, ABOUT, plan);
        let plan = bytes.and_then(|bytes| serde_json::from_slice::<Plan>(&bytes).ok());
        let now = self.clock.now();
        let own = administrator.visitor.session;
        let Some(plan) = plan.filter(|plan| plan.by == own && now < plan.until) else {
            return Ok(CarriedOut::Void);
        };
        let order = MassOrder {
            id: plan.id,
            scope: plan.scope,
            spared: plan.spared,
            reason: Reason::Admin,
            verb: Reason::Admin.verb(),
            actor: administrator.actor(),
            note: note.map(ToOwned::to_owned),
            expected: plan.expected,
            now,
        };
        let end = self.end_very_many(order).await?;
        self.count_live_anew().await;
        Ok(CarriedOut::Begun(end.id))
    }

    /// How far an end of very many is.
    pub async fn mass_progress(&self, id: &str) -> Result<Option<MassProgress>, Trouble> {
        Ok(self.record.mass_progress(id).await?)
    }

    /// The latest ends of very many, the newest first.
    pub async fn latest_mass_ends(&self) -> Result<Vec<MassEnd>, Trouble> {
        Ok(self.record.latest_mass_ends().await?)
    }

    /// Works off one batch of each end that is under way; whether there is more to do at once.
    pub(super) async fn work_off(&self) -> Result<bool, Trouble> {
        let open = self.record.open_mass_ends().await?;
        if open.is_empty() || !self.has_work("mass ends").await? {
            return Ok(false);
        }
        let mut more = false;
        for end in open {
            let batch = match end.scope {
                MassScope::Question(_) => self.record.mass_question_batch(&end).await?,
                MassScope::Everything | MassScope::Client(_) | MassScope::Person(_) => {
                    self.record.mass_batch(&end.id).await?
                }
            };
            more |= batch.more;
            if batch.ended.fresh > 0 {
                self.fail_points.at(FailPoint::MassBatchRecorded).await;
            }
            self.settle(&end, batch).await;
        }
        Ok(more)
    }

    /// After a batch: its notices go out, and the hot copies make room. These are believed by
    /// nobody any more; one that cannot be removed now runs out by itself.
    async fn settle(&self, end: &MassEnd, batch: MassBatch) {
        let MassBatch { ended, .. } = batch;
        self.notices_due.notify_one();
        if ended.position.is_some() {
            self.to_bury.notify_one();
        }
        let fresh = u64::try_from(ended.fresh).unwrap_or(u64::MAX);
        match end.scope {
            MassScope::Client(_) if fresh > 0 => {
                self.meters.part_ended("client", end.reason.as_str());
            }
            MassScope::Client(_) => {}
            MassScope::Everything | MassScope::Person(_) | MassScope::Question(_) => {
                self.meters.sessions_ended(end.reason.as_str(), fresh);
            }
        }
        let whole = !matches!(end.scope, MassScope::Client(_));
        if let Err(error) = self.bury_all(&self.bulk, &ended, None, whole).await {
            tracing::debug!(%error, "hot copies of ended sessions were not removed");
        }
    }
}
