//! The grant by which a client acts for itself (RFC 6749, 4.4). Its tokens hang on the client and
//! on the secret that it proved itself with; there is no session, no refresh token, no person.

use super::Provider;
use super::documents;
use super::handles::ClientHandle;
use super::token::{AskedTokens, TokenAnswer, internal};
use super::trouble::Trouble;
use crate::entropy::{ClientId, Root, SecretHash, TokenId, sha256};
use crate::protocol::access_token::AccessToken;
use crate::protocol::client::{Client, SigningAlg};
use crate::protocol::client_token::{ClientTokenClaims, of_persons};
use crate::protocol::client_tokens::AccessTokenFormat;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::scope::ScopeSet;
use crate::protocol::token_response::TokenResponse;
use crate::store::hot::Slot;

impl Provider {
    /// A token for the client itself.
    pub(super) async fn client_credentials(
        &self,
        client: &Client,
        scope: Option<&str>,
        asked_for: AskedTokens<'_>,
    ) -> Result<TokenAnswer, Trouble> {
        let invalid = |words: String| Ok(Err(ProtocolError::new(ErrorCode::InvalidScope, words)));
        let asked = match ScopeSet::parse(scope.unwrap_or_default()) {
            Ok(asked) => asked,
            Err(error) => return invalid(error.to_string()),
        };
        if let Some(name) = of_persons(&asked) {
            return invalid(format!(
                "the scope {name} needs a person; leave it out of a client_credentials request"
            ));
        }
        let scope = match client.allowed_scope(&asked) {
            Ok(scope) => scope,
            Err(error) => return invalid(error.to_string()),
        };
        if let Err(error) = self.take(asked_for.proof).await? {
            return Ok(Err(error));
        }
        let handle = ClientHandle {
            token: TokenId::random(&self.entropy),
            issued: self.clock.now(),
            credential: credential(client),
        };
        let lifetime = self.access_lifetime(client);
        let audience = self.audience(client, asked_for.resources);
        let claims = ClientTokenClaims {
            issuer: &self.settings.issuer,
            audience: &audience,
            client_id: &client.client_id,
            jti: &self.seal_client_token(&handle),
            scope: scope.as_slice(),
            issued: self.clock.now(),
            lifetime,
            key: asked_for.key(),
        };
        let token = match client.tokens.access_token_format {
            AccessTokenFormat::Jwt => {
                let key = self.signing_key(SigningAlg::ES256)?;
                claims.sign(&key).map_err(internal)?
            }
            AccessTokenFormat::Opaque => self.seal_opaque(&claims.to_text().map_err(internal)?),
        };
        let scope = scope.as_slice();
        let response = TokenResponse::new(token, lifetime, scope);
        Ok(Ok(response.bound_to(asked_for.key().as_ref())))
    }

    /// Signature, type, issuer and time of a client's own token; and what it hangs on.
    pub(super) fn read_client_token(&self, token: &str) -> Option<(AccessToken, ClientHandle)> {
        let token = self.read_token(token)?;
        let handle = self.open_client_token(&token.jti)?;
        Some((token, handle))
    }

    /// A client's own token that is good right now: not revoked, its client enabled, and what it
    /// proved itself with then is still taken.
    pub(super) async fn client_bearer(&self, token: &str) -> Result<Option<AccessToken>, Trouble> {
        let Some((token, handle)) = self.read_client_token(token) else {
            return Ok(None);
        };
        if self.revoked.contains(&handle.token) {
            return Ok(None);
        }
        let Some(client) = self.enabled_client(&token.client_id).await? else {
            return Ok(None);
        };
        // What ended with a disabled client does not come back to life with it.
        let ended = client
            .enabled_since
            .is_some_and(|since| handle.issued < since);
        if ended || !self.still_taken(&client, &handle) {
            return Ok(None);
        }
        let name = documents::revoked_token(&handle.token);
        let root = client_root(&client.client_id);
        let slots = self.hot.read(&root, std::slice::from_ref(&name)).await?;
        Ok((slots.first() == Some(&Slot::Absent)).then_some(token))
    }

    fn still_taken(&self, client: &Client, handle: &ClientHandle) -> bool {
        let now = self.clock.now();
        let previous = client
            .previous_secret
            .as_ref()
            .filter(|previous| now < previous.expires)
            .map(|previous| previous.hash);
        credential(client).matches(&handle.credential)
            || previous.is_some_and(|hash| fingerprint(client, hash).matches(&handle.credential))
    }
}

/// Where the marks of a client's own tokens lie.
pub(super) fn client_root(client: &ClientId) -> Root {
    let [head @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        sha256(format!("client {client}").as_bytes());
    Root::from_bytes(head)
}

/// What a client proves itself with today: its secret, or the keys that it declares.
fn credential(client: &Client) -> SecretHash {
    if let Some(hash) = client.secret_hash {
        return fingerprint(client, hash);
    }
    let keys = client.jwks.as_ref().map(ToString::to_string);
    let keys = keys.or_else(|| client.jwks_uri.clone()).unwrap_or_default();
    fingerprint(client, SecretHash::of_text(&keys))
}

fn fingerprint(client: &Client, hash: SecretHash) -> SecretHash {
    let method = if client.has_secret() {
        "secret"
    } else {
        "keys"
    };
    let parts = [method.as_bytes(), hash.as_bytes().as_slice()].concat();
    SecretHash::from_bytes(sha256(&parts))
}
