//! The public half of a key: what is published, and all that is left of a key that signs no more.

use std::fmt;

use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::JoseError;
use crate::protocol::signing_alg::SigningAlg;

/// A public key, for one algorithm.
pub struct VerifyingKey {
    kid: String,
    alg: SigningAlg,
    key: DecodingKey,
    jwk: Value,
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({} {})", self.alg.as_str(), self.kid)
    }
}

impl VerifyingKey {
    pub(super) fn new(alg: SigningAlg, key: DecodingKey) -> Result<Self, JoseError> {
        let jwk = Jwk::from_decoding_key(&key, Some(algorithm(alg))).map_err(|_| JoseError::Key)?;
        Self::from_parts(alg, key, jwk)
    }

    /// A key from what [`Self::jwk`] gave. The JWK must be of the kind that `alg` needs.
    pub fn from_jwk(alg: SigningAlg, jwk: &Value) -> Result<Self, JoseError> {
        let jwk: Jwk = serde_json::from_value(jwk.clone()).map_err(|_| JoseError::Key)?;
        let named = jwk.common.key_algorithm.map(|named| named.to_string());
        if named.as_deref() != Some(alg.as_str()) {
            return Err(JoseError::Key);
        }
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| JoseError::Key)?;
        Self::from_parts(alg, key, jwk)
    }

    fn from_parts(alg: SigningAlg, key: DecodingKey, mut jwk: Jwk) -> Result<Self, JoseError> {
        let kid = jwk.thumbprint(ThumbprintHash::SHA256);
        let kid = kid.map_err(|_| JoseError::Key)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let jwk = serde_json::to_value(&jwk).map_err(|_| JoseError::Key)?;
        Ok(Self { kid, alg, key, jwk })
    }

    /// Its name: the SHA-256 thumbprint (RFC 7638), so that the same key has the same name
    /// wherever it is loaded.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm that it is for.
    pub const fn alg(&self) -> SigningAlg {
        self.alg
    }

    /// Its public members as a JWK (RFC 7517, 4).
    pub fn jwk(&self) -> Value {
        self.jwk.clone()
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let alg = algorithm(self.alg);
        jsonwebtoken::crypto::verify(signature, message, &self.key, alg).unwrap_or(false)
    }
}

const fn algorithm(alg: SigningAlg) -> Algorithm {
    match alg {
        SigningAlg::RS256 => Algorithm::RS256,
        SigningAlg::RS384 => Algorithm::RS384,
        SigningAlg::RS512 => Algorithm::RS512,
        SigningAlg::PS256 => Algorithm::PS256,
        SigningAlg::PS384 => Algorithm::PS384,
        SigningAlg::PS512 => Algorithm::PS512,
        SigningAlg::ES256 => Algorithm::ES256,
        SigningAlg::ES384 => Algorithm::ES384,
        SigningAlg::EdDsa => Algorithm::EdDSA,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::super::test_keys;
    use super::*;

    #[test]
    fn what_is_left_of_a_key_verifies_what_it_signed() {
        for key in test_keys::one_of_each() {
            let left = VerifyingKey::from_jwk(key.alg(), &key.public().jwk()).unwrap();
            assert_eq!(left.kid(), key.kid());
            assert_eq!(left.jwk(), key.public().jwk());
            let signature = URL_SAFE_NO_PAD.encode(key.sign_bytes(b"text").unwrap());
            assert!(left.verifies(b"text", &signature));
            assert!(!left.verifies(b"test", &signature));
        }
    }

    #[test]
    fn what_is_no_key_of_its_algorithm_is_refused() {
        let (rsa, p256) = (test_keys::rsa(), test_keys::p256());
        let mut nameless = p256.public().jwk();
        nameless.as_object_mut().unwrap().remove("alg");
        for (alg, jwk) in [
            (SigningAlg::RS256, p256.public().jwk()),
            (SigningAlg::PS256, rsa.public().jwk()),
            (SigningAlg::ES384, p256.public().jwk()),
            (SigningAlg::ES256, rsa.public().jwk()),
            (SigningAlg::ES256, nameless),
            (SigningAlg::ES256, json!({})),
            (SigningAlg::ES256, json!("key")),
        ] {
            let read = VerifyingKey::from_jwk(alg, &jwk);
            assert_eq!(read.err(), Some(JoseError::Key), "{jwk}");
        }
    }
}
