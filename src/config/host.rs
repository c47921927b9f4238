//! Hosts: names of them, and that of a store, as it stands in an address whose scheme browsers do
//! not know.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::{ParseError, Url};

/// Reads an address. Errors show nothing of it, as it may hold a password.
pub(super) fn address(text: &str, remedy: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| match error {
        // Where a password has such a letter, what follows is taken for a port.
        ParseError::InvalidPort => format!(
            "Its port is not one from 1 to 65535, or its password has one of : / ? # @ as it is. \
             {remedy}"
        ),
        ParseError::EmptyHost => format!("It names no host. {remedy}"),
        _ => format!("It is not an address. {remedy}"),
    })
}

/// The host of an address: a name, or an IP address without brackets. `None` for one that nobody
/// can connect to.
pub(super) fn of(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let host = host.trim_matches(['[', ']']);
    let nowhere = host
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_unspecified());
    // Other letters would have to be percent-encoded, and no name of a host has them.
    let sound = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);
    (!nowhere && url.port() != Some(0) && host.chars().all(sound)).then(|| host.to_owned())
}

/// Whether a text is the name of a host, and neither a pattern nor an address of numbers.
pub(super) fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let sound = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        !label.is_empty() && label.chars().all(sound)
    };
    // What ends in a number is an address that was mistyped: no name does.
    let last = text.rsplit('.').next().unwrap_or(text);
    let numeric = last.chars().all(|letter| letter.is_ascii_digit());
    !numeric && text.split('.').all(label)
}

/// Whether a host is this very machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Host and port in one text.
pub(super) fn with_port(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// The text of a part that is percent-encoded; `None` if it is not UTF-8.
pub(super) fn decoded(part: &str) -> Option<String> {
    let text = percent_decode_str(part).decode_utf8().ok()?;
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (url, host, here) in [
            ("redis:///0", None, false),
            ("redis:x", None, false),
            ("redis://0.0.0.0:6379", None, false),
            ("redis://[::]:6379", None, false),
            ("redis://cache:0", None, false),
            ("redis://one,two", None, false),
            ("redis://%2Ftmp%2Fsocket", None, false),
            ("redis://cache:6379/0", Some("cache"), false),
            (
                "redis://me:secret@cache.internal",
                Some("cache.internal"),
                false,
            ),
            ("redis://10.0.0.7", Some("10.0.0.7"), false),
            ("redis://[2001:db8::1]:6379", Some("2001:db8::1"), false),
            ("redis://localhost", Some("localhost"), true),
            ("redis://Cache.LOCALHOST", Some("Cache.LOCALHOST"), true),
            ("redis://127.0.0.2", Some("127.0.0.2"), true),
            ("redis://[::1]:1", Some("::1"), true),
        ] {
            let found = of(&Url::parse(url).unwrap());
            assert_eq!(found.as_deref(), host, "{url}");
            assert_eq!(found.is_some_and(|host| is_loopback(&host)), here, "{url}");
        }
        assert_eq!(with_port("::1", 1), "[::1]:1");
        assert_eq!(with_port("cache", 1), "cache:1");
    }
}
