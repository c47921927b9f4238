//! The name that follows from a public key itself (RFC 7638), by SHA-256.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde::{Deserialize, Serialize};

/// A SHA-256 thumbprint: `jkt` and `dpop_jkt` (RFC 9449, 6.1 and 10).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Thumbprint([u8; 32]);

/// Not 32 bytes in base64url without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no SHA-256 thumbprint of a key: 43 letters of base64url")]
pub struct NoThumbprint;

impl Thumbprint {
    /// Of its bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn of(jwk: &Jwk) -> Option<Self> {
        let text = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
        Self::parse(&text).ok()
    }

    /// Reads one. Only one spelling of the bytes is taken (RFC 4648, 3.5).
    pub fn parse(text: &str) -> Result<Self, NoThumbprint> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NoThumbprint)?;
        bytes.try_into().map(Self).map_err(|_| NoThumbprint)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl From<Thumbprint> for String {
    fn from(thumbprint: Thumbprint) -> Self {
        thumbprint.to_string()
    }
}

impl TryFrom<String> for Thumbprint {
    type Error = NoThumbprint;

    fn try_from(text: String) -> Result<Self, NoThumbprint> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn the_example_of_rfc_7638_has_its_thumbprint() {
        let modulus = concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc",
            "_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQ",
            "R0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bF",
            "TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        );
        let jwk = from_value(json!({ "kty": "RSA", "n": modulus, "e": "AQAB" })).unwrap();
        let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        let thumbprint = Thumbprint::of(&jwk).unwrap();
        assert_eq!(thumbprint.to_string(), expected);
        assert_eq!(Thumbprint::parse(expected), Ok(thumbprint));
        assert_eq!(
            from_value::<Thumbprint>(json!(expected)).unwrap(),
            thumbprint
        );
    }

    #[test]
    fn nothing_else_is_one() {
        let good = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        for text in [
            "",
            &good[1..],
            &format!("{good}A"),
            &format!("{good}="),
            "NzbLsXh8uDCcd+6MNwXF4W/7noWXFZAfHkxZsRGC9Xs",
            // Another spelling of the same bytes.
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xt",
        ] {
            assert_eq!(Thumbprint::parse(text), Err(NoThumbprint), "{text}");
        }
    }
}
