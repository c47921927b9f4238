//! How an authorization request is answered once the redirect URI can be trusted (RFC 6749, 4.1.2;
//! OAuth 2.0 Form Post Response Mode; RFC 9207).

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::ProtocolError;
use super::redirect_uri;

/// How the answer travels (OAuth 2.0 Multiple Response Type Encoding Practices, 2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query.
    #[default]
    Query,
    /// In a form that the browser posts.
    FormPost,
    /// In the fragment, which no server sees: where tokens go, and the errors of those who asked
    /// for some.
    Fragment,
}

impl ResponseMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// The mode of a `response_mode` value.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }

    /// The `response_mode` value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
            Self::Fragment => "fragment",
        }
    }
}

/// Where an answer goes. Made by `authorization_request` of a redirect URI that matched: without one
/// nothing redirects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// As presented, or the only registered one.
    pub redirect_uri: String,
    /// How.
    pub mode: ResponseMode,
    /// Given back as it came (RFC 6749, 4.1.1).
    pub state: Option<String>,
}

/// What the browser is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `303 See Other` to this place.
    Redirect(String),
    /// A page with a form that posts these fields there.
    FormPost {
        /// The redirect URI.
        action: String,
        /// Hidden inputs.
        fields: Vec<(String, String)>,
    },
}

/// What a successful answer brings (RFC 6749, 4.1.2 and 4.2.2; Core 1.0, 3.2.2.5 and 3.3.2.5).
/// None of it shows in `Debug`.
#[derive(Clone, Default)]
pub struct Brought {
    /// `code`.
    pub code: Option<String>,
    /// The access token.
    pub access_token: Option<BroughtToken>,
    /// `id_token`.
    pub id_token: Option<String>,
}

/// An access token that comes by way of the browser.
#[derive(Clone)]
pub struct BroughtToken {
    /// `access_token`.
    pub token: String,
    /// `expires_in`.
    pub lifetime: Duration,
    /// `scope`: what was granted.
    pub scope: Vec<String>,
}

impl fmt::Debug for Brought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brought").finish_non_exhaustive()
    }
}

impl fmt::Debug for BroughtToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroughtToken")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl Brought {
    fn into_fields(self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        fields.extend(self.code.map(|code| pair("code", &code)));
        if let Some(brought) = self.access_token {
            fields.push(pair("access_token", &brought.token));
            fields.push(pair("token_type", "Bearer"));
            fields.push(pair("expires_in", &brought.lifetime.as_secs().to_string()));
            fields.push(pair("scope", &brought.scope.join(" ")));
        }
        fields.extend(self.id_token.map(|token| pair("id_token", &token)));
        fields
    }
}

/// The answer with what was asked for; with the `session_state` where there is one (Session
/// Management 1.0, 2).
pub fn success(
    target: &Target,
    issuer: &str,
    brought: Brought,
    session_state: Option<&str>,
) -> Answer {
    let mut fields = brought.into_fields();
    fields.extend(session_state.map(|state| pair("session_state", state)));
    answer(target, issuer, fields)
}

/// The answer with an error; with the `session_state` where there is one (Session Management 1.0,
/// 3.2).
pub fn failure(
    target: &Target,
    issuer: &str,
    error: &ProtocolError,
    session_state: Option<&str>,
) -> Answer {
    let mut fields = vec![pair("error", error.code.as_str())];
    if !error.description().is_empty() {
        fields.push(pair("error_description", error.description()));
    }
    fields.extend(session_state.map(|state| pair("session_state", state)));
    answer(target, issuer, fields)
}

