//! What holds for every client, however it was made or changed. Judge the client that results,
//! never the change alone: two harmless halves can make a forbidden whole.

use serde::Serialize;

use super::assertion_alg::AssertionAlg;
use super::client::{ApplicationType, AuthMethod, Client, GrantType};
use super::initiate_login;
use super::jose::ForeignKeys;
use super::redirect_uri::{self, LogoutUri, Why};
use crate::entropy::ClientId;

/// Longest `client_name`, in characters.
pub const MAX_NAME: usize = 100;
/// Most URIs in one list.
pub const MAX_URIS: usize = 50;

/// What is wrong with a member, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{member}: {problem}; {remedy}")]
pub struct MetadataError {
    /// Its name, with the place in a list: `redirect_uris[0]`.
    pub member: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl MetadataError {
    /// An error at a member.
    pub fn new(
        member: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            member: member.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// A member of another type than it must be, in the words of serde.
    pub(super) fn of_type(member: String, problem: String) -> Self {
        let remedy = if problem.ends_with("expected a sequence") {
            "write a list: [\"…\"]"
        } else {
            "write the type that is expected"
        };
        Self::new(member, problem, remedy)
    }
}

/// An id that somebody chose. Some clients do not form-encode their id in HTTP Basic, so it must
/// not need it; and it must never be a person's.
pub fn checked_id(id: &str) -> Result<ClientId, MetadataError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if id.is_empty() || id.len() > 128 || !id.bytes().all(good) {
        return Err(MetadataError::new(
            "client_id",
            "is empty, too long, or has other characters",
            "use 1 to 128 letters, digits, hyphens, underscores and dots",
        ));
    }
    if id.starts_with("u_") {
        return Err(MetadataError::new(
            "client_id",
            "starts with u_, but such ids belong to people",
            "choose another",
        ));
    }
    // Admin pages have the id in their path, where browsers take dots alone for "here" and "up".
    if ["new", ".", ".."].contains(&id) {
        return Err(MetadataError::new(
            "client_id",
            "is a word that addresses of pages need",
            "choose another",
        ));
    }
    Ok(ClientId::new(id))
}

/// Judges the whole client.
pub fn check(client: &Client) -> Result<(), MetadataError> {
    check_name(client)?;
    check_grants(client)?;
    check_redirect_uris(client)?;
    check_keys(client)?;
    check_logout_uris(client)?;
    check_links(client)?;
    if client.is_public() && !client.require_pkce {
        return Err(MetadataError::new(
            "require_pkce",
            "is false, but the client is public",
            "leave it true, or give the client a secret by token_endpoint_auth_method",
        ));
    }
    Ok(())
}

/// The name is shown where people decide whom to trust: it must not hide or reorder letters.
fn check_name(client: &Client) -> Result<(), MetadataError> {
    let name = &client.client_name;
    if name.is_empty() || name.chars().count() > MAX_NAME {
        let problem = format!("is empty or longer than {MAX_NAME} characters");
        return Err(MetadataError::new(
            "client_name",
            problem,
            "write a short name",
        ));
    }
    if name.to_lowercase().trim() == "lanyard" {
        return Err(MetadataError::new(
            "client_name",
            "is the name of the sign-in itself",
            "write the name of the app",
        ));
    }
    if name.chars().any(is_deceptive) {
        return Err(MetadataError::new(
            "client_name",
            "has an invisible character",
            "write visible letters",
        ));
    }
    Ok(())
}

/// Controls, marks of writing direction, and letters without a width.
pub(super) fn is_deceptive(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
        )
}

fn check_grants(client: &Client) -> Result<(), MetadataError> {
    let code = client.may_use(GrantType::AuthorizationCode);
    let device = client.may_use(GrantType::DeviceCode);
    if client.may_use(GrantType::RefreshToken) && !code && !device {
        return Err(MetadataError::new(
            "grant_types",
            "has refresh_token without a grant that yields one",
            "add authorization_code, or that of devices (RFC 8628)",
        ));
    }
    if client.may_use(GrantType::ClientCredentials) && client.is_public() {
        return Err(MetadataError::new(
            "grant_types",
            "has client_credentials, but the client is public",
            "leave it out, or give the client a secret or keys by token_endpoint_auth_method",
        ));
    }
    check_response_types(client)?;
    if client.signs_people_in() && client.redirect_uris.is_empty() {
        return Err(MetadataError::new(
            "redirect_uris",
            "is empty",
            "write at least one, such as https://app.example.com/callback",
        ));
    }
    Ok(())
}

/// RFC 7591, 2.1: each response type belongs to grants. Who registers one must name both, so that
/// nobody gets the implicit flow by mistake.
fn check_response_types(client: &Client) -> Result<(), MetadataError> {
    let types = &client.response_types;
    let code = client.may_use(GrantType::AuthorizationCode);
    let implicit = client.may_use(GrantType::Implicit);
    let refuse = |member: &str, problem: &str, remedy: &str| {
        Err(MetadataError::new(member, problem, remedy))
    };
    if code && !types.iter().any(|kind| kind.has_code()) {
        return refuse(
            "response_types",
            "has no code, but grant_types has authorization_code",
            "add code",
        );
    }
    if !code && types.iter().any(|kind| kind.has_code()) {
        return refuse(
            "response_types",
            "has a code, but grant_types has no authorization_code",
            "add authorization_code to grant_types",
        );
    }
    if implicit != types.iter().any(|kind| kind.is_front_channel()) {
        return refuse(
            "grant_types",
            "must have implicit if response_types has id_token or token, and only then",
            "add it here, or leave id_token and token out of response_types",
        );
    }
    Ok(())
}

