//! What lies under one root in the memory of this process, and the rules of a commit on it. Pure:
//! an entry is never changed, a commit makes the next one. So nothing is written before all of it
//! is known to hold, and a reader sees one moment.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::{Check, Commit, Effect, Name, Slot};
use crate::clock::Timestamp;

/// How many commits of a root are recognised when they are repeated.
const ATTEMPTS: usize = 16;

/// What an entry, and a slot in it, take beside their bytes: rough, for the bound.
const ENTRY_OVERHEAD: usize = 256;
const SLOT_OVERHEAD: usize = 96;

/// Everything under one root.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    slots: BTreeMap<Arc<str>, Kept>,
    attempts: VecDeque<[u8; 16]>,
}

#[derive(Clone, Debug)]
enum Kept {
    Document {
        version: u64,
        bytes: Arc<[u8]>,
        expires: Timestamp,
    },
    Mark {
        expires: Timestamp,
    },
}

impl Kept {
    fn expires(&self) -> Timestamp {
        match self {
            Self::Document { expires, .. } | Self::Mark { expires } => *expires,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Document { bytes, .. } => bytes.len(),
            Self::Mark { .. } => 0,
        }
    }
}

/// What a commit comes to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It holds, and this is the entry after it.
    Holds(Entry),
    /// The very same attempt was committed before.
    Repeated,
    /// A check fails, or a document would cover a tombstone.
    Fails,
}

impl Entry {
    /// What a name holds.
    pub(super) fn slot(&self, name: &Name, now: Timestamp) -> Slot {
        match self.live(name, now) {
            Some(Kept::Document { version, bytes, .. }) => Slot::Found {
                version: *version,
                bytes: bytes.to_vec(),
            },
            Some(Kept::Mark { .. }) => Slot::Tombstone,
            None => Slot::Absent,
        }
    }

    /// Judges a commit. `version` gives the next one and is asked once for each document.
    pub(super) fn judge(
        &self,
        commit: Commit,
        now: Timestamp,
        version: impl FnMut() -> u64,
    ) -> Verdict {
        if self.attempts.contains(&commit.attempt) {
            return Verdict::Repeated;
        }
        if !commit.checks.iter().all(|check| self.holds(check, now)) {
            return Verdict::Fails;
        }
        let mut next = self.without_expired(now);
        if !next.apply(commit.effects, now, version) {
            return Verdict::Fails;
        }
        next.remember(commit.attempt);
        Verdict::Holds(next)
    }

    /// Roughly what it takes, in bytes.
    pub(super) fn weight(&self) -> u32 {
        let slots = self
            .slots
            .iter()
            .map(|(name, kept)| name.len() + kept.size() + SLOT_OVERHEAD)
            .sum::<usize>();
        u32::try_from(slots + self.attempts.len() * 16 + ENTRY_OVERHEAD).unwrap_or(u32::MAX)
    }

    /// When the last slot may be forgotten.
    pub(super) fn expires(&self) -> Timestamp {
        let expiries = self.slots.values().map(Kept::expires);
        expiries.max().unwrap_or_default()
    }

    fn live(&self, name: &Name, now: Timestamp) -> Option<&Kept> {
        let kept = self.slots.get(name.0.as_str())?;
        (now < kept.expires()).then_some(kept)
    }

    fn holds(&self, check: &Check, now: Timestamp) -> bool {
        match check {
            Check::At(name, wanted) => matches!(
                self.live(name, now),
                Some(Kept::Document { version, .. }) if version == wanted
            ),
            Check::Absent(name) => self.live(name, now).is_none(),
            Check::Present(name) => matches!(self.live(name, now), Some(Kept::Document { .. })),
            Check::NoTombstone(name) => !self.is_marked(name, now),
        }
    }

    fn is_marked(&self, name: &Name, now: Timestamp) -> bool {
        matches!(self.live(name, now), Some(Kept::Mark { .. }))
    }

    fn without_expired(&self, now: Timestamp) -> Self {
        let live = self.slots.iter().filter(|(_, kept)| now < kept.expires());
        Self {
            slots: live
                .map(|(name, kept)| (Arc::clone(name), kept.clone()))
                .collect(),
            attempts: self.attempts.clone(),
        }
    }

