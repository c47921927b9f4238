//! Access tokens (RFC 9068): what they say, and how ours are read when they come back.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::audience::{self, Audience};
use super::confirmation::{self, Confirmation};
use super::jose::{Expect, JoseError, SigningKey, Thumbprint, sign};
use super::signing_alg::SigningAlg;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, UserId};

/// `typ` of the header (RFC 9068, 2.1): an ID token can never pass for one.
pub const TYP: &str = "at+jwt";

/// How long one is valid if its client says nothing of it. Short, as who checks it alone does not see the end of the session.
pub const LIFETIME: Duration = Duration::from_mins(5);

/// The longest that any client's may be valid.
pub const LONGEST: Duration = Duration::from_hours(1);

/// What ours are signed with.
pub const EXPECT: Expect<'static> = Expect {
    typ: &[TYP],
    algs: &[SigningAlg::ES256],
    retired: false,
};

/// What an access token says (RFC 9068, 2.2).
#[derive(Clone, Copy, Debug)]
pub struct AccessTokenClaims<'a> {
    /// `iss`; also `aud` if no resource was named (RFC 9068, 3).
    pub issuer: &'a str,
    /// `sub`: the name by which the client knows the person.
    pub subject: &'a UserId,
    /// `client_id`.
    pub client_id: &'a ClientId,
    /// The resources that were named (RFC 8707): `aud`.
    pub resources: &'a [String],
    /// `jti`.
    pub jti: &'a str,
    /// `scope`.
    pub scope: &'a [String],
    /// `iat`.
    pub issued: Timestamp,
    /// From `iat` to `exp`.
    pub lifetime: Duration,
    /// `auth_time`.
    pub auth_time: Timestamp,
    /// `acr`.
    pub acr: &'a str,
    /// `amr`.
    pub amr: &'a [String],
    /// The key that it is bound to: `cnf`.
    pub key: Option<Thumbprint>,
}

#[derive(Serialize)]
struct Wire<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audience<'a>,
    client_id: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    scope: String,
    auth_time: i64,
    acr: &'a str,
    amr: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

impl AccessTokenClaims<'_> {
    /// The signed token. Only ES256 keys are taken: RS256 would be slower and no more trusted.
    pub fn sign(&self, key: &SigningKey) -> Result<String, JoseError> {
        if !EXPECT.algs.contains(&key.alg()) {
            return Err(JoseError::Algorithm);
        }
        sign(key, TYP, &self.wire())
    }

    /// The same claims as text, to be sealed: of a token that only we can read.
    pub fn to_text(&self) -> Result<Vec<u8>, JoseError> {
        serde_json::to_vec(&self.wire()).map_err(|_| JoseError::Signing)
    }

    fn wire(&self) -> Wire<'_> {
        Wire {
            iss: self.issuer,
            sub: self.subject.as_str(),
            aud: match self.resources {
                [] => Audience::One(self.issuer),
                named => named.into(),
            },
            client_id: self.client_id.as_str(),
            iat: self.issued.as_secs(),
            exp: (self.issued + self.lifetime).as_secs(),
            jti: self.jti,
            scope: self.scope.join(" "),
            auth_time: self.auth_time.as_secs(),
            acr: self.acr,
            amr: self.amr,
            cnf: self.key.map(Confirmation::of),
        }
    }
}

/// One of ours, read. That its session lives is for the caller to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// Whose.
    pub sub: UserId,
    /// Issued to.
    pub client_id: ClientId,
    /// Its own name.
    pub jti: String,
    /// Granted scopes.
    pub scope: Vec<String>,
    /// When it was issued.
    pub issued: Timestamp,
    /// The first moment at which it is refused.
    pub expires: Timestamp,
    /// For whom it is.
    pub audience: Vec<String>,
    /// The key that it is bound to, and without whose proof it is worth nothing.
    pub key: Option<Thumbprint>,
}

/// Why verified claims are no access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// A claim is missing or of the wrong type.
    #[error("the access token is malformed")]
    Malformed,
    /// Somebody else's token.
    #[error("the access token is from another issuer")]
    WrongIssuer,
    /// Too late.
    #[error("the access token has expired")]
    Expired,
}

