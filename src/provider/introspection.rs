//! The introspection endpoint (RFC 7662). Only confidential clients may ask, and only about tokens
//! of their own or made for them; anything else is `active: false`, which tells nothing.

use std::sync::Arc;

use serde_json::Value;

use super::Provider;
use super::bearer::Bearer;
use super::token::TokenInput;
use super::token_refresh::Held;
use super::trouble::Trouble;
use crate::protocol::access_token::AccessToken;
use crate::protocol::client::Client;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::introspection::{self, Active};
use crate::protocol::signed_answer;
use crate::protocol::token_response::TokenType;
use crate::session::refresh::{self, Verdict};

/// What the endpoint answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// JSON.
    Plain(Value),
    /// A JWT (RFC 9701).
    Signed(String),
}

impl Provider {
    /// Whether a token is good right now, and what it says; signed, if that is what was asked for
    /// (RFC 9701, 4).
    pub async fn introspect(
        &self,
        input: TokenInput<'_>,
        signed: bool,
    ) -> Result<Result<Introspection, ProtocolError>, Trouble> {
        let (client, said) = match self.said_of_token(input).await? {
            Ok(said) => said,
            Err(error) => return Ok(Err(error)),
        };
        if !signed {
            return Ok(Ok(Introspection::Plain(said)));
        }
        let alg = client.tokens.introspection_signed_response_alg;
        let key = self.signing_key(alg.unwrap_or_default())?;
        let (issuer, now) = (&self.settings.issuer, self.clock.now());
        signed_answer::introspection(&said, issuer, &client.client_id, now, &key)
            .map(|token| Ok(Introspection::Signed(token)))
            .map_err(|error| Trouble::Internal(error.to_string()))
    }

    /// Who asks, and what they are told.
    async fn said_of_token(
        &self,
        input: TokenInput<'_>,
    ) -> Result<Result<(Arc<Client>, Value), ProtocolError>, Trouble> {
        let client = match self.authenticate_client(input).await? {
            Ok(client) if client.is_public() => {
                return Ok(Err(ProtocolError::new(
                    ErrorCode::InvalidClient,
                    "a public client cannot introspect",
                )));
            }
            Ok(client) => client,
            Err(error) => return Ok(Err(error)),
        };
        let Some(token) = form_value(input.form, "token") else {
            return Ok(Err(ProtocolError::new(
                ErrorCode::InvalidRequest,
                "token is missing",
            )));
        };
        if let Some(bearer) = self.bearer(token).await? {
            let own = bearer.token.client_id == client.client_id;
            let for_it = bearer
                .token
                .audience
                .iter()
                .any(|audience| audience == client.client_id.as_str());
            if !own && !for_it {
                return Ok(Ok((client, introspection::inactive())));
            }
            if let Some(live) = bearer.live.as_ref().filter(|_| own) {
                self.seen(live).await;
            }
            let said = self.describe_access(&bearer);
            return Ok(Ok((client, said)));
        }
        if let Some(own) = self.client_bearer(token).await? {
            let id = client.client_id.as_str();
            let for_it = own.audience.iter().any(|audience| audience == id);
            let said = if own.client_id == client.client_id || for_it {
                self.describe_client_token(&own)
            } else {
                introspection::inactive()
            };
            return Ok(Ok((client, said)));
        }
        let said = self.introspect_refresh(&client, token).await?;
        Ok(Ok((client, said)))
    }

    fn describe_access(&self, bearer: &Bearer) -> Value {
        let token = &bearer.token;
        said(&Active {
            scope: &token.scope,
            client_id: &token.client_id,
            username: Some(&bearer.person.username),
            token_type: Some(TokenType::of(token.key.as_ref())),
            key: token.key,
            issued: token.issued,
            expires: token.expires,
            subject: &token.sub,
            audience: &token.audience,
            issuer: &self.settings.issuer,
            jti: Some(&token.jti),
            sid: bearer.live.is_some().then_some(&bearer.grant.sid),
            signed_in: Some((bearer.grant.auth_time, &bearer.grant.acr)),
        })
    }

    fn describe_client_token(&self, token: &AccessToken) -> Value {
        said(&Active {
            scope: &token.scope,
            client_id: &token.client_id,
            username: None,
            token_type: Some(TokenType::of(token.key.as_ref())),
            key: token.key,
            issued: token.issued,
            expires: token.expires,
            subject: &token.sub,
            audience: &token.audience,
            issuer: &self.settings.issuer,
            jti: Some(&token.jti),
            sid: None,
            signed_in: None,
        })
    }

    async fn introspect_refresh(&self, client: &Client, token: &str) -> Result<Value, Trouble> {
        let Some(handle) = self.open_refresh(token) else {
            return Ok(introspection::inactive());
        };
        if client.is_without_names() {
            return Ok(introspection::inactive());
        }
        let held = self.held_grant(client, &handle).await?;
        let Some(Held { grant, live, .. }) = held else {
            return Ok(introspection::inactive());
        };
        let (generation, now) = (self.ends.generation(), self.clock.now());
        match refresh::judge(&grant, handle.place, generation, now) {
            Verdict::Rotate | Verdict::AskRecord | Verdict::SameSuccessor => {}
            Verdict::StoreLostWrites | Verdict::Reuse => return Ok(introspection::inactive()),
        }
        if let Some(live) = &live {
            self.seen(live).await;
        }
        Ok(said(&Active {
            scope: &grant.scope,
            client_id: &grant.client,
            username: None,
            token_type: None,
            // Only confidential clients ask, and their refresh tokens are bound to themselves.
            key: None,
            issued: grant.began,
            expires: grant.expires,
            subject: &self.subject_for(client, &grant.user),
            audience: &[],
            issuer: &self.settings.issuer,
            jti: None,
            sid: live.is_some().then_some(&grant.sid),
            signed_in: Some((grant.auth_time, &grant.acr)),
        }))
    }
}

fn said(active: &Active<'_>) -> Value {
    serde_json::to_value(active).unwrap_or_else(|_| introspection::inactive())
}

/// The first non-empty value of a form field.
pub(super) fn form_value<'a>(form: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    form.iter()
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| *value)
}
