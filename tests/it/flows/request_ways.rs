//! The ways in which an authorization request comes: plain, pushed (RFC 9126), in a request object
//! by value or by reference (Core 1.0, 6; RFC 9101). One table is refused on all of them alike.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lanyard::protocol::jose::{SigningKey, sign};
use serde_json::{Map, Value, json};
use url::Url;

use super::authorize::{REFUSALS, changed};
use super::client_assertions::{KeyServer, assertion, p256, proof_fields, set};
use crate::support::app::{Ask, value};
use crate::support::tokens::refusal;
use crate::support::{App, Browser, House, Landing, Page};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Plain,
    Pushed,
    Object,
    PushedObject,
    Reference,
}

const WAYS: [Way; 5] = [
    Way::Plain,
    Way::Pushed,
    Way::Object,
    Way::PushedObject,
    Way::Reference,
];

impl Way {
    fn is_object(self) -> bool {
        matches!(self, Self::Object | Self::PushedObject | Self::Reference)
    }

    fn is_pushed(self) -> bool {
        matches!(self, Self::Pushed | Self::PushedObject)
    }
}

/// What came of a request: an error at once, or wherever the browser was led.
#[derive(Debug)]
enum Came {
    Refused(String),
    Led(Page),
}

struct Story {
    house: House,
    wiki: App,
    key: SigningKey,
    server: KeyServer,
    browser: Browser,
}

const ON: [(&str, &str); 1] = [("PROTOCOL__REQUEST_URI", "on")];

async fn story() -> Story {
    story_in(House::open_with(&ON).await, json!({})).await
}

async fn story_in(house: House, more: Value) -> Story {
    let (key, server) = (p256(), KeyServer::open(&json!({})));
    let mut metadata = json!({ "jwks": set(&[&key]), "request_uris": [server.uri] });
    let members = metadata.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    Story {
        wiki: house.app_with("wiki", metadata).await,
        house,
        key,
        server,
        browser,
    }
}

/// A request as claims.
fn claims(ask: &Ask) -> Value {
    let mut claims = Map::new();
    for (name, value) in &ask.parameters {
        let value = match name.as_str() {
            "claims" => serde_json::from_str(value).unwrap_or_else(|_| value.as_str().into()),
            _ => Value::from(value.as_str()),
        };
        claims.insert(name.clone(), value);
    }
    claims.into()
}

fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("/oauth2/authorize?{}", query.extend_pairs(pairs).finish())
}

impl Story {
    fn object(&self, ask: &Ask) -> String {
        sign(&self.key, "oauth-authz-req+jwt", &claims(ask)).unwrap()
    }

    async fn push(&self, form: &[(&str, &str)]) -> Page {
        self.wiki.machine("/oauth2/par", form).await
    }

    /// The reference that a push is answered with.
    async fn pushed(&self, form: &[(&str, &str)]) -> Result<String, String> {
        let page = self.push(form).await;
        if page.status != 201 {
            return Err(refusal(&page));
        }
        let answer = page.json();
        assert_eq!(answer["expires_in"], 90);
        assert_eq!(page.header("cache-control"), Some("no-store"));
        let uri = answer["request_uri"].as_str().unwrap();
        assert!(
            uri.starts_with("urn:ietf:params:oauth:request_uri:"),
            "{uri}"
        );
        Ok(uri.to_owned())
    }

    /// Sends a request on its way, in this browser.
    async fn send(&self, way: Way, ask: &Ask, browser: &Browser) -> Came {
        let object = self.object(ask);
        let pairs = ask.pairs();
        let id = ("client_id", self.wiki.client_id.as_str());
        let url = match way {
            Way::Plain => query(&pairs),
            // Core 1.0, 6.1 wants these outside too.
            Way::Object => query(&[
                id,
                ("request", &object),
                ("response_type", "code"),
                ("scope", "openid"),
            ]),
            Way::Reference => {
                self.server.answers(200, object);
                query(&[id, ("request_uri", &self.server.uri)])
            }
            Way::Pushed | Way::PushedObject => {
                let form = if way == Way::Pushed {
                    pairs
                } else {
                    vec![("request", object.as_str())]
                };
                match self.pushed(&form).await {
                    Ok(uri) => query(&[id, ("request_uri", &uri)]),
                    Err(error) => return Came::Refused(error),
                }
            }
        };
        Came::Led(browser.get(&url).await)
    }

