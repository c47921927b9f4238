//! What the house tells clients about itself (`OpenID` Connect Discovery 1.0, 3; RFC 8414, 2),
//! and where its endpoints are. Both documents say only what is true.

use serde_json::{Map, Value, json};

use super::authorization_response::ResponseMode;
use super::client::{AuthMethod, GrantType, SigningAlg};
use super::features::Features;
use super::response_type::ResponseType;
use super::jose::JwsAlg;

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
    /// `userinfo_endpoint`.
    pub const USERINFO: &str = "/oauth2/userinfo";
    /// `jwks_uri`.
    pub const JWKS: &str = "/oauth2/jwks";
    /// `introspection_endpoint`.
    pub const INTROSPECT: &str = "/oauth2/introspect";
    /// `revocation_endpoint`.
    pub const REVOKE: &str = "/oauth2/revoke";
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
const CONFIDENTIAL_METHODS: [AuthMethod; 3] = [
    AuthMethod::ClientSecretBasic,
    AuthMethod::ClientSecretPost,
    AuthMethod::PrivateKeyJwt,
];
const ALL_METHODS: [AuthMethod; 4] = [
    AuthMethod::ClientSecretBasic,
    AuthMethod::ClientSecretPost,
    AuthMethod::PrivateKeyJwt,
    AuthMethod::None,
];

/// The document at [`paths::OAUTH_AUTHORIZATION_SERVER`]. The issuer is an origin, without a
/// slash at its end.
pub fn oauth_authorization_server(issuer: &str) -> Value {
    Value::Object(oauth_members(issuer))
}

/// The document at [`paths::OPENID_CONFIGURATION`], with the check iframe where it is on (Session
/// Management 1.0, 3.3).
pub fn openid_configuration(issuer: &str, check_iframe: bool) -> Value {
    let mut members = oauth_members(issuer);
    extend(&mut members, openid_members(issuer));
    extend(&mut members, logout_members(issuer));
    if check_iframe {
        let address = format!("{issuer}{}", paths::CHECK_SESSION);
        extend(&mut members, json!({ "check_session_iframe": address }));
    }
    Value::Object(members)
}

/// A document of a house that offers more than what everybody needs.
pub fn with_features(mut document: Value, features: Features) -> Value {
    let Some(members) = document.as_object_mut() else {
        return document;
    };
    if features.front_channel_tokens {
        extend(members, json!({ "response_types_supported": ResponseType::ALL }));
        let grants = members.get_mut("grant_types_supported");
        if let Some(grants) = grants.and_then(Value::as_array_mut) {
            grants.push(json!(GrantType::Implicit));
        }
    }
    document
}

fn extend(members: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        members.extend(more);
    }
}

fn oauth_members(issuer: &str) -> Map<String, Value> {
    let at = |path: &str| format!("{issuer}{path}");
    let mut members = Map::new();
    extend(
        &mut members,
        json!({
            "issuer": issuer,
            "authorization_endpoint": at(paths::AUTHORIZE),
            "token_endpoint": at(paths::TOKEN),
            "jwks_uri": at(paths::JWKS),
            "introspection_endpoint": at(paths::INTROSPECT),
            "revocation_endpoint": at(paths::REVOKE),
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "response_types_supported": ["code"],
            "response_modes_supported": ResponseMode::ALL.map(ResponseMode::as_str),
            "grant_types_supported": [
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
            ],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ALL_METHODS,
            "introspection_endpoint_auth_methods_supported": CONFIDENTIAL_METHODS,
            "revocation_endpoint_auth_methods_supported": ALL_METHODS,
            "token_endpoint_auth_signing_alg_values_supported": JwsAlg::ALL,
            "introspection_endpoint_auth_signing_alg_values_supported": JwsAlg::ALL,
            "revocation_endpoint_auth_signing_alg_values_supported": JwsAlg::ALL,
            "authorization_response_iss_parameter_supported": true,
            "ui_locales_supported": ["en"],
        }),
    );
    members
}

