//! A whole story with everything logged that can be: no secret is in it, no line is broken, and
//! each line of a request names it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value;
use url::Url;

use super::{logout_url, sign_in_at};
use crate::support::app::{Mood, value};
use crate::support::{App, Browser, Installation, Page, Person, Server};

/// What must never be in a log, with what it is.
#[derive(Default)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn add(&mut self, what: &str, secret: &str) {
        assert!(secret.len() >= 8, "{what} is too short to be looked for");
        self.0.push((what.to_owned(), secret.to_owned()));
    }

    /// In every way in which bytes become text.
    fn add_bytes(&mut self, what: &str, bytes: &[u8]) {
        let mut hex = String::new();
        for byte in bytes {
            write!(hex, "{byte:02x}").unwrap();
        }
        self.add(what, &hex);
        self.add(what, &hex.to_uppercase());
        self.add(what, &format!("{bytes:?}"));
        for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            self.add(what, &engine.encode(bytes));
        }
    }

    fn cookies(&mut self, browser: &Browser) {
        for name in browser.cookie_names() {
            self.add(&name, &browser.cookie(&name).unwrap());
        }
    }

    /// Which of them a log holds: as they are, as they stand in a form or a query, or as they stand
    /// in a quoted text.
    fn found_in(&self, log: &str) -> Vec<&str> {
        let holds = |secret: &String| {
            let form = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
            let percent = form.replace('+', "%20");
            let quoted = serde_json::to_string(secret).unwrap();
            let quoted = quoted.trim_matches('"');
            [secret, &form, &percent, quoted]
                .into_iter()
                .any(|secret| log.contains(secret))
        };
        let found = self.0.iter().filter(|(_, secret)| holds(secret));
        found.map(|(what, _)| what.as_str()).collect()
    }
}

/// A sign-in with all its mishaps.
async fn sign_in(secrets: &mut Secrets, app: &App, browser: &Browser, person: &Person) {
    let ask = app.ask().with("scope", "openid email offline_access");
    let page = app.send(browser, &ask).await.page();
    secrets.cookies(browser);
    secrets.add("the anti-forgery token", &page.csrf());
    secrets.add("the verifier", &ask.verifier);
    let slip = Person {
        username: person.password.clone(),
        password: "a guess that is wrong".to_owned(),
        ..person.clone()
    };
    secrets.add("a wrong password", &slip.password);
    let page = browser.sign_in_at(&page, &slip).await.page();
    let answer = browser.sign_in_at(&page, person).await.away();
    secrets.cookies(browser);
    let code = app.code(&answer, &ask);
    secrets.add("the code", &code);
    assert_eq!(app.try_redeem("forged", &ask).await.status, 400);
    let tokens = app.redeem(&code, &ask).await;
    assert_eq!(app.try_redeem(&code, &ask).await.status, 400, "used");
    for (what, token) in [
        ("the access token", tokens.access()),
        ("the refresh token", tokens.refresh()),
        ("the ID token", tokens.id_token()),
    ] {
        secrets.add(what, token);
    }
}

/// What a client does with its tokens, rightly and wrongly.
async fn use_tokens(secrets: &mut Secrets, app: &App, browser: &Browser) -> String {
    let again = app.join(browser).await;
    let next = app.refresh(again.refresh()).await;
    app.userinfo(next.access()).await;
    app.introspect(next.access()).await;
    app.revoke(next.access()).await;
    app.try_refresh("forged").await;
    secrets.add("the next refresh token", next.refresh());
    secrets.add("the next access token", next.access());
    secrets.add("the hint", again.id_token());
    let mut stranger = app.clone();
    stranger.secret = Some("not the secret of the wiki".to_owned());
    assert_eq!(stranger.try_refresh(next.refresh()).await.status, 401);
    secrets.add("a wrong secret", "not the secret of the wiki");
    // What an app that is set up wrongly sends to the wrong place.
    let query = format!(
        "/oauth2/nowhere?access_token={}&client_secret={}",
        next.access(),
        app.secret.as_deref().unwrap()
    );
    assert_eq!(browser.get(&query).await.status, 404);
    browser
        .get("/oauth2/authorize?client_id=unknown%0aERROR+forged&state=a-state-of-theirs")
        .await;
    secrets.add("a state", "a-state-of-theirs");
    logout_url(app, &again)
}

