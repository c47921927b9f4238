//! What can be typed: definitions only, nothing here acts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

mod audit;
mod client;
mod client_requests;
mod client_tokens;
mod initial_token;
mod key;
mod session;
mod signing_alg;
mod user;

pub use audit::AuditOptions;
pub use client::{
    AuthMethod, ChangeClient, ClientCommand, CreateClient, EnableClient, ListClients, RotateSecret,
    ShowClient,
};
pub use client_requests::RequestOptions;
pub use client_tokens::{AccessTokenFormat, SubjectType, TokenOptions};
pub use initial_token::{
    CreateInitialToken, InitialTokenCommand, ListInitialTokens, RevokeInitialToken,
};
pub use key::{KeyAlg, KeyCommand, ListKeys, RotateKeys};
pub use session::{EndSession, ListSessions, SessionCommand};
pub use signing_alg::SigningAlg;
pub use user::{
    ChangeUser, CreateUser, EnableUser, ListUsers, SetAdmin, SetPassword, SetUser, ShowUser,
    UserCommand,
};

/// Sign in once, use every app, leave them all: an OAuth 2.0 and OpenID Connect provider.
#[derive(Clone, Debug, Parser)]
#[command(name = "lanyard", version, arg_required_else_help = true, after_help = FIRST_STEPS)]
pub struct Cli {
    /// The configuration file [default: ./lanyard.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const FIRST_STEPS: &str = "\
Examples:
  lanyard demo                          See it work: a provider and two apps on this machine
  lanyard user create --username alice  Make a person, and be asked for the password
  lanyard serve                         Start, with everything kept in ./data

Every key of the configuration can also be set by a variable, such as
LANYARD__SESSION__IDLE_TIMEOUT=30m.";

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Start the server
    #[command(after_help = SERVE)]
    Serve,
    /// Start a provider and two small apps on this machine, to see it work
    #[command(after_help = DEMO)]
    Demo(Demo),
    /// Read the configuration, report everything that is wrong with it, and start nothing
    #[command(after_help = CHECK)]
    Check(Check),
    /// Ask the server of this configuration, on this machine, whether it is ready
    #[command(after_help = HEALTH)]
    Health,
    /// Bring the record (the database) to the form that this version needs
    #[command(after_help = MIGRATE)]
    Migrate,
    /// Make, list, change and delete people
    #[command(subcommand)]
    User(UserCommand),
    /// Make, list, change and delete clients: the apps that people sign in to
    #[command(subcommand)]
    Client(ClientCommand),
    /// Make, list and revoke tokens with which apps register themselves
    #[command(subcommand)]
    Registration(InitialTokenCommand),
    /// List and end sessions
    #[command(subcommand)]
    Session(SessionCommand),
    /// List and change the keys that sign tokens
    #[command(subcommand)]
    Key(KeyCommand),
    /// Print who did what to whom, the newest last
    #[command(after_help = AUDIT)]
    Audit(AuditOptions),
}

const AUDIT: &str = "\
Examples:
  lanyard audit --since 2h
  lanyard audit --follow --json
  lanyard audit --action person.disable --limit 10";

const SERVE: &str = "\
Without any configuration the issuer is http://localhost:8080, or at the port of
LANYARD__SERVER__LISTEN; the server listens on loopback only, and everything is kept in
./data. The record is migrated first.
Ctrl-C or SIGTERM stops it, a second one at once.

Examples:
  lanyard serve
  lanyard serve --config /etc/lanyard/lanyard.toml
  LANYARD__SERVER__LISTEN=127.0.0.1:9000 lanyard serve";

const DEMO: &str = "\
The demo makes two people, alice (password alice-demo) and admin (admin-demo), and
two apps, Wiki and Shop. They exist in its own data folder only. It reads no variables
and takes no configuration file. Ctrl-C stops all of it; a temporary folder is
removed then.

Examples:
  lanyard demo
  lanyard demo --port 9080 --wiki-port 9081 --shop-port 9082";

const CHECK: &str = "\
The file, the variables and the master key are read. Nothing is written and nothing
is contacted, unless --connect is given: then the database is opened and read, and
Redis is asked who it is and tried with a few keys that are removed again. The exit
status is 0 if nothing is wrong, and 1 otherwise.

Examples:
  lanyard check
  lanyard check --connect
  lanyard check --config /etc/lanyard/lanyard.toml";

const HEALTH: &str = "\
It reads the same configuration as `lanyard serve` and asks where that listens. The
exit status is 0 if the server is ready, and 1 otherwise: made for HEALTHCHECK in
containers and for scripts that wait.

Examples:
  lanyard health
  lanyard health --config /etc/lanyard/lanyard.toml";

const MIGRATE: &str = "\
`lanyard serve` does the same at its start; this is for those who want to do it at
a time of their own. Running it again changes nothing.";

/// How far a check goes.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Connect to the database and to Redis, and report what they say
    #[arg(long)]
    pub connect: bool,
}

/// Where the demo runs.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Demo {
    /// The port of the provider, at localhost
    #[arg(long, value_name = "PORT", default_value_t = 8080, value_parser = port())]
    pub port: u16,
    /// The port of the first app, at wiki.localhost
    #[arg(long, value_name = "PORT", default_value_t = 8081, value_parser = port())]
    pub wiki_port: u16,
    /// The port of the second app, at shop.localhost
    #[arg(long, value_name = "PORT", default_value_t = 8082, value_parser = port())]
    pub shop_port: u16,
    /// Keep the data in this folder [default: a temporary one]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
}

/// A port that can be linked to: port 0, "any", cannot.
fn port() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..)
}

#[cfg(test)]
mod tests;
