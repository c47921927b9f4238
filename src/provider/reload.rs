//! Bringing a session back from the record: one flight per session, a bounded number at a time,
//! and the result of a flight is the outcome of its put, never the row alone.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Provider;
use super::compact::{PartDocument, SessionDocument};
use super::documents;
use super::live::Lookup;
use super::sessions::TOMBSTONE;
use super::trouble::Trouble;
use super::turns::Queues;
use crate::entropy::{ClientId, Root, SessionId, Sid};
use crate::store::Unknown;
use crate::store::hot::{Check, Effect, Name, Outcome, Slot};
use crate::store::record::Snapshot;

/// Reloads that may run at a time: a flushed hot state must not become a flood of SQL.
const AT_A_TIME: usize = 64;
const TRIES: usize = 4;
/// How long a request waits for it, its turn and place included.
const WITHIN: Duration = Duration::from_millis(1_500);
/// How late the record may know of activity: the hot copy is written at most once a minute, and
/// flushed within a second of that.
const LATE: Duration = Duration::from_secs(61);

pub(super) struct Flights {
    places: Semaphore,
    /// Rows read so far: the meter of the bound.
    loads: AtomicU64,
    open: Queues<SessionId>,
}

impl Default for Flights {
    fn default() -> Self {
        Self {
            places: Semaphore::new(AT_A_TIME),
            loads: AtomicU64::new(0),
            open: Queues::default(),
        }
    }
}

impl Provider {
    /// How often sessions were read from the record, as their hot copy was missing or in doubt.
    pub fn reloads(&self) -> u64 {
        self.reloads.loads.load(Ordering::Relaxed)
    }

    /// Brings the hot copy up to what SQL says.
    pub(super) async fn reload(&self, id: SessionId) -> Result<Lookup<()>, Trouble> {
        let done = tokio::time::timeout(WITHIN, self.reload_in_turn(id)).await;
        done.unwrap_or_else(|_| Err(Unknown("reading a session took too long".to_owned()).into()))
    }

    async fn reload_in_turn(&self, id: SessionId) -> Result<Lookup<()>, Trouble> {
        let _turn = self.reloads.open.take(id).await?;
        let _place = self.reloads.places.acquire().await;
        for _ in 0..TRIES {
            if let Some(result) = self.reload_once(id).await? {
                return Ok(result);
            }
        }
        Err(Trouble::contention())
    }

    /// None: somebody else wrote in between; look again.
    async fn reload_once(&self, id: SessionId) -> Result<Option<Lookup<()>>, Trouble> {
        let root = Root::from(id);
        let name = documents::session();
        let slots = self.hot.read(&root, std::slice::from_ref(&name)).await?;
        if slots.first() == Some(&Slot::Tombstone) {
            return Ok(Some(Lookup::Ended));
        }
        // Another flight may have landed while this one waited for its turn.
        let known = self.document::<SessionDocument>(&root, &name, slots.first());
        if known.is_some_and(|(doc, _)| self.ends.trusts_session(&id, doc.position).is_some()) {
            return Ok(Some(Lookup::Live(())));
        }
        self.reloads.loads.fetch_add(1, Ordering::Relaxed);
        let Some(mut snapshot) = self.record.load_session(id).await? else {
            return Ok(Some(Lookup::Ended));
        };
        if snapshot.ended.is_some() {
            let expires = self.clock.now() + TOMBSTONE;
            let effects = vec![Effect::DeleteAll, Effect::Tombstone { name, expires }];
            self.commit(&root, Vec::new(), effects).await?;
            return Ok(Some(Lookup::Ended));
        }
        let now = self.clock.now();
        let session = &mut snapshot.session;
        let late = LATE.min(session.idle_timeout / 6);
        session.last_seen = (session.last_seen + late).min(now).max(session.last_seen);
        // A hot copy past its lifetime is gone as soon as it is put: it would be sought forever.
        if self.has_run_out(session).await? {
            return Ok(Some(Lookup::Ended));
        }
        let as_found = match slots.first() {
            Some(Slot::Found { version, .. }) => Check::At(name, *version),
            _ => Check::Absent(name),
        };
        let (checks, effects) = self.rebuilt(&root, as_found, snapshot).await?;
        let outcome = self.commit(&root, checks, effects).await?;
        Ok((outcome == Outcome::Committed).then_some(Lookup::Live(())))
    }

    /// The commit that puts a snapshot: what is live and missing is put, what ended is removed,
    /// what the hot state has already is newer and stays.
    async fn rebuilt(
        &self,
        root: &Root,
        as_found: Check,
        snapshot: Snapshot,
    ) -> Result<(Vec<Check>, Vec<Effect>), Trouble> {
        let expires = snapshot.session.expires;
        let mut checks = vec![as_found];
        let mut effects = vec![self.put_session(snapshot.session, snapshot.position)];

        let members = &snapshot.participants;
        let names: Vec<Name> = members
            .iter()
            .map(|member| documents::participant(&member.client))
            .collect();
        let slots = self.hot.read(root, &names).await?;
        for ((member, name), slot) in members.iter().zip(names).zip(slots) {
            let known = self.document::<PartDocument>(root, &name, Some(&slot));
            checks.push(unchanged(&name, &slot));
            checks.push(Check::NoTombstone(documents::ended_participant(
                &member.sid,
            )));
            if known.is_none_or(|(known, _)| known.sid != member.sid) {
                let member = member.clone().within_limit();
                let document = PartDocument::new(&member, &snapshot.grants);
                effects.push(self.put(root, name, &document, expires));
            }
        }
        let over = &snapshot.ended_participants;
        let over = over
            .iter()
            .filter(|(client, _)| members.iter().all(|member| member.client != *client));
        self.removed(root, over, &mut checks, &mut effects).await?;
        Ok((checks, effects))
    }

    /// Parts that ended, where the hot state has them still: an older copy of it may, and would
    /// bring them back with their session.
    async fn removed(
        &self,
        root: &Root,
        over: impl Iterator<Item = &(ClientId, Sid)>,
        checks: &mut Vec<Check>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Trouble> {
        let mut sids: HashMap<Name, HashSet<&Sid>> = HashMap::new();
        for (client, sid) in over {
            sids.entry(documents::participant(client))
                .or_default()
                .insert(sid);
        }
        let names: Vec<Name> = sids.keys().cloned().collect();
        let slots = self.hot.read(root, &names).await?;
        for (name, slot) in names.into_iter().zip(slots) {
            let known = self.document::<PartDocument>(root, &name, Some(&slot));
            let Some((part, version)) = known
                .filter(|(part, _)| sids.get(&name).is_some_and(|sids| sids.contains(&part.sid)))
            else {
                continue;
            };
            checks.push(Check::At(name.clone(), version));
            effects.push(Effect::Delete(name));
            effects.push(Effect::Tombstone {
                name: documents::ended_participant(&part.sid),
                expires: self.clock.now() + TOMBSTONE,
            });
        }
        Ok(())
    }
}

fn unchanged(name: &Name, slot: &Slot) -> Check {
    match slot {
        Slot::Found { version, .. } => Check::At(name.clone(), *version),
        Slot::Absent | Slot::Tombstone => Check::NoTombstone(name.clone()),
    }
}
