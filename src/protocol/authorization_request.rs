//! The authorization request (RFC 6749, 4.1.1; `OpenID` Connect Core 1.0, 3.1.2.1; RFC 7636;
//! RFC 8707), judged in two steps that each yield a type of their own:
//!
//! [`Unchecked`] → [`ForClient`] (client and redirect URI are right: errors may redirect from here)
//! → [`Checked`] (every rule holds). A step that is skipped does not compile.

use serde::{Deserialize, Serialize};

use super::authorization_response::{ResponseMode, Target};
use super::claims_request::ClaimsWanted;
use super::client::Client;
use super::custom_claims::CustomClaims;
use super::error::ProtocolError;
use super::features::Features;
use super::jose::Thumbprint;
use super::params::Params;
use super::pkce::Challenge;
use super::prompt::Prompt;
use super::redirect_uri;
use super::resources;
use super::response_type::ResponseType;
use super::scope::{OPENID, ScopeSet};
pub use super::untrusted::Untrusted;
use crate::entropy::ClientId;

mod claims_rules;
mod device;
mod rules;

/// A request of which nothing has been judged.
#[derive(Clone, Debug)]
pub struct Unchecked(Params);

/// A request of this client, with a redirect URI of this client.
#[derive(Clone, Debug)]
pub struct ForClient {
    params: Params,
    target: Target,
    redirect_uri_given: bool,
}

/// A request that keeps every rule. What it becomes depends on person and session only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes.
    pub target: Target,
    /// What the answer brings.
    #[serde(default)]
    pub response_type: ResponseType,
    /// `redirect_uri` was present, so the token request must repeat it (RFC 6749, 4.1.3).
    pub redirect_uri_given: bool,
    /// What this client may have of what it asked for.
    pub scope: ScopeSet,
    /// Goes into the ID token as it came.
    pub nonce: Option<String>,
    /// What the person should see.
    pub prompt: Prompt,
    /// Oldest sign-in in seconds: the request's, or the client's own.
    pub max_age: Option<u64>,
    /// To prefill the user name.
    pub login_hint: Option<String>,
    /// Who the client believes is signed in.
    pub id_token_hint: Option<String>,
    /// Preferred first.
    pub acr_values: Vec<String>,
    /// Preferred first.
    pub ui_locales: Vec<String>,
    /// What the code is bound to.
    pub challenge: Option<Challenge>,
    /// The key that the code is bound to (RFC 9449, 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<Thumbprint>,
    /// What the access token is for (RFC 8707).
    pub resources: Vec<String>,
    /// Single claims that it asks for, of those that this client may have (Core 1.0, 5.5).
    #[serde(default)]
    pub claims: ClaimsWanted,
    /// The scopes that open these: the person is asked about them too.
    #[serde(default)]
    pub claim_scopes: Vec<String>,
    /// The only person for whom an answer is wanted, as the client knows them (Core 1.0, 5.5.1).
    #[serde(default)]
    pub subject: Option<String>,
}

/// How a request came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// By the pushed request endpoint (RFC 9126).
    pub pushed: bool,
    /// In a request object with the client's signature (RFC 9101).
    pub signed: bool,
}

/// What a request is judged by, beside its client.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    /// What is offered.
    pub features: Features,
    /// The claims and scopes of the house's own.
    pub own: &'a CustomClaims,
}

impl Checked {
    /// What the person is asked about: the scopes, and those of single claims.
    pub fn asked_about(&self) -> Vec<String> {
        let mut all = self.scope.as_slice().to_vec();
        for scope in &self.claim_scopes {
            if !all.contains(scope) {
                all.push(scope.clone());
            }
        }
        all
    }
}

/// An error that is told to the client, by way of the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where.
    pub target: Target,
    /// What.
    pub error: ProtocolError,
}

impl Unchecked {
    /// Takes what came.
    pub const fn new(params: Params) -> Self {
        Self(params)
    }

    /// Which client to look up.
    pub fn client_id(&self) -> Result<ClientId, Untrusted> {
        if self.0.is_repeated("client_id") {
            return Err(Untrusted::Repeated("client_id"));
        }
        self.0
            .get("client_id")
            .map(ClientId::new)
            .ok_or(Untrusted::MissingClientId)
    }

