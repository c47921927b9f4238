//! The signing keys as pages show them.

use super::Provider;
use crate::clock::Timestamp;
use crate::protocol::client::SigningAlg;

/// What a signing key does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// It signs.
    Signs,
    /// What it signed is taken still.
    Verifies,
}

/// One signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    /// RFC 7517, 4.5.
    pub kid: String,
    /// What it signs with.
    pub alg: SigningAlg,
    /// What it does now.
    pub state: KeyUse,
    /// When it was made.
    pub made: Timestamp,
}

impl Provider {
    /// The published keys, those that sign first, then the newest.
    pub fn signing_keys(&self) -> Vec<KeyView> {
        let set = self.keys.current();
        let mut keys: Vec<KeyView> = set
            .keys()
            .iter()
            .map(|key| {
                let signs = set.current(key.alg()).map(|current| current.kid());
                KeyView {
                    kid: key.kid().to_owned(),
                    alg: key.alg(),
                    state: if signs == Some(key.kid()) {
                        KeyUse::Signs
                    } else {
                        KeyUse::Verifies
                    },
                    made: key.created(),
                }
            })
            .collect();
        keys.sort_by_key(|key| {
            let place = (key.state != KeyUse::Signs, std::cmp::Reverse(key.made));
            (place, key.alg.as_str(), key.kid.clone())
        });
        keys
    }
}
