//! What a client's assertion must say (RFC 7523, 3; `OpenID` Connect Core 1.0, 9). Its signature
//! has been verified before by the client's keys.

use std::time::Duration;

use serde_json::{Map, Value};

use super::audience;
use super::jose;
use super::numeric_date;
use crate::clock::Timestamp;
use crate::entropy::ClientId;

/// The only `client_assertion_type` (RFC 7523, 2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Furthest end: for so long each assertion is remembered, that none is taken twice.
pub const LONGEST: Duration = Duration::from_mins(5);
/// How far the client's clock may be ahead of ours.
pub const SKEW: Duration = Duration::from_secs(30);
/// Longest `jti`, in bytes.
const MAX_JTI: usize = 256;

/// What an assertion is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// `iss` and `sub`.
    pub client_id: &'a ClientId,
    /// Always an audience.
    pub issuer: &'a str,
    /// An audience too, unless only the issuer is.
    pub token_endpoint: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
}

/// A good assertion: it must be taken once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its name among those of its client.
    pub jti: String,
    /// From when on it is refused for its age.
    pub expires: Timestamp,
}

/// Why an assertion is refused: `invalid_client` in every case; the difference is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionFailure {
    /// `iss` is not the client.
    #[error("the assertion has another iss")]
    Issuer,
    /// `sub` is not the client.
    #[error("the assertion has another sub")]
    Subject,
    /// `aud` is absent, or names somebody else.
    #[error("the assertion is for another audience")]
    Audience,
    /// `exp` is absent or no date.
    #[error("the assertion has no exp")]
    NoExpiry,
    /// Too late.
    #[error("the assertion has expired")]
    Expired,
    /// `exp` is further off than [`LONGEST`].
    #[error("the assertion lives too long")]
    TooLong,
    /// `nbf` or `iat` lies ahead, or is no date.
    #[error("the assertion is not valid yet")]
    NotYet,
    /// `jti` is absent, empty or too long.
    #[error("the assertion has no usable jti")]
    NoId,
}

/// Whom an assertion says it is from: not proved.
pub fn named_client(assertion: &str) -> Option<ClientId> {
    let claims = jose::unverified(assertion).ok()?;
    let sub = claims.get("sub").and_then(Value::as_str)?;
    (!sub.is_empty()).then(|| ClientId::new(sub))
}

/// Judges the claims.
pub fn judge(
    claims: &Map<String, Value>,
    expect: Expect<'_>,
) -> Result<Accepted, AssertionFailure> {
    let text = |name| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expect.client_id.as_str()) {
        return Err(AssertionFailure::Issuer);
    }
    if text("sub") != Some(expect.client_id.as_str()) {
        return Err(AssertionFailure::Subject);
    }
    check_audience(claims, expect)?;
    let expires = check_times(claims, expect.now)?;
    let jti = text("jti").filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI);
    let jti = jti.ok_or(AssertionFailure::NoId)?.to_owned();
    Ok(Accepted { jti, expires })
}

/// Each audience must be ours: an assertion that also opens another server's door may have been
/// shown there.
fn check_audience(claims: &Map<String, Value>, expect: Expect<'_>) -> Result<(), AssertionFailure> {
    let ours = |aud: &String| {
        aud == expect.issuer
            || expect
                .token_endpoint
                .is_some_and(|endpoint| aud == endpoint)
    };
    let audiences = claims.get("aud").and_then(audience::read);
    match audiences {
        Some(audiences) if audiences.iter().all(ours) => Ok(()),
        _ => Err(AssertionFailure::Audience),
    }
}

fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Result<Timestamp, AssertionFailure> {
    let expires = claims.get("exp").and_then(numeric_date::read);
    let expires = expires.ok_or(AssertionFailure::NoExpiry)?;
    if now >= expires {
        return Err(AssertionFailure::Expired);
    }
    if expires > now + LONGEST + SKEW {
        return Err(AssertionFailure::TooLong);
    }
    for name in ["nbf", "iat"] {
        let Some(value) = claims.get(name) else {
            continue;
        };
        if numeric_date::read(value).is_none_or(|date| date > now + SKEW) {
            return Err(AssertionFailure::NotYet);
        }
    }
    Ok(expires)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_700_000_000;
    const ISSUER: &str = "https://login.example";
    const TOKEN: &str = "https://login.example/oauth2/token";

    fn good() -> Value {
        json!({ "iss": "wiki", "sub": "wiki", "aud": ISSUER, "exp": NOW + 60, "jti": "a" })
    }

    fn judged(claims: &Value, endpoint: Option<&str>) -> Result<Accepted, AssertionFailure> {
        let expect = Expect {
            client_id: &ClientId::new("wiki"),
            issuer: ISSUER,
            token_endpoint: endpoint,
            now: Timestamp::from_secs(NOW),
        };
        judge(claims.as_object().unwrap(), expect)
    }

    #[test]
    fn each_claim_in_turn_is_wrong() {
        use AssertionFailure::{
            Audience, Expired, Issuer, NoExpiry, NoId, NotYet, Subject, TooLong,
        };
        let long = "j".repeat(MAX_JTI + 1);
        for (name, value, failure) in [
            ("iss", json!("shop"), Issuer),
            ("iss", json!(null), Issuer),
            ("sub", json!("shop"), Subject),
            ("sub", json!(["wiki"]), Subject),
            ("aud", json!(null), Audience),
            ("aud", json!([]), Audience),
            ("aud", json!("https://login.example/"), Audience),
            ("aud", json!("https://other.example"), Audience),
            ("aud", json!([ISSUER, "https://other.example"]), Audience),
            ("exp", json!(null), NoExpiry),
            ("exp", json!("soon"), NoExpiry),
            ("exp", json!(1e300), NoExpiry),
            ("exp", json!(NOW), Expired),
            ("exp", json!(NOW - 1), Expired),
            ("exp", json!(NOW + 331), TooLong),
            ("nbf", json!(NOW + 31), NotYet),
            ("nbf", json!("x"), NotYet),
            ("iat", json!(NOW + 31), NotYet),
            ("iat", json!(null), NotYet),
            ("jti", json!(null), NoId),
            ("jti", json!(""), NoId),
            ("jti", json!(7), NoId),
            ("jti", json!(long), NoId),
        ] {
            let mut claims = good();
            claims[name] = value;
            assert_eq!(judged(&claims, Some(TOKEN)), Err(failure), "{claims}");
        }
    }

    #[test]
    fn the_token_endpoint_is_an_audience_unless_only_the_issuer_is() {
        let mut claims = good();
        assert!(judged(&claims, None).is_ok());
        for aud in [json!(TOKEN), json!([TOKEN]), json!([ISSUER, TOKEN])] {
            claims["aud"] = aud;
            assert!(judged(&claims, Some(TOKEN)).is_ok(), "{claims}");
            assert_eq!(judged(&claims, None), Err(AssertionFailure::Audience));
        }
    }

    #[test]
    fn a_good_one_says_when_it_can_be_forgotten() {
        let mut claims = good();
        claims["exp"] = json!(1_700_000_060.9);
        claims["iat"] = json!(NOW + 30);
        let accepted = judged(&claims, None).unwrap();
        assert_eq!(accepted.expires, Timestamp::from_secs(NOW + 60));
        assert_eq!(accepted.jti, "a");
    }

    proptest! {
        #[test]
        fn no_assertion_panics(text in ".{0,200}", number: f64, name in "iss|sub|aud|exp|nbf|iat|jti") {
            let _ = named_client(&text);
            for value in [json!(text), json!(number), json!([text.clone()])] {
                let mut claims = good();
                claims[&name] = value;
                let _ = judged(&claims, Some(TOKEN));
            }
        }
    }
}
