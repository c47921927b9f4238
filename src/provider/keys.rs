//! The signing keys, held ready in memory, and what was verified with them.

use std::sync::{Arc, PoisonError, RwLock};

use moka::sync::Cache;
use serde_json::{Map, Value};

use super::Provider;
use super::key_keeper::KeyKeeper;
use super::subjects::Subjects;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::protocol::access_token;
use crate::protocol::client::SigningAlg;
use crate::protocol::jose::{JoseError, KeySet, SigningKey};

/// Claims of access tokens whose signature was checked lately, by SHA-256 of the token.
type Verified = Cache<[u8; 32], Arc<Map<String, Value>>>;

const KEPT: u64 = 10_000;

pub(super) struct Keys {
    keeper: KeyKeeper,
    /// What makes pairwise names.
    pub(super) subjects: Subjects,
    held: RwLock<Arc<Held>>,
    /// Of two who read the record at once, the one that read last has the last word.
    reading: tokio::sync::Mutex<()>,
}

/// A key set and what was verified with it. They go together: a look-up that was under way when a
/// key was dropped must not leave behind that its token is good.
pub(super) struct Held {
    set: KeySet,
    verified: Verified,
}

impl Held {
    fn new(set: KeySet) -> Arc<Self> {
        let verified = Cache::builder()
            .max_capacity(KEPT)
            .time_to_live(access_token::LONGEST)
            .build();
        Arc::new(Self { set, verified })
    }

    pub(super) const fn set(&self) -> &KeySet {
        &self.set
    }

    /// The claims of an access token that one of these keys signed. A signature is checked once
    /// per node: it costs more than all the rest, and never changes its verdict.
    pub(super) fn verify_access(
        &self,
        fingerprint: [u8; 32],
        token: &str,
    ) -> Result<Arc<Map<String, Value>>, JoseError> {
        if let Some(claims) = self.verified.get(&fingerprint) {
            return Ok(claims);
        }
        let claims = Arc::new(self.set.verify(token, access_token::EXPECT)?);
        self.verified.insert(fingerprint, Arc::clone(&claims));
        Ok(claims)
    }
}

impl Keys {
    pub(super) async fn load_or_make(keeper: KeyKeeper, now: Timestamp) -> Result<Self, Trouble> {
        let set = keeper.load_or_make(now).await?;
        Ok(Self {
            subjects: keeper.subjects().await?,
            keeper,
            held: RwLock::new(Held::new(set)),
            reading: tokio::sync::Mutex::default(),
        })
    }

    pub(super) fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who takes them through their lives.
    pub(super) const fn keeper(&self) -> &KeyKeeper {
        &self.keeper
    }

    async fn reload(&self) -> Result<(), Trouble> {
        let _reading = self.reading.lock().await;
        let fresh = Held::new(self.keeper.load().await?);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

impl Provider {
    pub(super) async fn reload_keys(&self) -> Result<(), Trouble> {
        self.keys.reload().await
    }

    /// Does what is due with the signing keys, on one node for all. The worker's step.
    pub async fn look_after_keys(&self) -> Result<(), Trouble> {
        let now = self.clock.now();
        let keeper = &self.keys.keeper;
        if !keeper.is_due(self.keys.held().set(), now) || !self.has_work("keys").await? {
            return Ok(());
        }
        let done = keeper.keep_up(now).await;
        // What was done before it failed counts too.
        self.reload_keys().await?;
        done
    }

    /// The algorithms that tokens can be signed with now.
    pub fn signing_algs(&self) -> Vec<SigningAlg> {
        let held = self.keys.held();
        let signs = |alg: &SigningAlg| held.set().current(*alg).is_some();
        SigningAlg::ALL.into_iter().filter(signs).collect()
    }

    /// The key that signs with an algorithm.
    pub(super) fn signing_key(&self, alg: SigningAlg) -> Result<Arc<SigningKey>, Trouble> {
        let held = self.keys.held();
        let key = held.set().current(alg).map(Arc::clone);
        key.ok_or_else(|| Trouble::Internal(format!("no {} key signs", alg.as_str())))
    }
}
