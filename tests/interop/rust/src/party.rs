//! What the app says to the provider.

use std::error::Error;

// <settings>
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType,
    CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreGrantType, CoreIdToken,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType, CoreTokenResponse,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AdditionalProviderMetadata, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, IntrospectionUrl, IssuerUrl,
    LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadata, RedirectUrl, RefreshToken, RequestTokenError, Scope,
    TokenIntrospectionResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};

/// What the crate does not read of discovery by itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Endpoints {
    introspection_endpoint: IntrospectionUrl,
    end_session_endpoint: EndSessionUrl,
}

impl AdditionalProviderMetadata for Endpoints {}

type Provider = ProviderMetadata<
    Endpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub struct Party {
    http: reqwest::blocking::Client,
    client: Client,
    end_session: EndSessionUrl,
    home: String,
}

/// What is kept of a sign-in while the browser is away.
pub struct Question {
    pub address: String,
    pub state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// What is kept of a person.
pub struct Tokens {
    pub name: String,
    id_token: CoreIdToken,
    access_token: AccessToken,
    refresh_token: Option<RefreshToken>,
}

/// Why there are no new tokens.
pub enum Refused {
    /// There was none to begin with.
    NoToken,
    /// The provider said `invalid_grant`.
    SessionEnded,
    Other(String),
}

impl Party {
    pub fn discover(
        issuer: &str,
        id: String,
        secret: String,
        home: String,
    ) -> Result<Self, Box<dyn Error>> {
        // Whoever follows redirects can be led to addresses that are not the provider's.
        let http = reqwest::blocking::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let issuer = IssuerUrl::new(issuer.to_owned())?;
        let provider = Provider::discover(&issuer, &http)?;
        let endpoints = provider.additional_metadata().clone();
        let client = CoreClient::from_provider_metadata(
            provider,
            ClientId::new(id),
            Some(ClientSecret::new(secret)),
        )
        .set_introspection_url(endpoints.introspection_endpoint)
        .set_redirect_uri(RedirectUrl::new(format!("{home}callback"))?);
        Ok(Self {
            http,
            client,
            end_session: endpoints.end_session_endpoint,
            home,
        })
    }

    pub fn ask(&self, silently: bool) -> Question {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = self
            .client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge);
        let (address, state, nonce) = if silently {
            request.add_prompt(CoreAuthPrompt::None).url()
        } else {
            request.url()
        };
        Question {
            address: address.into(),
            state,
            nonce,
            verifier,
        }
    }

    pub fn redeem(&self, code: String, asked: Question) -> Result<Tokens, Box<dyn Error>> {
        let answer = self
            .client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(asked.verifier)
            .request(&self.http)?;
        let id_token = answer.id_token().ok_or("there is no ID token")?.clone();
        let verifier = self.client.id_token_verifier();
        let subject = id_token.claims(&verifier, &asked.nonce)?.subject().clone();
        // Names are not in the ID token: ask for them once.
        let person: CoreUserInfoClaims = self
            .client
            .user_info(answer.access_token().clone(), Some(subject.clone()))?
            .request(&self.http)?;
        let name = person.preferred_username().map(|name| name.to_string());
        Ok(Tokens {
            name: name.unwrap_or_else(|| subject.to_string()),
            access_token: answer.access_token().clone(),
            refresh_token: answer.refresh_token().cloned(),
            id_token,
        })
    }

    /// Whether the session is still there.
    pub fn refresh(&self, tokens: &mut Tokens) -> Result<(), Refused> {
        let token = tokens.refresh_token.as_ref().ok_or(Refused::NoToken)?;
        let request = self.client.exchange_refresh_token(token);
        let request = request.map_err(|error| Refused::Other(error.to_string()))?;
        match request.request(&self.http) {
            Ok(answer) => {
                let answer: CoreTokenResponse = answer;
                tokens.access_token = answer.access_token().clone();
                // The new one, if there is one.
                if let Some(token) = answer.refresh_token() {
                    tokens.refresh_token = Some(token.clone());
                }
                Ok(())
            }
            Err(RequestTokenError::ServerResponse(error))
                if *error.error() == CoreErrorResponseType::InvalidGrant =>
            {
                Err(Refused::SessionEnded)
            }
            Err(error) => Err(Refused::Other(error.to_string())),
        }
    }

    /// The same where nothing is renewed. A token that has run out is not active either: refresh
    /// before that.
    pub fn is_active(&self, tokens: &Tokens) -> Result<bool, Box<dyn Error>> {
        let request = self.client.introspect(&tokens.access_token);
        Ok(request.request(&self.http)?.active())
    }

    pub fn sign_out(&self, tokens: &Tokens) -> Result<String, Box<dyn Error>> {
        let request = LogoutRequest::from(self.end_session.clone())
            .set_id_token_hint(&tokens.id_token)
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(self.home.clone())?);
        Ok(request.http_get_url().into())
    }
}
// </settings>
