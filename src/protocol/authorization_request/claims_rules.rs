//! What the `claims` parameter may come to for this client (Core 1.0, 5.5).

use crate::protocol::claims;
use crate::protocol::claims_request::{self, ClaimsRequest, ClaimsWanted};
use crate::protocol::client::Client;
use crate::protocol::custom_claims::CustomClaims;
use crate::protocol::discovery::ACR_PASSWORD;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::params::Params;
use crate::protocol::scope::ScopeSet;

/// Reads it. An essential `acr` that nobody can reach here is an error, and must not be left out
/// (Core 1.0, 5.5.1.1).
pub(super) fn read(params: &Params) -> Result<ClaimsRequest, ProtocolError> {
    let Some(text) = params.get("claims") else {
        return Ok(ClaimsRequest::default());
    };
    let request = claims_request::parse(text)?;
    let reached = |acr: &String| acr == ACR_PASSWORD;
    if !request.essential_acr.is_empty() && !request.essential_acr.iter().any(reached) {
        return Err(ProtocolError::new(
            ErrorCode::UnmetAuthenticationRequirements,
            "no sign-in here has an acr that claims calls essential: see acr_values_supported",
        ));
    }
    Ok(request)
}

/// The claims whose scope this client may have, and these scopes.
pub(super) fn permitted(
    wanted: ClaimsWanted,
    client: &Client,
    own: &CustomClaims,
) -> Result<(ClaimsWanted, Vec<String>), ProtocolError> {
    let scope_of = |claim: &str| claims::scope_of(claim, own);
    let needed: Vec<&str> = wanted
        .all()
        .filter_map(|one| scope_of(&one.claim))
        .collect();
    let refuse = |_| {
        ProtocolError::new(
            ErrorCode::InvalidScope,
            "the scopes of this client are not well-formed",
        )
    };
    let asked = ScopeSet::parse(&needed.join(" ")).map_err(refuse)?;
    let allowed = client.allowed_scope(&asked).map_err(refuse)?;
    let claims = wanted.only(|claim| scope_of(claim).is_some_and(|scope| allowed.contains(scope)));
    Ok((claims, allowed.into_vec()))
}
