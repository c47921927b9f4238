//! Clients that act for themselves (RFC 6749, 4.4).

use std::time::Duration;

use lanyard::protocol::client::SigningAlg;
use lanyard::protocol::jose::SigningKey;
use lanyard::session::ending::Actor;
use serde_json::{Value, json};

use super::client_assertions::{assertion, proof_fields};
use crate::support::tokens::{post, refusal};
use crate::support::{App, House, Page};

const ADMIN: Actor = Actor::System;

async fn service(house: &House, id: &str) -> App {
    let metadata = json!({
        "grant_types": ["authorization_code", "client_credentials"],
        "scope": "openid offline_access reports:read reports:write",
    });
    house.app_with(id, metadata).await
}

async fn ask(app: &App, scope: &str) -> Page {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    app.token(&form).await
}

async fn token(app: &App) -> String {
    let page = ask(app, "reports:read").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()["access_token"].as_str().unwrap().to_owned()
}

async fn is_alive(app: &App, token: &str) -> bool {
    app.introspect(token).await["active"] == true
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_act_for_itself_is_refused() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    assert_eq!(refusal(&ask(&wiki, "").await), "unauthorized_client");
    let spa = house.public_app("spa").await;
    assert_eq!(refusal(&ask(&spa, "").await), "unauthorized_client");
    let service = service(&house, "service").await;
    for scope in [
        "openid",
        "offline_access",
        "reports:read openid",
        "bad\"scope",
    ] {
        assert_eq!(
            refusal(&ask(&service, scope).await),
            "invalid_scope",
            "{scope}"
        );
    }
    let twice = [
        ("grant_type", "client_credentials"),
        ("scope", "a"),
        ("scope", "b"),
    ];
    assert_eq!(refusal(&service.token(&twice).await), "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_a_token_of_its_own_and_no_more() {
    let house = House::open().await;
    let (service, other) = (
        service(&house, "service").await,
        service(&house, "other").await,
    );
    let answer = ask(&service, "reports:read unknown").await.json();
    assert_eq!(answer["scope"], "reports:read");
    assert_eq!(answer["expires_in"], 300);
    assert_eq!(answer["refresh_token"], Value::Null);
    assert_eq!(answer["id_token"], Value::Null);
    let token = answer["access_token"].as_str().unwrap();
    let claims = service.verify_for(token, "at+jwt", &house.issuer).await;
    assert_eq!(claims["sub"], "service");
    assert_eq!(claims["client_id"], "service");
    for absent in ["sid", "auth_time", "acr", "amr"] {
        assert_eq!(claims[absent], Value::Null, "{absent}");
    }
    let said = service.introspect(token).await;
    for (name, value) in [
        ("active", json!(true)),
        ("sub", json!("service")),
        ("client_id", json!("service")),
        ("scope", json!("reports:read")),
        ("sid", Value::Null),
        ("username", Value::Null),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    assert!(!is_alive(&other, token).await, "none of its business");
    let refused = service.userinfo(token).await;
    assert_eq!(refused.status, 401, "{}", refused.body);
    house.advance(Duration::from_mins(5));
    assert!(!is_alive(&service, token).await, "it has run out");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_client_alone_revokes_it() {
    let mut house = House::open().await;
    let (service, other) = (
        service(&house, "service").await,
        service(&house, "other").await,
    );
    let (first, second) = (token(&service).await, token(&service).await);
    assert_eq!(other.revoke(&first).await.status, 200);
    assert!(is_alive(&service, &first).await);
    assert_eq!(service.revoke(&first).await.status, 200);
    assert!(!is_alive(&service, &first).await);
    assert!(is_alive(&service, &second).await, "the other one goes on");
    house.reopen().await;
    assert!(!is_alive(&service, &first).await, "also after a restart");
    assert!(is_alive(&service, &second).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_its_client_and_stays_ended() {
    let house = House::open().await;
    let (service, watcher) = (service(&house, "service").await, house.provider());
    let before = token(&service).await;
    let id = service.id();
    watcher.disable_client(&id, &ADMIN).await.unwrap().unwrap();
    house.settled().await;
    assert_eq!(refusal(&ask(&service, "").await), "invalid_client");
    house.advance(Duration::from_secs(1));
    watcher.enable_client(&id, &ADMIN).await.unwrap().unwrap();
    house.settled().await;
    let after = token(&service).await;
    assert!(is_alive(&service, &after).await);
    assert!(!is_alive(&service, &before).await, "it came back to life");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_the_secret_that_it_was_asked_for_with() {
    let house = House::open().await;
    let service = service(&house, "service").await;
    let before = token(&service).await;
    let overlap = Duration::from_mins(2);
    let rotated = house
        .provider()
        .rotate_client_secret(&service.id(), overlap, &ADMIN)
        .await;
    let mut renewed = service.clone();
    renewed.secret = Some(rotated.unwrap().unwrap());
    house.settled().await;
    assert!(is_alive(&renewed, &before).await, "both secrets are taken");
    house.advance(overlap);
    assert!(
        !is_alive(&renewed, &before).await,
        "its secret is not taken any more"
    );
    let after = token(&renewed).await;
    assert!(is_alive(&renewed, &after).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_keys_acts_for_itself_too() {
    let house = House::open().await;
    let key = SigningKey::generate(SigningAlg::ES256).unwrap();
    let metadata = json!({
        "grant_types": ["client_credentials"], "redirect_uris": ["https://a.example/cb"],
        "backchannel_logout_uri": null, "post_logout_redirect_uris": [],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [key.public().jwk()] },
    });
    let app = house.app_with("robot", metadata).await;
    let proof = assertion(&house, &key, &app, &json!({}));
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(proof_fields(&proof));
    let page = post(&house.url("/oauth2/token"), &[], &form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.json()["scope"], "");
}

/// What a client chose for its tokens holds for those of its own too.
#[tokio::test(flavor = "multi_thread")]
async fn its_form_life_and_audiences_are_the_clients_to_choose() {
    let house = House::open().await;
    let api = house.app("api").await;
    for format in ["jwt", "opaque"] {
        let metadata = json!({
            "grant_types": ["client_credentials"], "redirect_uris": ["https://a.example/cb"],
            "backchannel_logout_uri": null, "post_logout_redirect_uris": [],
            "access_token_format": format, "access_token_lifetime": 60,
            "access_token_audiences": ["api"],
        });
        let robot = house.app_with(&format!("robot-{format}"), metadata).await;
        let answer = robot.token(&[("grant_type", "client_credentials")]).await;
        let answer = answer.json();
        assert_eq!(answer["expires_in"], 60, "{format}");
        let token = answer["access_token"].as_str().unwrap();
        assert_eq!(token.contains('.'), format == "jwt");
        for asker in [&robot, &api] {
            let said = asker.introspect(token).await;
            assert_eq!(said["active"], true, "{format} {}", asker.client_id);
            assert_eq!(said["sub"], robot.client_id.as_str());
            assert_eq!(said["aud"], json!([house.issuer, "api"]), "{format}");
        }
        let stranger = house.app(&format!("stranger-{format}")).await;
        assert_eq!(stranger.introspect(token).await["active"], false);
        robot.revoke(token).await;
        assert_eq!(robot.introspect(token).await["active"], false, "{format}");
        house.advance(Duration::from_mins(1));
        let answer = robot.token(&[("grant_type", "client_credentials")]).await;
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        house.advance(Duration::from_mins(1));
        assert_eq!(robot.introspect(&token).await["active"], false, "ran out");
    }
}
