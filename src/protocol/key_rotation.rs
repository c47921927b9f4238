//! When signing keys change: what is due, given the keys of one algorithm and the time.
//!
//! There is always one key that signs and one that is published to follow it, so that the key can
//! be changed at any moment without anybody meeting a key that they do not know.

use std::time::Duration;

use super::jose::{KeyLife, KeyState};
use super::{access_token, id_token, logout_token};
use crate::clock::Timestamp;

/// How long answers with the key set may be kept (RFC 9111, 5.2.2.1). Half of what
/// `keys.publish_ahead` is at least, so that a key is known wherever it is needed.
pub const KEY_SET_CACHED: Duration = Duration::from_mins(5);

/// How long a node that cannot read the record may go on signing with a key that was superseded:
/// what `database.outage_tolerance` is at most.
const BEHIND: Duration = Duration::from_mins(5);

/// What clocks of nodes and apps may differ by.
const LEEWAY: Duration = Duration::from_mins(5);

/// From the moment that a key is superseded until nothing that it signed is valid any more.
pub const VERIFIED_FOR: Duration = longest(&[
    id_token::LONGEST,
    access_token::LONGEST,
    logout_token::LIFETIME,
])
.saturating_add(BEHIND)
.saturating_add(LEEWAY);

const fn longest(mut of: &[Duration]) -> Duration {
    let mut most = Duration::ZERO;
    while let [first, rest @ ..] = of {
        if first.as_nanos() > most.as_nanos() {
            most = *first;
        }
        of = rest;
    }
    most
}

/// How often keys change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How long a key signs.
    pub rotate_every: Duration,
    /// How long it is published before it signs.
    pub publish_ahead: Duration,
    /// How long after that a key that left the key set is still known for hints: as long as a
    /// session may last that such a hint speaks of (RP-Initiated Logout 1.0, 2).
    pub hints_kept: Duration,
}

/// What is to be done next with the keys of one algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due<K> {
    /// There is none yet: make one that signs at once.
    MakeFirst,
    /// Make the next one.
    MakeNext,
    /// This one, the next, begins to sign.
    Promote(K),
    /// This one leaves the key set: all that it signed has run out.
    Retire(K),
    /// This one is forgotten.
    Remove(K),
}

impl Schedule {
    /// What is due; nothing if all is as it should be. Asked again after each step, until then.
    pub fn due<K: Copy>(&self, keys: &[(K, KeyLife)], now: Timestamp) -> Option<Due<K>> {
        let in_state = |state| keys.iter().find(move |(_, life)| life.state() == state);
        match (in_state(KeyState::Current), in_state(KeyState::Next)) {
            (None, None) => return Some(Due::MakeFirst),
            (None, Some((key, _))) => return Some(Due::Promote(*key)),
            (Some(_), None) => return Some(Due::MakeNext),
            (Some((_, current)), Some((key, next))) => {
                if self.replaced_at(current).is_some_and(|at| at <= now)
                    && self.ripe_at(next) <= now
                {
                    return Some(Due::Promote(*key));
                }
            }
        }
        keys.iter().find_map(|(key, life)| match life.state() {
            KeyState::Current | KeyState::Next => None,
            KeyState::Previous => (retired_at(life)? <= now).then_some(Due::Retire(*key)),
            KeyState::Retired | KeyState::Dropped => {
                (self.removed_at(life)? <= now).then_some(Due::Remove(*key))
            }
        })
    }

    /// When a key has signed for long enough; none if it does not sign yet.
    pub fn replaced_at(&self, life: &KeyLife) -> Option<Timestamp> {
        Some(life.promoted? + self.rotate_every)
    }

    /// When everybody who keeps the key set for a while knows a key that was published.
    pub fn ripe_at(&self, life: &KeyLife) -> Timestamp {
        life.published + self.publish_ahead
    }

    /// When a key is forgotten; none while it signs.
    pub fn removed_at(&self, life: &KeyLife) -> Option<Timestamp> {
        Some(retired_at(life)? + self.hints_kept)
    }
}

/// When a key leaves the key set; none while it signs.
pub fn retired_at(life: &KeyLife) -> Option<Timestamp> {
    Some(life.superseded? + VERIFIED_FOR)
}

#[cfg(test)]
mod tests;
