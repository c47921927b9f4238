//! How what a client says of its authorization requests is read, and what holds for it.

use serde_json::{Map, Value};

use super::client::Client;
use super::client_requests::{ClientRequests, MEMBERS, ObjectAlg};
use super::client_rules::MetadataError;
use super::redirect_uri;

/// Most `request_uris`, and the longest of them in bytes.
const MAX_URIS: usize = 20;
const MAX_URI: usize = 2048;

/// Reads them from the metadata of a client. Null and empty texts are as good as absent.
pub(super) fn parse(metadata: &Value) -> Result<ClientRequests, MetadataError> {
    let given = |name: &&str| {
        let value = metadata.get(*name)?;
        let empty = value.is_null() || value.as_str() == Some("");
        (!empty).then(|| ((*name).to_owned(), value.clone()))
    };
    let members: Value = MEMBERS
        .iter()
        .filter_map(given)
        .collect::<Map<_, _>>()
        .into();
    serde_path_to_error::deserialize(&members).map_err(|error| {
        let member = error.path().to_string();
        let problem = error.inner().to_string();
        MetadataError::new(member, problem, "write what is expected, or leave it out")
    })
}

/// Judges them, of the whole client.
pub(super) fn check(client: &Client) -> Result<(), MetadataError> {
    let requests = &client.requests;
    if requests.request_uris.len() > MAX_URIS {
        let problem = format!("has more than {MAX_URIS} entries");
        return Err(MetadataError::new(
            "request_uris",
            problem,
            "leave some out",
        ));
    }
    let good = |uri: &String| {
        let safe = uri.starts_with("https://") || redirect_uri::is_loopback(uri);
        safe && uri.len() <= MAX_URI && redirect_uri::validate_link(uri).is_ok()
    };
    if let Some(at) = requests.request_uris.iter().position(|uri| !good(uri)) {
        return Err(MetadataError::new(
            format!("request_uris[{at}]"),
            "is no plain address with https, without fragment and disguise",
            "write one such as https://app.example/request.jwt",
        ));
    }
    let unsigned = requests.request_object_signing_alg == Some(ObjectAlg::Unsigned);
    if requests.require_signed_request_object && unsigned {
        return Err(MetadataError::new(
            "request_object_signing_alg",
            "is none, but require_signed_request_object is true",
            "write the algorithm by which the app signs",
        ));
    }
    let signs = requests.require_signed_request_object
        || matches!(
            requests.request_object_signing_alg,
            Some(ObjectAlg::Signed(_))
        );
    if signs && client.jwks.is_none() && client.jwks_uri.is_none() {
        return Err(MetadataError::new(
            "jwks",
            "is missing, but request objects are signed",
            "write jwks or jwks_uri: the app's public keys",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::client_metadata;
    use super::*;
    use crate::entropy::ClientId;

    fn read(more: Value) -> Result<Client, MetadataError> {
        let mut metadata = json!({ "redirect_uris": ["https://a.example/cb"] });
        let members = metadata.as_object_mut().unwrap();
        let Value::Object(more) = more else {
            panic!("{more}");
        };
        members.extend(more);
        client_metadata::parse(&metadata, ClientId::new("app"))
    }

    #[test]
    fn each_member_in_turn_is_wrong() {
        let many: Vec<String> = (0..21).map(|n| format!("https://a.example/{n}")).collect();
        for (metadata, member) in [
            (
                json!({ "request_object_signing_alg": "HS256" }),
                "request_object_signing_alg",
            ),
            (
                json!({ "request_object_signing_alg": 7 }),
                "request_object_signing_alg",
            ),
            (
                json!({ "require_signed_request_object": "yes" }),
                "require_signed_request_object",
            ),
            (
                json!({ "request_uris": "https://a.example" }),
                "request_uris",
            ),
            (
                json!({ "request_uris": ["http://a.example/r"] }),
                "request_uris[0]",
            ),
            (
                json!({ "request_uris": ["https://a.example/r", "x"] }),
                "request_uris[1]",
            ),
            (json!({ "request_uris": many }), "request_uris"),
            (json!({ "request_object_signing_alg": "ES256" }), "jwks"),
            (json!({ "require_signed_request_object": true }), "jwks"),
            (
                json!({
                    "require_signed_request_object": true, "request_object_signing_alg": "none",
                }),
                "request_object_signing_alg",
            ),
        ] {
            let error = read(metadata.clone()).unwrap_err();
            assert!(error.to_string().starts_with(member), "{metadata}: {error}");
        }
    }

    #[test]
    fn they_are_written_as_they_were_read() {
        let all = json!({
            "jwks_uri": "https://a.example/jwks", "require_pushed_authorization_requests": true,
            "require_signed_request_object": true, "request_object_signing_alg": "PS256",
            "request_uris": ["https://a.example/r?v=1", "http://127.0.0.1:4000/r"],
        });
        let client = read(all.clone()).unwrap();
        let written = client_metadata::to_json(&client);
        for name in MEMBERS {
            assert_eq!(written[name], all[name], "{name}");
        }
        let stored: Client =
            serde_json::from_value(serde_json::to_value(&client).unwrap()).unwrap();
        assert_eq!(stored.requests, client.requests);
        let none = read(json!({ "request_object_signing_alg": "none", "request_uris": null }));
        let none = none.unwrap().requests;
        assert_eq!(none.request_object_signing_alg, Some(ObjectAlg::Unsigned));
        assert_eq!(read(json!({})).unwrap().requests, ClientRequests::default());
    }
}
