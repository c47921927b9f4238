//! Client credentials in an HTTP Basic header (RFC 7617; RFC 6749, 2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Client id and secret. Both were form-encoded before they were joined (RFC 6749, 2.3.1), so the
/// colon that parts them is looked for first.
pub(super) fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let joined = STANDARD.decode(credentials.trim()).ok()?;
    let joined = String::from_utf8(joined).ok()?;
    let (client_id, secret) = joined.split_once(':')?;
    let client_id = form_decode(client_id).filter(|client_id| !client_id.is_empty())?;
    Some((client_id, form_decode(secret)?))
}

/// `application/x-www-form-urlencoded` of one value. Refuses what cannot have been encoded.
fn form_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            other => other,
        });
    }
    // RFC 6749, appendix A: visible characters, and no database holds a NUL.
    String::from_utf8(out)
        .ok()
        .filter(|text| !text.contains('\0'))
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn basic(credentials: &str) -> String {
        format!("Basic {}", STANDARD.encode(credentials))
    }

    #[test]
    fn malformed_headers_are_refused() {
        let cases = [
            String::new(),
            "Basic".to_owned(),
            "Basic ".to_owned(),
            "Basic !!!".to_owned(),
            "Bearer abc".to_owned(),
            format!("Digest {}", STANDARD.encode("wiki:s")),
            format!("Basic{}", STANDARD.encode("wiki:s")),
            basic("no colon"),
            basic(":secret"),
            basic("wiki%3As3cret"),
            basic("wiki:bad%"),
            basic("wiki:bad%2"),
            basic("wiki:bad%zz"),
            basic("wiki:bad%+1"),
            basic("wiki:bad%ff"),
            format!("Basic {}", STANDARD.encode(b"wiki:\xff")),
        ];
        for header in cases {
            assert_eq!(basic_credentials(&header), None, "{header}");
        }
    }

    #[test]
    fn both_halves_are_decoded() {
        let cases = [
            ("wiki:s3cret", "wiki", "s3cret"),
            ("wi%6Bi:s3%63ret", "wiki", "s3cret"),
            ("my%2Dwiki:%2D%5F%2d%5f", "my-wiki", "-_-_"),
            ("a%3Ab:c", "a:b", "c"),
            ("wiki:a+b", "wiki", "a b"),
            ("wiki:a%2Bb", "wiki", "a+b"),
            ("wiki:a%3Ab", "wiki", "a:b"),
            ("wiki:a:b", "wiki", "a:b"),
            ("wiki:%C3%A9", "wiki", "é"),
            ("wiki:100%25", "wiki", "100%"),
            ("wiki:", "wiki", ""),
        ];
        for (credentials, client_id, secret) in cases {
            let expected = Some((client_id.to_owned(), secret.to_owned()));
            for scheme in ["Basic", "basic", "BASIC"] {
                let header = format!("{scheme} {}", STANDARD.encode(credentials));
                assert_eq!(basic_credentials(&header), expected, "{credentials}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(text in ".{0,80}", bytes: Vec<u8>) {
            let _ = basic_credentials(&text);
            let _ = basic_credentials(&format!("Basic {}", STANDARD.encode(bytes)));
        }

        #[test]
        fn what_was_encoded_is_decoded(text: String) {
            let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            prop_assert_eq!(form_decode(&encoded), Some(text));
        }
    }
}
