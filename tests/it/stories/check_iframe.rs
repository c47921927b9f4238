//! The check iframe in a real browser, held by a page of an app at another origin: what it answers
//! while somebody is signed in, after each kind of end, and where the browser hides its cookies.
//!
//! On plain http there are two neighbourhoods: `http://localhost` at another port is another origin
//! of the *same site*, where a `SameSite=Lax` cookie is seen, and `http://wiki.localhost` is another
//! site, where it is not: as if the browser blocked it. The last stories are told over https, with
//! `SameSite=None; Secure` and the browser's own setting for cookies of third parties.

use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use url::Url;

use crate::support::app::value;
use crate::support::chromium::{Browser, Options, Special};
use crate::support::parts::Certificates;
use crate::support::{App, House, Person, site};

const ON: (&str, &str) = ("SESSION__CHECK_IFRAME", "on");
const DEAR: &str = "https://login.example.test";

/// An app's page with a frame of the provider in it.
struct Story {
    house: House,
    /// As the browser knows it.
    issuer: String,
    alice: Person,
    app: App,
    origin: String,
    browser: Browser,
    session_state: String,
}

impl Story {
    /// Alice signs in at an app of the same site.
    async fn near() -> Self {
        let there = site::open("wiki", None).origin;
        let origin = there.replace("wiki.localhost", "localhost");
        let house = House::open_with(&[ON]).await;
        let browser = Browser::start(Options::default()).await;
        Self::begin(house, None, origin, browser).await
    }

    /// Alice signs in at an app of another site, over plain http.
    async fn far() -> Self {
        let origin = site::open("wiki", None).origin;
        let house = House::open_with(&[ON]).await;
        let browser = Browser::start(Options::default()).await;
        Self::begin(house, None, origin, browser).await
    }

    /// Alice signs in at an app of another site; the provider is reached by https.
    async fn secure(folder: &TempDir, third_party_cookies: bool) -> Self {
        let origin = site::open("wiki", None).origin;
        let [_, certificate, key] = Certificates::make(folder.path()).texts();
        let settings = [
            ON,
            ("ISSUER", DEAR),
            ("SERVER__TLS_CERTIFICATE", &certificate),
            ("SERVER__TLS_KEY", &key),
        ];
        let house = House::open_with(&settings).await;
        let port = Url::parse(&house.issuer).unwrap().port().unwrap();
        let place = format!("login.example.test:443 127.0.0.1:{port}");
        let options = Options {
            any_certificate: true,
            ..Options::default()
        };
        let special = Special {
            third_party_cookies,
            resolve: Some(&place),
        };
        let browser = Browser::start_with(options, special).await;
        Self::begin(house, Some(DEAR), origin, browser).await
    }

