//! Answers that are signed: userinfo (Core 1.0, 5.3.2) and introspection (RFC 9701, 5).

use serde_json::{Map, Value, json};

use super::jose::{JoseError, SigningKey, sign};
use crate::clock::Timestamp;
use crate::entropy::ClientId;

/// `typ` of signed userinfo: it can never pass for an ID token.
pub const USERINFO_TYP: &str = "userinfo+jwt";

/// `typ` of signed introspection (RFC 9701, 5).
pub const INTROSPECTION_TYP: &str = "token-introspection+jwt";

/// Its media type (RFC 9701, 4).
pub const INTROSPECTION_MEDIA: &str = "application/token-introspection+jwt";

/// Userinfo, signed for a client.
pub fn userinfo(
    mut claims: Map<String, Value>,
    issuer: &str,
    client: &ClientId,
    key: &SigningKey,
) -> Result<String, JoseError> {
    claims.insert("iss".to_owned(), json!(issuer));
    claims.insert("aud".to_owned(), json!(client.as_str()));
    sign(key, USERINFO_TYP, &claims)
}

/// What introspection says, signed for whoever asked. It has no `sub` and no `exp` of its own, so
/// that nobody takes it for the token that it speaks of (RFC 9701, 8.1).
pub fn introspection(
    said: &Value,
    issuer: &str,
    asker: &ClientId,
    now: Timestamp,
    key: &SigningKey,
) -> Result<String, JoseError> {
    let claims = json!({
        "iss": issuer,
        "aud": asker.as_str(),
        "iat": now.as_secs(),
        "token_introspection": said,
    });
    sign(key, INTROSPECTION_TYP, &claims)
}
