//! Introspection (RFC 7662): who may ask, about what, and that an end shows at once.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::tokens::{post, refusal};
use crate::support::{App, House};

/// With the secret in the form: the id is an address, which a header would have to encode.
async fn by_form(app: &App, token: &str) -> Value {
    let form = [
        ("client_id", app.client_id.as_str()),
        ("client_secret", app.secret.as_deref().unwrap()),
        ("token", token),
    ];
    let page = post(&format!("{}/oauth2/introspect", app.issuer), &[], &form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()
}

fn inactive() -> Value {
    json!({ "active": false })
}

#[tokio::test(flavor = "multi_thread")]
async fn only_authenticated_confidential_clients_may_ask() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let spa = house.public_app("spa").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let tokens = spa.join(&browser).await;
    let url = house.url("/oauth2/introspect");

    // Not even about its own token.
    let own = [("token", tokens.access())];
    let page = spa.machine("/oauth2/introspect", &own).await;
    assert_eq!(refusal(&page), "invalid_client");
    let page = post(&url, &[], &own).await;
    assert_eq!(refusal(&page), "invalid_client");
    let bearer = format!("Bearer {}", tokens.access());
    let page = post(&url, &[("authorization", &bearer)], &own).await;
    assert_eq!(refusal(&page), "invalid_client");
    let page = wiki.machine("/oauth2/introspect", &[]).await;
    assert_eq!(refusal(&page), "invalid_request");
    let query = format!("{url}?token={}", tokens.access());
    assert_eq!(browser.get(&query).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_tokens_that_are_not_ones_business_nothing_is_told() {
    let house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    shop.join(&browser).await;
    let used = tokens.refresh().to_owned();
    let tokens = wiki.refresh(&used).await;
    let (code, _) = wiki.fresh_code(&browser).await;
    for token in [tokens.access(), tokens.refresh()] {
        assert_eq!(shop.introspect(token).await, inactive());
        assert_eq!(wiki.introspect(token).await["active"], true);
    }
    let cut = &tokens.access()[..tokens.access().len() - 1];
    house.advance(Duration::from_secs(10));
    for token in ["x", tokens.id_token(), &code, cut, &used] {
        assert_eq!(wiki.introspect(token).await, inactive(), "{token}");
    }
    // To ask about a used token is not to use it: the grant lives.
    wiki.assert_alive(&wiki.refresh(tokens.refresh()).await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_hears_what_its_own_tokens_say() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    let now = house.clock.now().as_secs();
    let jti = wiki.access_claims(tokens.access()).await["jti"].clone();
    let mut expected = json!({
        "active": true,
        "scope": "openid profile email",
        "client_id": "wiki",
        "username": "alice",
        "token_type": "Bearer",
        "sub": tokens.claims["sub"],
        "aud": house.issuer,
        "iss": house.issuer,
        "iat": now,
        "exp": now + 300,
        "jti": jti,
        "sid": tokens.sid(),
        "auth_time": now,
        "acr": "urn:lanyard:acr:pwd",
    });
    assert_eq!(wiki.introspect(tokens.access()).await, expected);

    // A refresh token lives as long as its session can.
    let said = expected.as_object_mut().unwrap();
    for name in ["username", "token_type", "jti", "aud"] {
        said.remove(name);
    }
    said.insert("exp".to_owned(), json!(now + 12 * 3_600));
    let mut answer = wiki.introspect(tokens.refresh()).await;
    answer.as_object_mut().unwrap().remove("aud");
    assert_eq!(answer, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_hears_of_tokens_made_for_it_and_of_no_others() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let [notes, mail] = ["https://notes.example", "https://mail.example"];
    let (notes, mail) = (house.app(notes).await, house.app(mail).await);
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let ask = wiki.ask().with("resource", &notes.client_id);
    let tokens = wiki.granted(&browser, ask).await;

    let said = by_form(&notes, tokens.access()).await;
    assert_eq!(said["active"], true);
    assert_eq!(said["client_id"], "wiki");
    assert_eq!(said["aud"], json!(notes.client_id));
    assert_eq!(by_form(&mail, tokens.access()).await, inactive());
    assert_eq!(by_form(&notes, tokens.refresh()).await, inactive());
    let plain = wiki.join(&browser).await;
    assert_eq!(by_form(&notes, plain.access()).await, inactive());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_shows_at_once() {
    let house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let alice = house.person("alice").await;
    let browser = house.browser();
    let at_wiki = wiki.sign_in(&browser, &alice).await;
    let at_shop = shop.join(&browser).await;
    let session = house.session_of(&alice).await;

    house.end_part(session, &wiki).await;
    for token in [at_wiki.access(), at_wiki.refresh()] {
        assert_eq!(wiki.introspect(token).await, inactive());
    }
    assert_eq!(shop.introspect(at_shop.access()).await["active"], true);
    house.end(session).await;
    for token in [at_shop.access(), at_shop.refresh()] {
        assert_eq!(shop.introspect(token).await, inactive());
    }
}
