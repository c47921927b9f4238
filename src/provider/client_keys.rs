//! The public keys of clients: those in their metadata, or at their `jwks_uri`, which is asked
//! seldom, by one request at a time, and never more than a bounded number of clients is remembered.
//!
//! What a client signed is verified by [`Provider::verify_by_client`] alone: it knows when the
//! keys must be fetched anew.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use serde_json::{Map, Value};
use tokio::sync::{Mutex, Semaphore};

use super::Provider;
use crate::clock::Timestamp;
use crate::entropy::ClientId;
use crate::protocol::client::Client;
use crate::protocol::jose::{ForeignKeys, JoseError, JwsAlg, KeysFlaw};

/// Clients whose fetched keys are remembered.
const KEPT: u64 = 1_000;
/// Keys are fetched anew when they are older: one that the client withdrew is good no longer.
const FRESH: Duration = Duration::from_mins(10);
/// No client's keys are asked for more often, whatever `kid` comes.
const PAUSE: Duration = Duration::from_secs(30);
/// What was fetched is good for so long while the client's server does not answer.
const STALE: Duration = Duration::from_hours(1);

/// Request objects that are fetched at a time: anybody can ask for one.
const OBJECTS: usize = 16;

/// Fetched keys, by client.
pub(super) struct ClientKeys {
    known: Cache<ClientId, Arc<Mutex<Fetched>>>,
    /// Places for fetches of request objects.
    pub(super) objects: Semaphore,
}

impl Default for ClientKeys {
    fn default() -> Self {
        Self {
            known: Cache::new(KEPT),
            objects: Semaphore::new(OBJECTS),
        }
    }
}

#[derive(Default)]
struct Fetched {
    uri: String,
    tried: Option<Timestamp>,
    keys: Option<(Arc<ForeignKeys>, Timestamp)>,
}

/// Why what a client signed is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientKeyError {
    /// It has neither `jwks` nor `jwks_uri`.
    #[error("the client has no keys")]
    NoKeys,
    /// Its `jwks_uri` gives no key set.
    #[error("the client's jwks_uri gives no usable keys")]
    Unreachable,
    /// Its key set cannot be used.
    #[error("the client's key set {0}")]
    Flaw(#[from] KeysFlaw),
    /// The token.
    #[error("{0}")]
    Token(#[from] JoseError),
}

impl Provider {
    /// The claims of what this client signed with one of its keys, by `alg` if one is demanded.
    /// Issuer, audience, time and repetition are the caller's to judge.
    pub async fn verify_by_client(
        &self,
        client: &Client,
        token: &str,
        alg: Option<JwsAlg>,
    ) -> Result<Map<String, Value>, ClientKeyError> {
        if let Some(keys) = &client.jwks {
            return Ok(ForeignKeys::parse(keys)?.verify(token, alg)?);
        }
        let uri = client.jwks_uri.as_deref().ok_or(ClientKeyError::NoKeys)?;
        let slot = self
            .client_keys
            .known
            .get_with(client.client_id.clone(), Arc::default);
        let keys = self.fetched(&slot, client, uri, FRESH).await;
        let read = keys.ok_or(ClientKeyError::Unreachable)?.verify(token, alg);
        if read.as_ref().err() != Some(&JoseError::UnknownKey) {
            return Ok(read?);
        }
        // The client may have begun to sign with a new key.
        let keys = self.fetched(&slot, client, uri, PAUSE).await;
        Ok(keys
            .ok_or(ClientKeyError::Unreachable)?
            .verify(token, alg)?)
    }

    /// The keys, not older than `age` if they can be had. Who comes while they are being fetched
    /// waits for them.
    async fn fetched(
        &self,
        slot: &Mutex<Fetched>,
        client: &Client,
        uri: &str,
        age: Duration,
    ) -> Option<Arc<ForeignKeys>> {
        let mut slot = slot.lock().await;
        if slot.uri != uri {
            *slot = Fetched {
                uri: uri.to_owned(),
                ..Fetched::default()
            };
        }
        let now = self.clock.now();
        let younger = |at: Timestamp, age| now < at + age;
        let fresh = slot.keys.as_ref().is_some_and(|(_, at)| younger(*at, age));
        if !fresh && !slot.tried.is_some_and(|at| younger(at, PAUSE)) {
            slot.tried = Some(now);
            if let Some(keys) = self.fetch_keys(client, uri).await {
                slot.keys = Some((Arc::new(keys), now));
            }
        }
        let kept = slot.keys.as_ref().filter(|(_, at)| younger(*at, STALE));
        kept.map(|(keys, _)| Arc::clone(keys))
    }

    async fn fetch_keys(&self, client: &Client, uri: &str) -> Option<ForeignKeys> {
        let trust = self.trust_in(client, uri);
        let body = match self.outbound.get(trust, uri).await {
            Ok(body) => body,
            Err(error) => {
                tracing::warn!(client = %client.client_id, %error, "the keys of a client cannot be fetched");
                return None;
            }
        };
        let set: Value = serde_json::from_slice(&body).unwrap_or_default();
        ForeignKeys::parse(&set)
            .inspect_err(|flaw| {
                tracing::warn!(client = %client.client_id, %flaw, "the keys of a client cannot be used");
            })
            .ok()
    }
}
