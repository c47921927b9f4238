//! Client authentication (RFC 6749, 2.3; `OpenID` Connect Core 1.0, 9): what a request presents,
//! and whether it is enough for a client.

use std::fmt;

use super::basic::basic_credentials;
use super::client::{AuthMethod, Client};
use super::client_assertion;
use super::form::{Repeated, single};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SecretHash};

/// Who a request says it is from, and by what proof. The secret is hashed as it is read, so that
/// none can reach a log.
#[derive(Clone, Debug)]
pub struct Presented {
    client_id: ClientId,
    proof: Proof,
}

#[derive(Clone)]
enum Proof {
    None,
    Basic(SecretHash),
    Post(SecretHash),
    Assertion(String),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic(_) => "Basic(…)",
            Self::Post(_) => "Post(…)",
            Self::Assertion(_) => "Assertion(…)",
        })
    }
}

/// Why a request says nothing usable about its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// `invalid_request`: two methods at once (RFC 6749, 2.3).
    #[error("the client authenticates in more than one way")]
    MoreThanOneMethod,
    /// `invalid_request`: a parameter comes twice (RFC 6749, 3.2).
    #[error("the parameter {0} is repeated")]
    Repeated(&'static str),
    /// `invalid_request`: the form and the header name different clients.
    #[error("the request names two clients")]
    TwoClients,
    /// `invalid_client`: the header is not Basic, or not as RFC 7617 and RFC 6749, 2.3.1 say.
    #[error("the client authentication is malformed")]
    Malformed,
    /// `invalid_client`: a method that this server does not offer.
    #[error("the client authentication method is not supported")]
    Unsupported,
    /// `invalid_client`: no client is named.
    #[error("the client is not named")]
    Missing,
}

/// Why a client is refused: `invalid_client` in every case; the difference is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthFailure {
    /// It names another client.
    #[error("another client is named")]
    OtherClient,
    /// The client is disabled.
    #[error("the client is disabled")]
    Disabled,
    /// A public client has no secret to present.
    #[error("a public client presents a secret")]
    SecretFromPublic,
    /// A confidential client must present one.
    #[error("a confidential client presents no secret")]
    SecretMissing,
    /// The right secret may be, but not in the registered way.
    #[error("the client is pinned to another method")]
    OtherMethod,
    /// Its assertion proves nothing.
    #[error("the assertion is wrong")]
    WrongAssertion,
    /// Not its secret.
    #[error("the secret is wrong")]
    WrongSecret,
}

impl Presented {
    /// Reads the `Authorization` header and the form.
    pub fn parse(authorization: Option<&str>, form: &[(&str, &str)]) -> Result<Self, Unreadable> {
        let single = |name| single(form, name).map_err(|Repeated(name)| Unreadable::Repeated(name));
        let client_id = single("client_id")?;
        let secret = single("client_secret")?;
        let assertion = single("client_assertion")?;
        let assertion_type = single("client_assertion_type")?;
        let methods = [
            authorization.is_some(),
            secret.is_some(),
            assertion.or(assertion_type).is_some(),
        ];
        if methods.into_iter().filter(|used| *used).count() > 1 {
            return Err(Unreadable::MoreThanOneMethod);
        }
        if assertion.or(assertion_type).is_some() {
            return Self::assertion_of(assertion, assertion_type, client_id);
        }
        if let Some(header) = authorization {
            return Self::basic(header, client_id);
        }
        Ok(Self {
            client_id: ClientId::new(client_id.ok_or(Unreadable::Missing)?),
            proof: secret.map_or(Proof::None, |secret| {
                Proof::Post(SecretHash::of_text(secret))
            }),
        })
    }

    /// RFC 7521, 4.2: the assertion names the client; `client_id`, if it is there, agrees.
    fn assertion_of(
        assertion: Option<&str>,
        kind: Option<&str>,
        in_form: Option<&str>,
    ) -> Result<Self, Unreadable> {
        if kind != Some(client_assertion::TYPE) {
            return Err(Unreadable::Unsupported);
        }
        let assertion = assertion.ok_or(Unreadable::Malformed)?;
        let client_id = client_assertion::named_client(assertion).ok_or(Unreadable::Malformed)?;
        if in_form.is_some_and(|in_form| in_form != client_id.as_str()) {
            return Err(Unreadable::TwoClients);
        }
        Ok(Self {
            client_id,
            proof: Proof::Assertion(assertion.to_owned()),
        })
    }

    /// The assertion, if that is the proof: [`check`] cannot judge it.
    pub fn assertion(&self) -> Option<&str> {
        match &self.proof {
            Proof::Assertion(assertion) => Some(assertion),
            Proof::None | Proof::Basic(_) | Proof::Post(_) => None,
        }
    }

