//! Tokens that bring the key along that verifies them (RFC 7515, 4.1.3): they prove that whoever
//! made them holds that key, and nothing else. Only proofs of possession are read so; everywhere
//! else a token with a key of its own is refused ([`super::key_set`]).

use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use super::foreign::{bare, is_secret, parts};
use super::jws_alg::JwsAlg;
use super::key_set::{check_header, decode};
use super::{JoseError, Thumbprint};

/// The claims of a token of this `typ`, and the name of the public key in its head that signed it.
/// What points to keys elsewhere (`jku`, `x5u`, `x5c`) is refused, as is a private or symmetric
/// key. Says nothing about the claims.
pub fn verify_own(token: &str, typ: &str) -> Result<(Thumbprint, Map<String, Value>), JoseError> {
    let (message, signature, claims, mut header) = parts(token)?;
    let jwk = header.remove("jwk");
    check_header(&header)?;
    let member = |name| header.get(name).and_then(Value::as_str);
    if member("typ") != Some(typ) {
        return Err(JoseError::Type);
    }
    let alg = member("alg").and_then(JwsAlg::parse);
    let alg = alg.ok_or(JoseError::Algorithm)?;
    let jwk = jwk.filter(|jwk| jwk.as_object().is_some_and(|members| !is_secret(members)));
    let key = jwk.as_ref().and_then(bare).ok_or(JoseError::Key)?;
    // The key's own kind decides, never the token's word for it (RFC 8725, 3.1).
    if key.kind != alg.kind() || key.alg.is_some_and(|own| own != alg) {
        return Err(JoseError::Algorithm);
    }
    let verifying = DecodingKey::from_jwk(&key.jwk).map_err(|_| JoseError::Key)?;
    let thumbprint = Thumbprint::of(&key.jwk).ok_or(JoseError::Key)?;
    let good =
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), &verifying, alg.algorithm())
            .unwrap_or(false);
    if !good {
        return Err(JoseError::Signature);
    }
    Ok((thumbprint, decode(claims)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{SigningKey, test_keys};
    use super::*;
    use crate::protocol::signing_alg::SigningAlg;

    fn crafted(key: &SigningKey, header: &Value) -> String {
        test_keys::crafted(key, header, &json!({ "jti": "a" }))
    }

    fn head(key: &SigningKey) -> Value {
        json!({ "typ": "t", "alg": key.alg().as_str(), "jwk": key.public().jwk() })
    }

    #[test]
    fn a_key_of_each_algorithm_is_named_by_its_thumbprint() {
        for key in test_keys::one_of_each() {
            let (name, claims) = verify_own(&crafted(&key, &head(&key)), "t").unwrap();
            assert_eq!(name.to_string(), key.kid());
            assert_eq!(claims["jti"], "a");
        }
    }

    #[test]
    fn heads_that_break_a_rule_are_refused() {
        let (key, rsa) = (test_keys::p256(), test_keys::rsa());
        let ed = test_keys::of(SigningAlg::EdDsa);
        let mut private = key.public().jwk();
        private["d"] = json!("AQAB");
        let mut encrypts = key.public().jwk();
        encrypts["use"] = json!("enc");
        let mut other_alg = key.public().jwk();
        other_alg["alg"] = json!("ES384");
        let oct = json!({ "kty": "oct", "k": "AQAB" });
        for (name, value, error) in [
            ("typ", json!("JWT"), JoseError::Type),
            ("typ", Value::Null, JoseError::Type),
            ("alg", json!("none"), JoseError::Algorithm),
            ("alg", json!("HS256"), JoseError::Algorithm),
            ("alg", json!("RS256"), JoseError::Algorithm),
            ("alg", json!("ES384"), JoseError::Algorithm),
            ("alg", Value::Null, JoseError::Algorithm),
            ("jwk", Value::Null, JoseError::Key),
            ("jwk", json!("key"), JoseError::Key),
            ("jwk", json!({}), JoseError::Key),
            ("jwk", private, JoseError::Key),
            ("jwk", encrypts, JoseError::Key),
            ("jwk", other_alg, JoseError::Key),
            ("jwk", oct, JoseError::Key),
            ("jwk", rsa.public().jwk(), JoseError::Algorithm),
            ("jwk", ed.public().jwk(), JoseError::Algorithm),
            ("crit", json!(["exp"]), JoseError::Critical),
            ("jku", json!("https://a.example"), JoseError::OwnKey),
            ("x5u", json!("https://a.example"), JoseError::OwnKey),
            ("x5c", json!(["MIIB"]), JoseError::OwnKey),
            ("b64", json!(false), JoseError::OwnKey),
        ] {
            let mut header = head(&key);
            header[name] = value;
            let read = verify_own(&crafted(&key, &header), "t");
            assert_eq!(read.err(), Some(error), "{header}");
        }
        let mut foreign = head(&key);
        foreign["jwk"] = SigningKey::generate(key.alg()).unwrap().public().jwk();
        let read = verify_own(&crafted(&key, &foreign), "t");
        assert_eq!(read.err(), Some(JoseError::Signature));
    }

    proptest! {
        #[test]
        fn no_text_panics_or_passes(
            text in ".{0,400}",
            dots in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){2}",
        ) {
            prop_assert!(verify_own(&text, "t").is_err());
            prop_assert!(verify_own(&dots, "t").is_err());
        }

        #[test]
        fn a_changed_token_is_refused(at: prop::sample::Index, letter in "[A-Za-z0-9_.=-]") {
            let key = test_keys::p256();
            let token = crafted(&key, &head(&key));
            let at = at.index(token.len());
            let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
            prop_assert_eq!(verify_own(&changed, "t").is_ok(), changed == token);
        }
    }
}
