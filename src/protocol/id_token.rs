//! ID tokens (`OpenID` Connect Core 1.0, 2), and ID tokens that come back as a hint.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::jose::{Expect, JoseError, SigningKey, sign};
use super::signing_alg::SigningAlg;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, Sid, UserId};

/// `typ` of the header.
pub const TYP: &str = "JWT";

/// How long an ID token is valid if its client says nothing of it: as long as the access token that comes with it.
pub const LIFETIME: Duration = Duration::from_mins(5);

/// The longest that any client's may be valid.
pub const LONGEST: Duration = Duration::from_hours(1);

/// What a hint may be signed with. Access and logout tokens are told apart by `typ`.
pub const EXPECT: Expect<'static> = Expect {
    typ: &[TYP],
    algs: &SigningAlg::ALL,
    retired: true,
};

/// What an ID token says.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenClaims<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `sub`: the name by which the client knows the person.
    pub subject: &'a UserId,
    /// `aud`, a single string, and `azp`.
    pub client_id: &'a ClientId,
    /// `iat`.
    pub issued: Timestamp,
    /// From `iat` to `exp`.
    pub lifetime: Duration,
    /// `auth_time`: always sent, and the same at every refresh (Core 1.0, 12.2).
    pub auth_time: Timestamp,
    /// `nonce` of the authorization request.
    pub nonce: Option<&'a str>,
    /// `acr`.
    pub acr: &'a str,
    /// `amr`.
    pub amr: &'a [String],
    /// `sid`: this client's own name for the session.
    pub sid: &'a Sid,
    /// The access token in the same answer, for `at_hash`.
    pub access_token: Option<&'a str>,
    /// The code in the same answer, for `c_hash`.
    pub code: Option<&'a str>,
    /// What it says about the person besides (Core 1.0, 5.4 and 5.5).
    pub person: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Wire<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    azp: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    acr: &'a str,
    amr: &'a [String],
    sid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
    #[serde(flatten)]
    person: &'a Map<String, Value>,
}

impl IdTokenClaims<'_> {
    /// The signed token. The key is of the client's `id_token_signed_response_alg`.
    pub fn sign(&self, key: &SigningKey) -> Result<String, JoseError> {
        let wire = Wire {
            iss: self.issuer,
            sub: self.subject.as_str(),
            aud: self.client_id.as_str(),
            azp: self.client_id.as_str(),
            exp: (self.issued + self.lifetime).as_secs(),
            iat: self.issued.as_secs(),
            auth_time: self.auth_time.as_secs(),
            nonce: self.nonce,
            acr: self.acr,
            amr: self.amr,
            sid: self.sid.as_str(),
            at_hash: self.access_token.map(|token| half_hash(key.alg(), token)),
            c_hash: self.code.map(|code| half_hash(key.alg(), code)),
            person: self.person,
        };
        sign(key, TYP, &wire)
    }
}

/// The left half of the hash of an access token or code, by the hash of the ID token's own
/// algorithm: binds what comes in one answer (Core 1.0, 3.1.3.6 and 3.3.2.11).
pub fn half_hash(alg: SigningAlg, token: &str) -> String {
    URL_SAFE_NO_PAD.encode(alg.left_half(token))
}

/// What an `id_token_hint` says (Core 1.0, 3.1.2.1; RP-Initiated Logout 1.0, 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// `iss`: ours.
    pub issuer: String,
    /// `aud`.
    pub client_id: ClientId,
    /// `sub`.
    pub sub: UserId,
    /// `sid`.
    pub sid: Option<Sid>,
}

/// Why verified claims are no hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHint {
    /// A claim is missing or of the wrong type.
    #[error("the hint is malformed")]
    Malformed,
    /// Somebody else's token.
    #[error("the hint is from another issuer")]
    WrongIssuer,
}

