//! Request objects (`OpenID` Connect Core 1.0, 6; RFC 9101): an authorization request as the claims
//! of a JWT. Its signature has been verified before by the client's keys.
//!
//! What a request object does not say was not said: parameters beside it are ignored, whoever wrote
//! them (RFC 9101, 6.3). So nobody on the way can add to what the client signed.

use std::time::Duration;

use serde_json::{Map, Value};

use super::audience;
use super::jose::{self, JoseError};
use super::numeric_date;
use super::params::{Params, ParamsError};
use crate::clock::Timestamp;
use crate::entropy::ClientId;

/// How far the client's clock may be ahead of ours.
const SKEW: Duration = Duration::from_secs(30);
/// `typ` of a request object (RFC 9101, 10.8); older clients send `JWT` or none. Any other is a
/// token of another kind.
const TYPES: [&str; 3] = [
    "oauth-authz-req+jwt",
    "application/oauth-authz-req+jwt",
    "jwt",
];
/// Claims that are about the JWT itself (RFC 7519, 4.1), and no parameters.
const OF_THE_JWT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
/// The only parameter that may repeat (RFC 8707, 2).
const REPEATS: &str = "resource";

/// What a request object is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// Whose request it must be.
    pub client_id: &'a ClientId,
    /// For whom it must be, if it says so.
    pub issuer: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// Why a request object is refused: `invalid_request_object`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectFlaw {
    /// A token of another kind.
    #[error("its typ is that of another kind of token")]
    Type,
    /// Not signed, where it must be.
    #[error("it is not signed: sign it with a key of the client")]
    Unsigned,
    /// `iss` is somebody else.
    #[error("iss is not the client_id")]
    Issuer,
    /// `sub` is the client: a proof of who it is, which must not do for a request (RFC 9101, 10.8).
    #[error("sub is the client_id: leave it out, that is for assertions")]
    Subject,
    /// `aud` names somebody else.
    #[error("aud is not the issuer")]
    Audience,
    /// `client_id` is somebody else.
    #[error("client_id is another than outside")]
    ClientId,
    /// Too late.
    #[error("it has expired")]
    Expired,
    /// Too early.
    #[error("nbf or iat lies ahead")]
    NotYet,
    /// It holds another (RFC 9101, 4).
    #[error("it holds request or request_uri")]
    Nested,
    /// A value that no parameter can have.
    #[error("{0} is of a type that no parameter has")]
    Value(String),
    /// More than a request may have.
    #[error("{0}")]
    Bounds(#[from] ParamsError),
    /// The token.
    #[error("{0}")]
    Token(#[from] JoseError),
}

/// The claims of a request object that nobody signed (`alg: none`, RFC 7515, A.5).
pub fn unsigned(token: &str) -> Result<Map<String, Value>, JoseError> {
    let header = jose::header(token)?;
    let bare = token.ends_with('.');
    if header.get("alg").and_then(Value::as_str) != Some("none") || !bare {
        return Err(JoseError::Algorithm);
    }
    if header.contains_key("crit") {
        return Err(JoseError::Critical);
    }
    jose::unverified(token)
}

/// Whether nobody signed it, by its own word.
pub fn is_unsigned(token: &str) -> bool {
    let header = jose::header(token);
    header.is_ok_and(|header| header.get("alg").and_then(Value::as_str) == Some("none"))
}

/// Judges `typ`. Tokens of other kinds that the client signed must not do for a request.
pub fn check_type(token: &str) -> Result<(), ObjectFlaw> {
    let header = jose::header(token)?;
    match header.get("typ") {
        None => Ok(()),
        Some(Value::String(typ)) if TYPES.iter().any(|own| typ.eq_ignore_ascii_case(own)) => Ok(()),
        Some(_) => Err(ObjectFlaw::Type),
    }
}

/// The parameters that the claims are.
pub fn read(claims: Map<String, Value>, expect: Expect<'_>) -> Result<Params, ObjectFlaw> {
    check_parties(&claims, expect)?;
    check_times(&claims, expect.now)?;
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(ObjectFlaw::Nested);
    }
    let mut pairs = vec![("client_id".to_owned(), expect.client_id.to_string())];
    for (name, value) in claims {
        if name != "client_id" && !OF_THE_JWT.contains(&name.as_str()) {
            pairs.extend(parameter(name, value)?);
        }
    }
    Ok(Params::from_pairs(pairs)?)
}

fn check_parties(claims: &Map<String, Value>, expect: Expect<'_>) -> Result<(), ObjectFlaw> {
    let own = |value: &Value| value.as_str() == Some(expect.client_id.as_str());
    if claims.get("iss").is_some_and(|iss| !own(iss)) {
        return Err(ObjectFlaw::Issuer);
    }
    if claims.get("sub").is_some_and(own) {
        return Err(ObjectFlaw::Subject);
    }
    if claims.get("client_id").is_some_and(|id| !own(id)) {
        return Err(ObjectFlaw::ClientId);
    }
    let for_us = |aud: &Value| {
        let audience = audience::read(aud).unwrap_or_default();
        audience.iter().any(|one| one == expect.issuer)
    };
    match claims.get("aud") {
        Some(aud) if !for_us(aud) => Err(ObjectFlaw::Audience),
        _ => Ok(()),
    }
}

fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Result<(), ObjectFlaw> {
    let date = |name: &str| claims.get(name).map(numeric_date::read);
    if date("exp").is_some_and(|end| end.is_none_or(|end| now >= end)) {
        return Err(ObjectFlaw::Expired);
    }
    let ahead = |name| date(name).is_some_and(|at| at.is_none_or(|at| at > now + SKEW));
    if ahead("nbf") || ahead("iat") {
        return Err(ObjectFlaw::NotYet);
    }
    Ok(())
}

