//! Clients that sign with their secrets (`client_secret_jwt`: Core 1.0, 9; RFC 7523). What holds for
//! every assertion, whoever signs it, is told in `client_assertions`.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use lanyard::entropy::{ClientId, Entropy};
use lanyard::protocol::client::SigningAlg;
use lanyard::protocol::jose::{SigningKey, sign};
use lanyard::session::ending::Actor;
use lanyard::store::record::AuditFilter;
use serde_json::{Value, json};

use super::client_assertions::{assertion_claims, proof_fields, verdict};
use crate::support::tokens::{just_before, post, refusal};
use crate::support::{App, House};

const ADMIN: Actor = Actor::CommandLine;
const DAY: Duration = Duration::from_hours(24);

/// What says that a client was let in: see `verdict`.
const LET_IN: &str = "invalid_grant";

pub(super) fn mac(alg: Algorithm, secret: &str, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(alg), claims, &key).unwrap()
}

/// A good one, but for the changes.
pub(super) fn by_secret(house: &House, id: &str, secret: &str, changes: &Value) -> String {
    let claims = assertion_claims(house, id, changes);
    mac(Algorithm::HS256, secret, &claims)
}

async fn let_in(house: &House, id: &str, secret: &str) -> String {
    verdict(house, &by_secret(house, id, secret, &json!({}))).await
}

async fn signing_app(house: &House, id: &str, more: Value) -> App {
    let mut metadata = json!({ "token_endpoint_auth_method": "client_secret_jwt" });
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    house.app_with(id, metadata).await
}

