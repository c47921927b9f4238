//! What the house tells clients about itself (`OpenID` Connect Discovery 1.0, 3; RFC 8414, 2),
//! and where its endpoints are. Both documents say only what is true.

use serde_json::{Map, Value, json};

use super::assertion_alg::AssertionAlg;
use super::authorization_response::ResponseMode;
use super::client::{AuthMethod, GrantType, SigningAlg};
use super::dpop;
use super::features::Features;
use super::jose::JwsAlg;
use super::response_type::ResponseType;
use super::scope;

/// Paths of the endpoints, below the issuer: the same ones that the route table uses.
pub mod paths {
    /// Discovery 1.0, 4.
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    /// RFC 8414, 3.
    pub const OAUTH_AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
    /// `authorization_endpoint`.
    pub const AUTHORIZE: &str = "/oauth2/authorize";
    /// `token_endpoint`.
    pub const TOKEN: &str = "/oauth2/token";
    /// `pushed_authorization_request_endpoint` (RFC 9126, 5).
    pub const PUSHED: &str = "/oauth2/par";
    /// `device_authorization_endpoint` (RFC 8628, 4).
    pub const DEVICE_AUTHORIZATION: &str = "/oauth2/device_authorization";
    /// `verification_uri` (RFC 8628, 3.2): people type it.
    pub const DEVICE: &str = "/device";
    /// `userinfo_endpoint`.
    pub const USERINFO: &str = "/oauth2/userinfo";
    /// `jwks_uri`.
    pub const JWKS: &str = "/oauth2/jwks";
    /// `introspection_endpoint`.
    pub const INTROSPECT: &str = "/oauth2/introspect";
    /// `revocation_endpoint`.
    pub const REVOKE: &str = "/oauth2/revoke";
    /// `registration_endpoint`; the client configuration endpoint (RFC 7592, 2) lies below it.
    pub const REGISTER: &str = "/oauth2/register";
    /// `end_session_endpoint`.
    pub const END_SESSION: &str = "/oauth2/logout";
    /// `check_session_iframe`.
    pub const CHECK_SESSION: &str = "/oauth2/session";
    /// What the script of that page asks; `static/check-session.js` names it too.
    pub const CHECK_SESSION_STATE: &str = "/oauth2/session/state";
}

/// The one `acr` that a password earns.
pub const ACR_PASSWORD: &str = "urn:lanyard:acr:pwd";

/// How clients with a secret, and those without, may authenticate.
const CONFIDENTIAL_METHODS: [AuthMethod; 4] = [
    AuthMethod::ClientSecretBasic,
    AuthMethod::ClientSecretPost,
    AuthMethod::ClientSecretJwt,
    AuthMethod::PrivateKeyJwt,
];
const ALL_METHODS: [AuthMethod; 5] = [
    AuthMethod::ClientSecretBasic,
    AuthMethod::ClientSecretPost,
    AuthMethod::ClientSecretJwt,
    AuthMethod::PrivateKeyJwt,
    AuthMethod::None,
];

/// The document at [`paths::OAUTH_AUTHORIZATION_SERVER`]. The issuer is an origin, without a
/// slash at its end.
pub fn oauth_authorization_server(issuer: &str, features: Features, algs: &[SigningAlg]) -> Value {
    let mut members = oauth_members(issuer, features);
    extend(
        &mut members,
        json!({ "introspection_signing_alg_values_supported": algs }),
    );
    Value::Object(members)
}

/// The document at [`paths::OPENID_CONFIGURATION`].
pub fn openid_configuration(issuer: &str, features: Features, algs: &[SigningAlg]) -> Value {
    let mut members = oauth_members(issuer, features);
    extend(&mut members, token_members(algs));
    extend(&mut members, openid_members(issuer));
    extend(&mut members, logout_members(issuer));
    if features.check_iframe {
        let address = format!("{issuer}{}", paths::CHECK_SESSION);
        extend(&mut members, json!({ "check_session_iframe": address }));
    }
    Value::Object(members)
}

