//! `lanyard registration`.

use clap::{Args, Subcommand};

/// Who may register apps: initial access tokens.
#[derive(Clone, Debug, Subcommand)]
pub enum InitialTokenCommand {
    /// Make a token, with which apps register themselves
    #[command(after_help = CREATE)]
    CreateToken(CreateInitialToken),
    /// List the tokens, the newest first
    ListTokens(ListInitialTokens),
    /// Make a token void; what was registered with it stays
    RevokeToken(RevokeInitialToken),
}

const CREATE: &str = "\
The token is printed once and stored as a hash only. It is of use where
registration.open_to is token_holders (RFC 7591, 1.2).

Examples:
  lanyard registration create-token --note \"the wiki team\"
  lanyard registration create-token --uses 20 --for 1h --json";

/// What a token allows.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct CreateInitialToken {
    /// How many apps may be registered with it
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub uses: u32,
    /// How long it is good, at most 365d
    #[arg(long = "for", value_name = "DURATION", default_value = "24h")]
    pub life: String,
    /// Who gets it, for the list and the audit
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// How to list tokens.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListInitialTokens {
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// Which token.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct RevokeInitialToken {
    /// Its id, as in the list
    pub id: String,
}
