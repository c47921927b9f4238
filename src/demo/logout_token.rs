//! The logout token: who may say that a session ended (Back-Channel Logout 1.0, 2.4 and 2.6).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKey as _;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use serde_json::{Map, Value};

use crate::clock::Timestamp;

use super::session::Named;
use super::shelf::Shelf;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How far two clocks may be apart.
const SKEW: Duration = Duration::from_mins(1);
/// How old a token may be: one that turns up later was kept by somebody.
const OLDEST: Duration = Duration::from_mins(10);

/// Why a logout token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("this is not a signed token")]
    NotAToken,
    #[error("the typ is not logout+jwt")]
    Type,
    #[error("the alg is not RS256")]
    Algorithm,
    #[error("the header says crit")]
    Critical,
    #[error("no key has this kid")]
    UnknownKey,
    #[error("the signature does not hold")]
    Signature,
    #[error("iss is another issuer")]
    Issuer,
    #[error("aud is another client")]
    Audience,
    #[error("iat is missing, ahead, or too long ago")]
    IssuedAt,
    #[error("exp is missing or has passed")]
    Expired,
    #[error("events does not name a back-channel logout")]
    Event,
    #[error("there is a nonce: this may be an ID token")]
    Nonce,
    #[error("neither sid nor sub says who")]
    Nobody,
    #[error("jti is missing")]
    NoId,
    #[error("this token was here before")]
    Replayed,
}

/// Whose tokens are taken.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) now: Timestamp,
}

/// What a good token says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LogoutToken {
    pub(super) named: Named,
    pub(super) id: String,
}

/// The `jti`s that were here: a repeated notice carries a new one, a stolen one does not.
pub(super) struct Seen(Shelf<()>);

impl Seen {
    pub(super) fn new() -> Self {
        Self(Shelf::new(OLDEST + SKEW, 10_000))
    }

    /// Notes the token, once.
    pub(super) fn first_time(
        &mut self,
        token: &LogoutToken,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.0.get(&token.id, now).is_some() {
            return Err(Refusal::Replayed);
        }
        self.0.put(token.id.clone(), (), now);
        Ok(())
    }
}

/// Checks everything but replay, signature first: nothing is told about a forged token's claims.
pub(super) fn verify(
    token: &str,
    keys: &CoreJsonWebKeySet,
    expected: &Expected<'_>,
) -> Result<LogoutToken, Refusal> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::NotAToken)?;
    let (header, payload) = signed.split_once('.').ok_or(Refusal::NotAToken)?;
    let key = key(&object(header)?, keys)?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| Refusal::NotAToken)?;
    key.verify_signature(
        &CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        signed.as_bytes(),
        &signature,
    )
    .map_err(|_| Refusal::Signature)?;
    let claims = object(payload)?;
    check_addressed(&claims, expected)?;
    check_timely(&claims, expected.now)?;
    check_kind(&claims)?;
    Ok(LogoutToken {
        named: named(&claims)?,
        id: text(&claims, "jti").ok_or(Refusal::NoId)?.to_owned(),
    })
}

fn object(part: &str) -> Result<Map<String, Value>, Refusal> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Refusal::NotAToken)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::NotAToken)
}

fn text<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    of.get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The key for this header. An explicit type keeps ID tokens from being taken for logout tokens
/// (RFC 8725, 3.11); unknown critical members must refuse the token (RFC 7515, 4.1.11).
fn key<'k>(
    header: &Map<String, Value>,
    keys: &'k CoreJsonWebKeySet,
) -> Result<&'k CoreJsonWebKey, Refusal> {
    let typ = text(header, "typ")
        .ok_or(Refusal::Type)?
        .to_ascii_lowercase();
    if typ.strip_prefix("application/").unwrap_or(&typ) != "logout+jwt" {
        return Err(Refusal::Type);
    }
    if text(header, "alg") != Some("RS256") {
        return Err(Refusal::Algorithm);
    }
    if header.contains_key("crit") {
        return Err(Refusal::Critical);
    }
    let kid = text(header, "kid").ok_or(Refusal::UnknownKey)?;
    let mut keys = keys.keys().iter();
    keys.find(|key| key.key_id().is_some_and(|id| id.as_str() == kid))
        .ok_or(Refusal::UnknownKey)
}

fn check_addressed(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), Refusal> {
    if text(claims, "iss") != Some(expected.issuer) {
        return Err(Refusal::Issuer);
    }
    let ours = match claims.get("aud") {
        Some(Value::String(audience)) => audience == expected.client_id,
        Some(Value::Array(all)) => {
            !all.is_empty()
                && all
                    .iter()
                    .all(|one| one.as_str() == Some(expected.client_id))
        }
        _ => false,
    };
    if ours { Ok(()) } else { Err(Refusal::Audience) }
}

fn check_timely(claims: &Map<String, Value>, now: Timestamp) -> Result<(), Refusal> {
    let moment = |name| {
        claims
            .get(name)
            .and_then(Value::as_i64)
            .map(Timestamp::from_secs)
    };
    let issued_at = moment("iat").ok_or(Refusal::IssuedAt)?;
    if issued_at > now + SKEW || issued_at + OLDEST < now {
        return Err(Refusal::IssuedAt);
    }
    match moment("exp") {
        Some(expires) if expires + SKEW > now => Ok(()),
        Some(_) | None => Err(Refusal::Expired),
    }
}

