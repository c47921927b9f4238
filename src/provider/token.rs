//! The token endpoint: who asks, with which grant, and the answer that both grants share.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Provider;
use super::client_throttle;
use super::dpop::Shown;
use super::handles::{AccessHandle, RefreshHandle};
use super::trouble::Trouble;
use crate::entropy::{Root, TokenId};
use crate::protocol::access_token::AccessTokenClaims;
use crate::protocol::client::{Client, GrantType, SigningAlg};
use crate::protocol::client_auth::{self, AuthFailure, Presented, Unreadable};
use crate::protocol::client_tokens::AccessTokenFormat;
use crate::protocol::dpop::ProofHeader;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::id_token::IdTokenClaims;
use crate::protocol::jose::{JoseError, Thumbprint};
use crate::protocol::resources;
use crate::protocol::token_request::{InvalidTokenRequest, TokenRequest};
use crate::protocol::token_response::TokenResponse;
use crate::session::grant::Grant;

/// A token request's credentials and form.
#[derive(Clone, Copy)]
pub struct TokenInput<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The decoded form.
    pub form: &'a [(&'a str, &'a str)],
    /// What came of the key that tokens are to be bound to.
    pub proof: &'a ProofHeader,
    /// The peer's address.
    pub address: IpAddr,
}

impl std::fmt::Debug for TokenInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenInput(…)")
    }
}

/// What every grant is asked for alike.
#[derive(Clone, Copy)]
pub(super) struct AskedTokens<'a> {
    /// Named by the request (RFC 8707).
    pub(super) resources: &'a [String],
    /// The proof that came. To its key the tokens are bound (RFC 9449, 5).
    pub(super) proof: Option<&'a Shown>,
}

impl AskedTokens<'_> {
    /// The key that was proved.
    pub(super) fn key(&self) -> Option<Thumbprint> {
        self.proof.map(Shown::key)
    }
}

/// An answer, or the error to give. Trouble is beside both.
pub type TokenAnswer = Result<TokenResponse, ProtocolError>;

impl Provider {
    /// The token endpoint (RFC 6749, 3.2; Core 1.0, 3.1.3).
    pub async fn token(&self, input: TokenInput<'_>) -> Result<TokenAnswer, Trouble> {
        let client = match self.authenticate_client(input).await? {
            Ok(client) => client,
            Err(error) => return Ok(Err(error)),
        };
        let request = match TokenRequest::parse(input.form) {
            Ok(request) => request,
            Err(error) => return Ok(Err(invalid_request(&error))),
        };
        let needed = request.grant_type();
        if !client.may_use(needed) {
            return Ok(Err(ProtocolError::new(
                ErrorCode::UnauthorizedClient,
                "this client is not registered for that grant type",
            )));
        }
        // Before a code or a refresh token is used up. A client that acts for itself names nobody.
        if client.is_without_names() && needed != GrantType::ClientCredentials {
            return Err(Trouble::WithoutNames);
        }
        let resources = match resources::read(named_resources(input.form)) {
            Ok(resources) => resources,
            Err(error) => return Ok(Err(error)),
        };
        let proof = match self.token_proof(&client, input) {
            Ok(proof) => proof,
            Err(error) => return Ok(Err(error)),
        };
        let asked = AskedTokens {
            resources: &resources,
            proof: proof.as_ref(),
        };
        let answer = match request {
            TokenRequest::AuthorizationCode {
                code,
                redirect_uri,
                code_verifier,
            } => {
                self.redeem_code(&client, &code, (redirect_uri, code_verifier), asked)
                    .await?
            }
            TokenRequest::ClientCredentials { scope } => {
                self.client_credentials(&client, scope.as_deref(), asked)
                    .await?
            }
            TokenRequest::DeviceCode { device_code } => {
                self.redeem_device(&client, &device_code, asked).await?
            }
            TokenRequest::RefreshToken {
                refresh_token,
                scope,
            } => self.refresh(&client, &refresh_token, scope, asked).await?,
        };
        let nonce = self.next_nonce(proof.as_ref());
        Ok(match answer {
            Ok(tokens) => Ok(tokens.with_dpop_nonce(nonce)),
            Err(error) => Err(error.with_dpop_nonce(nonce)),
        })
    }

