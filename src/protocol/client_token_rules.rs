//! How what a client says of its tokens is read, and what holds for it. What one house allows is
//! for [`super::client_bounds`].

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use url::{Host, Url};

use super::client::Client;
use super::client_rules::MetadataError;
use super::client_tokens::{AccessTokenFormat, ClientTokens, SubjectType};
use super::document_url;
use super::redirect_uri;
use super::signing_alg::SigningAlg;

/// Shorter ones run out on their way.
const SHORTEST: u64 = 30;
/// Most `access_token_audiences`.
const MAX_AUDIENCES: usize = 20;
/// Longest audience, in bytes.
const MAX_AUDIENCE: usize = 500;

/// The members as JSON. Absent and null are the same, and so is an empty text.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Members {
    access_token_format: Option<String>,
    access_token_lifetime: Option<u64>,
    id_token_lifetime: Option<u64>,
    refresh_token_idle_timeout: Option<u64>,
    refresh_token_lifetime: Option<u64>,
    access_token_audiences: Option<Vec<String>>,
    subject_type: Option<String>,
    sector_identifier_uri: Option<String>,
    userinfo_signed_response_alg: Option<String>,
    introspection_signed_response_alg: Option<String>,
    dpop_bound_access_tokens: Option<bool>,
}

/// Reads them from the metadata of a client.
pub(super) fn parse(metadata: &Value) -> Result<ClientTokens, MetadataError> {
    let members: Members = serde_path_to_error::deserialize(metadata).map_err(|error| {
        MetadataError::of_type(error.path().to_string(), error.inner().to_string())
    })?;
    let formats = [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque];
    let types = [SubjectType::Public, SubjectType::Pairwise];
    Ok(ClientTokens {
        access_token_format: word(
            "access_token_format",
            members.access_token_format,
            &formats.map(|format| (format.as_str(), format)),
        )?
        .unwrap_or_default(),
        access_token_lifetime: members.access_token_lifetime,
        id_token_lifetime: members.id_token_lifetime,
        refresh_token_idle_timeout: members.refresh_token_idle_timeout,
        refresh_token_lifetime: members.refresh_token_lifetime,
        access_token_audiences: distinct(members.access_token_audiences.unwrap_or_default()),
        subject_type: word(
            "subject_type",
            members.subject_type,
            &types.map(|kind| (kind.as_str(), kind)),
        )?
        .unwrap_or_default(),
        sector_identifier_uri: members.sector_identifier_uri.filter(|uri| !uri.is_empty()),
        userinfo_signed_response_alg: alg(
            "userinfo_signed_response_alg",
            members.userinfo_signed_response_alg,
        )?,
        introspection_signed_response_alg: alg(
            "introspection_signed_response_alg",
            members.introspection_signed_response_alg,
        )?,
        dpop_bound_access_tokens: members.dpop_bound_access_tokens.unwrap_or(false),
    })
}

/// An algorithm that a member names.
pub(super) fn alg(
    member: &str,
    given: Option<String>,
) -> Result<Option<SigningAlg>, MetadataError> {
    word(
        member,
        given,
        &SigningAlg::ALL.map(|alg| (alg.as_str(), alg)),
    )
}

fn word<T: Copy>(
    member: &str,
    given: Option<String>,
    table: &[(&str, T)],
) -> Result<Option<T>, MetadataError> {
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        return Ok(None);
    };
    let found = table.iter().find(|(word, _)| *word == given);
    found.map(|(_, value)| Some(*value)).ok_or_else(|| {
        let short: String = given.chars().take(60).collect();
        let words: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
        MetadataError::new(
            member,
            format!("{short:?} is not supported"),
            format!("write one of {}", words.join(", ")),
        )
    })
}

fn distinct(items: Vec<String>) -> Vec<String> {
    let mut known = BTreeSet::new();
    let new = |item: &String| known.insert(item.clone());
    items.into_iter().filter(new).collect()
}

/// Judges them, of the whole client.
pub(super) fn check(client: &Client) -> Result<(), MetadataError> {
    let tokens = &client.tokens;
    for (member, seconds) in [
        ("access_token_lifetime", tokens.access_token_lifetime),
        ("id_token_lifetime", tokens.id_token_lifetime),
        (
            "refresh_token_idle_timeout",
            tokens.refresh_token_idle_timeout,
        ),
        ("refresh_token_lifetime", tokens.refresh_token_lifetime),
    ] {
        if seconds.is_some_and(|seconds| seconds < SHORTEST) {
            let problem = format!("is shorter than {SHORTEST} seconds");
            let remedy = format!("write {SHORTEST} or more, or leave it out");
            return Err(MetadataError::new(member, problem, remedy));
        }
    }
    if let (Some(idle), Some(lifetime)) = (
        tokens.refresh_token_idle_timeout,
        tokens.refresh_token_lifetime,
    ) && idle > lifetime
    {
        return Err(MetadataError::new(
            "refresh_token_idle_timeout",
            "is longer than refresh_token_lifetime",
            format!("write {lifetime} or less"),
        ));
    }
    check_audiences(&tokens.access_token_audiences)?;
    check_bound(client)?;
    check_sector(client)
}

