//! What the introspection endpoint answers (RFC 7662, 2.2).

use serde::Serialize;
use serde_json::{Value, json};

use super::audience::Audience;
use super::confirmation::Confirmation;
use super::jose::Thumbprint;
use super::token_response::TokenType;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, Sid, UserId};

/// What is known of a live token.
#[derive(Clone, Copy, Debug)]
pub struct Active<'a> {
    /// `scope`.
    pub scope: &'a [String],
    /// `client_id`.
    pub client_id: &'a ClientId,
    /// `username`.
    pub username: Option<&'a str>,
    /// `token_type`: only access tokens have one.
    pub token_type: Option<TokenType>,
    /// The key that it is bound to: `cnf` (RFC 9449, 6.2).
    pub key: Option<Thumbprint>,
    /// `iat`.
    pub issued: Timestamp,
    /// `exp`.
    pub expires: Timestamp,
    /// `sub`.
    pub subject: &'a UserId,
    /// `aud`.
    pub audience: &'a [String],
    /// `iss`.
    pub issuer: &'a str,
    /// `jti`.
    pub jti: Option<&'a str>,
    /// `sid`: the session, under the name that the token's client knows it by.
    pub sid: Option<&'a Sid>,
    /// `auth_time` and `acr` of the person's sign-in (RFC 9470, 6.2): an API may find it too old.
    pub signed_in: Option<(Timestamp, &'a str)>,
}

#[derive(Serialize)]
struct Wire<'a> {
    active: bool,
    scope: String,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<TokenType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    exp: i64,
    iat: i64,
    sub: &'a str,
    aud: Audience<'a>,
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
}

impl Serialize for Active<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = Wire {
            active: true,
            scope: self.scope.join(" "),
            client_id: self.client_id.as_str(),
            username: self.username,
            token_type: self.token_type,
            cnf: self.key.map(Confirmation::of),
            exp: self.expires.as_secs(),
            iat: self.issued.as_secs(),
            sub: self.subject.as_str(),
            aud: self.audience.into(),
            iss: self.issuer,
            jti: self.jti,
            sid: self.sid.map(Sid::as_str),
            auth_time: self.signed_in.map(|(at, _)| at.as_secs()),
            acr: self.signed_in.map(|(_, acr)| acr),
        };
        wire.serialize(serializer)
    }
}

/// The answer for every token that is dead, unknown, or none of the asker's business: all look
/// alike, so that nothing can be probed (RFC 7662, 2.2).
pub fn inactive() -> Value {
    json!({ "active": false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inactive_says_nothing_else() {
        assert_eq!(inactive().to_string(), r#"{"active":false}"#);
    }

    #[test]
    fn active_says_what_is_known() {
        let scope = ["openid".to_owned(), "email".to_owned()];
        let (client_id, subject) = (ClientId::new("wiki"), UserId::new("u_alice"));
        let sid = Sid::new("s1");
        let one = ["https://login.example".to_owned()];
        let bare = Active {
            scope: &scope,
            client_id: &client_id,
            username: None,
            token_type: None,
            key: None,
            issued: Timestamp::from_secs(1_700_000_000),
            expires: Timestamp::from_millis(1_700_000_300_999),
            subject: &subject,
            audience: &one,
            issuer: "https://login.example",
            jti: None,
            sid: None,
            signed_in: None,
        };
        let mut expected = json!({
            "active": true, "scope": "openid email", "client_id": "wiki", "sub": "u_alice",
            "iat": 1_700_000_000, "exp": 1_700_000_300,
            "aud": "https://login.example", "iss": "https://login.example",
        });
        assert_eq!(serde_json::to_value(bare).unwrap(), expected);

        let key = Thumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").unwrap();
        let two = ["a".to_owned(), "b".to_owned()];
        let full = Active {
            username: Some("alice"),
            token_type: Some(TokenType::Dpop),
            key: Some(key),
            audience: &two,
            jti: Some("j1"),
            sid: Some(&sid),
            signed_in: Some((Timestamp::from_secs(1_700_000_000), "gold")),
            ..bare
        };
        for (name, value) in [
            ("username", json!("alice")),
            ("auth_time", json!(1_700_000_000)),
            ("acr", json!("gold")),
            ("token_type", json!("DPoP")),
            ("cnf", json!({ "jkt": key.to_string() })),
            ("aud", json!(["a", "b"])),
            ("jti", json!("j1")),
            ("sid", json!("s1")),
        ] {
            expected[name] = value;
        }
        assert_eq!(serde_json::to_value(full).unwrap(), expected);
    }
}
