use proptest::prelude::*;

use super::*;
use crate::entropy::ClientId;
use crate::protocol::client::{ApplicationType, GrantType};
use crate::protocol::scope::ScopeSet;

const ID: &str = "https://app.example/client.json";

fn policy() -> Policy {
    Policy {
        require_pkce: true,
        scopes: ScopeSet::parse("openid profile offline_access").unwrap(),
        front_channel_tokens: false,
    }
}

fn with(more: &Value) -> Value {
    let mut document = json!({
        "client_id": ID,
        "client_name": "Assistant",
        "redirect_uris": ["https://app.example/callback"],
    });
    let members = document.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    members.retain(|_, value| *value != json!("absent"));
    document
}

fn read_as(document: &Value) -> Result<Client, DocumentFlaw> {
    let url = DocumentUrl::read(&ClientId::new(ID)).unwrap();
    read(document.to_string().as_bytes(), &url, &policy())
}

fn member(document: &Value) -> String {
    match read_as(document).unwrap_err() {
        DocumentFlaw::Metadata(error) => error.member,
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_no_document_of_this_id_is_refused() {
    let url = DocumentUrl::read(&ClientId::new(ID)).unwrap();
    for body in [
        "",
        "<html>",
        "[]",
        "\"a\"",
        "null",
        "{\"client_id\":",
        "\u{feff}{}",
    ] {
        let flaw = read(body.as_bytes(), &url, &policy()).unwrap_err();
        assert_eq!(flaw, DocumentFlaw::NotJson, "{body:?}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let flaw = read(deep.as_bytes(), &url, &policy()).unwrap_err();
    assert_eq!(flaw, DocumentFlaw::NotJson);
    for id in [
        json!("absent"),
        json!(null),
        json!(7),
        json!(""),
        json!("https://app.example/other.json"),
        json!("https://app.example/client.json/"),
        json!("https://APP.example/client.json"),
    ] {
        let flaw = read_as(&with(&json!({ "client_id": id }))).unwrap_err();
        assert_eq!(flaw, DocumentFlaw::OtherId, "{id}");
    }
}

#[test]
fn secrets_and_what_rests_on_them_are_refused() {
    for name in ["client_secret", "client_secret_expires_at"] {
        for value in [json!("s"), json!(0), json!(null)] {
            let flaw = read_as(&with(&json!({ name: value }))).unwrap_err();
            assert_eq!(flaw, DocumentFlaw::Secret);
        }
    }
    for method in [
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
    ] {
        let document = with(&json!({ "token_endpoint_auth_method": method }));
        assert_eq!(read_as(&document).unwrap_err(), DocumentFlaw::AuthMethod);
    }
}

#[test]
fn what_registration_refuses_is_refused() {
    for (more, expected) in [
        (json!({ "redirect_uris": "absent" }), "redirect_uris"),
        (json!({ "redirect_uris": [] }), "redirect_uris"),
        (
            json!({ "redirect_uris": ["http://a.example/"] }),
            "redirect_uris[0]",
        ),
        (
            json!({ "redirect_uris": ["javascript:alert(1)"] }),
            "redirect_uris[0]",
        ),
        (json!({ "first_party": true }), "first_party"),
        (json!({ "require_pkce": false }), "require_pkce"),
        (json!({ "client_name": "a\u{202e}b" }), "client_name"),
        (json!({ "client_name": "Lanyard" }), "client_name"),
        (json!({ "scope": "groups" }), "scope"),
        (json!({ "logo_uri": "javascript:alert(1)" }), "logo_uri"),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            "jwks",
        ),
        (
            json!({ "sector_identifier_uri": "https://app.example/s" }),
            "sector_identifier_uri",
        ),
        (
            json!({ "grant_types": ["client_credentials"] }),
            "grant_types",
        ),
        (
            json!({ "jwks": { "keys": [{ "kty": "oct", "k": "AAAA" }] } }),
            "jwks",
        ),
    ] {
        assert_eq!(member(&with(&more)), expected, "{more}");
    }
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    assert_eq!(member(&with(&json!({ "x": deep }))), "x");
}

#[test]
fn a_document_written_for_all_servers_is_taken_for_what_is_for_us() {
    let more = json!({
        "client_name": null,
        "redirect_uris": ["http://127.0.0.1/", "https://app.example/callback"],
        "grant_types": ["authorization_code", "urn:example:other", "refresh_token"],
        "response_types": ["code", "token"],
        "token_endpoint_auth_method": null,
        "scope": "openid groups",
    });
    let client = read_as(&with(&more)).unwrap();
    assert_eq!(client.client_name, "app.example");
    assert_eq!(
        client.grant_types,
        [GrantType::AuthorizationCode, GrantType::RefreshToken]
    );
    assert!(client.is_public() && client.require_pkce && !client.first_party);
    assert_eq!(client.application_type, ApplicationType::Native);
    assert_eq!(client.scope.as_deref(), Some("openid"));
    assert_eq!(client.registered_by, RegisteredBy::MetadataDocument);
    let web = with(&json!({ "application_type": "web", "redirect_uris": ["http://localhost/a"] }));
    assert_eq!(
        read_as(&web).unwrap().application_type,
        ApplicationType::Web
    );
}

#[test]
fn people_are_told_of_a_flaw_in_our_words() {
    let told = |more: &Value| read_as(&with(more)).unwrap_err().words();
    let refused = "it is refused for its redirect_uris[0]";
    assert_eq!(
        told(&json!({ "redirect_uris": ["http://a.example/"] })),
        refused
    );
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    let words = told(&json!({ "Call +1 555 now": deep }));
    assert_eq!(words, "it is refused for one of its members");
    assert_eq!(DocumentFlaw::NotJson.words(), "it is not a JSON object");
}

#[test]
fn caches_are_believed_within_bounds() {
    let minutes = Duration::from_mins;
    for (header, expected) in [
        (None, USUAL),
        (Some(""), USUAL),
        (Some("public"), USUAL),
        (Some("max-age=600"), minutes(10)),
        (Some("Public, MAX-AGE=\"600\""), minutes(10)),
        (Some("max-age=600, max-age=120"), minutes(2)),
        (Some("max-age=1"), FLOOR),
        (Some("max-age=600, no-store"), FLOOR),
        (Some("no-cache"), FLOOR),
        (Some("max-age=31536000"), CEILING),
        (Some("max-age=99999999999999999999999"), CEILING),
        (Some("max-age=-1"), USUAL),
        (Some("max-age="), USUAL),
        (Some("s-maxage=600"), USUAL),
    ] {
        assert_eq!(freshness(header), expected, "{header:?}");
    }
}

#[test]
fn only_json_is_json() {
    for (kind, expected) in [
        ("application/json", true),
        ("Application/JSON; charset=utf-8", true),
        ("application/oauth-client+json", true),
        ("text/plain", false),
        ("text/json", false),
        ("image/png", false),
        ("application/octet-stream", false),
        ("", false),
    ] {
        assert_eq!(is_json(kind), expected, "{kind}");
    }
}

/// Members that say who a client is and what it may do, beside others.
const MEMBERS: [&str; 16] = [
    "client_id",
    "client_secret",
    "client_secret_hash",
    "client_name",
    "redirect_uris",
    "token_endpoint_auth_method",
    "grant_types",
    "response_types",
    "scope",
    "jwks",
    "first_party",
    "require_pkce",
    "enabled",
    "registered_by",
    "sector_identifier_uri",
    "application_type",
];

fn any_value() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "none",
        "private_key_jwt",
        "client_secret_basic",
        "client_credentials",
        "authorization_code",
        "file",
        "native",
        "openid groups admin",
        "http://127.0.0.1/",
        "https://other.example/",
    ]);
    let leaf = prop_oneof![
        words.prop_map(|word| json!(word)),
        "\\PC{0,12}".prop_map(|text| json!(text)),
        any::<bool>().prop_map(|flag| json!(flag)),
        any::<i64>().prop_map(|number| json!(number)),
        Just(json!(null)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever a stranger publishes, it is a stranger's client at that id or none.
    #[test]
    fn whatever_is_published_makes_no_more_than_a_stranger(
        members in prop::collection::vec(
            (prop::sample::select(MEMBERS.to_vec()), any_value()), 0..5)
    ) {
        let mut document = with(&json!({}));
        for (name, value) in members {
            document[name] = value;
        }
        match read_as(&document) {
            Ok(client) => {
                prop_assert_eq!(client.client_id.as_str(), ID);
                prop_assert_eq!(&document["client_id"], ID);
                prop_assert_eq!(client.registered_by, RegisteredBy::MetadataDocument);
                prop_assert!(client.require_pkce && !client.first_party && client.enabled);
                prop_assert!(!client.has_secret());
                prop_assert!(!client.redirect_uris.is_empty());
                prop_assert!(!client.may_use(GrantType::ClientCredentials));
                let named = client.scope.as_deref().unwrap_or_default();
                let allowed = policy().scopes;
                prop_assert!(named.split(' ').all(|scope| scope.is_empty()
                    || allowed.contains(scope)), "{}", named);
                prop_assert!(matches!(
                    client.token_endpoint_auth_method,
                    AuthMethod::None | AuthMethod::PrivateKeyJwt
                ));
            }
            Err(flaw) => {
                let words = flaw.words();
                prop_assert!(words.is_ascii() && words.len() < 120, "{}", words);
            }
        }
    }

    #[test]
    fn what_is_no_json_never_panics(
        body in prop::collection::vec(any::<u8>(), 0..200),
        cache in "\\PC{0,60}",
    ) {
        let url = DocumentUrl::read(&ClientId::new(ID)).unwrap();
        prop_assert!(read(&body, &url, &policy()).is_err());
        let fresh = freshness(Some(&cache));
        prop_assert!((FLOOR..=CEILING).contains(&fresh));
        let _ = is_json(&cache);
    }
}
