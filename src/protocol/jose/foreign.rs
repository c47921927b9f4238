//! Public keys of others (RFC 7517): what a client publishes, so that what it signs is known to be
//! its own.

use std::fmt;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::{Map, Value, json};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::JoseError;
use super::jws_alg::{JwsAlg, Kind};
use super::key_set::{MAX_TOKEN, check_header, decode};
use crate::protocol::depth::too_deep;

/// Most keys of one set: each may have to be tried.
pub const MAX_KEYS: usize = 20;
/// RFC 7518, 3.3: RSA keys have 2048 bits or more; much longer ones would burn time.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// Members that only private and symmetric keys have (RFC 7518, 6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a key set of another cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysFlaw {
    /// Not a JWK set (RFC 7517, 5).
    #[error("is no JWK set")]
    NotASet,
    /// More than [`MAX_KEYS`].
    #[error("has more than 20 keys")]
    TooMany,
    /// Nests deeper than [`MAX_DEPTH`](crate::protocol::depth::MAX_DEPTH).
    #[error("nests deeper than 16 levels")]
    TooDeep,
    /// A private or symmetric key: whoever reads the set could sign with it.
    #[error("has a private or symmetric key at keys[{0}]")]
    Private(usize),
    /// None that verifies by one of [`JwsAlg`].
    #[error("has no key that can verify a signature")]
    NoneUsable,
}

struct ForeignKey {
    kid: Option<String>,
    kind: Kind,
    alg: Option<JwsAlg>,
    key: DecodingKey,
}

/// The public keys of another.
pub struct ForeignKeys(Vec<ForeignKey>);

impl fmt::Debug for ForeignKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignKeys({})", self.0.len())
    }
}

impl ForeignKeys {
    /// Reads a JWK set. Keys of other kinds and for other uses are passed over (RFC 7517, 5);
    /// private ones are not: their owner must hear of it.
    pub fn parse(set: &Value) -> Result<Self, KeysFlaw> {
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or(KeysFlaw::NotASet)?;
        if too_deep(set) {
            return Err(KeysFlaw::TooDeep);
        }
        if keys.len() > MAX_KEYS {
            return Err(KeysFlaw::TooMany);
        }
        for (at, key) in keys.iter().enumerate() {
            let members = key.as_object().ok_or(KeysFlaw::NotASet)?;
            if is_secret(members) {
                return Err(KeysFlaw::Private(at));
            }
        }
        let usable: Vec<_> = keys.iter().filter_map(read).collect();
        if usable.is_empty() {
            return Err(KeysFlaw::NoneUsable);
        }
        Ok(Self(usable))
    }

    /// Reads a token that one of these keys signed, by `alg` if one is demanded. Says nothing
    /// about issuer, audience and time. `typ` is the caller's to judge: [`Self::verify`] answers
    /// with the claims alone, as assertions need none (RFC 7523, 3).
    pub fn verify(
        &self,
        token: &str,
        demanded: Option<JwsAlg>,
    ) -> Result<Map<String, Value>, JoseError> {
        let (message, signature, claims, header) = parts(token)?;
        check_header(&header)?;
        let alg = header.get("alg").and_then(Value::as_str);
        let alg = alg.and_then(JwsAlg::parse).ok_or(JoseError::Algorithm)?;
        if demanded.is_some_and(|demanded| demanded != alg) {
            return Err(JoseError::Algorithm);
        }
        let kid = header.get("kid").and_then(Value::as_str);
        if header.contains_key("kid") && kid.is_none() {
            return Err(JoseError::Malformed);
        }
        let named = |key: &&ForeignKey| kid.is_none() || key.kid.as_deref() == kid;
        let mut known = self.0.iter().filter(named).peekable();
        if known.peek().is_none() {
            return Err(JoseError::UnknownKey);
        }
        // The key's own kind decides, never the token's word for it (RFC 8725, 3.1).
        let mut fitting = known
            .filter(|key| key.kind == alg.kind() && key.alg.is_none_or(|own| own == alg))
            .peekable();
        if fitting.peek().is_none() {
            return Err(JoseError::Algorithm);
        }
        let verifies = |key: &ForeignKey| {
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.key, alg.algorithm())
                .unwrap_or(false)
        };
        if !fitting.any(verifies) {
            return Err(JoseError::Signature);
        }
        decode(claims)
    }
}

/// The claims of a token that nobody has verified: to find out whose keys to verify it with.
pub fn unverified(token: &str) -> Result<Map<String, Value>, JoseError> {
    let (_, _, claims, _) = parts(token)?;
    decode(claims)
}

/// The header of a token that nobody has verified.
pub fn header(token: &str) -> Result<Map<String, Value>, JoseError> {
    let (_, _, _, header) = parts(token)?;
    Ok(header)
}

pub(super) type Parts<'a> = (&'a str, &'a str, &'a str, Map<String, Value>);

