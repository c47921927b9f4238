//! Where a browser may be sent (RFC 6749, 3.1.2; RFC 8252, 7; RFC 9700, 2.1 and 4.1).
//!
//! A URI is judged when it is registered and again when it is used, and it is matched as a string:
//! no two parsers can then disagree about what matched. The one exception is the port of a native
//! client's loopback URI (RFC 8252, 7.3).

use url::{Host, Url};

use super::client::{ApplicationType, Client};

/// Longest URI.
pub const MAX_LENGTH: usize = 2048;

/// Why a URI is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Longer than [`MAX_LENGTH`].
    #[error("is longer than 2048 characters")]
    TooLong,
    /// RFC 6749, 3.1.2.
    #[error("is not an absolute URI")]
    NotAbsolute,
    /// Spaces, controls, backslashes, quotes, letters beyond ASCII, a broken escape: what parsers
    /// read differently.
    #[error("has a character that RFC 3986 does not allow")]
    Character,
    /// RFC 6749, 3.1.2.
    #[error("has a fragment")]
    Fragment,
    /// Hides the true host from a reader.
    #[error("has a user name before the host")]
    UserInfo,
    /// Another spelling of a host, such as `0x7f.1` or an escaped letter.
    #[error("does not spell its host in the usual way")]
    Host,
    /// Codes would travel in the clear (RFC 9700, 2.1).
    #[error("uses http for a host that is not loopback")]
    InsecureHttp,
    /// Back-Channel Logout 1.0, 2.2.
    #[error("uses http for a public client")]
    HttpForPublic,
    /// `javascript:`, `data:` and every other scheme that is neither web nor private use.
    #[error("uses a scheme that is not allowed")]
    Scheme,
    /// RFC 8252, 7.1: for native clients.
    #[error("uses a private-use scheme, but the client is not native")]
    PrivateUse,
    /// Front-Channel Logout 1.0, 2.
    #[error("differs in scheme, host or port from every redirect URI")]
    ForeignOrigin,
}

impl Why {
    /// What to do about it.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::TooLong => "use a shorter one",
            Self::NotAbsolute => "write it whole, as in https://app.example.com/callback",
            Self::Character => {
                "escape the character with % and two hex digits, and write an \
                                international host name in its xn-- form"
            }
            Self::Fragment => "remove # and what follows it",
            Self::UserInfo => "remove what stands before @",
            Self::Host => "write the host as browsers show it",
            Self::InsecureHttp => "use https; http is for localhost, 127.0.0.1 and [::1]",
            Self::HttpForPublic => "use https",
            Self::Scheme => {
                "use https, or for a native app a scheme with a dot such as \
                             com.example.app:/callback"
            }
            Self::PrivateUse => "set application_type to native, or use https",
            Self::ForeignOrigin => "use the origin of one of redirect_uris",
        }
    }
}

/// A logout URI's purpose decides its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutUri {
    /// RP-Initiated Logout 1.0, 3.1: a place for a browser, so under the rules of redirect URIs.
    PostLogout,
    /// Front-Channel Logout 1.0, 2.
    FrontChannel,
    /// Back-Channel Logout 1.0, 2.2.
    BackChannel,
}

/// Judges a redirect URI that someone wants to register.
pub fn validate_registration(uri: &str, kind: ApplicationType) -> Result<(), Why> {
    let url = parse(uri)?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if has_loopback_host(&url) => Ok(()),
        "http" => Err(Why::InsecureHttp),
        // RFC 8252, 7.1: a reversed domain name has a dot; no scheme that runs code has one.
        scheme if !scheme.contains('.') => Err(Why::Scheme),
        _ if kind == ApplicationType::Native => Ok(()),
        _ => Err(Why::PrivateUse),
    }
}

/// Judges a logout URI of a client.
pub fn validate_logout_uri(kind: LogoutUri, uri: &str, client: &Client) -> Result<(), Why> {
    if kind == LogoutUri::PostLogout {
        return validate_registration(uri, client.application_type);
    }
    let url = parse_web(uri)?;
    if url.scheme() == "http" && client.is_public() {
        return Err(Why::HttpForPublic);
    }
    let origin = url.origin();
    let own = |uri: &String| Url::parse(uri).is_ok_and(|own| own.origin() == origin);
    if kind == LogoutUri::FrontChannel && !client.redirect_uris.iter().any(own) {
        return Err(Why::ForeignOrigin);
    }
    Ok(())
}

/// Judges a link that people are shown, such as `policy_uri`.
pub fn validate_link(uri: &str) -> Result<(), Why> {
    parse_web(uri).map(drop)
}

/// Whether this client may be answered at `presented`.
pub fn matches(client: &Client, presented: &str) -> bool {
    let native = client.application_type == ApplicationType::Native;
    let same = |registered: &String| {
        registered == presented || (native && same_but_for_port(registered, presented))
    };
    client.redirect_uris.iter().any(same)
        && validate_registration(presented, client.application_type).is_ok()
}

