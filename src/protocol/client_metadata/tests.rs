use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::entropy::SecretHash;
use crate::protocol::client::SigningAlg;

fn read(metadata: &Value) -> Result<Client, MetadataError> {
    parse(metadata, ClientId::new("wiki"))
}

/// A good client with one member changed.
fn with(member: &str, value: Value) -> Value {
    let mut metadata = json!({"redirect_uris": ["https://wiki.example.com/cb"]});
    metadata[member] = value;
    metadata
}

/// Member, its bad value, the member that the error names.
const BAD: &[(&str, &str, &str)] = &[
    ("redirect_uris", "[]", "redirect_uris"),
    (
        "redirect_uris",
        r#""https://wiki.example.com/a""#,
        "redirect_uris",
    ),
    (
        "redirect_uris",
        r#"["https://wiki.example.com/a", 7]"#,
        "redirect_uris[1]",
    ),
    (
        "redirect_uris",
        r#"["https://a.example/", "http://a.example/"]"#,
        "redirect_uris[1]",
    ),
    (
        "redirect_uris",
        r#"["JaVaScRiPt:alert(1)"]"#,
        "redirect_uris[0]",
    ),
    (
        "redirect_uris",
        r#"["com.example.app:/cb"]"#,
        "redirect_uris[0]",
    ),
    (
        "post_logout_redirect_uris",
        r#"["data:text/html,x"]"#,
        "post_logout_redirect_uris[0]",
    ),
    ("grant_types", r#"["implicit"]"#, "grant_types"),
    (
        "grant_types",
        r#"["authorization_code", "implicit"]"#,
        "grant_types",
    ),
    (
        "grant_types",
        r#"["authorization_code", "password"]"#,
        "grant_types[1]",
    ),
    ("grant_types", r#"["refresh_token"]"#, "grant_types"),
    (
        "response_types",
        r#"["code", "token"]"#,
        "response_types[1]",
    ),
    ("response_types", "[]", "response_types"),
    ("response_types", r#"["id_token"]"#, "response_types"),
    ("response_types", r#"["code", "id_token"]"#, "grant_types"),
    (
        "response_types",
        r#"["code", "code code"]"#,
        "response_types[1]",
    ),
    (
        "token_endpoint_auth_method",
        r#""tls_client_auth""#,
        "token_endpoint_auth_method",
    ),
    ("application_type", r#""Web""#, "application_type"),
    (
        "id_token_signed_response_alg",
        r#""none""#,
        "id_token_signed_response_alg",
    ),
    (
        "id_token_signed_response_alg",
        r#""HS256""#,
        "id_token_signed_response_alg",
    ),
    ("scope", r#""openid \"""#, "scope"),
    ("scope", r#"["openid"]"#, "scope"),
    ("first_party", r#""yes""#, "first_party"),
    ("require_pkce", "1", "require_pkce"),
    ("default_max_age", "-1", "default_max_age"),
    (
        "backchannel_logout_uri",
        r#""ftp://x.example/""#,
        "backchannel_logout_uri",
    ),
    (
        "frontchannel_logout_uri",
        r#""https://x.example/""#,
        "frontchannel_logout_uri",
    ),
    ("notify_on_idle", r#""no""#, "notify_on_idle"),
    ("logout_scope", r#""all""#, "logout_scope"),
    ("logout_scope", r#""""#, "logout_scope"),
    ("logout_scope", "true", "logout_scope"),
    ("client_uri", r#""javascript:alert(1)""#, "client_uri"),
    ("logo_uri", r#""data:image/png;base64,AA==""#, "logo_uri"),
    ("policy_uri", r#""/policy""#, "policy_uri"),
    ("tos_uri", r#""https://a@b.example/""#, "tos_uri"),
    ("client_name", r#""Wiki\u202EpohS""#, "client_name"),
    ("client_name", r#""Wiki\nShop""#, "client_name"),
    ("subject_type", r#""private""#, "subject_type"),
    (
        "id_token_encrypted_response_alg",
        r#""RSA-OAEP""#,
        "id_token_encrypted_response_alg",
    ),
    (
        "tls_client_certificate_bound_access_tokens",
        "true",
        "tls_client_certificate_bound_access_tokens",
    ),
    (
        "dpop_bound_access_tokens",
        r#""yes""#,
        "dpop_bound_access_tokens",
    ),
];

#[test]
fn each_error_names_its_member() {
    for (member, value, named) in BAD {
        let error = read(&with(member, value.parse().unwrap())).unwrap_err();
        assert_eq!(error.member, *named, "{member}: {value}");
        assert!(!error.remedy.is_empty() && !error.problem.is_empty());
    }
    let many: Vec<String> = (0..60)
        .map(|n| format!("https://wiki.example.com/{n}"))
        .collect();
    let cases = [
        (json!([]), "metadata"),
        (json!({}), "redirect_uris"),
        (with("redirect_uris", json!(many)), "redirect_uris"),
        (with("client_name", json!("W".repeat(101))), "client_name"),
    ];
    for (metadata, named) in cases {
        assert_eq!(read(&metadata).unwrap_err().member, named);
    }
    for member in [
        "client_name",
        "scope",
        "dpop_bound_access_tokens",
        "subject_type",
    ] {
        assert!(read(&with(member, Value::Null)).is_ok());
    }
}

#[test]
fn a_public_client_cannot_be_let_off_pkce() {
    let mut metadata = with("token_endpoint_auth_method", json!("none"));
    metadata["require_pkce"] = json!(false);
    assert_eq!(read(&metadata).unwrap_err().member, "require_pkce");
    metadata["token_endpoint_auth_method"] = json!("client_secret_post");
    assert!(!read(&metadata).unwrap().require_pkce);
}

#[test]
fn an_error_reads_as_one_line() {
    let error = read(&with("redirect_uris", json!(["http://wiki.example.com/"]))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "redirect_uris[0]: uses http for a host that is not loopback; use https; http is for \
         localhost, 127.0.0.1 and [::1]",
    );
    let error = read(&with("application_type", json!("app"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "application_type: \"app\" is not supported; write one of web, native",
    );
    for (member, value, end) in [
        ("redirect_uris", json!("https://a.example/"), "[\"…\"]"),
        ("access_token_audiences", json!("a"), "[\"…\"]"),
        ("client_name", json!(1), "write the type that is expected"),
    ] {
        let error = read(&with(member, value)).unwrap_err().to_string();
        assert!(error.ends_with(end), "{error}");
    }
}

#[test]
fn defaults_are_those_of_the_specifications() {
    let client = read(&with("unknown", json!({"jwks": {}}))).unwrap();
    assert_eq!(client.client_name, "wiki");
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
    assert_eq!(
        client.token_endpoint_auth_method,
        AuthMethod::ClientSecretBasic
    );
    assert_eq!(client.application_type, ApplicationType::Web);
    assert_eq!(client.id_token_signed_response_alg, SigningAlg::RS256);
    assert!(client.require_pkce && client.enabled && !client.first_party);
    assert!(client.notify_on_idle);
    assert_eq!(client.logout_scope, LogoutScope::Sso);
    assert_eq!((client.scope, client.secret_hash), (None, None));
}

#[test]
fn tokens_by_way_of_the_browser_are_allowed_one_by_one() {
    let client = read(&json!({
        "redirect_uris": ["https://wiki.example.com/cb"],
        "grant_types": ["implicit"],
        "response_types": ["token id_token", "id_token token"],
    }))
    .unwrap();
    assert_eq!(client.response_types, [ResponseType::IdTokenToken]);
    assert!(client.may_receive(ResponseType::IdTokenToken));
    for kind in [ResponseType::IdToken, ResponseType::Code] {
        assert!(!client.may_receive(kind), "{kind:?}");
    }
    assert_eq!(
        to_json(&client)["response_types"],
        json!(["id_token token"])
    );
    // A client that was stored before there was such a list.
    let mut stored = serde_json::to_value(&client).unwrap();
    stored.as_object_mut().unwrap().remove("response_types");
    let stored: Client = serde_json::from_value(stored).unwrap();
    assert!(!stored.signs_people_in());
}

#[test]
fn a_client_without_redirects_may_only_introspect() {
    let client = read(&json!({"grant_types": [], "response_types": []})).unwrap();
    assert!(client.redirect_uris.is_empty());
    assert_eq!(to_json(&client)["response_types"], json!([]));
}

#[test]
fn a_device_needs_no_redirects_and_may_refresh() {
    let grants = json!([DEVICE_CODE, "refresh_token"]);
    let client = read(&json!({
        "grant_types": grants, "token_endpoint_auth_method": "none",
    }))
    .unwrap();
    assert!(client.may_use(GrantType::DeviceCode) && !client.signs_people_in());
    assert_eq!(to_json(&client)["grant_types"], grants);
    let both = json!({ "grant_types": [DEVICE_CODE, "authorization_code"] });
    assert_eq!(read(&both).unwrap_err().member, "redirect_uris");
}

#[test]
fn what_is_written_can_be_read_and_has_no_secret() {
    let metadata = json!({
        "client_name": "  Wiki ",
        "redirect_uris": ["https://wiki.example.com/cb", "https://wiki.example.com/cb"],
        "post_logout_redirect_uris": ["https://wiki.example.com/"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_post",
        "id_token_signed_response_alg": "ES256",
        "scope": "openid  wiki:read openid",
        "first_party": true,
        "default_max_age": 3600,
        "backchannel_logout_uri": "http://10.0.0.7/bc",
        "frontchannel_logout_uri": "https://wiki.example.com/fc",
        "notify_on_idle": false,
        "logout_scope": "client",
        "logo_uri": "https://cdn.example/logo.svg",
        "tos_uri": "",
    });
    let mut client = read(&metadata).unwrap();
    assert_eq!(client.client_name, "Wiki");
    assert_eq!(client.redirect_uris.len(), 1);
    assert_eq!(client.scope.as_deref(), Some("openid wiki:read"));
    assert_eq!(client.tos_uri, None);
    assert!(!client.notify_on_idle);
    assert_eq!(client.logout_scope, LogoutScope::Client);
    client.secret_hash = Some(SecretHash::of_text("hush"));
    let written = to_json(&client);
    assert_eq!(written["response_types"], json!(["code"]));
    assert_eq!(written["backchannel_logout_session_required"], json!(true));
    assert_eq!(written["frontchannel_logout_session_required"], json!(true));
    assert!(!written.to_string().contains("secret_hash"));
    client.secret_hash = None;
    assert_eq!(read(&written).unwrap(), client);
}

#[test]
fn a_change_is_judged_with_what_it_changes() {
    let native = json!({
        "application_type": "native",
        "redirect_uris": ["com.example.app:/cb"],
        "post_logout_redirect_uris": ["com.example.app:/bye"],
    });
    let client = read(&native).unwrap();
    let changed = Client {
        application_type: ApplicationType::Web,
        ..client
    };
    assert_eq!(
        client_rules::check(&changed).unwrap_err().member,
        "redirect_uris[0]"
    );
}

#[test]
fn the_names_of_members_are_those_that_are_read() {
    for name in MEMBERS {
        // No member is a map, so that each that is read is refused for its type.
        let mut metadata = json!({ "redirect_uris": ["https://a.example/cb"] });
        metadata[name] = json!({});
        let error = parse(&metadata, ClientId::new("a")).unwrap_err();
        assert_eq!(error.member, name);
    }
}

#[test]
fn ids_need_no_encoding_and_are_no_persons() {
    for good in ["wiki", "a.b-c_1", "news", "..."] {
        assert_eq!(checked_id(good).unwrap().as_str(), good);
    }
    for bad in ["", "a b", "u_1", "é", "new", "..", &"a".repeat(129)] {
        assert_eq!(checked_id(bad).unwrap_err().member, "client_id");
    }
}

#[test]
fn what_was_stored_before_these_members_is_read_with_their_defaults() {
    let mut stored = serde_json::to_value(read(&with("scope", Value::Null)).unwrap()).unwrap();
    let members = stored.as_object_mut().unwrap();
    assert_eq!(members.remove("notify_on_idle"), Some(json!(true)));
    assert_eq!(members.remove("logout_scope"), Some(json!("sso")));
    let client: Client = serde_json::from_value(stored).unwrap();
    assert!(client.notify_on_idle);
    assert_eq!(client.logout_scope, LogoutScope::Sso);
}

#[test]
fn keys_are_public_few_and_in_one_place() {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let mut private = key.clone();
    private["d"] = json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let set = |keys: Vec<Value>| json!({ "keys": keys });
    let by_key = |more: Value| {
        let mut metadata = with("token_endpoint_auth_method", json!("private_key_jwt"));
        for (name, value) in more.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        read(&metadata)
    };
    let uri = "https://a.example/jwks";
    for (more, member) in [
        (json!({}), "jwks"),
        (json!({ "jwks": "keys" }), "jwks"),
        (json!({ "jwks": set(vec![]) }), "jwks"),
        (json!({ "jwks": set(vec![private]) }), "jwks"),
        (
            json!({ "jwks": set(vec![json!({ "kty": "oct", "k": "AAAA" })]) }),
            "jwks",
        ),
        (json!({ "jwks": set(vec![key.clone(); 21]) }), "jwks"),
        (
            json!({ "jwks": set(vec![key.clone()]), "jwks_uri": uri }),
            "jwks_uri",
        ),
        (json!({ "jwks_uri": "ftp://a.example/jwks" }), "jwks_uri"),
        (
            json!({ "jwks_uri": uri, "token_endpoint_auth_signing_alg": "HS256" }),
            "token_endpoint_auth_signing_alg",
        ),
        (
            json!({ "jwks_uri": uri, "token_endpoint_auth_signing_alg": "none" }),
            "token_endpoint_auth_signing_alg",
        ),
    ] {
        let error = by_key(more.clone()).unwrap_err();
        assert_eq!(error.member, member, "{more}: {error}");
    }
    assert!(by_key(json!({ "jwks": set(vec![key]) })).is_ok());
    assert!(by_key(json!({ "jwks_uri": uri })).is_ok());
    let pinned = with("token_endpoint_auth_signing_alg", json!("ES256"));
    assert_eq!(
        read(&pinned).unwrap_err().member,
        "token_endpoint_auth_signing_alg"
    );
    let mut public = with("token_endpoint_auth_method", json!("none"));
    public["grant_types"] = json!(["authorization_code", "client_credentials"]);
    assert_eq!(read(&public).unwrap_err().member, "grant_types");
}

#[test]
fn what_nests_too_deep_or_goes_on_too_long_is_named() {
    let deep = |levels| (0..levels).fold(json!("x"), |value, _| json!([value]));
    for member in ["jwks", "redirect_uris", "client_name", "x_own"] {
        let error = read(&with(member, deep(MAX_DEPTH + 1))).unwrap_err();
        assert_eq!(error.member, member);
        assert!(error.problem.contains("deeper than 16 levels"), "{error}");
    }
    assert!(read(&with("x_own", deep(MAX_DEPTH))).is_ok(), "ignored");
    let long_name = "x".repeat(5_000);
    let error = read(&with(&long_name, deep(MAX_DEPTH + 1))).unwrap_err();
    assert_eq!(error.member.len(), MAX_TOLD);
    let many: Vec<_> = (0..=client_rules::MAX_URIS)
        .map(|at| format!("https://a.example/{at}"))
        .collect();
    for member in ["redirect_uris", "post_logout_redirect_uris"] {
        let error = read(&with(member, json!(many))).unwrap_err();
        assert_eq!(error.member, member);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,24}".prop_map(Value::from),
        prop::sample::select(vec![
            "https://a.example/cb",
            "none",
            "web",
            "code",
            "authorization_code",
            "openid email",
            "RS256",
            "javascript:alert(1)",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,12}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_taken_is_written_and_read_again(
        members in prop::collection::vec((prop::sample::select(MEMBERS.to_vec()), any_json()), 0..4),
        stranger in "[a-z_]{1,12}",
        strange in any_json(),
    ) {
        let mut metadata = with("client_name", json!("Wiki"));
        for (name, value) in members {
            metadata[name] = value;
        }
        let judged = read(&metadata);
        match &judged {
            Ok(client) => prop_assert_eq!(&read(&to_json(client)).unwrap(), client),
            Err(error) => prop_assert!(!error.member.is_empty() && !error.remedy.is_empty()),
        }
        // What has no meaning here changes nothing.
        metadata[format!("x_{stranger}")] = strange;
        prop_assert_eq!(read(&metadata), judged);
    }
}
