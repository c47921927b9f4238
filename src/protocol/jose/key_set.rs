//! All keys of the house: the newest sign, every one verifies and is published.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{JoseError, SigningKey};
use crate::protocol::client::SigningAlg;

/// Longer texts are refused before anything of them is decoded.
pub const MAX_TOKEN: usize = 8 * 1024;

/// Signing keys, current and retired. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<Arc<SigningKey>>,
}

/// What a caller is ready to take. Everything else is refused.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// Exact values of `typ`.
    pub typ: &'a [&'a str],
    /// Algorithms.
    pub algs: &'a [SigningAlg],
}

impl KeySet {
    /// A set of these.
    pub const fn new(keys: Vec<Arc<SigningKey>>) -> Self {
        Self { keys }
    }

    /// All of them.
    pub fn keys(&self) -> &[Arc<SigningKey>] {
        &self.keys
    }

    /// The key that signs with `alg` now: the newest. Every node chooses the same one.
    pub fn current(&self, alg: SigningAlg) -> Option<&SigningKey> {
        self.keys
            .iter()
            .filter(|key| key.alg() == alg)
            .max_by_key(|key| (key.created(), key.kid()))
            .map(AsRef::as_ref)
    }

    /// The public halves as a JWK set (RFC 7517, 5), retired keys included.
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self.keys.iter().map(|key| key.public_jwk()).collect();
        json!({ "keys": keys })
    }

    /// Reads a token that one of these keys signed. Says nothing about issuer, audience and time.
    ///
    /// The key is found by `kid` in this set alone: a key that the token brings along or points
    /// to (`jwk`, `jku`, `x5u`, `x5c`) is never looked at (RFC 8725, 3.10).
    pub fn verify(&self, token: &str, expect: Expect<'_>) -> Result<Map<String, Value>, JoseError> {
        if token.len() > MAX_TOKEN {
            return Err(JoseError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(JoseError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(JoseError::Malformed)?;
        if claims.contains('.') {
            return Err(JoseError::Malformed);
        }
        let key = self.key_for(&decode(header)?, expect)?;
        if !key.verifies(message.as_bytes(), signature) {
            return Err(JoseError::Signature);
        }
        decode(claims)
    }

    /// Judges the header before any signature is computed.
    fn key_for(
        &self,
        header: &Map<String, Value>,
        expect: Expect<'_>,
    ) -> Result<&SigningKey, JoseError> {
        // RFC 7515, 4.1.11: we understand no extension, so its mere presence is enough.
        if header.contains_key("crit") {
            return Err(JoseError::Critical);
        }
        let member = |name| header.get(name).and_then(Value::as_str);
        if !member("typ").is_some_and(|typ| expect.typ.contains(&typ)) {
            return Err(JoseError::Type);
        }
        let alg = member("alg").ok_or(JoseError::Algorithm)?;
        if !expect.algs.iter().any(|allowed| allowed.as_str() == alg) {
            return Err(JoseError::Algorithm);
        }
        let kid = member("kid").ok_or(JoseError::UnknownKey)?;
        let key = self.keys.iter().find(|key| key.kid() == kid);
        let key = key.ok_or(JoseError::UnknownKey)?;
        // The key's own algorithm decides, never the token's word for it (RFC 8725, 3.1).
        if key.alg().as_str() != alg {
            return Err(JoseError::Algorithm);
        }
        Ok(key)
    }
}

fn decode(part: &str) -> Result<Map<String, Value>, JoseError> {
    let json = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| JoseError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| JoseError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{sign, test_keys};
    use super::*;
    use crate::clock::Timestamp;

    const BOTH: &[SigningAlg] = &[SigningAlg::RS256, SigningAlg::ES256];
    const ID: Expect<'static> = Expect {
        typ: &["JWT"],
        algs: BOTH,
    };

    /// A token with any header, signed by the P-256 key.
    fn crafted(header: &Value, claims: &[u8]) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = test_keys::p256().sign_bytes(message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn header(change: impl FnOnce(&mut Map<String, Value>)) -> Value {
        let mut header = Map::new();
        header.insert("alg".to_owned(), json!("ES256"));
        header.insert("typ".to_owned(), json!("JWT"));
        header.insert("kid".to_owned(), json!(test_keys::p256().kid()));
        change(&mut header);
        Value::Object(header)
    }

    fn with(name: &str, value: Value) -> Value {
        header(|header| {
            header.insert(name.to_owned(), value);
        })
    }

    fn without(name: &str) -> Value {
        header(|header| {
            header.remove(name);
        })
    }

    #[test]
    fn a_rightly_signed_token_with_a_wrong_header_is_refused() {
        let foreign_jwk = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
        let cases = [
            (with("alg", json!("none")), JoseError::Algorithm),
            (with("alg", json!("HS256")), JoseError::Algorithm),
            (with("alg", json!("es256")), JoseError::Algorithm),
            (with("alg", json!("RS256")), JoseError::Algorithm),
            (with("alg", json!(["ES256"])), JoseError::Algorithm),
            (without("alg"), JoseError::Algorithm),
            (with("typ", json!("at+jwt")), JoseError::Type),
            (with("typ", json!("logout+jwt")), JoseError::Type),
            (with("typ", json!("jwt")), JoseError::Type),
            (without("typ"), JoseError::Type),
            (
                with("kid", json!(test_keys::rsa().kid())),
                JoseError::Algorithm,
            ),
            (with("kid", json!("other")), JoseError::UnknownKey),
            (with("kid", json!(null)), JoseError::UnknownKey),
            (without("kid"), JoseError::UnknownKey),
            (with("crit", json!(["b64"])), JoseError::Critical),
            (with("crit", json!([])), JoseError::Critical),
            (with("crit", json!(null)), JoseError::Critical),
            (
                header(|header| {
                    header.remove("kid");
                    header.insert("jwk".to_owned(), foreign_jwk);
                }),
                JoseError::UnknownKey,
            ),
        ];
        let keys = test_keys::key_set();
        for (header, error) in cases {
            let token = crafted(&header, b"{}");
            assert_eq!(keys.verify(&token, ID), Err(error), "{header}");
        }
    }

    #[test]
    fn keys_that_a_token_brings_along_are_not_looked_at() {
        let keys = test_keys::key_set();
        for name in ["jku", "x5u", "jwk", "x5c"] {
            let header = with(name, json!("https://evil.example/keys"));
            assert!(keys.verify(&crafted(&header, b"{}"), ID).is_ok(), "{name}");
        }
    }

    #[test]
    fn malformed_texts_are_refused() {
        let good = crafted(&header(|_| ()), br#"{"sub":"u_a"}"#);
        let parts: Vec<&str> = good.split('.').collect();
        let (head, claims, signature) = (parts[0], parts[1], parts[2]);
        let cases = [
            (String::new(), JoseError::Malformed),
            ("..".to_owned(), JoseError::Malformed),
            (format!("{head}.{claims}"), JoseError::Malformed),
            (format!("{good}."), JoseError::Malformed),
            (format!(".{good}"), JoseError::Malformed),
            (format!("{good}.{signature}"), JoseError::Malformed),
            (
                format!("{head}=.{claims}.{signature}"),
                JoseError::Malformed,
            ),
            (format!("{head}.{claims}."), JoseError::Signature),
            (format!("{good}="), JoseError::Signature),
            (format!("{good}\n"), JoseError::Signature),
            (format!(" {good}"), JoseError::Malformed),
            ("é.ü.".to_owned(), JoseError::Malformed),
            ("a".repeat(MAX_TOKEN + 1), JoseError::TooLong),
            (crafted(&json!([]), b"{}"), JoseError::Malformed),
            (crafted(&header(|_| ()), b"[]"), JoseError::Malformed),
            (crafted(&header(|_| ()), b"no json"), JoseError::Malformed),
            (
                crafted(&header(|_| ()), b"{\"a\":\"\xff\"}"),
                JoseError::Malformed,
            ),
        ];
        let keys = test_keys::key_set();
        for (token, error) in cases {
            assert_eq!(keys.verify(&token, ID), Err(error), "{token}");
        }
        assert_eq!(keys.verify(&good, ID).unwrap()["sub"], "u_a");
    }

    #[test]
    fn only_what_the_caller_expects_is_taken() {
        let keys = test_keys::key_set();
        for (key, other) in [
            (test_keys::rsa(), SigningAlg::ES256),
            (test_keys::p256(), SigningAlg::RS256),
        ] {
            let token = sign(&key, "JWT", &json!({})).unwrap();
            assert!(keys.verify(&token, ID).is_ok());
            let algs = &[other];
            let narrow = Expect {
                typ: &["JWT"],
                algs,
            };
            assert_eq!(keys.verify(&token, narrow), Err(JoseError::Algorithm));
            let others = KeySet::new(Vec::new());
            assert_eq!(others.verify(&token, ID), Err(JoseError::UnknownKey));
        }
    }

    #[test]
    fn the_newest_key_signs_and_the_retired_still_verifies() {
        let old = test_keys::p256();
        let later = Timestamp::from_secs(2_000);
        let new = Arc::new(SigningKey::generate(SigningAlg::ES256, later).unwrap());
        let token = sign(&old, "JWT", &json!({})).unwrap();
        for keys in [
            KeySet::new(vec![Arc::clone(&old), Arc::clone(&new)]),
            KeySet::new(vec![Arc::clone(&new), Arc::clone(&old)]),
        ] {
            assert_eq!(
                keys.current(SigningAlg::ES256).map(SigningKey::kid),
                Some(new.kid())
            );
            assert!(keys.current(SigningAlg::RS256).is_none());
            assert!(keys.verify(&token, ID).is_ok());
            assert_eq!(keys.jwks()["keys"].as_array().unwrap().len(), 2);
        }
    }

    fn valid(rsa: bool) -> String {
        let key = if rsa {
            test_keys::rsa()
        } else {
            test_keys::p256()
        };
        sign(&key, "JWT", &json!({ "sub": "u_a", "aud": "wiki" })).unwrap()
    }

    proptest! {
        #[test]
        fn no_text_panics_or_passes(
            text in ".{0,400}",
            dots in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){2}",
        ) {
            let keys = test_keys::key_set();
            prop_assert!(keys.verify(&text, ID).is_err());
            prop_assert!(keys.verify(&dots, ID).is_err());
        }

        #[test]
        fn no_header_panics(name in "alg|typ|kid|crit|zip|b64", text in ".{0,40}", number: i64) {
            let keys = test_keys::key_set();
            for value in [json!(text), json!(number), json!([text.clone()])] {
                let _ = keys.verify(&crafted(&with(&name, value), b"{}"), ID);
            }
        }

        #[test]
        fn a_cut_extended_or_changed_token_is_refused(
            at: prop::sample::Index,
            letter in "[A-Za-z0-9_.=-]",
            rsa: bool,
        ) {
            let keys = test_keys::key_set();
            let token = valid(rsa);
            let at = at.index(token.len());
            prop_assert!(keys.verify(&token, ID).is_ok());
            prop_assert!(keys.verify(&token[..at], ID).is_err());
            let extended = format!("{token}{letter}");
            prop_assert!(keys.verify(&extended, ID).is_err());
            let inserted = format!("{}{letter}{}", &token[..at], &token[at..]);
            prop_assert!(keys.verify(&inserted, ID).is_err());
            let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
            prop_assert_eq!(keys.verify(&changed, ID).is_ok(), changed == token);
        }
    }
}
