//! Tokens that choose their own key or rules, or are of another kind, wherever strangers send one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use lanyard::protocol::client::SigningAlg;
use lanyard::protocol::jose::SigningKey;
use serde_json::{Value, json};

use super::client_assertions::{assertion, proof_fields};
use crate::support::tokens::{post, refusal};
use crate::support::{App, Browser, House};

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Headers that no token may have, whoever signed it. The key is named rightly.
fn headers(alg: &str, kid: &str, jwk: &Value) -> Vec<Value> {
    let changes = [
        json!({ "crit": ["exp"] }),
        json!({ "crit": [] }),
        json!({ "crit": ["b64"], "b64": false }),
        json!({ "jku": "https://evil.example/jwks" }),
        json!({ "x5u": "https://evil.example/cert" }),
        json!({ "x5c": ["MIIB"] }),
        json!({ "jwk": jwk }),
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "NONE" }),
        json!({ "alg": "nOnE" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": [alg] }),
        json!({ "alg": "dir", "enc": "A256GCM" }),
        json!({ "x": (0..20).fold(json!(1), |deep, _| json!([deep])) }),
    ];
    let good = json!({ "typ": "JWT", "alg": alg, "kid": kid });
    let change = |changes: Value| {
        let mut header = good.clone();
        let members = header.as_object_mut().unwrap();
        members.extend(changes.as_object().unwrap().clone());
        header
    };
    changes.into_iter().map(change).collect()
}

fn es256(key: &SigningKey, header: &Value, claims: &str) -> String {
    let message = format!("{}.{claims}", encoded(header));
    let key = EncodingKey::from_ec_der(&key.to_pkcs8().unwrap());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256);
    format!("{message}.{}", signature.unwrap())
}

/// Signed with what everybody knows: the public key, in each form that one may think of.
fn by_public_key(kid: &str, jwk: &Value, claims: &str) -> Vec<String> {
    let header = json!({ "typ": "JWT", "alg": "HS256", "kid": kid });
    let message = format!("{}.{claims}", encoded(&header));
    let text = jwk.to_string();
    let member = jwk["n"].as_str().or(jwk["x"].as_str()).unwrap().to_owned();
    let sign = |secret: String| {
        let key = EncodingKey::from_secret(secret.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256);
        format!("{message}.{}", signature.unwrap())
    };
    vec![sign(text), sign(member), sign(String::new())]
}

fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

fn header_of(token: &str) -> Value {
    let header = URL_SAFE_NO_PAD.decode(parts(token)[0]).unwrap();
    serde_json::from_slice(&header).unwrap()
}

async fn verdict(house: &House, assertion: &str) -> String {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", "x")];
    form.extend_from_slice(&proof_fields(assertion));
    refusal(&post(&house.url("/oauth2/token"), &[], &form).await)
}

/// Conformance: 20.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_assertion_that_chooses_its_own_rules_is_refused() {
    let house = House::open().await;
    let key = SigningKey::generate(SigningAlg::ES256).unwrap();
    let jwk = key.public().jwk();
    let metadata = json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [jwk] },
    });
    let bank = house.app_with("bank", metadata).await;
    let claims = || {
        let good = assertion(&house, &key, &bank, &json!({}));
        parts(&good)[1].to_owned()
    };
    let header = json!({ "typ": "JWT", "alg": "ES256", "kid": key.kid() });
    let good = || es256(&key, &header, &claims());
    // From where it proved itself once, no number of failures shuts it out.
    assert_eq!(verdict(&house, &good()).await, "invalid_grant", "let in");
    // What the header says is what is refused: the signatures are right.
    for header in headers("ES256", key.kid(), &jwk) {
        let signed = es256(&key, &header, &claims());
        assert_eq!(verdict(&house, &signed).await, "invalid_client", "{header}");
    }
    let deep = (0..20).fold(json!(1), |deep, _| json!({ "in": deep }));
    let deep = assertion(&house, &key, &bank, &json!({ "x": deep }));
    let mut others = by_public_key(key.kid(), &jwk, &claims());
    others.push(format!("{}.{}.", encoded(&header), claims()));
    others.push("e30.e30.e30.e30.e30".to_owned());
    others.push(deep);
    // A token of ours says nothing about a client.
    let wiki = house.app("wiki").await;
    let tokens = wiki
        .sign_in(&house.browser(), &house.person("alice").await)
        .await;
    others.extend([tokens.id_token().to_owned(), tokens.access().to_owned()]);
    for token in others {
        assert_eq!(verdict(&house, &token).await, "invalid_client", "{token}");
    }
    assert_eq!(verdict(&house, &good()).await, "invalid_grant", "let in");
}

async fn silently_with(app: &App, browser: &Browser, hint: &str) -> String {
    let ask = app.ask().with("prompt", "none").with("id_token_hint", hint);
    let answer = app.send(browser, &ask).await.away();
    app.error(&answer, &ask)
}

/// Conformance: 9.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_id_token_of_ours_is_no_hint() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &alice).await;
    let at_shop = shop.join(&browser).await;
    house.end_part(house.session_of(&alice).await, &shop).await;
    shop.expect_signed_out(at_shop.sid()).await;
    let hint = tokens.id_token();
    let [_, claims, signature] = parts(hint);
    let header = header_of(hint);
    let (alg, kid) = (
        header["alg"].as_str().unwrap(),
        header["kid"].as_str().unwrap(),
    );
    let published = browser.get("/oauth2/jwks").await.json();
    let keys = published["keys"].as_array().unwrap();
    let jwk = keys.iter().find(|key| key["kid"] == kid).unwrap();

    let mut bad = by_public_key(kid, jwk, claims);
    for header in headers(alg, kid, jwk) {
        bad.push(format!("{}.{claims}.{signature}", encoded(&header)));
        bad.push(format!("{}.{claims}.", encoded(&header)));
    }
    let own = SigningKey::generate(SigningAlg::ES256).unwrap();
    let named = json!({ "typ": "JWT", "alg": "ES256", "kid": kid });
    bad.push(es256(&own, &named, claims));
    bad.push(assertion(&house, &own, &wiki, &json!({})));
    bad.push(tokens.access().to_owned());
    bad.extend(shop.logout_tokens());
    bad.push("e30.e30.e30.e30.e30".to_owned());
    let home = format!("{}/", wiki.origin);
    for hint in &bad {
        let error = silently_with(&wiki, &browser, hint).await;
        assert_eq!(error, "invalid_request", "{hint}");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("id_token_hint", hint.as_str()),
                ("client_id", "wiki"),
                ("post_logout_redirect_uri", &home),
            ])
            .finish();
        let page = browser.go(&format!("/oauth2/logout?{query}")).await.page();
        assert_eq!(page.heading(), "Sign out?", "{hint}");
        assert!(page.shows("We won’t send you back"), "{hint}");
    }
    assert!(browser.is_signed_in().await);
    let ask = wiki
        .ask()
        .with("prompt", "none")
        .with("id_token_hint", hint);
    let answer = wiki.send(&browser, &ask).await.away();
    wiki.redeem(&wiki.code(&answer, &ask), &ask).await;
}