/// A claim as a parameter: JSON where the parameter is JSON (Core 1.0, 6.1), text otherwise.
fn parameter(name: String, value: Value) -> Result<Vec<(String, String)>, ObjectFlaw> {
    let text = match value {
        Value::Null => return Ok(Vec::new()),
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Object(_) if name == "claims" => value.to_string(),
        Value::Array(items) if name == REPEATS => {
            let texts = items.into_iter().map(|item| match item {
                Value::String(text) => Ok((name.clone(), text)),
                _ => Err(ObjectFlaw::Value(name.clone())),
            });
            return texts.collect();
        }
        // What is no parameter of ours is ignored, as outside.
        _ if !Params::knows(&name) => return Ok(Vec::new()),
        _ => return Err(ObjectFlaw::Value(name)),
    };
    Ok(vec![(name, text)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::jose::{sign, test_keys};
    use super::*;

    const NOW: i64 = 1_700_000_000;
    const ISSUER: &str = "https://login.example";

    fn judged(claims: &Value) -> Result<Params, ObjectFlaw> {
        let expect = Expect {
            client_id: &ClientId::new("wiki"),
            issuer: ISSUER,
            now: Timestamp::from_secs(NOW),
        };
        read(claims.as_object().unwrap().clone(), expect)
    }

    #[test]
    fn each_claim_in_turn_is_wrong() {
        use ObjectFlaw::{
            Audience, ClientId as OtherClient, Expired, Issuer, Nested, NotYet, Subject,
            Value as Wrong,
        };
        let wrong = |name: &str| Wrong(name.to_owned());
        for (name, value, flaw) in [
            ("iss", json!("shop"), Issuer),
            ("iss", json!(null), Issuer),
            ("sub", json!("wiki"), Subject),
            ("client_id", json!("shop"), OtherClient),
            ("client_id", json!(["wiki"]), OtherClient),
            ("aud", json!("https://other.example"), Audience),
            ("aud", json!([]), Audience),
            ("aud", json!(7), Audience),
            ("exp", json!(NOW), Expired),
            ("exp", json!("soon"), Expired),
            ("nbf", json!(NOW + 31), NotYet),
            ("iat", json!(NOW + 31), NotYet),
            ("iat", json!("now"), NotYet),
            ("request", json!("a.b.c"), Nested),
            ("request_uri", json!("https://a.example"), Nested),
            ("scope", json!(["openid"]), wrong("scope")),
            ("state", json!(true), wrong("state")),
            ("claims", json!([]), wrong("claims")),
            (
                "resource",
                json!(["https://a.example", 1]),
                wrong("resource"),
            ),
            ("nonce", json!({}), wrong("nonce")),
        ] {
            let claims = json!({ name: value });
            assert_eq!(judged(&claims), Err(flaw), "{claims}");
        }
        let long = json!({ "state": "s".repeat(9_000) });
        assert_eq!(
            judged(&long),
            Err(ObjectFlaw::Bounds(ParamsError::ValueTooLong))
        );
    }

    #[test]
    fn claims_become_parameters() {
        let params = judged(&json!({
            "iss": "wiki", "aud": [ISSUER, "https://other.example"], "exp": NOW + 1, "iat": NOW + 30,
            "jti": "1", "client_id": "wiki", "scope": "openid", "max_age": 60, "state": null,
            "claims": { "id_token": { "email": null } }, "vendor": { "a": [true] },
            "resource": ["https://a.example", "https://b.example"],
        }))
        .unwrap();
        let mut pairs: Vec<_> = params.iter().collect();
        pairs.sort_unstable();
        assert_eq!(
            pairs,
            [
                ("claims", r#"{"id_token":{"email":null}}"#),
                ("client_id", "wiki"),
                ("max_age", "60"),
                ("resource", "https://a.example"),
                ("resource", "https://b.example"),
                ("scope", "openid"),
            ]
        );
    }

    #[test]
    fn tokens_of_other_kinds_are_refused() {
        for (typ, good) in [
            ("JWT", true),
            ("oauth-authz-req+jwt", true),
            ("application/OAuth-Authz-Req+JWT", true),
            ("at+jwt", false),
            ("logout+jwt", false),
            ("client-authentication+jwt", false),
            ("", false),
        ] {
            let token = sign(&test_keys::p256(), typ, &json!({})).unwrap();
            assert_eq!(check_type(&token).is_ok(), good, "{typ}");
        }
    }

    #[test]
    fn what_nobody_signed_says_so() {
        // {"alg":"none"} . {"scope":"openid"}
        let bare = "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCJ9.";
        assert!(is_unsigned(bare));
        assert_eq!(unsigned(bare).unwrap()["scope"], "openid");
        let with_signature = format!("{bare}AAAA");
        assert_eq!(unsigned(&with_signature), Err(JoseError::Algorithm));
        let signed = sign(&test_keys::p256(), "JWT", &json!({})).unwrap();
        assert!(!is_unsigned(&signed));
        assert_eq!(unsigned(&signed), Err(JoseError::Algorithm));
        assert!(!is_unsigned("a.b.c.d.e"));
    }

    proptest! {
        #[test]
        fn nobody_but_the_client_is_named(
            names in prop::collection::vec("[a-z_]{1,12}", 0..8),
            values in prop::collection::vec(".{0,20}", 8),
        ) {
            let pairs = names.into_iter().zip(values);
            let claims: Map<String, Value> =
                pairs.map(|(name, value)| (name, Value::from(value))).collect();
            if let Ok(params) = judged(&Value::Object(claims)) {
                prop_assert_eq!(params.all("client_id"), ["wiki"]);
                prop_assert_eq!(params.duplicate(), None);
            }
        }
    }
}
