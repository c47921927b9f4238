//! By what a client may sign its assertions: a key of its own, or the secret that it shares with us.
//! Two types, so that a public key is never taken for a secret (RFC 8725, 2.1).

use serde::{Deserialize, Serialize};

use super::jose::{JwsAlg, MacAlg};

/// A value of `token_endpoint_auth_signing_alg` (`OpenID` Connect Registration 1.0, 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AssertionAlg {
    /// By a key: for `private_key_jwt`.
    Key(JwsAlg),
    /// By the secret: for `client_secret_jwt`.
    Secret(MacAlg),
}

impl AssertionAlg {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let keys = JwsAlg::ALL.into_iter().map(Self::Key);
        keys.chain(MacAlg::ALL.into_iter().map(Self::Secret))
    }

    /// That of a key, if it is one.
    pub const fn of_key(self) -> Option<JwsAlg> {
        match self {
            Self::Key(alg) => Some(alg),
            Self::Secret(_) => None,
        }
    }

    /// That of a secret, if it is one.
    pub const fn of_secret(self) -> Option<MacAlg> {
        match self {
            Self::Secret(alg) => Some(alg),
            Self::Key(_) => None,
        }
    }

    /// The `alg` value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key(alg) => alg.as_str(),
            Self::Secret(alg) => alg.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_written_and_read_under_its_own_name() {
        assert_eq!(AssertionAlg::all().count(), 12);
        for alg in AssertionAlg::all() {
            let written = serde_json::to_value(alg).unwrap();
            assert_eq!(written, alg.as_str());
            assert_eq!(
                serde_json::from_value::<AssertionAlg>(written).unwrap(),
                alg
            );
        }
        assert!(serde_json::from_str::<AssertionAlg>("\"none\"").is_err());
    }
}
