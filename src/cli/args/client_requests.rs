//! `lanyard client create`: how the app's requests come.

use clap::Args;

/// What the client says of its authorization requests.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// The app pushes its requests (RFC 9126); others are refused
    #[arg(long, help_heading = REQUESTS, conflicts_with = "from")]
    pub require_pushed_requests: bool,
    /// The app signs its requests (RFC 9101); others are refused
    #[arg(long, help_heading = REQUESTS, conflicts_with = "from")]
    pub require_signed_requests: bool,
    /// The only algorithm of signed requests, such as ES256 [default: any]
    #[arg(long, value_name = "ALG", help_heading = REQUESTS, conflicts_with = "from")]
    pub request_object_alg: Option<String>,
    /// Where a signed request may lie; can be given more than once
    #[arg(long, value_name = "URI", help_heading = REQUESTS, conflicts_with = "from")]
    pub request_uri: Vec<String>,
}

const REQUESTS: &str = "Requests";