/// Message, signature, claims and header of a compact JWS. A JWE has five parts, so none passes.
pub(super) fn parts(token: &str) -> Result<Parts<'_>, JoseError> {
    if token.len() > MAX_TOKEN {
        return Err(JoseError::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(JoseError::Malformed)?;
    let (header, claims) = message.split_once('.').ok_or(JoseError::Malformed)?;
    if claims.contains('.') {
        return Err(JoseError::Malformed);
    }
    Ok((message, signature, claims, decode(header)?))
}

/// A key, if it is of a kind and for a use that concerns us.
fn read(key: &Value) -> Option<ForeignKey> {
    let Bare { kind, alg, jwk } = bare(key)?;
    let kid = key.get("kid").and_then(Value::as_str);
    Some(ForeignKey {
        kid: kid.map(ToOwned::to_owned),
        kind,
        alg,
        key: DecodingKey::from_jwk(&jwk).ok()?,
    })
}

/// What of a key is the key itself.
pub(super) struct Bare {
    pub(super) kind: Kind,
    pub(super) alg: Option<JwsAlg>,
    pub(super) jwk: Jwk,
}

/// The members that make a public key, of a key whose use is to verify.
pub(super) fn bare(key: &Value) -> Option<Bare> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|use_| use_ != "sig") {
        return None;
    }
    if let Some(deeds) = key.get("key_ops").and_then(Value::as_array)
        && !deeds.iter().any(|deed| deed == "verify")
    {
        return None;
    }
    let (kind, bare) = match (text("kty")?, text("crv")) {
        ("RSA", _) => {
            let modulus = URL_SAFE_NO_PAD.decode(text("n")?).ok()?;
            if !RSA_BYTES.contains(&modulus.len()) {
                return None;
            }
            let bare = json!({ "kty": "RSA", "n": text("n")?, "e": text("e")? });
            (Kind::Rsa, bare)
        }
        ("EC", Some(crv @ ("P-256" | "P-384"))) => {
            let kind = if crv == "P-256" {
                Kind::P256
            } else {
                Kind::P384
            };
            let bare = json!({ "kty": "EC", "crv": crv, "x": text("x")?, "y": text("y")? });
            (kind, bare)
        }
        ("OKP", Some("Ed25519")) => {
            let bare = json!({ "kty": "OKP", "crv": "Ed25519", "x": text("x")? });
            (Kind::Ed25519, bare)
        }
        _ => return None,
    };
    let alg = match text("alg") {
        None => None,
        Some(named) => Some(JwsAlg::parse(named).filter(|alg| alg.kind() == kind)?),
    };
    let jwk: Jwk = serde_json::from_value(bare).ok()?;
    Some(Bare { kind, alg, jwk })
}

