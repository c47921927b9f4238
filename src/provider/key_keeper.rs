//! The signing keys in the record: read, and taken through their lives. For the server's worker
//! and for the command line, which has no server.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::subjects::Subjects;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::Entropy;
use crate::protocol::client::SigningAlg;
use crate::protocol::jose::{HeldKey, KeyLife, KeySet, KeyState, SigningKey, VerifyingKey};
use crate::protocol::key_rotation::{Due, Schedule};
use crate::session::ending::Actor;
use crate::store::record::{KeyChange, NewKey, Record, StoredKey, Superseded};
use crate::store::seal::{Purpose, Sealer};

/// Steps in one look. A node that was away for long has some to catch up with; what never ends is
/// a fault.
const STEPS: usize = 64;

/// Who looks after the keys.
#[derive(Clone, Debug)]
pub struct KeyKeeper {
    record: Record,
    sealer: Sealer,
    entropy: Entropy,
    schedule: Schedule,
    algs: Vec<SigningAlg>,
}

/// A change of the key that signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Of which algorithm.
    pub alg: SigningAlg,
    /// The `kid` that signs from now on.
    pub current: String,
    /// The `kid` that did until now.
    pub superseded: Option<String>,
}

impl KeyKeeper {
    /// For a record whose keys this sealer opens.
    pub fn new(record: Record, sealer: Sealer, entropy: Entropy, schedule: Schedule) -> Self {
        Self {
            record,
            sealer,
            entropy,
            schedule,
            algs: SigningAlg::ALWAYS.to_vec(),
        }
    }

    /// With keys for these algorithms.
    #[must_use]
    pub fn with_algs(mut self, algs: &[SigningAlg]) -> Self {
        self.algs = algs.to_vec();
        self
    }

    /// The algorithms to look after: also one that is not wanted any more keeps its keys, as
    /// clients may still rest on it.
    fn algs<'a>(&'a self, keys: &'a KeySet) -> impl Iterator<Item = SigningAlg> + 'a {
        let wanted = |alg: &SigningAlg| self.algs.contains(alg) || keys.of(*alg).next().is_some();
        SigningAlg::ALL.into_iter().filter(wanted)
    }

    /// When what is due.
    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    pub(super) async fn subjects(&self) -> Result<Subjects, Trouble> {
        Subjects::load_or_make(&self.record, &self.sealer, &self.entropy).await
    }

    /// All keys. One that does not open with this master key is trouble: a node that cannot read
    /// what the others sign is of no use.
    pub async fn load(&self) -> Result<KeySet, Trouble> {
        let stored = self.record.keys().await?;
        // A newer version's key, read by an older one beside it, is not ours to use.
        let ours = stored
            .iter()
            .filter_map(|key| Some((key, SigningAlg::parse(&key.alg)?)));
        let held: Result<Vec<_>, _> = ours.map(|(key, alg)| self.open(key, alg)).collect();
        Ok(KeySet::new(held?))
    }

    /// The keys with which the house can open: makes those that must sign and are not there.
    pub(super) async fn load_or_make(&self, now: Timestamp) -> Result<KeySet, Trouble> {
        let mut keys = self.load().await?;
        let algs: Vec<SigningAlg> = self.algs(&keys).collect();
        for alg in algs {
            if let Some(due @ (Due::MakeFirst | Due::Promote(_))) = self.due(&keys, alg, now)
                && keys.current(alg).is_none()
            {
                self.step(&keys, alg, due, now).await?;
                keys = self.load().await?;
            }
        }
        Ok(keys)
    }

    /// Whether anything is due: no store is asked.
    pub(super) fn is_due(&self, keys: &KeySet, now: Timestamp) -> bool {
        self.algs(keys)
            .any(|alg| self.due(keys, alg, now).is_some())
    }

    /// Does what is due. Others may do the same at the same time: each step is taken once.
    pub async fn keep_up(&self, now: Timestamp) -> Result<(), Trouble> {
        let mut keys = self.load().await?;
        let algs: Vec<SigningAlg> = self.algs(&keys).collect();
        for alg in algs {
            for _ in 0..STEPS {
                let Some(due) = self.due(&keys, alg, now) else {
                    break;
                };
                self.step(&keys, alg, due, now).await?;
                keys = self.load().await?;
            }
        }
        Ok(())
    }