/// Adds `state` and `iss`: the latter always, against mix-up attacks (RFC 9207, 2).
fn answer(target: &Target, issuer: &str, mut fields: Vec<(String, String)>) -> Answer {
    fields.extend(target.state.as_deref().map(|state| pair("state", state)));
    fields.push(pair("iss", issuer));
    let uri = &target.redirect_uri;
    match target.mode {
        ResponseMode::Query => Answer::Redirect(redirect_uri::append_query(uri, &fields)),
        ResponseMode::Fragment => {
            Answer::Redirect(format!("{uri}#{}", redirect_uri::encode(&fields)))
        }
        ResponseMode::FormPost => Answer::FormPost {
            action: uri.clone(),
            fields,
        },
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::error::ErrorCode;
    use crate::protocol::params::Params;

    const ISSUER: &str = "https://login.example.com";

    fn target(uri: &str, mode: ResponseMode, state: Option<&str>) -> Target {
        Target {
            redirect_uri: uri.to_owned(),
            mode,
            state: state.map(str::to_owned),
        }
    }

    fn code() -> Brought {
        Brought {
            code: Some("c0de".to_owned()),
            ..Brought::default()
        }
    }

    #[test]
    fn tokens_travel_in_the_fragment_with_type_and_lifetime() {
        let brought = Brought {
            access_token: Some(BroughtToken {
                token: "acc".to_owned(),
                lifetime: Duration::from_mins(5),
                scope: vec!["openid".to_owned(), "email".to_owned()],
            }),
            id_token: Some("a.b.c".to_owned()),
            ..code()
        };
        let fragment = target("https://a.example/cb", ResponseMode::Fragment, Some("s"));
        let expected = "https://a.example/cb#code=c0de&access_token=acc&token_type=Bearer\
                        &expires_in=300&scope=openid+email&id_token=a.b.c&state=s\
                        &iss=https%3A%2F%2Flogin.example.com";
        let answer = success(&fragment, ISSUER, brought, None);
        assert_eq!(answer, Answer::Redirect(expected.to_owned()));
    }

    #[test]
    fn errors_travel_in_the_mode_in_force() {
        let error = ProtocolError::new(ErrorCode::AccessDenied, "the person said no");
        let tail = "error=access_denied&error_description=the+person+said+no&state=x+y\
                    &iss=https%3A%2F%2Flogin.example.com";
        let cases = [
            (
                ResponseMode::Query,
                "https://a.example/cb",
                "https://a.example/cb?",
            ),
            (
                ResponseMode::Query,
                "https://a.example/cb?t=1",
                "https://a.example/cb?t=1&",
            ),
            (
                ResponseMode::Fragment,
                "https://a.example/cb?t=1",
                "https://a.example/cb?t=1#",
            ),
        ];
        for (mode, uri, start) in cases {
            assert_eq!(
                failure(&target(uri, mode, Some("x y")), ISSUER, &error, None),
                Answer::Redirect(format!("{start}{tail}")),
            );
        }
        let bare = ProtocolError::new(ErrorCode::ServerError, "");
        assert_eq!(
            failure(
                &target("https://a.example/", ResponseMode::Query, None),
                ISSUER,
                &bare,
                None
            ),
            Answer::Redirect(
                "https://a.example/?error=server_error&iss=https%3A%2F%2Flogin.example.com".into()
            ),
        );
    }

    #[test]
    fn a_code_travels_with_state_and_issuer() {
        let query = target("https://a.example/cb?t=%20", ResponseMode::Query, None);
        assert_eq!(
            success(&query, ISSUER, code(), None),
            Answer::Redirect(
                "https://a.example/cb?t=%20&code=c0de&iss=https%3A%2F%2Flogin.example.com".into()
            ),
        );
        let form = target(
            "https://a.example/cb?t=1",
            ResponseMode::FormPost,
            Some("\"<é>"),
        );
        assert_eq!(
            success(&form, ISSUER, code(), None),
            Answer::FormPost {
                action: "https://a.example/cb?t=1".into(),
                fields: vec![
                    pair("code", "c0de"),
                    pair("state", "\"<é>"),
                    pair("iss", ISSUER)
                ],
            },
        );
    }

    #[test]
    fn a_session_state_goes_along_with_codes_and_errors() {
        let query = target("https://a.example/cb", ResponseMode::Query, Some("s"));
        let error = ProtocolError::new(ErrorCode::LoginRequired, "");
        let cases = [
            (
                success(&query, ISSUER, code(), Some("hash.salt")),
                "code=c0de",
            ),
            (
                failure(&query, ISSUER, &error, Some("hash.salt")),
                "error=login_required",
            ),
        ];
        for (answer, start) in cases {
            let expected = format!(
                "https://a.example/cb?{start}&session_state=hash.salt&state=s\
                 &iss=https%3A%2F%2Flogin.example.com"
            );
            assert_eq!(answer, Answer::Redirect(expected));
        }
    }

    #[test]
    fn a_state_comes_back_as_it_went() {
        for state in [
            "a&code=evil",
            "a b+c%20",
            "é\u{1F511}",
            "line\r\nbreak",
            "#x",
            "-._~",
        ] {
            let query = target("https://a.example/cb", ResponseMode::Query, Some(state));
            let Answer::Redirect(uri) = success(&query, ISSUER, code(), None) else {
                panic!("query redirects");
            };
            let params = Params::parse(uri.split_once('?').unwrap().1).unwrap();
            assert_eq!(params.get("state"), Some(state));
            assert_eq!(params.all("code"), ["c0de"]);
            assert!(uri.is_ascii() && !uri.contains(['\r', '\n', '#']));
        }
    }
}
