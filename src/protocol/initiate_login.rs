//! Sign-ins that begin here and not at the app (`OpenID` Connect Core 1.0, 4): where an app is
//! opened from the page of a person's apps.

use url::Url;

use super::client::{Client, GrantType};
use super::redirect_uri;

/// What we write into the query of an `initiate_login_uri`.
const OURS: [&str; 3] = ["iss", "login_hint", "target_link_uri"];

/// Whether a query has one of our parameters already: which of two would hold, nobody knows.
pub(super) fn asks_for_ours(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| {
        url.query_pairs()
            .any(|(name, _)| OURS.contains(&name.as_ref()))
    })
}

/// Where the app is opened: its `initiate_login_uri`, which asks us at once for a sign-in, or its
/// home page. None for an app that has neither, that is disabled, or that signs nobody in.
///
/// An app that registered itself is opened only by who `knows` it already: a stranger must not be
/// able to put a door on everybody's page.
pub fn door(client: &Client, issuer: &str, knows: bool) -> Option<String> {
    let strange = client.is_stranger() && !knows;
    if !client.enabled || strange || !client.may_use(GrantType::AuthorizationCode) {
        return None;
    }
    match &client.initiate_login_uri {
        Some(uri) => Some(initiated(uri, issuer, client.client_uri.as_deref())),
        None => client.client_uri.clone(),
    }
}

/// No `login_hint`: the session here already says who signs in, and an address tells no name. The
/// home page goes along as `target_link_uri` where it lies at the same origin; apps must refuse
/// others, as anybody could send people anywhere by them.
fn initiated(uri: &str, issuer: &str, home: Option<&str>) -> String {
    let origin = |uri: &str| Url::parse(uri).ok().map(|url| url.origin());
    let mut pairs = vec![("iss".to_owned(), issuer.to_owned())];
    if let Some(home) = home.filter(|home| origin(home) == origin(uri)) {
        pairs.push(("target_link_uri".to_owned(), home.to_owned()));
    }
    redirect_uri::append_query(uri, &pairs)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::entropy::ClientId;
    use crate::protocol::client::RegisteredBy;
    use crate::protocol::client_metadata;

    const ISSUER: &str = "https://login.example";

    fn client(changes: &Value) -> Client {
        let mut metadata = json!({
            "client_name": "Wiki", "redirect_uris": ["https://wiki.example/cb"],
        });
        let members = metadata.as_object_mut().unwrap();
        members.extend(changes.as_object().unwrap().clone());
        client_metadata::parse(&metadata, ClientId::new("wiki")).unwrap()
    }

    #[test]
    fn what_has_no_door() {
        let nothing = client(&json!({}));
        let home = json!({ "client_uri": "https://wiki.example/" });
        let disabled = Client {
            enabled: false,
            ..client(&home)
        };
        let strange = Client {
            registered_by: RegisteredBy::Itself,
            ..client(&home)
        };
        let checker = client(&json!({
            "client_uri": "https://wiki.example/", "redirect_uris": [], "grant_types": [],
        }));
        for (name, client) in [("nothing", &nothing), ("disabled", &disabled)] {
            assert_eq!(door(client, ISSUER, true), None, "{name}");
        }
        assert_eq!(door(&checker, ISSUER, true), None);
        assert_eq!(door(&strange, ISSUER, false), None);
        assert!(door(&strange, ISSUER, true).is_some());
    }

    #[test]
    fn where_an_app_is_opened() {
        let iss = "iss=https%3A%2F%2Flogin.example";
        for (changes, expected) in [
            (
                json!({ "client_uri": "https://wiki.example/" }),
                "https://wiki.example/".to_owned(),
            ),
            (
                json!({ "initiate_login_uri": "https://wiki.example/in" }),
                format!("https://wiki.example/in?{iss}"),
            ),
            (
                json!({
                    "initiate_login_uri": "https://wiki.example/in?a=1",
                    "client_uri": "https://wiki.example/home?b=2",
                }),
                format!(
                    "https://wiki.example/in?a=1&{iss}&target_link_uri=\
                     https%3A%2F%2Fwiki.example%2Fhome%3Fb%3D2"
                ),
            ),
            (
                json!({
                    "initiate_login_uri": "https://wiki.example/in",
                    "client_uri": "https://elsewhere.example/",
                }),
                format!("https://wiki.example/in?{iss}"),
            ),
        ] {
            assert_eq!(door(&client(&changes), ISSUER, false), Some(expected));
        }
    }

    #[test]
    fn our_parameters_stand_alone() {
        for uri in [
            "https://a.example/?iss=x",
            "https://a.example/?b&login_hint=",
        ] {
            assert!(asks_for_ours(uri), "{uri}");
        }
        assert!(!asks_for_ours("https://a.example/?issuer=x"));
    }
}
