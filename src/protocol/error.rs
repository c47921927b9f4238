//! Errors under their registered codes (RFC 6749, 4.1.2.1 and 5.2; RFC 6750, 3.1; RFC 7591, 3.2.2;
//! RFC 8628, 3.5; RFC 8707, 2; `OpenID` Connect Core 1.0, 3.1.2.6).
//!
//! An error says what went wrong; where it is shown is decided by who holds it: a page while
//! neither client nor redirect URI can be trusted, a redirect afterwards, JSON for machines.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Longest description: it travels in a URL.
const MAX_DESCRIPTION: usize = 300;

/// A registered error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// RFC 6749, 4.1.2.1.
    InvalidRequest,
    /// RFC 6749, 4.1.2.1.
    UnauthorizedClient,
    /// RFC 6749, 4.1.2.1: the person said no.
    AccessDenied,
    /// RFC 6749, 4.1.2.1.
    UnsupportedResponseType,
    /// RFC 6749, 4.1.2.1.
    InvalidScope,
    /// RFC 6749, 4.1.2.1.
    ServerError,
    /// RFC 6749, 4.1.2.1.
    TemporarilyUnavailable,
    /// Core 1.0, 3.1.2.6.
    LoginRequired,
    /// Core 1.0, 3.1.2.6.
    ConsentRequired,
    /// Core 1.0, 3.1.2.6.
    InteractionRequired,
    /// Core 1.0, 3.1.2.6.
    AccountSelectionRequired,
    /// Core 1.0, 3.1.2.6.
    RequestNotSupported,
    /// Core 1.0, 3.1.2.6.
    RequestUriNotSupported,
    /// Core 1.0, 3.1.2.6.
    RegistrationNotSupported,
    /// Core 1.0, 3.1.2.6; RFC 9101, 7.
    InvalidRequestObject,
    /// Core 1.0, 3.1.2.6; RFC 9101, 7.
    InvalidRequestUri,
    /// Unmet Authentication Requirements 1.0; RFC 9470, 5.
    UnmetAuthenticationRequirements,
    /// RFC 8707, 2.
    InvalidTarget,
    /// RFC 6749, 5.2.
    InvalidClient,
    /// RFC 6749, 5.2.
    InvalidGrant,
    /// RFC 6749, 5.2.
    UnsupportedGrantType,
    /// RFC 8628, 3.5: the person has not answered yet.
    AuthorizationPending,
    /// RFC 8628, 3.5: the same, and it was asked too soon.
    SlowDown,
    /// RFC 8628, 3.5.
    ExpiredToken,
    /// RFC 6750, 3.1.
    InvalidToken,
    /// RFC 6750, 3.1.
    InsufficientScope,
    /// RFC 9449, 5 and 7.1.
    InvalidDpopProof,
    /// RFC 9449, 8 and 9.
    UseDpopNonce,
    /// RFC 7591, 3.2.2.
    InvalidRedirectUri,
    /// RFC 7591, 3.2.2.
    InvalidClientMetadata,
}

impl ErrorCode {
    /// The code on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
        }
    }
}

/// A code and a description that is safe on every wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct ProtocolError {
    /// What a program reads.
    pub code: ErrorCode,
    description: Cow<'static, str>,
    again_after: Option<Duration>,
    dpop_nonce: Option<Box<str>>,
}

impl ProtocolError {
    /// Keeps the description within `%x20-21 / %x23-5B / %x5D-7E` (RFC 6749, 4.1.2.1), so that no
    /// text can break out of a header, a JSON string or a line of a log.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let mut description = description.into();
        if description.len() > MAX_DESCRIPTION || !description.chars().all(is_allowed) {
            description = description
                .chars()
                .take(MAX_DESCRIPTION)
                .map(harmless)
                .collect();
        }
        Self {
            code,
            description,
            again_after: None,
            dpop_nonce: None,
        }
    }

    /// The same, with a nonce for the next proof (RFC 9449, 8.2).
    #[must_use]
    pub fn with_dpop_nonce(mut self, nonce: Option<String>) -> Self {
        self.dpop_nonce = nonce.map(String::into_boxed_str).or(self.dpop_nonce);
        self
    }

    /// The nonce for the next proof, if there is one to give.
    pub fn dpop_nonce(&self) -> Option<&str> {
        self.dpop_nonce.as_deref()
    }

    /// The same, for one who asked too often: 429 with `Retry-After` (RFC 6585, 4).
    #[must_use]
    pub const fn again_after(mut self, wait: Duration) -> Self {
        self.again_after = Some(wait);
        self
    }

    /// How long to wait, where that is the reason.
    pub const fn wait(&self) -> Option<Duration> {
        self.again_after
    }

    /// What a developer reads.
    pub fn description(&self) -> &str {
        &self.description
    }
}

const fn is_allowed(letter: char) -> bool {
    matches!(letter, '\x20'..='\x21' | '\x23'..='\x5B' | '\x5D'..='\x7E')
}

const fn harmless(letter: char) -> char {
    match letter {
        '"' => '\'',
        '\\' => '/',
        _ if is_allowed(letter) => letter,
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn descriptions_stay_in_the_charset() {
        let cases = [
            ("plain", "plain"),
            ("a \"b\" \\ c", "a 'b' / c"),
            ("a\r\nSet-Cookie: b\t\0", "a??Set-Cookie: b??"),
            ("café \u{7f}", "caf? ?"),
            ("", ""),
        ];
        for (given, expected) in cases {
            let error = ProtocolError::new(ErrorCode::InvalidRequest, given);
            assert_eq!(error.description(), expected);
        }
        let long = ProtocolError::new(ErrorCode::ServerError, "é".repeat(1000));
        assert_eq!(long.description().len(), MAX_DESCRIPTION);
    }

    #[test]
    fn the_wire_name_is_the_stored_name() {
        for code in [
            ErrorCode::RequestUriNotSupported,
            ErrorCode::InvalidClientMetadata,
            ErrorCode::LoginRequired,
            ErrorCode::InvalidDpopProof,
            ErrorCode::UseDpopNonce,
        ] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn it_reads_well_in_a_log() {
        let error = ProtocolError::new(ErrorCode::InvalidGrant, "the code was used before");
        assert_eq!(error.to_string(), "invalid_grant: the code was used before");
    }

    proptest! {
        #[test]
        fn no_description_leaves_the_charset(text in any::<String>()) {
            let error = ProtocolError::new(ErrorCode::InvalidRequest, text);
            prop_assert!(error.description().chars().all(is_allowed));
        }
    }
}
