//! Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document): a `client_id` that
//! is an https URL, at which the client says what it is. Nobody registered it, so nothing that it
//! says of itself is more than a claim; only the host of the URL is known to be true.

use std::time::Duration;

use serde_json::{Map, Value, json};
use url::Url;

use super::client::{AuthMethod, Client, RegisteredBy};
use super::client_metadata::MetadataError;
use super::document_url::DocumentUrl;
use super::redirect_uri;
use super::registration::{self, Policy};

/// Longest document, in bytes (the draft, 6.6, advises 5 KB).
pub const MAX_DOCUMENT: usize = 5 * 1024;
/// No document is asked for more often, whatever its server says of caches.
pub const FLOOR: Duration = Duration::from_mins(1);
/// How long one is good whose server says nothing.
pub const USUAL: Duration = Duration::from_mins(5);
/// None is believed for longer, also while it cannot be read again: what the client withdrew, such
/// as a key, is good no longer.
pub const CEILING: Duration = Duration::from_hours(1);

/// The grants that such a client may have: it acts for people, and never for itself.
const GRANTS: [&str; 2] = ["authorization_code", "refresh_token"];

/// Why a document makes no client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFlaw {
    /// Not a JSON object.
    #[error("is not a JSON object")]
    NotJson,
    /// `client_id` is missing or another: it is somebody else's document.
    #[error("has another client_id than its own address")]
    OtherId,
    /// Whoever reads it knows it: a secret in it is none.
    #[error("has a client_secret, which everybody can read")]
    Secret,
    /// A method that rests on a shared secret.
    #[error("has a token_endpoint_auth_method other than none and private_key_jwt")]
    AuthMethod,
    /// What registration would refuse too.
    #[error("is refused: {0}")]
    Metadata(#[from] MetadataError),
}

impl DocumentFlaw {
    /// The flaw in words of ours alone: the document's own are not shown to people, to whom a
    /// stranger could talk by them.
    pub fn words(&self) -> String {
        let ours = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_[].".contains(letter)
        };
        match self {
            Self::Metadata(error) if error.member.chars().all(ours) && error.member.len() <= 64 => {
                format!("it is refused for its {}", error.member)
            }
            Self::Metadata(_) => "it is refused for one of its members".to_owned(),
            flaw => format!("it {flaw}"),
        }
    }
}

/// Reads and judges a document.
pub fn read(body: &[u8], url: &DocumentUrl, policy: &Policy) -> Result<Client, DocumentFlaw> {
    let document = serde_json::from_slice(body).map_err(|_| DocumentFlaw::NotJson)?;
    let Value::Object(members) = document else {
        return Err(DocumentFlaw::NotJson);
    };
    if members.get("client_id").and_then(Value::as_str) != Some(url.as_str()) {
        return Err(DocumentFlaw::OtherId);
    }
    if members.keys().any(|name| name.starts_with("client_secret")) {
        return Err(DocumentFlaw::Secret);
    }
    let suited = Value::Object(suited(members, url.host())?);
    let mut client = registration::admit(&suited, url.id().clone(), policy)?;
    if !matches!(
        client.token_endpoint_auth_method,
        AuthMethod::None | AuthMethod::PrivateKeyJwt
    ) {
        return Err(DocumentFlaw::AuthMethod);
    }
    client.registered_by = RegisteredBy::MetadataDocument;
    Ok(client)
}

/// The document as if it were written for this server alone. It is the same for every server that
/// reads it, so that grants which are not for us are no fault of it.
fn suited(
    mut members: Map<String, Value>,
    host: &str,
) -> Result<Map<String, Value>, MetadataError> {
    let absent =
        |members: &Map<String, Value>, name: &str| members.get(name).is_none_or(Value::is_null);
    if absent(&members, "token_endpoint_auth_method") {
        members.insert("token_endpoint_auth_method".to_owned(), json!("none"));
    }
    if absent(&members, "client_name") {
        members.insert("client_name".to_owned(), host.into());
    }
    if !absent(&members, "sector_identifier_uri") {
        // Its names for people are those of its own host: it must not get another's by a change.
        return Err(MetadataError::new(
            "sector_identifier_uri",
            "is not for metadata documents, whose sector is the host of client_id",
            "leave it out",
        ));
    }
    only_at_own_host(&members, host)?;
    keep(&mut members, "grant_types", &GRANTS);
    keep(&mut members, "response_types", &["code"]);
    if members.get("grant_types").is_some_and(lacks_code) {
        return Err(MetadataError::new(
            "grant_types",
            "has no authorization_code",
            "add it: nobody can sign in otherwise",
        ));
    }
    // Who is sent back to the machine itself runs there (RFC 8252, 7.3).
    if absent(&members, "application_type") && goes_to_loopback(&members) {
        members.insert("application_type".to_owned(), json!("native"));
    }
    Ok(members)
}

/// What this house fetches by the word of a document lies where that lies: nobody has it turn
/// against another's server.
fn only_at_own_host(members: &Map<String, Value>, host: &str) -> Result<(), MetadataError> {
    let elsewhere = |uri: &Value| {
        let url = uri.as_str().and_then(|text| Url::parse(text).ok());
        url.is_some_and(|url| url.host_str() != Some(host))
    };
    let lists = |name: &str| match members.get(name) {
        Some(Value::Array(list)) => list.iter().any(elsewhere),
        Some(uri) => elsewhere(uri),
        None => false,
    };
    for name in ["jwks_uri", "request_uris"] {
        if lists(name) {
            return Err(MetadataError::new(
                name,
                "is at another host than the document",
                "put it where client_id is",
            ));
        }
    }
    Ok(())
}

fn lacks_code(grants: &Value) -> bool {
    let grants = grants.as_array();
    grants.is_some_and(|grants| !grants.contains(&json!("authorization_code")))
}

/// Drops the words that are not among these; what is no word is left for others to refuse.
fn keep(members: &mut Map<String, Value>, name: &str, words: &[&str]) {
    if let Some(Value::Array(list)) = members.get_mut(name) {
        list.retain(|word| word.as_str().is_none_or(|word| words.contains(&word)));
    }
}

fn goes_to_loopback(members: &Map<String, Value>) -> bool {
    let uris = members.get("redirect_uris").and_then(Value::as_array);
    let mut uris = uris.into_iter().flatten().filter_map(Value::as_str);
    uris.any(redirect_uri::is_loopback)
}

/// How long a document is good by what its server says (RFC 9111, 5.2.2), within our bounds.
pub fn freshness(cache_control: Option<&str>) -> Duration {
    let Some(text) = cache_control else {
        return USUAL;
    };
    let directives = text
        .split(',')
        .map(|directive| directive.trim().to_ascii_lowercase());
    let ages = directives.filter_map(|directive| match directive.as_str() {
        "no-store" | "no-cache" => Some(Duration::ZERO),
        _ => {
            let seconds = directive.strip_prefix("max-age=")?.trim_matches('"');
            let digits = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
            // More than fits is more than we take.
            digits.then(|| Duration::from_secs(seconds.parse().unwrap_or(u64::MAX)))
        }
    });
    ages.min().unwrap_or(USUAL).clamp(FLOOR, CEILING)
}

/// Whether an answer says that it is JSON: what people may upload somewhere, as pictures or text,
/// is no document of that host.
pub fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    kind.strip_prefix("application/")
        .is_some_and(|name| name == "json" || name.ends_with("+json"))
}

#[cfg(test)]
mod tests;
