//! Apps that register themselves, and manage themselves afterwards (RFC 7591, RFC 7592).

use std::time::Duration;

use lanyard::entropy::SecretHash;
use lanyard::session::ending::Actor;
use serde_json::{Value, json};

use crate::support::{App, House};

pub(super) const ON: (&str, &str) = ("REGISTRATION__OPEN_TO", "anybody");
const BY_TOKEN: (&str, &str) = ("REGISTRATION__OPEN_TO", "token_holders");

/// An answer in JSON.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: u16,
    challenge: Option<String>,
    retry: bool,
    pub(super) body: Value,
}

impl Said {
    fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }

    fn refused(&self, status: u16, error: &str) {
        assert_eq!(
            (self.status, self.text("error")),
            (status, error),
            "{self:?}"
        );
    }
}

fn wiki(more: Value) -> Value {
    let mut metadata = json!({
        "client_name": "Wiki",
        "redirect_uris": ["https://wiki.example/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let Value::Object(more) = more else {
        panic!("{more}");
    };
    metadata.as_object_mut().unwrap().extend(more);
    metadata
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn ask(
    house: &House,
    (method, url): (&str, &str),
    token: Option<&str>,
    body: Option<&Value>,
) -> Said {
    let url = if url.starts_with("http") {
        url.to_owned()
    } else {
        house.url(url)
    };
    let method = method.parse().unwrap();
    let mut request = http().request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await.unwrap();
    let header = |name: &str| answer.headers().get(name).cloned();
    let challenge = header("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    let retry = header("retry-after").is_some();
    assert!(
        header("cache-control")
            .unwrap()
            .to_str()
            .unwrap()
            .contains("no-store")
    );
    Said {
        status: answer.status().as_u16(),
        challenge,
        retry,
        body: answer.json().await.unwrap_or(Value::Null),
    }
}

pub(super) async fn register(house: &House, token: Option<&str>, metadata: &Value) -> Said {
    ask(house, ("POST", "/oauth2/register"), token, Some(metadata)).await
}

/// What a client does with its own registration.
async fn manage(house: &House, method: &str, of: &Said, body: Option<&Value>) -> Said {
    let url = of.text("registration_client_uri");
    let token = of.text("registration_access_token");
    ask(house, (method, url), Some(token), body).await
}

async fn initial_token(house: &House, uses: i64, life: Duration) -> String {
    let token = format!("initial-{uses}-{}", life.as_secs());
    let hash = SecretHash::of_text(&token);
    let record = house.provider().record();
    record
        .make_initial_token(hash, ("the wiki team", uses, life), &Actor::CommandLine)
        .await
        .unwrap();
    token
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_off_nobody_registers() {
    let house = House::open().await;
    let said = register(&house, Some("t"), &wiki(json!({}))).await;
    assert_eq!(said.status, 404, "{said:?}");
    let said = ask(&house, ("GET", "/oauth2/register/wiki"), Some("t"), None).await;
    assert_eq!(said.status, 404, "{said:?}");
    let document = house
        .browser()
        .get("/.well-known/openid-configuration")
        .await;
    assert!(!document.body.contains("registration_endpoint"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_initial_access_token_nobody_registers() {
    let house = House::open_with(&[BY_TOKEN]).await;
    let said = register(&house, None, &wiki(json!({}))).await;
    said.refused(401, "invalid_token");
    assert_eq!(said.challenge.as_deref(), Some("Bearer"));
    let once = initial_token(&house, 1, Duration::from_mins(10)).await;
    let short = initial_token(&house, 5, Duration::from_mins(1)).await;
    let revoked = initial_token(&house, 7, Duration::from_mins(10)).await;
    let record = house.provider().record();
    for token in record.initial_tokens().await.unwrap() {
        if token.uses_left == 7 {
            assert!(
                record
                    .revoke_initial_token(&token.id, &Actor::CommandLine)
                    .await
                    .unwrap()
            );
        }
    }
    // Nothing is used by a request that is wrong.
    let wrong = wiki(json!({ "redirect_uris": [] }));
    register(&house, Some(&once), &wrong)
        .await
        .refused(400, "invalid_redirect_uri");
    assert_eq!(
        register(&house, Some(&once), &wiki(json!({}))).await.status,
        201
    );
    house.advance(Duration::from_mins(2));
    for token in [&once, &short, &revoked, "nonsense"] {
        let said = register(&house, Some(token), &wiki(json!({}))).await;
        said.refused(401, "invalid_token");
        assert_eq!(
            said.challenge.as_deref(),
            Some("Bearer error=\"invalid_token\"")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_registers_one_app_even_if_two_use_it_at_once() {
    let house = House::open_with(&[BY_TOKEN]).await;
    let token = initial_token(&house, 1, Duration::from_mins(10)).await;
    let metadata = wiki(json!({}));
    let both = (0..6).map(|_| register(&house, Some(&token), &metadata));
    let said = futures_util::future::join_all(both).await;
    let made = said.iter().filter(|said| said.status == 201).count();
    assert_eq!(made, 1, "{said:?}");
}

/// What nobody can register, with the member that the error names.
fn wrongs() -> [(Value, &'static str); 13] {
    [
        (
            json!({ "redirect_uris": ["https://a.example/#f"] }),
            "redirect_uris[0]: ",
        ),
        (
            json!({ "redirect_uris": ["http://a.example/"] }),
            "redirect_uris[0]: ",
        ),
        (
            json!({ "redirect_uris": ["https://u@a.example/"] }),
            "redirect_uris[0]: ",
        ),
        (
            json!({ "redirect_uris": "https://a.example/" }),
            "redirect_uris: ",
        ),
        (json!({ "first_party": true }), "first_party: "),
        (json!({ "require_pkce": false }), "require_pkce: "),
        (json!({ "scope": "admin" }), "scope: "),
        (json!({ "client_name": "Wi\u{202e}ki" }), "client_name: "),
        (
            json!({ "x_own": (0..20).fold(json!({}), |deep, _| json!({ "in": deep })) }),
            "x_own: nests deeper than 16 levels",
        ),
        (
            json!({ "frontchannel_logout_uri": "https://other.example/out" }),
            "frontchannel_logout_uri: ",
        ),
        (
            json!({ "backchannel_logout_uri": "https://wiki.example/out#f" }),
            "backchannel_logout_uri: ",
        ),
        (
            json!({
                "backchannel_logout_uri": "http://wiki.example/out",
                "token_endpoint_auth_method": "none",
            }),
            "backchannel_logout_uri: ",
        ),
        (
            json!({
                "grant_types": ["implicit"], "response_types": ["id_token"],
            }),
            "response_types: ",
        ),
    ]
}

/// Conformance: 24.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_with_the_remedy() {
    let house = House::open_with(&[ON, ("REGISTRATION__MAX_CLIENTS", "1")]).await;
    for (more, member) in wrongs() {
        let said = register(&house, None, &wiki(more.clone())).await;
        let about_addresses = member.starts_with("redirect_uris");
        said.refused(
            400,
            if about_addresses {
                "invalid_redirect_uri"
            } else {
                "invalid_client_metadata"
            },
        );
        assert!(
            said.text("error_description").starts_with(member),
            "{more}: {said:?}"
        );
    }
    assert_eq!(register(&house, None, &wiki(json!({}))).await.status, 201);
    let said = register(&house, None, &wiki(json!({}))).await;
    said.refused(400, "invalid_request");
    assert!(
        said.text("error_description")
            .contains("as many registered clients")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_metadata_is_refused() {
    let house = House::open_with(&[ON]).await;
    for body in ["", "[]", "7", "{", "\u{0}"] {
        let answer = http()
            .post(house.url("/oauth2/register"))
            .header("content-type", "application/json")
            .body(body);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 400, "{body:?}");
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let answer = http()
        .post(house.url("/oauth2/register"))
        .header("content-type", "application/json")
        .body(deep);
    assert_eq!(answer.send().await.unwrap().status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_registers_again_and_again_must_wait() {
    let house = House::open_with(&[ON]).await;
    let wrong = wiki(json!({ "redirect_uris": [] }));
    for _ in 0..50 {
        register(&house, None, &wrong)
            .await
            .refused(400, "invalid_redirect_uri");
    }
    let said = register(&house, None, &wiki(json!({}))).await;
    assert_eq!((said.status, said.retry), (429, true), "{said:?}");
    house.advance(Duration::from_mins(16));
    assert_eq!(register(&house, None, &wiki(json!({}))).await.status, 201);
}

/// Conformance: R11, R12, 24.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_registers_and_people_sign_in_to_it() {
    let house = House::open_with(&[BY_TOKEN]).await;
    let document = house
        .browser()
        .get("/.well-known/openid-configuration")
        .await;
    let document: Value = serde_json::from_str(&document.body).unwrap();
    let endpoint = document["registration_endpoint"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(endpoint, house.url("/oauth2/register"));
    let token = initial_token(&house, 1, Duration::from_mins(10)).await;
    let said = ask(
        &house,
        ("POST", &endpoint),
        Some(&token),
        Some(&wiki(json!({}))),
    )
    .await;
    assert_eq!(said.status, 201, "{said:?}");
    assert_eq!(said.body["client_secret_expires_at"], 0);
    assert_eq!(said.body["require_pkce"], true);
    assert_eq!(said.body["first_party"], false);
    assert_eq!(
        said.body["token_endpoint_auth_method"],
        "client_secret_basic"
    );
    assert_eq!(said.body["response_types"], json!(["code"]));
    let id = said.text("client_id");
    let uri = said.text("registration_client_uri");
    assert_eq!(uri, house.url(&format!("/oauth2/register/{id}")));
    people_sign_in(&house, &said).await;
}

/// To an app that registered itself, until it takes itself away.
async fn people_sign_in(house: &House, said: &Said) {
    let id = said.text("client_id");
    let app = App::registered(
        house,
        id,
        said.text("client_secret"),
        "https://wiki.example/callback",
    );
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let ask = app.ask();
    let page = browser.go(&ask.url()).await.page();
    assert!(page.shows("Wiki"), "a stranger's app asks: {}", page.body);
    let away = browser.submit(&page, &[("action", "allow")]).await.away();
    let tokens = app.redeem(&app.code(&away, &ask), &ask).await;
    app.assert_alive(&tokens).await;

    house
        .expect_audit("that it registered, and by which token", |line| {
            line.action == "client.register"
                && line.actor == format!("client:{id}")
                && line
                    .detail
                    .as_deref()
                    .is_some_and(|text| text.contains("by initial access token"))
        })
        .await;
    // It takes itself away, and what it had ends.
    assert_eq!(manage(house, "DELETE", said, None).await.status, 204);
    house.settled().await;
    assert_eq!(app.userinfo(tokens.access()).await.status, 401);
    assert_eq!(
        app.refused_refresh(tokens.refresh()).await,
        "invalid_client"
    );
    assert!(browser.is_signed_in().await, "the session goes on");
    manage(house, "GET", said, None)
        .await
        .refused(401, "invalid_token");
}

/// Conformance: 24.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_reads_and_replaces_itself() {
    let house = House::open_with(&[ON]).await;
    let said = register(
        &house,
        None,
        &wiki(json!({ "client_uri": "https://wiki.example/" })),
    )
    .await;
    let read = manage(&house, "GET", &said, None).await;
    assert_eq!(read.status, 200);
    assert!(
        read.body.get("client_secret").is_none(),
        "only its hash is kept"
    );
    for same in [
        "client_id",
        "client_id_issued_at",
        "registration_access_token",
        "client_uri",
    ] {
        assert_eq!(read.body[same], said.body[same], "{same}");
    }
    let id = said.text("client_id");
    let with = |more: Value| {
        let mut metadata = wiki(more);
        metadata["client_id"] = json!(id);
        metadata
    };
    for (metadata, error) in [
        (wiki(json!({})), "invalid_request"),
        (wiki(json!({ "client_id": "other" })), "invalid_request"),
        (with(json!({ "client_secret": "mine" })), "invalid_request"),
        (
            with(json!({ "registration_access_token": "t" })),
            "invalid_request",
        ),
        (
            with(json!({ "first_party": true })),
            "invalid_client_metadata",
        ),
        // Two harmless halves: it would be public, without PKCE.
        (
            with(json!({ "token_endpoint_auth_method": "none", "require_pkce": false })),
            "invalid_client_metadata",
        ),
        (
            with(json!({ "redirect_uris": ["http://evil.example/"] })),
            "invalid_redirect_uri",
        ),
    ] {
        let refused = manage(&house, "PUT", &said, Some(&metadata)).await;
        refused.refused(400, error);
    }
    let unchanged = manage(&house, "GET", &said, None).await;
    assert_eq!(unchanged.body, read.body);
}

/// Conformance: 24.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_app_leaves_out_of_its_update_is_gone_and_its_secret_stays() {
    let house = House::open_with(&[ON]).await;
    let home = json!({ "client_uri": "https://wiki.example/" });
    let said = register(&house, None, &wiki(home)).await;
    let id = said.text("client_id");
    let with = |more: Value| {
        let mut metadata = wiki(more);
        metadata["client_id"] = json!(id);
        metadata
    };
    let metadata =
        with(json!({ "client_name": "Notes", "client_secret": said.text("client_secret") }));
    let replaced = manage(&house, "PUT", &said, Some(&metadata)).await;
    assert_eq!(replaced.status, 200, "{replaced:?}");
    assert_eq!(replaced.body["client_name"], "Notes");
    assert!(
        replaced.body.get("client_uri").is_none() && replaced.body.get("client_secret").is_none()
    );
    // A public one has no secret; one that ceases to be public gets a new one.
    let public = with(json!({ "token_endpoint_auth_method": "none" }));
    let replaced = manage(&house, "PUT", &said, Some(&public)).await;
    assert_eq!(
        replaced.body["token_endpoint_auth_method"], "none",
        "{replaced:?}"
    );
    let replaced = manage(&house, "PUT", &said, Some(&with(json!({})))).await;
    let secret = replaced.text("client_secret");
    assert!(!secret.is_empty() && secret != said.text("client_secret"));
    assert_eq!(replaced.body["client_secret_expires_at"], 0);
}

/// The names by which another app knows people are not to be had: not by its sector's document,
/// which must list one's addresses, nor by an address of its host later on.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_by_which_names_another_app_knows_people() {
    let house = House::open_with(&[ON]).await;
    for address in [
        "https://bank.example/sector.json",
        "https://127.0.0.1:9/x",
        "https://169.254.169.254/x",
    ] {
        let more = json!({ "subject_type": "pairwise", "sector_identifier_uri": address });
        let said = register(&house, None, &wiki(more)).await;
        said.refused(400, "invalid_client_metadata");
        let told = said.text("error_description");
        assert!(told.starts_with("sector_identifier_uri: "), "{told}");
    }
    let pairwise = wiki(json!({ "subject_type": "pairwise" }));
    let said = register(&house, None, &pairwise).await;
    assert_eq!(said.status, 201, "{said:?}");
    for more in [
        json!({ "subject_type": "pairwise", "redirect_uris": ["https://bank.example/cb"] }),
        json!({ "subject_type": "public" }),
    ] {
        let mut metadata = wiki(more);
        metadata["client_id"] = json!(said.text("client_id"));
        let refused = manage(&house, "PUT", &said, Some(&metadata)).await;
        refused.refused(400, "invalid_client_metadata");
    }
    let mut same = pairwise;
    same["client_id"] = json!(said.text("client_id"));
    same["redirect_uris"] = json!(["https://wiki.example/elsewhere"]);
    assert_eq!(manage(&house, "PUT", &said, Some(&same)).await.status, 200);
}

/// Conformance: 24.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_registers_what_the_house_cannot_do() {
    let house = House::open_with(&[ON]).await;
    let kept = register(&house, None, &wiki(json!({}))).await;
    let mut scopes: Vec<_> = kept.text("scope").split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["email", "offline_access", "openid", "profile"]);
    for more in [
        json!({ "id_token_signed_response_alg": "RS384" }),
        json!({ "userinfo_signed_response_alg": "PS512" }),
        json!({ "access_token_lifetime": 99_999 }),
    ] {
        let said = register(&house, None, &wiki(more.clone())).await;
        said.refused(400, "invalid_client_metadata");
        let mut metadata = wiki(more);
        metadata["client_id"] = json!(kept.text("client_id"));
        let said = manage(&house, "PUT", &kept, Some(&metadata)).await;
        said.refused(400, "invalid_client_metadata");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_manages_what_is_not_theirs() {
    let house = House::open_with(&[ON]).await;
    let (wiki, shop) = (wiki(json!({})), wiki(json!({ "client_name": "Shop" })));
    let (wiki, shop) = (
        register(&house, None, &wiki).await,
        register(&house, None, &shop).await,
    );
    house.app("by-hand").await;
    let uri = wiki.text("registration_client_uri");
    let own = house.url("/oauth2/register/by-hand");
    for (uri, token) in [
        (uri, Some(shop.text("registration_access_token"))),
        (uri, Some(wiki.text("client_secret"))),
        (uri, Some("")),
        (uri, None),
        (&own, Some(wiki.text("registration_access_token"))),
        (&house.url("/oauth2/register/nobody"), Some("t")),
        (&house.url("/oauth2/register/%00"), Some("t")),
    ] {
        for method in ["GET", "DELETE"] {
            let said = ask(&house, (method, uri), token, None).await;
            said.refused(401, "invalid_token");
        }
    }
    assert_eq!(manage(&house, "GET", &wiki, None).await.status, 200);
    // One that an administrator disabled manages nothing either.
    let id = lanyard::entropy::ClientId::new(wiki.text("client_id"));
    let provider = house.provider();
    provider
        .disable_client(&id, &Actor::CommandLine)
        .await
        .unwrap()
        .unwrap();
    manage(&house, "DELETE", &wiki, None)
        .await
        .refused(401, "invalid_token");
    provider
        .delete_client(&id, &Actor::CommandLine)
        .await
        .unwrap()
        .unwrap();
    assert!(provider.record().registration(&id).await.unwrap().is_none());
}
