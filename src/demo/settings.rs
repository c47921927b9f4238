//! What a relying party needs to know before it starts.

use std::io;

use url::Url;

use crate::clock::Clock;

/// The logo of "Wiki" (SVG).
pub const WIKI_LOGO: &str = include_str!("../../static/wiki.svg");
/// The logo of "Shop" (SVG).
pub const SHOP_LOGO: &str = include_str!("../../static/shop.svg");

/// The other app that pages link to.
pub struct Neighbour {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
}

/// One relying party. Without `Debug`, as it holds a client secret.
pub struct Settings {
    /// The name on its pages and, in small letters, in its cookies ("Wiki").
    pub name: String,
    /// The scheme, host and port that browsers use, without a trailing slash.
    pub origin: String,
    /// The provider's issuer.
    pub issuer: String,
    /// The client id registered there.
    pub client_id: String,
    /// The client secret registered there.
    pub client_secret: String,
    /// Where the provider sends browsers after a sign-out.
    pub post_logout_redirect_uri: String,
    /// The other app.
    pub other: Neighbour,
    /// The logo (SVG).
    pub logo: &'static str,
    /// Where "now" comes from.
    pub clock: Clock,
}

impl Settings {
    /// The `redirect_uri` to register.
    pub fn redirect_uri(&self) -> String {
        format!("{}/callback", self.origin)
    }

    /// The `backchannel_logout_uri` to register.
    pub fn backchannel_logout_uri(&self) -> String {
        format!("{}/backchannel-logout", self.origin)
    }

    /// The `frontchannel_logout_uri` to register.
    pub fn frontchannel_logout_uri(&self) -> String {
        format!("{}/frontchannel-logout", self.origin)
    }

    /// Cookies ignore ports, so each app names its own (RFC 6265, 8.5).
    pub(super) fn cookie(&self, purpose: &str) -> String {
        let key: String = self
            .name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        format!("{}_{purpose}", key.to_ascii_lowercase())
    }

    /// Whether browsers come by https, so that cookies may be `Secure`.
    pub(super) fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// The Content-Security-Policy of its pages. Chromium holds `form-action` against the whole
    /// chain of redirects, so the provider stands in it; nothing inline is allowed.
    pub(super) fn content_security_policy(&self) -> io::Result<String> {
        Ok(format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
             connect-src 'self'; form-action 'self' {}; frame-ancestors 'none'; base-uri 'none'",
            self.issuer_origin()?
        ))
    }

    /// The policy of the answer that the provider frames (Front-Channel Logout 1.0, 2).
    pub(super) fn framed_policy(&self) -> io::Result<String> {
        Ok(format!(
            "default-src 'none'; frame-ancestors {}",
            self.issuer_origin()?
        ))
    }

    fn issuer_origin(&self) -> io::Result<String> {
        Url::parse(&self.issuer)
            .map(|url| url.origin().ascii_serialization())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(issuer: &str) -> Settings {
        Settings {
            name: "Wiki 2".to_owned(),
            origin: "http://wiki.localhost:8081".to_owned(),
            issuer: issuer.to_owned(),
            client_id: "wiki".to_owned(),
            client_secret: "secret".to_owned(),
            post_logout_redirect_uri: "http://wiki.localhost:8081/".to_owned(),
            other: Neighbour {
                name: "Shop".to_owned(),
                url: "http://shop.localhost:8082/".to_owned(),
            },
            logo: WIKI_LOGO,
            clock: Clock::System,
        }
    }

    #[test]
    fn an_issuer_that_is_no_url_is_refused() {
        assert!(settings("not a url").content_security_policy().is_err());
    }

    #[test]
    fn an_issuer_cannot_smuggle_a_directive() {
        let policy = settings("http://localhost:8080/a;script-src *").content_security_policy();
        assert!(
            policy
                .unwrap()
                .contains("form-action 'self' http://localhost:8080; frame")
        );
    }

    #[test]
    fn cookies_bear_the_name_of_the_app() {
        assert_eq!(
            settings("http://localhost:8080").cookie("session"),
            "wiki2_session"
        );
    }
}
