//! The proof of possession of a token request (RFC 9449, 5), taken before any grant is looked at.

use super::Provider;
use super::dpop::{At, Shown};
use super::token::TokenInput;
use super::trouble::Trouble;
use crate::protocol::client::Client;
use crate::protocol::discovery::paths;
use crate::protocol::dpop::ProofFlaw;
use crate::protocol::error::ProtocolError;
use crate::protocol::token_request::TokenRequest;

impl Provider {
    /// The proof of a token request, taken; none if it came without one and may (RFC 9449, 5).
    pub(super) async fn token_proof(
        &self,
        client: &Client,
        input: TokenInput<'_>,
        request: &TokenRequest,
    ) -> Result<Result<Option<Shown>, ProtocolError>, Trouble> {
        let shown = match self.read_proof(input.proof, At::post(paths::TOKEN)) {
            Ok(Some(shown)) => shown,
            Ok(None) if client.tokens.dpop_bound_access_tokens => {
                return Ok(Err(self.unproved(ProofFlaw::Missing)));
            }
            Ok(None) => return Ok(Ok(None)),
            Err(error) => return Ok(Err(error)),
        };
        // Nothing is stored for what is refused anyway: the request of a public client may be
        // anybody's, as often as they like.
        if !self.presents_ours(request) {
            return Ok(Ok(Some(shown)));
        }
        let taken = self.take_proof(&shown).await?;
        Ok(taken.map(|()| Some(shown)))
    }

    /// Whether what a request presents was given by this house, once.
    fn presents_ours(&self, request: &TokenRequest) -> bool {
        match request {
            TokenRequest::AuthorizationCode { code, .. } => self.open_code(code).is_some(),
            TokenRequest::RefreshToken { refresh_token, .. } => {
                self.open_refresh(refresh_token).is_some()
            }
            TokenRequest::DeviceCode { device_code } => self.open_device(device_code).is_some(),
            TokenRequest::ClientCredentials { .. } => true,
        }
    }
}
