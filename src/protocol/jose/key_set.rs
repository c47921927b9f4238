//! All keys of the house: one of each algorithm signs, the published ones verify, and retired ones
//! read hints.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{JoseError, KeyLife, KeyState, SigningKey, VerifyingKey};
use crate::protocol::depth::too_deep;
use crate::protocol::signing_alg::SigningAlg;

/// Longer texts are refused before anything of them is decoded.
pub const MAX_TOKEN: usize = 8 * 1024;
/// Header members by which a token would choose its own key or its own rules (RFC 8725, 3.10).
const FOREIGN_HEADERS: [&str; 6] = ["jwk", "jku", "x5u", "x5c", "b64", "enc"];

/// A key and where it is in its life.
#[derive(Clone, Debug)]
pub struct HeldKey {
    public: Arc<VerifyingKey>,
    signing: Option<Arc<SigningKey>>,
    life: KeyLife,
}

impl HeldKey {
    /// With its private part.
    pub fn signing(key: Arc<SigningKey>, life: KeyLife) -> Self {
        Self {
            public: Arc::clone(key.public()),
            signing: Some(key),
            life,
        }
    }

    /// What is left of one that signs no more.
    pub const fn public(public: Arc<VerifyingKey>, life: KeyLife) -> Self {
        Self {
            public,
            signing: None,
            life,
        }
    }

    /// Its public half.
    pub fn key(&self) -> &VerifyingKey {
        &self.public
    }

    /// What happened to it.
    pub const fn life(&self) -> &KeyLife {
        &self.life
    }
}

/// Signing keys, in whatever state. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<HeldKey>,
}

/// What a caller is ready to take. Everything else is refused.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// Exact values of `typ`.
    pub typ: &'a [&'a str],
    /// Algorithms.
    pub algs: &'a [SigningAlg],
    /// Whether a retired key will do: for tokens that are looked at after they have run out.
    pub retired: bool,
}

impl KeySet {
    /// A set of these.
    pub const fn new(keys: Vec<HeldKey>) -> Self {
        Self { keys }
    }

    /// All of them.
    pub fn keys(&self) -> &[HeldKey] {
        &self.keys
    }

    /// Those of one algorithm.
    pub fn of(&self, alg: SigningAlg) -> impl Iterator<Item = &HeldKey> {
        self.keys.iter().filter(move |held| held.key().alg() == alg)
    }

    /// The key that signs with `alg` now.
    pub fn current(&self, alg: SigningAlg) -> Option<&Arc<SigningKey>> {
        self.of(alg)
            .find(|held| held.life.state() == KeyState::Current)
            .and_then(|held| held.signing.as_ref())
    }

    /// The public halves that are published, as a JWK set (RFC 7517, 5). Those that sign come
    /// first, of those the usual algorithm: some clients look at no `kid`, and take the first key.
    pub fn jwks(&self) -> Value {
        let published = self.keys.iter().map(|held| (held.life.state(), held));
        let mut published: Vec<_> = published
            .filter(|(state, _)| state.is_published())
            .collect();
        let usual = SigningAlg::default();
        published.sort_by_key(|(state, held)| (*state, held.key().alg() != usual));
        let keys: Vec<Value> = published
            .iter()
            .map(|(_, held)| held.public.jwk())
            .collect();
        json!({ "keys": keys })
    }

    /// Reads a token that one of these keys signed. Says nothing about issuer, audience and time.
    ///
    /// The key is found by `kid` in this set alone: a token that brings a key along or points to
    /// one (`jwk`, `jku`, `x5u`, `x5c`) is refused (RFC 8725, 3.10).
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
    ) -> Result<&VerifyingKey, JoseError> {
        check_header(header)?;
        let member = |name| header.get(name).and_then(Value::as_str);
        if !member("typ").is_some_and(|typ| expect.typ.contains(&typ)) {
            return Err(JoseError::Type);
        }
        let alg = member("alg").ok_or(JoseError::Algorithm)?;
        if !expect.algs.iter().any(|allowed| allowed.as_str() == alg) {
            return Err(JoseError::Algorithm);
        }
        let kid = member("kid").ok_or(JoseError::UnknownKey)?;
        let usable = |state: KeyState| {
            state.is_published() || (expect.retired && state == KeyState::Retired)
        };
        let held = self.keys.iter().find(|held| held.key().kid() == kid);
        let held = held.filter(|held| usable(held.life.state()));
        let key = held.ok_or(JoseError::UnknownKey)?.key();
        // The key's own algorithm decides, never the token's word for it (RFC 8725, 3.1).
        if key.alg().as_str() != alg {
            return Err(JoseError::Algorithm);
        }
        Ok(key)
    }
}

pub(super) fn decode(part: &str) -> Result<Map<String, Value>, JoseError> {
    let json = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| JoseError::Malformed)?;
    let members: Map<String, Value> =
        serde_json::from_slice(&json).map_err(|_| JoseError::Malformed)?;
    if members.values().any(too_deep) {
        return Err(JoseError::TooDeep);
    }
    Ok(members)
}

