//! Short words for the contract of the hot state.

use std::time::Duration;

use lanyard::clock::Clock;
use lanyard::entropy::{Entropy, Root};
use lanyard::store::hot::{Check, Commit, Effect, HotStore, Name, Outcome, Slot};

use super::START;

/// A store, the clock that it follows, and a root that nobody else uses.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) store: HotStore,
    pub(super) clock: Clock,
    pub(super) root: Root,
}

pub(super) fn name(name: &str) -> Name {
    Name(name.to_owned())
}

/// Expires in `secs` seconds from the start of the clock.
pub(super) fn put(to: &str, bytes: &str, secs: u64) -> Effect {
    Effect::Put {
        name: name(to),
        bytes: bytes.as_bytes().to_vec(),
        expires: START + Duration::from_secs(secs),
    }
}

/// As [`put`].
pub(super) fn tombstone(of: &str, secs: u64) -> Effect {
    Effect::Tombstone {
        name: name(of),
        expires: START + Duration::from_secs(secs),
    }
}

pub(super) fn delete(of: &str) -> Effect {
    Effect::Delete(name(of))
}

pub(super) fn at(of: &str, version: u64) -> Check {
    Check::At(name(of), version)
}

pub(super) fn absent(of: &str) -> Check {
    Check::Absent(name(of))
}

pub(super) fn present(of: &str) -> Check {
    Check::Present(name(of))
}

pub(super) fn no_tombstone(of: &str) -> Check {
    Check::NoTombstone(name(of))
}

impl Bench {
    pub(super) fn new(store: HotStore, clock: Clock) -> Self {
        let root = Root::random(&Entropy::System);
        Self { store, clock, root }
    }

    /// The same store, another root.
    pub(super) fn elsewhere(&self) -> Self {
        Self::new(self.store.clone(), self.clock.clone())
    }

    pub(super) fn pass(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }

    pub(super) async fn commit(&self, checks: &[Check], effects: &[Effect]) -> Outcome {
        self.attempt(Entropy::System.bytes(), checks, effects).await
    }

    pub(super) async fn attempt(
        &self,
        attempt: [u8; 16],
        checks: &[Check],
        effects: &[Effect],
    ) -> Outcome {
        let commit = Commit {
            checks: checks.to_vec(),
            effects: effects.to_vec(),
            attempt,
        };
        self.store.commit(&self.root, commit).await.unwrap()
    }

    pub(super) async fn commits(&self, checks: &[Check], effects: &[Effect]) {
        let outcome = self.commit(checks, effects).await;
        assert_eq!(outcome, Outcome::Committed, "{checks:?} {effects:?}");
    }

    pub(super) async fn conflicts(&self, checks: &[Check], effects: &[Effect]) {
        let outcome = self.commit(checks, effects).await;
        assert_eq!(outcome, Outcome::Conflict, "{checks:?} {effects:?}");
    }

    pub(super) async fn slot(&self, of: &str) -> Slot {
        let slots = self.store.read(&self.root, &[name(of)]).await.unwrap();
        assert_eq!(slots.len(), 1);
        slots.into_iter().next().unwrap()
    }

    /// The version and text of a document.
    pub(super) async fn found(&self, of: &str) -> (u64, String) {
        match self.slot(of).await {
            Slot::Found { version, bytes } => (version, String::from_utf8(bytes).unwrap()),
            slot => panic!("no document: {slot:?}"),
        }
    }
}