impl AccessToken {
    /// Reads claims that [`EXPECT`] let through.
    pub fn from_claims(
        claims: &Map<String, Value>,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Self, Invalid> {
        let claim = |name| claims.get(name).ok_or(Invalid::Malformed);
        let text = |name| claim(name)?.as_str().ok_or(Invalid::Malformed);
        let seconds = |name| claim(name)?.as_i64().ok_or(Invalid::Malformed);
        if text("iss")? != issuer {
            return Err(Invalid::WrongIssuer);
        }
        let token = Self {
            sub: UserId::new(text("sub")?),
            client_id: ClientId::new(text("client_id")?),
            jti: text("jti")?.to_owned(),
            scope: text("scope")?
                .split_whitespace()
                .map(ToOwned::to_owned)
                .collect(),
            issued: Timestamp::from_secs(seconds("iat")?),
            expires: Timestamp::from_secs(seconds("exp")?),
            audience: audience::read(claim("aud")?).ok_or(Invalid::Malformed)?,
            key: confirmation::read(claims).map_err(|_| Invalid::Malformed)?,
        };
        // RFC 7519, 4.1.4: "on or after". A clock of ours wrote it, so there is no leeway.
        if now >= token.expires {
            return Err(Invalid::Expired);
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::jose::test_keys;
    use super::super::{id_token, logout_token};
    use super::*;

    const ISSUER: &str = "https://login.example";
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_500);

    fn sign_with(key: &SigningKey, resources: &[String]) -> Result<String, JoseError> {
        AccessTokenClaims {
            issuer: ISSUER,
            subject: &UserId::new("u_alice"),
            client_id: &ClientId::new("wiki"),
            resources,
            jti: "j1",
            scope: &["openid".to_owned(), "email".to_owned()],
            issued: NOW,
            lifetime: LIFETIME,
            auth_time: Timestamp::from_secs(1_699_999_000),
            acr: "urn:lanyard:acr:pwd",
            amr: &["pwd".to_owned()],
            key: None,
        }
        .sign(key)
    }

    fn claims(resources: &[String]) -> Map<String, Value> {
        let token = sign_with(&test_keys::p256(), resources).unwrap();
        test_keys::key_set().verify(&token, EXPECT).unwrap()
    }

    #[test]
    fn claims_that_are_none_are_refused() {
        let cases = [
            ("iss", json!("https://login.example/"), Invalid::WrongIssuer),
            ("iss", json!(null), Invalid::Malformed),
            ("sub", json!(7), Invalid::Malformed),
            ("client_id", json!(["wiki"]), Invalid::Malformed),
            ("jti", json!(null), Invalid::Malformed),
            ("scope", json!(["openid"]), Invalid::Malformed),
            ("iat", json!("1700000000"), Invalid::Malformed),
            ("exp", json!("1700000300"), Invalid::Malformed),
            ("exp", json!(1e300), Invalid::Malformed),
            ("exp", json!(1_700_000_000), Invalid::Expired),
            ("exp", json!(-1), Invalid::Expired),
            ("aud", json!(null), Invalid::Malformed),
            ("aud", json!([]), Invalid::Malformed),
            ("aud", json!(["a", 1]), Invalid::Malformed),
            // A binding that is not understood is no reason to take it for unbound.
            ("cnf", json!(null), Invalid::Malformed),
            ("cnf", json!({}), Invalid::Malformed),
            ("cnf", json!({ "jkt": "short" }), Invalid::Malformed),
            ("cnf", json!({ "x5t#S256": "a" }), Invalid::Malformed),
        ];
        for (name, value, error) in cases {
            let mut changed = claims(&[]);
            changed.insert(name.to_owned(), value.clone());
            let read = AccessToken::from_claims(&changed, ISSUER, NOW);
            assert_eq!(read, Err(error), "{name} {value}");
        }
        for name in [
            "iss",
            "sub",
            "client_id",
            "jti",
            "scope",
            "iat",
            "exp",
            "aud",
        ] {
            let mut changed = claims(&[]);
            changed.remove(name);
            let read = AccessToken::from_claims(&changed, ISSUER, NOW);
            assert_eq!(read, Err(Invalid::Malformed), "{name}");
        }
    }

    #[test]
    fn it_lives_five_minutes_to_the_second() {
        let claims = claims(&[]);
        let end = Timestamp::from_secs(1_700_000_300);
        let before = Timestamp::from_millis(end.as_millis() - 1);
        assert!(AccessToken::from_claims(&claims, ISSUER, before).is_ok());
        let read = AccessToken::from_claims(&claims, ISSUER, end);
        assert_eq!(read, Err(Invalid::Expired));
    }

    #[test]
    fn only_our_es256_access_tokens_are_taken() {
        assert_eq!(sign_with(&test_keys::rsa(), &[]), Err(JoseError::Algorithm));
        let keys = test_keys::key_set();
        let key = test_keys::p256();
        let claims = json!({ "iss": ISSUER });
        for typ in [id_token::TYP, logout_token::TYP, "application/at+jwt", ""] {
            let token = sign(&key, typ, &claims).unwrap();
            assert_eq!(keys.verify(&token, EXPECT), Err(JoseError::Type), "{typ}");
        }
        let token = sign(&test_keys::rsa(), TYP, &claims).unwrap();
        assert_eq!(keys.verify(&token, EXPECT), Err(JoseError::Algorithm));
        let token = sign_with(&key, &[]).unwrap();
        assert_eq!(keys.verify(&token, id_token::EXPECT), Err(JoseError::Type));
    }

    #[test]
    fn it_says_what_rfc_9068_demands() {
        let expected = json!({
            "iss": ISSUER, "sub": "u_alice", "aud": ISSUER, "client_id": "wiki",
            "iat": 1_700_000_000, "exp": 1_700_000_300, "jti": "j1", "scope": "openid email",
            "auth_time": 1_699_999_000, "acr": "urn:lanyard:acr:pwd", "amr": ["pwd"],
        });
        assert_eq!(Value::Object(claims(&[])), expected);
    }

    #[test]
    fn the_audience_is_the_issuer_or_the_resources() {
        let one = "https://api.example".to_owned();
        let two = "https://files.example".to_owned();
        let cases = [
            (vec![], json!(ISSUER), vec![ISSUER.to_owned()]),
            (vec![one.clone()], json!(one), vec![one.clone()]),
            (
                vec![one.clone(), two.clone()],
                json!([one, two]),
                vec![one, two],
            ),
        ];
        for (resources, aud, audience) in cases {
            let claims = claims(&resources);
            assert_eq!(claims["aud"], aud);
            let read = AccessToken::from_claims(&claims, ISSUER, NOW).unwrap();
            assert_eq!(read.audience, audience);
            assert_eq!(read.scope, ["openid", "email"]);
            assert_eq!(read.jti, "j1");
            assert_eq!(read.issued, Timestamp::from_secs(1_700_000_000));
        }
    }
}