fn openid_members(issuer: &str) -> Value {
    json!({
        "userinfo_endpoint": format!("{issuer}{}", paths::USERINFO),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [SigningAlg::RS256, SigningAlg::ES256],
        "acr_values_supported": [ACR_PASSWORD],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid",
            "at_hash", "c_hash", "name", "given_name", "family_name", "middle_name", "nickname",
            "preferred_username", "profile", "picture", "website", "gender", "birthdate",
            "zoneinfo", "locale", "updated_at", "email", "email_verified",
        ],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        // True if it were left out (Discovery 1.0, 3).
        "request_uri_parameter_supported": false,
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

    #[test]
    fn what_is_not_offered_is_not_claimed() {
        let documents = [
            openid_configuration(ISSUER, false),
            oauth_authorization_server(ISSUER),
        ];
        let absent = [
            "check_session_iframe",
            "registration_endpoint",
            "device_authorization_endpoint",
            "pushed_authorization_request_endpoint",
            "request_object_signing_alg_values_supported",
            "userinfo_signing_alg_values_supported",
            "dpop_signing_alg_values_supported",
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
        let document = openid_configuration(ISSUER, true);
        let address = "https://login.example/oauth2/session";
        assert_eq!(document["check_session_iframe"], address);
        // It is no matter of RFC 8414.
        assert!(
            oauth_authorization_server(ISSUER)
                .get("check_session_iframe")
                .is_none()
        );
    }

    #[test]
    fn endpoints_are_below_the_issuer() {
        let document = openid_configuration(ISSUER, false);
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
        let local = openid_configuration("http://localhost:8080", false);
        assert_eq!(
            local["token_endpoint"],
            "http://localhost:8080/oauth2/token"
        );
    }

    #[test]
    fn members_say_what_the_house_does() {
        let document = openid_configuration(ISSUER, false);
        let cases = [
            ("response_types_supported", json!(["code"])),
            ("response_modes_supported", json!(["query", "fragment", "form_post"])),
            (
                "grant_types_supported",
                json!(["authorization_code", "refresh_token", "client_credentials"]),
            ),
            ("code_challenge_methods_supported", json!(["S256"])),
            (
                "scopes_supported",
                json!(["openid", "profile", "email", "offline_access"]),
            ),
            ("subject_types_supported", json!(["public"])),
            (
                "id_token_signing_alg_values_supported",
                json!(["RS256", "ES256"]),
            ),
            (
                "token_endpoint_auth_methods_supported",
                json!([
                    "client_secret_basic",
                    "client_secret_post",
                    "private_key_jwt",
                    "none"
                ]),
            ),
            (
                "introspection_endpoint_auth_methods_supported",
                json!([
                    "client_secret_basic",
                    "client_secret_post",
                    "private_key_jwt"
                ]),
            ),
            (
                "revocation_endpoint_auth_methods_supported",
                json!([
                    "client_secret_basic",
                    "client_secret_post",
                    "private_key_jwt",
                    "none"
                ]),
            ),
            ("acr_values_supported", json!([ACR_PASSWORD])),
            (
                "prompt_values_supported",
                json!(["none", "login", "consent", "select_account"]),
            ),
            ("ui_locales_supported", json!(["en"])),
            ("claims_parameter_supported", json!(false)),
            ("request_parameter_supported", json!(false)),
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
    fn tokens_by_way_of_the_browser_are_named_where_they_are_given() {
        let on = Features {
            front_channel_tokens: true,
        };
        for document in [
            openid_configuration(ISSUER, false),
            oauth_authorization_server(ISSUER),
        ] {
            let off = with_features(document.clone(), Features::default());
            assert_eq!(off, document);
            let on = with_features(document, on);
            let kinds = on["response_types_supported"].as_array().unwrap();
            assert_eq!(kinds.len(), 6);
            let grants = on["grant_types_supported"].as_array().unwrap();
            assert!(grants.contains(&json!("implicit")));
        }
    }

    #[test]
    fn both_documents_agree() {
        let openid = openid_configuration(ISSUER, false);
        let oauth = oauth_authorization_server(ISSUER);
        for (name, value) in oauth.as_object().unwrap() {
            assert_eq!(openid.get(name), Some(value), "{name}");
        }
        assert!(oauth.get("userinfo_endpoint").is_none());
    }
}
