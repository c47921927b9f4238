//! The story of an app: sign in, see the claims, hear that the session ended; and what it refuses.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode, Url, header, redirect};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::demo::{Listeners, Neighbour, RelyingParty, Running, Settings, WIKI_LOGO};

use super::provider::Provider;
use super::signer::Signer;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

struct Story {
    provider: Provider,
    app: Running,
    clock: Clock,
    browser: Client,
    cookies: HashMap<String, String>,
}

impl Story {
    fn begin() -> Self {
        let provider = Provider::start();
        let clock = Clock::manual(Clock::System.now());
        let listeners = Listeners::bind(0).unwrap();
        let origin = format!("http://127.0.0.1:{}", listeners.port());
        let settings = Settings {
            name: "Wiki".to_owned(),
            post_logout_redirect_uri: format!("{origin}/"),
            origin,
            issuer: provider.issuer.clone(),
            client_id: "wiki".to_owned(),
            client_secret: "wiki-secret".to_owned(),
            other: Neighbour {
                name: "Shop".to_owned(),
                url: "http://shop.localhost/".to_owned(),
            },
            logo: WIKI_LOGO,
            clock: clock.clone(),
        };
        let app = RelyingParty::start(listeners, settings).unwrap();
        let browser = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy();
        let browser = browser.timeout(Duration::from_secs(10)).build().unwrap();
        Self {
            provider,
            app,
            clock,
            browser,
            cookies: HashMap::new(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.address())
    }

    fn cookie_header(&self) -> String {
        let pairs = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    async fn get(&mut self, path: &str) -> Response {
        let request = self
            .browser
            .get(self.url(path))
            .header(header::COOKIE, self.cookie_header());
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
                "{cookie}"
            );
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        response
    }

    async fn page(&mut self) -> String {
        self.get("/").await.text().await.unwrap()
    }

    async fn post(&self, path: &str, body: &str, origin: Option<&str>) -> Response {
        let mut request = self.browser.post(self.url(path)).body(body.to_owned());
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        request = request.header(header::COOKIE, self.cookie_header());
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        request.send().await.unwrap()
    }

    /// Follows to the provider. What was asked there, by name.
    async fn ask(&mut self) -> HashMap<String, String> {
        let response = self.get("/sign-in").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let url = Url::parse(&location(&response)).unwrap();
        assert_eq!(url.path(), "/authorize");
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let id_token = self.id_token(&asked["nonce"]);
        self.provider.script.lock().unwrap().id_token = id_token;
        asked
    }

    fn id_token(&self, nonce: &str) -> Value {
        let now = Clock::System.now().as_secs();
        json!({
            "iss": self.provider.issuer, "sub": "u_1", "aud": "wiki", "exp": now + 300, "iat": now,
            "auth_time": now, "nonce": nonce, "sid": "s1", "acr": "urn:lanyard:acr:pwd",
        })
    }

    async fn come_back(&mut self, asked: &HashMap<String, String>) -> Response {
        let iss = self.provider.issuer.clone();
        self.get(&format!(
            "/callback?code=c&state={}&iss={iss}",
            asked["state"]
        ))
        .await
    }

    async fn sign_in(&mut self) {
        let asked = self.ask().await;
        let response = self.come_back(&asked).await;
        assert_eq!(
            response.status(),
            StatusCode::SEE_OTHER,
            "{}",
            response.text().await.unwrap()
        );
    }

    async fn notice(&self, signer: &Signer, jti: &str) -> Response {
        let now = Clock::System.now().as_secs();
        let header = json!({"alg": "RS256", "typ": "logout+jwt", "kid": signer.kid()});
        let claims = json!({
            "iss": self.provider.issuer, "aud": "wiki", "iat": now, "exp": now + 120, "jti": jti,
            "sid": "s1", "events": {EVENT: {}},
        });
        let body = format!("logout_token={}", signer.sign(&header, &claims));
        self.post("/backchannel-logout", &body, None).await
    }

    async fn provider_notice(&self, jti: &str) -> Response {
        let signer = self.provider.script.lock().unwrap().signer.clone();
        self.notice(&signer, jti).await
    }

    async fn end(self) {
        self.app.stop().await.unwrap();
        self.provider.stop().await;
    }
}

fn location(response: &Response) -> String {
    response.headers()[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn what_does_not_belong_to_this_sign_in_is_refused() {
    let mut story = Story::begin();
    for (name, wrong) in [
        ("nonce", json!("another")),
        ("aud", json!("shop")),
        ("iss", json!("http://localhost:1")),
        ("exp", json!(1)),
        ("at_hash", json!("AAAA")),
    ] {
        let asked = story.ask().await;
        story.provider.script.lock().unwrap().id_token[name] = wrong;
        let response = story.come_back(&asked).await;
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY, "{name}");
    }
    let asked = story.ask().await;
    let response = story
        .get(&format!("/callback?code=c&state={}&iss=x", asked["state"]))
        .await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    let response = story.come_back(&asked).await;
    assert_eq!(
        response.status(),
        StatusCode::BAD_REQUEST,
        "an attempt counts once"
    );
    let asked = story.ask().await;
    story.cookies.clear();
    let response = story.come_back(&asked).await;
    assert_eq!(
        response.status(),
        StatusCode::BAD_REQUEST,
        "another browser"
    );
    let asked = story.ask().await;
    story.provider.script.lock().unwrap().userinfo["sub"] = json!("u_2");
    let response = story.come_back(&asked).await;
    assert_eq!(
        response.status(),
        StatusCode::BAD_GATEWAY,
        "userinfo of somebody else"
    );
    assert!(story.page().await.contains("You are signed out of Wiki"));
    story.end().await;
}

#[tokio::test]
async fn a_cancelled_sign_in_is_told_kindly_and_escaped() {
    let mut story = Story::begin();
    let asked = story.ask().await;
    let path = format!(
        "/callback?error=access_denied&error_description=%3Cb%3E&state={}",
        asked["state"]
    );
    let page = story.get(&path).await.text().await.unwrap();
    assert!(page.contains("The sign-in was cancelled"), "{page}");
    assert!(
        page.contains("&lt;b&gt;") && !page.contains("<b>"),
        "{page}"
    );
    story.end().await;
}

#[tokio::test]
async fn signed_in_until_a_logout_token_comes() {
    let mut story = Story::begin();
    story
        .cookies
        .insert("wiki_session".to_owned(), "planted".to_owned());
    story.sign_in().await;
    assert_ne!(story.cookies["wiki_session"], "planted");
    let page = story.page().await;
    assert!(page.contains("Welcome to Wiki, &lt;Alice&gt;"), "{page}");
    for claim in [
        "u_1",
        "s1",
        "urn:lanyard:acr:pwd",
        "a@example.com",
        "Userinfo",
    ] {
        assert!(page.contains(claim), "{claim} in {page}");
    }
    let token_request = story.provider.script.lock().unwrap().token_request.clone();
    assert!(token_request.contains("code_verifier="), "{token_request}");

    let mut events = story.get("/events").await;
    assert_eq!(events.chunk().await.unwrap().unwrap(), "retry: 1000\n\n");
    let forged = story.notice(&Signer::new("k1"), "j1").await;
    assert_eq!(forged.status(), StatusCode::BAD_REQUEST);
    assert_eq!(forged.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(story.provider_notice("j1").await.status(), StatusCode::OK);
    assert_eq!(
        events.chunk().await.unwrap().unwrap(),
        "event: ended\ndata: ended\n\n"
    );

    let page = story.page().await;
    assert!(page.contains("Lanyard ended your session at"), "{page}");
    assert!(page.contains("session <code>s1</code>"), "{page}");
    assert_eq!(
        story.provider_notice("j1").await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(story.provider_notice("j2").await.status(), StatusCode::OK);
    story.end().await;
}

#[tokio::test]
async fn signing_out_lets_go_here_and_goes_on_to_the_provider() {
    let mut story = Story::begin();
    story.sign_in().await;
    let foreign = story
        .post("/sign-out", "", Some("http://shop.localhost:8082"))
        .await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let own = format!("http://{}", story.app.address());
    let response = story.post("/sign-out", "", Some(&own)).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let url = Url::parse(&location(&response)).unwrap();
    assert_eq!(url.path(), "/logout");
    let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(asked["post_logout_redirect_uri"], format!("{own}/"));
    assert_eq!(asked["id_token_hint"].split('.').count(), 3);
    assert!(!asked["state"].is_empty());
    assert!(story.page().await.contains("You signed out here at"));
    story.end().await;
}

#[tokio::test]
async fn a_rotated_key_is_asked_for_but_not_at_every_token() {
    let mut story = Story::begin();
    story.sign_in().await;
    story.provider.script.lock().unwrap().signer = Signer::new("k2");
    assert_eq!(
        story.provider_notice("j1").await.status(),
        StatusCode::BAD_REQUEST
    );
    story.clock.advance(Duration::from_secs(5));
    assert_eq!(story.provider_notice("j2").await.status(), StatusCode::OK);
    story.provider.script.lock().unwrap().signer = Signer::new("k3");
    story.clock.advance(Duration::from_secs(5));
    story.sign_in().await;
    story.end().await;
}

#[tokio::test]
async fn the_providers_frame_ends_a_session() {
    let mut story = Story::begin();
    story.sign_in().await;
    let iss = story.provider.issuer.clone();
    let response = story.get("/frontchannel-logout?iss=http://x&sid=s1").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(story.page().await.contains("Welcome"));
    let response = story
        .get(&format!("/frontchannel-logout?iss={iss}&sid=s1"))
        .await;
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert_eq!(policy, format!("default-src 'none'; frame-ancestors {iss}"));
    assert!(story.page().await.contains("Lanyard’s sign-out page named"));
    story.end().await;
}

#[tokio::test]
async fn without_a_session_there_are_no_events() {
    let mut story = Story::begin();
    assert_eq!(story.get("/events").await.status(), StatusCode::NO_CONTENT);
    let response = story.get("/").await;
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'; script-src 'self'"),
        "{policy}"
    );
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    story.end().await;
}
