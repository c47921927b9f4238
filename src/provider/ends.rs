//! This node's memory of ends: the last ten minutes of the ends log, and how far it has read.
//! What makes a hot copy trustworthy without asking SQL.

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::Provider;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{GrantId, SessionId, Sid};
use crate::store::Unknown;
use crate::store::record::{EndEntry, EndKind, Record};

/// How much of the log a node remembers.
const WINDOW: Duration = Duration::from_mins(10);
/// Entries read at a time.
const BATCH: i64 = 1_000;

#[derive(Debug)]
pub(super) struct EndsMemory(RwLock<Memory>);

#[derive(Debug)]
struct Memory {
    /// Every end after this position is remembered.
    start: i64,
    /// Read up to here.
    head: i64,
    /// Position of the last distrust entry.
    generation: i64,
    /// Position of the last end of everything or of all that a client has: what was known live
    /// before it may be over, whether its row says so or not.
    mass: i64,
    sessions: HashMap<SessionId, (i64, Timestamp)>,
    grants: HashMap<GrantId, (i64, Timestamp)>,
    /// Ended parts of sessions, by the position of their end: a `sid` never comes back.
    sids: HashMap<Sid, i64>,
    /// Read, but perhaps without a tombstone yet. Whoever reads the log puts it here, so that it
    /// does not matter which of many readers comes first.
    unburied: BTreeMap<i64, EndEntry>,
    /// Real time, as this is about the health of the node, not about deadlines.
    read: Instant,
}

impl Memory {
    /// Whether what was known live as of a position needs no look at SQL, unless it is among the
    /// ends. What the hot state says from before it was distrusted may be an older copy, with
    /// secrets and participants that are no more.
    fn knows(&self, position: i64) -> bool {
        position >= self.start && position >= self.generation && position >= self.mass
    }
}

impl EndsMemory {
    pub(super) async fn load(record: &Record, now: Timestamp) -> Result<Self, Trouble> {
        let start = record.start_of_window(now - WINDOW).await?;
        let generation = record.generation().await?;
        let mass = record.mass_position().await?;
        let memory = Self(RwLock::new(Memory {
            start,
            head: start,
            generation,
            mass,
            sessions: HashMap::new(),
            grants: HashMap::new(),
            sids: HashMap::new(),
            unburied: BTreeMap::new(),
            read: Instant::now(),
        }));
        memory.follow(record, now).await?;
        Ok(memory)
    }

    /// Reads what is new in the log.
    pub(super) async fn follow(&self, record: &Record, now: Timestamp) -> Result<(), Trouble> {
        loop {
            let from = self.head();
            let batch = record.ends_since(from, BATCH).await?;
            let more = i64::try_from(batch.len()).is_ok_and(|len| len == BATCH);
            self.remember(batch);
            if !more {
                break;
            }
        }
        self.forget_before(now - WINDOW);
        Ok(())
    }

    /// What was read and has no tombstone for certain.
    pub(super) fn unburied(&self) -> Vec<EndEntry> {
        let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        memory.unburied.values().cloned().collect()
    }

    pub(super) fn has_unburied(&self) -> bool {
        let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        !memory.unburied.is_empty()
    }

    /// The tombstone of the end at this position is written.
    pub(super) fn buried(&self, position: i64) {
        let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
        memory.unburied.remove(&position);
    }

    fn remember(&self, entries: Vec<EndEntry>) {
        let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
        memory.read = Instant::now();
        for entry in entries {
            // Two readers may have asked for the same stretch; the log is in order.
            if entry.position <= memory.head {
                continue;
            }
            memory.head = entry.position;
            let mark = (entry.position, entry.at);
            match &entry.kind {
                EndKind::Session(id) => {
                    memory.sessions.insert(*id, mark);
                }
                EndKind::Participant(id, sid) => {
                    memory.sessions.insert(*id, mark);
                    memory.sids.insert(sid.clone(), entry.position);
                }
                EndKind::Grant(grant, session) => {
                    memory.grants.insert(*grant, mark);
                    memory.sessions.insert(*session, mark);
                }
                // One by one they are buried as their rows are worked off.
                EndKind::Mass(_) => memory.mass = memory.mass.max(entry.position),
                EndKind::Distrust => memory.generation = entry.position,
            }
            memory.unburied.insert(entry.position, entry);
        }
    }

    /// Forgets what is older, but nothing that has no tombstone yet: until then this memory is all
    /// that stands against the hot copy.
    fn forget_before(&self, before: Timestamp) {
        let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let first = memory.unburied.keys().next().copied();
        let oldest = memory
            .sessions
            .values()
            .chain(memory.grants.values())
            .filter(|(position, at)| *at < before && first.is_none_or(|first| *position < first))
            .map(|(position, _)| *position)
            .max();
        if let Some(position) = oldest {
            memory.start = memory.start.max(position);
            memory.sessions.retain(|_, (at, _)| *at > position);
            memory.grants.retain(|_, (at, _)| *at > position);
            memory.sids.retain(|_, at| *at > position);
        }
    }

