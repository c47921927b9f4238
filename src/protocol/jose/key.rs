//! A signing key: the pair held ready, and its public half.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use jsonwebtoken::DecodingKey;
use zeroize::Zeroizing;

use super::{JoseError, VerifyingKey};
use crate::protocol::client::SigningAlg;

/// RFC 7518, 3.3: RSA keys have 2048 bits or more.
const MIN_RSA_BYTES: usize = 256;

/// A private key that signs with one algorithm. Parsed once: a signature must never pay for it.
pub struct SigningKey {
    pair: Pair,
    public: Arc<VerifyingKey>,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.alg().as_str(), self.kid())
    }
}

impl SigningKey {
    /// A new key: RSA with 2048 bits, or P-256. The randomness is the cryptographic library's own.
    pub fn generate(alg: SigningAlg) -> Result<Self, JoseError> {
        let pair = match alg {
            SigningAlg::RS256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            SigningAlg::ES256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256)
            }
        };
        Self::new(alg, pair.map_err(|_| JoseError::Key)?)
    }

    /// A key from its PKCS#8 form, which must be of the kind that `alg` needs.
    pub fn from_pkcs8(alg: SigningAlg, pkcs8: &[u8]) -> Result<Self, JoseError> {
        let pair = match alg {
            SigningAlg::RS256 => RsaKeyPair::from_pkcs8(pkcs8).map(Pair::Rsa),
            SigningAlg::ES256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Pair::P256)
            }
        };
        Self::new(alg, pair.map_err(|_| JoseError::Key)?)
    }

    fn new(alg: SigningAlg, pair: Pair) -> Result<Self, JoseError> {
        if matches!(&pair, Pair::Rsa(rsa) if rsa.public_modulus_len() < MIN_RSA_BYTES) {
            return Err(JoseError::Key);
        }
        let verifying = match &pair {
            Pair::Rsa(rsa) => DecodingKey::from_rsa_der(rsa.public_key().as_ref()),
            Pair::P256(ec) => DecodingKey::from_ec_der(ec.public_key().as_ref()),
        };
        let public = Arc::new(VerifyingKey::new(alg, verifying)?);
        Ok(Self { pair, public })
    }

    /// Its name: that of its public half.
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    /// The one algorithm that it is for.
    pub fn alg(&self) -> SigningAlg {
        self.public.alg()
    }

    /// The private key, to be sealed and stored.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        let bytes = match &self.pair {
            Pair::Rsa(rsa) => rsa.as_der().map(|der| der.as_ref().to_vec()),
            Pair::P256(ec) => ec.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
        };
        bytes.map(Zeroizing::new).map_err(|_| JoseError::Key)
    }

    /// Its public half.
    pub const fn public(&self) -> &Arc<VerifyingKey> {
        &self.public
    }

    pub(super) fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(rsa) => {
                let mut signature = vec![0; rsa.public_modulus_len()];
                rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map(|()| signature)
            }
            Pair::P256(ec) => ec
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec()),
        }
        .map_err(|_| JoseError::Signing)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::super::test_keys;
    use super::*;
    use crate::entropy::sha256;

    #[test]
    fn what_is_no_key_or_a_key_of_another_kind_is_refused() {
        let rsa = test_keys::rsa().to_pkcs8().unwrap();
        let p256 = test_keys::p256().to_pkcs8().unwrap();
        let cases: [(&str, SigningAlg, &[u8]); 5] = [
            ("nothing", SigningAlg::ES256, b""),
            ("noise", SigningAlg::RS256, b"not a key"),
            ("cut", SigningAlg::ES256, &p256[..p256.len() - 1]),
            ("RSA for ES256", SigningAlg::ES256, &rsa),
            ("P-256 for RS256", SigningAlg::RS256, &p256),
        ];
        for (name, alg, bytes) in cases {
            let read = SigningKey::from_pkcs8(alg, bytes);
            assert_eq!(read.err(), Some(JoseError::Key), "{name}");
        }
    }

    #[test]
    fn a_stored_key_comes_back_with_its_name() {
        for key in [test_keys::rsa(), test_keys::p256()] {
            let again = SigningKey::from_pkcs8(key.alg(), &key.to_pkcs8().unwrap()).unwrap();
            assert_eq!(again.kid(), key.kid());
            assert_eq!(again.public().jwk(), key.public().jwk());
            let signature = URL_SAFE_NO_PAD.encode(again.sign_bytes(b"text").unwrap());
            assert!(key.public().verifies(b"text", &signature));
            assert!(!key.public().verifies(b"test", &signature));
        }
    }

    #[test]
    fn the_name_is_the_thumbprint_of_the_required_members() {
        for key in [test_keys::rsa(), test_keys::p256()] {
            let jwk = key.public().jwk();
            let member = |name: &str| jwk[name].as_str().unwrap().to_owned();
            let text = match key.alg() {
                SigningAlg::RS256 => {
                    format!(
                        r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                        member("e"),
                        member("n")
                    )
                }
                SigningAlg::ES256 => format!(
                    r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                    member("x"),
                    member("y")
                ),
            };
            let thumbprint = URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()));
            assert_eq!(key.kid(), thumbprint);
        }
    }

    #[test]
    fn only_public_members_are_shown() {
        let cases = [
            (
                test_keys::rsa(),
                vec!["alg", "e", "kid", "kty", "n", "use"],
                "RSA",
            ),
            (
                test_keys::p256(),
                vec!["alg", "crv", "kid", "kty", "use", "x", "y"],
                "EC",
            ),
        ];
        for (key, members, kty) in cases {
            let jwk = key.public().jwk();
            let mut names: Vec<&str> = jwk
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            names.sort_unstable();
            assert_eq!(names, members);
            assert_eq!(jwk["kty"], kty);
            assert_eq!(jwk["use"], "sig");
            assert_eq!(jwk["alg"], key.alg().as_str());
            assert_eq!(jwk["kid"], key.kid());
        }
        assert_eq!(
            format!("{:?}", test_keys::p256()),
            format!("SigningKey(ES256 {})", test_keys::p256().kid())
        );
    }
}
