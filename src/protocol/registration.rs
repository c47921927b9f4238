//! Dynamic client registration (RFC 7591; RFC 7592; `OpenID` Connect Registration 1.0): what a
//! client that registers itself may be, and what it is told.

use serde_json::{Map, Value, json};

use super::client::{Client, RegisteredBy};
use super::client_metadata::{self, MetadataError};
use super::error::{ErrorCode, ProtocolError};
use super::scope::ScopeSet;
use crate::clock::Timestamp;
use crate::entropy::ClientId;

/// What a registered client may never be, whatever it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// PKCE is demanded of every one of them. Where it is not, confidential clients are let off
    /// that don't ask for it themselves.
    pub require_pkce: bool,
    /// The scopes that they may have.
    pub scopes: ScopeSet,
    /// Whether they may ask for tokens by way of the browser.
    pub front_channel_tokens: bool,
}

/// Members that make a client more than a stranger: only an administrator gives them.
const RESERVED: [&str; 1] = ["first_party"];

/// Members that an update must not hold (RFC 7592, 2.2).
const NOT_IN_UPDATES: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// Reads and judges what a client registers, or replaces itself by.
pub fn admit(metadata: &Value, id: ClientId, policy: &Policy) -> Result<Client, MetadataError> {
    for member in RESERVED {
        if metadata.get(member) == Some(&Value::Bool(true)) {
            let remedy = "leave it out; an administrator may set it";
            return Err(MetadataError::new(
                member,
                "is not for registered clients",
                remedy,
            ));
        }
    }
    let asked = metadata.get("require_pkce").and_then(Value::as_bool);
    if policy.require_pkce && asked == Some(false) {
        return Err(MetadataError::new(
            "require_pkce",
            "is false, but PKCE is demanded of registered clients here",
            "leave it out, and send code_challenge",
        ));
    }
    let mut client = client_metadata::parse(&settled(metadata, asked, policy), id)?;
    let mut types = client.response_types.iter();
    if !policy.front_channel_tokens && types.any(|kind| kind.is_front_channel()) {
        return Err(MetadataError::new(
            "response_types",
            "asks for tokens by way of the browser, which are not given here",
            "write code alone",
        ));
    }
    client.scope = Some(narrowed(client.scope.as_deref(), policy)?);
    client.registered_by = RegisteredBy::Itself;
    Ok(client)
}

/// The metadata, with what a client that says nothing of PKCE gets.
fn settled(metadata: &Value, asked: Option<bool>, policy: &Policy) -> Value {
    let public = metadata.get("token_endpoint_auth_method") == Some(&json!("none"));
    let mut metadata = metadata.clone();
    if asked.is_none()
        && let Some(members) = metadata.as_object_mut()
    {
        let demanded = policy.require_pkce || public;
        members.insert("require_pkce".to_owned(), demanded.into());
    }
    metadata
}

/// What it may have of what it asks for (RFC 7591, 2: the server may replace a value); all that
/// there is for one that asks for nothing.
fn narrowed(asked: Option<&str>, policy: &Policy) -> Result<String, MetadataError> {
    let Some(asked) = asked.filter(|text| !text.is_empty()) else {
        return Ok(policy.scopes.to_string());
    };
    let refuse = |problem: String| {
        let remedy = format!("ask for some of: {}", policy.scopes);
        MetadataError::new("scope", problem, remedy)
    };
    let asked = ScopeSet::parse(asked).map_err(|error| refuse(error.to_string()))?;
    let left = asked.intersect(&policy.scopes).to_string();
    if left.is_empty() {
        return Err(refuse(
            "has nothing that a registered client may have".to_owned(),
        ));
    }
    Ok(left)
}

/// Judges the frame of an update (RFC 7592, 2.2): that it is of this client, and holds nothing
/// that only the server says.
pub fn check_update(metadata: &Value, id: &ClientId) -> Result<(), ProtocolError> {
    let invalid = |text: String| Err(ProtocolError::new(ErrorCode::InvalidRequest, text));
    if metadata.get("client_id").and_then(Value::as_str) != Some(id.as_str()) {
        return invalid("client_id: is not the id of this client; write it".to_owned());
    }
    for member in NOT_IN_UPDATES {
        if metadata.get(member).is_some() {
            return invalid(format!(
                "{member}: must not be sent in an update; leave it out"
            ));
        }
    }
    Ok(())
}

/// The code of an error in the metadata (RFC 7591, 3.2.2).
pub fn refusal(error: &MetadataError) -> ProtocolError {
    let code = if error.member.starts_with("redirect_uris") {
        ErrorCode::InvalidRedirectUri
    } else {
        ErrorCode::InvalidClientMetadata
    };
    ProtocolError::new(code, error.to_string())
}

/// What a client is told of itself (RFC 7591, 3.2.1; RFC 7592, 3).
pub struct Answer<'a> {
    /// The client.
    pub client: &'a Client,
    /// When it registered.
    pub issued: Timestamp,
    /// A secret that was made for it now.
    pub secret: Option<&'a str>,
    /// Where it is read, replaced and deleted.
    pub address: &'a str,
    /// The token for that.
    pub token: &'a str,
}