/// A token that comes by way of the browser comes without a proof (RFC 9449, 5): nothing could bind
/// it.
fn check_bound(client: &Client) -> Result<(), MetadataError> {
    let loose = client.response_types.iter().find(|kind| kind.has_token());
    match loose {
        Some(kind) if client.tokens.dpop_bound_access_tokens => Err(MetadataError::new(
            "dpop_bound_access_tokens",
            format!(
                "is true, but response_types has {}, whose access token cannot be bound",
                kind.as_str()
            ),
            "leave response types with token out, or this",
        )),
        _ => Ok(()),
    }
}

fn check_audiences(audiences: &[String]) -> Result<(), MetadataError> {
    if audiences.len() > MAX_AUDIENCES {
        return Err(MetadataError::new(
            "access_token_audiences",
            format!("has more than {MAX_AUDIENCES} entries"),
            "leave some out",
        ));
    }
    let good = |audience: &String| {
        (1..=MAX_AUDIENCE).contains(&audience.len())
            && audience.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match audiences.iter().position(|audience| !good(audience)) {
        Some(at) => Err(MetadataError::new(
            format!("access_token_audiences[{at}]"),
            format!("is empty, longer than {MAX_AUDIENCE} bytes, or has spaces or other letters"),
            "write the identifier of an API, such as https://api.example.com",
        )),
        None => Ok(()),
    }
}

/// Core 1.0, 8.1: without a document that lists them, redirect URIs must be of one host.
fn check_sector(client: &Client) -> Result<(), MetadataError> {
    let refuse =
        |problem: &str, remedy: &str| MetadataError::new("sector_identifier_uri", problem, remedy);
    if let Some(uri) = &client.tokens.sector_identifier_uri {
        // Plain http is for this machine alone, as everywhere.
        let safe = uri.starts_with("https:") || redirect_uri::is_loopback(uri);
        let good = safe && redirect_uri::validate_link(uri).is_ok() && host(uri).is_some();
        return if good {
            Ok(())
        } else {
            Err(refuse(
                "is no address with https",
                "write one such as https://example.com/apps.json",
            ))
        };
    }
    if client.tokens.subject_type == SubjectType::Public {
        return Ok(());
    }
    let mut hosts = client.redirect_uris.iter().map(|uri| host(uri));
    let first = hosts.next();
    match first {
        Some(Some(first)) if hosts.all(|host| host.as_ref() == Some(&first)) => Ok(()),
        _ => Err(refuse(
            "is absent, but subject_type is pairwise and redirect_uris have not one host",
            "publish a document with all of redirect_uris, and write its address here",
        )),
    }
}

/// The sector of a client (Core 1.0, 8.1): a host name. None if subjects are public.
pub fn sector(client: &Client) -> Option<String> {
    if client.tokens.subject_type == SubjectType::Public {
        return None;
    }
    // What it says of its addresses may change from one minute to the next; its id does not.
    if let Some(host) = document_url::vouching_host(client) {
        return Some(host);
    }
    let uri = client.tokens.sector_identifier_uri.as_ref();
    host(uri.or_else(|| client.redirect_uris.first())?)
}

/// The host of an address of the web.
fn host(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    if !matches!(url.scheme(), "https" | "http") {
        return None;
    }
    url.host().map(|host: Host<&str>| host.to_string())
}

/// Judges the document at `sector_identifier_uri`: a JSON array that has all redirect URIs
/// (Registration 1.0, 5).
pub fn check_sector_document(client: &Client, document: &[u8]) -> Result<(), MetadataError> {
    let refuse = |problem: String| {
        let remedy = "publish a JSON array there that has all of redirect_uris";
        MetadataError::new("sector_identifier_uri", problem, remedy)
    };
    let listed: BTreeSet<String> = serde_json::from_slice(document)
        .map_err(|_| refuse("leads to something else than a JSON array of texts".to_owned()))?;
    let missing = client
        .redirect_uris
        .iter()
        .find(|uri| !listed.contains(*uri));
    match missing {
        Some(uri) => Err(refuse(format!("leads to a list without {uri}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::client_metadata;
    use super::*;
    use crate::entropy::ClientId;

    fn read(changes: &Value) -> Result<Client, MetadataError> {
        let mut metadata = json!({ "redirect_uris": ["https://a.example/cb"] });
        if let (Some(members), Some(changes)) = (metadata.as_object_mut(), changes.as_object()) {
            members.extend(changes.clone());
        }
        client_metadata::parse(&metadata, ClientId::new("a"))
    }

    /// Member, its bad value, the member that the error names.
    const BAD: &[(&str, &str, &str)] = &[
        ("access_token_format", r#""JWT""#, "access_token_format"),
        ("access_token_format", "1", "access_token_format"),
        ("access_token_lifetime", "29", "access_token_lifetime"),
        ("access_token_lifetime", "0", "access_token_lifetime"),
        ("access_token_lifetime", "-1", "access_token_lifetime"),
        ("id_token_lifetime", r#""300""#, "id_token_lifetime"),
        ("refresh_token_lifetime", "1.5", "refresh_token_lifetime"),
        (
            "refresh_token_idle_timeout",
            "1",
            "refresh_token_idle_timeout",
        ),
        (
            "access_token_audiences",
            r#"["a b"]"#,
            "access_token_audiences[0]",
        ),
        (
            "access_token_audiences",
            r#"["a", ""]"#,
            "access_token_audiences[1]",
        ),
        ("subject_type", r#""Pairwise""#, "subject_type"),
        (
            "sector_identifier_uri",
            r#""http://a.example/""#,
            "sector_identifier_uri",
        ),
        (
            "sector_identifier_uri",
            r#""data:,[]""#,
            "sector_identifier_uri",
        ),
        (
            "userinfo_signed_response_alg",
            r#""none""#,
            "userinfo_signed_response_alg",
        ),
        (
            "introspection_signed_response_alg",
            r#""HS256""#,
            "introspection_signed_response_alg",
        ),
    ];

    #[test]
    fn each_bad_value_is_refused_at_its_member() {
        for (member, value, at) in BAD {
            let value: Value = serde_json::from_str(value).unwrap();
            let error = read(&json!({ *member: value })).unwrap_err();
            assert_eq!(error.member, *at, "{value}");
        }
        let both = json!({ "refresh_token_idle_timeout": 61, "refresh_token_lifetime": 60 });
        let error = read(&both).unwrap_err();
        assert_eq!(error.member, "refresh_token_idle_timeout");
    }

    #[test]
    fn lists_of_audiences_are_bounded() {
        let long = "a".repeat(MAX_AUDIENCE + 1);
        let error = read(&json!({ "access_token_audiences": [long] })).unwrap_err();
        assert_eq!(error.member, "access_token_audiences[0]");
        let many: Vec<String> = (0..=MAX_AUDIENCES).map(|n| n.to_string()).collect();
        let error = read(&json!({ "access_token_audiences": many })).unwrap_err();
        assert_eq!(error.member, "access_token_audiences");
    }

    #[test]
    fn pairwise_subjects_need_one_host_or_a_document() {
        let two = json!(["https://a.example/cb", "https://b.example/cb"]);
        let native = json!(["com.example.a:/cb"]);
        for (uris, kind) in [(two.clone(), "web"), (native, "native")] {
            let changes = json!({
                "redirect_uris": uris, "subject_type": "pairwise", "application_type": kind,
            });
            let error = read(&changes).unwrap_err();
            assert_eq!(error.member, "sector_identifier_uri", "{uris}");
        }
        let sector_of = |changes: &Value| sector(&read(changes).unwrap());
        let pairwise = json!({ "subject_type": "pairwise" });
        assert_eq!(sector_of(&pairwise).as_deref(), Some("a.example"));
        let listed = json!({
            "redirect_uris": two, "subject_type": "pairwise",
            "sector_identifier_uri": "https://sector.example:8443/list",
        });
        assert_eq!(sector_of(&listed).as_deref(), Some("sector.example"));
        assert_eq!(sector_of(&json!({})), None);
        let ports = json!({
            "subject_type": "pairwise",
            "redirect_uris": ["https://a.example:1/cb", "https://A.example:2/cb"],
        });
        assert_eq!(sector_of(&ports).as_deref(), Some("a.example"));
    }

    #[test]
    fn the_document_of_a_sector_has_every_redirect_uri() {
        let client = read(&json!({})).unwrap();
        for document in [
            "",
            "{}",
            "[1]",
            "[]",
            r#"["https://a.example/"]"#,
            r#"["https://a.example/cb/"]"#,
            r#"{"redirect_uris": ["https://a.example/cb"]}"#,
        ] {
            let error = check_sector_document(&client, document.as_bytes()).unwrap_err();
            assert_eq!(error.member, "sector_identifier_uri", "{document}");
        }
        let good = br#"["https://b.example/", "https://a.example/cb"]"#;
        assert_eq!(check_sector_document(&client, good), Ok(()));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let full = json!({
            "access_token_format": "opaque", "access_token_lifetime": 60,
            "id_token_lifetime": 90, "refresh_token_idle_timeout": 600,
            "refresh_token_lifetime": 6000, "subject_type": "pairwise",
            "access_token_audiences": ["https://api.example"],
            "sector_identifier_uri": "https://a.example/list",
            "userinfo_signed_response_alg": "EdDSA",
            "introspection_signed_response_alg": "PS256", "dpop_bound_access_tokens": true,
        });
        let client = read(&full).unwrap();
        let written = client_metadata::to_json(&client);
        for (member, value) in full.as_object().unwrap() {
            assert_eq!(&written[member], value, "{member}");
        }
        let again: Client = serde_json::from_value(written).unwrap();
        assert_eq!(again.tokens, client.tokens);
    }
}