    /// Read up to here.
    pub(super) fn head(&self) -> i64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).head
    }

    /// The present generation.
    pub(super) fn generation(&self) -> i64 {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .generation
    }

    /// Whether a session known live as of `position` needs no look at SQL. Answers with the
    /// position as of which that is known now.
    pub(super) fn trusts_session(&self, id: &SessionId, position: i64) -> Option<i64> {
        let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let ended = memory
            .sessions
            .get(id)
            .is_some_and(|(at, _)| *at > position);
        (memory.knows(position) && !ended).then_some(memory.head)
    }

    /// The same for an `offline_access` grant.
    pub(super) fn trusts_grant(&self, id: &GrantId, position: i64) -> Option<i64> {
        let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let ended = memory.grants.get(id).is_some_and(|(at, _)| *at > position);
        (memory.knows(position) && !ended).then_some(memory.head)
    }

    /// Whether this part of a session ended lately. Its tombstone may still be on its way.
    pub(super) fn sid_ended(&self, sid: &Sid) -> bool {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .sids
            .contains_key(sid)
    }

    /// Whether this grant ended lately.
    pub(super) fn grant_ended(&self, id: &GrantId) -> bool {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .grants
            .contains_key(id)
    }

    /// Since the log was last read, in real time.
    pub(super) fn age(&self) -> Duration {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .read
            .elapsed()
    }
}

impl Provider {
    /// Refuses to judge sessions while the log has not been read for too long.
    pub(super) fn demand_fresh_ends(&self) -> Result<(), Trouble> {
        if self.ends.age() > self.settings.outage_tolerance {
            return Err(Unknown("the ends log has not been read lately".to_owned()).into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    fn memory(start: i64) -> EndsMemory {
        EndsMemory(RwLock::new(Memory {
            start,
            head: start,
            generation: 0,
            mass: 0,
            sessions: HashMap::new(),
            grants: HashMap::new(),
            sids: HashMap::new(),
            unburied: BTreeMap::new(),
            read: Instant::now(),
        }))
    }

    #[test]
    fn an_end_after_the_position_is_never_trusted_away() {
        let id = SessionId::random(&Entropy::seeded(1));
        let at = Timestamp::from_secs(1_000);
        let memory = memory(10);
        assert_eq!(memory.trusts_session(&id, 10), Some(10));
        assert_eq!(memory.trusts_session(&id, 9), None, "older than the memory");
        memory.remember(vec![EndEntry {
            position: 11,
            at,
            kind: EndKind::Session(id),
        }]);
        assert_eq!(memory.trusts_session(&id, 10), None, "ended since");
        assert_eq!(
            memory.trusts_session(&id, 11),
            Some(11),
            "seen live after it"
        );
    }

    #[test]
    fn an_end_of_everything_is_asked_of_sql_for_all_that_was_known_before() {
        let id = SessionId::random(&Entropy::seeded(1));
        let memory = memory(10);
        memory.remember(vec![EndEntry {
            position: 11,
            at: Timestamp::from_secs(1_000),
            kind: EndKind::Mass("all".to_owned()),
        }]);
        assert_eq!(memory.trusts_session(&id, 10), None, "known before it");
        assert_eq!(memory.trusts_session(&id, 11), Some(11), "seen live after");
    }

    #[test]
    fn nothing_is_forgotten_before_it_is_buried() {
        let sid = Sid::new("sid");
        let id = SessionId::random(&Entropy::seeded(1));
        let memory = memory(0);
        memory.remember(vec![EndEntry {
            position: 1,
            at: Timestamp::from_secs(100),
            kind: EndKind::Participant(id, sid.clone()),
        }]);
        memory.forget_before(Timestamp::from_secs(5_000));
        assert!(memory.sid_ended(&sid));
        assert_eq!(memory.unburied().len(), 1);
        memory.buried(1);
        memory.forget_before(Timestamp::from_secs(5_000));
        assert!(!memory.sid_ended(&sid));
        assert_eq!(memory.unburied(), []);
    }

    #[test]
    fn forgetting_raises_the_start() {
        let entropy = Entropy::seeded(1);
        let (old, young) = (SessionId::random(&entropy), SessionId::random(&entropy));
        let memory = memory(0);
        let entry = |position, secs, id| EndEntry {
            position,
            at: Timestamp::from_secs(secs),
            kind: EndKind::Session(id),
        };
        memory.remember(vec![entry(1, 100, old), entry(2, 900, young)]);
        memory.buried(1);
        memory.forget_before(Timestamp::from_secs(500));
        assert_eq!(
            memory.trusts_session(&old, 0),
            None,
            "forgotten means: ask SQL"
        );
        assert_eq!(memory.trusts_session(&young, 1), None);
        assert_eq!(memory.trusts_session(&old, 2), Some(2));
    }
}
