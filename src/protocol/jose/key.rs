//! A signing key: the pair held ready, and its public half.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use jsonwebtoken::DecodingKey;
use zeroize::Zeroizing;

use super::{JoseError, VerifyingKey};
use crate::protocol::signing_alg::SigningAlg;

/// RFC 7518, 3.3: RSA keys have 2048 bits or more.
const MIN_RSA_BYTES: usize = 256;

/// A private key that signs with one algorithm. Parsed once: a signature must never pay for it.
pub struct SigningKey {
    pair: Pair,
    public: Arc<VerifyingKey>,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// What an algorithm needs.
enum Kind {
    Rsa(&'static dyn RsaEncoding),
    Ec(&'static EcdsaSigningAlgorithm),
    Ed,
}

fn kind(alg: SigningAlg) -> Kind {
    match alg {
        SigningAlg::RS256 => Kind::Rsa(&RSA_PKCS1_SHA256),
        SigningAlg::RS384 => Kind::Rsa(&RSA_PKCS1_SHA384),
        SigningAlg::RS512 => Kind::Rsa(&RSA_PKCS1_SHA512),
        SigningAlg::PS256 => Kind::Rsa(&RSA_PSS_SHA256),
        SigningAlg::PS384 => Kind::Rsa(&RSA_PSS_SHA384),
        SigningAlg::PS512 => Kind::Rsa(&RSA_PSS_SHA512),
        SigningAlg::ES256 => Kind::Ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
        SigningAlg::ES384 => Kind::Ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
        SigningAlg::EdDsa => Kind::Ed,
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.alg().as_str(), self.kid())
    }
}

impl SigningKey {
    /// A new key: RSA with 2048 bits, P-256, P-384 or Ed25519. The randomness is the cryptographic library's own.
    pub fn generate(alg: SigningAlg) -> Result<Self, JoseError> {
        let pair = match kind(alg) {
            Kind::Rsa(encoding) => {
                RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Pair::Rsa(pair, encoding))
            }
            Kind::Ec(curve) => EcdsaKeyPair::generate(curve).map(Pair::Ec),
            Kind::Ed => Ed25519KeyPair::generate().map(Pair::Ed),
        };
        Self::new(alg, pair.map_err(|_| JoseError::Key)?)
    }

    /// A key from its PKCS#8 form, which must be of the kind that `alg` needs.
    pub fn from_pkcs8(alg: SigningAlg, pkcs8: &[u8]) -> Result<Self, JoseError> {
        let pair = match kind(alg) {
            Kind::Rsa(encoding) => {
                RsaKeyPair::from_pkcs8(pkcs8).map(|pair| Pair::Rsa(pair, encoding))
            }
            Kind::Ec(curve) => EcdsaKeyPair::from_pkcs8(curve, pkcs8).map(Pair::Ec),
            Kind::Ed => Ed25519KeyPair::from_pkcs8(pkcs8).map(Pair::Ed),
        };
        Self::new(alg, pair.map_err(|_| JoseError::Key)?)
    }

    fn new(alg: SigningAlg, pair: Pair) -> Result<Self, JoseError> {
        if matches!(&pair, Pair::Rsa(rsa, _) if rsa.public_modulus_len() < MIN_RSA_BYTES) {
            return Err(JoseError::Key);
        }
        let verifying = match &pair {
            Pair::Rsa(rsa, _) => DecodingKey::from_rsa_der(rsa.public_key().as_ref()),
            Pair::Ec(ec) => DecodingKey::from_ec_der(ec.public_key().as_ref()),
            Pair::Ed(ed) => DecodingKey::from_ed_der(ed.public_key().as_ref()),
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
            Pair::Rsa(rsa, _) => rsa.as_der().map(|der| der.as_ref().to_vec()),
            Pair::Ec(ec) => ec.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Ed(ed) => ed.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
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
            Pair::Rsa(rsa, encoding) => {
                let mut signature = vec![0; rsa.public_modulus_len()];
                rsa.sign(*encoding, &random, message, &mut signature)
                    .map(|()| signature)
            }
            Pair::Ec(ec) => ec
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec()),
            Pair::Ed(ed) => ed
                .try_sign(message)
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
        let cases: [(&str, SigningAlg, &[u8]); 9] = [
            ("nothing", SigningAlg::ES256, b""),
            ("noise", SigningAlg::RS256, b"not a key"),
            ("cut", SigningAlg::ES256, &p256[..p256.len() - 1]),
            ("RSA for ES256", SigningAlg::ES256, &rsa),
            ("P-256 for RS256", SigningAlg::RS256, &p256),
            ("P-256 for ES384", SigningAlg::ES384, &p256),
            ("P-256 for PS256", SigningAlg::PS256, &p256),
            ("P-256 for EdDSA", SigningAlg::EdDsa, &p256),
            ("RSA for EdDSA", SigningAlg::EdDsa, &rsa),
        ];
        for (name, alg, bytes) in cases {
            let read = SigningKey::from_pkcs8(alg, bytes);
            assert_eq!(read.err(), Some(JoseError::Key), "{name}");
        }
    }

    #[test]
    fn a_stored_key_comes_back_with_its_name() {
        for key in test_keys::one_of_each() {
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
        for key in test_keys::one_of_each() {
            let jwk = key.public().jwk();
            let member = |name: &str| jwk[name].as_str().unwrap().to_owned();
            let text = match kind(key.alg()) {
                Kind::Rsa(_) => {
                    format!(
                        r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                        member("e"),
                        member("n")
                    )
                }
                Kind::Ec(_) => format!(
                    r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                    member("crv"),
                    member("x"),
                    member("y")
                ),
                Kind::Ed => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, member("x")),
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
            (
                test_keys::of(SigningAlg::EdDsa),
                vec!["alg", "crv", "kid", "kty", "use", "x"],
                "OKP",
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
