//! Client metadata as JSON (RFC 7591, 2), read into a [`Client`] and written again.
//!
//! Each error names the member and the remedy. Members without a meaning here are ignored
//! (RFC 7591, 2), but for those that ask for protection that would not be given.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::assertion_alg::AssertionAlg;
use super::client::{
    ApplicationType, AuthMethod, Client, DEVICE_CODE, GrantType, LogoutScope, RegisteredBy,
};
use super::client_request_rules;
use super::client_requests::ClientRequests;
use super::client_rules;
pub use super::client_rules::{MetadataError, checked_id};
use super::client_token_rules;
use super::client_tokens::ClientTokens;
use super::depth::{MAX_DEPTH, too_deep};
use super::response_type::ResponseType;
use super::scope::ScopeSet;
use crate::entropy::ClientId;

/// The names of all members that are read, for those who take no others.
pub const MEMBERS: [&str; 26] = [
    "client_name",
    "redirect_uris",
    "post_logout_redirect_uris",
    "grant_types",
    "response_types",
    "token_endpoint_auth_method",
    "pin_auth_method",
    "token_endpoint_auth_signing_alg",
    "require_issuer_audience",
    "jwks",
    "jwks_uri",
    "application_type",
    "id_token_signed_response_alg",
    "scope",
    "first_party",
    "require_pkce",
    "default_max_age",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
    "notify_on_idle",
    "logout_scope",
    "client_uri",
    "logo_uri",
    "initiate_login_uri",
    "policy_uri",
    "tos_uri",
];

/// Most characters of a name that somebody made up, where an error names it.
const MAX_TOLD: usize = 64;

/// The members that are read. Absent and null are the same.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Members {
    client_name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    post_logout_redirect_uris: Option<Vec<String>>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    pin_auth_method: Option<bool>,
    token_endpoint_auth_signing_alg: Option<String>,
    require_issuer_audience: Option<bool>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    application_type: Option<String>,
    id_token_signed_response_alg: Option<String>,
    scope: Option<String>,
    first_party: Option<bool>,
    require_pkce: Option<bool>,
    default_max_age: Option<u64>,
    backchannel_logout_uri: Option<String>,
    frontchannel_logout_uri: Option<String>,
    notify_on_idle: Option<bool>,
    logout_scope: Option<String>,
    client_uri: Option<String>,
    logo_uri: Option<String>,
    initiate_login_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
}

/// Reads and judges a client. Its secret is not part of the metadata.
pub fn parse(metadata: &Value, client_id: ClientId) -> Result<Client, MetadataError> {
    if !metadata.is_object() {
        return Err(MetadataError::new(
            "metadata",
            "is not a JSON object",
            "write { … }",
        ));
    }
    refuse_deep(metadata)?;
    refuse_unmet(metadata)?;
    let members: Members = serde_path_to_error::deserialize(metadata).map_err(|error| {
        MetadataError::of_type(error.path().to_string(), error.inner().to_string())
    })?;
    let mut client = build(members, client_token_rules::parse(metadata)?, client_id)?;
    client.requests = client_request_rules::parse(metadata)?;
    client_rules::check(&client)?;
    client_token_rules::check(&client)?;
    client_request_rules::check(&client)?;
    Ok(client)
}

/// Also of members that are not read: nobody needs them so deep.
fn refuse_deep(metadata: &Value) -> Result<(), MetadataError> {
    let members = metadata.as_object().into_iter().flatten();
    match members.into_iter().find(|(_, value)| too_deep(value)) {
        Some((member, _)) => Err(MetadataError::new(
            member.chars().take(MAX_TOLD).collect::<String>(),
            format!("nests deeper than {MAX_DEPTH} levels"),
            "write fewer objects and lists in one another, or leave it out",
        )),
        None => Ok(()),
    }
}

