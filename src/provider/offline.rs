//! `offline_access` grants: an SQL row and a hot copy under a root of their own, as they outlive
//! the session in which they were given.

use super::Provider;
use super::documents::{self, OfflineDocument};
use super::trouble::Trouble;
use crate::entropy::GrantId;
use crate::session::ending::{Actor, Reason, Selection};
use crate::session::grant::Grant;
use crate::store::hot::{Check, Effect, Name, Outcome, Slot};

/// A live offline grant, with the other documents that were asked for.
pub(super) struct Offline {
    pub(super) grant: Grant,
    pub(super) version: u64,
    pub(super) position: i64,
    pub(super) slots: Vec<Slot>,
}

impl Provider {
    /// SQL first, then the hot copy. False: the person was disabled meanwhile.
    pub(super) async fn begin_offline(&self, grant: &Grant) -> Result<bool, Trouble> {
        let position = self.ends.head();
        if !self.record.insert_offline_grant(grant).await? {
            return Ok(false);
        }
        let checks = vec![Check::Absent(documents::grant(&grant.id))];
        let put = self.put_offline(grant, position);
        let outcome = self
            .commit(&Self::offline_root(grant.id), checks, vec![put])
            .await?;
        Ok(outcome == Outcome::Committed)
    }

    pub(super) fn put_offline(&self, grant: &Grant, position: i64) -> Effect {
        let document = OfflineDocument {
            grant: grant.clone(),
            position,
        };
        let root = Self::offline_root(grant.id);
        self.put(&root, documents::grant(&grant.id), &document, grant.expires)
    }

    /// A live offline grant of an enabled person, and more documents under its root.
    pub(super) async fn offline_grant(
        &self,
        id: GrantId,
        names: &[Name],
    ) -> Result<Option<Offline>, Trouble> {
        self.demand_fresh_ends()?;
        let root = Self::offline_root(id);
        let name = documents::grant(&id);
        let mut wanted = vec![name.clone()];
        wanted.extend_from_slice(names);
        for _ in 0..3 {
            let slots = self.hot.read(&root, &wanted).await?;
            if slots.first() == Some(&Slot::Tombstone) || self.ends.grant_ended(&id) {
                return Ok(None);
            }
            let found = self.document::<OfflineDocument>(&root, &name, slots.first());
            if let Some((document, version)) = found
                && let Some(position) = self.ends.trusts_grant(&id, document.position)
            {
                let slots = slots.into_iter().skip(1).collect();
                let offline = Offline {
                    grant: document.grant,
                    version,
                    position,
                    slots,
                };
                return self.judge_offline(offline).await;
            }
            if !self.reload_offline(id, slots.first()).await? {
                return Ok(None);
            }
        }
        Err(Trouble::contention())
    }

    async fn judge_offline(&self, offline: Offline) -> Result<Option<Offline>, Trouble> {
        if self.offline_has_run_out(&offline.grant).await? {
            return Ok(None);
        }
        let enabled = self.enabled_person(&offline.grant.user).await?.is_some();
        Ok(enabled.then_some(offline))
    }

    /// Whether a grant is past a deadline. If it is, it is ended.
    async fn offline_has_run_out(&self, grant: &Grant) -> Result<bool, Trouble> {
        let client = self.client(&grant.client).await?;
        let idle = client.map_or(self.settings.offline.idle_timeout, |client| {
            self.refresh_idle(&client)
        });
        let now = self.clock.now();
        let reason = if now >= grant.expires {
            Reason::Lifetime
        } else if now >= grant.last_used + idle {
            Reason::Idle
        } else {
            return Ok(false);
        };
        let selection = Selection::Grant(grant.id, grant.session);
        self.end(&selection, reason, &Actor::System).await?;
        Ok(true)
    }

    /// False: SQL says that it ended, or never was.
    async fn reload_offline(&self, id: GrantId, slot: Option<&Slot>) -> Result<bool, Trouble> {
        let name = documents::grant(&id);
        let root = Self::offline_root(id);
        // Taken before the row is read: never later than what the row says.
        let position = self.ends.head();
        let Some((grant, ended)) = self.record.grant(&id).await? else {
            return Ok(false);
        };
        if ended || !grant.offline {
            return Ok(false);
        }
        let as_found = match slot {
            Some(Slot::Found { version, .. }) => Check::At(name, *version),
            _ => Check::Absent(name),
        };
        // The hot copy is ahead of the row by what waits to be written back, unless it was put back
        // to an older one: a token that was rotated away since must not live again.
        let known = self.document::<OfflineDocument>(&root, &documents::grant(&id), slot);
        let grant = match known {
            Some((document, _)) if document.grant.place >= grant.place => document.grant,
            _ => grant,
        };
        // A hot copy past its lifetime is gone as soon as it is put: it would be sought forever.
        if self.offline_has_run_out(&grant).await? {
            return Ok(false);
        }
        self.commit(
            &root,
            vec![as_found],
            vec![self.put_offline(&grant, position)],
        )
        .await?;
        Ok(true)
    }
}
