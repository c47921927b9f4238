//! Authorizations under way, each bound to the browser that began it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use openidconnect::Nonce;

use crate::clock::Timestamp;

use super::shelf::Shelf;

const LIFE: Duration = Duration::from_mins(10);
const MOST: usize = 10_000;

/// What must be known again when the answer comes.
pub(super) struct Attempt {
    /// The value of the browser's cookie.
    pub(super) browser: String,
    pub(super) nonce: Nonce,
    pub(super) pkce_verifier: String,
}

/// All attempts, by their `state`.
pub(super) struct Attempts(Mutex<Shelf<Attempt>>);

impl Attempts {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Shelf::new(LIFE, MOST)))
    }

    pub(super) fn begin(&self, state: String, attempt: Attempt, now: Timestamp) {
        self.lock().put(state, attempt, now);
    }

    /// Takes the attempt, once. Only the browser that began it gets it: another could otherwise be
    /// signed in as somebody else (RFC 6749, 10.12).
    pub(super) fn take(&self, state: &str, browser: &str, now: Timestamp) -> Option<Attempt> {
        let mut attempts = self.lock();
        let same = attempts
            .get(state, now)
            .is_some_and(|attempt| attempt.browser == browser);
        if same {
            attempts.take(state, now)
        } else {
            None
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shelf<Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn begun() -> Attempts {
        let attempts = Attempts::new();
        let attempt = Attempt {
            browser: "mine".to_owned(),
            nonce: Nonce::new("nonce".to_owned()),
            pkce_verifier: "verifier".to_owned(),
        };
        attempts.begin("state".to_owned(), attempt, NOW);
        attempts
    }

    #[test]
    fn another_browser_another_state_or_too_late_finds_nothing() {
        for (state, browser, after) in [
            ("state", "theirs", Duration::ZERO),
            ("state", "", Duration::ZERO),
            ("other", "mine", Duration::ZERO),
            ("state", "mine", LIFE),
        ] {
            let found = begun().take(state, browser, NOW + after);
            assert!(found.is_none(), "{state}, {browser}, {after:?}");
        }
    }

    #[test]
    fn an_attempt_is_taken_once_and_a_stranger_does_not_use_it_up() {
        let attempts = begun();
        assert!(attempts.take("state", "theirs", NOW).is_none());
        assert!(attempts.take("state", "mine", NOW).is_some());
        assert!(attempts.take("state", "mine", NOW).is_none());
    }
}