    /// Some libraries repeat `client_id` in the form beside the header: fine if both agree.
    fn basic(header: &str, in_form: Option<&str>) -> Result<Self, Unreadable> {
        let (client_id, secret) = basic_credentials(header).ok_or(Unreadable::Malformed)?;
        if in_form.is_some_and(|in_form| in_form != client_id) {
            return Err(Unreadable::TwoClients);
        }
        Ok(Self {
            client_id: ClientId::new(client_id),
            proof: Proof::Basic(SecretHash::of_text(&secret)),
        })
    }

    /// The client that the request names: not proved before [`check`].
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }
}

/// Whether what is presented is enough for this client at this moment.
pub fn check(client: &Client, presented: &Presented, now: Timestamp) -> Result<(), AuthFailure> {
    if client.client_id != presented.client_id {
        return Err(AuthFailure::OtherClient);
    }
    if !client.enabled {
        return Err(AuthFailure::Disabled);
    }
    let (method, secret) = match (client.is_public(), &presented.proof) {
        (true, Proof::None) => return Ok(()),
        (true, _) => return Err(AuthFailure::SecretFromPublic),
        (false, Proof::Assertion(_)) => return Err(AuthFailure::OtherMethod),
        (false, Proof::None) => return Err(AuthFailure::SecretMissing),
        (false, Proof::Basic(secret)) => (AuthMethod::ClientSecretBasic, secret),
        (false, Proof::Post(secret)) => (AuthMethod::ClientSecretPost, secret),
    };
    // One that signs with its secret must not send it, nor has one with keys any.
    if !client.sends_secret() {
        return Err(AuthFailure::OtherMethod);
    }
    // Libraries differ in which of both they use, whatever was registered.
    if client.pin_auth_method && client.token_endpoint_auth_method != method {
        return Err(AuthFailure::OtherMethod);
    }
    if is_secret_of(client, secret, now) {
        Ok(())
    } else {
        Err(AuthFailure::WrongSecret)
    }
}

