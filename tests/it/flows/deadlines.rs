//! When sessions run out: two hours without activity, twelve hours whatever happens; longer where
//! the person stays signed in. What counts as activity, and what does not.

use std::time::Duration;

use lanyard::session::ending::Reason;
use serde_json::json;

use crate::support::app::Tokens;
use crate::support::tokens::just_before;
use crate::support::{App, Browser, House, Person};

const fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const INSTANT: Duration = Duration::from_millis(1);

/// A signed-in browser with a wiki, at the time of its last activity.
struct Story {
    house: House,
    wiki: App,
    alice: Person,
    browser: Browser,
    tokens: Tokens,
}

impl Story {
    async fn begin() -> Self {
        Self::begin_with(&[]).await
    }

    async fn begin_with(fields: &[(&str, &str)]) -> Self {
        let house = House::open().await;
        let wiki = house.app("wiki").await;
        let alice = house.person("alice").await;
        let browser = house.browser();
        let ask = wiki.ask();
        let tokens = wiki.sign_in_with(&browser, &alice, ask, fields).await;
        Self {
            house,
            wiki,
            alice,
            browser,
            tokens,
        }
    }

    fn advance(&self, by: Duration) {
        self.house.advance(by);
    }

    /// Everything that hangs on the session is dead, and the app has been told why in the record.
    async fn assert_over(&self, tokens: &Tokens, reason: Reason) {
        assert!(!self.browser.is_signed_in().await);
        assert_eq!(
            self.wiki.silently(&self.browser).await.unwrap_err(),
            "login_required"
        );
        self.wiki.assert_dead(tokens).await;
        self.wiki.expect_signed_out(tokens.sid()).await;
        assert_eq!(self.house.endings(&self.alice).await, [Some(reason)]);
    }