/// The client under the names of RFC 7591, defaults filled in, the secret never.
pub fn to_json(client: &Client) -> Value {
    let mut metadata = serde_json::to_value(client).unwrap_or_default();
    if let Some(members) = metadata.as_object_mut() {
        // Ours alone.
        members.remove("enabled_since");
        members.remove("sector_unread");
        let types = client.response_types.iter();
        let types: Vec<_> = types.filter(|kind| client.may_receive(**kind)).collect();
        members.insert("response_types".to_owned(), json!(types));
        // `sid` is always sent (Front-Channel Logout 1.0, 2; Back-Channel Logout 1.0, 2.2).
        for channel in ["backchannel_logout", "frontchannel_logout"] {
            if members.contains_key(&format!("{channel}_uri")) {
                members.insert(format!("{channel}_session_required"), json!(true));
            }
        }
    }
    metadata
}

fn build(
    members: Members,
    tokens: ClientTokens,
    client_id: ClientId,
) -> Result<Client, MetadataError> {
    let grant_types = grant_types(members.grant_types)?;
    Ok(Client {
        client_name: named(members.client_name.as_deref(), &client_id),
        client_id,
        redirect_uris: distinct(members.redirect_uris.unwrap_or_default()),
        post_logout_redirect_uris: distinct(members.post_logout_redirect_uris.unwrap_or_default()),
        response_types: response_types(members.response_types, &grant_types)?,
        grant_types,
        token_endpoint_auth_method: auth_method(members.token_endpoint_auth_method.as_deref())?,
        pin_auth_method: members.pin_auth_method.unwrap_or(false),
        token_endpoint_auth_signing_alg: signing_alg(members.token_endpoint_auth_signing_alg)?,
        require_issuer_audience: members.require_issuer_audience.unwrap_or(false),
        jwks: members.jwks,
        jwks_uri: present(members.jwks_uri),
        application_type: pick(
            "application_type",
            members.application_type.as_deref(),
            &[
                ("web", ApplicationType::Web),
                ("native", ApplicationType::Native),
            ],
        )?,
        id_token_signed_response_alg: client_token_rules::alg(
            "id_token_signed_response_alg",
            members.id_token_signed_response_alg,
        )?
        .unwrap_or_default(),
        tokens,
        requests: ClientRequests::default(),
        scope: scope(members.scope)?,
        first_party: members.first_party.unwrap_or(false),
        require_pkce: members.require_pkce.unwrap_or(true),
        default_max_age: members.default_max_age,
        backchannel_logout_uri: present(members.backchannel_logout_uri),
        frontchannel_logout_uri: present(members.frontchannel_logout_uri),
        notify_on_idle: members.notify_on_idle.unwrap_or(true),
        logout_scope: pick(
            "logout_scope",
            members.logout_scope.as_deref(),
            &[LogoutScope::Sso, LogoutScope::Client, LogoutScope::Ask]
                .map(|scope| (scope.as_str(), scope)),
        )?,
        client_uri: present(members.client_uri),
        logo_uri: present(members.logo_uri),
        initiate_login_uri: present(members.initiate_login_uri),
        policy_uri: present(members.policy_uri),
        tos_uri: present(members.tos_uri),
        secret_hash: None,
        sealed_secret: None,
        previous_secret: None,
        enabled: true,
        enabled_since: None,
        sector_unread: false,
        house_scopes: Arc::default(),
        registered_by: RegisteredBy::default(),
    })
}

/// The name of a client; its id if it has none.
fn named(name: Option<&str>, client_id: &ClientId) -> String {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    name.map_or_else(|| client_id.to_string(), ToOwned::to_owned)
}

/// The value of a word; the first of the table if there is none.
fn pick<T: Copy>(
    member: &str,
    wanted: Option<&str>,
    table: &[(&str, T)],
) -> Result<T, MetadataError> {
    let found = table
        .iter()
        .find(|(word, _)| wanted.is_none_or(|wanted| wanted == *word));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
        MetadataError::new(member, unsupported(wanted), one_of(&words))
    })
}

