//! Codes that are bound to a key (RFC 9449, 10), and requests that nothing could bind.

use lanyard::protocol::jose::sign;
use serde_json::{Value, json};

use super::Scene;
use crate::flows::client_assertions::{p256, set};
use crate::flows::registration::ON;
use crate::support::app::value;
use crate::support::holder::PUSHED;
use crate::support::tokens::refusal;
use crate::support::{App, Holder, House};

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_code_is_for_its_key_alone_and_others_cost_it_nothing() {
    let scene = Scene::open().await;
    let app = &scene.app;
    let ask = app
        .ask()
        .with("dpop_jkt", scene.holder.jkt())
        .with("prompt", "none");
    let answer = app.send(&scene.browser, &ask).await.away();
    let code = app.code(&answer, &ask);
    let thief = Holder::of(&scene.house);
    assert_eq!(
        refusal(&app.try_redeem_by(&thief, &code, &ask).await),
        "invalid_grant"
    );
    assert_eq!(
        refusal(&app.try_redeem(&code, &ask).await),
        "invalid_dpop_proof"
    );
    app.redeem_by(&scene.holder, &code, &ask).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_in_between_does_not_lose_the_key() {
    let house = House::open().await;
    let app = house
        .app_with("shop", json!({ "first_party": false }))
        .await;
    let (alice, browser) = (house.person("alice").await, house.browser());
    let holder = Holder::of(&house);
    let ask = app.ask().with("dpop_jkt", holder.jkt());
    let page = app.send(&browser, &ask).await.page();
    let page = browser.sign_in_at(&page, &alice).await.page();
    let answer = browser.submit(&page, &[("action", "allow")]).await.away();
    let code = app.code(&answer, &ask);
    assert_eq!(
        refusal(&app.try_redeem(&code, &ask).await),
        "invalid_dpop_proof"
    );
    app.redeem_by(&holder, &code, &ask).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_names_the_key_too() {
    let house = House::open().await;
    let key = p256();
    let app = house
        .app_with("bank", json!({ "jwks": set(&[&key]) }))
        .await;
    let scene = Scene::of(house, app).await;
    let app = &scene.app;
    let ask = app
        .ask()
        .with("dpop_jkt", scene.holder.jkt())
        .with("prompt", "none");
    let pairs = ask.pairs().into_iter();
    let claims: Value = pairs
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let object = sign(&key, "oauth-authz-req+jwt", &claims).unwrap();
    let outside = app.ask().with("request", &object).with("state", &ask.state);
    let answer = app.send(&scene.browser, &outside).await.away();
    let code = value(&answer, "code").unwrap_or_else(|| panic!("{answer}"));
    let thief = Holder::of(&scene.house);
    assert_eq!(
        refusal(&app.try_redeem_by(&thief, &code, &ask).await),
        "invalid_grant"
    );
    app.redeem_by(&scene.holder, &code, &ask).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_thumbprint_is_refused() {
    let scene = Scene::open().await;
    let long = format!("{}A", scene.holder.jkt());
    for text in ["x", &long, "NzbLsXh8uDCcd+6MNwXF4W/7noWXFZAfHkxZsRGC9Xs"] {
        let ask = scene.app.ask().with("dpop_jkt", text);
        let answer = scene.app.send(&scene.browser, &ask).await.away();
        assert_eq!(scene.app.error(&answer, &ask), "invalid_request", "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keys_of_one_pushed_request_are_refused() {
    let scene = Scene::open().await;
    let other = Holder::of(&scene.house);
    let ask = scene.app.ask().with("dpop_jkt", other.jkt());
    let claims = scene.holder.claims("POST", PUSHED, &json!({}));
    let proof = scene.holder.sign(&scene.holder.head(), &claims);
    let page = scene.app.push_with(&proof, &ask).await;
    assert_eq!(refusal(&page), "invalid_dpop_proof");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flawed_proof_beside_a_pushed_request_is_refused() {
    let scene = Scene::open().await;
    let ask = scene.app.ask();
    let now = scene.house.clock.now().as_secs();
    for changes in [
        json!({ "htu": scene.house.url("/oauth2/token") }),
        json!({ "htm": "GET" }),
        json!({ "iat": now - 300 }),
        json!({ "jti": null }),
    ] {
        let claims = scene.holder.claims("POST", PUSHED, &changes);
        let proof = scene.holder.sign(&scene.holder.head(), &claims);
        let page = scene.app.push_with(&proof, &ask).await;
        assert_eq!(refusal(&page), "invalid_dpop_proof", "{changes}");
    }
    let claims = scene.holder.claims("POST", PUSHED, &json!({}));
    let proof = scene.holder.sign(&scene.holder.head(), &claims);
    for status in [201, 400] {
        let page = scene.app.push_with(&proof, &ask).await;
        assert_eq!(page.status, status, "once: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_have_bound_tokens_cannot_register_for_others() {
    let house = House::open_with(&[("PROTOCOL__FRONT_CHANNEL_TOKENS", "on"), ON]).await;
    let metadata = |types: Value| {
        json!({
            "redirect_uris": ["https://wiki.example/callback"],
            "grant_types": ["authorization_code", "implicit"], "response_types": types,
            "dpop_bound_access_tokens": true,
        })
    };
    let (status, said) = register(&house, &metadata(json!(["code", "code token"]))).await;
    assert_eq!(
        (status, &said["error"]),
        (400, &json!("invalid_client_metadata"))
    );
    let words = said["error_description"].as_str().unwrap();
    assert!(words.starts_with("dpop_bound_access_tokens: "), "{words}");
    let (status, said) = register(&house, &metadata(json!(["code", "code id_token"]))).await;
    assert_eq!(
        (status, &said["dpop_bound_access_tokens"]),
        (201, &json!(true))
    );
}

async fn register(house: &House, metadata: &Value) -> (u16, Value) {
    let url = house.url("/oauth2/register");
    let http = crate::support::http().build().unwrap();
    let answer = http.post(url).json(metadata).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_access_token_comes_unbound_by_way_of_the_browser() {
    let house = House::open_with(&[("PROTOCOL__FRONT_CHANNEL_TOKENS", "on")]).await;
    let types = json!({
        "grant_types": ["authorization_code", "implicit"],
        "response_types": ["code", "code id_token", "code token"],
    });
    let app = house.app_with("old", types).await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let holder = Holder::of(&house);
    let asking = |kind: &str| {
        app.ask()
            .with("response_type", kind)
            .with("dpop_jkt", holder.jkt())
    };
    let ask = asking("code token");
    let answer = app.send(&browser, &ask).await.away();
    let answer = App::in_fragment(&answer);
    assert_eq!(app.error(&answer, &ask), "invalid_request");
    // An ID token is bound to nothing anyway.
    let ask = asking("code id_token");
    let answer = app.send(&browser, &ask).await.away();
    let code = app.code(&App::in_fragment(&answer), &ask);
    app.redeem_by(&holder, &code, &ask).await;
}
