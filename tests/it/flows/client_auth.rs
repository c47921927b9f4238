//! Who asks at the machine endpoints (RFC 6749, 2.3; RFC 7617): the proofs, and guesses at them.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lanyard::entropy::SecretHash;
use serde_json::json;

use crate::support::tokens::{post, post_from, refusal};
use crate::support::{App, House, Page};

fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// As RFC 6749, 2.3.1 says: both parts form-encoded, then joined.
fn basic(id: &str, secret: &str) -> String {
    let joined = format!("{}:{}", form_encoded(id), form_encoded(secret));
    format!("Basic {}", STANDARD.encode(joined))
}

/// A refresh of nonsense: `invalid_grant` says that the client was let in.
const NONSENSE: [(&str, &str); 2] = [("grant_type", "refresh_token"), ("refresh_token", "x")];

async fn by_header(app: &App, authorization: &str, more: &[(&str, &str)]) -> Page {
    let mut form = NONSENSE.to_vec();
    form.extend_from_slice(more);
    let url = format!("{}/oauth2/token", app.issuer);
    post(&url, &[("authorization", authorization)], &form).await
}

async fn by_form(app: &App, credentials: &[(&str, &str)]) -> Page {
    let mut form = NONSENSE.to_vec();
    form.extend_from_slice(credentials);
    post(&format!("{}/oauth2/token", app.issuer), &[], &form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_proof_is_answered_alike_whoever_it_is_for() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let gone = house.app("gone").await;
    house.change(&gone, |client| client.enabled = false).await;
    let mut bodies = Vec::new();
    for (id, secret) in [
        ("wiki", "wrong"),
        ("wiki", ""),
        ("nobody", "wrong"),
        ("gone", gone.secret.as_deref().unwrap()),
    ] {
        let page = by_header(&wiki, &basic(id, secret), &[]).await;
        assert_eq!(refusal(&page), "invalid_client", "{id}");
        let challenge = page.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Basic "), "{challenge}");
        bodies.push(page.body);

        let form = [("client_id", id), ("client_secret", secret)];
        let page = by_form(&wiki, &form).await;
        assert_eq!(refusal(&page), "invalid_client", "{id}");
        assert_eq!(page.header("www-authenticate"), None);
        bodies.push(page.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "nobody learns which clients there are");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_proof_is_refused() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let secret = wiki.secret.as_deref().unwrap();
    let right = basic("wiki", secret);

    assert_eq!(refusal(&by_form(&wiki, &[]).await), "invalid_client");
    let named = by_form(&wiki, &[("client_id", "wiki")]).await;
    assert_eq!(refusal(&named), "invalid_client", "a name is no proof");
    for header in [
        "Basic",
        "Basic !",
        "Bearer x",
        &format!("Basic {}", STANDARD.encode("wiki")),
        &format!("Basic {}", STANDARD.encode(format!("wiki:%{secret}"))),
    ] {
        let page = by_header(&wiki, header, &[]).await;
        assert_eq!(refusal(&page), "invalid_client", "{header}");
    }
    let jwt = [
        ("client_id", "wiki"),
        ("client_assertion_type", "x"),
        ("client_assertion", "x"),
    ];
    assert_eq!(refusal(&by_form(&wiki, &jwt).await), "invalid_client");

    let both = by_header(&wiki, &right, &[("client_secret", secret)]).await;
    assert_eq!(refusal(&both), "invalid_request", "two methods at once");
    let two = by_header(&wiki, &right, &[("client_id", "shop")]).await;
    assert_eq!(refusal(&two), "invalid_request", "two clients at once");
    let agreed = by_header(&wiki, &right, &[("client_id", "wiki")]).await;
    assert_eq!(refusal(&agreed), "invalid_grant", "let in");
}

/// Conformance: 20.
#[tokio::test(flavor = "multi_thread")]
async fn header_and_form_serve_alike_unless_one_is_pinned() {
    let house = House::open().await;
    for registered in ["client_secret_basic", "client_secret_post"] {
        for pinned in [false, true] {
            let id = format!("{registered}-{pinned}");
            let metadata = json!({
                "token_endpoint_auth_method": registered,
                "pin_auth_method": pinned,
            });
            let app = house.app_with(&id, metadata).await;
            let secret = app.secret.as_deref().unwrap();
            let header = by_header(&app, &basic(&id, secret), &[]).await;
            let form = [("client_id", id.as_str()), ("client_secret", secret)];
            let form = by_form(&app, &form).await;
            for (page, method) in [
                (header, "client_secret_basic"),
                (form, "client_secret_post"),
            ] {
                let let_in = !pinned || method == registered;
                let expected = if let_in {
                    "invalid_grant"
                } else {
                    "invalid_client"
                };
                assert_eq!(refusal(&page), expected, "{id} by {method}");
            }
        }
    }
}

/// Conformance: R6.
#[tokio::test(flavor = "multi_thread")]
async fn ids_and_secrets_with_odd_letters_are_decoded() {
    let house = House::open().await;
    let app = house.app("my-app:2 é").await;
    let secret = "p@ss:w%20rd + é";
    house
        .change(&app, |client| {
            client.secret_hash = Some(SecretHash::of_text(secret));
        })
        .await;
    let page = by_header(&app, &basic(&app.client_id, secret), &[]).await;
    assert_eq!(refusal(&page), "invalid_grant", "let in");
    // Some encode every sign, also those that need it not.
    let plain = house.app("my-app").await;
    let joined = format!("my%2Dapp:{}", plain.secret.as_deref().unwrap());
    let page = by_header(&plain, &format!("Basic {}", STANDARD.encode(joined)), &[]).await;
    assert_eq!(refusal(&page), "invalid_grant", "let in");
    let form = [
        ("client_id", app.client_id.as_str()),
        ("client_secret", secret),
    ];
    assert_eq!(
        refusal(&by_form(&app, &form).await),
        "invalid_grant",
        "let in"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_has_no_secret_to_present() {
    let house = House::open().await;
    let spa = house.public_app("spa").await;
    for secret in ["guess", "null"] {
        let form = [("client_id", "spa"), ("client_secret", secret)];
        assert_eq!(refusal(&by_form(&spa, &form).await), "invalid_client");
        let page = by_header(&spa, &basic("spa", secret), &[]).await;
        assert_eq!(refusal(&page), "invalid_client");
    }
    let page = by_form(&spa, &[("client_id", "spa")]).await;
    assert_eq!(refusal(&page), "invalid_grant", "let in by its name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_type_that_is_not_registered_is_refused() {
    let house = House::open().await;
    let metadata = json!({ "grant_types": ["authorization_code"] });
    let app = house.app_with("short", metadata).await;
    assert_eq!(app.refused_refresh("x").await, "unauthorized_client");
}

const GUESSER: &str = "127.0.0.66";

async fn guess(app: &App, from: &str, secret: &str) -> Page {
    let from: IpAddr = from.parse().unwrap();
    let url = format!("{}/oauth2/token", app.issuer);
    let header = basic(&app.client_id, secret);
    post_from(from, &url, &[("authorization", &header)], &NONSENSE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_a_secret_are_slowed_for_the_guesser_alone() {
    // Every other node learns it by a wrong one that it counts itself.
    let house = House::open_alone().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let secret = wiki.secret.as_deref().unwrap();
    for attempt in 0..20 {
        let page = guess(&wiki, GUESSER, &format!("guess {attempt}")).await;
        assert_eq!(refusal(&page), "invalid_client", "{attempt}");
    }
    // Now not even the right one is told from the wrong ones.
    for secret in ["another guess", secret] {
        let page = guess(&wiki, GUESSER, secret).await;
        assert_eq!(page.status, 429, "{}", page.body);
        assert_eq!(page.json()["error"], "invalid_client");
        assert_eq!(page.header("retry-after"), Some("900"));
    }
    let other = guess(&wiki, "127.0.0.67", secret).await;
    assert_eq!(refusal(&other), "invalid_grant", "the app itself is let in");
    let other = guess(&shop, GUESSER, shop.secret.as_deref().unwrap()).await;
    assert_eq!(refusal(&other), "invalid_grant", "another app is let in");

    house.advance(Duration::from_mins(15));
    let page = guess(&wiki, GUESSER, secret).await;
    assert_eq!(refusal(&page), "invalid_grant", "nothing lasts");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_from_an_address_shared_with_the_app_does_not_shut_it_out() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let secret = wiki.secret.as_deref().unwrap();
    let proof = guess(&wiki, GUESSER, secret).await;
    assert_eq!(refusal(&proof), "invalid_grant", "let in");
    for _ in 0..30 {
        guess(&wiki, GUESSER, "guess").await;
    }
    let proof = guess(&wiki, GUESSER, secret).await;
    assert_eq!(refusal(&proof), "invalid_grant", "still let in");
}
