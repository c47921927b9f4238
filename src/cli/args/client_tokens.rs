//! What `lanyard client create` takes of a client's tokens (`docs/tokens.md`).

use clap::{Args, ValueEnum};

use super::signing_alg::SigningAlg;

/// What the client chooses for its own tokens.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenOptions {
    /// Whether APIs read the app's access tokens alone, or ask about each [default: jwt]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = TOKENS, conflicts_with = "from")]
    pub access_token_format: Option<AccessTokenFormat>,
    /// Life of an access token [default: 300]
    ///
    /// For so long an API that reads it alone goes on after a sign-out
    #[arg(long, value_name = "SECONDS", help_heading = TOKENS, conflicts_with = "from")]
    pub access_token_lifetime: Option<u64>,
    /// Life of an ID token [default: 300]
    #[arg(long, value_name = "SECONDS", help_heading = TOKENS, conflicts_with = "from")]
    pub id_token_lifetime: Option<u64>,
    /// How long a refresh token may go unused [default: as long as there may be]
    #[arg(long, value_name = "SECONDS", help_heading = TOKENS, conflicts_with = "from")]
    pub refresh_token_idle_timeout: Option<u64>,
    /// When refresh tokens end, however much they are used [default: as late as may be]
    #[arg(long, value_name = "SECONDS", help_heading = TOKENS, conflicts_with = "from")]
    pub refresh_token_lifetime: Option<u64>,
    /// An API that the app's access tokens are for; can be given more than once
    #[arg(long, value_name = "API", help_heading = TOKENS, conflicts_with = "from")]
    pub access_token_audience: Vec<String>,
    /// By which name the app knows people [default: public]
    #[arg(long, value_enum, value_name = "TYPE", help_heading = TOKENS, conflicts_with = "from")]
    pub subject_type: Option<SubjectType>,
    /// The list of redirect URIs of the sector's apps [default: their host is the sector]
    #[arg(long, value_name = "URI", help_heading = TOKENS, conflicts_with = "from")]
    pub sector_identifier_uri: Option<String>,
    /// Sign userinfo with this algorithm [default: it is plain JSON]
    #[arg(long, value_enum, value_name = "ALG", help_heading = TOKENS, conflicts_with = "from")]
    pub userinfo_alg: Option<SigningAlg>,
    /// Sign introspection, where the app asks for it, with this algorithm [default: RS256]
    #[arg(long, value_enum, value_name = "ALG", help_heading = TOKENS, conflicts_with = "from")]
    pub introspection_alg: Option<SigningAlg>,
    /// Bind the app's access tokens to a key (DPoP); without a proof it gets none
    #[arg(long, help_heading = TOKENS, conflicts_with = "from")]
    pub dpop_bound_access_tokens: bool,
}

const TOKENS: &str = "Tokens";

/// Whether others can read an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AccessTokenFormat {
    /// Signed: an API reads it alone
    Jwt,
    /// Sealed: an API must ask, and hears of a sign-out at once
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

/// By which name the client knows people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SubjectType {
    /// The same as other apps
    Public,
    /// One that no app of another sector has
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
