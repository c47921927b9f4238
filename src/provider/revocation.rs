//! The revocation endpoint (RFC 7009). A refresh token ends its grant; an access token is
//! remembered until it would have run out, also across a restart. Unknown tokens are fine: they
//! are of no use already.

use super::Provider;
use super::client_credentials::client_root;
use super::documents;
use super::introspection::form_value;
use super::token::TokenInput;
use super::trouble::Trouble;
use crate::entropy::{GrantId, SessionId};
use crate::protocol::client::Client;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::session::ending::{Actor, Reason, Selection};
use crate::session::refresh::{self, Verdict};

impl Provider {
    /// Revokes a token of the client that asks.
    pub async fn revoke(
        &self,
        input: TokenInput<'_>,
    ) -> Result<Result<(), ProtocolError>, Trouble> {
        let client = match self.authenticate_client(input).await? {
            Ok(client) => client,
            Err(error) => return Ok(Err(error)),
        };
        let Some(token) = form_value(input.form, "token") else {
            return Ok(Err(ProtocolError::new(
                ErrorCode::InvalidRequest,
                "token is missing",
            )));
        };
        if self.open_refresh(token).is_some() {
            self.revoke_refresh(&client, token).await?;
            return Ok(Ok(()));
        }
        if let Some((access, handle)) = self.read_access_token(token)
            && access.client_id == client.client_id
        {
            // The mark in the hot state reaches other nodes at once, SQL outlives a restart.
            let name = documents::revoked_token(&handle.token);
            self.revoke_access(handle.token, access.expires).await?;
            let mark = self.put(&handle.root, name, &true, access.expires);
            self.commit(&handle.root, Vec::new(), vec![mark]).await?;
        }
        if let Some((access, handle)) = self.read_client_token(token)
            && access.client_id == client.client_id
        {
            let root = client_root(&client.client_id);
            let name = documents::revoked_token(&handle.token);
            self.revoke_access(handle.token, access.expires).await?;
            let mark = self.put(&root, name, &true, access.expires);
            self.commit(&root, Vec::new(), vec![mark]).await?;
        }
        Ok(Ok(()))
    }

    /// Only this grant ends: the person's other browsers at the same client stay signed in. A
    /// token that was rotated away says that somebody holds an old copy: its grant ends as well.
    async fn revoke_refresh(&self, client: &Client, token: &str) -> Result<(), Trouble> {
        let Some(handle) = self.open_refresh(token) else {
            return Ok(());
        };
        let (session, reason) = match self.held_grant(client, &handle).await? {
            Some(held) => {
                let (generation, now) = (self.ends.generation(), self.clock.now());
                let reason = match refresh::judge(&held.grant, handle.place, generation, now) {
                    Verdict::Reuse => Reason::Reuse,
                    _ => Reason::Client,
                };
                (held.grant.session, reason)
            }
            None => match self.resting_grant(client, handle.grant).await? {
                Some(session) => (session, Reason::Client),
                None => return Ok(()),
            },
        };
        let selection = Selection::Grant(handle.grant, session);
        let actor = Actor::Client(client.client_id.clone());
        self.end(&selection, reason, &actor).await?;
        Ok(())
    }

    /// A grant of this client that could not be used just now, but might be again (a disabled
    /// person may be enabled): the session in which it was given.
    async fn resting_grant(
        &self,
        client: &Client,
        id: GrantId,
    ) -> Result<Option<SessionId>, Trouble> {
        self.flush().await?;
        let known = self.record.grant(&id).await?;
        let known = known.filter(|(grant, ended)| !ended && grant.client == client.client_id);
        Ok(known.map(|(grant, _)| grant.session))
    }
}