    async fn silent(&self) -> Tokens {
        self.wiki.join(&self.browser).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hours_without_activity_are_the_end() {
    let story = Story::begin().await;
    story.advance(HOUR * 2);
    story.assert_over(&story.tokens, Reason::Idle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_earlier_all_is_well() {
    let story = Story::begin().await;
    story.advance(just_before(HOUR * 2, INSTANT));
    story.wiki.refresh(story.tokens.refresh()).await;
    story.advance(just_before(HOUR * 2, INSTANT));
    let tokens = story.silent().await;
    story.advance(HOUR * 2);
    story.assert_over(&tokens, Reason::Idle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_to_look_for_the_end_to_come() {
    let story = Story::begin().await;
    story.advance(HOUR * 2);
    story.wiki.expect_signed_out(story.tokens.sid()).await;
    let endings = story.house.endings(&story.alice).await;
    assert_eq!(endings, [Some(Reason::Idle)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_hours_are_the_end_whatever_happens() {
    let story = Story::begin().await;
    let mut tokens = story.tokens.clone();
    for _ in 0..11 {
        story.advance(HOUR);
        tokens = story.wiki.refresh(tokens.refresh()).await;
        assert!(story.browser.is_signed_in().await);
    }
    story.advance(just_before(HOUR, INSTANT));
    tokens = story.wiki.refresh(tokens.refresh()).await;
    let silent = story.silent().await;
    story.advance(INSTANT);
    story.wiki.assert_dead(&silent).await;
    story.assert_over(&tokens, Reason::Lifetime).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proving_oneself_again_does_not_move_the_absolute_limit() {
    let story = Story::begin().await;
    for _ in 0..11 {
        story.advance(HOUR);
        let ask = story.wiki.ask().with("prompt", "login");
        let page = story.wiki.send(&story.browser, &ask).await.page();
        story.browser.sign_in_at_again(&page, &story.alice).await;
    }
    let tokens = story.silent().await;
    story.advance(HOUR);
    story.assert_over(&tokens, Reason::Lifetime).await;
}

impl Browser {
    /// The same form under the heading for somebody who is known.
    async fn sign_in_at_again(&self, page: &crate::support::Page, person: &Person) {
        let form = [
            ("username", person.username.as_str()),
            ("password", person.password.as_str()),
            ("action", "sign_in"),
        ];
        self.submit(page, &form).await.away();
    }
}

const REMEMBER: [(&str, &str); 1] = [("remember_me", "on")];

#[tokio::test(flavor = "multi_thread")]
async fn who_stays_signed_in_has_fourteen_days_between_visits() {
    let story = Story::begin_with(&REMEMBER).await;
    story.advance(just_before(DAY * 14, INSTANT));
    let tokens = story.silent().await;
    story.advance(DAY * 14);
    story.assert_over(&tokens, Reason::Idle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_thirty_days_in_all() {
    let story = Story::begin_with(&REMEMBER).await;
    for _ in 0..3 {
        story.advance(DAY * 9);
        story.silent().await;
    }
    story.advance(just_before(DAY * 3, INSTANT));
    let tokens = story.silent().await;
    story.advance(INSTANT);
    story.assert_over(&tokens, Reason::Lifetime).await;
}

/// What may keep a session alive. Each happens 64 minutes after the sign-in; the last activity
/// before was a refresh at 60, which also yields an access token that is still good.
#[derive(Clone, Copy, Debug)]
enum Use {
    Nothing,
    Authorize,
    RefusedAuthorize,
    Refresh,
    Userinfo,
    Introspection,
    IntrospectionOfRefresh,
    OurPage,
    SignInPage,
    LogoutQuestion,
    OfflineRefresh,
    OfflineUserinfo,
    OfflineIntrospection,
    ForeignIntrospection,
    WrongClientRefresh,
}

impl Use {
    async fn happen(self, story: &Story, tokens: &Tokens, offline: &Tokens, shop: &App) {
        let Story { wiki, browser, .. } = story;
        match self {
            Self::Nothing => {}
            Self::Authorize => drop(wiki.fresh_code(browser).await),
            Self::RefusedAuthorize => {
                let ask = wiki.ask().with("prompt", "none").with("max_age", "1");
                let answer = wiki.send(browser, &ask).await.away();
                assert_eq!(wiki.error(&answer, &ask), "login_required");
            }
            Self::Refresh => drop(wiki.refresh(tokens.refresh()).await),
            Self::Userinfo => assert_eq!(wiki.userinfo(tokens.access()).await.status, 200),
            Self::Introspection => {
                assert_eq!(wiki.introspect(tokens.access()).await["active"], true);
            }
            Self::IntrospectionOfRefresh => {
                assert_eq!(wiki.introspect(tokens.refresh()).await["active"], true);
            }
            Self::OurPage => assert!(browser.is_signed_in().await),
            Self::SignInPage => {
                let ask = wiki.ask().with("prompt", "login");
                wiki.send(browser, &ask).await.page();
            }
            Self::LogoutQuestion => {
                let page = browser.go("/oauth2/logout").await.page();
                assert_eq!(page.status, 200, "{}", page.body);
            }
            Self::OfflineRefresh => drop(wiki.refresh(offline.refresh()).await),
            Self::OfflineUserinfo => {
                assert_eq!(wiki.userinfo(offline.access()).await.status, 200);
            }
            Self::OfflineIntrospection => {
                assert_eq!(wiki.introspect(offline.refresh()).await["active"], true);
            }
            Self::ForeignIntrospection => {
                assert_eq!(shop.introspect(tokens.access()).await["active"], false);
            }
            Self::WrongClientRefresh => {
                let refused = shop.refused_refresh(tokens.refresh()).await;
                assert_eq!(refused, "invalid_grant");
            }
        }
    }
}

/// Whether the session lives at 182 minutes, two hours after the refresh at 60, when something
/// happened at 64.
async fn lives_on_after(used: Use) -> bool {
    let story = Story::begin().await;
    let shop = story.house.app("shop").await;
    let ask = story.wiki.ask().with("scope", "openid offline_access");
    let offline = story.wiki.granted(&story.browser, ask).await;
    story.advance(minutes(60));
    let offline = story.wiki.refresh(offline.refresh()).await;
    let tokens = story.wiki.refresh(story.tokens.refresh()).await;
    story.advance(minutes(4));
    used.happen(&story, &tokens, &offline, &shop).await;
    story.advance(minutes(118));
    let lives = story.browser.is_signed_in().await;
    assert_eq!(story.wiki.silently(&story.browser).await.is_ok(), lives);
    lives
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_activity_of_the_session_does_not_keep_it() {
    for used in [
        Use::Nothing,
        Use::OfflineRefresh,
        Use::OfflineUserinfo,
        Use::OfflineIntrospection,
        Use::ForeignIntrospection,
        Use::WrongClientRefresh,
    ] {
        assert!(!lives_on_after(used).await, "{used:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_activity_keeps_it() {
    for used in [
        Use::Authorize,
        Use::RefusedAuthorize,
        Use::Refresh,
        Use::Userinfo,
        Use::Introspection,
        Use::IntrospectionOfRefresh,
        Use::OurPage,
        Use::SignInPage,
        Use::LogoutQuestion,
    ] {
        assert!(lives_on_after(used).await, "{used:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redeeming_a_code_keeps_it() {
    for redeemed in [false, true] {
        let story = Story::begin().await;
        // Activity is written once a minute: the authorization at 50 s is not, the redemption is.
        story.advance(Duration::from_secs(50));
        let (code, ask) = story.wiki.fresh_code(&story.browser).await;
        story.advance(Duration::from_secs(50));
        if redeemed {
            story.wiki.redeem(&code, &ask).await;
        }
        story.advance(just_before(HOUR * 2, Duration::from_mins(1)));
        assert_eq!(story.browser.is_signed_in().await, redeemed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_cookie_of_another_session_keeps_nobody_alive() {
    let story = Story::begin().await;
    story.advance(HOUR);
    let stranger = story.house.browser();
    for name in story.browser.cookie_names() {
        let value = story.browser.cookie(&name).unwrap();
        stranger.plant_cookie(&name, &format!("{value}A"));
    }
    assert!(!stranger.is_signed_in().await);
    story.advance(HOUR);
    story.assert_over(&story.tokens, Reason::Idle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn activity_is_known_after_a_restart_and_so_are_the_limits() {
    let mut story = Story::begin().await;
    story.advance(minutes(110));
    story.silent().await;
    story.house.reopen().await;
    story.advance(minutes(110));
    let tokens = story.silent().await;
    story.house.reopen().await;
    // The record may be late by one flush period, a sixth of the idle timeout, and no more.
    story.advance(minutes(141));
    story.assert_over(&tokens, Reason::Idle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_decides() {
    let settings = [
        ("SESSION__IDLE_TIMEOUT", "10m"),
        ("SESSION__LIFETIME", "25m"),
    ];
    let house = House::open_with(&settings).await;
    let wiki = house.app_with("wiki", json!({})).await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    wiki.sign_in(&browser, &alice).await;
    for _ in 0..2 {
        house.advance(minutes(9));
        wiki.join(&browser).await;
    }
    house.advance(minutes(7));
    assert!(!browser.is_signed_in().await);
    assert_eq!(house.endings(&alice).await, [Some(Reason::Lifetime)]);
    browser.sign_in(&alice).await;
    house.advance(minutes(10));
    assert!(!browser.is_signed_in().await);
    let endings = house.endings(&alice).await;
    assert_eq!(endings, [Some(Reason::Idle), Some(Reason::Lifetime)]);
}
