//! Claims, as the page shows them.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::clock::Timestamp;

/// Where a claim came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    IdToken,
    Userinfo,
}

/// A claim in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) source: Source,
}

/// What people look for first.
const FIRST: [&str; 7] = [
    "sub",
    "name",
    "preferred_username",
    "email",
    "sid",
    "acr",
    "auth_time",
];
/// Claims that are moments (RFC 7519, 2: `NumericDate`).
const MOMENTS: [&str; 5] = ["auth_time", "exp", "iat", "nbf", "updated_at"];

/// All claims, those of the ID token before what userinfo adds.
pub(super) fn list(id_token: &Value, userinfo: &Value) -> Vec<Claim> {
    let mut claims = from(id_token, Source::IdToken);
    for claim in from(userinfo, Source::Userinfo) {
        if claims.iter().all(|known| known.name != claim.name) {
            claims.push(claim);
        }
    }
    claims.sort_by_key(|claim| {
        FIRST
            .iter()
            .position(|first| *first == claim.name)
            .unwrap_or(FIRST.len())
    });
    claims
}

fn from(claims: &Value, source: Source) -> Vec<Claim> {
    let members = claims.as_object().into_iter().flatten();
    members
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| Claim {
            name: name.clone(),
            value: in_words(name, value),
            source,
        })
        .collect()
}

fn in_words(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if MOMENTS.contains(&name) => match number.as_i64() {
            Some(secs) => format!("{secs} ({})", local(Timestamp::from_secs(secs), "%F %T")),
            None => number.to_string(),
        },
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| in_words("", item)).collect();
            items.join(", ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// A moment on this machine's clock face.
pub(super) fn local(at: Timestamp, format: &str) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(
        |_| at.as_secs().to_string(),
        |moment| {
            moment
                .to_zoned(TimeZone::system())
                .strftime(format)
                .to_string()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn userinfo_adds_and_does_not_replace() {
        let claims = list(
            &json!({"aud": ["wiki"], "iss": "http://localhost:8080", "sub": "u_1", "nonce": null}),
            &json!({"sub": "u_1", "name": "Alice", "email_verified": true}),
        );
        let shown: Vec<_> = claims
            .iter()
            .map(|claim| (claim.name.as_str(), claim.value.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("sub", "u_1"),
                ("name", "Alice"),
                ("aud", "wiki"),
                ("iss", "http://localhost:8080"),
                ("email_verified", "true"),
            ]
        );
        assert_eq!(claims[0].source, Source::IdToken);
        assert_eq!(claims[1].source, Source::Userinfo);
    }

    #[test]
    fn moments_are_told_twice() {
        assert!(in_words("iat", &json!(1_700_000_000)).starts_with("1700000000 (2023-11-1"));
        assert_eq!(in_words("age", &json!(1_700_000_000)), "1700000000");
    }
}