/// What a house has of its own, by its configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// For `scopes_supported`.
    pub scopes: Vec<String>,
    /// For `claims_supported`.
    pub claims: Vec<String>,
}

/// Adds what a house has of its own to a document that lists such things.
pub fn with_own(mut document: Value, own: Listed) -> Value {
    for (member, more) in [
        ("scopes_supported", own.scopes),
        ("claims_supported", own.claims),
    ] {
        if let Some(list) = document.get_mut(member).and_then(Value::as_array_mut) {
            list.extend(more.into_iter().map(Value::from));
        }
    }
    document
}

fn extend(members: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        members.extend(more);
    }
}

fn oauth_members(issuer: &str, features: Features) -> Map<String, Value> {
    let at = |path: &str| format!("{issuer}{path}");
    let assertion_algs: Vec<_> = AssertionAlg::all().collect();
    let mut members = Map::new();
    extend(
        &mut members,
        json!({
            "issuer": issuer,
            "authorization_endpoint": at(paths::AUTHORIZE),
            "token_endpoint": at(paths::TOKEN),
            "pushed_authorization_request_endpoint": at(paths::PUSHED),
            "require_pushed_authorization_requests": features.require_pushed_requests,
            "device_authorization_endpoint": at(paths::DEVICE_AUTHORIZATION),
            "request_parameter_supported": true,
            // True if it were left out (Discovery 1.0, 3).
            "request_uri_parameter_supported": features.request_uri,
            "require_request_uri_registration": true,
            "request_object_signing_alg_values_supported": object_algs(features),
            "jwks_uri": at(paths::JWKS),
            "introspection_endpoint": at(paths::INTROSPECT),
            "revocation_endpoint": at(paths::REVOKE),
            "scopes_supported": scope::KNOWN,
            "response_types_supported": response_types(features),
            "response_modes_supported": ResponseMode::ALL.map(ResponseMode::as_str),
            "grant_types_supported": grant_types(features),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ALL_METHODS,
            "introspection_endpoint_auth_methods_supported": CONFIDENTIAL_METHODS,
            "revocation_endpoint_auth_methods_supported": ALL_METHODS,
            "token_endpoint_auth_signing_alg_values_supported": assertion_algs,
            "introspection_endpoint_auth_signing_alg_values_supported": assertion_algs,
            "revocation_endpoint_auth_signing_alg_values_supported": assertion_algs,
            "dpop_signing_alg_values_supported": dpop::ALGS,
            "authorization_response_iss_parameter_supported": true,
            "ui_locales_supported": ["en"],
        }),
    );
    if features.registration {
        let address = at(paths::REGISTER);
        extend(&mut members, json!({ "registration_endpoint": address }));
    }
    if features.metadata_documents {
        extend(
            &mut members,
            json!({ "client_id_metadata_document_supported": true }),
        );
    }
    members
}

fn response_types(features: Features) -> Vec<ResponseType> {
    let offered = |kind: &ResponseType| features.front_channel_tokens || !kind.is_front_channel();
    ResponseType::ALL.into_iter().filter(offered).collect()
}

/// How request objects may be signed.
fn object_algs(features: Features) -> Vec<&'static str> {
    let unsigned = features.unsigned_request_objects.then_some("none");
    let signed = JwsAlg::ALL.map(JwsAlg::as_str);
    signed.into_iter().chain(unsigned).collect()
}

fn grant_types(features: Features) -> Vec<GrantType> {
    let mut grants = vec![
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::ClientCredentials,
        GrantType::DeviceCode,
    ];
    grants.extend(features.front_channel_tokens.then_some(GrantType::Implicit));
    grants
}

