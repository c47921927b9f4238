//! What the app says to the provider.

use std::error::Error;

// <settings>
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreTokenResponse,
    CoreUserInfoClaims,
};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, TokenResponse,
};

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub struct Party {
    http: reqwest::blocking::Client,
    provider: ProviderMetadataWithLogout,
    client: Client,
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
    refresh_token: Option<RefreshToken>,
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
        let provider = ProviderMetadataWithLogout::discover(&issuer, &http)?;
        let client = CoreClient::from_provider_metadata(
            provider.clone(),
            ClientId::new(id),
            Some(ClientSecret::new(secret)),
        )
        .set_redirect_uri(RedirectUrl::new(format!("{home}callback"))?);
        Ok(Self {
            http,
            provider,
            client,
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
                // The new one, if there is one.
                if let Some(token) = answer.refresh_token() {
                    tokens.refresh_token = Some(token.clone());
                }
                Ok(())
            }
            Err(RequestTokenError::ServerResponse(error)) => {
                Err(Refused::Said(error.error().to_string()))
            }
            Err(error) => Err(Refused::Other(error.to_string())),
        }
    }

    pub fn sign_out(&self, tokens: &Tokens) -> Result<String, Box<dyn Error>> {
        let endpoint = self
            .provider
            .additional_metadata()
            .end_session_endpoint
            .clone();
        let request = LogoutRequest::from(endpoint.ok_or("the provider has no logout address")?)
            .set_id_token_hint(&tokens.id_token)
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(self.home.clone())?);
        Ok(request.http_get_url().into())
    }
}
// </settings>

/// Why there are no new tokens.
pub enum Refused {
    NoToken,
    /// The provider's word for it: `invalid_grant` means that the session has ended.
    Said(String),
    Other(String),
}
