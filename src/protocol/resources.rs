//! Resource indicators (RFC 8707): what an access token is for.

use super::error::{ErrorCode, ProtocolError};
use super::redirect_uri;

/// Most `resource` parameters.
const MOST: usize = 8;

/// Reads the values of `resource`: absolute, and no fragment (RFC 8707, 2); each once.
pub fn read<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, ProtocolError> {
    let mut kept: Vec<String> = Vec::new();
    for uri in values {
        if redirect_uri::parse(uri).is_err() {
            return refuse("resource must be an absolute URI without a fragment");
        }
        if kept.iter().any(|known| known == uri) {
            continue;
        }
        if kept.len() == MOST {
            return refuse("there are more than 8 resources");
        }
        kept.push(uri.to_owned());
    }
    Ok(kept)
}

/// What a token request asks for of what the authorization named (RFC 8707, 2.2); all of it, if it
/// asks for nothing.
pub fn narrowed(granted: &[String], asked: &[String]) -> Result<Vec<String>, ProtocolError> {
    if asked.is_empty() {
        return Ok(granted.to_vec());
    }
    if asked.iter().all(|resource| granted.contains(resource)) {
        return Ok(asked.to_vec());
    }
    refuse("resource is none of those that the authorization request named")
}

fn refuse<T>(problem: &'static str) -> Result<T, ProtocolError> {
    Err(ProtocolError::new(ErrorCode::InvalidTarget, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(uris: &[&str]) -> Vec<String> {
        uris.iter().map(|uri| (*uri).to_owned()).collect()
    }

    #[test]
    fn what_is_no_resource_is_refused() {
        let many: Vec<String> = (0..9).map(|n| format!("https://a.example/{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for uris in [&["nowhere"][..], &["https://a.example/#f"], &["/a"], &many] {
            let error = read(uris.iter().copied()).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidTarget, "{uris:?}");
        }
        let twice = ["https://a.example/", "https://a.example/"];
        assert_eq!(read(twice), Ok(owned(&twice[..1])));
        assert_eq!(read([]), Ok(vec![]));
    }

    #[test]
    fn a_token_request_asks_for_less_and_never_for_more() {
        let granted = owned(&["https://a.example/", "https://b.example/"]);
        for (asked, expected) in [
            (&[][..], Some(granted.clone())),
            (
                &["https://b.example/"],
                Some(owned(&["https://b.example/"])),
            ),
            (&["https://b.example/", "https://c.example/"], None),
            (&["https://a.example"], None),
        ] {
            assert_eq!(
                narrowed(&granted, &owned(asked)).ok(),
                expected,
                "{asked:?}"
            );
        }
        assert!(narrowed(&[], &granted).is_err());
    }
}
