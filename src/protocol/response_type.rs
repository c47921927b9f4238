//! `response_type` (RFC 6749, 3.1.1; `OpenID` Connect Core 1.0, 3; OAuth 2.0 Multiple Response Type
//! Encoding Practices, 5): what an authorization response brings.

use serde::{Deserialize, Serialize};

/// The response types of Core 1.0, 3. `token` alone is none of them: it says nothing about who
/// signed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResponseType {
    /// The authorization code flow.
    #[default]
    #[serde(rename = "code")]
    Code,
    /// The implicit flow, without an access token.
    #[serde(rename = "id_token")]
    IdToken,
    /// The implicit flow.
    #[serde(rename = "id_token token")]
    IdTokenToken,
    /// Hybrid.
    #[serde(rename = "code id_token")]
    CodeIdToken,
    /// Hybrid.
    #[serde(rename = "code token")]
    CodeToken,
    /// Hybrid.
    #[serde(rename = "code id_token token")]
    CodeIdTokenToken,
}

impl ResponseType {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Code,
        Self::IdToken,
        Self::IdTokenToken,
        Self::CodeIdToken,
        Self::CodeToken,
        Self::CodeIdTokenToken,
    ];

    /// Reads words that are separated by single spaces, in any order, each once.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words: Vec<&str> = text.split(' ').collect();
        words.sort_unstable();
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str().split(' ').eq(words.iter().copied()))
    }

    /// The value; its words are in the order of the alphabet.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// A code comes.
    pub const fn has_code(self) -> bool {
        !matches!(self, Self::IdToken | Self::IdTokenToken)
    }

    /// An ID token comes by way of the browser.
    pub const fn has_id_token(self) -> bool {
        !matches!(self, Self::Code | Self::CodeToken)
    }

    /// An access token comes by way of the browser.
    pub const fn has_token(self) -> bool {
        matches!(
            self,
            Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken
        )
    }

    /// Tokens come by way of the browser: never in a query (Multiple Response Types, 3).
    pub const fn is_front_channel(self) -> bool {
        self.has_id_token() || self.has_token()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_response_type_is_not_read() {
        for text in [
            "",
            " ",
            "token",
            "none",
            "Code",
            "code ",
            " code",
            "code  token",
            "code code",
            "id_token id_token",
            "code id_token token code",
            "code,token",
            "code\ttoken",
        ] {
            assert_eq!(ResponseType::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_order_of_its_words_means_nothing() {
        for text in [
            "code id_token token",
            "token code id_token",
            "id_token token code",
        ] {
            let kind = ResponseType::parse(text);
            assert_eq!(kind, Some(ResponseType::CodeIdTokenToken), "{text}");
        }
        for kind in ResponseType::ALL {
            assert_eq!(ResponseType::parse(kind.as_str()), Some(kind));
            let json = serde_json::to_value(kind).unwrap();
            assert_eq!(json, kind.as_str());
        }
    }

    #[test]
    fn each_brings_what_its_words_say() {
        for kind in ResponseType::ALL {
            let word = |word| kind.as_str().split(' ').any(|own| own == word);
            assert_eq!(kind.has_code(), word("code"), "{kind:?}");
            assert_eq!(kind.has_id_token(), word("id_token"), "{kind:?}");
            assert_eq!(kind.has_token(), word("token"), "{kind:?}");
            assert_eq!(kind.is_front_channel(), kind != ResponseType::Code);
        }
    }
}
