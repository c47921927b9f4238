//! Randomness as a parameter, and the identifiers and secrets that are made of it.
//!
//! Identifiers are newtypes, so that one kind can never be passed for another. Secrets have no
//! readable `Debug`; only their SHA-256 is stored (256 random bits need no slow hash).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng as _, SeedableRng as _, TryRng as _};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// Where random bytes come from.
#[derive(Clone)]
pub enum Entropy {
    /// The operating system.
    System,
    /// A seeded generator: for tests that must repeat.
    Seeded(Arc<Mutex<StdRng>>),
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "Entropy::System",
            Self::Seeded(_) => "Entropy::Seeded",
        })
    }
}

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

impl Entropy {
    /// A generator that repeats for the same seed. Never for secrets outside tests.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// If the operating system has no randomness to give: nothing safe can be done then.
    #[expect(
        clippy::expect_used,
        reason = "without randomness nothing safe can be done"
    )]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => SysRng
                .try_fill_bytes(&mut bytes)
                .expect("the system gives randomness"),
            Self::Seeded(rng) => {
                rng.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .fill_bytes(&mut bytes);
            }
        }
        bytes
    }

    /// `length` characters of `[A-Za-z0-9]`, each equally likely. Identifiers and secrets that
    /// travel in HTTP Basic are made of these, as some clients do not form-encode them.
    pub fn alphanumeric(&self, length: usize) -> String {
        let mut text = String::with_capacity(length);
        while text.len() < length {
            for byte in self.bytes::<32>() {
                // 248 = 4 * 62: larger bytes would favour the first letters.
                if let (true, Some(letter)) = (byte < 248, ALPHANUMERIC.get(usize::from(byte % 62)))
                {
                    text.push(char::from(*letter));
                }
                if text.len() == length {
                    break;
                }
            }
        }
        text
    }

    /// A uniform number in `0.0..1.0`, for the jitter of retries.
    pub fn unit(&self) -> f64 {
        f64::from(u32::from_le_bytes(self.bytes())) / (f64::from(u32::MAX) + 1.0)
    }
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(#[serde(with = "serde_bytes")] [u8; $size]);

        impl $name {
            /// A new random one.
            pub fn random(entropy: &Entropy) -> Self {
                Self(entropy.bytes())
            }

            /// From its bytes.
            pub const fn from_bytes(bytes: [u8; $size]) -> Self {
                Self(bytes)
            }

            /// From a slice, if the length is right.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Its bytes.
            pub const fn as_bytes(&self) -> &[u8; $size] {
                &self.0
            }

            /// Its text: unpadded base64url.
            pub fn encode(&self) -> String {
                URL_SAFE_NO_PAD.encode(self.0)
            }

            /// From its text.
            pub fn decode(text: &str) -> Option<Self> {
                URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| Self::from_slice(&bytes))
            }
        }
    };
}

macro_rules! shown {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.encode())
            }
        }
    };
}

macro_rules! concealed {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}(…)", stringify!($name))
            }
        }
    };
}

byte_id! {
    /// A session, inside the house. Never shown to a relying party.
    SessionId, 16
}
concealed!(SessionId);
byte_id! {
    /// The root under which hot documents lie together: a session's id, or an own random one.
    Root, 16
}
concealed!(Root);
byte_id! {
    /// What one client holds from one authorization.
    GrantId, 16
}
shown!(GrantId);
byte_id! {
    /// An authorization code's place.
    CodeId, 16
}
concealed!(CodeId);
byte_id! {
    /// An access token's own number (a part of its `jti`).
    TokenId, 16
}
shown!(TokenId);
byte_id! {
    /// A secret of 256 random bits, held by a browser. Stored only as [`SecretHash`].
    Secret, 32
}
concealed!(Secret);
byte_id! {
    /// SHA-256 of a secret. Compare with [`SecretHash::matches`], which takes constant time.
    SecretHash, 32
}
concealed!(SecretHash);

impl Secret {
    /// What may be stored of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash(sha256(&self.0))
    }
}

impl SecretHash {
    /// The hash of a secret that travels as text (a client secret).
    pub fn of_text(secret: &str) -> Self {
        Self(sha256(secret.as_bytes()))
    }

    /// Whether both are the same, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl From<SessionId> for Root {
    fn from(id: SessionId) -> Self {
        Self(id.0)
    }
}

impl From<Root> for SessionId {
    fn from(root: Root) -> Self {
        Self(root.0)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// From its text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A person: the `sub` of tokens. Starts with `u_`, is random, and never reused.
    UserId
}
text_id! {
    /// A client (RFC 6749, 2.2).
    ClientId
}
text_id! {
    /// A participant's `sid` claim (Back-Channel Logout 1.0, 2.1): random, stable for one client
    /// in one session, never reused.
    Sid
}

impl UserId {
    /// A new random one: 131 bits.
    pub fn random(entropy: &Entropy) -> Self {
        Self(format!("u_{}", entropy.alphanumeric(22)))
    }
}

impl ClientId {
    /// A new random one.
    pub fn random(entropy: &Entropy) -> Self {
        Self(entropy.alphanumeric(22))
    }
}

impl Sid {
    /// A new random one: 142 bits.
    pub fn random(entropy: &Entropy) -> Self {
        Self(entropy.alphanumeric(24))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        assert_eq!(
            Entropy::seeded(7).bytes::<16>(),
            Entropy::seeded(7).bytes::<16>()
        );
        assert_ne!(Entropy::System.bytes::<16>(), Entropy::System.bytes::<16>());
    }

    #[test]
    fn alphanumeric_has_the_length_and_the_letters() {
        let text = Entropy::System.alphanumeric(43);
        assert_eq!(text.len(), 43);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn secrets_do_not_show() {
        let secret = Secret::random(&Entropy::System);
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert!(secret.hash().matches(&secret.hash()));
        assert!(
            !secret
                .hash()
                .matches(&Secret::random(&Entropy::System).hash())
        );
    }

    #[test]
    fn text_and_bytes_go_round() {
        let id = GrantId::random(&Entropy::System);
        assert_eq!(GrantId::decode(&id.encode()), Some(id));
        assert_eq!(GrantId::decode("short"), None);
    }
}
