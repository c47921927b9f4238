//! What the token endpoint answers (RFC 6749, 5.1; `OpenID` Connect Core 1.0, 3.1.3.3).

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::jose::Thumbprint;

/// How an access token is to be sent (RFC 6750, 2.1; RFC 9449, 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TokenType {
    /// Whoever has it may use it.
    Bearer,
    /// With a proof of the key that it is bound to.
    #[serde(rename = "DPoP")]
    Dpop,
}

impl TokenType {
    /// Of a token that is bound to a key, or to none.
    pub const fn of(key: Option<&Thumbprint>) -> Self {
        match key {
            Some(_) => Self::Dpop,
            None => Self::Bearer,
        }
    }

    /// The value of `token_type`, and the scheme of the header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// A successful answer. Shows none of its tokens in `Debug`.
#[derive(Clone, Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: TokenType,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    scope: String,
    #[serde(skip)]
    dpop_nonce: Option<String>,
}

impl TokenResponse {
    /// An answer with an access token for these scopes: the granted ones, which may be fewer
    /// than were asked for.
    pub fn new(access_token: String, lifetime: Duration, scope: &[String]) -> Self {
        Self {
            access_token,
            token_type: TokenType::Bearer,
            expires_in: lifetime.as_secs(),
            refresh_token: None,
            id_token: None,
            scope: scope.join(" "),
            dpop_nonce: None,
        }
    }

    /// Whose access token is bound to a key, if it is.
    #[must_use]
    pub const fn bound_to(mut self, key: Option<&Thumbprint>) -> Self {
        self.token_type = TokenType::of(key);
        self
    }

    /// With a nonce for the next proof (RFC 9449, 8.2): it goes into a header.
    #[must_use]
    pub fn with_dpop_nonce(mut self, nonce: Option<String>) -> Self {
        self.dpop_nonce = nonce;
        self
    }

    /// The nonce for the next proof, if there is one to give.
    pub fn dpop_nonce(&self) -> Option<&str> {
        self.dpop_nonce.as_deref()
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
