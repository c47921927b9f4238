//! The hot state against a model too simple to be wrong: any sequence of calls and clock moves has
//! equal outcomes in both.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lanyard::clock::{Clock, Timestamp};
use lanyard::entropy::{Entropy, Root};
use lanyard::store::hot::{Check, Commit, Effect, HotStore, Name, Outcome, Slot};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::START;

const ROOTS: u8 = 2;
const NAMES: u8 = 3;

/// Repeats go no further back than every back end must remember.
const RECENT: usize = 16;

/// A call, with small numbers for roots, names, versions and times, so that they often meet.
#[derive(Clone, Debug)]
enum Step {
    Commit {
        root: u8,
        checks: Vec<Condition>,
        effects: Vec<Action>,
        /// Which of the latest attempts at the root is repeated.
        repeats: Option<usize>,
    },
    Count(u8, u64),
    Forget(u8),
    Pass(u64),
}

#[derive(Clone, Debug)]
enum Condition {
    AtPresent(u8),
    AtEarlier(u8),
    Absent(u8),
    Present(u8),
    NoTombstone(u8),
}

#[derive(Clone, Debug)]
enum Action {
    Put(u8, u8, u64),
    Tombstone(u8, u64),
    Delete(u8),
    DeleteAll,
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        3 => (0..NAMES).prop_map(Condition::AtPresent),
        1 => (0..NAMES).prop_map(Condition::AtEarlier),
        1 => (0..NAMES).prop_map(Condition::Absent),
        1 => (0..NAMES).prop_map(Condition::Present),
        1 => (0..NAMES).prop_map(Condition::NoTombstone),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (0..NAMES, any::<u8>(), 0..6_u64).prop_map(|(name, byte, secs)| Action::Put(name, byte, secs)),
        1 => (0..NAMES, 0..6_u64).prop_map(|(name, secs)| Action::Tombstone(name, secs)),
        1 => (0..NAMES).prop_map(Action::Delete),
        1 => Just(Action::DeleteAll),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let commit = (
        0..ROOTS,
        prop::collection::vec(condition(), 0..3),
        prop::collection::vec(action(), 0..4),
        prop::option::weighted(0.15, 0..RECENT),
    );
    prop_oneof![
        8 => commit.prop_map(|(root, checks, effects, repeats)| Step::Commit { root, checks, effects, repeats }),
        2 => (0..NAMES, 0..4_u64).prop_map(|(key, secs)| Step::Count(key, secs)),
        1 => (0..NAMES).prop_map(Step::Forget),
        2 => (0..3_u64).prop_map(Step::Pass),
    ]
}

