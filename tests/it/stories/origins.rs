//! Three origins in a row: a form posted at the provider is answered by 303 to the app, which
//! sends the browser on at once to a third origin. Chromium holds a `form-action` against each
//! step, so a page that sent one would stop the person silently.

use serde_json::{Value, json};

use crate::support::chromium::{Browser, Options};
use crate::support::{App, House, Person, site};

/// An app that lives at `landing` and takes answers at another origin.
struct Onward {
    house: House,
    alice: Person,
    app: App,
    out: String,
    landing: String,
    browser: Browser,
}

impl Onward {
    async fn open(javascript: bool, changes: Value) -> Self {
        let house = House::open().await;
        let alice = house.person("alice").await;
        let landing = site::open("third", None).origin;
        let callback = site::open("callback", Some(landing.clone())).origin;
        let out = format!("{callback}/out");
        let mut metadata = json!({
            "redirect_uris": [format!("{callback}/callback")],
            "post_logout_redirect_uris": [out],
        });
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let app = house.app_with("portal", metadata).await;
        let browser = Browser::start(Options {
            javascript,
            ..Options::default()
        })
        .await;
        Self {
            house,
            alice,
            app,
            out,
            landing,
            browser,
        }
    }

    async fn sign_in(&self) {
        self.browser.fill("#username", &self.alice.username).await;
        self.browser.fill("#password", &self.alice.password).await;
        self.browser.click("#login-submit").await;
    }

    /// What the third origin was sent on with.
    async fn arrives(&self) -> String {
        self.browser.wait_for_url(&self.landing).await;
        let complaints = self.browser.complaints().await;
        assert!(
            !complaints
                .iter()
                .any(|text| text.contains("Content Security Policy")),
            "{complaints:?}"
        );
        self.browser.text("#sent").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_and_a_logout_pass_through_the_app_to_a_third_origin() {
    let story = Onward::open(true, json!({})).await;
    let (browser, ask) = (&story.browser, story.app.ask());
    browser.goto(&story.house.url(&ask.url())).await;
    browser.click("[value=cancel]").await;
    assert!(story.arrives().await.contains("error=access_denied"));
    browser.goto(&story.house.url(&story.app.ask().url())).await;
    story.sign_in().await;
    assert!(story.arrives().await.contains("code="));

    let choose = story.app.ask().with("prompt", "select_account");
    browser.goto(&story.house.url(&choose.url())).await;
    browser.click("[value=continue]").await;
    assert!(story.arrives().await.contains("code="));

    // By a hint of another session the person is asked, and the answer to their POST leads on.
    let elsewhere = story.house.browser();
    elsewhere.sign_in(&story.alice).await;
    let out = format!(
        "/oauth2/logout?id_token_hint={}&post_logout_redirect_uri={}&state=bye",
        story.app.join(&elsewhere).await.id_token(),
        story.out
    );
    browser.goto(&story.house.url(&out)).await;
    browser.wait_for_text("h1", "Sign out?").await;
    browser.click("#logout-confirm").await;
    assert_eq!(story.arrives().await, "state=bye");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_and_a_posted_answer_do_too_with_scripts_and_without() {
    for javascript in [true, false] {
        let story = Onward::open(javascript, json!({"first_party": false})).await;
        let (browser, ask) = (&story.browser, story.app.ask());
        browser.goto(&story.house.url(&ask.url())).await;
        story.sign_in().await;
        browser
            .wait_for_text("h1", "portal asks for your permission")
            .await;
        browser.click("#consent-deny").await;
        assert!(story.arrives().await.contains("error=access_denied"));
        browser.goto(&story.house.url(&story.app.ask().url())).await;
        browser.click("#consent-allow").await;
        assert!(story.arrives().await.contains("code="));

        let posted = story.app.ask().with("response_mode", "form_post");
        browser.goto(&story.house.url(&posted.url())).await;
        if !javascript {
            browser.wait_for_text("h1", "Going back to portal").await;
            browser.click("#form-post button").await;
        }
        assert!(story.arrives().await.contains("code="));
    }
}
