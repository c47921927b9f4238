//! Every way in which less than a session ends, from the door where it begins to the app that
//! hears of it. The session goes on in each of them, and other apps with it.
//!
//! | reason | what ends | door |
//! |---|---|---|
//! | `reuse` | a grant | a refresh token, or a code, for the second time |
//! | `client` | a grant | the app revokes its refresh token (RFC 7009) |
//! | `user` | an app's parts, grants and consent | withdrawn on the account page |
//! | `disabled` | an app's parts and grants | the admin pages |
//!
//! Where there are several nodes, the end comes in at the first one's door, and each of the others
//! must refuse at its first request after the answer.

use std::time::Duration;

use lanyard::session::ending::Reason;
use serde_json::json;

use crate::support::app::Tokens;
use crate::support::tokens::refusal;
use crate::support::{App, Browser, House, Person};

/// Alice, in one browser, at mail, which needs her consent, and at shop.
struct Story {
    house: House,
    alice: Person,
    mail: App,
    shop: App,
    browser: Browser,
    at_mail: Tokens,
    at_shop: Tokens,
}

impl Story {
    async fn begin() -> Self {
        let house = House::open().await;
        let alice = house.person("alice").await;
        let third_party = json!({ "first_party": false });
        let (mail, shop) = (
            house.app_with("mail", third_party).await,
            house.app("shop").await,
        );
        let browser = house.browser();
        browser.sign_in(&alice).await;
        Self {
            at_mail: mail.granted(&browser, mail.ask()).await,
            at_shop: shop.join(&browser).await,
            house,
            alice,
            mail,
            shop,
            browser,
        }
    }

    fn nodes(&self) -> impl Iterator<Item = usize> {
        // The node that ended it last: the others must know as well.
        (0..self.house.number_of_nodes()).rev()
    }

    /// What must hold of the end of a grant: nothing of it opens anything, nobody is told, and the
    /// audit says why.
    async fn grant_is_over(&self, tokens: &Tokens, reason: Reason) {
        for node in self.nodes() {
            self.house
                .app_at(node, &self.mail)
                .assert_dead(tokens)
                .await;
        }
        self.goes_on().await;
        self.mail.silently(&self.browser).await.unwrap();
        assert!(self.mail.logout_tokens().is_empty(), "nobody is signed out");
        self.audited("grant.end", reason).await;
    }

    /// The session lives, and shop with it.
    async fn goes_on(&self) {
        for node in self.nodes() {
            let browser = self.house.at_node(node, &self.browser);
            assert!(browser.is_signed_in().await, "at node {node}");
            let shop = self.house.app_at(node, &self.shop);
            shop.assert_alive(&self.at_shop).await;
        }
        assert!(self.shop.logout_tokens().is_empty());
        assert_eq!(self.house.endings(&self.alice).await, [None]);
    }

    async fn audited(&self, action: &str, reason: Reason) {
        self.house
            .expect_audit("why it ended", |line| {
                line.action == action && line.reason.as_deref() == Some(reason.as_str())
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_used_twice() {
    let story = Story::begin().await;
    let first = &story.at_mail;
    let second = story.mail.refresh(first.refresh()).await;
    story.house.advance(Duration::from_secs(10));
    let mail = story.house.app_at(0, &story.mail);
    assert_eq!(mail.refused_refresh(first.refresh()).await, "invalid_grant");
    story.grant_is_over(&second, Reason::Reuse).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_used_twice() {
    let story = Story::begin().await;
    let (code, ask) = story.mail.fresh_code(&story.browser).await;
    let tokens = story.mail.redeem(&code, &ask).await;
    let mail = story.house.app_at(0, &story.mail);
    let again = mail.try_redeem(&code, &ask).await;
    assert_eq!(refusal(&again), "invalid_grant");
    story.grant_is_over(&tokens, Reason::Reuse).await;
    story.mail.assert_alive(&story.at_mail).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_revoked_by_its_app() {
    let story = Story::begin().await;
    let mail = story.house.app_at(0, &story.mail);
    let revoked = mail.revoke(story.at_mail.refresh()).await;
    assert_eq!(revoked.status, 200);
    story.grant_is_over(&story.at_mail, Reason::Client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_withdrawn_on_the_account_page() {
    let story = Story::begin().await;
    let ask = story.mail.ask().with("scope", "openid offline_access");
    let ask = ask.with("prompt", "consent");
    let offline = story.mail.granted(&story.browser, ask).await;
    let browser = story.house.at_node(0, &story.browser);
    let csrf = browser.get("/account/apps").await.csrf();
    let form = [("csrf", csrf.as_str()), ("client", "mail")];
    let answer = browser.post("/account/apps/withdraw", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    for node in story.nodes() {
        let mail = story.house.app_at(node, &story.mail);
        mail.assert_dead(&story.at_mail).await;
        mail.assert_dead(&offline).await;
        let browser = story.house.at_node(node, &story.browser);
        let silent = mail.silently(&browser).await;
        assert_eq!(silent.unwrap_err(), "consent_required", "at node {node}");
    }
    story.goes_on().await;
    story.mail.expect_signed_out(story.at_mail.sid()).await;
    story.audited("person.end_client", Reason::User).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_disabled_by_an_administrator() {
    let story = Story::begin().await;
    let mona = story.house.administrator("mona").await;
    let browser = story.house.at_node(0, &story.house.browser());
    browser.sign_in(&mona).await;
    let page = browser.get("/admin/apps/mail/disabling").await;
    assert_eq!(page.heading(), "Disable the app mail?");
    let (csrf, version) = (page.csrf(), page.hidden("version").unwrap_or_default());
    let form = [("csrf", csrf.as_str()), ("version", version.as_str())];
    let answer = browser.post(page.form_action().as_str(), &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    for node in story.nodes() {
        let mail = story.house.app_at(node, &story.mail);
        let access = mail.userinfo(story.at_mail.access()).await;
        assert_eq!(access.status, 401, "at node {node}");
    }
    // That it may ask for nothing more is read in the log of changes.
    story.house.settled().await;
    for node in story.nodes() {
        let mail = story.house.app_at(node, &story.mail);
        let refused = mail.refused_refresh(story.at_mail.refresh()).await;
        assert_eq!(refused, "invalid_client");
        let browser = story.house.at_node(node, &story.browser);
        assert_eq!(browser.get(&mail.ask().url()).await.status, 400);
    }
    story.goes_on().await;
    story.mail.expect_signed_out(story.at_mail.sid()).await;
    story.audited("client.end_parts", Reason::Disabled).await;
}
