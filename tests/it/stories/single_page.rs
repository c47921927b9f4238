//! An app that lives in the browser alone, on a site of its own: what it does by `fetch` is subject
//! to CORS, which only a browser enforces.

use lanyard::entropy::SessionId;
use serde_json::json;

use crate::support::chromium::{Browser, Options};
use crate::support::{House, Person, site};

/// Notes: a public client that keeps its tokens where all its tabs find them.
struct Notes {
    house: House,
    alice: Person,
    origin: String,
    browser: Browser,
}

impl Notes {
    async fn open() -> Self {
        let house = House::open().await;
        let page = include_str!("../support/single_page.html")
            .replace("ISSUER", &house.issuer)
            .replace("CLIENT_ID", "notes");
        let origin = site::page("notes", page);
        let metadata = json!({
            "redirect_uris": [format!("{origin}/")],
            "post_logout_redirect_uris": [format!("{origin}/")],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            "backchannel_logout_uri": null,
        });
        house.app_with("notes", metadata).await;
        let alice = house.person("alice").await;
        let browser = Browser::start(Options::default()).await;
        browser.goto(&origin).await;
        browser.wait_for_text("#state", "signed out").await;
        Self {
            house,
            alice,
            origin,
            browser,
        }
    }

    async fn sign_in(&self) {
        self.browser.click("#sign-in").await;
        self.browser.fill("#username", &self.alice.username).await;
        self.browser.fill("#password", &self.alice.password).await;
        self.browser.click("#login-submit").await;
        self.browser.wait_for_url(&self.origin).await;
        self.expect("signed in", "came back").await;
    }

    /// What the app knows, and what it was told last.
    async fn expect(&self, state: &str, said: &str) {
        self.browser.wait_for_text("#said", said).await;
        self.browser.wait_for_text("#state", state).await;
    }

    async fn session(&self) -> SessionId {
        self.house.session_of(&self.alice).await
    }

    async fn end_elsewhere(&self) {
        let session = self.session().await;
        self.house.end_by_person(session, &self.alice).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_hears_of_an_end_elsewhere_when_it_next_asks_for_anything() {
    let notes = Notes::open().await;
    notes.sign_in().await;
    notes.end_elsewhere().await;

    // A script reads why, also of a refusal: the header is exposed.
    notes.browser.click("#who").await;
    notes.expect("signed in", r#"error="invalid_token""#).await;
    notes.browser.click("#refresh").await;
    notes.expect("signed out", "invalid_grant").await;
    notes.browser.click("#ask").await;
    notes.expect("signed out", "login_required").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_signs_in_asks_renews_and_signs_out_without_a_server() {
    let notes = Notes::open().await;
    notes.browser.click("#ask").await;
    notes.expect("signed out", "login_required").await;
    notes.sign_in().await;
    notes.browser.click("#who").await;
    notes.expect("signed in", "alice").await;
    notes.browser.click("#refresh").await;
    notes.expect("signed in", "refreshed").await;
    // Silently, in the same session.
    let session = notes.session().await;
    notes.browser.click("#ask").await;
    notes.expect("signed in", "came back").await;
    assert_eq!(notes.session().await, session);
    notes.browser.click("#sign-out").await;
    notes.browser.wait_for_url(&notes.origin).await;
    notes.browser.wait_for_text("#state", "signed out").await;
    notes.browser.click("#ask").await;
    notes.expect("signed out", "login_required").await;
    assert_eq!(notes.browser.complaints().await, [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_renew_with_one_token_both_stay_signed_in() {
    let notes = Notes::open().await;
    notes.sign_in().await;
    let first = notes.browser.execute("return localStorage.tokens").await;
    let first: serde_json::Value = serde_json::from_str(first.as_str().unwrap()).unwrap();
    let old = first["refresh_token"].as_str().unwrap();

    let renew = format!("await refresh('{old}')");
    let other_tab = notes.browser.new_tab().await;
    notes.browser.goto(&notes.origin).await;
    notes.expect("signed in", "").await;
    notes.browser.execute(&renew).await;
    notes.expect("signed in", "refreshed").await;
    notes.browser.switch_to(other_tab).await;
    notes.browser.execute(&renew).await;
    notes.expect("signed in", "refreshed").await;
    // Whichever answer came last, the tabs go on with it.
    notes.browser.click("#refresh").await;
    notes.expect("signed in", "refreshed").await;

    // Long after, the token that was used up is taken for stolen, and all of them end.
    notes
        .house
        .clock
        .advance(std::time::Duration::from_secs(11));
    notes.browser.execute(&renew).await;
    notes.expect("signed out", "invalid_grant").await;
}
