//! `session_state`: what an app hands to the check iframe to learn whether the sign-in that it
//! knows has changed (`OpenID` Connect Session Management 1.0, 2 and 3.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

use crate::entropy::{ClientId, sha256};

/// The `session_state` of an answer: the hash of the client, the origin that it is answered at, the
/// state of the browser and a salt; then the salt, which the iframe needs to calculate it again.
/// None where the answer goes to no web origin (a native app): nothing there can hold a frame.
///
/// `static/check-session.js` calculates the same. The parts stand with spaces between them: only
/// the first may have one itself, so that no two lists of parts have the same text.
pub fn session_state(
    client_id: &ClientId,
    redirect_uri: &str,
    browser_state: &str,
    salt: &str,
) -> Option<String> {
    let url = Url::parse(redirect_uri).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    // As browsers write it in `MessageEvent.origin` (RFC 6454, 6.1).
    let origin = url.origin().ascii_serialization();
    let text = format!("{client_id} {origin} {browser_state} {salt}");
    let hash = URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()));
    Some(format!("{hash}.{salt}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(client: &str, uri: &str, state: &str, salt: &str) -> Option<String> {
        session_state(&ClientId::new(client), uri, state, salt)
    }

    #[test]
    fn vectors() {
        // Made with `printf %s '…' | openssl dgst -sha256 -binary | basenc --base64url`.
        for (client, uri, state, salt, expected) in VECTORS {
            assert_eq!(of(client, uri, state, salt).as_deref(), Some(*expected));
        }
    }

    const VECTORS: &[(&str, &str, &str, &str, &str)] = &[
        (
            "wiki",
            "https://wiki.example/callback?a=b",
            "state",
            "salt",
            "PSgOjlYhYBZdAkaeQ2CZxQJuBCkdyZfsPcc5JJ69F74.salt",
        ),
        (
            "wiki",
            "https://WIKI.example:443/elsewhere",
            "state",
            "salt",
            "PSgOjlYhYBZdAkaeQ2CZxQJuBCkdyZfsPcc5JJ69F74.salt",
        ),
        (
            "my app",
            "http://localhost:8081/",
            "",
            "0123456789abcdefghijkl",
            "-kA7a_fOONfo8I2j4fQlQksg432sHWg0NfXeGQJNKMA.0123456789abcdefghijkl",
        ),
        (
            "wiki",
            "https://bücher.example/",
            "state",
            "salt",
            "VmxB8MZ96zJRfSyCUM1JyNl36uEmJ-Mc4s3HvxM6-7U.salt",
        ),
    ];

    #[test]
    fn each_part_counts() {
        let uri = "https://wiki.example/callback";
        let usual = of("wiki", uri, "state", "salt");
        for other in [
            of("shop", uri, "state", "salt"),
            of("wiki", "http://wiki.example/callback", "state", "salt"),
            of("wiki", "https://wiki.example:444/callback", "state", "salt"),
            of("wiki", "https://wiki.example.evil/", "state", "salt"),
            of("wiki", uri, "", "salt"),
            of("wiki", uri, "stat", "salt"),
            of("wiki", uri, "state", "sal"),
        ] {
            assert_ne!(other, usual);
        }
        assert!(!usual.unwrap().contains(' '));
    }

    #[test]
    fn native_apps_have_none() {
        for uri in ["com.example.app:/callback", "urn:ietf:wg:oauth:2.0:oob", ""] {
            assert_eq!(of("app", uri, "state", "salt"), None, "{uri}");
        }
    }
}