/// Runs random sequences. `make` gives an empty store that follows the clock.
pub(super) fn like_the_model(cases: u32, make: impl AsyncFn(Clock) -> HotStore) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let sequences = prop::collection::vec(step(), 0..60);
    let outcome = runner.run(&sequences, |steps| {
        runtime.block_on(async {
            let clock = Clock::manual(START);
            let mut pair = Pair::new(make(clock.clone()).await, clock);
            for step in steps {
                pair.step(step).await;
            }
        });
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// The model: a list of what was kept under each root and name.
#[derive(Default)]
struct Model {
    kept: BTreeMap<(u8, Name), (Content, Timestamp)>,
    committed: BTreeSet<(u8, [u8; 16])>,
    counters: BTreeMap<u8, (u64, Timestamp)>,
}

#[derive(Clone, PartialEq)]
enum Content {
    /// The version is learned from the store after the put.
    Document(Vec<u8>, Option<u64>),
    Mark,
}

impl Model {
    fn forget_expired(&mut self, now: Timestamp) {
        self.kept.retain(|_, (_, expires)| *expires > now);
        self.counters.retain(|_, (_, until)| *until > now);
    }

    fn content(&self, root: u8, name: &Name) -> Option<&Content> {
        self.kept
            .get(&(root, name.clone()))
            .map(|(content, _)| content)
    }

    fn commit(&mut self, root: u8, commit: &Commit, now: Timestamp) -> Outcome {
        if self.committed.contains(&(root, commit.attempt)) {
            return Outcome::Committed;
        }
        if !commit.checks.iter().all(|check| self.holds(root, check)) {
            return Outcome::Conflict;
        }
        let before = self.kept.clone();
        for effect in &commit.effects {
            if !self.apply(root, effect) {
                self.kept = before;
                return Outcome::Conflict;
            }
            self.forget_expired(now);
        }
        self.committed.insert((root, commit.attempt));
        Outcome::Committed
    }

    fn holds(&self, root: u8, check: &Check) -> bool {
        match check {
            Check::At(name, version) => matches!(
                self.content(root, name),
                Some(Content::Document(_, known)) if *known == Some(*version)
            ),
            Check::Absent(name) => self.content(root, name).is_none(),
            Check::Present(name) => {
                matches!(self.content(root, name), Some(Content::Document(..)))
            }
            Check::NoTombstone(name) => self.content(root, name) != Some(&Content::Mark),
        }
    }

    fn apply(&mut self, root: u8, effect: &Effect) -> bool {
        let (Effect::Put { name, .. } | Effect::Tombstone { name, .. } | Effect::Delete(name)) =
            effect
        else {
            self.kept
                .retain(|(of, _), (content, _)| *of != root || *content == Content::Mark);
            return true;
        };
        let place = (root, name.clone());
        let marked = self.content(root, name) == Some(&Content::Mark);
        match effect {
            Effect::Put { .. } if marked => return false,
            Effect::Put { bytes, expires, .. } => {
                let content = Content::Document(bytes.clone(), None);
                self.kept.insert(place, (content, *expires));
            }
            Effect::Tombstone { expires, .. } => {
                let earlier = self.kept.get(&place).filter(|_| marked).map(|(_, at)| *at);
                let expires = earlier.map_or(*expires, |at| at.max(*expires));
                self.kept.insert(place, (Content::Mark, expires));
            }
            Effect::Delete(_) if marked => {}
            Effect::Delete(_) | Effect::DeleteAll => {
                self.kept.remove(&place);
            }
        }
        true
    }

    fn count(&mut self, key: u8, until: Timestamp) -> u64 {
        let counter = self.counters.entry(key).or_insert((0, until));
        counter.0 += 1;
        counter.0
    }
}

/// A store and the model, which are asked the same.
struct Pair {
    store: HotStore,
    clock: Clock,
    model: Model,
    roots: [Root; ROOTS as usize],
    /// The highest version that each place ever had.
    versions: BTreeMap<(u8, Name), u64>,
    attempts: Vec<(u8, [u8; 16])>,
}

fn name(number: u8) -> Name {
    Name(format!("name {number}"))
}

impl Pair {
    fn new(store: HotStore, clock: Clock) -> Self {
        Self {
            store,
            clock,
            model: Model::default(),
            roots: std::array::from_fn(|_| Root::random(&Entropy::System)),
            versions: BTreeMap::new(),
            attempts: Vec::new(),
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Commit {
                root,
                checks,
                effects,
                repeats,
            } => {
                let commit = Commit {
                    checks: checks.iter().map(|it| self.check(root, it)).collect(),
                    effects: effects.iter().map(|it| self.effect(it)).collect(),
                    attempt: self.attempt(root, repeats),
                };
                let expected = self.model.commit(root, &commit, self.clock.now());
                let root = &self.roots[usize::from(root)];
                assert_eq!(self.store.commit(root, commit).await.unwrap(), expected);
            }
            Step::Count(key, secs) => {
                let window = Duration::from_secs(secs);
                let expected = self.model.count(key, self.clock.now() + window);
                let counted = self.store.count(&key.to_string(), window).await;
                assert_eq!(counted.unwrap(), expected);
            }
            Step::Forget(key) => {
                self.model.counters.remove(&key);
                self.store.forget(&key.to_string()).await.unwrap();
            }
            Step::Pass(secs) => self.clock.advance(Duration::from_secs(secs)),
        }
        self.model.forget_expired(self.clock.now());
        self.compare().await;
    }

    fn check(&self, root: u8, condition: &Condition) -> Check {
        let version = |of| self.versions.get(&(root, name(of))).copied().unwrap_or(0);
        match *condition {
            Condition::AtPresent(of) => Check::At(name(of), version(of)),
            Condition::AtEarlier(of) => Check::At(name(of), version(of).saturating_sub(1)),
            Condition::Absent(of) => Check::Absent(name(of)),
            Condition::Present(of) => Check::Present(name(of)),
            Condition::NoTombstone(of) => Check::NoTombstone(name(of)),
        }
    }

    fn effect(&self, action: &Action) -> Effect {
        let after = |secs| self.clock.now() + Duration::from_secs(secs);
        match *action {
            Action::Put(to, byte, secs) => Effect::Put {
                name: name(to),
                bytes: vec![byte],
                expires: after(secs),
            },
            Action::Tombstone(of, secs) => Effect::Tombstone {
                name: name(of),
                expires: after(secs),
            },
            Action::Delete(of) => Effect::Delete(name(of)),
            Action::DeleteAll => Effect::DeleteAll,
        }
    }

    fn attempt(&mut self, root: u8, repeats: Option<usize>) -> [u8; 16] {
        let earlier = self.attempts.iter().rev().filter(|(at, _)| *at == root);
        let repeated = repeats.and_then(|back| earlier.map(|(_, attempt)| *attempt).nth(back));
        let attempt = repeated.unwrap_or_else(|| Entropy::System.bytes());
        if repeated.is_none() {
            self.attempts.push((root, attempt));
        }
        attempt
    }

    /// Everything that can be read is equal, and every new version is a higher one.
    async fn compare(&mut self) {
        let names = (0..NAMES).map(name).collect::<Vec<_>>();
        for root in 0..ROOTS {
            let place = &self.roots[usize::from(root)];
            let slots = self.store.read(place, &names).await.unwrap();
            assert_eq!(slots.len(), names.len());
            for (name, slot) in names.iter().zip(slots) {
                self.compare_slot(root, name, slot);
            }
        }
        for key in 0..NAMES {
            let expected = self.model.counters.get(&key).map_or(0, |(count, _)| *count);
            let counted = self.store.counted(&key.to_string()).await;
            assert_eq!(counted.unwrap(), expected);
        }
    }

    fn compare_slot(&mut self, root: u8, name: &Name, slot: Slot) {
        let place = (root, name.clone());
        let content = self.model.kept.get_mut(&place).map(|(content, _)| content);
        match (slot, content) {
            (Slot::Absent, None) | (Slot::Tombstone, Some(Content::Mark)) => {}
            (Slot::Found { version, bytes }, Some(Content::Document(expected, known))) => {
                assert_eq!(bytes, *expected);
                let version_of_put = *known.get_or_insert_with(|| {
                    let highest = self.versions.insert(place, version);
                    assert!(highest.is_none_or(|highest| version > highest));
                    version
                });
                assert_eq!(version, version_of_put);
            }
            (slot, _) => panic!("unlike the model: {slot:?} for {name:?}"),
        }
    }
}