    /// Who asks (RFC 6749, 2.3). Every failure is the same `invalid_client`.
    pub(super) async fn authenticate_client(
        &self,
        input: TokenInput<'_>,
    ) -> Result<Result<Arc<Client>, ProtocolError>, Trouble> {
        let presented = match Presented::parse(input.authorization, input.form) {
            Ok(presented) => presented,
            Err(error) => return Ok(Err(unreadable(&error))),
        };
        let words = "the client is unknown, disabled, or did not authenticate as registered";
        let refused = Ok(Err(ProtocolError::new(ErrorCode::InvalidClient, words)));
        let known = self.client_now(presented.client_id(), Some(input.address));
        let client = match known.await? {
            Ok(Some(client)) => client,
            Ok(None) => return refused,
            Err(why) => {
                return Ok(Err(ProtocolError::new(
                    ErrorCode::InvalidClient,
                    why.flaw()?,
                )));
            }
        };
        if client.is_public() {
            let known = client_auth::check(&client, &presented, self.clock.now()).is_ok();
            return if known { Ok(Ok(client)) } else { refused };
        }
        let pair = client_throttle::pair(&client.client_id, input.address);
        if let Some(wait) = self.client_must_wait(&pair).await? {
            let words = "too many wrong secrets came from this address; wait";
            let error = ProtocolError::new(ErrorCode::InvalidClient, words);
            return Ok(Err(error.again_after(wait)));
        }
        if !client.enabled {
            return refused;
        }
        let proved = match presented.assertion() {
            Some(assertion) => self
                .check_assertion(&client, assertion)
                .await?
                .map_err(|why| {
                    tracing::info!(client = %client.client_id, why, "an assertion was refused");
                    AuthFailure::WrongAssertion
                }),
            None => client_auth::check(&client, &presented, self.clock.now()),
        };
        match proved {
            Ok(()) => {
                self.client_proved(pair).await?;
                Ok(Ok(client))
            }
            Err(AuthFailure::WrongSecret | AuthFailure::WrongAssertion) => {
                self.client_failed(pair).await?;
                refused
            }
            Err(_) => refused,
        }
    }

    /// Signs what a grant yields. Scope and resources may be narrower than the grant's.
    pub(super) async fn token_response(
        &self,
        client: &Client,
        grant: &Grant,
        (scope, resources): (&[String], &[String]),
    ) -> Result<TokenResponse, Trouble> {
        let access_token = self.access_token(client, grant, (scope, resources))?;
        let beside = Beside {
            access_token: Some(&access_token),
            person: self.wanted_in_id_token(grant).await?,
            ..Beside::default()
        };
        let id_token = scope
            .iter()
            .any(|scope| scope == "openid")
            .then(|| self.id_token(client, grant, &beside))
            .transpose()?;
        let refresh_token = grant.refreshable.then(|| {
            self.seal_refresh(&RefreshHandle {
                root: root_of(grant),
                grant: grant.id,
                place: grant.place,
                offline: grant.offline,
                key: grant.jkt,
            })
        });
        Ok(
            TokenResponse::new(access_token, self.access_lifetime(client), scope)
                .bound_to(grant.jkt.as_ref())
                .with_refresh_token(refresh_token)
                .with_id_token(id_token),
        )
    }

    /// The claims of the person that were asked for in the ID token, as they are now.
    async fn wanted_in_id_token(&self, grant: &Grant) -> Result<Map<String, Value>, Trouble> {
        if grant.claims.id_token.is_empty() {
            return Ok(Map::new());
        }
        let person = self.enabled_person(&grant.user).await?;
        let told = person.map(|person| self.told_besides(&person, &grant.claims.id_token));
        Ok(told.unwrap_or_default())
    }

    /// An access token that hangs on a grant, for these resources of the grant's.
    pub(super) fn access_token(
        &self,
        client: &Client,
        grant: &Grant,
        (scope, resources): (&[String], &[String]),
    ) -> Result<String, Trouble> {
        let access = AccessHandle {
            root: root_of(grant),
            grant: grant.id,
            token: TokenId::random(&self.entropy),
            offline: grant.offline,
        };
        let lifetime = self.access_lifetime(client);
        let subject = self.subject_for(client, &grant.user);
        let audience = self.audience(client, resources);
        let claims = AccessTokenClaims {
            issuer: &self.settings.issuer,
            subject: &subject,
            client_id: &client.client_id,
            resources: &audience,
            jti: &self.seal_access(&access),
            scope,
            issued: self.clock.now(),
            lifetime,
            auth_time: grant.auth_time,
            acr: &grant.acr,
            amr: &grant.amr,
            key: grant.jkt,
        };
        self.written(client, &claims)
    }

