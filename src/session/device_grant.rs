//! How often a device may ask whether its person has answered (RFC 8628, 3.5), and until when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// How long a person has to find the page, to sign in and to answer.
pub const LIVES: Duration = Duration::from_mins(10);
/// How long a device waits between two questions, at first.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// How much longer after each question that came too soon.
const SLOWER: Duration = Duration::from_secs(5);
/// Questions come by way of a network: one that set out in time may follow the one before, which
/// was late, sooner than that.
const TOLERANCE: Duration = Duration::from_secs(1);

/// How a device asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Seconds.
    interval: u64,
    last: Option<Timestamp>,
}

/// Whether a question came too soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// It did not.
    InTime,
    /// It did: from now on the device must wait longer.
    TooSoon,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            interval: INTERVAL.as_secs(),
            last: None,
        }
    }
}

impl Pace {
    /// One more question.
    #[must_use]
    pub fn poll(self, now: Timestamp) -> (Self, Polled) {
        let least = Duration::from_secs(self.interval).saturating_sub(TOLERANCE);
        let soon = self.last.is_some_and(|last| now.since(last) < least);
        // It waits as long as it can: nothing more need be written, so that a device which asks
        // without a pause cannot outrun its person's answer.
        if soon && self.interval >= LIVES.as_secs() {
            return (self, Polled::TooSoon);
        }
        let more = if soon { SLOWER.as_secs() } else { 0 };
        let next = Self {
            interval: self.interval.saturating_add(more).min(LIVES.as_secs()),
            last: Some(now),
        };
        let polled = if soon {
            Polled::TooSoon
        } else {
            Polled::InTime
        };
        (next, polled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_too_soon_must_wait_longer_from_then_on() {
        use Polled::{InTime, TooSoon};
        let mut pace = Pace::default();
        for (millis, expected) in [
            (0, InTime),
            (4_000, InTime),
            (7_999, TooSoon),
            // Ten seconds from the last question, whether it was too soon or not.
            (16_000, TooSoon),
            (30_000, InTime),
            (43_000, TooSoon),
            (62_000, InTime),
        ] {
            let (next, polled) = pace.poll(Timestamp::from_millis(millis));
            assert_eq!(polled, expected, "{millis}");
            pace = next;
        }
    }

    #[test]
    fn a_wait_is_never_longer_than_the_code_lives() {
        let mut pace = Pace::default();
        for _ in 0..1000 {
            (pace, _) = pace.poll(Timestamp::from_secs(1));
        }
        assert_eq!(pace.interval, LIVES.as_secs());
        let later = Timestamp::from_secs(1) + LIVES;
        assert_eq!(pace.poll(later).1, Polled::InTime);
    }
}
