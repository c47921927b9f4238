//! Clients that sign to prove who they are (RFC 7523; Core 1.0, 9), and where their keys are found.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App as Server, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lanyard::entropy::Entropy;
use lanyard::protocol::client::SigningAlg;
use lanyard::protocol::client_assertion::TYPE;
use lanyard::protocol::jose::{SigningKey, sign};
use serde_json::{Value, json};

use crate::support::tokens::{post, refusal};
use crate::support::{App, House, Page};

/// A good assertion, but for the changes; null takes a claim away.
pub(super) fn assertion(house: &House, key: &SigningKey, app: &App, changes: &Value) -> String {
    sign(
        key,
        "JWT",
        &assertion_claims(house, &app.client_id, changes),
    )
    .unwrap()
}

/// What it says.
pub(super) fn assertion_claims(house: &House, id: &str, changes: &Value) -> Value {
    let now = house.provider().clock().now().as_secs();
    let mut claims = json!({
        "iss": id, "sub": id, "aud": house.issuer,
        "iat": now, "exp": now + 60, "jti": Entropy::System.alphanumeric(20),
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

pub(super) fn proof_fields(assertion: &str) -> [(&'static str, &str); 2] {
    [
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ]
}

pub(super) fn p256() -> SigningKey {
    SigningKey::generate(SigningAlg::ES256).unwrap()
}

pub(super) fn set(keys: &[&SigningKey]) -> Value {
    let keys: Vec<_> = keys.iter().map(|key| key.public().jwk()).collect();
    json!({ "keys": keys })
}

async fn signing_app(house: &House, id: &str, key: &SigningKey, more: Value) -> App {
    let mut metadata =
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": set(&[key]) });
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    house.app_with(id, metadata).await
}

/// A refresh of nonsense: `invalid_grant` says that the client was let in.
async fn prove(house: &House, fields: &[(&str, &str)]) -> Page {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", "x")];
    form.extend_from_slice(fields);
    post(&house.url("/oauth2/token"), &[], &form).await
}

pub(super) async fn verdict(house: &House, assertion: &str) -> String {
    refusal(&prove(house, &proof_fields(assertion)).await)
}

/// Conformance: 20.
#[tokio::test(flavor = "multi_thread")]
async fn each_flaw_of_an_assertion_is_refused() {
    let house = House::open().await;
    let (key, other) = (p256(), p256());
    let app = signing_app(&house, "bank", &key, json!({})).await;
    let now = house.provider().clock().now().as_secs();
    for changes in [
        json!({ "iss": "shop" }),
        json!({ "iss": null }),
        json!({ "sub": "shop" }),
        json!({ "sub": null }),
        json!({ "aud": null }),
        json!({ "aud": "https://other.example" }),
        json!({ "aud": [house.issuer, "https://other.example"] }),
        json!({ "exp": null }),
        json!({ "exp": now - 1 }),
        json!({ "exp": now + 3_600 }),
        json!({ "nbf": now + 120 }),
        json!({ "iat": now + 120 }),
        json!({ "jti": null }),
    ] {
        let flawed = assertion(&house, &key, &app, &changes);
        assert_eq!(
            verdict(&house, &flawed).await,
            "invalid_client",
            "{changes}"
        );
    }
    let foreign = assertion(&house, &other, &app, &json!({}));
    assert_eq!(
        verdict(&house, &foreign).await,
        "invalid_client",
        "a foreign key"
    );
    let good = assertion(&house, &key, &app, &json!({}));
    let [_, claims, _] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("{good}")
    };
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    for forged in [
        format!("{none}.{claims}."),
        "a.b.c".to_owned(),
        "x".repeat(7_000),
    ] {
        assert_eq!(verdict(&house, &forged).await, "invalid_client", "{forged}");
    }
    assert_eq!(verdict(&house, &good).await, "invalid_grant", "let in");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_around_an_assertion_is_judged_too() {
    let house = House::open().await;
    let key = p256();
    let app = signing_app(&house, "bank", &key, json!({})).await;
    let wiki = house.app("wiki").await;
    let good = || assertion(&house, &key, &app, &json!({}));
    let of = |fields: Vec<(&'static str, String)>| {
        let house = &house;
        async move {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            refusal(&prove(house, &fields).await)
        }
    };
    let proof = ("client_assertion", good());
    let kind = ("client_assertion_type", TYPE.to_owned());
    let id = |id: &str| ("client_id", id.to_owned());
    let secret = ("client_secret", "guess".to_owned());
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    for (fields, error) in [
        (vec![proof.clone()], "invalid_client"),
        (vec![kind.clone()], "invalid_client"),
        (
            vec![proof.clone(), ("client_assertion_type", saml.to_owned())],
            "invalid_client",
        ),
        (
            vec![proof.clone(), kind.clone(), id("wiki")],
            "invalid_request",
        ),
        (
            vec![proof.clone(), kind.clone(), secret.clone()],
            "invalid_request",
        ),
        (
            vec![proof.clone(), proof.clone(), kind.clone()],
            "invalid_request",
        ),
        (vec![id("bank")], "invalid_client"),
        (vec![id("bank"), secret], "invalid_client"),
        (
            vec![proof.clone(), kind.clone(), id("bank")],
            "invalid_grant",
        ),
    ] {
        assert_eq!(of(fields.clone()).await, error, "{fields:?}");
    }
    // A client of another method has no use for one.
    let stray = assertion(&house, &key, &wiki, &json!({}));
    assert_eq!(verdict(&house, &stray).await, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_taken_once() {
    let house = House::open().await;
    let key = p256();
    let app = signing_app(&house, "bank", &key, json!({})).await;
    let shop = signing_app(&house, "shop", &key, json!({})).await;
    let first = assertion(&house, &key, &app, &json!({ "jti": "same" }));
    assert_eq!(verdict(&house, &first).await, "invalid_grant", "let in");
    assert_eq!(verdict(&house, &first).await, "invalid_client", "again");
    let resigned = assertion(&house, &key, &app, &json!({ "jti": "same" }));
    assert_eq!(
        verdict(&house, &resigned).await,
        "invalid_client",
        "its name again"
    );
    let others = assertion(&house, &key, &shop, &json!({ "jti": "same" }));
    assert_eq!(
        verdict(&house, &others).await,
        "invalid_grant",
        "another client's"
    );

    let raced = assertion(&house, &key, &app, &json!({}));
    let verdicts = futures_util::future::join_all((0..12).map(|_| verdict(&house, &raced))).await;
    let let_in = verdicts.iter().filter(|said| *said == "invalid_grant");
    assert_eq!(let_in.count(), 1, "{verdicts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn audience_and_algorithm_follow_the_client() {
    let house = House::open().await;
    let rsa = SigningKey::generate(SigningAlg::RS256).unwrap();
    let key = p256();
    let endpoint = json!({ "aud": format!("{}/oauth2/token", house.issuer) });
    let usual = signing_app(&house, "usual", &key, json!({})).await;
    let strict = json!({ "require_issuer_audience": true });
    let strict = signing_app(&house, "strict", &key, strict).await;
    for (app, changes, expected) in [
        (&usual, endpoint.clone(), "invalid_grant"),
        (&usual, json!({}), "invalid_grant"),
        (&strict, endpoint, "invalid_client"),
        (&strict, json!({}), "invalid_grant"),
    ] {
        let proof = assertion(&house, &key, app, &changes);
        assert_eq!(
            verdict(&house, &proof).await,
            expected,
            "{} {changes}",
            app.client_id
        );
    }
    let pinned = json!({ "jwks": set(&[&key, &rsa]), "token_endpoint_auth_signing_alg": "RS256" });
    let pinned = signing_app(&house, "pinned", &key, pinned).await;
    let by_p256 = assertion(&house, &key, &pinned, &json!({}));
    assert_eq!(verdict(&house, &by_p256).await, "invalid_client");
    let by_rsa = assertion(&house, &rsa, &pinned, &json!({}));
    assert_eq!(verdict(&house, &by_rsa).await, "invalid_grant", "let in");
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_and_revocation_take_assertions_and_a_disabled_client_has_no_say() {
    let house = House::open().await;
    let key = p256();
    let app = signing_app(&house, "bank", &key, json!({})).await;
    for path in ["/oauth2/introspect", "/oauth2/revoke"] {
        let proof = assertion(&house, &key, &app, &json!({}));
        let mut form = vec![("token", "x")];
        form.extend(proof_fields(&proof));
        let page = post(&house.url(path), &[], &form).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        let again = post(&house.url(path), &[], &form).await;
        assert_eq!(refusal(&again), "invalid_client", "{path}");
    }
    house.change(&app, |client| client.enabled = false).await;
    let proof = assertion(&house, &key, &app, &json!({}));
    assert_eq!(verdict(&house, &proof).await, "invalid_client");
}

/// A server of keys, or of another document, that counts who asks.
pub(super) struct KeyServer {
    pub(super) uri: String,
    answer: Arc<Mutex<(u16, String)>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    pub(super) fn open(keys: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!(
            "http://localhost:{}/jwks",
            listener.local_addr().unwrap().port()
        );
        let answer = Arc::new(Mutex::new((200, keys.to_string())));
        let asked = Arc::new(AtomicUsize::new(0));
        let (shared, counted) = (Arc::clone(&answer), Arc::clone(&asked));
        let server = HttpServer::new(move || {
            let (shared, counted) = (Arc::clone(&shared), Arc::clone(&counted));
            Server::new().default_service(web::to(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                let (status, body) = shared.lock().unwrap().clone();
                async move {
                    let status = actix_web::http::StatusCode::from_u16(status).unwrap();
                    HttpResponse::build(status)
                        .insert_header(("location", "/elsewhere"))
                        .body(body)
                }
            }))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap();
        tokio::spawn(server.run());
        Self { uri, answer, asked }
    }

    pub(super) fn answers(&self, status: u16, body: impl Into<String>) {
        *self.answer.lock().unwrap() = (status, body.into());
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Conformance: 20.
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_fetched_seldom_and_again_for_a_new_one() {
    // Each node has a cache of its own.
    let house = House::open_alone().await;
    let (key, next) = (p256(), p256());
    let server = KeyServer::open(&set(&[&key]));
    let metadata = json!({ "jwks": null, "jwks_uri": server.uri });
    let app = signing_app(&house, "bank", &key, metadata).await;
    let proofs: Vec<_> = (0..8)
        .map(|_| assertion(&house, &key, &app, &json!({})))
        .collect();
    let all = proofs.iter().map(|proof| verdict(&house, proof));
    for said in futures_util::future::join_all(all).await {
        assert_eq!(said, "invalid_grant", "let in");
    }
    assert_eq!(server.asked(), 1, "those that came together asked once");

    // Unknown keys make us ask, but not more often than the bound.
    for _ in 0..5 {
        let unknown = assertion(&house, &next, &app, &json!({}));
        assert_eq!(verdict(&house, &unknown).await, "invalid_client");
    }
    assert_eq!(server.asked(), 1);
    server.answers(200, set(&[&next]).to_string());
    house.advance(Duration::from_secs(31));
    let rolled = assertion(&house, &next, &app, &json!({}));
    assert_eq!(
        verdict(&house, &rolled).await,
        "invalid_grant",
        "the new key"
    );
    let withdrawn = assertion(&house, &key, &app, &json!({}));
    assert_eq!(
        verdict(&house, &withdrawn).await,
        "invalid_client",
        "the old key"
    );
    assert_eq!(server.asked(), 2);

    // What we have is good for an hour while the server fails, and no longer.
    server.answers(500, "");
    house.advance(Duration::from_mins(59));
    let proof = assertion(&house, &next, &app, &json!({}));
    assert_eq!(verdict(&house, &proof).await, "invalid_grant");
    house.advance(Duration::from_mins(2));
    let proof = assertion(&house, &next, &app, &json!({}));
    assert_eq!(verdict(&house, &proof).await, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_no_key_set_are_not_used() {
    let house = House::open_alone().await;
    let key = p256();
    let server = KeyServer::open(&json!({}));
    let metadata = json!({ "jwks": null, "jwks_uri": server.uri });
    let app = signing_app(&house, "bank", &key, metadata).await;
    let good = set(&[&key]).to_string();
    let padded = format!("{good}{}", " ".repeat(70_000));
    let secret = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] }).to_string();
    for (status, body) in [
        (200, "{}".to_owned()),
        (200, "no JSON".to_owned()),
        (200, secret),
        (200, padded),
        (302, good.clone()),
        (404, good.clone()),
    ] {
        server.answers(status, body);
        let proof = assertion(&house, &key, &app, &json!({}));
        assert_eq!(verdict(&house, &proof).await, "invalid_client", "{status}");
        house.advance(Duration::from_secs(31));
    }
    server.answers(200, good);
    let proof = assertion(&house, &key, &app, &json!({}));
    assert_eq!(verdict(&house, &proof).await, "invalid_grant", "let in");
}