    /// How long an access token of a client lives. Short, as whoever checks it alone learns of an
    /// end only when it runs out.
    pub(super) fn access_lifetime(&self, client: &Client) -> Duration {
        let most = self.settings.bounds.token_lifetime;
        client.tokens.access_lifetime(most)
    }

    /// For whom an access token is: the resources that were named, or this house and the client's
    /// own list.
    pub(super) fn audience(&self, client: &Client, resources: &[String]) -> Vec<String> {
        if resources.is_empty() {
            self.own_audience(client)
        } else {
            resources.to_vec()
        }
    }

    /// This house and the client's own list, if it has one.
    fn own_audience(&self, client: &Client) -> Vec<String> {
        let own = &client.tokens.access_token_audiences;
        if own.is_empty() {
            return Vec::new();
        }
        let house = std::iter::once(&self.settings.issuer);
        house.chain(own).cloned().collect()
    }

    /// A token that everybody can read, or nobody but this house.
    fn written(&self, client: &Client, claims: &AccessTokenClaims<'_>) -> Result<String, Trouble> {
        match client.tokens.access_token_format {
            AccessTokenFormat::Jwt => {
                let key = self.signing_key(SigningAlg::ES256)?;
                claims.sign(&key).map_err(internal)
            }
            AccessTokenFormat::Opaque => Ok(self.seal_opaque(&claims.to_text().map_err(internal)?)),
        }
    }

    /// An ID token of what a grant says, bound to what comes beside it.
    pub(super) fn id_token(
        &self,
        client: &Client,
        grant: &Grant,
        beside: &Beside<'_>,
    ) -> Result<String, Trouble> {
        let most = self.settings.bounds.token_lifetime;
        let claims = IdTokenClaims {
            issuer: &self.settings.issuer,
            subject: &self.subject_for(client, &grant.user),
            client_id: &client.client_id,
            issued: self.clock.now(),
            lifetime: client.tokens.id_lifetime(most),
            auth_time: grant.auth_time,
            nonce: grant.nonce.as_deref(),
            acr: &grant.acr,
            amr: &grant.amr,
            sid: &grant.sid,
            access_token: beside.access_token,
            code: beside.code,
            person: &beside.person,
        };
        let key = self.signing_key(client.id_token_signed_response_alg)?;
        claims.sign(&key).map_err(internal)
    }
}

/// What comes in an answer beside an ID token, or in it about the person.
#[derive(Default)]
pub(super) struct Beside<'a> {
    pub(super) access_token: Option<&'a str>,
    pub(super) code: Option<&'a str>,
    pub(super) person: Map<String, Value>,
}

/// What a request names (RFC 8707, 2.2).
fn named_resources<'a>(form: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = &'a str> {
    let named = form.iter().filter(|(name, _)| *name == "resource");
    named
        .map(|(_, value)| *value)
        .filter(|value| !value.is_empty())
}

/// Where a grant lies.
fn root_of(grant: &Grant) -> Root {
    if grant.offline {
        Provider::offline_root(grant.id)
    } else {
        Root::from(grant.session)
    }
}

pub(super) fn internal(error: JoseError) -> Trouble {
    Trouble::Internal(error.to_string())
}

/// What broke in reading a client's credentials, in the words of RFC 6749, 5.2.
fn unreadable(error: &Unreadable) -> ProtocolError {
    let code = match error {
        Unreadable::MoreThanOneMethod | Unreadable::Repeated(_) | Unreadable::TwoClients => {
            ErrorCode::InvalidRequest
        }
        Unreadable::Malformed | Unreadable::Unsupported | Unreadable::Missing => {
            ErrorCode::InvalidClient
        }
    };
    ProtocolError::new(code, error.to_string())
}

fn invalid_request(error: &InvalidTokenRequest) -> ProtocolError {
    let code = match error {
        InvalidTokenRequest::UnsupportedGrantType => ErrorCode::UnsupportedGrantType,
        InvalidTokenRequest::MissingParameter(_) | InvalidTokenRequest::Repeated(_) => {
            ErrorCode::InvalidRequest
        }
    };
    ProtocolError::new(code, error.to_string())
}

/// The one answer to every unusable code and refresh token (RFC 6749, 5.2).
pub(super) fn invalid_grant(description: &'static str) -> TokenAnswer {
    Err(ProtocolError::new(ErrorCode::InvalidGrant, description))
}