/// Whether a key is private or symmetric: its owner must keep it.
pub(super) fn is_secret(members: &Map<String, Value>) -> bool {
    let symmetric = members.get("kty").and_then(Value::as_str) == Some("oct");
    symmetric || PRIVATE.iter().any(|name| members.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{sign, test_keys};
    use super::*;

    fn set() -> Value {
        json!({ "keys": [test_keys::rsa().public().jwk(), test_keys::p256().public().jwk()] })
    }

    fn crafted(header: &Value) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode("{}")
        );
        let signature = test_keys::p256().sign_bytes(message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn sets_that_cannot_be_used_are_refused() {
        let p256 = test_keys::p256().public().jwk();
        let mut private = p256.clone();
        private["d"] = json!("x");
        let mut encrypts = p256.clone();
        encrypts["use"] = json!("enc");
        let mut other_alg = p256.clone();
        other_alg["alg"] = json!("RS256");
        let short = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
        let secret = json!({ "kty": "oct", "k": "c2VjcmV0" });
        let odd = json!({ "kty": "EC", "crv": "secp256k1", "x": "a", "y": "b" });
        for (set, flaw) in [
            (json!([]), KeysFlaw::NotASet),
            (
                json!({ "keys": [(0..20).fold(json!({}), |key, _| json!({ "oth": key }))] }),
                KeysFlaw::TooDeep,
            ),
            (json!({ "keys": {} }), KeysFlaw::NotASet),
            (json!({ "keys": [1] }), KeysFlaw::NotASet),
            (
                json!({ "keys": vec![p256.clone(); MAX_KEYS + 1] }),
                KeysFlaw::TooMany,
            ),
            (
                json!({ "keys": [p256.clone(), private] }),
                KeysFlaw::Private(1),
            ),
            (json!({ "keys": [secret] }), KeysFlaw::Private(0)),
            (json!({ "keys": [] }), KeysFlaw::NoneUsable),
            (
                json!({ "keys": [encrypts, other_alg, short, odd] }),
                KeysFlaw::NoneUsable,
            ),
        ] {
            assert_eq!(ForeignKeys::parse(&set).err(), Some(flaw), "{set}");
        }
    }

    #[test]
    fn headers_that_choose_their_own_rules_are_refused() {
        let keys = ForeignKeys::parse(&set()).unwrap();
        let kid = test_keys::p256().kid().to_owned();
        let cases = [
            (
                json!({ "alg": "ES256", "crit": ["exp"] }),
                JoseError::Critical,
            ),
            (json!({ "alg": "ES256", "jwk": {} }), JoseError::OwnKey),
            (
                json!({ "alg": "ES256", "jku": "https://a.example" }),
                JoseError::OwnKey,
            ),
            (
                json!({ "alg": "ES256", "x5u": "https://a.example" }),
                JoseError::OwnKey,
            ),
            (
                json!({ "alg": "ES256", "x5c": ["MIIB"] }),
                JoseError::OwnKey,
            ),
            (json!({ "alg": "ES256", "b64": false }), JoseError::OwnKey),
            (json!({ "alg": "dir", "enc": "A256GCM" }), JoseError::OwnKey),
            (
                json!({ "alg": "ES256", "x": (0..20).fold(json!(1), |x, _| json!([x])) }),
                JoseError::TooDeep,
            ),
            (json!({ "alg": "none" }), JoseError::Algorithm),
            (json!({ "alg": "NONE" }), JoseError::Algorithm),
            (json!({ "alg": "nOnE" }), JoseError::Algorithm),
            (json!({ "alg": "None" }), JoseError::Algorithm),
            (json!({ "alg": "HS256", "kid": kid }), JoseError::Algorithm),
            (json!({ "alg": "RS256", "kid": kid }), JoseError::Algorithm),
            (json!({ "alg": "ES384" }), JoseError::Algorithm),
            (
                json!({ "alg": "ES256", "kid": "other" }),
                JoseError::UnknownKey,
            ),
            (json!({ "alg": "ES256", "kid": 7 }), JoseError::Malformed),
            (json!({ "kid": kid }), JoseError::Algorithm),
        ];
        for (header, error) in cases {
            let read = keys.verify(&crafted(&header), None);
            assert_eq!(read.err(), Some(error), "{header}");
        }
        for header in [
            json!({ "alg": "ES256" }),
            json!({ "alg": "ES256", "kid": kid }),
        ] {
            assert!(keys.verify(&crafted(&header), None).is_ok(), "{header}");
        }
        let jwe = "a.b.c.d.e";
        assert_eq!(keys.verify(jwe, None).err(), Some(JoseError::Malformed));
        let long = "a".repeat(MAX_TOKEN + 1);
        assert_eq!(keys.verify(&long, None).err(), Some(JoseError::TooLong));
    }

    #[test]
    fn the_demanded_algorithm_alone_is_taken() {
        let keys = ForeignKeys::parse(&set()).unwrap();
        let token = sign(&test_keys::p256(), "JWT", &json!({ "sub": "a" })).unwrap();
        let read = |alg| keys.verify(&token, alg).map(|claims| claims["sub"].clone());
        assert_eq!(read(None), Ok(json!("a")));
        assert_eq!(read(Some(JwsAlg::ES256)), Ok(json!("a")));
        assert_eq!(read(Some(JwsAlg::PS256)), Err(JoseError::Algorithm));
        let other = ForeignKeys::parse(&json!({ "keys": [test_keys::rsa().public().jwk()] }));
        assert_eq!(
            other.unwrap().verify(&token, None),
            Err(JoseError::UnknownKey)
        );
    }

    proptest! {
        #[test]
        fn no_text_panics_or_passes(
            text in ".{0,400}",
            dots in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){2}",
        ) {
            let keys = ForeignKeys::parse(&set()).unwrap();
            prop_assert!(keys.verify(&text, None).is_err());
            prop_assert!(keys.verify(&dots, None).is_err());
            let _ = unverified(&dots);
        }

        #[test]
        fn whatever_a_set_is_what_is_taken_is_few_and_public(
            members in prop::collection::vec(
                prop::collection::btree_map(
                    "kty|crv|x|y|n|e|d|k|use|alg|kid|key_ops",
                    prop::sample::select(vec![
                        json!("EC"), json!("RSA"), json!("OKP"), json!("oct"), json!("P-256"),
                        json!("Ed25519"), json!("AQAB"), json!("sig"), json!("enc"), json!(7),
                        json!(["verify"]), json!(null), json!("ES256"), json!({}),
                        json!("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
                    ]),
                    0..6,
                ),
                0..24,
            ),
        ) {
            if ForeignKeys::parse(&json!({ "keys": members })).is_ok() {
                prop_assert!(members.len() <= MAX_KEYS);
                for key in &members {
                    let private = PRIVATE.iter().any(|name| key.contains_key(*name));
                    prop_assert!(!private && key.get("kty") != Some(&json!("oct")));
                }
            }
        }

        #[test]
        fn a_changed_token_is_refused(at: prop::sample::Index, letter in "[A-Za-z0-9_.=-]") {
            let keys = ForeignKeys::parse(&set()).unwrap();
            let token = sign(&test_keys::p256(), "JWT", &json!({ "sub": "a" })).unwrap();
            let at = at.index(token.len());
            let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
            prop_assert_eq!(keys.verify(&changed, None).is_ok(), changed == token);
        }
    }
}
