//! The algorithms that sign tokens, as they are typed.

use clap::ValueEnum;

use crate::protocol::client as metadata;

/// An algorithm that signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SigningAlg {
    /// What every client library knows
    #[default]
    #[value(name = "RS256")]
    Rs256,
    /// Shorter and quicker
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
}

impl From<SigningAlg> for metadata::SigningAlg {
    fn from(alg: SigningAlg) -> Self {
        match alg {
            SigningAlg::Rs256 => Self::RS256,
            SigningAlg::Es256 => Self::ES256,
            SigningAlg::Rs384 => Self::RS384,
            SigningAlg::Rs512 => Self::RS512,
            SigningAlg::Ps256 => Self::PS256,
            SigningAlg::Ps384 => Self::PS384,
            SigningAlg::Ps512 => Self::PS512,
            SigningAlg::Es384 => Self::ES384,
            SigningAlg::EdDsa => Self::EdDsa,
        }
    }
}