    /// The error, told to the app; and told nowhere else.
    async fn error(&self, way: Way, ask: &Ask, browser: &Browser) -> String {
        match self.send(way, ask, browser).await {
            Came::Refused(error) => error,
            Came::Led(page) => {
                assert_eq!(page.status, 303, "{way:?}: {}", page.body);
                self.wiki.error(&page.location().unwrap(), ask)
            }
        }
    }
}

fn repeats(ask: &Ask) -> bool {
    let names = ask.parameters.iter().map(|(name, _)| name);
    let distinct: std::collections::HashSet<_> = names.clone().collect();
    distinct.len() < names.count()
}

/// Conformance: 12.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_plain_way_refuses_every_way_refuses() {
    let story = story().await;
    for (why, changes, expected) in REFUSALS {
        let ask = changed(story.wiki.ask(), changes);
        for way in WAYS {
            // No claim of a JWT comes twice.
            if way.is_object() && repeats(&ask) {
                continue;
            }
            let error = story.error(way, &ask, &story.browser).await;
            assert_eq!(error, *expected, "{why}: {way:?}");
        }
    }
}

/// An app that registered itself is refused the same.
#[tokio::test(flavor = "multi_thread")]
async fn who_registered_is_refused_what_everybody_is_refused() {
    let house = House::open_with(&[ON[0], ("REGISTRATION__OPEN_TO", "anybody")]).await;
    let key = p256();
    let callback = "https://wiki.example/callback";
    let metadata = json!({
        "client_name": "Wiki", "redirect_uris": [callback], "jwks": set(&[&key]),
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = http.post(house.url("/oauth2/register")).json(&metadata);
    let said: Value = asked.send().await.unwrap().json().await.unwrap();
    let text = |member: &str| said[member].as_str().unwrap();
    let wiki = App::registered(&house, text("client_id"), text("client_secret"), callback);
    house.settled().await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let story = Story {
        server: KeyServer::open(&json!({})),
        house,
        wiki,
        key,
        browser,
    };
    for (why, changes, expected) in REFUSALS {
        let ask = changed(story.wiki.ask(), changes);
        for way in [Way::Plain, Way::Pushed, Way::Object, Way::PushedObject] {
            if way.is_object() && repeats(&ask) {
                continue;
            }
            let error = story.error(way, &ask, &story.browser).await;
            assert_eq!(error, *expected, "{why}: {way:?}");
        }
    }
    // Where it says that a request lies nobody looks before it is registered, and an address of
    // this machine is never one of a stranger's.
    let uri = story.server.uri.clone();
    let url = query(&[("client_id", &story.wiki.client_id), ("request_uri", &uri)]);
    let page = story.browser.get(&url).await;
    assert_eq!(
        value(&page.location().unwrap(), "error").as_deref(),
        Some("invalid_request_uri")
    );
    assert_eq!(story.server.asked(), 0);
}

/// What is refused by a page, as nobody can be sent back: an error for who pushes.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_registered_is_refused_on_every_way() {
    let story = story().await;
    let callback = story.wiki.redirect_uri.clone();
    for wrong in [
        "https://evil.example/cb".to_owned(),
        format!("{callback}/"),
        format!("{callback}?a=b"),
        callback.replace("http://", "http://a@"),
        String::new(),
    ] {
        let ask = story.wiki.ask().with("redirect_uri", &wrong);
        for way in WAYS {
            match story.send(way, &ask, &story.browser).await {
                Came::Refused(error) => {
                    assert!(way.is_pushed());
                    assert_eq!(error, "invalid_request", "{wrong}");
                }
                Came::Led(page) => {
                    assert!(!way.is_pushed());
                    assert_eq!(page.status, 400, "{way:?} {wrong}");
                    assert_eq!(page.location(), None, "{way:?} {wrong}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_decides_is_decided_alike() {
    let story = story().await;
    let stranger = story.house.browser();
    for way in WAYS {
        let silent = story.wiki.ask().with("prompt", "none");
        let error = story.error(way, &silent, &stranger).await;
        assert_eq!(error, "login_required", "{way:?}");
        let Came::Led(page) = story.send(way, &story.wiki.ask(), &stranger).await else {
            panic!("{way:?}");
        };
        let page = stranger.follow(page).await.page();
        assert!(page.heading().starts_with("Sign in to"), "{way:?}");
    }
}

/// Conformance: 12.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_leads_to_a_code_that_can_be_redeemed() {
    let story = story().await;
    for way in WAYS {
        let ask = story
            .wiki
            .ask()
            .with("max_age", "3600")
            .with("resource", "https://api.example/");
        let Came::Led(page) = story.send(way, &ask, &story.browser).await else {
            panic!("{way:?}");
        };
        let code = story.wiki.code(&page.location().unwrap(), &ask);
        let tokens = story.wiki.redeem(&code, &ask).await;
        assert_eq!(tokens.claims["nonce"], json!(ask.nonce), "{way:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_beside_a_request_object_counts_for_nothing() {
    let story = story().await;
    let ask = story.wiki.ask().with("prompt", "none");
    let object = story.object(&ask);
    let url = query(&[
        ("client_id", "wiki"),
        ("request", &object),
        ("state", "forged"),
        ("scope", "openid email offline_access"),
        ("prompt", "login"),
        ("redirect_uri", "https://evil.example/cb"),
        ("code_challenge", "forged"),
        ("response_mode", "form_post"),
    ]);
    let page = story.browser.get(&url).await;
    let code = story.wiki.code(&page.location().unwrap(), &ask);
    story.wiki.redeem(&code, &ask).await;
}

/// Request objects that are not this client's, not for us, or no such thing.
async fn untrusted(story: &Story, ask: &Ask) -> Vec<(&'static str, String)> {
    let now = story.house.provider().clock().now().as_secs();
    let with = |name: &str, value: Value| {
        let mut claims = claims(ask);
        claims[name] = value;
        sign(&story.key, "oauth-authz-req+jwt", &claims).unwrap()
    };
    let tokens = story.wiki.join(&story.browser).await;
    let crafted = |header: Value| {
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.",
            encode(header.to_string()),
            encode(claims(ask).to_string())
        )
    };
    let proof = assertion(&story.house, &story.key, &story.wiki, &json!({}));
    vec![
        ("no token", "nonsense".to_owned()),
        ("another key", sign(&p256(), "JWT", &claims(ask)).unwrap()),
        (
            "another kind",
            sign(&story.key, "at+jwt", &claims(ask)).unwrap(),
        ),
        ("nobody signed it", crafted(json!({ "alg": "none" }))),
        (
            "a MAC",
            format!("{}AAAA", crafted(json!({ "alg": "HS256" }))),
        ),
        (
            "its own key",
            format!("{}AAAA", crafted(json!({ "alg": "ES256", "jwk": {} }))),
        ),
        (
            "a critical header",
            format!("{}AAAA", crafted(json!({ "alg": "ES256", "crit": ["x"] }))),
        ),
        ("encrypted", "a.b.c.d.e".to_owned()),
        ("expired", with("exp", json!(now - 1))),
        ("from the future", with("nbf", json!(now + 600))),
        ("for another", with("aud", json!("https://other.example"))),
        ("by another", with("iss", json!("shop"))),
        ("of another client", with("client_id", json!("shop"))),
        ("an assertion", with("sub", json!("wiki"))),
        ("an object in it", with("request", json!("a.b.c"))),
        ("a real assertion", proof),
        ("an ID token", tokens.id_token().to_owned()),
        ("an access token", tokens.access().to_owned()),
    ]
}

/// Conformance: 12.
#[tokio::test(flavor = "multi_thread")]
async fn request_objects_that_cannot_be_trusted_are_refused() {
    let story = story().await;
    let wiki = &story.wiki;
    let ask = wiki.ask();
    for (why, object) in untrusted(&story, &ask).await {
        // Outside stands where to tell it.
        let url = query(&[
            ("client_id", "wiki"),
            ("request", &object),
            ("response_type", "code"),
            ("redirect_uri", &wiki.redirect_uri),
            ("state", &ask.state),
        ]);
        let page = story.browser.get(&url).await;
        assert_eq!(page.status, 303, "{why}: {}", page.body);
        let error = wiki.error(&page.location().unwrap(), &ask);
        assert_eq!(error, "invalid_request_object", "{why}");
        let pushed = story.pushed(&[("request", &object)]).await;
        assert_eq!(pushed.unwrap_err(), "invalid_request_object", "{why}");
        // Nowhere: a page.
        let bare = [
            ("client_id", "wiki"),
            ("request", object.as_str()),
            ("scope", "openid"),
        ];
        let bare = query(&bare);
        let page = story.browser.get(&bare).await;
        assert_eq!(
            (page.status.as_u16(), page.location()),
            (400, None),
            "{why}"
        );
        assert!(
            page.shows("can't be read") || page.shows("can’t be read"),
            "{}",
            page.body
        );
    }
    let both = query(&[
        ("client_id", "wiki"),
        ("request", &story.object(&ask)),
        ("request_uri", "https://a.example"),
        ("redirect_uri", &wiki.redirect_uri),
        ("state", &ask.state),
    ]);
    let page = story.browser.get(&both).await;
    assert_eq!(
        wiki.error(&page.location().unwrap(), &ask),
        "invalid_request"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_says_how_its_requests_are_signed() {
    let house = House::open_with(&ON).await;
    let story = story_in(house, json!({ "require_signed_request_object": true })).await;
    let ask = story.wiki.ask();
    for (way, good) in [
        (Way::Plain, false),
        (Way::Pushed, false),
        (Way::Object, true),
        (Way::PushedObject, true),
        (Way::Reference, true),
    ] {
        match story.send(way, &ask, &story.browser).await {
            Came::Refused(error) => assert_eq!((good, error.as_str()), (false, "invalid_request")),
            Came::Led(page) => {
                let answer = page.location().unwrap();
                assert_eq!(value(&answer, "code").is_some(), good, "{way:?} {answer}");
            }
        }
    }
    let pinned = json!({ "jwks": set(&[&story.key]), "request_object_signing_alg": "RS256" });
    let pinned = story.house.app_with("pinned", pinned).await;
    let mut object = claims(&pinned.ask());
    object["client_id"] = json!("pinned");
    let object = sign(&story.key, "JWT", &object).unwrap();
    let page = pinned.machine("/oauth2/par", &[("request", &object)]).await;
    assert_eq!(refusal(&page), "invalid_request_object");
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_objects_are_taken_only_where_the_house_says_so() {
    let unsigned = |ask: &Ask| {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let claims = URL_SAFE_NO_PAD.encode(claims(ask).to_string());
        format!("{header}.{claims}.")
    };
    let house = House::open_with(&[("PROTOCOL__UNSIGNED_REQUEST_OBJECTS", "on")]).await;
    let story = story_in(house, json!({})).await;
    let ask = story.wiki.ask();
    let object = unsigned(&ask);
    let url = query(&[("client_id", "wiki"), ("request", &object)]);
    let answer = story.browser.get(&url).await.location().unwrap();
    let code = story.wiki.code(&answer, &ask);
    story.wiki.redeem(&code, &ask).await;
    // A client that signs is believed to.
    let key = p256();
    for (id, more) in [
        ("signs", json!({ "request_object_signing_alg": "ES256" })),
        ("must", json!({ "require_signed_request_object": true })),
    ] {
        let mut metadata = json!({ "jwks": set(&[&key]) });
        metadata
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let app = story.house.app_with(id, metadata).await;
        let object = unsigned(&app.ask());
        let page = app.machine("/oauth2/par", &[("request", &object)]).await;
        assert_eq!(refusal(&page), "invalid_request_object", "{id}");
    }
    let documents = story
        .house
        .browser()
        .get("/.well-known/openid-configuration")
        .await;
    let algs = documents.json()["request_object_signing_alg_values_supported"].clone();
    assert!(algs.as_array().unwrap().contains(&json!("none")));
}

/// Conformance: 12.
#[tokio::test(flavor = "multi_thread")]
async fn references_are_followed_only_to_registered_addresses_that_answer() {
    let story = story().await;
    let ask = story.wiki.ask();
    let told = async |uri: &str| {
        let url = query(&[
            ("client_id", "wiki"),
            ("request_uri", uri),
            ("redirect_uri", &story.wiki.redirect_uri),
            ("state", &ask.state),
        ]);
        let page = story.browser.get(&url).await;
        assert_eq!(page.status, 303, "{uri}: {}", page.body);
        story.wiki.error(&page.location().unwrap(), &ask)
    };
    story.server.answers(200, story.object(&ask));
    let asked = story.server.asked();
    for uri in [
        format!("{}?more", story.server.uri),
        story.server.uri.replace("/jwks", "/other"),
        "https://evil.example/request".to_owned(),
        "http://169.254.169.254/latest".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        assert_eq!(told(&uri).await, "invalid_request_uri", "{uri}");
    }
    assert_eq!(story.server.asked(), asked, "nobody was asked");
    for (status, body, error) in [
        (500, String::new(), "invalid_request_uri"),
        (302, story.object(&ask), "invalid_request_uri"),
        (200, String::new(), "invalid_request_uri"),
        (200, "a".repeat(9_000), "invalid_request_uri"),
        (200, "a".repeat(70_000), "invalid_request_uri"),
        (200, "nonsense".to_owned(), "invalid_request_object"),
    ] {
        story.server.answers(status, body);
        assert_eq!(told(&story.server.uri).await, error, "{status}");
    }
    let closed = story_in(House::open().await, json!({})).await;
    let url = query(&[
        ("client_id", "wiki"),
        ("request_uri", &closed.server.uri),
        ("redirect_uri", &closed.wiki.redirect_uri),
        ("state", &ask.state),
    ]);
    let page = closed.browser.get(&url).await;
    let error = closed.wiki.error(&page.location().unwrap(), &ask);
    assert_eq!(error, "request_uri_not_supported");
    let says = closed
        .browser
        .get("/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(says["request_uri_parameter_supported"], json!(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_is_good_once_for_its_client_and_for_ninety_seconds() {
    let story = story().await;
    let shop = story.house.app("shop").await;
    let ask = story.wiki.ask();
    let pairs = ask.pairs();
    let push = async || story.pushed(&pairs).await.unwrap();
    let at = |id: &str, uri: &str| query(&[("client_id", id), ("request_uri", uri)]);
    let uri = push().await;
    // Another client's name opens nothing, and uses nothing up.
    let page = story.browser.get(&at(&shop.client_id, &uri)).await;
    assert_eq!((page.status.as_u16(), page.location()), (400, None));
    let page = story.browser.get(&at("wiki", &uri)).await;
    story.wiki.code(&page.location().unwrap(), &ask);
    let page = story.browser.get(&at("wiki", &uri)).await;
    assert_eq!((page.status.as_u16(), page.location()), (400, None));
    assert!(page.shows("took too long"), "{}", page.body);

    let (first, second) = (push().await, push().await);
    story.house.advance(Duration::from_secs(89));
    let page = story.browser.get(&at("wiki", &first)).await;
    story.wiki.code(&page.location().unwrap(), &ask);
    story.house.advance(Duration::from_secs(2));
    let page = story.browser.get(&at("wiki", &second)).await;
    assert_eq!(page.status, 400, "too old");

    let raced = at("wiki", &push().await);
    let all = (0..8).map(|_| story.browser.get(&raced));
    let pages = futures_util::future::join_all(all).await;
    let good = pages.iter().filter(|page| page.status == 303).count();
    assert_eq!(good, 1);
    for forged in ["", "x", &"a".repeat(200)] {
        let uri = format!("urn:ietf:params:oauth:request_uri:{forged}");
        let page = story.browser.get(&at("wiki", &uri)).await;
        assert_eq!(
            (page.status.as_u16(), page.location()),
            (400, None),
            "{forged}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pushes_proves_who_they_are() {
    let story = story().await;
    let shop = story.house.app("shop").await;
    let public = json!({
        "token_endpoint_auth_method": "none", "backchannel_logout_uri": null,
    });
    let public = story.house.app_with("spa", public).await;
    let key = p256();
    let bank = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": set(&[&key]) });
    let bank = story.house.app_with("bank", bank).await;
    let ask = story.wiki.ask();
    let pairs = ask.pairs();
    // One client's proof for another's request.
    let page = shop.machine("/oauth2/par", &pairs).await;
    assert_eq!(refusal(&page), "invalid_request");
    let without = crate::support::tokens::post(&story.house.url("/oauth2/par"), &[], &pairs).await;
    assert_eq!(refusal(&without), "invalid_client");
    for (form, error) in [
        (
            vec![("request_uri", "urn:ietf:params:oauth:request_uri:x")],
            "invalid_request",
        ),
        (
            vec![("scope", "openid"), ("scope", "openid")],
            "invalid_request",
        ),
        (vec![], "invalid_request"),
    ] {
        assert_eq!(refusal(&story.push(&form).await), error, "{form:?}");
    }
    let ask = public.ask();
    let form: Vec<(&str, &str)> = ask
        .parameters
        .iter()
        .filter(|(name, _)| name != "client_id")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let page = public.machine("/oauth2/par", &form).await;
    assert_eq!(page.status, 201, "{}", page.body);
    let ask = bank.ask();
    let proof = assertion(&story.house, &key, &bank, &json!({}));
    let mut form = ask.pairs();
    form.extend(proof_fields(&proof));
    let page = crate::support::tokens::post(&story.house.url("/oauth2/par"), &[], &form).await;
    assert_eq!(page.status, 201, "{}", page.body);
    let uri = page.json()["request_uri"].as_str().unwrap().to_owned();
    let url = query(&[("client_id", "bank"), ("request_uri", &uri)]);
    bank.code(&story.browser.get(&url).await.location().unwrap(), &ask);
}

#[tokio::test(flavor = "multi_thread")]
async fn pushing_can_be_demanded_of_one_client_or_of_all() {
    let one = json!({ "require_pushed_authorization_requests": true });
    let house = House::open_with(&ON).await;
    let of_one = story_in(house, one).await;
    let all = House::open_with(&[("PROTOCOL__REQUIRE_PUSHED_REQUESTS", "on")]).await;
    let of_all = story_in(all, json!({})).await;
    for (story, for_all) in [(&of_one, false), (&of_all, true)] {
        let ask = story.wiki.ask();
        for way in [Way::Plain, Way::Object] {
            let error = story.error(way, &ask, &story.browser).await;
            assert_eq!(error, "invalid_request", "{way:?}");
        }
        for way in [Way::Pushed, Way::PushedObject] {
            let Came::Led(page) = story.send(way, &ask, &story.browser).await else {
                panic!("{way:?}");
            };
            story.wiki.code(&page.location().unwrap(), &ask);
        }
        for path in [
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
        ] {
            let says = story.browser.get(path).await.json();
            let endpoint = says["pushed_authorization_request_endpoint"]
                .as_str()
                .unwrap();
            assert_eq!(endpoint, format!("{}/oauth2/par", story.house.issuer));
            let demanded = &says["require_pushed_authorization_requests"];
            assert_eq!(*demanded, json!(for_all), "{path}");
        }
    }
}

/// A request that came by POST, without the Lax cookie, finds its way too.
#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_is_posted_from_elsewhere_is_used_once() {
    let story = story().await;
    let ask = story.wiki.ask();
    let pairs = ask.pairs();
    let uri = story.pushed(&pairs).await.unwrap();
    let form = [("client_id", "wiki"), ("request_uri", uri.as_str())];
    let foreign = story.house.browser();
    let page = foreign.post("/oauth2/authorize", &form).await;
    let back: Url = page.location().unwrap();
    let Landing::Page(page) = foreign.go(back.as_str()).await else {
        panic!("the browser knows nobody");
    };
    assert!(
        page.heading().starts_with("Sign in to"),
        "{}",
        page.heading()
    );
}
