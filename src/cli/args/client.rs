//! `lanyard client`.

use clap::{Args, Subcommand, ValueEnum};

use crate::protocol::client as metadata;

/// What can be done with clients.
#[derive(Clone, Debug, Subcommand)]
pub enum ClientCommand {
    /// Make a client, from options or from a file of RFC 7591 metadata
    #[command(after_help = CREATE)]
    Create(Box<CreateClient>),
    /// List all clients
    List(ListClients),
}

const CREATE: &str = "\
A client that is not --public gets a secret. It is printed once and stored as a hash
only. Redirect URIs are compared letter by letter, but for the port of a native app
on localhost; plain http is for localhost only.

Examples:
  lanyard client create --name Wiki \\
      --redirect-uri https://wiki.example.com/callback \\
      --post-logout-redirect-uri https://wiki.example.com/ \\
      --backchannel-logout-uri https://wiki.example.com/backchannel-logout
  lanyard client create --name Notes --native --public --redirect-uri com.example.notes:/callback
  lanyard client create --from wiki.json --json";

/// A client to make.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that can be typed"
)]
pub struct CreateClient {
    /// Read the metadata (RFC 7591) from this file of JSON; - is standard input
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "name",
        conflicts_with_all = [
            "name", "redirect_uri", "post_logout_redirect_uri", "backchannel_logout_uri",
            "frontchannel_logout_uri", "client_uri", "logo_uri", "public", "native",
            "first_party", "no_pkce", "id_token_alg",
        ]
    )]
    pub from: Option<String>,
    /// The name that people are shown
    #[arg(long, requires = "redirect_uri")]
    pub name: Option<String>,
    /// Where a sign-in may come back to; can be given more than once
    #[arg(long, value_name = "URI", requires = "name")]
    pub redirect_uri: Vec<String>,
    /// Where a sign-out may go on to; can be given more than once
    #[arg(long, value_name = "URI")]
    pub post_logout_redirect_uri: Vec<String>,
    /// Where the app is told, server to server, that a session has ended
    #[arg(long, value_name = "URI")]
    pub backchannel_logout_uri: Option<String>,
    /// Where the app is told, in a hidden frame of the browser, that a session has ended
    #[arg(long, value_name = "URI")]
    pub frontchannel_logout_uri: Option<String>,
    /// The app's home page
    #[arg(long, value_name = "URI")]
    pub client_uri: Option<String>,
    /// The app's logo, shown on the sign-in page
    #[arg(long, value_name = "URI")]
    pub logo_uri: Option<String>,
    /// The app can't keep a secret: it runs in a browser or on people's machines
    #[arg(long)]
    pub public: bool,
    /// The app runs on people's machines (RFC 8252)
    #[arg(long)]
    pub native: bool,
    /// The app is your own: nobody is asked whether to allow it
    #[arg(long)]
    pub first_party: bool,
    /// Let the app do without PKCE; only for one that has a secret and can't do PKCE
    #[arg(long, conflicts_with = "public")]
    pub no_pkce: bool,
    /// The algorithm that signs the app's ID tokens
    #[arg(long, value_name = "ALG", value_enum, default_value_t)]
    pub id_token_alg: SigningAlg,
    /// The client identifier [default: a random one]
    #[arg(long, value_name = "CLIENT_ID")]
    pub id: Option<String>,
    /// Answer in JSON, with the secret
    #[arg(long)]
    pub json: bool,
}

/// The algorithm of ID tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SigningAlg {
    /// What every client library knows
    #[default]
    #[value(name = "RS256")]
    Rs256,
    /// Shorter and quicker
    #[value(name = "ES256")]
    Es256,
}

impl From<SigningAlg> for metadata::SigningAlg {
    fn from(alg: SigningAlg) -> Self {
        match alg {
            SigningAlg::Rs256 => Self::RS256,
            SigningAlg::Es256 => Self::ES256,
        }
    }
}

/// How to list clients.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListClients {
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}
