//! Logout tokens (Back-Channel Logout 1.0, 2.4).

use std::time::Duration;

use serde::Serialize;

use super::jose::{JoseError, SigningKey, sign};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, Sid, UserId};

/// `typ` of the header: neither an ID token nor an access token can be posted as one.
pub const TYP: &str = "logout+jwt";

/// How long one is valid: at most two minutes (Back-Channel Logout 1.0, 2.4).
pub const LIFETIME: Duration = Duration::from_mins(2);

/// What a logout token says. There is no room for a `nonce`, which is prohibited, lest an ID
/// token and a logout token be confused.
#[derive(Clone, Copy, Debug)]
pub struct LogoutTokenClaims<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `aud`.
    pub client_id: &'a ClientId,
    /// `iat`; `exp` follows from it.
    pub issued: Timestamp,
    /// `jti`: a fresh one for each attempt, as receivers refuse a repeated one.
    pub jti: &'a str,
    /// `sid`: always.
    pub sid: &'a Sid,
    /// `sub`: only if every session of the person ends. A common client library ends all of
    /// them on seeing it.
    pub subject: Option<&'a UserId>,
}

#[derive(Serialize)]
struct Wire<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    events: Events,
    sid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
}

/// One member, whose value is an empty object.
#[derive(Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Empty,
}

#[derive(Serialize)]
struct Empty {}

impl LogoutTokenClaims<'_> {
    /// The signed token. The key is of the client's `id_token_signed_response_alg`.
    pub fn sign(&self, key: &SigningKey) -> Result<String, JoseError> {
        let wire = Wire {
            iss: self.issuer,
            aud: self.client_id.as_str(),
            iat: self.issued.as_secs(),
            exp: (self.issued + LIFETIME).as_secs(),
            jti: self.jti,
            events: Events { logout: Empty {} },
            sid: self.sid.as_str(),
            sub: self.subject.map(UserId::as_str),
        };
        sign(key, TYP, &wire)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::jose::{Expect, test_keys};
    use super::super::{access_token, id_token};
    use super::*;

    const EXPECT: Expect<'static> = Expect {
        typ: &[TYP],
        algs: id_token::EXPECT.algs,
        retired: false,
    };

    fn signed(key: &SigningKey, subject: Option<&UserId>) -> String {
        LogoutTokenClaims {
            issuer: "https://login.example",
            client_id: &ClientId::new("wiki"),
            issued: Timestamp::from_secs(1_700_000_000),
            jti: "j1",
            sid: &Sid::new("s1"),
            subject,
        }
        .sign(key)
        .unwrap()
    }

    #[test]
    fn it_passes_for_nothing_else() {
        let keys = test_keys::key_set();
        let token = signed(&test_keys::p256(), None);
        for expect in [id_token::EXPECT, access_token::EXPECT] {
            assert_eq!(keys.verify(&token, expect), Err(JoseError::Type));
        }
    }

    #[test]
    fn it_names_the_session_and_the_person_only_when_told() {
        let keys = test_keys::key_set();
        let alice = UserId::new("u_alice");
        for key in [test_keys::rsa(), test_keys::p256()] {
            let mut expected = json!({
                "iss": "https://login.example", "aud": "wiki",
                "iat": 1_700_000_000, "exp": 1_700_000_120, "jti": "j1", "sid": "s1",
                "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
            });
            let claims = keys.verify(&signed(&key, None), EXPECT).unwrap();
            assert_eq!(Value::Object(claims), expected);
            expected["sub"] = json!("u_alice");
            let claims = keys.verify(&signed(&key, Some(&alice)), EXPECT).unwrap();
            assert_eq!(Value::Object(claims), expected);
        }
    }
}
