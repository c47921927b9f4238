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
    /// If `keys.extra_algorithms` has it
    #[value(name = "RS384")]
    Rs384,
    /// If `keys.extra_algorithms` has it
    #[value(name = "RS512")]
    Rs512,
    /// If `keys.extra_algorithms` has it
    #[value(name = "PS256")]
    Ps256,
    /// If `keys.extra_algorithms` has it
    #[value(name = "PS384")]
    Ps384,
    /// If `keys.extra_algorithms` has it
    #[value(name = "PS512")]
    Ps512,
    /// If `keys.extra_algorithms` has it
    #[value(name = "ES384")]
    Es384,
    /// If `keys.extra_algorithms` has it
    #[value(name = "EdDSA")]
    EdDsa,
    /// All that there are
    #[default]
    #[value(name = "all")]
    All,
}

impl KeyAlg {
    /// The one that is meant; none for all.
    pub const fn alg(self) -> Option<SigningAlg> {
        Some(match self {
            Self::Rs256 => SigningAlg::RS256,
            Self::Es256 => SigningAlg::ES256,
            Self::Rs384 => SigningAlg::RS384,
            Self::Rs512 => SigningAlg::RS512,
            Self::Ps256 => SigningAlg::PS256,
            Self::Ps384 => SigningAlg::PS384,
            Self::Ps512 => SigningAlg::PS512,
            Self::Es384 => SigningAlg::ES384,
            Self::EdDsa => SigningAlg::EdDsa,
            Self::All => return None,
        })
    }
}