/// The person's own page, and out.
async fn leave(secrets: &mut Secrets, app: &App, browser: &Browser, url: &str) -> Page {
    let page = browser.go("/account").await.page();
    secrets.add("the token of the account page", &page.csrf());
    app.feels(Mood::Answers(500));
    let out = browser.get(url).await;
    while app.logout_tokens().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for token in app.logout_tokens() {
        secrets.add("a logout token", &token);
    }
    if let Some(receipts) = out.location().and_then(|url| value(&url, "receipts")) {
        secrets.add("the right to see receipts", &receipts);
    }
    out
}

/// Everything that a server wrote while the whole story was told, and what must not be in it.
async fn story(format: &str, level: &str) -> (Secrets, String) {
    let house = Installation::with(&[("LOG__LEVEL", level), ("LOG__FORMAT", format)]);
    let mut secrets = Secrets::default();
    let (alice, wiki) = (house.person("alice"), house.app("wiki"));
    let mut server = house.serve().await;
    let key = std::fs::read_to_string(house.path("data/master.key")).unwrap();
    secrets.add("the master key", key.trim());
    secrets.add_bytes(
        "the master key",
        &URL_SAFE_NO_PAD
            .decode(key.trim().trim_end_matches('='))
            .unwrap(),
    );
    secrets.add("the password", &alice.password);
    let secret = wiki.secret.clone().unwrap();
    secrets.add("the client secret", &secret);
    let basic = STANDARD.encode(format!("wiki:{secret}"));
    secrets.add("the header that carries the client secret", &basic);

    set_up(&mut secrets, &server, &house.browser()).await;
    let browser = house.browser();
    sign_in(&mut secrets, &wiki, &browser, &alice).await;
    let out = use_tokens(&mut secrets, &wiki, &browser).await;
    leave(&mut secrets, &wiki, &browser, &out).await;
    server.signal("TERM");
    server.gone().await;
    let log = server.said();
    assert!(log.lines().count() > 20, "it does log");
    assert!(log.contains("DEBUG"), "all of it");
    prove_that_it_looks(&secrets, &log, &house.issuer);
    // The link is for whoever reads this, and nowhere else.
    let answered = server.answered();
    assert_eq!(answered.matches("token=").count(), 1);
    (
        secrets,
        format!("{log}\n{}", answered.lines().next().unwrap()),
    )
}

/// The first administrator, by the link.
async fn set_up(secrets: &mut Secrets, server: &Server, browser: &Browser) {
    let link = server.setup_link().await;
    let token = value(&Url::parse(&link).unwrap(), "token").unwrap();
    secrets.add("the token of the set-up link", &token);
    secrets.add_bytes(
        "the token of the set-up link",
        &URL_SAFE_NO_PAD.decode(&token).unwrap(),
    );
    let page = browser.go(&link).await.page();
    secrets.add("the anti-forgery token of the set-up", &page.csrf());
    let fields = [("username", "mona"), ("password", "mona")];
    let page = browser.submit(&page, &fields).await.page();
    assert_eq!(page.status, 400);
    let password = "mona likes long passwords";
    secrets.add("the password of the first administrator", password);
    let fields = [("username", "mona"), ("password", password)];
    let page = browser.submit(&page, &fields).await.page();
    assert_eq!(page.url.path(), "/admin");
    secrets.cookies(browser);
}

