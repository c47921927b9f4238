//! Keys and signatures (RFC 7515, 7517, 7518, 7638): one writer and one reader for every token.
//!
//! Nothing here knows a claim or a clock. Who calls [`KeySet::verify`] says which types and
//! algorithms may come, and judges issuer, audience and expiry afterwards.

mod foreign;
mod jws;
mod jws_alg;
mod key;
mod key_life;
mod key_set;
mod mac;
mod own_key;
mod thumbprint;
mod verifying_key;

pub use foreign::{ForeignKeys, KeysFlaw, MAX_KEYS, header, unverified};
pub use jws::sign;
pub use jws_alg::{JwsAlg, MacAlg};
pub use key::SigningKey;
pub use key_life::{KeyLife, KeyState};
pub use key_set::{Expect, HeldKey, KeySet, MAX_TOKEN};
pub use mac::verify_mac;
pub use own_key::verify_own;
pub use thumbprint::Thumbprint;
pub use verifying_key::VerifyingKey;

#[cfg(test)]
pub(crate) mod test_keys;

/// Why a token or a key is refused. None of these carries anything of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    /// Longer than [`MAX_TOKEN`].
    #[error("the token is too long")]
    TooLong,
    /// Not a compact JWS (RFC 7515, 7.1) with a JSON object in it.
    #[error("the token is malformed")]
    Malformed,
    /// Its header or claims nest deeper than [`MAX_DEPTH`](super::depth::MAX_DEPTH).
    #[error("the token nests too deep")]
    TooDeep,
    /// It demands an extension that is not understood (RFC 7515, 4.1.11).
    #[error("the token names a critical extension")]
    Critical,
    /// It brings its own key, or points to one (RFC 8725, 3.10).
    #[error("the token brings its own key or rules")]
    OwnKey,
    /// Another kind of token (RFC 8725, 3.11).
    #[error("the token is of another type")]
    Type,
    /// An algorithm that is not allowed here, or not its key's own (RFC 8725, 3.1).
    #[error("the algorithm is not allowed")]
    Algorithm,
    /// No key of ours has its `kid`.
    #[error("the key is unknown")]
    UnknownKey,
    /// The secret is shorter than the hash of the algorithm (RFC 7518, 3.2).
    #[error("the secret is too short for the algorithm")]
    ShortSecret,
    /// The signature is not this key's over this text.
    #[error("the signature is wrong")]
    Signature,
    /// A private key that cannot be made or read.
    #[error("the key is unusable")]
    Key,
    /// Claims that cannot be written, or a signature that cannot be made.
    #[error("the token cannot be signed")]
    Signing,
}
