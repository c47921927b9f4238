//! A client and its metadata (RFC 7591, 2; `OpenID` Connect Registration 1.0, 2; RP-Initiated,
//! Front-Channel and Back-Channel Logout 1.0), under the names that these give.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::assertion_alg::AssertionAlg;
use super::client_requests::ClientRequests;
pub use super::client_secret::{KeptSecret, PreviousSecret, SealedSecret};
use super::client_tokens::{ClientTokens, SubjectType};
use super::response_type::ResponseType;
use super::scope::{ScopeError, ScopeSet};
pub use super::signing_alg::SigningAlg;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SecretHash};

/// A registered relying party. Stored as JSON; what is kept of its secret, in columns of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a member of the metadata, under its own name"
)]
pub struct Client {
    /// RFC 7591, 2.
    pub client_id: ClientId,
    /// What people are shown.
    pub client_name: String,
    /// Exact redirect URIs (RFC 9700, 2.1).
    pub redirect_uris: Vec<String>,
    /// Where a person may be sent after a logout (RP-Initiated Logout 1.0, 3.1).
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// What this client may present at the token endpoint.
    pub grant_types: Vec<GrantType>,
    /// What it may ask for at the authorization endpoint: `code`, unless it was allowed others one
    /// by one.
    #[serde(default = "code")]
    pub response_types: Vec<ResponseType>,
    /// How it authenticates there.
    pub token_endpoint_auth_method: AuthMethod,
    /// Only the registered method is taken, not the other way to send the same secret.
    #[serde(default)]
    pub pin_auth_method: bool,
    /// The only algorithm of its assertions (Core 1.0, 9; Registration 1.0, 2); absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<AssertionAlg>,
    /// Its assertions name the issuer as their only audience, never the token endpoint (FAPI 2.0
    /// Security Profile, 5.3.2.1). Ours, not of a specification.
    #[serde(default)]
    pub require_issuer_audience: bool,
    /// Its public keys (RFC 7591, 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where its public keys are (RFC 7591, 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Decides how redirect URIs are judged (RFC 8252).
    #[serde(default)]
    pub application_type: ApplicationType,
    /// The algorithm of ID tokens and logout tokens.
    #[serde(default)]
    pub id_token_signed_response_alg: SigningAlg,
    /// What else it says of its tokens.
    #[serde(flatten)]
    pub tokens: ClientTokens,
    /// What it says of its authorization requests.
    #[serde(flatten)]
    pub requests: ClientRequests,
    /// Scopes it may ask for, separated by spaces; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Runs under the same roof: no consent page, but under `prompt=consent`.
    #[serde(default)]
    pub first_party: bool,
    /// PKCE is demanded (RFC 9700, 2.1.1). Always so for public clients.
    #[serde(default = "yes")]
    pub require_pkce: bool,
    /// Seconds after which a sign-in is too old for this client (Registration 1.0, 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Back-Channel Logout 1.0, 2.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Front-Channel Logout 1.0, 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether it is told of a session that ends because nobody used it. Ours, not of a
    /// specification.
    #[serde(default = "yes")]
    pub notify_on_idle: bool,
    /// How far its own requests to log out go. Ours, not of a specification.
    #[serde(default)]
    pub logout_scope: LogoutScope,
    /// The client's home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Shown on the sign-in page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Where a sign-in to it begins from our pages (Core 1.0, 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Privacy policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// SHA-256 of the secret. Never serialised.
    #[serde(skip)]
    pub secret_hash: Option<SecretHash>,
    /// The secret itself, sealed: only of a client that signs with it. Never serialised.
    #[serde(skip)]
    pub sealed_secret: Option<SealedSecret>,
    /// The secret before it, while both are taken. Never serialised.
    #[serde(skip)]
    pub previous_secret: Option<PreviousSecret>,
    /// A disabled client is refused everywhere.
    #[serde(skip, default = "yes")]
    pub enabled: bool,
    /// When it was last enabled again: tokens that it held before for itself stay dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_since: Option<Timestamp>,
    /// The configuration file declares it, and what its `sector_identifier_uri` lists was not read
    /// yet (Registration 1.0, 5).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sector_unread: bool,
    /// The scopes that the house has of its own: a client without a list may ask for them too.
    /// Filled in where use cases read clients; never serialised.
    #[serde(skip)]
    pub house_scopes: Arc<[String]>,
    /// Who made it: decides how far `outbound` trusts its addresses.
    #[serde(skip)]
    pub registered_by: RegisteredBy,
}

const fn yes() -> bool {
    true
}

fn code() -> Vec<ResponseType> {
    vec![ResponseType::Code]
}

