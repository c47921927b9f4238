//! Access tokens that a client holds for itself (RFC 6749, 4.4; RFC 9068, 2.2): no person, no
//! session, no authentication of anybody stands behind them.

use std::time::Duration;

use serde::Serialize;

use super::access_token::{EXPECT, TYP};
use super::audience::Audience;
use super::confirmation::Confirmation;
use super::jose::{JoseError, SigningKey, Thumbprint, sign};
use super::scope::{OFFLINE_ACCESS, OPENID, ScopeSet};
use crate::clock::Timestamp;
use crate::entropy::ClientId;

/// What such a token says.
#[derive(Clone, Copy, Debug)]
pub struct ClientTokenClaims<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `aud`; empty: the issuer.
    pub audience: &'a [String],
    /// `client_id`, and `sub` (RFC 9068, 5).
    pub client_id: &'a ClientId,
    /// `jti`.
    pub jti: &'a str,
    /// `scope`.
    pub scope: &'a [String],
    /// `iat`.
    pub issued: Timestamp,
    /// Until `exp`.
    pub lifetime: Duration,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

impl ClientTokenClaims<'_> {
    /// The signed token.
    pub fn sign(&self, key: &SigningKey) -> Result<String, JoseError> {
        if !EXPECT.algs.contains(&key.alg()) {
            return Err(JoseError::Algorithm);
        }
        sign(key, TYP, &self.wire())
    }

    /// The same claims as text, to be sealed.
    pub fn to_text(&self) -> Result<Vec<u8>, JoseError> {
        serde_json::to_vec(&self.wire()).map_err(|_| JoseError::Signing)
    }

    fn wire(&self) -> Wire<'_> {
        Wire {
            iss: self.issuer,
            sub: self.client_id.as_str(),
            aud: match self.audience {
                [] => Audience::One(self.issuer),
                named => named.into(),
            },
            client_id: self.client_id.as_str(),
            iat: self.issued.as_secs(),
            exp: (self.issued + self.lifetime).as_secs(),
            jti: self.jti,
            scope: self.scope.join(" "),
            cnf: self.key.map(Confirmation::of),
        }
    }
}

/// A scope that means a person, or a grant that outlives a session: a client alone has neither.
pub fn of_persons(scope: &ScopeSet) -> Option<&'static str> {
    [OPENID, OFFLINE_ACCESS]
        .into_iter()
        .find(|name| scope.contains(name))
}