/// What a header may not hold: an extension, of which we understand none (RFC 7515, 4.1.11), or a
/// key or rules of its own (RFC 8725, 3.10). That they are there is enough.
pub(super) fn check_header(header: &Map<String, Value>) -> Result<(), JoseError> {
    if header.contains_key("crit") {
        return Err(JoseError::Critical);
    }
    if FOREIGN_HEADERS
        .iter()
        .any(|name| header.contains_key(*name))
    {
        return Err(JoseError::OwnKey);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{sign, test_keys};
    use super::*;
    use crate::clock::Timestamp;
    use crate::protocol::depth::MAX_DEPTH;

    const BOTH: &[SigningAlg] = &[SigningAlg::RS256, SigningAlg::ES256];
    const ID: Expect<'static> = Expect {
        typ: &["JWT"],
        algs: BOTH,
        retired: false,
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
                JoseError::OwnKey,
            ),
            (with("alg", json!("NONE")), JoseError::Algorithm),
            (with("alg", json!("nOnE")), JoseError::Algorithm),
            (with("alg", json!("")), JoseError::Algorithm),
            (with("alg", json!(null)), JoseError::Algorithm),
            (with("x", nested(MAX_DEPTH + 1)), JoseError::TooDeep),
        ];
        let keys = test_keys::key_set();
        for (header, error) in cases {
            let token = crafted(&header, b"{}");
            assert_eq!(keys.verify(&token, ID), Err(error), "{header}");
        }
    }

    #[test]
    fn a_token_that_brings_its_own_key_or_rules_is_refused() {
        let keys = test_keys::key_set();
        for name in FOREIGN_HEADERS {
            for value in [json!("https://evil.example/keys"), json!(null), json!([])] {
                let token = crafted(&with(name, value), b"{}");
                assert_eq!(keys.verify(&token, ID), Err(JoseError::OwnKey), "{name}");
            }
        }
    }

    #[test]
    fn the_public_key_is_no_secret() {
        let keys = test_keys::key_set();
        let public = test_keys::p256().public().jwk();
        for secret in [public.to_string(), public["x"].as_str().unwrap().to_owned()] {
            let mut head = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
            head.kid = Some(test_keys::p256().kid().to_owned());
            let secret = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
            let token = jsonwebtoken::encode(&head, &json!({}), &secret).unwrap();
            assert_eq!(keys.verify(&token, ID), Err(JoseError::Algorithm));
        }
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |value, _| json!([value]))
    }

    #[test]
    fn claims_nest_no_deeper_than_is_read() {
        let keys = test_keys::key_set();
        let read = |levels| {
            let claims = json!({ "a": nested(levels) }).to_string();
            keys.verify(&crafted(&header(|_| ()), claims.as_bytes()), ID)
        };
        assert!(read(MAX_DEPTH).is_ok());
        assert_eq!(read(MAX_DEPTH + 1), Err(JoseError::TooDeep));
        // The parser's own bound.
        assert_eq!(read(500), Err(JoseError::Malformed));
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
            let narrow = Expect { algs, ..ID };
            assert_eq!(keys.verify(&token, narrow), Err(JoseError::Algorithm));
            let others = KeySet::new(Vec::new());
            assert_eq!(others.verify(&token, ID), Err(JoseError::UnknownKey));
        }
    }

    #[test]
    fn the_state_of_a_key_says_what_it_is_good_for() {
        let at = Timestamp::from_secs;
        let key = test_keys::p256();
        let token = sign(&key, "JWT", &json!({})).unwrap();
        let hint = Expect {
            retired: true,
            ..ID
        };
        let mut life = KeyLife::next(at(1));
        let mut seen = Vec::new();
        let mut look = |life: KeyLife| {
            let keys = KeySet::new(vec![HeldKey::signing(Arc::clone(&key), life)]);
            assert!(keys.current(SigningAlg::RS256).is_none());
            seen.push((
                life.state(),
                keys.current(SigningAlg::ES256).is_some(),
                keys.jwks()["keys"].as_array().unwrap().len(),
                keys.verify(&token, ID).is_ok(),
                keys.verify(&token, hint).is_ok(),
            ));
        };
        look(life);
        life.promoted = Some(at(2));
        look(life);
        life.superseded = Some(at(3));
        look(life);
        life.retired = Some(at(4));
        look(life);
        life.dropped = Some(at(5));
        look(life);
        let expected = [
            (KeyState::Next, false, 1, true, true),
            (KeyState::Current, true, 1, true, true),
            (KeyState::Previous, false, 1, true, true),
            (KeyState::Retired, false, 0, false, true),
            (KeyState::Dropped, false, 0, false, false),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_key_that_signs_comes_first_in_the_set() {
        let current = test_keys::p256();
        let next = Arc::new(SigningKey::generate(SigningAlg::ES256).unwrap());
        let first = KeyLife::first(Timestamp::from_secs(1));
        let mut previous = first;
        previous.superseded = Some(Timestamp::from_secs(2));
        let keys = KeySet::new(vec![
            HeldKey::public(Arc::clone(test_keys::rsa().public()), previous),
            HeldKey::signing(Arc::clone(&next), KeyLife::next(Timestamp::from_secs(2))),
            HeldKey::signing(Arc::clone(&current), first),
        ]);
        let jwks = keys.jwks();
        let kids: Vec<_> = jwks["keys"].as_array().unwrap().iter().collect();
        let kids: Vec<_> = kids
            .iter()
            .map(|key| key["kid"].as_str().unwrap())
            .collect();
        assert_eq!(kids, [current.kid(), next.kid(), test_keys::rsa().kid()]);
        let signs = keys.current(SigningAlg::ES256).map(|key| key.kid());
        assert_eq!(signs, Some(current.kid()));
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