    /// Promotes the next key of an algorithm, whether or not its time has come, and publishes a new
    /// next one. With `drop`, nothing that the old one signed is believed any more. None: somebody
    /// else changed the keys meanwhile; look again.
    pub async fn rotate(
        &self,
        alg: SigningAlg,
        drop: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Rotated>, Trouble> {
        let mut keys = self.load().await?;
        if next_of(&keys, alg).is_none() {
            let made = KeyChange::Next(self.make(alg).await?);
            self.record.change_key(made, actor, now).await?;
            keys = self.load().await?;
        }
        let Some(current) = next_of(&keys, alg).map(|held| held.key().kid().to_owned()) else {
            return Ok(None);
        };
        let superseded = keys.current(alg).map(|key| key.kid().to_owned());
        let promotion = self.promotion(&keys, alg, &current, drop);
        if !self.record.change_key(promotion, actor, now).await? {
            return Ok(None);
        }
        let made = KeyChange::Next(self.make(alg).await?);
        self.record.change_key(made, actor, now).await?;
        Ok(Some(Rotated {
            alg,
            current,
            superseded,
        }))
    }

    fn due<'a>(&self, keys: &'a KeySet, alg: SigningAlg, now: Timestamp) -> Option<Due<&'a str>> {
        let lives: Vec<(&str, KeyLife)> = keys
            .of(alg)
            .map(|held| (held.key().kid(), *held.life()))
            .collect();
        self.schedule.due(&lives, now)
    }

    /// One step. That another took it first is as good.
    async fn step(
        &self,
        keys: &KeySet,
        alg: SigningAlg,
        due: Due<&str>,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let change = match due {
            Due::MakeFirst => KeyChange::First(self.make(alg).await?),
            Due::MakeNext => KeyChange::Next(self.make(alg).await?),
            Due::Promote(kid) => self.promotion(keys, alg, kid, false),
            Due::Retire(kid) => {
                let held = keys.of(alg).find(|held| held.key().kid() == kid);
                let held = held.ok_or_else(|| internal("a key is gone"))?;
                KeyChange::Retire(self.superseded(held.key()))
            }
            Due::Remove(kid) => KeyChange::Remove {
                kid: kid.to_owned(),
            },
        };
        self.record.change_key(change, &Actor::System, now).await?;
        Ok(())
    }

    fn promotion(&self, keys: &KeySet, alg: SigningAlg, kid: &str, drop: bool) -> KeyChange {
        KeyChange::Promote {
            alg: alg.as_str().to_owned(),
            kid: kid.to_owned(),
            supersedes: keys.current(alg).map(|key| self.superseded(key.public())),
            drop,
        }
    }

    fn superseded(&self, key: &VerifyingKey) -> Superseded {
        Superseded {
            kid: key.kid().to_owned(),
            public: self.seal_public(key),
        }
    }

    async fn make(&self, alg: SigningAlg) -> Result<NewKey, Trouble> {
        // An RSA key takes a while to find: requests must not wait for it.
        let made = tokio::task::spawn_blocking(move || SigningKey::generate(alg));
        let key = made.await.map_err(internal)?.map_err(internal)?;
        let plain = key.to_pkcs8().map_err(internal)?;
        let name = key.kid().as_bytes();
        Ok(NewKey {
            kid: key.kid().to_owned(),
            alg: alg.as_str().to_owned(),
            private: self
                .sealer
                .seal(Purpose::SigningKey, name, &plain, &self.entropy),
            public: self.seal_public(key.public()),
        })
    }

    fn seal_public(&self, key: &VerifyingKey) -> Vec<u8> {
        let text = key.jwk().to_string();
        self.sealer.seal(
            Purpose::SigningKey,
            &public_name(key.kid()),
            text.as_bytes(),
            &self.entropy,
        )
    }

    fn open(&self, stored: &StoredKey, alg: SigningAlg) -> Result<HeldKey, Trouble> {
        let foreign = || {
            internal(format!(
                "signing key {} does not open with this master key; start with the master key \
                 that the data was written with",
                stored.kid
            ))
        };
        let opened = |name: &[u8], sealed: &[u8]| {
            let plain = self.sealer.open(Purpose::SigningKey, name, sealed);
            plain.map(Zeroizing::new).ok_or_else(foreign)
        };
        if let Some(private) = &stored.private {
            let plain = opened(stored.kid.as_bytes(), private)?;
            let key = SigningKey::from_pkcs8(alg, &plain).map_err(internal)?;
            return Ok(HeldKey::signing(Arc::new(key), stored.life));
        }
        let public = stored.public.as_ref().ok_or_else(|| {
            internal(format!(
                "signing key {} has lost both its parts",
                stored.kid
            ))
        })?;
        let plain = opened(&public_name(&stored.kid), public)?;
        let jwk = serde_json::from_slice(&plain).map_err(internal)?;
        let key = VerifyingKey::from_jwk(alg, &jwk).map_err(internal)?;
        Ok(HeldKey::public(Arc::new(key), stored.life))
    }
}

/// The next key of an algorithm.
fn next_of(keys: &KeySet, alg: SigningAlg) -> Option<&HeldKey> {
    keys.of(alg)
        .find(|held| held.life().state() == KeyState::Next)
}

/// Under which name a public part is sealed: never that of a private part, which is the `kid`.
fn public_name(kid: &str) -> Vec<u8> {
    format!("{kid}/public").into_bytes()
}

fn internal(error: impl std::fmt::Display) -> Trouble {
    Trouble::Internal(error.to_string())
}