/// Grants of the token endpoint (RFC 6749).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749, 4.1.
    AuthorizationCode,
    /// RFC 6749, 6.
    RefreshToken,
    /// RFC 6749, 4.4: the client acts for itself.
    ClientCredentials,
    /// RFC 8628, 3.4: a person allows it on another device.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 6749, 4.2; Core 1.0, 3.2 and 3.3: tokens by way of the browser.
    Implicit,
}

/// The name of the device grant (RFC 8628, 3.4).
pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Client authentication (RFC 6749, 2.3; `OpenID` Connect Core 1.0, 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A public client.
    None,
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the form.
    ClientSecretPost,
    /// A JWT that it signs with its secret (RFC 7523, 2.2).
    ClientSecretJwt,
    /// A JWT that it signs with a key of its own (RFC 7523, 2.2).
    PrivateKeyJwt,
}

/// Registration 1.0, 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Runs on a server or in a browser.
    #[default]
    Web,
    /// Runs on a person's machine (RFC 8252).
    Native,
}

/// What ends when a client sends its person to log out (RP-Initiated Logout 1.0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogoutScope {
    /// The whole session, at every client.
    #[default]
    Sso,
    /// This client's part of the session; the session and its other clients go on.
    Client,
    /// What the person chooses.
    Ask,
}

impl LogoutScope {
    /// The value in the metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sso => "sso",
            Self::Client => "client",
            Self::Ask => "ask",
        }
    }
}

/// Who registered a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RegisteredBy {
    /// An administrator, on the command line or a page.
    #[default]
    Administrator,
    /// The configuration file or the demo.
    File,
    /// The client itself (RFC 7591).
    Itself,
    /// Nobody: it is what the document says at the address that is its id
    /// (draft-ietf-oauth-client-id-metadata-document).
    MetadataDocument,
}

impl Client {
    /// Cannot keep a secret (RFC 6749, 2.1).
    pub fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == AuthMethod::None
    }

    /// Whether it authenticates with a secret, by sending it or by signing with it.
    pub fn has_secret(&self) -> bool {
        self.sends_secret() || self.signs_with_secret()
    }

    /// Whether it sends its secret.
    pub fn sends_secret(&self) -> bool {
        matches!(
            self.token_endpoint_auth_method,
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost
        )
    }

    /// Whether it signs with its secret, which it never sends.
    pub fn signs_with_secret(&self) -> bool {
        self.token_endpoint_auth_method == AuthMethod::ClientSecretJwt
    }

    /// Has this secret from now on, and no other.
    pub fn keep_secret(&mut self, secret: KeptSecret) {
        self.secret_hash = Some(secret.hash);
        self.sealed_secret = secret.sealed.filter(|_| self.signs_with_secret());
        self.previous_secret = None;
    }

    /// Goes on with the secrets that it had before its metadata changed, as far as its method has
    /// a use for them. Whether it needs a new one: it had none, or it signs with it from now on
    /// and only the hash was kept.
    pub fn go_on_with_secrets(&mut self, before: &Self) -> bool {
        let of_no_use = self.signs_with_secret() && before.sealed_secret.is_none();
        if !self.has_secret() || of_no_use || before.secret_hash.is_none() {
            return self.has_secret();
        }
        let signs = self.signs_with_secret();
        self.secret_hash = before.secret_hash;
        self.sealed_secret = before.sealed_secret.clone().filter(|_| signs);
        self.previous_secret = before
            .previous_secret
            .clone()
            .map(|previous| PreviousSecret {
                sealed: previous.sealed.filter(|_| signs),
                ..previous
            });
        false
    }

    /// What it may have of these scopes today.
    pub fn allowed_scope(&self, asked: &ScopeSet) -> Result<ScopeSet, ScopeError> {
        let list = self.scope.as_deref().map(ScopeSet::parse).transpose()?;
        Ok(asked.allowed(list.as_ref(), &self.house_scopes))
    }

    /// Whether it may ask for this at the authorization endpoint.
    pub fn may_receive(&self, kind: ResponseType) -> bool {
        let code = !kind.has_code() || self.may_use(GrantType::AuthorizationCode);
        let implicit = !kind.is_front_channel() || self.may_use(GrantType::Implicit);
        code && implicit && self.response_types.contains(&kind)
    }

    /// Whether it may send people here at all.
    pub fn signs_people_in(&self) -> bool {
        self.response_types
            .iter()
            .any(|kind| self.may_receive(*kind))
    }

    /// Whether nobody can be named to it: its names are those of a sector of which it is not known
    /// whether it belongs to it.
    pub fn is_without_names(&self) -> bool {
        self.sector_unread && self.tokens.subject_type == SubjectType::Pairwise
    }

    /// Whether nobody of the house made it: what it says of itself is its own word alone.
    pub const fn is_stranger(&self) -> bool {
        matches!(
            self.registered_by,
            RegisteredBy::Itself | RegisteredBy::MetadataDocument
        )
    }

    /// Whether it may use this grant.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }
}
