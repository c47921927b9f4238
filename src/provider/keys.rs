//! The signing keys: made once, kept sealed in the record, held ready in memory.

use std::sync::{Arc, PoisonError, RwLock};

use moka::sync::Cache;
use serde_json::{Map, Value};

use super::Provider;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::Entropy;
use crate::protocol::access_token;
use crate::protocol::client::SigningAlg;
use crate::protocol::jose::{KeySet, SigningKey};
use crate::store::record::{Record, StoredKey};
use crate::store::seal::{Purpose, Sealer};

/// Claims of access tokens whose signature was checked lately, by SHA-256 of the token.
type Verified = Cache<[u8; 32], Arc<Map<String, Value>>>;

const KEPT: u64 = 10_000;

pub(super) struct Keys {
    set: RwLock<Arc<KeySet>>,
    verified: Verified,
}

impl Keys {
    pub(super) async fn load_or_make(
        record: &Record,
        sealer: &Sealer,
        entropy: &Entropy,
        now: Timestamp,
    ) -> Result<Self, Trouble> {
        let mut stored = record.keys().await?;
        for alg in [SigningAlg::RS256, SigningAlg::ES256] {
            if stored.iter().any(|key| key.alg == alg.as_str()) {
                continue;
            }
            let key = SigningKey::generate(alg, now).map_err(internal)?;
            let private = {
                let plain = key.to_pkcs8().map_err(internal)?;
                sealer.seal(Purpose::SigningKey, key.kid().as_bytes(), &plain, entropy)
            };
            record
                .insert_key(key.kid(), alg.as_str(), &private, now)
                .await?;
            stored = record.keys().await?;
        }
        let set = open(&stored, sealer)?;
        Ok(Self {
            set: RwLock::new(Arc::new(set)),
            verified: Cache::builder()
                .max_capacity(KEPT)
                .time_to_live(access_token::LIFETIME)
                .build(),
        })
    }

    pub(super) fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn verified(&self, fingerprint: &[u8; 32]) -> Option<Arc<Map<String, Value>>> {
        self.verified.get(fingerprint)
    }

    pub(super) fn remember(
        &self,
        fingerprint: [u8; 32],
        claims: Map<String, Value>,
    ) -> Arc<Map<String, Value>> {
        let claims = Arc::new(claims);
        self.verified.insert(fingerprint, Arc::clone(&claims));
        claims
    }
}

fn open(stored: &[StoredKey], sealer: &Sealer) -> Result<KeySet, Trouble> {
    let mut keys = Vec::with_capacity(stored.len());
    for key in stored {
        let alg = match key.alg.as_str() {
            "RS256" => SigningAlg::RS256,
            "ES256" => SigningAlg::ES256,
            // A newer version's key, read by an older one beside it: not ours to use.
            _ => continue,
        };
        let plain = sealer
            .open(Purpose::SigningKey, key.kid.as_bytes(), &key.sealed)
            .map(zeroize::Zeroizing::new)
            .ok_or_else(|| {
                Trouble::Internal(format!(
                    "signing key {} does not open with this master key; start with the master key \
                     that the data was written with",
                    key.kid
                ))
            })?;
        keys.push(Arc::new(
            SigningKey::from_pkcs8(alg, &plain, key.created).map_err(internal)?,
        ));
    }
    Ok(KeySet::new(keys))
}

fn internal(error: impl std::fmt::Display) -> Trouble {
    Trouble::Internal(error.to_string())
}

impl Provider {
    pub(super) async fn reload_keys(&self) -> Result<(), Trouble> {
        let set = open(&self.record.keys().await?, &self.sealer)?;
        *self
            .keys
            .set
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
        self.keys.verified.invalidate_all();
        Ok(())
    }

    /// The newest key of an algorithm.
    pub(super) fn signing_key(&self, alg: SigningAlg) -> Result<Arc<SigningKey>, Trouble> {
        let keys = self.keys.current();
        let newest = keys
            .keys()
            .iter()
            .filter(|key| key.alg() == alg)
            .max_by_key(|key| key.created());
        newest
            .map(Arc::clone)
            .ok_or_else(|| internal("no key for this algorithm"))
    }
}
