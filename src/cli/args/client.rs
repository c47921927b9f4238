//! `lanyard client`.

use clap::{Args, Subcommand, ValueEnum};

use super::client_requests::RequestOptions;
use super::client_tokens::TokenOptions;
use super::signing_alg::SigningAlg;

/// What can be done with clients.
#[derive(Clone, Debug, Subcommand)]
pub enum ClientCommand {
    /// Make a client, from options or from a file of RFC 7591 metadata
    #[command(after_help = CREATE)]
    Create(Box<CreateClient>),
    /// List clients, by name
    List(ListClients),
    /// Show one client
    Show(ShowClient),
    /// Refuse a client everywhere, and end its part in all sessions and its grants
    #[command(after_help = DISABLE)]
    Disable(ChangeClient),
    /// Let a client in again
    Enable(EnableClient),
    /// Delete a client, and end its part in all sessions and its grants
    #[command(after_help = DELETE)]
    Delete(ChangeClient),
    /// Give a client a new secret; the old one is taken for a while longer
    #[command(after_help = ROTATE)]
    RotateSecret(RotateSecret),
}

const DISABLE: &str = "\
A running server refuses the client within half a second, and tells it of the ends;
without one it is told at the next start. Clients that are declared in the configuration
file are changed there.

Example:
  lanyard client disable wiki --yes";

const DELETE: &str = "\
Consents to it are deleted too. It is not told of the ends: disable it first, and wait
for its deliveries, if it should be. This cannot be undone.";

const ROTATE: &str = "\
The new secret is printed once. Set it in the app before the old one runs out. Only one
old secret is kept: while an even older one is taken, from a change before, you are asked
first, as an app that still has that one is refused from then on. Without a terminal to
ask on, --yes says so.

Examples:
  lanyard client rotate-secret wiki
  lanyard client rotate-secret wiki --overlap 0s      The old one is refused at once";

const CREATE: &str = "\
A client that is not --public, and has no keys, gets a secret. It is printed once and
stored as a hash only; that of a client that signs with it is stored sealed. Redirect
URIs are compared letter by letter, but for the port of a native app on localhost;
plain http is for localhost only.

Examples:
  lanyard client create --id wiki --name Wiki \\
      --redirect-uri https://wiki.example.com/callback \\
      --post-logout-redirect-uri https://wiki.example.com/ \\
      --backchannel-logout-uri https://wiki.example.com/backchannel-logout
  lanyard client create --id notes --name Notes --native --public \\
      --redirect-uri com.example.notes:/callback
  lanyard client create --id tv --name Television --public --device
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
        conflicts_with_all = [
            "name", "redirect_uri", "post_logout_redirect_uri", "backchannel_logout_uri",
            "frontchannel_logout_uri", "client_uri", "initiate_login_uri", "logo_uri", "policy_uri",
            "tos_uri", "public", "native", "first_party", "no_pkce", "id_token_alg",
            "response_type", "auth_method", "auth_signing_alg", "jwks_uri", "device",
        ]
    )]
    pub from: Option<String>,
    /// The name that people are shown
    #[arg(long, required_unless_present = "from")]
    pub name: Option<String>,
    /// Where a sign-in may come back to; can be given more than once
    #[arg(
        long,
        value_name = "URI",
        requires = "name",
        required_unless_present_any = ["from", "device"]
    )]
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
    /// Where a sign-in to the app begins from the page of a person's apps
    #[arg(long, value_name = "URI")]
    pub initiate_login_uri: Option<String>,
    /// The app's logo, shown on the sign-in page
    #[arg(long, value_name = "URI")]
    pub logo_uri: Option<String>,
    /// The app's privacy policy, linked there
    #[arg(long, value_name = "URI")]
    pub policy_uri: Option<String>,
    /// The app's terms of service, linked there
    #[arg(long, value_name = "URI")]
    pub tos_uri: Option<String>,
    /// The app can't keep a secret: it runs in a browser or on people's machines
    #[arg(long)]
    pub public: bool,
    /// How the app proves who it is
    #[arg(
        long,
        value_name = "METHOD",
        value_enum,
        default_value_t,
        conflicts_with = "public"
    )]
    pub auth_method: AuthMethod,
    /// The only algorithm of the proofs of an app that signs, such as HS256 [default: any]
    #[arg(long, value_name = "ALG")]
    pub auth_signing_alg: Option<String>,
    /// Where the app's public keys are, for one that signs with a key of its own
    #[arg(long, value_name = "URI")]
    pub jwks_uri: Option<String>,
    /// The app runs on people's machines (RFC 8252)
    #[arg(long)]
    pub native: bool,
    /// It shows a code to type elsewhere (RFC 8628); it then needs no --redirect-uri
    #[arg(long)]
    pub device: bool,
    /// The app is your own: nobody is asked whether to allow it
    #[arg(long)]
    pub first_party: bool,
    /// Let the app do without PKCE; only for one that has a secret and can't do PKCE
    #[arg(long, conflicts_with = "public")]
    pub no_pkce: bool,
    /// What the app may ask for, such as "code token"; can be repeated [default: code]
    ///
    /// All but code bring tokens by way of the browser
    #[arg(long, value_name = "TYPE")]
    pub response_type: Vec<String>,
    /// The algorithm that signs the app's ID tokens
    #[arg(long, value_name = "ALG", value_enum, default_value_t)]
    pub id_token_alg: SigningAlg,
    /// What it chooses for its own tokens.
    #[command(flatten)]
    pub tokens: TokenOptions,
    /// How its requests come.
    #[command(flatten)]
    pub requests: RequestOptions,
    /// The client identifier [default: a random one]
    #[arg(long, value_name = "CLIENT_ID")]
    pub id: Option<String>,
    /// Answer in JSON, with the secret
    #[arg(long)]
    pub json: bool,
}

/// How a client proves who it is; one that is not public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AuthMethod {
    /// It sends its secret in a header
    #[default]
    #[value(name = "client_secret_basic")]
    ClientSecretBasic,
    /// It sends its secret in the form
    #[value(name = "client_secret_post")]
    ClientSecretPost,
    /// It signs with its secret
    #[value(name = "client_secret_jwt")]
    ClientSecretJwt,
    /// It signs with a key of its own
    #[value(name = "private_key_jwt")]
    PrivateKeyJwt,
}

impl AuthMethod {
    /// The value in the metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

/// Which client to show.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ShowClient {
    /// Its identifier
    #[arg(value_name = "CLIENT_ID")]
    pub id: String,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// Which client to let in.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct EnableClient {
    /// Its identifier
    #[arg(value_name = "CLIENT_ID")]
    pub id: String,
}

/// Which client to refuse.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ChangeClient {
    /// Its identifier
    #[arg(value_name = "CLIENT_ID")]
    pub id: String,
    /// Do not ask first
    #[arg(long)]
    pub yes: bool,
}

/// Which client gets a new secret.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct RotateSecret {
    /// Its identifier
    #[arg(value_name = "CLIENT_ID")]
    pub id: String,
    /// How long the old secret is taken, at most 90d
    #[arg(long, value_name = "DURATION", default_value = "24h")]
    pub overlap: String,
    /// Do not ask first, though an even older secret is still taken
    #[arg(long)]
    pub yes: bool,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// Which clients to list.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ListClients {
    /// Only those whose name or identifier holds this
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only those that are enabled
    #[arg(long, conflicts_with = "disabled")]
    pub enabled: bool,
    /// Only those that are disabled
    #[arg(long)]
    pub disabled: bool,
    /// At most so many
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub limit: u32,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}
