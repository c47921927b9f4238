//! What the hot state knows better than the record, on its way there: activity of sessions, and
//! the places of refresh-token families. Losing it costs somebody a silent sign-in, never more.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use super::Provider;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{GrantId, SessionId, Sid};
use crate::session::grant::Grant;

#[derive(Debug, Default)]
pub(super) struct Flush {
    activity: Mutex<HashMap<SessionId, Timestamp>>,
    grants: Mutex<HashMap<GrantId, Grant>>,
    /// Refreshes that timelines tell of.
    refreshes: Mutex<HashMap<Sid, Timestamp>>,
    /// Session-bound grants that gave way to newer ones.
    gone: Mutex<HashMap<GrantId, Timestamp>>,
}

impl Flush {
    pub(super) fn active(&self, session: SessionId, at: Timestamp) {
        latest(&self.activity, session, at);
    }

    pub(super) fn refreshed(&self, sid: Sid, at: Timestamp) {
        latest(&self.refreshes, sid, at);
    }

    pub(super) fn grant(&self, grant: Grant) {
        let mut grants = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        let known = grants
            .get(&grant.id)
            .is_some_and(|known| known.place > grant.place);
        if !known {
            grants.insert(grant.id, grant);
        }
    }

    pub(super) fn gone(&self, grant: GrantId, at: Timestamp) {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.entry(grant).or_insert(at);
    }
}

impl Provider {
    /// Notes where a family stands. One that ends with its session is written back only from a
    /// hot state in this process, which does not outlive it: in Redis it would cost SQL a write
    /// for each refresh, and what is lost there is got again by a silent sign-in.
    pub(super) fn write_back_grant(&self, grant: &Grant) {
        if grant.offline || !self.hot.is_shared() {
            self.flush.grant(grant.clone());
        }
    }

    /// Writes what waits. What could not be written waits on.
    pub(super) async fn flush(&self) -> Result<(), Trouble> {
        let activity = take(&self.flush.activity);
        if !activity.is_empty() {
            let batch: Vec<_> = activity.into_iter().collect();
            if let Err(error) = self.record.touch(&batch).await {
                for (session, at) in batch {
                    self.flush.active(session, at);
                }
                return Err(error.into());
            }
        }
        let refreshes: Vec<_> = take(&self.flush.refreshes).into_iter().collect();
        if let Err(error) = self.record.note_refreshes(&refreshes).await {
            for (sid, at) in refreshes {
                self.flush.refreshed(sid, at);
            }
            return Err(error.into());
        }
        let grants: Vec<_> = take(&self.flush.grants).into_values().collect();
        if !grants.is_empty()
            && let Err(error) = self.record.save_grants(&grants).await
        {
            for grant in grants {
                self.flush.grant(grant);
            }
            return Err(error.into());
        }
        // After the grants: among them may be one that gave way before it was ever written.
        let gone: Vec<_> = take(&self.flush.gone).into_iter().collect();
        if !gone.is_empty()
            && let Err(error) = self.record.end_displaced(&gone).await
        {
            for (grant, at) in gone {
                self.flush.gone(grant, at);
            }
            return Err(error.into());
        }
        Ok(())
    }
}

fn latest<K: Eq + Hash>(map: &Mutex<HashMap<K, Timestamp>>, key: K, at: Timestamp) {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    let known = map.entry(key).or_insert(at);
    *known = (*known).max(at);
}

fn take<K, V>(map: &Mutex<HashMap<K, V>>) -> HashMap<K, V> {
    std::mem::take(&mut *map.lock().unwrap_or_else(PoisonError::into_inner))
}
