//! The issuer: an origin, from which every address of ours is built (RFC 8414, 2).
//!
//! Never built from `Host` or a forwarded header, which the sender of a request chooses.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// An issuer identifier: scheme, host and port, written as browsers write an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    https: bool,
    host: String,
    port: u16,
    address: Option<IpAddr>,
    local: bool,
}

/// Why a text is no issuer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// No URL with a host.
    #[error("{0:?} is not an http or https URL. Write scheme and host: https://login.example.com.")]
    NotAUrl(String),
    /// A user name or a password stands in it. The text is not shown.
    #[error("It has a user name or a password. Write {0:?}.")]
    UserInfo(String),
    /// It goes on after the port.
    #[error("{given:?} has a path, query, fragment or closing slash. Write {origin:?}.")]
    NotAnOrigin {
        /// What was written.
        given: String,
        /// Its origin.
        origin: String,
    },
    /// Browsers would write the same origin in another way, and issuers are compared by letters.
    #[error("{given:?} is not as browsers write it. Write {origin:?}.")]
    NotCanonical {
        /// What was written.
        given: String,
        /// Its origin.
        origin: String,
    },
    /// http, on a host that other machines can reach.
    #[error("{0:?} is not https, and only localhost may do without. Write {1:?}.")]
    PlainHttp(String, String),
}

impl Issuer {
    /// Reads an issuer.
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        let not_a_url = || IssuerError::NotAUrl(text.to_owned());
        let url = Url::parse(text).map_err(|_| not_a_url())?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(not_a_url()),
        };
        let host = url.host().ok_or_else(not_a_url)?;
        let port = url.port_or_known_default().ok_or_else(not_a_url)?;
        let origin = url.origin().ascii_serialization();
        check_origin(text, &url, &origin)?;
        let (address, local) = locality(&host);
        if !https && !local {
            let remedy = format!("https://{host}");
            return Err(IssuerError::PlainHttp(origin, remedy));
        }
        Ok(Self {
            host: host.to_string(),
            text: origin,
            https,
            port,
            address,
            local,
        })
    }

    /// The same scheme and host at another port.
    pub(super) fn at_port(&self, port: u16) -> Self {
        let moved = Url::parse(&self.text).ok().and_then(|mut url| {
            url.set_port(Some(port)).ok()?;
            Self::parse(&url.origin().ascii_serialization()).ok()
        });
        moved.unwrap_or_else(|| self.clone())
    }

    /// As it stands in `iss`: no closing slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the scheme is https.
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// The host; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where the text leaves it out.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether it names this very machine: localhost, a name under it, or a loopback address.
    pub const fn is_local(&self) -> bool {
        self.local
    }

    /// The host, if it is written as an address.
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// What cookie names start with (RFC 6265bis, 4.1.3.2): `__Host-` keeps a neighbour on a
    /// sibling domain from planting them. Browsers take it only with `Secure`, thus not on http.
    pub const fn cookie_prefix(&self) -> &'static str {
        if self.https { "__Host-" } else { "" }
    }

    /// The address of a path that starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn check_origin(text: &str, url: &Url, origin: &str) -> Result<(), IssuerError> {
    let origin = origin.to_owned();
    let given = text.to_owned();
    if !url.username().is_empty() || url.password().is_some() {
        Err(IssuerError::UserInfo(origin))
    } else if url.path() != "/"
        || url.query().is_some()
        || url.fragment().is_some()
        || text.ends_with('/')
    {
        Err(IssuerError::NotAnOrigin { given, origin })
    } else if text != origin {
        Err(IssuerError::NotCanonical { given, origin })
    } else {
        Ok(())
    }
}

fn locality(host: &Host<&str>) -> (Option<IpAddr>, bool) {
    match host {
        Host::Domain(name) => (None, *name == "localhost" || name.ends_with(".localhost")),
        Host::Ipv4(address) => (Some(IpAddr::V4(*address)), address.is_loopback()),
        Host::Ipv6(address) => (Some(IpAddr::V6(*address)), address.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_url() {
        let not_a_url = |text: &str| {
            format!(
                "{text:?} is not an http or https URL. \
                 Write scheme and host: https://login.example.com."
            )
        };
        let cases = [
            ("", not_a_url("")),
            ("login.example.com", not_a_url("login.example.com")),
            ("localhost:8080", not_a_url("localhost:8080")),
            ("https://", not_a_url("https://")),
            ("ftp://example.com", not_a_url("ftp://example.com")),
            ("https://a:99999", not_a_url("https://a:99999")),
        ];
        for (text, message) in cases {
            assert_eq!(Issuer::parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn messages_show_no_password_and_what_to_write() {
        let user = "It has a user name or a password. Write \"https://a.example\".";
        let cases = [
            ("https://me:secret@a.example", user),
            ("https://me@a.example", user),
            (
                "http://login.example.com",
                "\"http://login.example.com\" is not https, and only localhost may do without. \
                 Write \"https://login.example.com\".",
            ),
            (
                "http://localhost.example.com:8080",
                "\"http://localhost.example.com:8080\" is not https, and only localhost may do \
                 without. Write \"https://localhost.example.com\".",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(Issuer::parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin() {
        for text in [
            "https://a.example/",
            "https://a.example/sso",
            "https://a.example?x",
            "https://a.example#x",
            "https://a.example#",
            "https://a.example/?",
            "http://localhost:8080/",
        ] {
            let error = Issuer::parse(text).unwrap_err();
            assert!(matches!(error, IssuerError::NotAnOrigin { .. }), "{text}");
        }
        for (text, canonical) in [
            ("https://A.example", "https://a.example"),
            ("HTTPS://a.example", "https://a.example"),
            ("https://a.example:443", "https://a.example"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            (" https://a.example", "https://a.example"),
            ("https:a.example", "https://a.example"),
            ("http://127.1:8080", "http://127.0.0.1:8080"),
        ] {
            let error = Issuer::parse(text).unwrap_err();
            let expected = IssuerError::NotCanonical {
                given: text.to_owned(),
                origin: canonical.to_owned(),
            };
            assert_eq!(error, expected, "{text}");
        }
    }

    #[test]
    fn what_is_taken() {
        for (text, https, host, port, local) in [
            (
                "https://login.example.com",
                true,
                "login.example.com",
                443,
                false,
            ),
            (
                "https://login.example.com:8443",
                true,
                "login.example.com",
                8443,
                false,
            ),
            ("https://192.0.2.1", true, "192.0.2.1", 443, false),
            ("https://localhost:8443", true, "localhost", 8443, true),
            ("http://localhost", false, "localhost", 80, true),
            (
                "http://sso.localhost:8080",
                false,
                "sso.localhost",
                8080,
                true,
            ),
            ("http://127.0.0.1:8080", false, "127.0.0.1", 8080, true),
            ("http://[::1]:8080", false, "[::1]", 8080, true),
        ] {
            let issuer = Issuer::parse(text).unwrap();
            assert_eq!(issuer.as_str(), text);
            assert_eq!(issuer.is_https(), https, "{text}");
            assert_eq!(issuer.host(), host);
            assert_eq!(issuer.port(), port);
            assert_eq!(issuer.is_local(), local, "{text}");
            assert_eq!(issuer.cookie_prefix() == "__Host-", https);
            assert_eq!(issuer.url("/login"), format!("{text}/login"));
        }
    }
}
