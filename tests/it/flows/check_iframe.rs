//! Session Management 1.0 over HTTP: what apps and browsers are given where the check iframe is on,
//! and that nothing of it is there where it is off. What its script makes of that is told in
//! `stories::check_iframe`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lanyard::entropy::{Entropy, SessionId, sha256};
use lanyard::store::seal::Purpose;
use reqwest::Method;
use serde_json::json;
use url::Url;

use crate::support::app::value;
use crate::support::{App, Browser, House, Page, Person};

const ON: (&str, &str) = ("SESSION__CHECK_IFRAME", "on");
const STATE: &str = "lanyard-state";
const NOBODY: &str = "lanyard-nobody";
const ASK: &str = "/oauth2/session/state";
const HTTPS: &str = "https://login.example.test";

/// A house with the check iframe, a wiki, and alice.
struct Story {
    house: House,
    wiki: App,
    alice: Person,
    browser: Browser,
}

impl Story {
    async fn begin() -> Self {
        let house = House::open_with(&[ON]).await;
        Self::in_house(house).await
    }

    async fn in_house(house: House) -> Self {
        Self {
            wiki: house.app("wiki").await,
            alice: house.person("alice").await,
            browser: house.browser(),
            house,
        }
    }

    /// `prompt=none`: the answer, whatever it is.
    async fn silently(&self) -> Url {
        let ask = self.wiki.ask().with("prompt", "none");
        self.wiki.send(&self.browser, &ask).await.away()
    }

    fn state(&self) -> String {
        self.browser.cookie(STATE).unwrap()
    }

    fn nobody(&self) -> String {
        self.browser.cookie(NOBODY).unwrap()
    }

    /// What the script is told about the session.
    async fn asks(&self) -> String {
        let page = self.browser.request(Method::POST, ASK, &[]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(page.header("cache-control"), Some("no-store"));
        page.json()["session"].as_str().unwrap().to_owned()
    }

    /// The script's own sum (3.2), over what the browser holds.
    fn fits(&self, answer: &Url, held: &str) -> bool {
        let said = value(answer, "session_state").unwrap();
        let (hash, salt) = said.split_once('.').unwrap();
        let text = format!("wiki {} {held} {salt}", self.wiki.origin);
        assert!(!said.contains(' ') && salt.len() == 22, "{said}");
        hash == URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()))
    }
}

