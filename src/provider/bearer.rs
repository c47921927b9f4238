//! An access token at our own door: signature, time, then whether its session, its client's part,
//! its grant and the token itself still live. One read of the hot state.

use std::sync::Arc;

use super::Provider;
use super::documents;
use super::handles::AccessHandle;
use super::live::{LiveSession, Lookup};
use super::trouble::Trouble;
use crate::entropy::{SessionId, sha256};
use crate::identity::user::User;
use crate::protocol::access_token::AccessToken;
use crate::protocol::error::ProtocolError;
use crate::protocol::jose::MAX_TOKEN;
use crate::session::grant::Grant;
use crate::store::hot::{Name, Slot};

/// A token that is good right now.
pub(super) struct Bearer {
    pub(super) token: AccessToken,
    pub(super) grant: Grant,
    pub(super) person: Arc<User>,
    pub(super) live: Option<LiveSession>,
}

/// Why a token is not accepted (RFC 6750, 3.1; RFC 9449, 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BearerProblem {
    /// None was sent.
    Missing,
    /// Not one of ours, run out, revoked, or its session ended.
    Invalid,
    /// Good, but not for this.
    Insufficient,
    /// It was sent as one that is bound to a key, or should have been.
    Dpop(ProtocolError),
}

impl Provider {
    /// The bearer of an access token; none if it is not good.
    pub(super) async fn bearer(&self, token: &str) -> Result<Option<Bearer>, Trouble> {
        let Some((token, handle)) = self.read_access_token(token) else {
            return Ok(None);
        };
        if self.revoked.contains(&handle.token) {
            return Ok(None);
        }
        let client = token.client_id.clone();
        if self.enabled_client(&client).await?.is_none() {
            return Ok(None);
        }
        let revoked = documents::revoked_token(&handle.token);
        if handle.offline {
            return self.offline_bearer(token, handle, revoked).await;
        }
        let names = [
            documents::participant(&client),
            documents::grant(&handle.grant),
            revoked,
        ];
        let session = SessionId::from(handle.root);
        let Lookup::Live(live) = self.live_session(session, &names).await? else {
            return Ok(None);
        };
        let [_, _, revoked] = &names;
        if live.slot(revoked) != Some(&Slot::Absent) {
            return Ok(None);
        }
        let Some((grant, ..)) = self.bound_grant(&live, &client, handle.grant) else {
            return Ok(None);
        };
        Ok(Some(Bearer {
            token,
            grant,
            person: Arc::clone(&live.person),
            live: Some(live),
        }))
    }

    async fn offline_bearer(
        &self,
        token: AccessToken,
        handle: AccessHandle,
        revoked: Name,
    ) -> Result<Option<Bearer>, Trouble> {
        let Some(offline) = self.offline_grant(handle.grant, &[revoked]).await? else {
            return Ok(None);
        };
        let grant = offline.grant;
        let usable =
            offline.slots.first() == Some(&Slot::Absent) && grant.client == token.client_id;
        let Some(person) = self.enabled_person(&grant.user).await?.filter(|_| usable) else {
            return Ok(None);
        };
        Ok(Some(Bearer {
            token,
            grant,
            person,
            live: None,
        }))
    }

    /// What a person's token says, and where to look.
    pub(super) fn read_access_token(&self, token: &str) -> Option<(AccessToken, AccessHandle)> {
        let token = self.read_token(token)?;
        let handle = self.open_access(&token.jti)?;
        Some((token, handle))
    }

    /// Signature or seal, type, issuer and time.
    pub(super) fn read_token(&self, token: &str) -> Option<AccessToken> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        // What has a dot is signed, what has none is sealed.
        let claims = if token.contains('.') {
            let fingerprint = sha256(token.as_bytes());
            self.keys.held().verify_access(fingerprint, token).ok()?
        } else {
            Arc::new(serde_json::from_slice(&self.open_opaque(token)?).ok()?)
        };
        AccessToken::from_claims(&claims, &self.settings.issuer, self.clock.now()).ok()
    }
}
