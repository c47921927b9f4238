use proptest::prelude::*;

use super::*;

const SCHEDULE: Schedule = Schedule {
    rotate_every: Duration::from_hours(90 * 24),
    publish_ahead: Duration::from_hours(7 * 24),
    hints_kept: Duration::from_hours(30 * 24),
};
const START: Timestamp = Timestamp::from_secs(1_800_000_000);
const DAY: Duration = Duration::from_hours(24);

fn days(number: u32) -> Timestamp {
    START + DAY * number
}

#[test]
fn a_key_is_verified_for_longer_than_anything_that_it_signed_is_valid() {
    assert_eq!(VERIFIED_FOR, Duration::from_mins(70));
    for lifetime in [
        id_token::LONGEST,
        access_token::LONGEST,
        logout_token::LIFETIME,
    ] {
        assert!(VERIFIED_FOR > lifetime + BEHIND);
    }
}

#[test]
fn what_is_due_when() {
    let current = KeyLife::first(START);
    let next = KeyLife::next(days(1));
    let mut previous = KeyLife::first(START);
    previous.superseded = Some(days(1));
    let mut retired = previous;
    retired.retired = Some(days(2));
    let mut dropped = retired;
    dropped.dropped = Some(days(1));
    let just = |at: Timestamp| at - Duration::from_millis(1);
    let gone = days(31) + VERIFIED_FOR;
    let cases = [
        ("none", vec![], START, Some(Due::MakeFirst)),
        ("no next", vec![current], START, Some(Due::MakeNext)),
        ("only a next", vec![next], days(1), Some(Due::Promote(0))),
        ("young", vec![current, next], days(1), None),
        ("almost", vec![current, next], just(days(90)), None),
        ("old", vec![current, next], days(90), Some(Due::Promote(1))),
        (
            "old, but the next is not known yet",
            vec![current, KeyLife::next(days(89))],
            just(days(96)),
            None,
        ),
        (
            "and is known",
            vec![current, KeyLife::next(days(89))],
            days(96),
            Some(Due::Promote(1)),
        ),
        (
            "its tokens live",
            vec![current, next, previous],
            just(days(1) + VERIFIED_FOR),
            None,
        ),
        (
            "its tokens have run out",
            vec![current, next, previous],
            days(1) + VERIFIED_FOR,
            Some(Due::Retire(2)),
        ),
        ("hints", vec![current, next, retired], just(gone), None),
        (
            "none",
            vec![current, next, retired],
            gone,
            Some(Due::Remove(2)),
        ),
        ("dropped", vec![current, next, dropped], just(gone), None),
        (
            "gone",
            vec![current, next, dropped],
            gone,
            Some(Due::Remove(2)),
        ),
    ];
    for (name, lives, now, expected) in cases {
        let keys: Vec<_> = lives.into_iter().enumerate().collect();
        assert_eq!(SCHEDULE.due(&keys, now), expected, "{name}");
    }
}

/// A house in which time passes, workers look when they look, and people rotate when they like.
#[derive(Default)]
struct Story {
    keys: Vec<(usize, KeyLife)>,
    made: usize,
    /// The moments at which a key signed something, over all time.
    signed: Vec<(usize, Timestamp)>,
    /// Promoted by force.
    forced: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Pass(Duration),
    Look,
    Rotate { drop: bool },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0_u64..20).prop_map(|days| Event::Pass(Duration::from_hours(days * 24))),
        2 => (0_u64..30).prop_map(|minutes| Event::Pass(Duration::from_mins(minutes))),
        4 => Just(Event::Look),
        1 => any::<bool>().prop_map(|drop| Event::Rotate { drop }),
    ]
}

impl Story {
    fn make(&mut self, life: KeyLife) {
        self.keys.push((self.made, life));
        self.made += 1;
    }

    fn life(&mut self, key: usize) -> &mut KeyLife {
        let found = self.keys.iter_mut().find(|(known, _)| *known == key);
        &mut found.unwrap().1
    }

    fn in_state(&self, state: KeyState) -> Option<usize> {
        let mut found = self.keys.iter().filter(|(_, life)| life.state() == state);
        let key = found.next().map(|(key, _)| *key);
        if state.may_sign() {
            assert!(found.next().is_none(), "two keys are {state:?}");
        }
        key
    }

    /// As the record does it.
    fn promote(&mut self, key: usize, now: Timestamp, drop: bool) {
        if let Some(current) = self.in_state(KeyState::Current) {
            let life = self.life(current);
            life.superseded = Some(now);
            if drop {
                life.retired = Some(now);
                life.dropped = Some(now);
            }
        }
        self.life(key).promoted = Some(now);
    }

    fn look(&mut self, now: Timestamp) {
        for _ in 0..100 {
            match SCHEDULE.due(&self.keys, now) {
                None => return,
                Some(Due::MakeFirst) => {
                    assert!(
                        self.keys.is_empty(),
                        "made at once only at the very first start"
                    );
                    self.make(KeyLife::first(now));
                }
                Some(Due::MakeNext) => self.make(KeyLife::next(now)),
                Some(Due::Promote(key)) => self.promote(key, now, false),
                Some(Due::Retire(key)) => self.life(key).retired = Some(now),
                Some(Due::Remove(key)) => self.keys.retain(|(known, _)| *known != key),
            }
        }
        panic!("something is due without an end");
    }

    fn happen(&mut self, event: Event, now: &mut Timestamp) {
        match event {
            Event::Pass(time) => *now = *now + time,
            Event::Look => self.look(*now),
            Event::Rotate { drop } => {
                let next = self.in_state(KeyState::Next).unwrap_or_else(|| {
                    self.make(KeyLife::next(*now));
                    self.made - 1
                });
                self.forced.push(next);
                self.promote(next, *now, drop);
            }
        }
    }

    fn check(&mut self, now: Timestamp) {
        let current = self.in_state(KeyState::Current).unwrap();
        self.signed.push((current, now));
        let life = *self.life(current);
        if current != 0 && !self.forced.contains(&current) {
            let promoted = life.promoted.unwrap();
            assert!(
                promoted >= SCHEDULE.ripe_at(&life),
                "nobody knew it when it began to sign"
            );
        }
        for (key, at) in &self.signed {
            let age = at.until(now);
            let state = self.keys.iter().find(|(known, _)| known == key);
            let state = state.map(|(_, life)| life.state());
            if state == Some(KeyState::Dropped) {
                continue;
            }
            if age < id_token::LONGEST {
                assert!(
                    state.is_some_and(KeyState::is_published),
                    "a token does not verify"
                );
            }
            if age < SCHEDULE.hints_kept {
                assert!(state.is_some(), "a hint is not known");
            }
        }
    }
}

proptest! {
    #[test]
    fn one_key_signs_it_was_known_before_and_all_that_is_valid_verifies(
        events in prop::collection::vec(event(), 0..120)
    ) {
        let (mut story, mut now) = (Story::default(), START);
        story.look(now);
        story.check(now);
        for event in events {
            story.happen(event, &mut now);
            story.check(now);
        }
    }

    #[test]
    fn a_house_that_is_looked_after_never_signs_with_an_old_key(
        steps in prop::collection::vec(1_u64..10_000, 1..200)
    ) {
        let (mut story, mut now) = (Story::default(), START);
        story.look(now);
        for minutes in steps {
            now = now + Duration::from_mins(minutes);
            story.look(now);
            story.check(now);
            let current = story.in_state(KeyState::Current).unwrap();
            let replaced = SCHEDULE.replaced_at(story.life(current)).unwrap();
            prop_assert!(replaced > now);
        }
    }
}
