//! Every way in which a session ends, from the door where it begins to the app that hears of it.
//!
//! | reason | door |
//! |---|---|
//! | `user` | sign out on the account page; end a device; end all others; sign out by an app's link, after the question |
//! | `client` | an app's sign-out under its ID token |
//! | `admin` | the admin pages, one session and all of a person |
//! | `idle`, `lifetime` | the clock, and nobody who looks |
//! | `limit` | one sign-in too many |
//! | `credential_change` | one's own password, and one that is set for somebody |
//! | `disabled` | the admin pages: disabled, deleted |
//! | `replaced` | somebody else in the same browser |
//! | `theft`, `policy` | nothing brings them about yet: driven by the use case itself |
//!
//! Where there are several nodes, the end comes in at the first one's door, and each of the others
//! must refuse at its first request after the answer. What ends less than a session is told in
//! `every_partial_end`; what the command line ends, in `processes::sessions` and
//! `processes::administration`.

use std::time::Duration;

use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::reference;

use crate::support::app::Tokens;
use crate::support::{App, Browser, House, Person};

const NEW: &str = "alice chose another one";

/// Alice, in one browser, at wiki.
struct Story {
    house: House,
    alice: Person,
    wiki: App,
    browser: Browser,
    tokens: Tokens,
    name: String,
}

impl Story {
    async fn begin(settings: &[(&str, &str)]) -> Self {
        let house = House::open_with(settings).await;
        let alice = house.person("alice").await;
        let wiki = house.app("wiki").await;
        let browser = house.browser();
        let tokens = wiki.sign_in(&browser, &alice).await;
        let name = reference(house.session_of(&alice).await);
        Self {
            house,
            alice,
            wiki,
            browser,
            tokens,
            name,
        }
    }

    /// What must hold of each end: nothing of the session opens anything, wiki has been told, and
    /// the audit says why.
    async fn is_over(&self, reason: Reason) {
        let Self { house, wiki, .. } = self;
        let claims = wiki.expect_signed_out(self.tokens.sid()).await;
        assert_eq!(claims["sid"], self.tokens.sid());
        for node in (0..house.number_of_nodes()).rev() {
            house.app_at(node, wiki).assert_dead(&self.tokens).await;
        }
        let record = house.provider().record();
        let id = record.session_by_reference(&self.name).await.unwrap();
        assert!(record.session_over(id.unwrap()).await.unwrap());
        let reasons = house.endings(&self.alice).await;
        assert!(reasons.contains(&Some(reason)), "{reasons:?}");
        house
            .expect_audit("why it ended", |line| {
                let ends = ["session.end", "person.end_sessions"];
                ends.contains(&line.action.as_str())
                    && line.reason.as_deref() == Some(reason.as_str())
            })
            .await;
    }

    /// The same where the browser is left alone with its cookie.
    async fn is_over_here(&self, reason: Reason) {
        // The node that ended it last: the others must know as well.
        for node in (0..self.house.number_of_nodes()).rev() {
            let browser = self.house.at_node(node, &self.browser);
            assert!(!browser.is_signed_in().await, "the cookie is dead");
            let silent = self.wiki.silently(&browser).await;
            assert_eq!(silent.unwrap_err(), "login_required", "at node {node}");
        }
        self.is_over(reason).await;
    }

    async fn elsewhere(&self) -> Browser {
        let browser = self.house.browser();
        browser.sign_in(&self.alice).await;
        browser
    }

    /// Mona posts a form of the admin pages.
    async fn by_mona(&self, path: &str, fields: &[(&str, &str)]) {
        let mona = self.house.administrator("mona").await;
        let browser = self.house.at_node(0, &self.house.browser());
        browser.sign_in(&mona).await;
        let csrf = browser.get("/account").await.csrf();
        let mut form = vec![("csrf", csrf.as_str())];
        form.extend_from_slice(fields);
        let answer = browser.post(path, &form).await;
        assert_eq!(answer.status, 303, "{answer:?}");
    }

    async fn by_form(&self, browser: &Browser, path: &str, fields: &[(&str, &str)]) {
        let browser = self.house.at_node(0, browser);
        let csrf = browser.get("/account").await.csrf();
        let mut form = vec![("csrf", csrf.as_str())];
        form.extend_from_slice(fields);
        let answer = browser.post(path, &form).await;
        assert!(answer.status == 200 || answer.status == 303, "{answer:?}");
    }

