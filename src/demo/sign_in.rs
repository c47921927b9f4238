//! Signing in and out, by the `openidconnect` crate: authorization code with PKCE, state and nonce;
//! the ID token verified; userinfo asked.

use std::str::FromStr as _;
use std::sync::Arc;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreGenderClaim, CoreJwsSigningAlgorithm, CoreRequestTokenError,
};
use openidconnect::url::Url;
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, CsrfToken, IdTokenVerifier,
    LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, RequestTokenError, Scope, SignatureVerificationError, SubjectIdentifier,
    TokenResponse as _, UserInfoClaims, UserInfoError,
};
use serde_json::Value;

use super::attempt::Attempt;
use super::claim;
use super::http_client::HttpError;
use super::provider::{Known, OtherClaims, RpClient, Tokens, Trouble, WholeClaims, WholeIdToken};
use super::session::Person;
use super::site::{Site, random};

type ExchangeError = CoreRequestTokenError<HttpError>;

/// Where to send the browser to sign in.
pub(super) async fn begin(site: &Site, browser: String) -> Result<Url, Trouble> {
    let known = site.provider.known().await?;
    let client = site.provider.client(&known);
    let state = CsrfToken::new(random());
    let nonce = Nonce::new(random());
    let verifier = PkceCodeVerifier::new(random());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let (sent_state, sent_nonce) = (state.clone(), nonce.clone());
    let (url, _, _) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || sent_state,
            move || sent_nonce,
        )
        .add_scope(Scope::new("profile".to_owned()))
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let attempt = Attempt {
        browser,
        nonce,
        pkce_verifier: verifier.into_secret(),
    };
    site.attempts
        .begin(state.into_secret(), attempt, site.now());
    Ok(url)
}

/// Who came back with this code.
pub(super) async fn finish(site: &Site, code: String, attempt: Attempt) -> Result<Person, Trouble> {
    let known = site.provider.known().await?;
    let client = site.provider.client(&known);
    let tokens = client
        .exchange_code(AuthorizationCode::new(code))
        .map_err(|error| Trouble::unacceptable(&error))?
        .set_pkce_verifier(PkceCodeVerifier::new(attempt.pkce_verifier))
        .request_async(&site.provider.http)
        .await
        .map_err(|error| exchange_trouble(&error))?;
    let id_token = tokens.id_token().ok_or_else(|| missing("ID token"))?;
    let client = with_key_of(site, &known, client, id_token, &attempt.nonce).await?;
    let claims = verified(&client, &tokens, id_token, &attempt.nonce)?;
    let userinfo = userinfo(site, &client, &tokens, claims.subject()).await?;
    let claims = serde_json::to_value(claims).map_err(|error| Trouble::unacceptable(&error))?;
    person(id_token, &claims, &userinfo)
}

/// Where to send the browser to sign out at the provider (RP-Initiated Logout 1.0, 2).
pub(super) async fn end_session_url(site: &Site, person: &Person) -> Result<Url, Trouble> {
    let known = site.provider.known().await?;
    let endpoint = known
        .metadata
        .additional_metadata()
        .end_session_endpoint
        .clone();
    let hint =
        WholeIdToken::from_str(&person.id_token).map_err(|error| Trouble::unacceptable(&error))?;
    let back = PostLogoutRedirectUrl::new(site.settings.post_logout_redirect_uri.clone())
        .map_err(|error| Trouble::unacceptable(&error))?;
    let request = LogoutRequest::from(endpoint.ok_or_else(|| missing("end_session_endpoint"))?)
        .set_id_token_hint(&hint)
        .set_post_logout_redirect_uri(back)
        .set_state(CsrfToken::new(random()));
    Ok(request.http_get_url())
}

fn missing(what: &str) -> Trouble {
    Trouble::Unacceptable(format!("the answer has no {what}"))
}

fn exchange_trouble(error: &ExchangeError) -> Trouble {
    match error {
        RequestTokenError::Request(_) => Trouble::unreachable(error),
        RequestTokenError::ServerResponse(_)
        | RequestTokenError::Parse(..)
        | RequestTokenError::Other(_) => Trouble::unacceptable(error),
    }
}

/// Only the algorithm that this client is registered for: taking any that the provider knows would
/// let a weaker key speak for a stronger one (RFC 8725, 3.1).
fn verifier(client: &RpClient) -> IdTokenVerifier<'_, openidconnect::core::CoreJsonWebKey> {
    client
        .id_token_verifier()
        .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256])
}

/// The client, with the keys read again if the ID token bears one that was not there.
async fn with_key_of(
    site: &Site,
    known: &Arc<Known>,
    client: RpClient,
    id_token: &WholeIdToken,
    nonce: &Nonce,
) -> Result<RpClient, Trouble> {
    let outcome = id_token.claims(&verifier(&client), nonce).map(drop);
    match outcome {
        Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        )) => Ok(site.provider.client(&*site.provider.renewed(known).await?)),
        Ok(()) | Err(_) => Ok(client),
    }
}

/// The claims of the ID token, if all of it holds, `at_hash` too (OpenID Connect Core 1.0, 3.1.3.7
/// and 3.1.3.8).
fn verified<'t>(
    client: &RpClient,
    tokens: &Tokens,
    id_token: &'t WholeIdToken,
    nonce: &Nonce,
) -> Result<&'t WholeClaims, Trouble> {
    let verifier = verifier(client);
    let claims = id_token
        .claims(&verifier, nonce)
        .map_err(|error| Trouble::unacceptable(&error))?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token
            .signing_alg()
            .map_err(|error| Trouble::unacceptable(&error))?;
        let key = id_token
            .signing_key(&verifier)
            .map_err(|error| Trouble::unacceptable(&error))?;
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .map_err(|error| Trouble::unacceptable(&error))?;
        if &actual != expected {
            return Err(Trouble::Unacceptable(
                "at_hash names another access token".to_owned(),
            ));
        }
    }
    Ok(claims)
}

/// What userinfo says, about the same subject (OpenID Connect Core 1.0, 5.3.2).
async fn userinfo(
    site: &Site,
    client: &RpClient,
    tokens: &Tokens,
    subject: &SubjectIdentifier,
) -> Result<Value, Trouble> {
    let request = client
        .user_info(tokens.access_token().clone(), Some(subject.clone()))
        .map_err(|error| Trouble::unacceptable(&error))?;
    let answer: Result<UserInfoClaims<OtherClaims, CoreGenderClaim>, UserInfoError<HttpError>> =
        request.request_async(&site.provider.http).await;
    match answer {
        Ok(claims) => serde_json::to_value(claims).map_err(|error| Trouble::unacceptable(&error)),
        Err(error @ UserInfoError::Request(_)) => Err(Trouble::unreachable(&error)),
        Err(error) => Err(Trouble::unacceptable(&error)),
    }
}

fn person(id_token: &WholeIdToken, claims: &Value, userinfo: &Value) -> Result<Person, Trouble> {
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let subject = text(claims, "sub").ok_or_else(|| missing("sub"))?;
    let name = ["given_name", "name", "preferred_username"]
        .into_iter()
        .find_map(|name| text(userinfo, name).or_else(|| text(claims, name)))
        .unwrap_or_else(|| subject.clone());
    Ok(Person {
        subject,
        sid: text(claims, "sid"),
        name,
        claims: claim::list(claims, userinfo),
        id_token: id_token.to_string(),
    })
}
