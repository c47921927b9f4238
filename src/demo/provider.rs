//! The provider as this app knows it: discovered when first needed, kept, and read again when an
//! unknown key turns up.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, Client, ClientId, ClientSecret, DiscoveryError, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims, IdTokenFields,
    IssuerUrl, ProviderMetadataWithLogout, RedirectUrl, StandardErrorResponse,
    StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::clock::{Clock, Timestamp};

use super::http_client::{Http, HttpError};
use super::settings::Settings;

/// How often a forger of key ids can make us ask for the keys.
const BETWEEN_READS: Duration = Duration::from_secs(5);
const TRIES: u32 = 3;
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// All claims that the crate has no field for (`sid` is one).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct OtherClaims {
    #[serde(flatten)]
    pub(super) all: Map<String, Value>,
}

impl AdditionalClaims for OtherClaims {}

/// An ID token with all its claims.
pub(super) type WholeIdToken = IdToken<
    OtherClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
/// The claims of such a token.
pub(super) type WholeClaims = IdTokenClaims<OtherClaims, CoreGenderClaim>;
type Fields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
/// The answer of the token endpoint.
pub(super) type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
/// The crate's client.
pub(super) type RpClient = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why it did not work out with the provider. The text is for the person who runs the demo.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It did not answer: trying again may help.
    #[error("{0}")]
    Unreachable(String),
    /// It answered, and the answer cannot be accepted.
    #[error("{0}")]
    Unacceptable(String),
}

impl Trouble {
    pub(super) fn unacceptable(error: &dyn std::error::Error) -> Self {
        Self::Unacceptable(in_full(error))
    }

    pub(super) fn unreachable(error: &dyn std::error::Error) -> Self {
        Self::Unreachable(in_full(error))
    }
}

/// The error and what caused it: the crate's own words stop at "Request failed".
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// What discovery told, and when.
pub(super) struct Known {
    pub(super) metadata: ProviderMetadataWithLogout,
    read_at: Timestamp,
}

impl Known {
    pub(super) fn keys(&self) -> &CoreJsonWebKeySet {
        self.metadata.jwks()
    }
}

/// The provider, behind its issuer.
pub(super) struct Provider {
    pub(super) http: Http,
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect_uri: RedirectUrl,
    clock: Clock,
    known: Mutex<Option<Arc<Known>>>,
}

impl Provider {
    pub(super) fn new(settings: &Settings) -> io::Result<Self> {
        let wrong = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        Ok(Self {
            http: Http::new(&settings.issuer)?,
            issuer: IssuerUrl::new(settings.issuer.clone()).map_err(wrong)?,
            client_id: ClientId::new(settings.client_id.clone()),
            client_secret: ClientSecret::new(settings.client_secret.clone()),
            redirect_uri: RedirectUrl::new(settings.redirect_uri()).map_err(wrong)?,
            clock: settings.clock.clone(),
            known: Mutex::new(None),
        })
    }

    /// What discovery tells; asked once, again only after a failure.
    pub(super) async fn known(&self) -> Result<Arc<Known>, Trouble> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref() {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(self.read().await?);
        *known = Some(Arc::clone(&read));
        Ok(read)
    }

    /// What discovery tells now, for a key that `stale` does not have (keys rotate).
    pub(super) async fn renewed(&self, stale: &Arc<Known>) -> Result<Arc<Known>, Trouble> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref()
            && (!Arc::ptr_eq(known, stale) || self.clock.now().since(known.read_at) < BETWEEN_READS)
        {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(self.read().await?);
        *known = Some(Arc::clone(&read));
        Ok(read)
    }

    /// A client that knows what `known` knows.
    pub(super) fn client(&self, known: &Known) -> RpClient {
        RpClient::from_provider_metadata(
            known.metadata.clone(),
            self.client_id.clone(),
            Some(self.client_secret.clone()),
        )
        .set_redirect_uri(self.redirect_uri.clone())
    }

    async fn read(&self) -> Result<Known, Trouble> {
        let mut tried = 1;
        loop {
            match ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http).await
            {
                Ok(metadata) => {
                    return Ok(Known {
                        metadata,
                        read_at: self.clock.now(),
                    });
                }
                Err(error) if tried == TRIES => return Err(trouble(&error)),
                Err(_) => tried += 1,
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
    }
}

fn trouble(error: &DiscoveryError<HttpError>) -> Trouble {
    match error {
        DiscoveryError::Request(_) | DiscoveryError::Response(..) => Trouble::unreachable(error),
        _ => Trouble::unacceptable(error),
    }
}