    async fn driven(&self, reason: Reason) {
        let id = self.house.session_of(&self.alice).await;
        let one = Selection::Session(id);
        let ended = self.house.provider().end(&one, reason, &Actor::System);
        assert_eq!(ended.await.unwrap().fresh, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_out_on_the_account_page() {
    let story = Story::begin(&[]).await;
    story
        .by_form(&story.browser, "/account/sign-out", &[])
        .await;
    story.is_over_here(Reason::User).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_from_another_device() {
    let story = Story::begin(&[]).await;
    let other = story.elsewhere().await;
    let one = [("session", story.name.as_str())];
    story.by_form(&other, "/account/sessions/end", &one).await;
    story.is_over_here(Reason::User).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_with_all_others() {
    let story = Story::begin(&[]).await;
    let other = story.elsewhere().await;
    story
        .by_form(&other, "/account/sessions/end-others", &[])
        .await;
    assert!(other.is_signed_in().await);
    story.is_over_here(Reason::User).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_out_after_the_question() {
    let story = Story::begin(&[]).await;
    let browser = story.house.at_node(0, &story.browser);
    let page = browser.go("/oauth2/logout").await.page();
    browser.answer_logout(&page, "logout").await;
    story.is_over_here(Reason::User).await;
}

/// Conformance: 29.
#[tokio::test(flavor = "multi_thread")]
async fn signed_out_by_an_app() {
    let story = Story::begin(&[]).await;
    let hint = story.tokens.id_token();
    let browser = story.house.at_node(0, &story.browser);
    let url = format!("/oauth2/logout?id_token_hint={hint}");
    browser.go(&url).await;
    story.is_over_here(Reason::Client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_on_the_admin_page() {
    let story = Story::begin(&[]).await;
    let one = [("session", story.name.as_str())];
    story.by_mona("/admin/sessions/end", &one).await;
    story.is_over_here(Reason::Admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_person_ended_on_the_admin_page() {
    let story = Story::begin(&[]).await;
    let all = [("person", story.alice.id.as_str())];
    story.by_mona("/admin/sessions/end", &all).await;
    story.is_over_here(Reason::Admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_used_for_too_long() {
    let story = Story::begin(&[]).await;
    story.house.advance(Duration::from_hours(2));
    story.is_over_here(Reason::Idle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_used_for_too_long_and_nobody_looks() {
    let story = Story::begin(&[]).await;
    story.house.advance(Duration::from_hours(2));
    story.is_over(Reason::Idle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_old_as_a_session_may_become() {
    let story = Story::begin(&[("SESSION__IDLE_TIMEOUT", "12h")]).await;
    story.house.advance(Duration::from_hours(12));
    story.is_over_here(Reason::Lifetime).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sign_in_too_many() {
    let story = Story::begin(&[("SESSION__MAX_SESSIONS_PER_USER", "1")]).await;
    story.elsewhere().await;
    story.is_over_here(Reason::Limit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_password_changed_elsewhere() {
    let story = Story::begin(&[]).await;
    let other = story.elsewhere().await;
    let change = [
        ("old_password", story.alice.password.as_str()),
        ("new_password", NEW),
        ("end_others", "yes"),
    ];
    story.by_form(&other, "/account/password", &change).await;
    assert!(other.is_signed_in().await);
    story.is_over_here(Reason::CredentialChange).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_set_by_an_administrator() {
    let story = Story::begin(&[]).await;
    let path = format!("/admin/people/{}/password", story.alice.id);
    let set = [("how", "typed"), ("password", NEW)];
    story.by_mona(&path, &set).await;
    story.is_over_here(Reason::CredentialChange).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_by_an_administrator() {
    let story = Story::begin(&[]).await;
    let path = format!("/admin/people/{}/disable", story.alice.id);
    story.by_mona(&path, &[]).await;
    story.is_over_here(Reason::Disabled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_by_an_administrator() {
    let story = Story::begin(&[]).await;
    let path = format!("/admin/people/{}/delete", story.alice.id);
    story.by_mona(&path, &[("username", "alice")]).await;
    story.is_over_here(Reason::Disabled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_signs_in_with_the_same_browser() {
    let story = Story::begin(&[]).await;
    let bob = story.house.person("bob").await;
    let ask = story.wiki.ask().with("prompt", "login");
    let page = story.wiki.send(&story.browser, &ask).await.page();
    story.browser.sign_in_at(&page, &bob).await;
    story.is_over(Reason::Replaced).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_of_theft() {
    let story = Story::begin(&[]).await;
    story.driven(Reason::Theft).await;
    story.is_over_here(Reason::Theft).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_the_house() {
    let story = Story::begin(&[]).await;
    story.driven(Reason::Policy).await;
    story.is_over_here(Reason::Policy).await;
}