/// A search that finds nothing may be blind: of each secret a leak is planted in the log, and of
/// what the server does log it is told that it were a secret.
fn prove_that_it_looks(secrets: &Secrets, log: &str, logged: &str) {
    for (what, secret) in &secrets.0 {
        let form = url::form_urlencoded::byte_serialize(secret.as_bytes());
        for leak in [secret.clone(), form.collect(), format!("{secret:?}")] {
            let leaky = format!("{log}GET /callback?leak={leak}&more HTTP/1.1\n");
            assert!(secrets.found_in(&leaky).contains(&what.as_str()), "{what}");
        }
    }
    let mut planted = Secrets::default();
    planted.add("planted", logged);
    assert_eq!(planted.found_in(log), ["planted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_as_json() {
    let (secrets, log) = story("json", "debug,lanyard=trace").await;
    assert_eq!(secrets.found_in(&log), [""; 0]);
    for line in log.lines().filter(|line| line.starts_with('{')) {
        serde_json::from_str::<Value>(line).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_for_people_and_no_line_is_broken() {
    let (secrets, log) = story("human", "debug,lanyard=trace").await;
    assert_eq!(secrets.found_in(&log), [""; 0]);
    for line in log.lines().filter(|line| !line.is_empty()) {
        let begins = line.starts_with("20") || line.starts_with("Lanyard is ready at");
        assert!(begins, "not the beginning of a line of ours: {line}");
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_whatever_libraries_trace() {
    let (secrets, log) = story("json", "trace").await;
    assert!(log.contains("TRACE"), "all of it");
    assert_eq!(secrets.found_in(&log), [""; 0]);
}

/// The lines of a request, by the id in its answer.
fn lines_of(server: &Server, id: &str) -> Vec<Value> {
    let log = server.said();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| {
            let spans = line["spans"].as_array();
            spans.is_some_and(|spans| spans.iter().any(|span| span["request_id"] == id))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_a_request_names_it_and_one_says_how_it_went() {
    let house = Installation::with(&[("LOG__LEVEL", "debug"), ("LOG__FORMAT", "json")]);
    let (alice, server) = (house.person("alice"), house.serve().await);
    let browser = house.browser();
    let page = browser.go("/account?ui_locales=en-hint").await.page();
    let answer = browser
        .try_password(&page, &alice.username, &alice.password)
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let other = browser.get("/no/such?code=of-theirs").await;

    let lines = lines_of(&server, answer.header("x-request-id").unwrap());
    let is_access = |line: &&Value| line["target"] == "lanyard::access";
    let access: Vec<_> = lines.iter().filter(is_access).collect();
    assert_eq!(access.len(), 1, "{lines:?}");
    assert_eq!(access[0]["level"], "INFO");
    assert_eq!(access[0]["method"], "POST");
    assert_eq!(access[0]["route"], "/login");
    assert_eq!(access[0]["status"], 303);
    assert!(access[0]["ms"].as_f64().unwrap() > 0.0);
    assert!(lines.len() > 1, "what the stores logged for it: {lines:?}");

    let lines = lines_of(&server, other.header("x-request-id").unwrap());
    let access = lines.iter().find(is_access).unwrap();
    assert_eq!(access["route"], "other");
    assert!(!server.said().contains("of-theirs") && !server.said().contains("en-hint"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_logged_at_the_usual_level() {
    let house = Installation::new();
    let (alice, wiki, browser) = (house.person("alice"), house.app("wiki"), house.browser());
    let server = house.serve().await;
    let tokens = sign_in_at(&wiki, &browser, &alice).await;
    let out = browser.get(&logout_url(&wiki, &tokens)).await;
    let id = out.header("x-request-id").unwrap();
    let log = server.said();
    assert!(log.contains("ready issuer="), "{log}");
    assert!(!log.contains(&alice.username), "ids, not names: {log}");
    let line = format!("request{{request_id={id}}}: lanyard::access: answered method=\"GET\"");
    assert!(log.contains(&line), "{line}\n{log}");
    assert!(!log.contains("/health/ready"), "probes are below it: {log}");
}
