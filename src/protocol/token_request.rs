//! What the token endpoint is asked for (RFC 6749, 4.1.3 and 6; RFC 7636, 4.5).

use std::fmt;

use super::client::DEVICE_CODE;
use super::client::GrantType;
use super::form::{Repeated, single};

/// A grant, read from the form. Codes, verifiers and refresh tokens do not show in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenRequest {
    /// `authorization_code`.
    AuthorizationCode {
        /// The code.
        code: String,
        /// Must equal that of the authorization request if it had one.
        redirect_uri: Option<String>,
        /// PKCE.
        code_verifier: Option<String>,
    },
    /// `client_credentials` (RFC 6749, 4.4.2).
    ClientCredentials {
        /// What the client asks for, as it was sent.
        scope: Option<String>,
    },
    /// The device grant (RFC 8628, 3.4).
    DeviceCode {
        /// The code.
        device_code: String,
    },
    /// `refresh_token`.
    RefreshToken {
        /// The token.
        refresh_token: String,
        /// A narrower scope, as it was sent.
        scope: Option<String>,
    },
}

/// Why a form is no token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTokenRequest {
    /// `invalid_request`.
    #[error("the parameter {0} is missing")]
    MissingParameter(&'static str),
    /// `invalid_request`: a parameter comes twice (RFC 6749, 3.2).
    #[error("the parameter {0} is repeated")]
    Repeated(&'static str),
    /// `unsupported_grant_type`.
    #[error("the grant type is not supported")]
    UnsupportedGrantType,
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AuthorizationCode {
                redirect_uri,
                code_verifier,
                ..
            } => f
                .debug_struct("AuthorizationCode")
                .field("redirect_uri", redirect_uri)
                .field("has_code_verifier", &code_verifier.is_some())
                .finish_non_exhaustive(),
            Self::ClientCredentials { scope } => f
                .debug_struct("ClientCredentials")
                .field("scope", scope)
                .finish(),
            Self::DeviceCode { .. } => f.debug_struct("DeviceCode").finish_non_exhaustive(),
            Self::RefreshToken { scope, .. } => f
                .debug_struct("RefreshToken")
                .field("scope", scope)
                .finish_non_exhaustive(),
        }
    }
}

impl TokenRequest {
    /// Which grant its client must be registered for.
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::RefreshToken { .. } => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
            Self::DeviceCode { .. } => GrantType::DeviceCode,
        }
    }

    /// Reads the form. Parameters that are not known here are ignored (RFC 6749, 3.2).
    pub fn parse(form: &[(&str, &str)]) -> Result<Self, InvalidTokenRequest> {
        match required(form, "grant_type")?.as_str() {
            "authorization_code" => Ok(Self::AuthorizationCode {
                code: required(form, "code")?,
                redirect_uri: optional(form, "redirect_uri")?,
                code_verifier: optional(form, "code_verifier")?,
            }),
            "client_credentials" => Ok(Self::ClientCredentials {
                scope: optional(form, "scope")?,
            }),
            DEVICE_CODE => Ok(Self::DeviceCode {
                device_code: required(form, "device_code")?,
            }),
            "refresh_token" => Ok(Self::RefreshToken {
                refresh_token: required(form, "refresh_token")?,
                scope: optional(form, "scope")?,
            }),
            _ => Err(InvalidTokenRequest::UnsupportedGrantType),
        }
    }
}

fn required(form: &[(&str, &str)], name: &'static str) -> Result<String, InvalidTokenRequest> {
    optional(form, name)?.ok_or(InvalidTokenRequest::MissingParameter(name))
}

