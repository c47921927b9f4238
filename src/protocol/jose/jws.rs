//! Writes compact JWS (RFC 7515, 7.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::{JoseError, SigningKey};

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'a str,
    kid: &'a str,
}

/// Signs claims as a token of type `typ`, which keeps one kind of token from being taken for
/// another (RFC 8725, 3.11).
pub fn sign(key: &SigningKey, typ: &str, claims: &impl Serialize) -> Result<String, JoseError> {
    let header = Header {
        alg: key.alg().as_str(),
        typ,
        kid: key.kid(),
    };
    let mut token = encode(&header)?;
    token.push('.');
    token.push_str(&encode(claims)?);
    let signature = key.sign_bytes(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

fn encode(part: &impl Serialize) -> Result<String, JoseError> {
    let json = serde_json::to_vec(part).map_err(|_| JoseError::Signing)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::super::test_keys;
    use super::*;

    #[test]
    fn claims_that_are_not_json_are_refused() {
        let claims = BTreeMap::from([(vec![1_u8], 1)]);
        assert_eq!(
            sign(&test_keys::p256(), "JWT", &claims),
            Err(JoseError::Signing)
        );
    }

    #[test]
    fn the_header_names_algorithm_type_and_key_and_nothing_else() {
        for key in test_keys::one_of_each() {
            let token = sign(&key, "at+jwt", &json!({ "sub": "u_a" })).unwrap();
            let parts: Vec<&str> = token.split('.').collect();
            assert_eq!(parts.len(), 3);
            let header: Value =
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
            let expected = json!({ "alg": key.alg().as_str(), "typ": "at+jwt", "kid": key.kid() });
            assert_eq!(header, expected);
            assert_eq!(
                URL_SAFE_NO_PAD.decode(parts[1]).unwrap(),
                br#"{"sub":"u_a"}"#
            );
        }
    }
}