fn openid_members(issuer: &str) -> Value {
    json!({
        "userinfo_endpoint": format!("{issuer}{}", paths::USERINFO),
        "acr_values_supported": [ACR_PASSWORD],
        "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid",
            "at_hash", "c_hash", "name", "given_name", "family_name", "middle_name", "nickname",
            "preferred_username", "profile", "picture", "website", "gender", "birthdate",
            "zoneinfo", "locale", "updated_at", "email", "email_verified", "address",
            "phone_number", "phone_number_verified", "groups", "roles",
        ],
        "claims_parameter_supported": true,
    })
}

/// What follows from the keys that there are.
fn token_members(algs: &[SigningAlg]) -> Value {
    json!({
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": algs,
        "userinfo_signing_alg_values_supported": algs,
        "introspection_signing_alg_values_supported": algs,
    })
}

fn logout_members(issuer: &str) -> Value {
    json!({
        "end_session_endpoint": format!("{issuer}{}", paths::END_SESSION),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.example";
    const ALGS: [SigningAlg; 2] = SigningAlg::ALWAYS;

    #[test]
    fn what_is_not_offered_is_not_claimed() {
        let documents = [
            openid_configuration(ISSUER, Features::default(), &ALGS),
            oauth_authorization_server(ISSUER, Features::default(), &ALGS),
        ];
        let absent = [
            "check_session_iframe",
            "registration_endpoint",
            "tls_client_certificate_bound_access_tokens",
        ];
        for document in &documents {
            for name in absent {
                assert!(document.get(name).is_none(), "{name}");
            }
        }
    }

    #[test]
    fn the_check_iframe_is_named_where_it_is_on() {
        let on = Features {
            check_iframe: true,
            ..Features::default()
        };
        let document = openid_configuration(ISSUER, on, &ALGS);
        let address = "https://login.example/oauth2/session";
        assert_eq!(document["check_session_iframe"], address);
        // It is no matter of RFC 8414.
        assert!(
            oauth_authorization_server(ISSUER, Features::default(), &ALGS)
                .get("check_session_iframe")
                .is_none()
        );
    }

    #[test]
    fn the_registration_endpoint_is_named_where_it_is_on() {
        let on = Features {
            registration: true,
            ..Features::default()
        };
        for document in [
            openid_configuration(ISSUER, on, &ALGS),
            oauth_authorization_server(ISSUER, on, &ALGS),
        ] {
            let address = "https://login.example/oauth2/register";
            assert_eq!(document["registration_endpoint"], address);
        }
    }

    #[test]
    fn endpoints_are_below_the_issuer() {
        let document = openid_configuration(ISSUER, Features::default(), &ALGS);
        assert_eq!(document["issuer"], ISSUER);
        let cases = [
            ("authorization_endpoint", "/oauth2/authorize"),
            ("token_endpoint", "/oauth2/token"),
            ("userinfo_endpoint", "/oauth2/userinfo"),
            ("jwks_uri", "/oauth2/jwks"),
            ("introspection_endpoint", "/oauth2/introspect"),
            ("revocation_endpoint", "/oauth2/revoke"),
            ("end_session_endpoint", "/oauth2/logout"),
        ];
        for (name, path) in cases {
            assert_eq!(document[name], format!("{ISSUER}{path}"), "{name}");
        }
        let local = openid_configuration("http://localhost:8080", Features::default(), &ALGS);
        assert_eq!(
            local["token_endpoint"],
            "http://localhost:8080/oauth2/token"
        );
    }

    #[test]
    fn members_say_what_the_house_does() {
        let document = openid_configuration(ISSUER, Features::default(), &ALGS);
        let cases = [
            ("response_types_supported", json!(["code"])),
            (
                "response_modes_supported",
                json!(["query", "fragment", "form_post"]),
            ),
            (
                "grant_types_supported",
                json!([
                    "authorization_code",
                    "refresh_token",
                    "client_credentials",
                    "urn:ietf:params:oauth:grant-type:device_code"
                ]),
            ),
            ("code_challenge_methods_supported", json!(["S256"])),
            (
                "scopes_supported",
                json!([
                    "openid",
                    "profile",
                    "email",
                    "address",
                    "phone",
                    "groups",
                    "roles",
                    "offline_access"
                ]),
            ),
            ("subject_types_supported", json!(["public", "pairwise"])),
            (
                "id_token_signing_alg_values_supported",
                json!(["RS256", "ES256"]),
            ),
            ("acr_values_supported", json!([ACR_PASSWORD])),
            (
                "prompt_values_supported",
                json!(["none", "login", "consent", "select_account", "create"]),
            ),
            ("ui_locales_supported", json!(["en"])),
            ("claims_parameter_supported", json!(true)),
            ("request_parameter_supported", json!(true)),
            ("request_uri_parameter_supported", json!(false)),
            (
                "authorization_response_iss_parameter_supported",
                json!(true),
            ),
            ("backchannel_logout_supported", json!(true)),
            ("backchannel_logout_session_supported", json!(true)),
            ("frontchannel_logout_supported", json!(true)),
            ("frontchannel_logout_session_supported", json!(true)),
        ];
        for (name, expected) in cases {
            assert_eq!(document[name], expected, "{name}");
        }
    }

    #[test]
    fn what_a_house_has_of_its_own_is_listed_where_such_things_are() {
        let own = Listed {
            scopes: vec!["work".to_owned()],
            claims: vec!["department".to_owned()],
        };
        let openid = with_own(
            openid_configuration(ISSUER, Features::default(), &ALGS),
            own.clone(),
        );
        let oauth = with_own(
            oauth_authorization_server(ISSUER, Features::default(), &ALGS),
            own,
        );
        let last = |document: &Value, member: &str| document[member].as_array()?.last().cloned();
        assert_eq!(last(&openid, "scopes_supported"), Some(json!("work")));
        assert_eq!(last(&openid, "claims_supported"), Some(json!("department")));
        assert_eq!(oauth["scopes_supported"], openid["scopes_supported"]);
        assert!(oauth.get("claims_supported").is_none());
    }

    #[test]
    fn clients_learn_how_to_prove_who_they_are() {
        let document = openid_configuration(ISSUER, Features::default(), &ALGS);
        let secret_or_key = [
            "client_secret_basic",
            "client_secret_post",
            "client_secret_jwt",
            "private_key_jwt",
        ];
        let all = [secret_or_key.as_slice(), &["none"]].concat();
        for (endpoint, methods) in [
            ("token", all.as_slice()),
            ("introspection", &secret_or_key),
            ("revocation", &all),
        ] {
            let member = |name: &str| &document[format!("{endpoint}_endpoint_auth_{name}")];
            assert_eq!(member("methods_supported"), &json!(methods), "{endpoint}");
            let algs = json!([
                "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
                "HS256", "HS384", "HS512",
            ]);
            assert_eq!(member("signing_alg_values_supported"), &algs, "{endpoint}");
        }
    }

    #[test]
    fn tokens_by_way_of_the_browser_are_named_where_they_are_given() {
        let on = Features {
            front_channel_tokens: true,
            ..Features::default()
        };
        for document in [
            openid_configuration(ISSUER, on, &ALGS),
            oauth_authorization_server(ISSUER, on, &ALGS),
        ] {
            let kinds = document["response_types_supported"].as_array().unwrap();
            assert_eq!(kinds.len(), 6);
            let grants = document["grant_types_supported"].as_array().unwrap();
            assert!(grants.contains(&json!("implicit")));
        }
    }

    #[test]
    fn both_documents_agree() {
        let openid = openid_configuration(ISSUER, Features::default(), &ALGS);
        let oauth = oauth_authorization_server(ISSUER, Features::default(), &ALGS);
        for (name, value) in oauth.as_object().unwrap() {
            assert_eq!(openid.get(name), Some(value), "{name}");
        }
        assert!(oauth.get("userinfo_endpoint").is_none());
    }
}