    /// Works on a copy: when it answers false, the copy is thrown away.
    fn apply(
        &mut self,
        effects: Vec<Effect>,
        now: Timestamp,
        mut version: impl FnMut() -> u64,
    ) -> bool {
        for effect in effects {
            match effect {
                Effect::Put { name, .. } if self.is_marked(&name, now) => return false,
                Effect::Put {
                    name,
                    bytes,
                    expires,
                } => {
                    let document = Kept::Document {
                        version: version(),
                        bytes: bytes.into(),
                        expires,
                    };
                    self.slots.insert(name.0.into(), document);
                }
                Effect::Tombstone { name, expires } => self.mark(name, expires, now),
                Effect::Delete(name) if self.is_marked(&name, now) => {}
                Effect::Delete(name) => {
                    self.slots.remove(name.0.as_str());
                }
                Effect::DeleteAll => {
                    self.slots
                        .retain(|_, kept| matches!(kept, Kept::Mark { .. }));
                }
            }
        }
        true
    }

    /// A repeated end must not shorten the mark of the first.
    fn mark(&mut self, name: Name, expires: Timestamp, now: Timestamp) {
        let expires = match self.live(&name, now) {
            Some(Kept::Mark { expires: earlier }) => expires.max(*earlier),
            _ => expires,
        };
        self.slots.insert(name.0.into(), Kept::Mark { expires });
    }

    fn remember(&mut self, attempt: [u8; 16]) {
        if self.attempts.len() == ATTEMPTS {
            self.attempts.pop_front();
        }
        self.attempts.push_back(attempt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const LATER: Timestamp = Timestamp::from_secs(2_000);

    fn name() -> Name {
        Name("session".to_owned())
    }

    fn put() -> Effect {
        Effect::Put {
            name: name(),
            bytes: b"bytes".to_vec(),
            expires: LATER,
        }
    }

    fn tombstone(expires: Timestamp) -> Effect {
        Effect::Tombstone {
            name: name(),
            expires,
        }
    }

    fn judge(entry: &Entry, attempt: u8, effects: Vec<Effect>, now: Timestamp) -> Verdict {
        let commit = Commit {
            checks: Vec::new(),
            effects,
            attempt: [attempt; 16],
        };
        entry.judge(commit, now, || 7)
    }

    fn after(effects: Vec<Effect>) -> Entry {
        match judge(&Entry::default(), 0, effects, NOW) {
            Verdict::Holds(entry) => entry,
            verdict => panic!("{verdict:?}"),
        }
    }

    #[test]
    fn effects_are_done_in_order() {
        let found = Slot::Found {
            version: 7,
            bytes: b"bytes".to_vec(),
        };
        for (effects, expected) in [
            (vec![tombstone(LATER), put()], None),
            (vec![put(), tombstone(LATER), put()], None),
            (vec![tombstone(LATER), Effect::Delete(name()), put()], None),
            (vec![put(), tombstone(LATER)], Some(Slot::Tombstone)),
            (vec![put(), Effect::Delete(name())], Some(Slot::Absent)),
            (vec![put(), tombstone(NOW)], Some(Slot::Absent)),
            (vec![tombstone(NOW), put()], Some(found.clone())),
            (vec![Effect::Delete(name()), put()], Some(found.clone())),
            (vec![put(), Effect::DeleteAll], Some(Slot::Absent)),
            (vec![Effect::DeleteAll, put()], Some(found)),
            (
                vec![tombstone(LATER), Effect::DeleteAll],
                Some(Slot::Tombstone),
            ),
        ] {
            let slot = match judge(&Entry::default(), 0, effects.clone(), NOW) {
                Verdict::Holds(entry) => Some(entry.slot(&name(), NOW)),
                _ => None,
            };
            assert_eq!(slot, expected, "{effects:?}");
        }
    }

    #[test]
    fn what_has_expired_is_dropped_by_the_next_commit() {
        let entry = after(vec![put()]);
        let Verdict::Holds(next) = judge(&entry, 1, Vec::new(), LATER) else {
            panic!("nothing was checked");
        };
        assert!(next.weight() < entry.weight());
        assert_eq!(next.expires(), Timestamp::default());
    }

    #[test]
    fn a_second_end_never_shortens_the_mark_of_the_first() {
        let entry = after(vec![tombstone(LATER), tombstone(NOW)]);
        assert_eq!(entry.expires(), LATER);
    }

    #[test]
    fn the_last_sixteen_attempts_are_recognised() {
        let mut entry = Entry::default();
        for attempt in 0..=16 {
            let Verdict::Holds(next) = judge(&entry, attempt, Vec::new(), NOW) else {
                panic!("attempt {attempt} is new");
            };
            entry = next;
        }
        for attempt in 1..=16 {
            let verdict = judge(&entry, attempt, vec![put()], NOW);
            assert!(matches!(verdict, Verdict::Repeated), "{attempt}");
        }
        assert!(matches!(
            judge(&entry, 0, Vec::new(), NOW),
            Verdict::Holds(_)
        ));
    }
}