fn optional(
    form: &[(&str, &str)],
    name: &'static str,
) -> Result<Option<String>, InvalidTokenRequest> {
    let value = single(form, name).map_err(|Repeated(name)| InvalidTokenRequest::Repeated(name))?;
    Ok(value.map(ToOwned::to_owned))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CODE: (&str, &str) = ("grant_type", "authorization_code");
    const REFRESH: (&str, &str) = ("grant_type", "refresh_token");

    #[test]
    fn forms_that_are_none_are_refused() {
        use InvalidTokenRequest::{MissingParameter, Repeated, UnsupportedGrantType};
        let cases: [(&[(&str, &str)], InvalidTokenRequest); 16] = [
            (&[], MissingParameter("grant_type")),
            (&[("grant_type", "")], MissingParameter("grant_type")),
            (&[("code", "c")], MissingParameter("grant_type")),
            (&[CODE, CODE, ("code", "c")], Repeated("grant_type")),
            (&[CODE, REFRESH], Repeated("grant_type")),
            (&[("grant_type", "password")], UnsupportedGrantType),
            (&[("grant_type", "implicit")], UnsupportedGrantType),
            (
                &[("grant_type", "Authorization_Code")],
                UnsupportedGrantType,
            ),
            (&[CODE], MissingParameter("code")),
            (&[CODE, ("code", "")], MissingParameter("code")),
            (&[CODE, ("Code", "c")], MissingParameter("code")),
            (&[CODE, ("code", "a"), ("code", "b")], Repeated("code")),
            (
                &[
                    CODE,
                    ("code", "c"),
                    ("code_verifier", "v"),
                    ("code_verifier", "w"),
                ],
                Repeated("code_verifier"),
            ),
            (
                &[
                    CODE,
                    ("code", "c"),
                    ("redirect_uri", "a"),
                    ("redirect_uri", "a"),
                ],
                Repeated("redirect_uri"),
            ),
            (&[REFRESH, ("code", "c")], MissingParameter("refresh_token")),
            (
                &[
                    REFRESH,
                    ("refresh_token", "r"),
                    ("scope", "a"),
                    ("scope", "b"),
                ],
                Repeated("scope"),
            ),
        ];
        for (pairs, error) in cases {
            assert_eq!(TokenRequest::parse(pairs), Err(error), "{pairs:?}");
        }
    }

    #[test]
    fn grants_are_read_in_any_order_and_extras_ignored() {
        let code = |redirect_uri: Option<&str>, code_verifier: Option<&str>| {
            TokenRequest::AuthorizationCode {
                code: "c".to_owned(),
                redirect_uri: redirect_uri.map(ToOwned::to_owned),
                code_verifier: code_verifier.map(ToOwned::to_owned),
            }
        };
        let refresh = |scope: Option<&str>| TokenRequest::RefreshToken {
            refresh_token: "r".to_owned(),
            scope: scope.map(ToOwned::to_owned),
        };
        let cases: [(&[(&str, &str)], TokenRequest); 5] = [
            (&[("code", "c"), CODE], code(None, None)),
            (
                &[
                    ("code_verifier", "v"),
                    ("redirect_uri", "u"),
                    CODE,
                    ("code", "c"),
                ],
                code(Some("u"), Some("v")),
            ),
            (
                &[
                    CODE,
                    ("code", "c"),
                    ("redirect_uri", ""),
                    ("x", "1"),
                    ("x", "2"),
                ],
                code(None, None),
            ),
            (
                &[REFRESH, ("refresh_token", "r"), ("scope", "")],
                refresh(None),
            ),
            (
                &[REFRESH, ("scope", "a b"), ("refresh_token", "r")],
                refresh(Some("a b")),
            ),
        ];
        for (pairs, expected) in cases {
            assert_eq!(TokenRequest::parse(pairs), Ok(expected), "{pairs:?}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let forms: [&[(&str, &str)]; 2] = [
            &[CODE, ("code", "hidden"), ("code_verifier", "hidden")],
            &[REFRESH, ("refresh_token", "hidden")],
        ];
        for pairs in forms {
            assert!(!format!("{:?}", TokenRequest::parse(pairs).unwrap()).contains("hidden"));
        }
    }

    proptest! {
        #[test]
        fn order_and_extras_mean_nothing_and_repeats_are_refused(
            shuffled in Just(vec![
                CODE, ("code", "c"), ("redirect_uri", "u"), ("code_verifier", "v"),
            ]).prop_shuffle(),
            extras in prop::collection::vec(("x_[a-z]{0,8}", "\\PC{0,16}"), 0..6),
            again in any::<prop::sample::Index>(),
            value in "[a-z]{1,8}",
        ) {
            let mut form: Vec<(&str, &str)> = shuffled.clone();
            form.extend(extras.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let expected = TokenRequest::AuthorizationCode {
                code: "c".to_owned(),
                redirect_uri: Some("u".to_owned()),
                code_verifier: Some("v".to_owned()),
            };
            prop_assert_eq!(TokenRequest::parse(&form), Ok(expected));
            let (name, _) = shuffled[again.index(shuffled.len())];
            form.insert(0, (name, &value));
            prop_assert_eq!(
                TokenRequest::parse(&form),
                Err(InvalidTokenRequest::Repeated(name))
            );
        }

        #[test]
        fn what_is_read_is_what_was_sent(
            pairs in prop::collection::vec(
                (
                    "grant_type|code|redirect_uri|code_verifier|device_code|refresh_token|scope",
                    "authorization_code|client_credentials|refresh_token|urn:ietf:params:oauth:grant-type:device_code|\\PC{0,20}",
                ),
                0..8,
            ),
        ) {
            let form: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let sent = |name, value: &str| form.contains(&(name, value));
            match TokenRequest::parse(&form) {
                Ok(TokenRequest::AuthorizationCode { code, .. }) => {
                    prop_assert!(sent("grant_type", "authorization_code") && sent("code", &code));
                }
                Ok(TokenRequest::ClientCredentials { .. }) => {
                    prop_assert!(sent("grant_type", "client_credentials"));
                }
                Ok(TokenRequest::DeviceCode { device_code }) => {
                    prop_assert!(sent("grant_type", DEVICE_CODE) && sent("device_code", &device_code));
                }
                Ok(TokenRequest::RefreshToken { refresh_token, .. }) => {
                    prop_assert!(sent("refresh_token", &refresh_token));
                }
                Err(_) => {}
            }
        }
    }
}
