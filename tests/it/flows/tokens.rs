//! What a client may say of its own tokens, and that no form of them outlives an end here.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use lanyard::session::ending::{Actor, Reason, Selection};
use serde_json::{Value, json};

use crate::support::tokens::{post, refusal};
use crate::support::{House, Page};

const EXTRA: &str = "RS384,RS512,PS256,PS384,PS512,ES384,EdDSA";

async fn discovered(house: &House) -> Value {
    let path = "/.well-known/openid-configuration";
    house.browser().get(path).await.json()
}

/// Conformance: 16, 22.
#[tokio::test(flavor = "multi_thread")]
async fn each_algorithm_signs_with_a_key_of_its_own() {
    let house = House::open_with(&[("KEYS__EXTRA_ALGORITHMS", EXTRA)]).await;
    let offered = discovered(&house).await;
    let algs = offered["id_token_signing_alg_values_supported"].clone();
    let algs = algs.as_array().unwrap();
    assert_eq!(algs.len(), 9);
    let keys = house.browser().get("/oauth2/jwks").await.json();
    let mut kids = std::collections::BTreeSet::new();
    for key in keys["keys"].as_array().unwrap() {
        assert_eq!(key["use"], "sig");
        assert!(algs.contains(&key["alg"]), "{key}");
        assert!(kids.insert(key["kid"].to_string()), "{key}");
        assert_eq!(key["d"], Value::Null);
    }
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let mut apps = Vec::new();
    for alg in algs {
        let name = alg.as_str().unwrap();
        let metadata = json!({
            "id_token_signed_response_alg": name, "userinfo_signed_response_alg": name,
        });
        let app = house.app_with(&format!("a{name}"), metadata).await;
        let tokens = app.join(&browser).await;
        let header = jsonwebtoken::decode_header(tokens.id_token()).unwrap();
        assert_eq!(json!(header.alg), *alg);
        let page = app.userinfo(tokens.access()).await;
        assert_eq!(page.header("content-type"), Some("application/jwt"));
        let said = app.verify(&page.body, "userinfo+jwt").await;
        assert_eq!(said["sub"], tokens.claims["sub"]);
        let header = jsonwebtoken::decode_header(&page.body).unwrap();
        assert_eq!(json!(header.alg), *alg);
        apps.push((app, tokens));
    }
    house.end(house.session_of(&alice).await).await;
    for (app, tokens) in apps {
        app.expect_signed_out(tokens.sid()).await;
        let token = app.tokens_of(tokens.sid()).remove(0);
        let algs = [&token, tokens.id_token()].map(|token| {
            let header = jsonwebtoken::decode_header(token).unwrap();
            header.alg
        });
        assert_eq!(
            algs[0], algs[1],
            "a logout token is signed as ID tokens are"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_lists_what_there_are_keys_for() {
    let house = House::open().await;
    let offered = discovered(&house).await;
    for member in [
        "id_token_signing_alg_values_supported",
        "userinfo_signing_alg_values_supported",
        "introspection_signing_alg_values_supported",
    ] {
        assert_eq!(offered[member], json!(["RS256", "ES256"]), "{member}");
    }
    for metadata in [
        json!({ "id_token_signed_response_alg": "PS256" }),
        json!({ "access_token_lifetime": 3_601 }),
        json!({ "refresh_token_lifetime": 91 * 86_400 }),
    ] {
        let mut full = json!({
            "client_name": "A", "redirect_uris": ["https://a.example/cb"],
        });
        let changes = metadata.as_object().unwrap().clone();
        full.as_object_mut().unwrap().extend(changes);
        let made = house
            .provider()
            .create_client(&full, None, &Actor::CommandLine)
            .await;
        assert!(made.unwrap().is_err(), "{metadata}");
    }
}

/// Whether others can read it is all that differs.
#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_access_token_ends_at_once() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    for format in ["jwt", "opaque"] {
        let metadata = json!({ "access_token_format": format });
        let app = house.app_with(&format!("a-{format}"), metadata).await;
        let browser = house.browser();
        let tokens = app.sign_in(&browser, &alice).await;
        assert_eq!(tokens.access().contains('.'), format == "jwt");
        app.assert_alive(&tokens).await;
        let mut other = tokens.access().to_owned();
        let last = if other.pop() == Some('A') { 'B' } else { 'A' };
        other.push(last);
        assert_eq!(app.introspect(&other).await, json!({ "active": false }));

        // A code that is used twice (RFC 6749, 4.1.2).
        let (code, ask) = app.fresh_code(&browser).await;
        let once = app.redeem(&code, &ask).await;
        app.assert_alive(&once).await;
        assert_eq!(refusal(&app.try_redeem(&code, &ask).await), "invalid_grant");
        app.assert_dead(&once).await;
        app.assert_alive(&tokens).await;

        // One that is revoked, and the end of the session.
        let more = app.join(&browser).await;
        assert_eq!(app.revoke(more.access()).await.status, 200);
        assert_eq!(app.userinfo(more.access()).await.status, 401);
        house
            .provider()
            .end(
                &Selection::Session(house.session_of(&alice).await),
                Reason::Admin,
                &Actor::CommandLine,
            )
            .await
            .unwrap();
        app.assert_dead(&tokens).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lifetimes_of_an_app() {
    let house = House::open().await;
    let metadata = json!({
        "access_token_lifetime": 60, "id_token_lifetime": 90,
        "refresh_token_idle_timeout": 600, "refresh_token_lifetime": 1_000,
    });
    let app = house.app_with("brief", metadata).await;
    let browser = house.browser();
    let tokens = app.sign_in(&browser, &house.person("alice").await).await;
    assert_eq!(tokens.answer["expires_in"], 60);
    let spoken = tokens.claims["exp"].as_i64().unwrap() - tokens.claims["iat"].as_i64().unwrap();
    assert_eq!(spoken, 90);
    house.advance(Duration::from_secs(59));
    assert_eq!(app.userinfo(tokens.access()).await.status, 200);
    house.advance(Duration::from_secs(1));
    assert_eq!(app.userinfo(tokens.access()).await.status, 401);
    let tokens = app.refresh(tokens.refresh()).await;
    house.advance(Duration::from_mins(10));
    assert_eq!(app.refused_refresh(tokens.refresh()).await, "invalid_grant");
    let mut tokens = app.join(&browser).await;
    for _ in 0..2 {
        house.advance(Duration::from_secs(499));
        tokens = app.refresh(tokens.refresh()).await;
    }
    house.advance(Duration::from_secs(2));
    assert_eq!(app.refused_refresh(tokens.refresh()).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn audiences_of_an_app_stand_beside_the_house() {
    let house = House::open().await;
    let metadata = json!({ "access_token_audiences": ["https://api.example"] });
    let app = house.app_with("wide", metadata).await;
    let browser = house.browser();
    let tokens = app.sign_in(&browser, &house.person("alice").await).await;
    let claims = app.access_claims(tokens.access()).await;
    assert_eq!(claims["aud"], json!([house.issuer, "https://api.example"]));
    assert_eq!(app.userinfo(tokens.access()).await.status, 200);
}

/// Conformance: 18.
#[tokio::test(flavor = "multi_thread")]
async fn pairwise_subjects_are_the_same_everywhere_but_at_others() {
    let mut house = House::open().await;
    let alice = house.person("alice").await;
    let bob = house.person("bob").await;
    let metadata = |host: &str| {
        json!({
            "subject_type": "pairwise", "redirect_uris": [format!("https://{host}/cb")],
        })
    };
    let one = house.app_with("one", metadata("one.example")).await;
    let twin = house.app_with("twin", metadata("one.example")).await;
    let two = house.app_with("two", metadata("two.example")).await;
    let browser = house.browser();
    let tokens = one.sign_in(&browser, &alice).await;
    let sub = tokens.claims["sub"].clone();
    assert_ne!(sub, alice.id.as_str());
    assert_eq!(twin.join(&browser).await.claims["sub"], sub);
    assert_ne!(two.join(&browser).await.claims["sub"], sub);
    assert_ne!(one.sign_in(&house.browser(), &bob).await.claims["sub"], sub);
    assert_eq!(one.userinfo(tokens.access()).await.json()["sub"], sub);
    assert_eq!(one.access_claims(tokens.access()).await["sub"], sub);
    for token in [tokens.access(), tokens.refresh()] {
        assert_eq!(one.introspect(token).await["sub"], sub);
    }
    assert_eq!(one.refresh(tokens.refresh()).await.claims["sub"], sub);

    // A hint leads to its person, and only to that one.
    let hinted = one.ask().with("prompt", "none");
    let ask = hinted.with("id_token_hint", tokens.id_token());
    let answer = one.send(&browser, &ask).await.away();
    one.code(&answer, &ask);
    let other = house.browser();
    other.sign_in(&bob).await;
    let answer = one.send(&other, &ask).await.away();
    assert_eq!(one.error(&answer, &ask), "login_required");

    // After a restart, and in the logout token of all of a person.
    house.reopen().await;
    let again = house.browser();
    assert_eq!(one.sign_in(&again, &alice).await.claims["sub"], sub);
    let everything = Selection::Person {
        user: alice.id.clone(),
        except: None,
    };
    house
        .provider()
        .end(&everything, Reason::Admin, &Actor::CommandLine)
        .await
        .unwrap();
    let told = one.expect_signed_out(tokens.sid()).await;
    assert_eq!(told["sub"], sub);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_may_have_the_answer_signed() {
    let house = House::open().await;
    let app = house.app("wiki").await;
    let browser = house.browser();
    let tokens = app.sign_in(&browser, &house.person("alice").await).await;
    let url = house.url("/oauth2/introspect");
    let headers = [("accept", "application/token-introspection+jwt")];
    for (token, active) in [(tokens.access(), true), ("x", false)] {
        let form = [
            ("client_id", app.client_id.as_str()),
            ("client_secret", app.secret.as_deref().unwrap()),
            ("token", token),
        ];
        let page: Page = post(&url, &headers, &form).await;
        assert_eq!(page.header("content-type"), Some(headers[0].1));
        let typ = "token-introspection+jwt";
        let said = app.verify(&page.body, typ).await;
        let told = &said["token_introspection"];
        assert_eq!(told["active"], active);
        assert_eq!(said["sub"], Value::Null);
        assert_eq!(said["exp"], Value::Null);
        // It is no access token and no hint.
        assert_eq!(app.userinfo(&page.body).await.status, 401);
    }
}

/// Answers every request with this, as a sector's document.
fn publish(document: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut asked = [0; 4_096];
            let _ = connection.read(&mut asked);
            let length = document.len();
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json";
            let _ = write!(
                connection,
                "{head}\r\ncontent-length: {length}\r\n\r\n{document}"
            );
        }
    });
    format!("http://localhost:{}/apps.json", address.port())
}

/// Conformance: 18.
#[tokio::test(flavor = "multi_thread")]
async fn a_sector_lists_every_redirect_address() {
    let house = House::open().await;
    let both = publish(r#"["https://a.example/cb", "https://b.example/cb"]"#);
    let one = publish(r#"["https://a.example/cb"]"#);
    let no_list = publish("<html>");
    let nobody = "http://localhost:1/".to_owned();
    for (sector, good) in [
        (one, false),
        (no_list, false),
        (nobody, false),
        (both, true),
    ] {
        let metadata = json!({
            "client_name": "A", "subject_type": "pairwise", "sector_identifier_uri": sector,
            "redirect_uris": ["https://a.example/cb", "https://b.example/cb"],
        });
        let made = house
            .provider()
            .create_client(&metadata, None, &Actor::CommandLine);
        let made = made.await.unwrap();
        let at = made.as_ref().err().and_then(|refusal| refusal.field());
        assert_eq!(at, (!good).then_some("sector_identifier_uri"), "{sector}");
        // What is changed is judged anew.
        let Ok(created) = made else { continue };
        let id = created.client.client_id;
        let row = house
            .provider()
            .record()
            .client_row(&id)
            .await
            .unwrap()
            .unwrap();
        let wider = json!({ "redirect_uris": ["https://a.example/cb", "https://c.example/cb"] });
        let edited = house
            .provider()
            .edit_client(&id, row.updated, &wider, &Actor::CommandLine);
        let edited = edited.await.unwrap();
        let at = edited.as_ref().err().and_then(|refusal| refusal.field());
        assert_eq!(at, Some("sector_identifier_uri"));
    }
}

/// RFC 8707, 2.2: of the resources that the person's request named, a token is for those that the
/// token request names, and for no others.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_request_may_name_some_of_the_resources() {
    let house = House::open().await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let wiki = house.app("wiki").await;
    let (a, b) = ("https://a.example/", "https://b.example/");
    let mut ask = wiki.ask();
    for resource in [a, b] {
        let pair = ("resource".to_owned(), resource.to_owned());
        ask.parameters.push(pair);
    }
    let audience = async |token: &str| wiki.introspect(token).await["aud"].clone();
    let answer = wiki.send(&browser, &ask).await.away();
    let code = wiki.code(&answer, &ask);
    let redeem = async |resource: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", wiki.redirect_uri.as_str()),
            ("code_verifier", ask.verifier.as_str()),
            ("resource", resource),
        ];
        wiki.token(&form).await
    };
    for wrong in ["https://c.example/", "nowhere", "https://a.example/#f"] {
        let refused = redeem(wrong).await;
        assert_eq!(crate::support::tokens::refusal(&refused), "invalid_target");
    }
    // Nothing was used up.
    let tokens = redeem(b).await.json();
    assert_eq!(audience(tokens["access_token"].as_str().unwrap()).await, b);
    let mut refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    for (asked, expected) in [
        (vec![a], serde_json::json!(a)),
        (vec![], serde_json::json!([a, b])),
        (vec![b, a], serde_json::json!([b, a])),
    ] {
        let mut form = vec![("grant_type", "refresh_token")];
        let token = refresh.clone();
        form.push(("refresh_token", &token));
        form.extend(asked.iter().map(|resource| ("resource", *resource)));
        let tokens = wiki.token(&form).await.json();
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(audience(access).await, expected, "{asked:?}");
        refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    }
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("resource", "https://c.example/"),
    ];
    let refused = wiki.token(&form).await;
    assert_eq!(crate::support::tokens::refusal(&refused), "invalid_target");
    wiki.refresh(&refresh).await;
}
