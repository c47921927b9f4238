//! Proof Key for Code Exchange (RFC 7636): a stolen code is worthless without its verifier.
//!
//! Only `S256`: `plain` shows the verifier to whoever sees the request (RFC 9700, 2.1.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::error::{ErrorCode, ProtocolError};
use crate::entropy::sha256;

/// SHA-256 in base64url: no other length can ever be met by a verifier.
const CHALLENGE_LENGTH: usize = 43;

/// An `S256` code challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Challenge(String);

impl Challenge {
    /// From `code_challenge` and `code_challenge_method`. A challenge without a method means
    /// `plain` (RFC 7636, 4.3).
    pub fn from_request(
        challenge: Option<&str>,
        method: Option<&str>,
    ) -> Result<Option<Self>, ProtocolError> {
        match (challenge, method) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(refuse("code_challenge_method came without code_challenge")),
            (Some(_), None) => Err(refuse("code_challenge_method must be S256, and is missing")),
            (Some(challenge), Some("S256")) if is_challenge(challenge) => {
                Ok(Some(Self(challenge.to_owned())))
            }
            (Some(_), Some("S256")) => {
                Err(refuse("code_challenge must be 43 characters of base64url"))
            }
            (Some(_), Some(_)) => Err(refuse("code_challenge_method must be S256")),
        }
    }

    /// The challenge of a verifier (RFC 7636, 4.2).
    pub fn of(verifier: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes())))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Judges the `code_verifier` of a token request (RFC 7636, 4.6), in constant time. A verifier
/// without a challenge is refused as well: otherwise an attacker could strip the challenge from
/// the request and still be served (RFC 9700, 4.8.2).
pub fn verify(challenge: Option<&Challenge>, verifier: Option<&str>) -> Result<(), ProtocolError> {
    let problem = match (challenge, verifier) {
        (None, None) => return Ok(()),
        (None, Some(_)) => "code_verifier came, but the authorization had no code_challenge",
        (Some(_), None) => "code_verifier is missing",
        (Some(_), Some(verifier)) if !is_verifier(verifier) => {
            "code_verifier must be 43 to 128 unreserved characters"
        }
        (Some(challenge), Some(verifier)) => {
            let proof = Challenge::of(verifier);
            if challenge.0.as_bytes().ct_eq(proof.0.as_bytes()).into() {
                return Ok(());
            }
            "code_verifier does not match the code_challenge"
        }
    };
    Err(ProtocolError::new(ErrorCode::InvalidGrant, problem))
}

fn refuse(problem: &'static str) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidRequest, problem)
}

fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE_LENGTH
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn only_s256_is_taken() {
        let longer = format!("{CHALLENGE}A");
        let cases = [
            (Some(CHALLENGE), None),
            (Some(CHALLENGE), Some("plain")),
            (Some(CHALLENGE), Some("s256")),
            (Some(CHALLENGE), Some("S512")),
            (None, Some("S256")),
            (Some(&CHALLENGE[1..]), Some("S256")),
            (Some(longer.as_str()), Some("S256")),
            (
                Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"),
                Some("S256"),
            ),
            (
                Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c="),
                Some("S256"),
            ),
        ];
        for (challenge, method) in cases {
            let error = Challenge::from_request(challenge, method).unwrap_err();
            assert_eq!(
                error.code,
                ErrorCode::InvalidRequest,
                "{challenge:?} {method:?}"
            );
        }
        assert_eq!(Challenge::from_request(None, None), Ok(None));
        let taken = Challenge::from_request(Some(CHALLENGE), Some("S256")).unwrap();
        assert_eq!(taken.unwrap().as_str(), CHALLENGE);
    }

    #[test]
    fn only_the_right_verifier_is_taken() {
        let challenge = Challenge::of(VERIFIER);
        assert_eq!(challenge.as_str(), CHALLENGE);
        let flipped = VERIFIER.replace("dBj", "dBJ");
        let long = "a".repeat(129);
        let cases = [
            (None, Some(VERIFIER)),
            (Some(&challenge), None),
            (Some(&challenge), Some("")),
            (Some(&challenge), Some(&VERIFIER[1..])),
            (Some(&challenge), Some(flipped.as_str())),
            (Some(&challenge), Some(CHALLENGE)),
            (Some(&challenge), Some(long.as_str())),
        ];
        for (challenge, verifier) in cases {
            let error = verify(challenge, verifier).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidGrant, "{verifier:?}");
        }
        assert_eq!(verify(Some(&challenge), Some(VERIFIER)), Ok(()));
        assert_eq!(verify(None, None), Ok(()));
        let short = "a".repeat(42);
        assert!(verify(Some(&Challenge::of(&short)), Some(&short)).is_err());
    }
}