impl Hint {
    /// Reads claims that [`EXPECT`] let through. The expiry is not looked at: clients send the
    /// token that they got at sign-in, which may be hours old (RP-Initiated Logout 1.0, 4).
    pub fn from_claims(claims: &Map<String, Value>, issuer: &str) -> Result<Self, InvalidHint> {
        let text = |name| claims.get(name).and_then(Value::as_str);
        let required = |name| text(name).ok_or(InvalidHint::Malformed);
        if required("iss")? != issuer {
            return Err(InvalidHint::WrongIssuer);
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            client_id: ClientId::new(required("aud")?),
            sub: UserId::new(required("sub")?),
            sid: text("sid").map(Sid::new),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::jose::test_keys;
    use super::*;

    const ISSUER: &str = "https://login.example";

    fn signed(
        alg: SigningAlg,
        nonce: Option<&str>,
        access_token: Option<&str>,
    ) -> Map<String, Value> {
        let keys = test_keys::key_set();
        let token = IdTokenClaims {
            issuer: ISSUER,
            subject: &UserId::new("u_alice"),
            client_id: &ClientId::new("wiki"),
            issued: Timestamp::from_millis(1_700_000_000_999),
            lifetime: LIFETIME,
            auth_time: Timestamp::from_secs(1_699_999_000),
            nonce,
            acr: "urn:lanyard:acr:pwd",
            amr: &["pwd".to_owned()],
            sid: &Sid::new("s1"),
            access_token,
            code: None,
            person: &Map::new(),
        }
        .sign(keys.current(alg).unwrap())
        .unwrap();
        keys.verify(&token, EXPECT).unwrap()
    }

    fn claims(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(claims) => claims,
            _ => Map::new(),
        }
    }

    #[test]
    fn hints_that_are_none_are_refused() {
        let good = json!({ "iss": ISSUER, "aud": "wiki", "sub": "u_alice", "sid": "s1" });
        let cases = [
            ("iss", json!(null), InvalidHint::Malformed),
            (
                "iss",
                json!("https://login.example/"),
                InvalidHint::WrongIssuer,
            ),
            (
                "iss",
                json!("https://evil.example"),
                InvalidHint::WrongIssuer,
            ),
            ("aud", json!(null), InvalidHint::Malformed),
            ("aud", json!(["wiki", "shop"]), InvalidHint::Malformed),
            ("sub", json!(7), InvalidHint::Malformed),
        ];
        for (name, value, error) in cases {
            let mut changed = claims(good.clone());
            changed.insert(name.to_owned(), value.clone());
            assert_eq!(
                Hint::from_claims(&changed, ISSUER),
                Err(error),
                "{name} {value}"
            );
        }
        for name in ["iss", "aud", "sub"] {
            let mut changed = claims(good.clone());
            changed.remove(name);
            let read = Hint::from_claims(&changed, ISSUER);
            assert_eq!(read, Err(InvalidHint::Malformed), "{name}");
        }
    }

    #[test]
    fn an_expired_token_is_still_a_hint() {
        let mut hint = signed(SigningAlg::RS256, None, None);
        hint.insert("exp".to_owned(), json!(1));
        let expected = Hint {
            issuer: ISSUER.to_owned(),
            client_id: ClientId::new("wiki"),
            sub: UserId::new("u_alice"),
            sid: Some(Sid::new("s1")),
        };
        assert_eq!(Hint::from_claims(&hint, ISSUER), Ok(expected));
    }

    #[test]
    fn all_claims_are_there_and_no_others() {
        for alg in [SigningAlg::RS256, SigningAlg::ES256] {
            let full = signed(alg, Some("n-._~"), Some("token"));
            let expected = json!({
                "iss": ISSUER, "sub": "u_alice", "aud": "wiki", "azp": "wiki",
                "exp": 1_700_000_300, "iat": 1_700_000_000, "auth_time": 1_699_999_000,
                "nonce": "n-._~", "acr": "urn:lanyard:acr:pwd", "amr": ["pwd"], "sid": "s1",
                "at_hash": half_hash(alg, "token"),
            });
            assert_eq!(Value::Object(full), expected);
        }
    }

    #[test]
    fn what_was_not_asked_is_not_said() {
        let bare = signed(SigningAlg::RS256, None, None);
        assert!(!bare.contains_key("nonce"));
        assert!(!bare.contains_key("at_hash"));
    }

    #[test]
    fn c_hash_is_that_of_the_specification() {
        // Core 1.0, A.4.
        let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
        assert_eq!(half_hash(SigningAlg::RS256, code), "LDktKdoQak3Pk0cnXxCltA");
    }

    #[test]
    fn at_hash_is_that_of_the_specification() {
        // Core 1.0, A.4.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(
            half_hash(SigningAlg::RS256, token),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }
}
