//! Guesses at client secrets. Failures are counted by client and address in the hot state; an
//! address with too many is refused for a while, whatever it presents, before the secret is
//! looked at.
//!
//! The verdict is kept in this node, so that a client that is not being guessed at costs no
//! round trip; each node learns it by the first wrong secret that it counts itself. An address from which the client has proved itself is never refused: behind a
//! proxy or in a data centre many share one, and nobody may shut out an app by guessing badly.

use std::net::IpAddr;
use std::time::Duration;

use moka::sync::Cache;

use super::Provider;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SecretHash};
use crate::identity::throttle::{self, AddressKey};

/// Pairs of a client and an address that are remembered.
const KEPT: u64 = 10_000;

/// What this node knows of who guesses.
pub(super) struct ClientThrottle {
    /// Until when a pair is refused.
    refused: Cache<String, Timestamp>,
    /// Until when a pair counts as proven.
    proven: Cache<String, Timestamp>,
}

impl Default for ClientThrottle {
    fn default() -> Self {
        Self {
            refused: Cache::new(KEPT),
            proven: Cache::new(KEPT),
        }
    }
}

/// A client and an address, as a counter's name.
pub(super) fn pair(client: &ClientId, address: IpAddr) -> String {
    let address = AddressKey::of(address);
    // Hashed, as the one who asks chooses the id.
    let client = SecretHash::of_text(client.as_str()).encode();
    format!("client:{client}:{}", address.as_str())
}

/// The counter of its proofs.
fn proof(pair: &str) -> String {
    format!("proven:{pair}")
}

impl Provider {
    /// How long this pair is refused yet; none if it may try.
    pub(super) async fn client_must_wait(&self, pair: &str) -> Result<Option<Duration>, Trouble> {
        let now = self.clock.now();
        let until = self.client_throttle.refused.get(pair);
        let Some(until) = until.filter(|until| now < *until) else {
            return Ok(None);
        };
        if self.is_proven(pair) {
            return Ok(None);
        }
        // Perhaps it proved itself at another node.
        if self.hot.counted(&proof(pair)).await? > 0 {
            self.remember_proof(pair.to_owned());
            return Ok(None);
        }
        Ok(Some(now.until(until)))
    }

    /// The client has proved itself from there: told to the other nodes once a day.
    pub(super) async fn client_proved(&self, pair: String) -> Result<(), Trouble> {
        if !self.is_proven(&pair) {
            self.hot
                .count(&proof(&pair), throttle::CLIENT_PROVEN)
                .await?;
            self.remember_proof(pair);
        }
        Ok(())
    }

    fn is_proven(&self, pair: &str) -> bool {
        let proven = self.client_throttle.proven.get(pair);
        proven.is_some_and(|until| self.clock.now() < until)
    }

    fn remember_proof(&self, pair: String) {
        let until = self.clock.now() + throttle::CLIENT_PROVEN;
        self.client_throttle.proven.insert(pair, until);
    }

    /// Counts a wrong secret.
    pub(super) async fn client_failed(&self, pair: String) -> Result<(), Trouble> {
        let failures = self.hot.count(&pair, throttle::WINDOW).await?;
        if failures >= throttle::FREE_PER_CLIENT {
            let until = self.clock.now() + throttle::WINDOW;
            self.client_throttle.refused.insert(pair, until);
        }
        Ok(())
    }
}