fn secret(app: &App) -> &str {
    app.secret.as_deref().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_clients_own_secret_signs_and_each_claim_counts() {
    let house = House::open().await;
    let app = signing_app(&house, "bank", json!({})).await;
    let other = signing_app(&house, "shop", json!({})).await;
    let now = house.provider().clock().now().as_secs();
    for changes in [
        json!({ "iss": "shop" }),
        json!({ "sub": "shop" }),
        json!({ "aud": "https://other.example" }),
        json!({ "exp": now - 1 }),
        json!({ "exp": now + 3_600 }),
        json!({ "exp": null }),
        json!({ "jti": null }),
    ] {
        let flawed = by_secret(&house, "bank", secret(&app), &changes);
        let said = verdict(&house, &flawed).await;
        assert_eq!(said, "invalid_client", "{changes}");
    }
    for wrong in [
        secret(&other),
        "",
        "bank",
        "0123456789abcdef0123456789abcdef",
    ] {
        assert_eq!(let_in(&house, "bank", wrong).await, "invalid_client");
    }
    let good = by_secret(&house, "bank", secret(&app), &json!({}));
    assert_eq!(verdict(&house, &good).await, LET_IN);
    assert_eq!(verdict(&house, &good).await, "invalid_client", "again");
    let endpoint = json!({ "aud": format!("{}/oauth2/token", house.issuer) });
    let good = by_secret(&house, "bank", secret(&app), &endpoint);
    assert_eq!(verdict(&house, &good).await, LET_IN);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registered_method_decides_what_verifies_never_the_assertion() {
    let house = House::open().await;
    let by_mac = signing_app(&house, "mac", json!({})).await;
    let key = SigningKey::generate(SigningAlg::RS256).unwrap();
    let set = json!({ "keys": [key.public().jwk()] });
    // With keys in its metadata too: they are for other things that it signs.
    let with_keys = signing_app(&house, "both", json!({ "jwks": set })).await;
    for id in ["mac", "both"] {
        let claims = assertion_claims(&house, id, &json!({}));
        let signed = sign(&key, "JWT", &claims).unwrap();
        assert_eq!(verdict(&house, &signed).await, "invalid_client", "{id}");
    }
    assert_eq!(let_in(&house, "both", secret(&with_keys)).await, LET_IN);

    let metadata = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": set });
    house.app_with("keys", metadata).await;
    let jwk = key.public().jwk();
    for public in [jwk.to_string(), jwk["n"].as_str().unwrap().to_owned()] {
        assert_eq!(let_in(&house, "keys", &public).await, "invalid_client");
    }
    let wiki = house.app("wiki").await;
    let said = let_in(&house, "wiki", secret(&wiki)).await;
    assert_eq!(said, "invalid_client", "it sends its secret");

    // And who signs with the secret does not send it.
    let url = house.url("/oauth2/token");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let mut form = refresh.to_vec();
    form.extend([("client_id", "mac"), ("client_secret", secret(&by_mac))]);
    assert_eq!(refusal(&post(&url, &[], &form).await), "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_algorithm_is_the_pinned_one_or_any_that_the_secret_is_long_enough_for() {
    let house = House::open().await;
    let all = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    let free = signing_app(&house, "free", json!({})).await;
    let pinned = json!({ "token_endpoint_auth_signing_alg": "HS384" });
    let pinned = signing_app(&house, "pinned", pinned).await;
    for alg in all {
        let claims = assertion_claims(&house, "free", &json!({}));
        let said = verdict(&house, &mac(alg, secret(&free), &claims)).await;
        assert_eq!(said, LET_IN, "{alg:?}");
        let claims = assertion_claims(&house, "pinned", &json!({}));
        let said = verdict(&house, &mac(alg, secret(&pinned), &claims)).await;
        assert_eq!(said == LET_IN, alg == Algorithm::HS384, "{alg:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_sign_while_an_app_gets_to_know_the_new_one() {
    let mut house = House::open().await;
    let app = signing_app(&house, "bank", json!({})).await;
    let (old, id) = (secret(&app), ClientId::new("bank"));
    let rotated = house.provider().rotate_client_secret(&id, DAY, &ADMIN);
    let new = rotated.await.unwrap().unwrap();
    house.settled().await;
    for secret in [old, &new] {
        assert_eq!(let_in(&house, "bank", secret).await, LET_IN);
    }
    house
        .reopen_after(just_before(DAY, Duration::from_secs(1)))
        .await;
    assert_eq!(let_in(&house, "bank", old).await, LET_IN);
    house.advance(Duration::from_secs(1));
    assert_eq!(let_in(&house, "bank", old).await, "invalid_client");
    assert_eq!(let_in(&house, "bank", &new).await, LET_IN);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_to_sign_with_its_secret_is_given_a_new_one() {
    let house = House::open().await;
    let app = house.app("wiki").await;
    let id = ClientId::new("wiki");
    let edit = async |changes: Value| {
        let row = house.provider().record().client_row(&id).await.unwrap();
        let version = row.unwrap().updated;
        let edited = house.provider().edit_client(&id, version, &changes, &ADMIN);
        let edited = edited.await.unwrap().unwrap();
        house.settled().await;
        edited.secret
    };
    let signs = json!({ "token_endpoint_auth_method": "client_secret_jwt" });
    let new = edit(signs).await.expect("a new secret");
    assert_eq!(let_in(&house, "wiki", secret(&app)).await, "invalid_client");
    assert_eq!(let_in(&house, "wiki", &new).await, LET_IN);
    assert_eq!(edit(json!({ "client_name": "Notes" })).await, None);
    assert_eq!(let_in(&house, "wiki", &new).await, LET_IN);

    // The way back needs none: the hash of the one that it has was kept all along.
    let sends = json!({ "token_endpoint_auth_method": "client_secret_post" });
    assert_eq!(edit(sends).await, None);
    assert_eq!(let_in(&house, "wiki", &new).await, "invalid_client");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
        ("client_id", "wiki"),
        ("client_secret", &new),
    ];
    let page = post(&house.url("/oauth2/token"), &[], &form).await;
    assert_eq!(refusal(&page), LET_IN);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_registers_itself_signs_with_the_secret_that_it_is_told() {
    let house = House::open_with(&[("REGISTRATION__OPEN_TO", "anybody")]).await;
    let metadata = |method: &str| {
        json!({
            "redirect_uris": ["https://wiki.example/cb"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": method,
        })
    };
    let http = crate::support::http().build().unwrap();
    let url = house.url("/oauth2/register");
    let said = http.post(&url).json(&metadata("client_secret_jwt")).send();
    let said: Value = said.await.unwrap().json().await.unwrap();
    let text = |said: &Value, name: &str| said[name].as_str().unwrap_or_default().to_owned();
    let (id, first) = (text(&said, "client_id"), text(&said, "client_secret"));
    assert_eq!(let_in(&house, &id, &first).await, LET_IN, "{said}");

    let token = text(&said, "registration_access_token");
    let url = text(&said, "registration_client_uri");
    let update = async |method: &str| {
        let mut metadata = metadata(method);
        metadata["client_id"] = json!(id);
        let request = http.put(&url).bearer_auth(&token).json(&metadata);
        let said: Value = request.send().await.unwrap().json().await.unwrap();
        house.settled().await;
        text(&said, "client_secret")
    };
    assert_eq!(update("client_secret_jwt").await, "", "it has one");
    assert_eq!(update("client_secret_post").await, "", "it has one");
    let second = update("client_secret_jwt").await;
    assert_ne!(second, "", "the one before was not kept");
    assert_eq!(let_in(&house, &id, &first).await, "invalid_client");
    assert_eq!(let_in(&house, &id, &second).await, LET_IN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_client_signs_with_the_secret_of_the_file() {
    let declared = "0123456789abcdef0123456789abcdef";
    let text = format!(
        "[[clients]]\nclient_id = \"bank\"\nredirect_uris = [\"https://bank.example/cb\"]\n\
         grant_types = [\"authorization_code\", \"refresh_token\"]\n\
         client_secret = \"{declared}\"\ntoken_endpoint_auth_method = \"client_secret_jwt\"\n"
    );
    let mut house = House::open_with_file(&text).await;
    assert_eq!(let_in(&house, "bank", declared).await, LET_IN);
    let longer = assertion_claims(&house, "bank", &json!({}));
    let longer = mac(Algorithm::HS512, declared, &longer);
    let said = verdict(&house, &longer).await;
    assert_eq!(said, "invalid_client", "too short for that hash");
    house.reopen().await;
    assert_eq!(let_in(&house, "bank", declared).await, LET_IN);
    // A start finds it as it was.
    let filter = AuditFilter {
        action: Some("client.declare".to_owned()),
        ..AuditFilter::default()
    };
    let page = house.provider().record().list_audit(&filter, 10).await;
    assert_eq!(page.unwrap().rows.len(), 1);
}

/// Conformance: R2.
#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_takes_it() {
    let house = House::open().await;
    let app = signing_app(&house, "bank", json!({})).await;
    let name = Entropy::System.alphanumeric(20);
    for path in ["/oauth2/introspect", "/oauth2/revoke"] {
        let changes = json!({ "jti": format!("{name}{path}") });
        let proof = by_secret(&house, "bank", secret(&app), &changes);
        let mut form = vec![("token", "x")];
        form.extend(proof_fields(&proof));
        let page = post(&house.url(path), &[], &form).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
    }
}