impl Answer<'_> {
    /// The JSON document.
    pub fn document(&self) -> Value {
        let mut members = match client_metadata::to_json(self.client) {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let mut say = |name: &str, value: Value| members.insert(name.to_owned(), value);
        say("client_id_issued_at", self.issued.as_secs().into());
        say("registration_client_uri", self.address.into());
        say("registration_access_token", self.token.into());
        if let Some(secret) = self.secret {
            say("client_secret", secret.into());
            // It does not run out.
            say("client_secret_expires_at", 0.into());
        }
        Value::Object(members)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(require_pkce: bool) -> Policy {
        Policy {
            front_channel_tokens: false,
            require_pkce,
            scopes: ScopeSet::parse("openid profile offline_access").unwrap(),
        }
    }

    fn id() -> ClientId {
        ClientId::new("c")
    }

    fn wiki(more: Value) -> Value {
        let mut metadata = json!({ "redirect_uris": ["https://wiki.example/cb"] });
        let members = metadata.as_object_mut().unwrap();
        let Value::Object(more) = more else {
            panic!("{more}");
        };
        members.extend(more);
        metadata
    }

    #[test]
    fn pkce_is_as_the_policy_says() {
        let none = json!({ "token_endpoint_auth_method": "none" });
        for (demanded, metadata, expected) in [
            (true, json!({}), Ok(true)),
            (true, json!({ "require_pkce": true }), Ok(true)),
            (true, json!({ "require_pkce": false }), Err("require_pkce")),
            (false, json!({}), Ok(false)),
            (false, json!({ "require_pkce": true }), Ok(true)),
            (false, json!({ "require_pkce": false }), Ok(false)),
            (false, none.clone(), Ok(true)),
            (true, none, Ok(true)),
        ] {
            let client = admit(&wiki(metadata.clone()), id(), &policy(demanded));
            let found = client.map(|client| client.require_pkce);
            let found = found.as_ref().map_err(|error| error.member.as_str());
            assert_eq!(
                found,
                expected.as_ref().map_err(|member| *member),
                "{metadata}"
            );
        }
    }

    #[test]
    fn scopes_are_what_the_policy_leaves() {
        for (asked, expected) in [
            (None, Some("openid profile offline_access")),
            (Some(""), Some("openid profile offline_access")),
            (Some("openid"), Some("openid")),
            (Some("openid groups"), Some("openid")),
            (Some("groups roles"), None),
            (Some("a\"b"), None),
        ] {
            let metadata = wiki(asked.map_or(json!({}), |scope| json!({ "scope": scope })));
            let client = admit(&metadata, id(), &policy(true));
            let found = client.map(|client| client.scope.unwrap());
            match expected {
                Some(scope) => assert_eq!(found.unwrap(), scope),
                None => assert_eq!(found.unwrap_err().member, "scope"),
            }
        }
    }

    #[test]
    fn no_stranger_is_of_the_house() {
        let metadata = wiki(json!({ "first_party": true }));
        let error = admit(&metadata, id(), &policy(true)).unwrap_err();
        assert_eq!(error.member, "first_party");
        let client = admit(&wiki(json!({ "first_party": false })), id(), &policy(true));
        let client = client.unwrap();
        assert!(!client.first_party);
        assert_eq!(client.registered_by, RegisteredBy::Itself);
    }

    #[test]
    fn an_update_is_of_this_client_and_says_nothing_of_the_server() {
        check_update(&wiki(json!({ "client_id": "c" })), &id()).unwrap();
        for more in [
            json!({}),
            json!({ "client_id": "other" }),
            json!({ "client_id": 7 }),
            json!({ "client_id": "c", "registration_access_token": "t" }),
            json!({ "client_id": "c", "client_id_issued_at": 1 }),
        ] {
            let error = check_update(&wiki(more), &id()).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn redirect_uris_have_an_error_of_their_own() {
        for (more, code) in [
            (
                json!({ "redirect_uris": ["http://a.example/#f"] }),
                ErrorCode::InvalidRedirectUri,
            ),
            (
                json!({ "redirect_uris": [] }),
                ErrorCode::InvalidRedirectUri,
            ),
            (
                json!({ "client_name": "\u{202e}" }),
                ErrorCode::InvalidClientMetadata,
            ),
        ] {
            let error = admit(&wiki(more), id(), &policy(true)).unwrap_err();
            assert_eq!(refusal(&error).code, code, "{error}");
        }
    }

    #[test]
    fn the_answer_names_a_secret_only_with_its_end() {
        let client = admit(&wiki(json!({})), id(), &policy(true)).unwrap();
        for secret in [None, Some("s")] {
            let answer = Answer {
                client: &client,
                issued: Timestamp::from_secs(7),
                secret,
                address: "https://login.example/oauth2/register/c",
                token: "t",
            };
            let document = answer.document();
            assert_eq!(document["client_id"], "c");
            assert_eq!(document["client_id_issued_at"], 7);
            assert_eq!(document.get("client_secret").is_some(), secret.is_some());
            let end = document.get("client_secret_expires_at").cloned();
            assert_eq!(end, secret.map(|_| json!(0)));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_no_more_than_the_policy_is_given(
            members in proptest::collection::vec(("[a-z_]{1,24}", "\\PC{0,40}", any::<bool>()), 0..8)
        ) {
            let mut metadata = wiki(json!({}));
            for (name, text, flag) in members {
                let value = if flag { json!(flag) } else { json!(text) };
                metadata.as_object_mut().unwrap().insert(name, value);
            }
            if let Ok(client) = admit(&metadata, id(), &policy(true)) {
                prop_assert!(client.require_pkce && !client.first_party);
                let scopes = ScopeSet::parse(&client.scope.unwrap()).unwrap();
                prop_assert_eq!(&scopes.intersect(&policy(true).scopes), &scopes);
            }
        }
    }
}
