//! What the token endpoint answers (RFC 6749, 5.1; `OpenID` Connect Core 1.0, 3.1.3.3).

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// A successful answer. Shows none of its tokens in `Debug`.
#[derive(Clone, Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    scope: String,
}

impl TokenResponse {
    /// An answer with an access token for these scopes: the granted ones, which may be fewer
    /// than were asked for.
    pub fn new(access_token: String, lifetime: Duration, scope: &[String]) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            expires_in: lifetime.as_secs(),
            refresh_token: None,
            id_token: None,
            scope: scope.join(" "),
        }
    }

    /// With a refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, token: Option<String>) -> Self {
        self.refresh_token = token;
        self
    }

    /// With an ID token.
    #[must_use]
    pub fn with_id_token(mut self, token: Option<String>) -> Self {
        self.id_token = token;
        self
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn response() -> TokenResponse {
        let scope = ["openid".to_owned(), "email".to_owned()];
        TokenResponse::new("hidden-a".to_owned(), Duration::from_mins(5), &scope)
    }

    #[test]
    fn absent_tokens_are_left_out() {
        let expected = json!({
            "access_token": "hidden-a", "token_type": "Bearer", "expires_in": 300,
            "scope": "openid email",
        });
        assert_eq!(serde_json::to_value(response()).unwrap(), expected);
    }

    #[test]
    fn all_tokens_are_told_on_the_wire_and_none_in_a_log() {
        let full = response()
            .with_refresh_token(Some("hidden-r".to_owned()))
            .with_id_token(Some("hidden-i".to_owned()));
        let value = serde_json::to_value(&full).unwrap();
        assert_eq!(value["refresh_token"], "hidden-r");
        assert_eq!(value["id_token"], "hidden-i");
        assert!(!format!("{full:?}").contains("hidden"));
    }
}