/// After a rotation the secret before it is taken until its time. Both are compared, each in
/// constant time: how long it takes says nothing of which it was.
fn is_secret_of(client: &Client, presented: &SecretHash, now: Timestamp) -> bool {
    let present = client.secret_hash.map(|hash| hash.matches(presented));
    let previous = client
        .previous_secret
        .as_ref()
        .filter(|previous| now < previous.expires)
        .map(|previous| previous.hash.matches(presented));
    present == Some(true) || previous == Some(true)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::super::client::PreviousSecret;
    use super::*;

    type Form = &'static [(&'static str, &'static str)];

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    const ID: (&str, &str) = ("client_id", "wiki");
    const SECRET: (&str, &str) = ("client_secret", "s3cret");
    const ASSERTION: (&str, &str) = ("client_assertion", "a.b.c");

    fn basic() -> String {
        format!("Basic {}", STANDARD.encode("wiki:s3cret"))
    }

    fn by_basic() -> Presented {
        Presented::parse(Some(&basic()), &[]).unwrap()
    }

    fn by_post() -> Presented {
        Presented::parse(None, &[ID, SECRET]).unwrap()
    }

    fn bare() -> Presented {
        Presented::parse(None, &[ID, ("client_secret", "")]).unwrap()
    }

    fn client(method: &str, secret: Option<&str>) -> Client {
        let mut client: Client = serde_json::from_value(json!({
            "client_id": "wiki", "client_name": "Wiki", "redirect_uris": [],
            "grant_types": ["authorization_code"], "token_endpoint_auth_method": method,
        }))
        .unwrap();
        client.secret_hash = secret.map(SecretHash::of_text);
        client
    }

    #[test]
    fn forms_that_name_no_client_or_several_methods_are_refused() {
        use Unreadable::{Missing, MoreThanOneMethod, Repeated, Unsupported};
        let cases: [(Form, Unreadable); 9] = [
            (&[], Missing),
            (&[("client_id", "")], Missing),
            (&[SECRET], Missing),
            (&[ID, ID], Repeated("client_id")),
            (&[ID, SECRET, SECRET], Repeated("client_secret")),
            (&[ID, ASSERTION, ASSERTION], Repeated("client_assertion")),
            (&[ID, ASSERTION], Unsupported),
            (&[ID, ("client_assertion_type", "urn:x")], Unsupported),
            (&[ID, SECRET, ASSERTION], MoreThanOneMethod),
        ];
        for (form, error) in cases {
            let read = Presented::parse(None, form);
            assert_eq!(read.err(), Some(error), "{form:?}");
        }
    }

    #[test]
    fn a_header_beside_another_method_or_client_is_refused() {
        use Unreadable::{Malformed, MoreThanOneMethod, TwoClients};
        let basic = basic();
        let cases: [(&str, Form, Unreadable); 7] = [
            (&basic, &[SECRET], MoreThanOneMethod),
            (&basic, &[ID, SECRET], MoreThanOneMethod),
            (&basic, &[ASSERTION], MoreThanOneMethod),
            ("Bearer x", &[ID, SECRET], MoreThanOneMethod),
            ("Bearer x", &[ID], Malformed),
            (&basic, &[("client_id", "shop")], TwoClients),
            (&basic, &[("client_id", "Wiki")], TwoClients),
        ];
        for (header, form, error) in cases {
            let read = Presented::parse(Some(header), form);
            assert_eq!(read.err(), Some(error), "{header} {form:?}");
        }
        let agreeing = Presented::parse(Some(&basic), &[ID]).unwrap();
        assert_eq!(agreeing.client_id().as_str(), "wiki");
    }

    #[test]
    fn a_public_client_presents_nothing() {
        for secret in [None, Some("s3cret")] {
            let client = client("none", secret);
            for presented in [by_basic(), by_post()] {
                assert_eq!(
                    check(&client, &presented, NOW),
                    Err(AuthFailure::SecretFromPublic)
                );
            }
            assert_eq!(check(&client, &bare(), NOW), Ok(()));
        }
    }

    #[test]
    fn a_confidential_client_presents_its_secret_either_way() {
        let wrong = Err(AuthFailure::WrongSecret);
        let cases = [
            (None, wrong),
            (Some(""), wrong),
            (Some("s3cre"), wrong),
            (Some("s3cret "), wrong),
            (Some("S3cret"), wrong),
            (Some("s3cret"), Ok(())),
        ];
        for method in ["client_secret_basic", "client_secret_post"] {
            for (secret, expected) in cases {
                let client = client(method, secret);
                assert_eq!(
                    check(&client, &bare(), NOW),
                    Err(AuthFailure::SecretMissing)
                );
                assert_eq!(
                    check(&client, &by_basic(), NOW),
                    expected,
                    "{method} {secret:?}"
                );
                assert_eq!(
                    check(&client, &by_post(), NOW),
                    expected,
                    "{method} {secret:?}"
                );
            }
        }
    }

    #[test]
    fn the_secret_before_is_taken_until_its_time() {
        let mut client = client("client_secret_basic", Some("newer"));
        assert_eq!(
            check(&client, &by_basic(), NOW),
            Err(AuthFailure::WrongSecret)
        );
        client.previous_secret = Some(PreviousSecret {
            hash: SecretHash::of_text("s3cret"),
            sealed: None,
            expires: NOW,
        });
        let before = Timestamp::from_millis(NOW.as_millis() - 1);
        for presented in [by_basic(), by_post()] {
            assert_eq!(check(&client, &presented, before), Ok(()));
            assert_eq!(
                check(&client, &presented, NOW),
                Err(AuthFailure::WrongSecret)
            );
        }
        client.secret_hash = Some(SecretHash::of_text("s3cret"));
        assert_eq!(check(&client, &by_basic(), NOW), Ok(()), "the present one");
    }

    #[test]
    fn who_signs_sends_no_secret() {
        for method in ["client_secret_jwt", "private_key_jwt"] {
            let client = client(method, Some("s3cret"));
            for presented in [by_basic(), by_post()] {
                let refused = Err(AuthFailure::OtherMethod);
                assert_eq!(check(&client, &presented, NOW), refused, "{method}");
            }
            let refused = Err(AuthFailure::SecretMissing);
            assert_eq!(check(&client, &bare(), NOW), refused, "{method}");
        }
    }

    #[test]
    fn a_pinned_client_has_one_way() {
        let cases = [
            ("client_secret_basic", by_post(), by_basic()),
            ("client_secret_post", by_basic(), by_post()),
        ];
        for (method, other, registered) in cases {
            let mut client = client(method, Some("s3cret"));
            client.pin_auth_method = true;
            assert_eq!(check(&client, &other, NOW), Err(AuthFailure::OtherMethod));
            assert_eq!(check(&client, &registered, NOW), Ok(()));
        }
    }

    #[test]
    fn disabled_and_other_clients_are_refused() {
        for (method, presented) in [("client_secret_basic", by_basic()), ("none", bare())] {
            let mut client = client(method, Some("s3cret"));
            assert_eq!(check(&client, &presented, NOW), Ok(()));
            client.enabled = false;
            assert_eq!(check(&client, &presented, NOW), Err(AuthFailure::Disabled));
            client.enabled = true;
            client.client_id = ClientId::new("shop");
            assert_eq!(
                check(&client, &presented, NOW),
                Err(AuthFailure::OtherClient)
            );
        }
    }

    #[test]
    fn the_secret_does_not_show() {
        for presented in [by_basic(), by_post()] {
            assert!(!format!("{presented:?}").contains("s3cret"));
        }
    }
}
