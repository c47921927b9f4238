//! `lanyard user create`, `lanyard client create` and `lanyard client list`.

use lanyard::clock::Clock;
use lanyard::entropy::Entropy;
use lanyard::protocol::client_assertion::TYPE;
use serde_json::{Value, json};

use super::sign_in_at;
use crate::support::installation::Done;
use crate::support::tokens::post;
use crate::support::{House, Installation, Landing, Person};

fn create_user(house: &Installation, options: &[&str], password: &str) -> Result<String, String> {
    let mut arguments = vec!["user", "create", "--password-stdin"];
    arguments.extend_from_slice(options);
    let done = house.run_with(&arguments, &format!("{password}\n"));
    if done.status == Some(0) {
        Ok(done.succeeded())
    } else {
        Err(done.refused())
    }
}

#[test]
fn people_who_cannot_be_made() {
    let house = Installation::new();
    let good = "violet harbour kettle";
    let alice = ["--username", "Alice", "--email", "alice@example.com"];
    create_user(&house, &alice, good).unwrap();
    for (options, password, part) in [
        (&["--username", "bob"][..], "short", "at least 8 characters"),
        (&["--username", "bob"], "password1", "Choose another"),
        (
            &["--username", "bob_the_builder"],
            "Bob_The_Builder",
            "your own username",
        ),
        (&["--username", "  "], good, "--username: is empty"),
        (
            &["--username", "a\u{7}b"],
            good,
            "--username: holds a control",
        ),
        (
            &["--username", "bob", "--email", "nowhere"],
            good,
            "--email: is no mail",
        ),
        (
            &["--username", "aLICE"],
            good,
            "belongs to somebody already",
        ),
        // A name could be taken for the other person's address at the sign-in.
        (
            &["--username", "alice@EXAMPLE.com"],
            good,
            "belongs to somebody already",
        ),
        (
            &["--username", "b", "--email", "ALICE@example.com"],
            good,
            "belongs to somebody",
        ),
        (
            &["--username", "b", "--email", "@"],
            good,
            "--email: is no mail",
        ),
    ] {
        let said = create_user(&house, options, password).unwrap_err();
        assert!(said.contains(part), "{options:?}: {said}");
        assert!(!said.contains(password), "{said}");
    }
    let said = house
        .run(&["user", "create", "--username", "bob"])
        .refused();
    assert!(said.contains("add --password-stdin"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_made_beside_a_running_server_can_sign_in_at_once() {
    let house = Installation::new();
    let wiki = house.app("wiki");
    let _server = house.serve().await;
    let browser = house.browser();
    let (wiki_asks, carol) = (wiki.ask(), "carol");
    let page = wiki.send(&browser, &wiki_asks).await.page();
    let wrong = Person {
        id: lanyard::entropy::UserId::new("nobody"),
        username: carol.to_owned(),
        password: "not made yet".to_owned(),
    };
    let page = browser.sign_in_at(&page, &wrong).await.page();
    let options = [
        "--username",
        carol,
        "--email",
        "carol@example.com",
        "--name",
        "Carol Jones",
        "--given-name",
        "Carol",
        "--family-name",
        "Jones",
        "--admin",
    ];
    create_user(&house, &options, "violet harbour kettle").unwrap();
    let carol = Person {
        username: "CAROL@example.com".to_owned(),
        password: "violet harbour kettle".to_owned(),
        ..wrong
    };
    let answer = browser.sign_in_at(&page, &carol).await.away();
    let tokens = wiki
        .redeem(&wiki.code(&answer, &wiki_asks), &wiki_asks)
        .await;
    let info = wiki.userinfo(tokens.access()).await.json();
    assert_eq!(info["name"], "Carol Jones");
    assert_eq!(info["given_name"], "Carol");
    assert_eq!(info["email"], "carol@example.com");
    assert_eq!(info["email_verified"], false, "nobody has verified it");
}

#[test]
fn clients_that_cannot_be_made_name_the_member_and_the_remedy() {
    let house = Installation::new();
    let create = |metadata: Value| {
        let arguments = ["client", "create", "--from", "-"];
        house.run_with(&arguments, &metadata.to_string()).refused()
    };
    for (metadata, parts) in [
        (json!([]), ["metadata", "object"]),
        (json!({"client_name": "A"}), ["redirect_uris", ""]),
        (
            json!({"client_name": "\u{1b}[2J", "redirect_uris": ["https://a.example/cb"]}),
            ["client_name", "invisible"],
        ),
        (
            json!({"redirect_uris": "https://a.example/cb"}),
            ["redirect_uris", "expected"],
        ),
        (
            json!({"redirect_uris": ["http://a.example/cb"]}),
            ["redirect_uris", "https"],
        ),
        (
            json!({"redirect_uris": ["https://a.example/cb#x"]}),
            ["redirect_uris", "fragment"],
        ),
        (
            json!({"redirect_uris": ["https://a.example/cb"], "response_types": ["token"]}),
            ["response_types", "code"],
        ),
        (
            json!({"redirect_uris": ["https://a.example/cb"],
                   "backchannel_logout_url": "https://a.example/out", "first_partyy": true}),
            [
                "--from: backchannel_logout_url: There is no such member. Did you mean \
                 backchannel_logout_uri?",
                "--from: first_partyy: There is no such member. Did you mean first_party?",
            ],
        ),
        (
            json!({"redirect_uris": ["https://a.example/cb"], "client_id": "u_1"}),
            ["--from: client_id: ", "belong to people"],
        ),
        (
            json!({"redirect_uris": ["https://a.example/cb"],
                   "token_endpoint_auth_method": "tls_client_auth"}),
            ["token_endpoint_auth_method", "client_secret_basic"],
        ),
    ] {
        let said = create(metadata.clone());
        for part in parts {
            assert!(said.contains(part), "{metadata}: {said}");
        }
    }
}

#[test]
fn a_source_or_an_id_that_cannot_be_used_names_its_option() {
    let house = Installation::new();
    let said = house
        .run_with(&["client", "create", "--from", "-"], "{")
        .refused();
    assert!(said.contains("--from: - is not JSON"), "{said}");
    let said = house
        .run(&["client", "create", "--from", "nowhere.json"])
        .refused();
    assert!(
        said.contains("--from: nowhere.json: No such file"),
        "{said}"
    );
    let good = [
        "client",
        "create",
        "--name",
        "A",
        "--redirect-uri",
        "https://a.example/",
    ];
    for (id, part) in [("a b", "use 1 to 128 letters"), ("u_1", "belong to people")] {
        let said = house.run(&[&good[..], &["--id", id]].concat()).refused();
        assert!(
            said.starts_with("error: --id: ") && said.contains(part),
            "{said}"
        );
    }
    let twice = [&good[..], &["--id", "a"]].concat();
    house.run(&twice).succeeded();
    let said = house.run(&twice).refused();
    assert!(
        said.contains("--id: a client with the id a exists already"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_by_options_works_at_once_with_the_secret_that_was_printed() {
    let house = Installation::new();
    let alice = house.person("alice");
    let _server = house.serve().await;
    let answer = house
        .run(&[
            "client",
            "create",
            "--name",
            "Wiki",
            "--id",
            "wiki",
            "--first-party",
            "--redirect-uri",
            "https://wiki.example.com/callback",
            "--post-logout-redirect-uri",
            "https://wiki.example.com/",
            "--id-token-alg",
            "ES256",
        ])
        .succeeded();
    let of = |name: &str| {
        let line = answer.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].trim().to_owned()
    };
    assert_eq!(of("issuer "), house.issuer);
    assert_eq!(of("client_id "), "wiki");
    assert!(answer.contains("The secret is shown this once"), "{answer}");
    let secret = of("client_secret ");
    assert_eq!(secret.len(), 43);
    let mut wiki = house.app("other");
    wiki.client_id = "wiki".to_owned();
    wiki.secret = Some(secret.clone());
    wiki.redirect_uri = of("redirect_uri ");
    let tokens = sign_in_at(&wiki, &house.browser(), &alice).await;
    let header = jsonwebtoken::decode_header(tokens.id_token()).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::ES256);

    for kept in ["data/lanyard.db", "data/lanyard.db-wal"] {
        let bytes = std::fs::read(house.path(kept)).unwrap();
        let found = bytes.windows(43).any(|part| part == secret.as_bytes());
        assert!(!found, "{kept} holds the secret");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_by_options_signs_with_the_secret_that_was_printed_and_with_the_next() {
    let house = Installation::new();
    let create = |more: &[&str]| {
        let usual = [
            "client",
            "create",
            "--name",
            "Bank",
            "--redirect-uri",
            "https://bank.example.com/cb",
            "--auth-method",
            "client_secret_jwt",
            "--json",
        ];
        house.run(&[&usual[..], more].concat())
    };
    let said = create(&["--auth-signing-alg", "RS256"]).refused();
    assert!(said.contains("token_endpoint_auth_signing_alg"), "{said}");
    // Before the first start, which makes no other master key then.
    let made = create(&["--id", "bank", "--auth-signing-alg", "HS512"]).succeeded();
    let made: Value = serde_json::from_str(&made).unwrap();
    let first = made["client_secret"].as_str().unwrap().to_owned();
    assert_eq!(made["token_endpoint_auth_signing_alg"], "HS512");
    assert!(!made.to_string().contains("sealed"), "{made}");
    let _server = house.serve().await;
    let rotate = ["client", "rotate-secret", "bank", "--json"];
    let rotated: Value = serde_json::from_str(&house.run(&rotate).succeeded()).unwrap();
    let second = rotated["client_secret"].as_str().unwrap().to_owned();
    for secret in [&first, &second] {
        House::until("the server follows", || async {
            proved(&house, secret).await
        })
        .await;
    }
    assert!(!proved(&house, &"x".repeat(64)).await);
    for kept in ["data/lanyard.db", "data/lanyard.db-wal"] {
        let bytes = std::fs::read(house.path(kept)).unwrap();
        for secret in [&first, &second] {
            let found = bytes.windows(64).any(|part| part == secret.as_bytes());
            assert!(!found, "{kept} holds the secret");
        }
    }
}

fn create_wiki(house: &Installation, more: &[&str]) -> Done {
    let usual = [
        "client",
        "create",
        "--name",
        "Wiki",
        "--redirect-uri",
        "https://wiki.example.com/cb",
        "--json",
    ];
    house.run(&[&usual[..], more].concat())
}

#[test]
fn what_is_wrong_with_a_clients_tokens_names_member_and_remedy() {
    let house = Installation::new();
    for (wrong, part) in [
        (
            ["--access-token-lifetime", "5"],
            "access_token_lifetime: is shorter than 30 seconds",
        ),
        (
            ["--id-token-lifetime", "86400"],
            "id_token_lifetime: is longer than tokens.max_lifetime",
        ),
        (
            ["--access-token-audience", "a b"],
            "access_token_audiences[0]: ",
        ),
        (
            ["--userinfo-alg", "PS512"],
            "userinfo_signed_response_alg: is PS512, for which",
        ),
        (
            ["--sector-identifier-uri", "http://a.example/"],
            "sector_identifier_uri: is no address with https",
        ),
    ] {
        let said = create_wiki(&house, &wrong).refused();
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn every_member_of_a_clients_tokens_can_be_typed() {
    let house = Installation::new();
    let options = [
        "--access-token-format",
        "opaque",
        "--access-token-lifetime",
        "60",
        "--id-token-lifetime",
        "61",
        "--refresh-token-idle-timeout",
        "62",
        "--refresh-token-lifetime",
        "63",
        "--access-token-audience",
        "https://api.example",
        "--access-token-audience",
        "urn:api:2",
        "--subject-type",
        "pairwise",
        "--userinfo-alg",
        "ES256",
        "--introspection-alg",
        "ES256",
        "--dpop-bound-access-tokens",
    ];
    let made = create_wiki(&house, &options).succeeded();
    let made: Value = serde_json::from_str(&made).unwrap();
    let shown = [
        "client",
        "show",
        made["client_id"].as_str().unwrap(),
        "--json",
    ];
    let shown: Value = serde_json::from_str(&house.run(&shown).succeeded()).unwrap();
    for (member, value) in [
        ("access_token_format", json!("opaque")),
        ("access_token_lifetime", json!(60)),
        ("id_token_lifetime", json!(61)),
        ("refresh_token_idle_timeout", json!(62)),
        ("refresh_token_lifetime", json!(63)),
        (
            "access_token_audiences",
            json!(["https://api.example", "urn:api:2"]),
        ),
        ("subject_type", json!("pairwise")),
        ("userinfo_signed_response_alg", json!("ES256")),
        ("introspection_signed_response_alg", json!("ES256")),
        ("dpop_bound_access_tokens", json!(true)),
    ] {
        assert_eq!(made[member], value, "{member}");
        assert_eq!(shown[member], value, "{member}");
    }
}

/// Whether the bank is let in with an assertion that this secret signs.
async fn proved(house: &Installation, secret: &str) -> bool {
    let now = Clock::System.now().as_secs();
    let claims = json!({
        "iss": "bank", "sub": "bank", "aud": house.issuer, "exp": now + 60,
        "jti": Entropy::System.alphanumeric(20),
    });
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS512);
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let proof = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    let form = [
        ("token", "x"),
        ("client_assertion_type", TYPE),
        ("client_assertion", &proof),
    ];
    let url = format!("{}/oauth2/introspect", house.issuer);
    post(&url, &[], &form).await.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_from_a_file_and_how_clients_are_listed() {
    let house = Installation::new();
    let none = house.run(&["client", "list"]).succeeded();
    assert!(none.starts_with("No client matches."), "{none}");
    assert_eq!(house.run(&["client", "list", "--json"]).succeeded(), "[]\n");

    house.write(
        "notes.json",
        &json!({
            "client_name": "Notes",
            "redirect_uris": ["com.example.notes:/callback"],
            "application_type": "native",
            "token_endpoint_auth_method": "none",
            "frontchannel_logout_uri": null,
            "client_id": "notes",
            "contacts": ["notes@example.com"],
        })
        .to_string(),
    );
    let from = ["client", "create", "--from", "notes.json", "--json"];
    let other = house.run(&[&from[..], &["--id", "memos"]].concat());
    let said = other.refused();
    assert!(
        said.contains("--id: memos is not the client_id of the file, which is notes"),
        "{said}"
    );
    let made: Value = serde_json::from_str(&house.run(&from).succeeded()).unwrap();
    assert_eq!(
        made["client_secret"],
        Value::Null,
        "a public client has none"
    );
    assert_eq!(made["require_pkce"], true);
    assert_eq!(made["response_types"], json!(["code"]));
    let id = made["client_id"].as_str().unwrap();
    assert_eq!(id, "notes");
    house.app("wiki");

    let table = house.run(&["client", "list"]).succeeded();
    let line = table.lines().find(|line| line.starts_with(id)).unwrap();
    for part in ["public", "nothing", "enabled"] {
        assert!(line.contains(part), "{line}");
    }
    let listed = house.run(&["client", "list", "--json"]).succeeded();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let wiki = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["client_id"] == "wiki");
    assert_eq!(wiki.unwrap()["backchannel_logout_session_required"], true);
    assert!(!listed.to_string().contains("secret_hash"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_was_unknown_is_known_half_a_second_later() {
    let house = Installation::new();
    let _server = house.serve().await;
    let browser = house.browser();
    let wiki = || async { browser.go("/oauth2/authorize?client_id=wiki").await };
    // Asked for before it is there, so that the server knows that there is none.
    assert!(matches!(wiki().await, Landing::Page(_)));
    house.app("wiki");
    House::until("the server follows", || async {
        matches!(wiki().await, Landing::Away(_))
    })
    .await;
}