    async fn begin(house: House, issuer: Option<&str>, origin: String, browser: Browser) -> Self {
        let metadata = json!({ "redirect_uris": [format!("{origin}/callback")] });
        let app = house.app_with("wiki", metadata).await;
        let mut story = Self {
            issuer: issuer.map_or_else(|| house.issuer.clone(), str::to_owned),
            alice: house.person("alice").await,
            house,
            app,
            origin,
            browser,
            session_state: String::new(),
        };
        story.sign_in().await;
        story
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    async fn sign_in(&mut self) {
        let browser = &self.browser;
        browser.goto(&self.url(&self.app.ask().url())).await;
        browser.fill("#username", &self.alice.username).await;
        browser.fill("#password", &self.alice.password).await;
        browser.click("#login-submit").await;
        browser.wait_for_url(&self.origin).await;
        self.session_state = value(&browser.url().await, "session_state").unwrap();
        self.embed().await;
    }

    /// Puts the frame into the page, as apps do: out of sight.
    async fn embed(&self) {
        let script = format!(
            "const frame = document.createElement('iframe');
             frame.id = 'op'; frame.style.display = 'none'; frame.src = '{}';
             return new Promise((done) => {{
               frame.onload = () => done(true); document.body.append(frame);
             }});",
            self.url("/oauth2/session")
        );
        self.browser.execute(&script).await;
    }

    /// Opens the app's page anew, with a new frame.
    async fn come_again(&self) {
        let page = format!("{}/page", self.origin);
        self.browser.goto(&page).await;
        self.embed().await;
    }

    /// What the frame answers to this message, and that it answers this page alone.
    async fn posts(&self, message: &str) -> String {
        let script = format!(
            "const frame = document.getElementById('op').contentWindow;
             return new Promise((done) => {{
               const hear = (event) => {{
                 if (event.source !== frame) return;
                 removeEventListener('message', hear);
                 done(event.origin + ' ' + event.data);
               }};
               addEventListener('message', hear);
               frame.postMessage({message}, '{}');
               setTimeout(() => done('nothing'), 8000);
             }});",
            self.issuer
        );
        let said = self.browser.execute(&script).await;
        let said = said.as_str().unwrap();
        let prefix = format!("{} ", self.issuer);
        said.strip_prefix(&prefix).unwrap_or(said).to_owned()
    }

    /// What it answers to the app's own question.
    async fn asks(&self) -> String {
        self.asks_with(&self.session_state).await
    }

    async fn asks_with(&self, session_state: &str) -> String {
        self.posts(&format!("'wiki {session_state}'")).await
    }

    /// Asks again and again, as apps do, until it says so.
    async fn hears(&self, word: &str) {
        House::until(&format!("the frame says {word}"), || async {
            self.asks().await == word
        })
        .await;
    }

    async fn end_as_administrator(&self) {
        let session = self.house.session_of(&self.alice).await;
        self.house.end(session).await;
    }

    /// Alice signs out at the provider, in another tab.
    async fn sign_out_elsewhere(&self) {
        let page = self.browser.new_tab().await;
        self.browser.goto(&self.url("/account")).await;
        self.browser.click("header button").await;
        self.browser.wait_for_text("h1", "You are signed out").await;
        self.browser.switch_to(page).await;
    }

    /// `prompt=none` in the whole window: the error, and the state that goes with it.
    async fn silently(&self) -> (Option<String>, String) {
        let silent = self.app.ask().with("prompt", "none");
        self.browser.goto(&self.url(&silent.url())).await;
        self.browser.wait_for_url(&self.origin).await;
        let answer = self.browser.url().await;
        self.embed().await;
        let state = value(&answer, "session_state").unwrap();
        (value(&answer, "error"), state)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_while_alice_is_signed_in_and_when_she_signs_out_elsewhere() {
    let mut story = Story::near().await;
    assert_eq!(story.asks().await, "unchanged");
    assert_eq!(story.asks().await, "unchanged");
    // Of another app, or of this app at another time, it knows nothing.
    let as_shop = format!("'shop {}'", story.session_state);
    assert_eq!(story.posts(&as_shop).await, "changed");
    let (_, salt) = story.session_state.split_once('.').unwrap();
    let other = format!("{}.{salt}", "A".repeat(43));
    assert_eq!(story.asks_with(&other).await, "changed");
    // What is no question is an error (3.2).
    let state = &story.session_state;
    for rubbish in [
        "''".to_owned(),
        "'wiki'".to_owned(),
        format!("'{state}'"),
        format!("'wiki {state} more'"),
        format!("'wiki\\n{state}'"),
        format!("' {state}'"),
        "'wiki hash-without-salt'".to_owned(),
        format!("'wiki ' + 'x'.repeat(3000) + '{state}'"),
        "null".to_owned(),
        "{ client_id: 'wiki' }".to_owned(),
    ] {
        assert_eq!(story.posts(&rubbish).await, "error", "{rubbish}");
    }
    // A page that merely knows the frame's window is not answered: here a frame without an origin.
    let stranger = "
        const other = document.createElement('iframe');
        other.sandbox = 'allow-scripts';
        other.srcdoc = `<script>
          addEventListener('message', () => parent.postMessage('answered', '*'));
          parent.frames[0].postMessage('wiki x.y', '*');
          setTimeout(() => parent.postMessage('silence', '*'), 500);
        </script>`;
        return new Promise((done) => {
          addEventListener('message', (event) => done(event.data));
          document.body.append(other);
        });";
    assert_eq!(story.browser.execute(stranger).await, "silence");
    assert_eq!(story.browser.complaints().await, [""; 0]);

    story.sign_out_elsewhere().await;
    assert_eq!(story.asks().await, "changed");
    // The app looks (3.1), is told that nobody is signed in, and is bothered no more.
    let (error, nobody) = story.silently().await;
    assert_eq!(error.as_deref(), Some("login_required"));
    assert_eq!(story.asks_with(&nobody).await, "unchanged");
    let before = story.session_state.clone();
    assert_eq!(story.asks_with(&before).await, "changed");
    story.sign_in().await;
    assert_eq!(story.asks().await, "unchanged");
    assert_eq!(story.asks_with(&nobody).await, "changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_learns_of_ends_that_no_browser_saw() {
    let mut story = Story::near().await;
    assert_eq!(story.asks().await, "unchanged");
    story.end_as_administrator().await;
    story.hears("changed").await;
    let (error, nobody) = story.silently().await;
    assert_eq!(error.as_deref(), Some("login_required"));
    assert_eq!(story.asks_with(&nobody).await, "unchanged");

    // A session that nobody uses runs out, though the page lies open and asks.
    story.sign_in().await;
    assert_eq!(story.asks().await, "unchanged");
    story.house.advance(Duration::from_mins(119));
    story.come_again().await;
    assert_eq!(story.asks().await, "unchanged");
    story.house.advance(Duration::from_mins(1));
    story.come_again().await;
    assert_eq!(story.asks().await, "changed");
    // It took its cookie away itself.
    let (name, cookie) = ("lanyard-state", "return document.cookie");
    let cookies = story.browser.execute(cookie).await;
    assert!(!cookies.as_str().unwrap().contains(name), "{cookies}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_person_again_changes_nothing_and_somebody_else_does() {
    let story = Story::near().await;
    let again = story.app.ask().with("prompt", "login");
    story.browser.goto(&story.url(&again.url())).await;
    story.browser.fill("#password", &story.alice.password).await;
    story.browser.click("#login-submit").await;
    story.browser.wait_for_url(&story.origin).await;
    story.embed().await;
    assert_eq!(story.asks().await, "unchanged");

    let bob = story.house.person("bob").await;
    let other = story.app.ask().with("prompt", "select_account");
    story.browser.goto(&story.url(&other.url())).await;
    story.browser.click("[value=switch]").await;
    story.browser.fill("#username", &bob.username).await;
    story.browser.fill("#password", &bob.password).await;
    story.browser.click("#login-submit").await;
    story.browser.wait_for_url(&story.origin).await;
    story.embed().await;
    assert_eq!(story.asks().await, "changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_signs_nobody_out() {
    let story = Story::near().await;
    story.browser.block("*/oauth2/session/state").await;
    assert_eq!(story.asks().await, "unchanged");
    story.end_as_administrator().await;
    assert_eq!(story.asks().await, "unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_window_of_its_own_it_says_nothing() {
    let story = Story::near().await;
    story.browser.goto(&story.url("/oauth2/session")).await;
    let aloud = "return new Promise((done) => {
          addEventListener('message', ({ data }) => data === 'error' && done(data));
          postMessage('rubbish', '*');
          setTimeout(() => done('silence'), 500);
        });";
    assert_eq!(story.browser.execute(aloud).await, "silence");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_its_cookie_is_hidden_nothing_has_changed() {
    let story = Story::far().await;
    assert_eq!(story.asks().await, "unchanged");
    assert_eq!(story.posts("'rubbish'").await, "error");
    story.sign_out_elsewhere().await;
    assert_eq!(story.asks().await, "unchanged");
    story.come_again().await;
    assert_eq!(story.asks().await, "unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_blocks_cookies_of_third_parties_signs_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::secure(&folder, false).await;
    assert_eq!(story.asks().await, "unchanged");
    story.end_as_administrator().await;
    story.come_again().await;
    assert_eq!(story.asks().await, "unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_allows_them_lets_an_app_of_another_site_know() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::secure(&folder, true).await;
    assert_eq!(story.asks().await, "unchanged");
    story.end_as_administrator().await;
    story.come_again().await;
    assert_eq!(story.asks().await, "changed");
    story.sign_in().await;
    assert_eq!(story.asks().await, "unchanged");
    story.sign_out_elsewhere().await;
    assert_eq!(story.asks().await, "changed");
}