/// Whether a person may be sent to `presented` after a logout. Exact, with no exception
/// (RP-Initiated Logout 1.0, 3).
pub fn matches_post_logout(client: &Client, presented: &str) -> bool {
    client
        .post_logout_redirect_uris
        .iter()
        .any(|uri| uri == presented)
        && validate_registration(presented, client.application_type).is_ok()
}

/// Whether the URI leads to the person's own machine, where any program may listen.
pub fn is_loopback(uri: &str) -> bool {
    parse_web(uri).is_ok_and(|url| has_loopback_host(&url))
}

/// Whether the URI has a private-use scheme, which any app may claim (RFC 8252, 7.1).
pub fn is_private_use(uri: &str) -> bool {
    parse(uri).is_ok_and(|url| url.scheme().contains('.'))
}

/// Whether another program than the client may receive what is sent there, so that a client
/// without a secret proves nothing by it (RFC 8252, 8.6).
pub fn impersonable(uri: &str) -> bool {
    is_loopback(uri) || is_private_use(uri)
}

/// Appends pairs to the query, whatever query there is (RFC 6749, 3.1.2). Works on the text, as a
/// parsed URI would be written in another spelling than the registered one.
pub(super) fn append_query(uri: &str, pairs: &[(String, String)]) -> String {
    let separator = match uri.split_once('?') {
        _ if pairs.is_empty() => "",
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{}", encode(pairs))
}

/// The pairs as a query, or as a fragment.
pub(super) fn encode(pairs: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// An absolute URI without a fragment, in RFC 3986's characters, of any scheme.
pub(super) fn parse(uri: &str) -> Result<Url, Why> {
    check_characters(uri)?;
    let (scheme, rest) = uri.split_once(':').ok_or(Why::NotAbsolute)?;
    let url = Url::parse(uri).map_err(|_| Why::NotAbsolute)?;
    // "https:host" and "https:/host" are repaired by browsers, not by all other parsers.
    let authority = rest.strip_prefix("//").map(|rest| {
        rest.split_once(['/', '?'])
            .map_or(rest, |(authority, _)| authority)
    });
    let web = ["http", "https"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web));
    match authority {
        Some(authority) if authority.contains('@') => Err(Why::UserInfo),
        None | Some("") if web => Err(Why::NotAbsolute),
        Some(authority) if web && !spells_host(authority, &url) => Err(Why::Host),
        _ if rest.is_empty() => Err(Why::NotAbsolute),
        _ => Ok(url),
    }
}

fn parse_web(uri: &str) -> Result<Url, Why> {
    let url = parse(uri)?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(Why::Scheme),
    }
}

fn check_characters(uri: &str) -> Result<(), Why> {
    if uri.len() > MAX_LENGTH {
        return Err(Why::TooLong);
    }
    let mut bytes = uri.bytes();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'%' => [bytes.next(), bytes.next()]
                .iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            // RFC 3986, 2.2 and 2.3.
            b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b'?' | b'#' | b'[' | b']' | b'@' | b'!'
            | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => true,
            _ => byte.is_ascii_alphanumeric(),
        };
        if !fine {
            return Err(Why::Character);
        }
    }
    if uri.contains('#') {
        return Err(Why::Fragment);
    }
    Ok(())
}

/// Whether the host, as written, is the host that a browser goes to.
fn spells_host(authority: &str, url: &Url) -> bool {
    let end = if authority.starts_with('[') {
        authority.find(']').map(|at| at + 1)
    } else {
        authority.find(':')
    };
    let written = end
        .and_then(|end| authority.get(..end))
        .unwrap_or(authority);
    url.host_str()
        .is_some_and(|host| host.eq_ignore_ascii_case(written) && is_plain_host(host))
}

/// Letters, digits and what stands in names and addresses: other characters, which browsers let
/// pass, have a meaning of their own in a Content-Security-Policy.
pub fn is_plain_host(host: &str) -> bool {
    host.bytes().all(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']' | b':')
    })
}

/// RFC 8252, 7.3 and RFC 6761, 6.3. `localhost.example.com` is somebody else's.
fn has_loopback_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn same_but_for_port(registered: &str, presented: &str) -> bool {
    match (without_port(registered), without_port(presented)) {
        (Some(registered), Some(presented)) => registered == presented,
        _ => false,
    }
}

/// Host and remainder of a loopback URI, if nothing else stands before the path. Cut by hand, so
/// that everything but the port is still compared as a string.
fn without_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = ["localhost", "127.0.0.1", "[::1]"]
        .into_iter()
        .find(|host| authority.starts_with(host))?;
    match authority.strip_prefix(host)?.strip_prefix(':') {
        None if authority == host => Some((host, path)),
        Some(port) if is_port(port) => Some((host, path)),
        _ => None,
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests;
