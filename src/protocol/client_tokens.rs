//! What a client may say of its own tokens: form, lifetimes, audiences, subjects, signatures.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::signing_alg::SigningAlg;
use super::{access_token, id_token};

/// The names of the members.
pub const MEMBERS: [&str; 11] = [
    "access_token_format",
    "access_token_lifetime",
    "id_token_lifetime",
    "refresh_token_idle_timeout",
    "refresh_token_lifetime",
    "access_token_audiences",
    "subject_type",
    "sector_identifier_uri",
    "userinfo_signed_response_alg",
    "introspection_signed_response_alg",
    "dpop_bound_access_tokens",
];

/// Stored with the client, as members of its metadata. All may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientTokens {
    /// Whether others can read its access tokens. Ours, not of a specification.
    pub access_token_format: AccessTokenFormat,
    /// Seconds; absent: what the house takes. Ours, as are the next three.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<u64>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_lifetime: Option<u64>,
    /// Seconds without a refresh after which a grant is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_idle_timeout: Option<u64>,
    /// Seconds after which a grant is over whatever happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_lifetime: Option<u64>,
    /// For whom its access tokens are beside this house, if the request names no resource. Ours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access_token_audiences: Vec<String>,
    /// Registration 1.0, 2.
    pub subject_type: SubjectType,
    /// Registration 1.0, 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// Registration 1.0, 2; absent: userinfo is plain JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<SigningAlg>,
    /// RFC 9701, 6; absent: RS256, where a signed answer is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<SigningAlg>,
    /// It gets tokens that are bound to a key, or none (RFC 9449, 5.2).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens: bool,
}

/// Whether others can read an access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// Signed (RFC 9068): an API can judge it alone.
    #[default]
    Jwt,
    /// Sealed: an API must ask.
    Opaque,
}

impl AccessTokenFormat {
    /// The value in the metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
        }
    }
}

/// Under which name clients know a person (Core 1.0, 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same at every client.
    #[default]
    Public,
    /// One for each sector.
    Pairwise,
}

impl SubjectType {
    /// The value in the metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Pairwise => "pairwise",
        }
    }
}

impl ClientTokens {
    /// How long an access token lives, where none may live longer than `most`.
    pub fn access_lifetime(&self, most: Duration) -> Duration {
        let own = self.access_token_lifetime.map(Duration::from_secs);
        own.unwrap_or(access_token::LIFETIME).min(most)
    }

    /// How long an ID token is valid, likewise.
    pub fn id_lifetime(&self, most: Duration) -> Duration {
        let own = self.id_token_lifetime.map(Duration::from_secs);
        own.unwrap_or(id_token::LIFETIME).min(most)
    }

    /// How long a grant may go unused, where none may for longer than `most`.
    pub fn refresh_idle(&self, most: Duration) -> Duration {
        let own = self.refresh_token_idle_timeout.map(Duration::from_secs);
        own.unwrap_or(most).min(most)
    }

    /// How long a grant lives, likewise.
    pub fn refresh_lifetime(&self, most: Duration) -> Duration {
        let own = self.refresh_token_lifetime.map(Duration::from_secs);
        own.unwrap_or(most).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_more_than_the_house_allows() {
        let secs = Duration::from_secs;
        let own = ClientTokens {
            access_token_lifetime: Some(600),
            refresh_token_lifetime: Some(600),
            ..ClientTokens::default()
        };
        assert_eq!(own.access_lifetime(secs(3_600)), secs(600));
        assert_eq!(own.access_lifetime(secs(100)), secs(100));
        assert_eq!(own.id_lifetime(secs(3_600)), id_token::LIFETIME);
        assert_eq!(own.refresh_lifetime(secs(60)), secs(60));
        assert_eq!(own.refresh_lifetime(secs(6_000)), secs(600));
        assert_eq!(own.refresh_idle(secs(6_000)), secs(6_000));
    }
}
