//! The proof of possession of a token request (RFC 9449, 5). It is read before any grant is looked
//! at, and taken once what was presented is found to be the client's: a mark is memory, and nobody
//! who has nothing of this house may fill it.

use super::Provider;
use super::dpop::{At, Shown};
use super::token::TokenInput;
use super::trouble::Trouble;
use crate::protocol::client::Client;
use crate::protocol::discovery::paths;
use crate::protocol::dpop::ProofFlaw;
use crate::protocol::error::ProtocolError;

impl Provider {
    /// The proof of a token request; none if it came without one and may.
    pub(super) fn token_proof(
        &self,
        client: &Client,
        input: TokenInput<'_>,
    ) -> Result<Option<Shown>, ProtocolError> {
        match self.read_proof(input.proof, At::post(paths::TOKEN))? {
            None if client.tokens.dpop_bound_access_tokens => {
                Err(self.unproved(ProofFlaw::Missing))
            }
            shown => Ok(shown),
        }
    }

    /// Marks the proof of a token request as used, if there is one.
    pub(super) async fn take(
        &self,
        proof: Option<&Shown>,
    ) -> Result<Result<(), ProtocolError>, Trouble> {
        match proof {
            Some(shown) => self.take_proof(shown).await,
            None => Ok(Ok(())),
        }
    }
}