fn check_kind(claims: &Map<String, Value>) -> Result<(), Refusal> {
    let event = claims.get("events").and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) {
        return Err(Refusal::Event);
    }
    if claims.contains_key("nonce") {
        Err(Refusal::Nonce)
    } else {
        Ok(())
    }
}

/// A `sid` beside a `sub` names one session: ending all of the person's would be too much.
fn named(claims: &Map<String, Value>) -> Result<Named, Refusal> {
    match (text(claims, "sid"), text(claims, "sub")) {
        (Some(sid), _) => Ok(Named::Sid(sid.to_owned())),
        (None, Some(subject)) => Ok(Named::Subject(subject.to_owned())),
        (None, None) => Err(Refusal::Nobody),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::signer::Signer;
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
    const EXPECTED: Expected<'_> = Expected {
        issuer: "http://localhost:8080",
        client_id: "wiki",
        now: NOW,
    };

    fn header() -> Value {
        json!({"alg": "RS256", "typ": "logout+jwt", "kid": "k1"})
    }

    fn claims() -> Value {
        json!({
            "iss": "http://localhost:8080", "aud": "wiki", "iat": 1_700_000_000,
            "exp": 1_700_000_120, "jti": "j1", "sid": "s1", "events": {EVENT: {}},
        })
    }

    /// The object with one member set, or (null) taken out.
    fn with(mut object: Value, name: &str, value: &Value) -> Value {
        let members = object.as_object_mut().unwrap();
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.to_owned(), value.clone());
        }
        object
    }

    #[test]
    fn one_thing_wrong_is_enough() {
        let signer = Signer::new("k1");
        let keys = signer.keys();
        for (name, value, refusal) in [
            ("iss", json!("http://localhost:8081"), Refusal::Issuer),
            ("iss", json!(null), Refusal::Issuer),
            ("aud", json!("shop"), Refusal::Audience),
            ("aud", json!(["wiki", "shop"]), Refusal::Audience),
            ("aud", json!([]), Refusal::Audience),
            ("aud", json!(null), Refusal::Audience),
            ("iat", json!(null), Refusal::IssuedAt),
            ("iat", json!("1700000000"), Refusal::IssuedAt),
            ("iat", json!(1_700_000_061), Refusal::IssuedAt),
            ("iat", json!(1_699_999_399), Refusal::IssuedAt),
            ("exp", json!(null), Refusal::Expired),
            ("exp", json!(1_699_999_940), Refusal::Expired),
            ("events", json!(null), Refusal::Event),
            ("events", json!({}), Refusal::Event),
            ("events", json!({EVENT: true}), Refusal::Event),
            ("events", json!([EVENT]), Refusal::Event),
            ("nonce", json!("n"), Refusal::Nonce),
            ("sid", json!(null), Refusal::Nobody),
            ("sid", json!(""), Refusal::Nobody),
            ("jti", json!(null), Refusal::NoId),
        ] {
            let token = signer.sign(&header(), &with(claims(), name, &value));
            assert_eq!(
                verify(&token, &keys, &EXPECTED),
                Err(refusal),
                "{name} {value}"
            );
        }
        for (name, value, refusal) in [
            ("typ", json!("JWT"), Refusal::Type),
            ("typ", json!(null), Refusal::Type),
            ("alg", json!("none"), Refusal::Algorithm),
            ("alg", json!("HS256"), Refusal::Algorithm),
            ("crit", json!(["b64"]), Refusal::Critical),
            ("kid", json!("k2"), Refusal::UnknownKey),
            ("kid", json!(null), Refusal::UnknownKey),
        ] {
            let token = signer.sign(&with(header(), name, &value), &claims());
            assert_eq!(
                verify(&token, &keys, &EXPECTED),
                Err(refusal),
                "{name} {value}"
            );
        }
    }

    #[test]
    fn a_forged_or_broken_token_is_refused() {
        let signer = Signer::new("k1");
        let good = signer.sign(&header(), &claims());
        let (unsigned, _) = good.rsplit_once('.').unwrap();
        let forged = Signer::new("k1").sign(&header(), &claims());
        for (token, refusal) in [
            (String::new(), Refusal::NotAToken),
            ("a.b".to_owned(), Refusal::NotAToken),
            (format!("{good}!"), Refusal::NotAToken),
            (format!("{unsigned}."), Refusal::Signature),
            (format!("x.{good}"), Refusal::NotAToken),
            (forged, Refusal::Signature),
        ] {
            assert_eq!(
                verify(&token, &signer.keys(), &EXPECTED),
                Err(refusal),
                "{token}"
            );
        }
    }

    #[test]
    fn a_good_token_names_a_session_or_a_person_and_counts_once() {
        let signer = Signer::new("k1");
        for (sid, sub, named) in [
            (json!("s1"), json!(null), Named::Sid("s1".to_owned())),
            (json!("s1"), json!("u_1"), Named::Sid("s1".to_owned())),
            (json!(null), json!("u_1"), Named::Subject("u_1".to_owned())),
        ] {
            let claims = with(with(claims(), "sid", &sid), "sub", &sub);
            let token = verify(&signer.sign(&header(), &claims), &signer.keys(), &EXPECTED);
            assert_eq!(
                token,
                Ok(LogoutToken {
                    named,
                    id: "j1".to_owned()
                })
            );
        }
        let token = LogoutToken {
            named: Named::Sid("s1".to_owned()),
            id: "j1".to_owned(),
        };
        let mut seen = Seen::new();
        assert_eq!(seen.first_time(&token, NOW), Ok(()));
        assert_eq!(seen.first_time(&token, NOW), Err(Refusal::Replayed));
    }
}
