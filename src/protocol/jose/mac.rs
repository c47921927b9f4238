//! Reads what others sign with a secret that they share with us (RFC 7515; RFC 7518, 3.2).
//!
//! Only secrets come in here, never the key of a set: what is published must verify no MAC.

use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use super::JoseError;
use super::foreign::parts;
use super::jws_alg::MacAlg;
use super::key_set::check_header;
use super::key_set::decode;

/// Reads a token that somebody signed with one of these secrets, by `alg` if one is demanded. Says
/// nothing about issuer, audience and time. A `kid` names no secret, and is passed over.
pub fn verify_mac(
    token: &str,
    secrets: &[impl AsRef<[u8]>],
    demanded: Option<MacAlg>,
) -> Result<Map<String, Value>, JoseError> {
    let (message, mac, claims, header) = parts(token)?;
    check_header(&header)?;
    let alg = header.get("alg").and_then(Value::as_str);
    let alg = alg.and_then(MacAlg::parse).ok_or(JoseError::Algorithm)?;
    if demanded.is_some_and(|demanded| demanded != alg) {
        return Err(JoseError::Algorithm);
    }
    let mut long_enough = secrets
        .iter()
        .map(AsRef::as_ref)
        .filter(|secret| secret.len() >= alg.shortest_secret())
        .peekable();
    if long_enough.peek().is_none() {
        return Err(JoseError::ShortSecret);
    }
    // All are tried: how long it takes says nothing of which it was.
    let verified = long_enough.fold(false, |verified, secret| {
        let key = DecodingKey::from_secret(secret);
        let message = message.as_bytes();
        jsonwebtoken::crypto::verify(mac, message, &key, alg.algorithm()).unwrap_or(false)
            || verified
    });
    if !verified {
        return Err(JoseError::Signature);
    }
    decode(claims)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::EncodingKey;
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{ForeignKeys, MAX_TOKEN, sign, test_keys};
    use super::*;

    const SECRET: &[u8] = &[b's'; 64];
    const OTHER: &[u8] = &[b'o'; 64];

    /// A token with any header, signed by the secret with any algorithm.
    fn crafted(header: &Value, secret: &[u8], alg: MacAlg) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(r#"{"sub":"a"}"#)
        );
        let key = EncodingKey::from_secret(secret);
        let mac = jsonwebtoken::crypto::sign(message.as_bytes(), &key, alg.algorithm()).unwrap();
        format!("{message}.{mac}")
    }

    fn made(alg: MacAlg, secret: &[u8]) -> String {
        crafted(&json!({ "alg": alg, "typ": "JWT" }), secret, alg)
    }

    #[test]
    fn headers_that_choose_their_own_rules_are_refused() {
        for (header, error) in [
            (json!({ "alg": "HS256", "crit": [] }), JoseError::Critical),
            (json!({ "alg": "HS256", "jwk": {} }), JoseError::OwnKey),
            (json!({ "alg": "HS256", "b64": false }), JoseError::OwnKey),
            (json!({ "alg": "none" }), JoseError::Algorithm),
            (json!({ "alg": "hs256" }), JoseError::Algorithm),
            (json!({ "alg": "RS256" }), JoseError::Algorithm),
            (json!({ "alg": "HS384" }), JoseError::Signature),
            (json!({}), JoseError::Algorithm),
        ] {
            let token = crafted(&header, SECRET, MacAlg::HS256);
            let read = verify_mac(&token, &[SECRET], None);
            assert_eq!(read.err(), Some(error), "{header}");
        }
        let named = json!({ "alg": "HS256", "kid": "whatever" });
        let token = crafted(&named, SECRET, MacAlg::HS256);
        assert!(verify_mac(&token, &[SECRET], None).is_ok());
        let long = "a".repeat(MAX_TOKEN + 1);
        assert_eq!(verify_mac(&long, &[SECRET], None), Err(JoseError::TooLong));
    }

    #[test]
    fn one_of_the_secrets_by_the_demanded_algorithm() {
        for alg in MacAlg::ALL {
            let token = made(alg, SECRET);
            assert_eq!(verify_mac(&token, &[SECRET], None).unwrap()["sub"], "a");
            assert!(verify_mac(&token, &[OTHER, SECRET], Some(alg)).is_ok());
            assert!(verify_mac(&token, &[SECRET, OTHER], Some(alg)).is_ok());
            assert_eq!(
                verify_mac(&token, &[OTHER], None),
                Err(JoseError::Signature)
            );
            for other in MacAlg::ALL.into_iter().filter(|other| *other != alg) {
                let read = verify_mac(&token, &[SECRET], Some(other));
                assert_eq!(read, Err(JoseError::Algorithm));
            }
        }
    }

    #[test]
    fn a_secret_shorter_than_the_hash_verifies_nothing() {
        for alg in MacAlg::ALL {
            let short = &SECRET[..alg.shortest_secret() - 1];
            assert_eq!(
                verify_mac(&made(alg, short), &[short], None),
                Err(JoseError::ShortSecret)
            );
            let just = &SECRET[..alg.shortest_secret()];
            assert!(verify_mac(&made(alg, just), &[just], None).is_ok());
        }
        let nobody: [&[u8]; 0] = [];
        let token = made(MacAlg::HS256, b"");
        assert_eq!(
            verify_mac(&token, &nobody, None),
            Err(JoseError::ShortSecret)
        );
        assert_eq!(
            verify_mac(&token, &[b""], None),
            Err(JoseError::ShortSecret)
        );
    }

    #[test]
    fn what_is_published_verifies_no_mac() {
        let jwk = test_keys::rsa().public().jwk();
        let keys = ForeignKeys::parse(&json!({ "keys": [jwk.clone()] })).unwrap();
        let texts = [
            jwk.to_string(),
            jwk["n"].as_str().unwrap().to_owned(),
            json!({ "keys": [jwk] }).to_string(),
        ];
        for text in texts {
            let token = made(MacAlg::HS256, text.as_bytes());
            assert_eq!(keys.verify(&token, None), Err(JoseError::Algorithm));
        }
        let signed = sign(&test_keys::rsa(), "JWT", &json!({})).unwrap();
        let read = verify_mac(&signed, &[SECRET], None);
        assert_eq!(read, Err(JoseError::Algorithm));
    }

    proptest! {
        #[test]
        fn a_changed_token_is_refused(at: prop::sample::Index, letter in "[A-Za-z0-9_.=-]") {
            let token = made(MacAlg::HS256, SECRET);
            let at = at.index(token.len());
            let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
            let read = verify_mac(&changed, &[SECRET], None);
            prop_assert_eq!(read.is_ok(), changed == token);
        }

        #[test]
        fn no_text_panics_or_passes(text in ".{0,400}") {
            prop_assert!(verify_mac(&text, &[SECRET], None).is_err());
        }
    }
}