/// RFC 7591, 2: `authorization_code` unless said otherwise.
fn grant_types(given: Option<Vec<String>>) -> Result<Vec<GrantType>, MetadataError> {
    let table = [
        ("authorization_code", GrantType::AuthorizationCode),
        ("refresh_token", GrantType::RefreshToken),
        ("client_credentials", GrantType::ClientCredentials),
        (DEVICE_CODE, GrantType::DeviceCode),
        ("implicit", GrantType::Implicit),
    ];
    let Some(given) = given else {
        return Ok(vec![GrantType::AuthorizationCode]);
    };
    let kinds = given.iter().enumerate();
    let kinds =
        kinds.map(|(at, word)| pick(&format!("grant_types[{at}]"), Some(word.as_str()), &table));
    Ok(distinct(kinds.collect::<Result<_, _>>()?))
}

/// Core 1.0, 9.
fn auth_method(given: Option<&str>) -> Result<AuthMethod, MetadataError> {
    let table = [
        ("client_secret_basic", AuthMethod::ClientSecretBasic),
        ("client_secret_post", AuthMethod::ClientSecretPost),
        ("client_secret_jwt", AuthMethod::ClientSecretJwt),
        ("private_key_jwt", AuthMethod::PrivateKeyJwt),
        ("none", AuthMethod::None),
    ];
    pick("token_endpoint_auth_method", given, &table)
}

/// The algorithm of assertions, if one is pinned.
fn signing_alg(given: Option<String>) -> Result<Option<AssertionAlg>, MetadataError> {
    let table: Vec<_> = AssertionAlg::all().map(|alg| (alg.as_str(), alg)).collect();
    let given = present(given);
    given
        .map(|word| pick("token_endpoint_auth_signing_alg", Some(&word), &table))
        .transpose()
}

/// RFC 7591, 2: `code` unless said otherwise, where there is a grant for it.
fn response_types(
    given: Option<Vec<String>>,
    grants: &[GrantType],
) -> Result<Vec<ResponseType>, MetadataError> {
    let Some(given) = given else {
        let code = grants.contains(&GrantType::AuthorizationCode);
        return Ok(code.then_some(ResponseType::Code).into_iter().collect());
    };
    let kinds = given.iter().enumerate().map(|(at, text)| {
        ResponseType::parse(text).ok_or_else(|| {
            let words = ResponseType::ALL.map(ResponseType::as_str);
            let member = format!("response_types[{at}]");
            MetadataError::new(member, unsupported(Some(text)), one_of(&words))
        })
    });
    Ok(distinct(kinds.collect::<Result<_, _>>()?))
}

fn scope(given: Option<String>) -> Result<Option<String>, MetadataError> {
    given
        .map(|text| ScopeSet::parse(&text).map(|scopes| scopes.to_string()))
        .transpose()
        .map_err(|error| {
            let remedy = "write scopes separated by single spaces";
            MetadataError::new("scope", error.to_string(), remedy)
        })
}

/// Members that ask for a protection: to ignore one would be to pretend it.
fn refuse_unmet(metadata: &Value) -> Result<(), MetadataError> {
    const FLAGS: [&str; 1] = ["tls_client_certificate_bound_access_tokens"];
    const ALGORITHMS: [&str; 3] = [
        "id_token_encrypted_response_alg",
        "userinfo_encrypted_response_alg",
        "introspection_encrypted_response_alg",
    ];
    let flag = FLAGS
        .iter()
        .find(|name| metadata.get(**name) == Some(&Value::Bool(true)));
    let algorithm = ALGORITHMS
        .iter()
        .find(|name| metadata.get(**name).is_some_and(|value| !value.is_null()));
    if let Some(name) = flag.or(algorithm) {
        return Err(MetadataError::new(
            *name,
            "is not supported",
            "leave it out",
        ));
    }
    Ok(())
}

fn unsupported(word: Option<&str>) -> String {
    let short: String = word.unwrap_or_default().chars().take(60).collect();
    format!("{short:?} is not supported")
}

fn one_of(words: &[&str]) -> String {
    match words {
        [only] => format!("write {only}"),
        _ => format!("write one of {}", words.join(", ")),
    }
}

/// An empty text is none: forms send it for a field left blank.
fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn distinct<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut kept = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
