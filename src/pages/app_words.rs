//! What is said of an app, on pages and by the command line, and the settings that it is given.

use crate::protocol::client::{Client, RegisteredBy};
use crate::protocol::discovery::paths;

/// Beside a secret that was just made.
pub const SHOWN_ONCE: &str = "The secret is shown this once, and can’t be shown again.";

/// What an app must be told to sign people in here, with the names of the specifications.
pub fn settings(
    issuer: &str,
    client: &Client,
    secret: Option<&str>,
) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("issuer", issuer.to_owned()),
        (
            "discovery",
            format!("{issuer}{}", paths::OPENID_CONFIGURATION),
        ),
        ("client_id", client.client_id.to_string()),
    ];
    settings.extend(secret.map(|secret| ("client_secret", secret.to_owned())));
    if !client.redirect_uris.is_empty() {
        settings.push(("redirect_uri", client.redirect_uris.join(" ")));
    }
    settings
}

/// The same as variables, to be pasted into a file or a shell. Of several redirect URIs, the
/// first.
pub fn environment(issuer: &str, client: &Client, secret: Option<&str>) -> String {
    let redirect_uri = client.redirect_uris.first().map(String::as_str);
    let variables = [
        ("OIDC_ISSUER", Some(issuer)),
        ("OIDC_CLIENT_ID", Some(client.client_id.as_str())),
        ("OIDC_CLIENT_SECRET", secret),
        ("OIDC_REDIRECT_URI", redirect_uri),
    ];
    let lines = variables
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", quoted(value?))));
    lines.collect::<Vec<_>>().join("\n")
}

/// As a shell takes it for one word, whatever it holds.
fn quoted(value: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~:/".contains(letter);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Whether it can keep a secret (RFC 6749, 2.1).
pub fn kind(client: &Client) -> &'static str {
    if client.is_public() {
        "public"
    } else {
        "confidential"
    }
}

/// By which channels it hears of ends.
pub const fn channel(client: &Client) -> &'static str {
    match (
        &client.backchannel_logout_uri,
        &client.frontchannel_logout_uri,
    ) {
        (Some(_), Some(_)) => "back channel, front channel",
        (Some(_), None) => "back channel",
        (None, Some(_)) => "front channel",
        (None, None) => "nothing",
    }
}

/// Who made it.
pub const fn maker(client: &Client) -> &'static str {
    match client.registered_by {
        RegisteredBy::Administrator => "an administrator",
        RegisteredBy::File => "the configuration file",
        RegisteredBy::Itself => "itself",
        RegisteredBy::MetadataDocument => "its metadata document",
    }
}

/// Whether it is let in.
pub const fn state(client: &Client) -> &'static str {
    if client.enabled {
        "enabled"
    } else {
        "disabled"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entropy::ClientId;
    use crate::protocol::client::DEVICE_CODE;
    use crate::protocol::client_metadata;

    fn wiki(redirect_uris: &[&str]) -> Client {
        let metadata = json!({ "redirect_uris": redirect_uris });
        client_metadata::parse(&metadata, ClientId::new("wiki")).unwrap()
    }

    #[test]
    fn the_settings_are_what_an_app_needs() {
        let wiki = wiki(&["https://wiki.example/cb", "https://wiki.example/b"]);
        let names = |secret| -> Vec<&str> {
            let settings = settings("https://id.example", &wiki, secret).into_iter();
            settings.map(|(name, _)| name).collect()
        };
        let secret = [
            "issuer",
            "discovery",
            "client_id",
            "client_secret",
            "redirect_uri",
        ];
        assert_eq!(names(Some("s")), secret);
        let without: Vec<_> = secret
            .into_iter()
            .filter(|name| *name != "client_secret")
            .collect();
        assert_eq!(names(None), without);
        assert_eq!(
            environment("https://id.example", &wiki, Some("abc")),
            "OIDC_ISSUER=https://id.example\nOIDC_CLIENT_ID=wiki\nOIDC_CLIENT_SECRET=abc\n\
             OIDC_REDIRECT_URI=https://wiki.example/cb"
        );
    }

    #[test]
    fn an_app_without_redirect_uris_is_told_of_none() {
        let metadata = json!({
            "grant_types": [DEVICE_CODE], "response_types": [],
            "token_endpoint_auth_method": "none",
        });
        let tv = client_metadata::parse(&metadata, ClientId::new("tv")).unwrap();
        let settings = settings("https://id.example", &tv, None);
        assert!(
            settings.iter().all(|(_, value)| !value.is_empty()),
            "{settings:?}"
        );
        assert!(!environment("https://id.example", &tv, None).contains("REDIRECT"));
    }

    #[test]
    fn a_shell_takes_each_value_as_it_is() {
        let odd = wiki(&["https://wiki.example/cb?a=1&b=$(id)'"]);
        let text = environment("https://id.example", &odd, None);
        let last = text.lines().last().unwrap();
        assert_eq!(
            last,
            r"OIDC_REDIRECT_URI='https://wiki.example/cb?a=1&b=$(id)'\'''"
        );
    }
}
