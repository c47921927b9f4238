//! What is kept of the secret of a client: SHA-256 of it; and for a client that signs with it, the
//! secret itself under the house's seal, as no MAC can be verified by a hash.

use std::fmt;

use super::assertion_alg::AssertionAlg;
use super::jose::MacAlg;
use crate::clock::Timestamp;
use crate::entropy::SecretHash;

/// A secret under the house's seal, bound to its client.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(Vec<u8>);

impl SealedSecret {
    /// From sealed bytes.
    pub const fn new(sealed: Vec<u8>) -> Self {
        Self(sealed)
    }

    /// The sealed bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(…)")
    }
}

/// What is kept of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSecret {
    /// SHA-256.
    pub hash: SecretHash,
    /// Only a client that signs with it needs it.
    pub sealed: Option<SealedSecret>,
}

/// A secret that a newer one has followed: an app gets to know the new one without a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousSecret {
    /// SHA-256.
    pub hash: SecretHash,
    /// Of a client that signs with it.
    pub sealed: Option<SealedSecret>,
    /// From this moment on it is taken no more.
    pub expires: Timestamp,
}

/// The shortest secret, in bytes, of a client that signs with it by this algorithm (RFC 7518, 3.2);
/// where none is pinned, by the one that asks for the least.
pub const fn shortest_to_sign(alg: Option<AssertionAlg>) -> usize {
    match alg {
        Some(AssertionAlg::Secret(alg)) => alg.shortest_secret(),
        Some(AssertionAlg::Key(_)) | None => MacAlg::HS256.shortest_secret(),
    }
}