fn set_cookie(page: &Page, name: &str) -> Vec<String> {
    let cookies = page.header_all("set-cookie");
    let of_name = cookies
        .into_iter()
        .filter(|cookie| cookie.split('=').next() == Some(name));
    of_name.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn off_by_default_nothing_of_it_is_there() {
    let house = House::open().await;
    let story = Story::in_house(house).await;
    let page = story.browser.get("/oauth2/session").await;
    assert_eq!(page.status, 404);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let asked = story.browser.request(Method::POST, ASK, &[]).await;
    assert_eq!(asked.status, 404);
    let discovery = "/.well-known/openid-configuration";
    let discovery = story.browser.get(discovery).await.json();
    assert_eq!(discovery.get("check_session_iframe"), None);

    assert_eq!(value(&story.silently().await, "session_state"), None);
    let ask = story.wiki.ask();
    let page = story.wiki.send(&story.browser, &ask).await.page();
    let answer = story.browser.sign_in_at(&page, &story.alice).await.away();
    assert_eq!(value(&answer, "session_state"), None);
    assert_eq!(value(&story.silently().await, "session_state"), None);
    assert_eq!(story.browser.cookie_names(), ["lanyard"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_may_be_framed_and_kept_and_says_nothing() {
    let story = Story::begin().await;
    let discovery = "/.well-known/openid-configuration";
    let discovery = story.browser.get(discovery).await.json();
    let address = story.house.url("/oauth2/session");
    assert_eq!(discovery["check_session_iframe"], json!(address));

    let page = story.browser.get(&address).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(page.header("x-frame-options"), None);
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        page.header("content-security-policy"),
        Some(
            "default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'self'; \
             connect-src 'self'; frame-ancestors *"
        )
    );
    assert!(page.header_all("set-cookie").is_empty());
    let (_, script) = page.body.split_once("<script src=\"").unwrap();
    let script = story.browser.get(script.split('"').next().unwrap()).await;
    assert_eq!(script.status, 200);
    assert!(script.body.contains(ASK));
    let head = story.browser.request(Method::HEAD, &address, &[]).await;
    assert_eq!(head.status, 200);
    // Signed in, it is the same page for everybody; no other page may be framed.
    story.browser.sign_in(&story.alice).await;
    assert_eq!(story.browser.get(&address).await.body, page.body);
    for other in ["/account", "/oauth2/logout", "/oauth2/session/", ASK] {
        let other = story.browser.get(other).await;
        let policy = other.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{other:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_what_the_script_will_calculate() {
    let story = Story::begin().await;
    let ask = story.wiki.ask();
    let page = story.wiki.send(&story.browser, &ask).await.page();
    let first = story.browser.sign_in_at(&page, &story.alice).await.away();
    story.wiki.code(&first, &ask);
    let state = story.state();
    assert!(story.fits(&first, &state));

    // Another salt each time; and the fields of a form carry it too.
    let second = story.silently().await;
    assert!(story.fits(&second, &state));
    assert_ne!(
        value(&first, "session_state"),
        value(&second, "session_state")
    );
    let posted = story.wiki.ask().with("response_mode", "form_post");
    let posted = story.wiki.send(&story.browser, &posted).await.page();
    assert!(story.fits(&App::posted(&posted), &state));

    // It holds at the origin of the very address that was asked for.
    let strict = json!({ "first_party": false });
    let shop = story.house.app_with("shop", strict).await;
    let refused = shop.ask().with("prompt", "none");
    let refused = shop.send(&story.browser, &refused).await.away();
    assert_eq!(value(&refused, "error").unwrap(), "consent_required");
    assert!(value(&refused, "session_state").is_some());
    assert!(!story.fits(&refused, &state));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_changes_with_the_session_and_with_nothing_else() {
    let story = Story::begin().await;
    let (browser, wiki) = (&story.browser, &story.wiki);
    assert_eq!(story.asks().await, "unknown");
    browser.sign_in(&story.alice).await;
    let (state, nobody) = (story.state(), story.nobody());
    let answer = story.silently().await;
    assert_eq!(story.asks().await, "live");

    // The same person proves again who they are: no app need hear of it (3.2: "not too often").
    wiki.reauthenticate(browser, &story.alice).await;
    assert_eq!(story.state(), state);
    assert!(story.fits(&answer, &state));

    // Somebody else signs in.
    let bob = story.house.person("bob").await;
    let ask = wiki.ask().with("prompt", "select_account");
    let page = wiki.send(browser, &ask).await.page();
    let page = browser.submit(&page, &[("action", "switch")]).await.page();
    let other = browser.sign_in_at(&page, &bob).await.away();
    assert_ne!(story.state(), state);
    assert!(story.fits(&other, &story.state()) && !story.fits(&answer, &story.state()));

    // Signed out: the state is gone, and what stands for it is another than before.
    let csrf = browser.get("/account").await.csrf();
    let out = browser.post("/account/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!(browser.cookie(STATE), None);
    assert_ne!(story.nobody(), nobody);
    assert_eq!(set_cookie(&out, STATE).len(), 1);
    assert_eq!(story.asks().await, "unknown");
    let nobody = story.silently().await;
    assert_eq!(value(&nobody, "error").unwrap(), "login_required");
    assert!(story.fits(&nobody, &story.nobody()));
    // And the same person again is another session.
    browser.sign_in(&story.alice).await;
    assert_ne!(story.state(), state);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_was_never_here_gets_no_cookie() {
    let story = Story::begin().await;
    // In a frame whose cookies are partitioned one would be seen by the script, and mislead it.
    let answer = story.silently().await;
    assert_eq!(value(&answer, "error").unwrap(), "login_required");
    assert!(story.fits(&answer, ""));
    assert_eq!(story.browser.cookie_names(), [""; 0]);
    // Nor is anything but an answer to the silent question given one.
    let rubbish = story.wiki.ask().with("response_type", "token");
    let rubbish = story.wiki.send(&story.browser, &rubbish).await.away();
    assert!(!rubbish.as_str().contains("session_state"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_say_what_a_script_in_a_frame_needs() {
    for (issuer, prefix, end) in [
        (None, "", "SameSite=Lax; Path=/"),
        (Some(HTTPS), "__Host-", "SameSite=None; Secure; Path=/"),
    ] {
        let mut settings = vec![ON];
        settings.extend(issuer.map(|issuer| ("ISSUER", issuer)));
        let house = House::open_with(&settings).await;
        let alice = house.person("alice").await;
        for remember in [false, true] {
            let browser = house.browser();
            let page = browser.go("/account").await.page();
            let csrf = page.csrf();
            let mut form = vec![
                ("csrf", csrf.as_str()),
                ("username", &alice.username),
                ("password", &alice.password),
            ];
            form.extend(remember.then_some(("remember_me", "yes")));
            let answer = browser.post(page.form_action().as_str(), &form).await;
            let one = |name: &str| {
                let mut cookies = set_cookie(&answer, &format!("{prefix}{name}"));
                assert_eq!(cookies.len(), 1, "{name}");
                let cookie = cookies.remove(0);
                let (pair, attributes) = cookie.split_once("; ").unwrap();
                let (_, value) = pair.split_once('=').unwrap();
                let mut attributes: Vec<_> = attributes.split("; ").map(str::to_owned).collect();
                attributes.sort();
                (value.to_owned(), attributes)
            };
            let with = |age: Option<&str>| {
                let mut all: Vec<_> = end.split("; ").chain(age).map(str::to_owned).collect();
                all.sort();
                all
            };
            let lasting = remember.then_some("Max-Age=2592000");
            let (state, attributes) = one("lanyard-state");
            assert_eq!(attributes, with(lasting));
            assert!(state.len() < 128 && !state.contains("alice"));
            assert_eq!(one("lanyard-nobody").1, with(Some("Max-Age=7776000")));
            // The SSO cookie is what it was.
            let sso = &set_cookie(&answer, &format!("{prefix}lanyard"))[0];
            assert!(
                sso.contains("HttpOnly") && sso.contains("SameSite=Lax"),
                "{sso}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_opens_nothing_and_shows_nothing() {
    let story = Story::begin().await;
    story.browser.sign_in(&story.alice).await;
    let state = story.state();
    for name in ["lanyard", "lanyard-i-abc"] {
        let thief = story.house.browser();
        thief.plant_cookie(name, &state);
        thief.plant_cookie(STATE, &state);
        assert!(!thief.is_signed_in().await, "{name}");
        let error = story.wiki.silently(&thief).await.unwrap_err();
        assert_eq!(error, "login_required");
    }
    // Nor does the SSO cookie do in its place, where a script could read it.
    let sso = story.browser.cookie("lanyard").unwrap();
    assert!(!sso.contains(&state));
    let id = story.house.session_of(&story.alice).await;
    let bytes = URL_SAFE_NO_PAD.decode(&state).unwrap();
    assert!(!bytes.windows(16).any(|part| part == id.as_bytes()));
    assert!(!state.contains(&id.encode()));
    let other = story.house.browser();
    other.plant_cookie(STATE, &sso);
    let page = other.request(Method::POST, ASK, &[]).await;
    assert_eq!(page.json()["session"], "ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_state_is_dropped_before_a_store_is_asked() {
    let mut house = House::open_on(
        crate::support::stores::Stores::of_this_run()
            .variables()
            .await,
        1,
        &[ON],
    )
    .await;
    house.rest().await;
    let story = Story::in_house(house).await;
    story.browser.sign_in(&story.alice).await;
    assert_eq!(story.asks().await, "live");
    let calls = || {
        let (hot, record) = (
            story.house.provider().hot(),
            story.house.provider().record(),
        );
        (hot.reads(), hot.commits() + hot.counts(), record.calls())
    };
    let state = story.state();
    let (reads, others, sql) = calls();
    assert_eq!(story.asks().await, "live");
    assert_eq!(
        calls(),
        (reads + 1, others, sql),
        "one read of the hot state"
    );

    let of_nobody = SessionId::random(&Entropy::System);
    let sealed_for_another_use =
        story
            .house
            .sealer()
            .seal_same_text(Purpose::Handle, b"cookie", of_nobody.as_bytes());
    let cut = &state[..state.len() - 1];
    let flipped = state.to_lowercase();
    for forged in ["x", cut, &flipped, &story.nobody(), &sealed_for_another_use] {
        let browser = story.house.browser();
        browser.plant_cookie(STATE, forged);
        let before = calls();
        let page = browser.request(Method::POST, ASK, &[]).await;
        assert_eq!(page.json()["session"], "ended", "{forged}");
        assert_eq!(calls(), before, "{forged}");
    }
    // From another site nothing is answered at all.
    for evil in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let page = story.browser.request(Method::POST, ASK, &[evil]).await;
        assert_eq!(page.status, 403);
    }
    assert_eq!(story.browser.get(ASK).await.status, 405);
    // And one session's questions have a bound, which is no verdict.
    let mut last = story.browser.request(Method::POST, ASK, &[]).await;
    for _ in 0..240 {
        last = story.browser.request(Method::POST, ASK, &[]).await;
    }
    assert_eq!(last.status, 429);
    assert_eq!(last.json()["session"], "unknown");
    assert_eq!(last.header("retry-after"), Some("60"));
    story.house.advance(Duration::from_mins(1));
}

/// Conformance: 30.
#[tokio::test(flavor = "multi_thread")]
async fn ends_on_the_server_are_told_and_asking_is_no_use_of_the_session() {
    let story = Story::begin().await;
    story.browser.sign_in(&story.alice).await;
    let answer = story.silently().await;
    // Two hours idle are the end, however often the script asks.
    for _ in 0..4 {
        story.house.advance(Duration::from_mins(29));
        assert_eq!(story.asks().await, "live");
    }
    story.house.advance(Duration::from_mins(5));
    assert_eq!(story.asks().await, "ended");
    // The answer takes no cookie away: another tab may have signed in meanwhile. The next answer to
    // the app does, and says what the script will then calculate.
    assert!(story.fits(&answer, &story.state()));
    let refused = story.silently().await;
    assert_eq!(value(&refused, "error").unwrap(), "login_required");
    assert_eq!(story.browser.cookie(STATE), None);
    assert!(story.fits(&refused, &story.nobody()));

    story.browser.sign_in(&story.alice).await;
    assert_eq!(story.asks().await, "live");
    let session = story.house.session_of(&story.alice).await;
    story.house.end(session).await;
    story.house.settled().await;
    assert_eq!(story.asks().await, "ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_without_the_sso_cookie_keeps_its_state() {
    let story = Story::begin().await;
    story.browser.sign_in(&story.alice).await;
    // What a frame on another site sends: the state, and not the Lax cookie.
    let frame = story.house.browser();
    frame.plant_cookie(STATE, &story.state());
    frame.plant_cookie(NOBODY, &story.nobody());
    let ask = story.wiki.ask().with("prompt", "none");
    let answer = frame.get(&ask.url()).await;
    assert!(answer.header_all("set-cookie").is_empty());
    let answer = answer.location().unwrap();
    assert_eq!(value(&answer, "error").unwrap(), "login_required");
    assert!(story.fits(&answer, &story.state()));
    // One that cannot be read is taken away.
    frame.plant_cookie(STATE, "forged");
    let answer = frame.get(&ask.url()).await;
    assert_eq!(frame.cookie(STATE), None);
    assert!(story.fits(&answer.location().unwrap(), &story.nobody()));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_signed_in_before_it_was_switched_on_gets_the_state_with_the_next_answer() {
    let mut house = House::open().await;
    let (wiki, alice) = (house.app("wiki").await, house.person("alice").await);
    let browser = house.browser();
    wiki.sign_in(&browser, &alice).await;
    house
        .reopen_with(|config| config.session.check_iframe = true)
        .await;
    let story = Story {
        house,
        wiki,
        alice,
        browser,
    };
    assert_eq!(story.browser.cookie(STATE), None);
    let answer = story.silently().await;
    assert!(story.fits(&answer, &story.state()));
    assert!(story.browser.cookie(NOBODY).is_some());
    // And no answer sets it again.
    let ask = story.wiki.ask().with("prompt", "none");
    let again = story.browser.get(&ask.url()).await;
    assert!(again.header_all("set-cookie").is_empty());
}