    /// Judges client and redirect URI, before anything may redirect.
    pub fn for_client(self, client: &Client) -> Result<ForClient, Untrusted> {
        if self.client_id()? != client.client_id {
            return Err(Untrusted::UnknownClient);
        }
        if !client.enabled {
            return Err(Untrusted::DisabledClient);
        }
        if self.0.is_repeated("redirect_uri") {
            return Err(Untrusted::Repeated("redirect_uri"));
        }
        let presented = self.0.get("redirect_uri");
        let redirect_uri = match presented {
            Some(uri) => uri,
            None => only_redirect_uri(&self.0, client).ok_or(Untrusted::MissingRedirectUri)?,
        };
        if !redirect_uri::matches(client, redirect_uri) {
            return Err(Untrusted::UnregisteredRedirectUri);
        }
        let target = Target {
            redirect_uri: redirect_uri.to_owned(),
            mode: mode_in_force(&self.0),
            state: state(&self.0),
        };
        let redirect_uri_given = presented.is_some();
        Ok(ForClient {
            params: self.0,
            target,
            redirect_uri_given,
        })
    }
}

impl ForClient {
    /// Where errors go from now on.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// What came.
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// Judges everything else.
    pub fn check(
        self,
        client: &Client,
        house: House<'_>,
        origin: Origin,
    ) -> Result<Checked, Refusal> {
        match self.judge(client, house, origin) {
            Ok(checked) => Ok(checked),
            Err(error) => Err(Refusal {
                target: self.target,
                error,
            }),
        }
    }

    /// The rules in order: first what decides how the request is to be read, then who may ask,
    /// then what is asked.
    fn judge(
        &self,
        client: &Client,
        house: House<'_>,
        origin: Origin,
    ) -> Result<Checked, ProtocolError> {
        let params = &self.params;
        rules::check_repeats(params)?;
        rules::check_unsupported(params)?;
        rules::check_origin(client, house.features, origin)?;
        let kind = rules::response_type(params, house.features)?;
        rules::check_registered(kind, client)?;
        rules::check_response_mode(params, kind)?;
        rules::check_length(params, "state", rules::MAX_STATE)?;
        rules::check_length(params, "nonce", rules::MAX_NONCE)?;
        rules::check_nonce(params, kind)?;
        let asked = claims_rules::read(params)?;
        let (claims, claim_scopes) = claims_rules::permitted(asked.wanted, client, house.own)?;
        Ok(Checked {
            client_id: client.client_id.clone(),
            target: self.target.clone(),
            response_type: kind,
            redirect_uri_given: self.redirect_uri_given,
            prompt: Prompt::parse(params.get("prompt").unwrap_or_default())?,
            scope: rules::scope(params, client, kind)?,
            max_age: rules::max_age(params)?.or(client.default_max_age),
            challenge: rules::challenge(params, client, kind)?,
            dpop_jkt: rules::dpop_jkt(params, client, kind)?,
            resources: resources::read(params.all("resource"))?,
            claims,
            claim_scopes,
            subject: asked.subject,
            nonce: rules::owned(params, "nonce"),
            login_hint: rules::owned(params, "login_hint").filter(|hint| {
                hint.len() <= rules::MAX_LOGIN_HINT && !hint.contains(char::is_control)
            }),
            id_token_hint: rules::owned(params, "id_token_hint"),
            acr_values: rules::preferences(params, "acr_values"),
            ui_locales: rules::preferences(params, "ui_locales"),
        })
    }
}

/// RFC 6749, 3.1.2.3 lets a client with one redirect URI leave it out; Core 1.0, 3.1.2.1 does not.
fn only_redirect_uri<'a>(params: &Params, client: &'a Client) -> Option<&'a str> {
    let openid = params
        .get("scope")
        .is_some_and(|scope| scope.split(' ').any(|s| s == OPENID));
    match client.redirect_uris.as_slice() {
        [only] if !openid => Some(only),
        _ => None,
    }
}

/// Of a repeated `state`, nobody can know which is the client's own. One that is refused for its
/// length is not sent back: no head may be as long as anybody likes.
fn state(params: &Params) -> Option<String> {
    let state = rules::owned(params, "state")?;
    let usable = !params.is_repeated("state") && state.len() <= rules::MAX_STATE;
    usable.then_some(state)
}

/// The mode that was asked for, if it can be had; otherwise the default of the response type. One
/// who asks for tokens looks for errors in the fragment, and none may go into a query (OAuth 2.0
/// Multiple Response Type Encoding Practices, 3).
fn mode_in_force(params: &Params) -> ResponseMode {
    let tokens = |kind: &str| {
        kind.split(' ')
            .any(|kind| matches!(kind, "token" | "id_token"))
    };
    let default = if params.get("response_type").is_some_and(tokens) {
        ResponseMode::Fragment
    } else {
        ResponseMode::Query
    };
    match params.get("response_mode").and_then(ResponseMode::parse) {
        Some(asked @ (ResponseMode::Fragment | ResponseMode::FormPost)) => asked,
        Some(ResponseMode::Query) | None => default,
    }
}

#[cfg(test)]
mod tests;
