//! `lanyard key`.

use clap::{Args, Subcommand, ValueEnum};

use crate::protocol::client::SigningAlg;

/// What can be done with signing keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeyCommand {
    /// List the keys, and say what becomes of each
    List(ListKeys),
    /// Let the next key sign from now on, and publish a new next one
    #[command(after_help = ROTATE)]
    Rotate(RotateKeys),
}

const ROTATE: &str = "\
Keys change by themselves (keys.rotate_every); this is for those who want it sooner.
Running servers follow within half a second. What the old key signed stays valid
until it runs out, unless --now is given.

If somebody may have got hold of a key, add --now: nothing that the old key signed is
believed any more. Whoever got it from the database may have the next key too: then run
the command twice.

Examples:
  lanyard key rotate
  lanyard key rotate --alg ES256
  lanyard key rotate --now --yes";

/// How to list keys.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListKeys {
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// Which keys to change, and how.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotateKeys {
    /// The algorithm whose key changes
    #[arg(long, value_name = "ALG", value_enum, default_value_t)]
    pub alg: KeyAlg,
    /// Refuse at once what the old key signed: for a key that somebody else may have
    #[arg(long)]
    pub now: bool,
    /// Do not ask first
    #[arg(long)]
    pub yes: bool,
}

/// Algorithms of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyAlg {
    /// ID and logout tokens of most apps
    #[value(name = "RS256")]
    Rs256,
    /// Access tokens, and ID and logout tokens of apps that chose it
    #[value(name = "ES256")]
    Es256,
    /// Both
    #[default]
    #[value(name = "all")]
    All,
}

impl KeyAlg {
    /// The algorithms that are meant.
    pub fn algs(self) -> Vec<SigningAlg> {
        match self {
            Self::Rs256 => vec![SigningAlg::RS256],
            Self::Es256 => vec![SigningAlg::ES256],
            Self::All => SigningAlg::ALL.to_vec(),
        }
    }
}