/// RFC 7591, 2: one of `jwks` and `jwks_uri`, and one is needed for what the client signs.
fn check_keys(client: &Client) -> Result<(), MetadataError> {
    if client.jwks.is_some() && client.jwks_uri.is_some() {
        return Err(MetadataError::new(
            "jwks_uri",
            "is given beside jwks",
            "leave one of the two out",
        ));
    }
    if let Some(keys) = &client.jwks {
        ForeignKeys::parse(keys).map_err(|flaw| {
            let remedy = "write {\"keys\": [...]} with at most 20 public keys (RSA of 2048 bits or \
                          more, P-256, P-384 or Ed25519)";
            MetadataError::new("jwks", flaw.to_string(), remedy)
        })?;
    }
    if let Some(uri) = &client.jwks_uri {
        redirect_uri::validate_link(uri).map_err(|why| refuse("jwks_uri".to_owned(), why))?;
    }
    let by_key = client.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt;
    if by_key && client.jwks.is_none() && client.jwks_uri.is_none() {
        return Err(MetadataError::new(
            "jwks",
            "is absent, but token_endpoint_auth_method is private_key_jwt",
            "write the client's public keys, or where they are in jwks_uri",
        ));
    }
    check_assertion_alg(client)
}

/// A key and a secret have algorithms of their own (RFC 8725, 2.1): none may be taken for the other.
fn check_assertion_alg(client: &Client) -> Result<(), MetadataError> {
    let Some(alg) = client.token_endpoint_auth_signing_alg else {
        return Ok(());
    };
    let (problem, remedy) = match (client.token_endpoint_auth_method, alg) {
        (AuthMethod::PrivateKeyJwt, AssertionAlg::Key(_))
        | (AuthMethod::ClientSecretJwt, AssertionAlg::Secret(_)) => return Ok(()),
        (AuthMethod::PrivateKeyJwt, AssertionAlg::Secret(_)) => (
            "needs a secret, but token_endpoint_auth_method is private_key_jwt",
            "write an algorithm of keys, such as ES256, or leave it out",
        ),
        (AuthMethod::ClientSecretJwt, AssertionAlg::Key(_)) => (
            "needs a key, but token_endpoint_auth_method is client_secret_jwt",
            "write HS256, HS384 or HS512, or leave it out",
        ),
        _ => (
            "is given, but token_endpoint_auth_method is neither private_key_jwt nor \
             client_secret_jwt",
            "leave it out",
        ),
    };
    Err(MetadataError::new(
        "token_endpoint_auth_signing_alg",
        problem,
        remedy,
    ))
}

fn check_redirect_uris(client: &Client) -> Result<(), MetadataError> {
    let kind = client.application_type;
    each("redirect_uris", &client.redirect_uris, |uri| {
        redirect_uri::validate_registration(uri, kind)
    })?;
    each(
        "post_logout_redirect_uris",
        &client.post_logout_redirect_uris,
        |uri| redirect_uri::validate_logout_uri(LogoutUri::PostLogout, uri, client),
    )
}

fn check_logout_uris(client: &Client) -> Result<(), MetadataError> {
    let table = [
        (
            "backchannel_logout_uri",
            &client.backchannel_logout_uri,
            LogoutUri::BackChannel,
        ),
        (
            "frontchannel_logout_uri",
            &client.frontchannel_logout_uri,
            LogoutUri::FrontChannel,
        ),
    ];
    for (member, uri, kind) in table {
        if let Some(uri) = uri {
            redirect_uri::validate_logout_uri(kind, uri, client)
                .map_err(|why| refuse(member.to_owned(), why))?;
        }
    }
    Ok(())
}

fn check_links(client: &Client) -> Result<(), MetadataError> {
    let table = [
        ("client_uri", &client.client_uri),
        ("logo_uri", &client.logo_uri),
        ("policy_uri", &client.policy_uri),
        ("tos_uri", &client.tos_uri),
    ];
    if let Some(uri) = &client.initiate_login_uri {
        check_initiate_login(uri)?;
    }
    for (member, uri) in table {
        if let Some(uri) = uri {
            redirect_uri::validate_link(uri).map_err(|why| refuse(member.to_owned(), why))?;
        }
    }
    Ok(())
}

/// Core 1.0, 4, and Registration 1.0, 2: https. We add parameters to its query, so that ours must
/// not stand there.
fn check_initiate_login(uri: &str) -> Result<(), MetadataError> {
    const MEMBER: &str = "initiate_login_uri";
    redirect_uri::validate_registration(uri, ApplicationType::Web)
        .map_err(|why| refuse(MEMBER.to_owned(), why))?;
    if initiate_login::asks_for_ours(uri) {
        return Err(MetadataError::new(
            MEMBER,
            "has iss, login_hint or target_link_uri in its query",
            "remove it: we write these ourselves",
        ));
    }
    Ok(())
}

fn each(
    member: &str,
    uris: &[String],
    judge: impl Fn(&str) -> Result<(), Why>,
) -> Result<(), MetadataError> {
    if uris.len() > MAX_URIS {
        let problem = format!("has more than {MAX_URIS} entries");
        return Err(MetadataError::new(member, problem, "leave some out"));
    }
    for (at, uri) in uris.iter().enumerate() {
        judge(uri).map_err(|why| refuse(format!("{member}[{at}]"), why))?;
    }
    Ok(())
}

fn refuse(member: String, why: Why) -> MetadataError {
    MetadataError::new(member, why.to_string(), why.remedy())
}
