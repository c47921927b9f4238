//! A whole story with everything logged that can be: no secret is in it.

use super::{logout_url, sign_in_at};
use crate::support::app::{Mood, value};
use crate::support::{App, Browser, Installation, Person};

/// What must never be in a log, with what it is.
#[derive(Default)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn add(&mut self, what: &str, secret: &str) {
        assert!(secret.len() >= 8, "{what} is too short to be looked for");
        self.0.push((what.to_owned(), secret.to_owned()));
    }

    fn cookies(&mut self, browser: &Browser) {
        for name in browser.cookie_names() {
            self.add(&name, &browser.cookie(&name).unwrap());
        }
    }

    fn assert_not_in(&self, log: &str) {
        for (what, secret) in &self.0 {
            assert!(!log.contains(secret), "the log holds {what}: {secret}");
        }
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

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged() {
    let house = Installation::with(&[("LOG__LEVEL", "trace"), ("LOG__FORMAT", "json")]);
    let mut secrets = Secrets::default();
    let (alice, wiki) = (house.person("alice"), house.app("wiki"));
    let mut server = house.serve().await;
    let key = std::fs::read_to_string(house.path("data/master.key")).unwrap();
    secrets.add("the master key", key.trim());
    secrets.add("the password", &alice.password);
    secrets.add("the client secret", wiki.secret.as_deref().unwrap());
    let browser = house.browser();
    sign_in(&mut secrets, &wiki, &browser, &alice).await;

    let again = wiki.join(&browser).await;
    let next = wiki.refresh(again.refresh()).await;
    wiki.userinfo(next.access()).await;
    wiki.introspect(next.access()).await;
    wiki.revoke(next.access()).await;
    wiki.try_refresh("forged").await;
    secrets.add("the next refresh token", next.refresh());
    secrets.add("the next access token", next.access());
    let mut stranger = wiki.clone();
    stranger.secret = Some("not the secret of the wiki".to_owned());
    assert_eq!(stranger.try_refresh(next.refresh()).await.status, 401);
    secrets.add("a wrong secret", "not the secret of the wiki");

    wiki.feels(Mood::Answers(500));
    let hint = again.id_token().to_owned();
    secrets.add("the hint", &hint);
    browser
        .get("/oauth2/authorize?client_id=unknown&state=a-state-of-theirs")
        .await;
    let out = browser.get(&logout_url(&wiki, &again)).await;
    wiki.expect_signed_out(again.sid()).await;
    for token in wiki.logout_tokens() {
        secrets.add("a logout token", &token);
    }
    if let Some(receipts) = out.location().and_then(|url| value(&url, "receipts")) {
        secrets.add("the right to see receipts", &receipts);
    }
    server.signal("TERM");
    server.gone().await;
    let log = server.said();
    assert!(log.lines().count() > 100, "it does log");
    assert!(log.contains("\"level\":\"TRACE\""), "all of it");
    secrets.assert_not_in(&log);
    secrets.assert_not_in(&server.answered());
    let basic = {
        use base64::Engine as _;
        let pair = format!("wiki:{}", wiki.secret.unwrap());
        base64::engine::general_purpose::STANDARD.encode(pair)
    };
    assert!(
        !log.contains(&basic),
        "nor the header that carries the secret"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_logged_at_the_usual_level() {
    let house = Installation::new();
    let (alice, wiki, browser) = (house.person("alice"), house.app("wiki"), house.browser());
    let server = house.serve().await;
    let tokens = sign_in_at(&wiki, &browser, &alice).await;
    browser.go(&logout_url(&wiki, &tokens)).await.away();
    let log = server.said();
    assert!(log.contains("ready issuer="), "{log}");
    assert!(!log.contains(&alice.username), "ids, not names: {log}");
}
