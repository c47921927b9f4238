//! The algorithms that sign tokens (RFC 7518, 3.1; RFC 8037, 3.1).

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// An algorithm. Each has keys of its own: one key is for one algorithm (RFC 8725, 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SigningAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what every client library knows.
    #[default]
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlg {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDsa,
    ];

    /// Those that every house has keys for: the default of ID tokens, and that of access tokens.
    pub const ALWAYS: [Self; 2] = [Self::RS256, Self::ES256];

    /// The algorithm of an `alg` value.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.as_str() == text)
    }

    /// The `alg` value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The left half of a text's hash, by the hash of this algorithm: `at_hash` and `c_hash`
    /// (Core 1.0, 3.1.3.6 and 3.3.2.11). Ed25519 hashes with SHA-512.
    pub fn left_half(self, text: &str) -> Vec<u8> {
        let hash = match self {
            Self::RS256 | Self::PS256 | Self::ES256 => &digest::SHA256,
            Self::RS384 | Self::PS384 | Self::ES384 => &digest::SHA384,
            Self::RS512 | Self::PS512 | Self::EdDsa => &digest::SHA512,
        };
        let hash = digest::digest(hash, text.as_bytes());
        let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
        left.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_algorithm_of_ours_is_refused() {
        for text in [
            "", "none", "HS256", "rs256", "ES512", "ES256K", "Ed25519", "EDDSA",
        ] {
            assert_eq!(SigningAlg::parse(text), None, "{text}");
        }
    }

    #[test]
    fn each_is_written_and_read_under_its_own_name() {
        for alg in SigningAlg::ALL {
            assert_eq!(SigningAlg::parse(alg.as_str()), Some(alg));
            assert_eq!(serde_json::to_value(alg).unwrap(), alg.as_str());
        }
        assert_eq!(SigningAlg::default(), SigningAlg::RS256);
    }

    #[test]
    fn the_hash_is_that_of_the_algorithm() {
        let lengths = SigningAlg::ALL.map(|alg| alg.left_half("token").len());
        assert_eq!(lengths, [16, 24, 32, 16, 24, 32, 16, 24, 32]);
    }
}
