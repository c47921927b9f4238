//! `offline_access` (Core 1.0, 11): a grant that outlives the session it was given in, until
//! somebody takes it back or it runs out.

use std::time::Duration;

use lanyard::session::ending::{Actor, Reason, Selection};
use serde_json::{Value, json};

use crate::support::app::{Ask, Tokens};
use crate::support::tokens::just_before;
use crate::support::{App, Browser, House, Person};

const DAY: Duration = Duration::from_hours(24);

fn ask(app: &App) -> Ask {
    app.ask().with("scope", "openid profile offline_access")
}

/// A third-party app that alice lets stay connected, her browser, and what the app then holds.
async fn connected(house: &House) -> (App, Person, Browser, Tokens) {
    let app = house
        .app_with("sync", json!({ "first_party": false }))
        .await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    let tokens = app.sign_in_with(&browser, &alice, ask(&app), &[]).await;
    assert_eq!(tokens.scope(), "openid profile offline_access");
    (app, alice, browser, tokens)
}

async fn sign_out(browser: &Browser, tokens: &Tokens) {
    let url = format!("/oauth2/logout?id_token_hint={}", tokens.id_token());
    browser.go(&url).await.page();
    assert!(!browser.is_signed_in().await);
}

/// Conformance: 21.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_yes_there_is_none() {
    let house = House::open().await;
    let app = house
        .app_with("sync", json!({ "first_party": false }))
        .await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    assert_eq!(
        app.silently(&browser).await.unwrap_err(),
        "consent_required"
    );

    let request = ask(&app);
    let page = app.send(&browser, &request).await.page();
    assert!(page.shows("Stay connected while you are away"));
    let answer = browser.submit(&page, &[("action", "deny")]).await.away();
    assert_eq!(app.error(&answer, &request), "access_denied");

    // A yes to less is not a yes to this.
    app.granted(&browser, app.ask()).await;
    let silent = ask(&app).with("prompt", "none");
    let answer = app.send(&browser, &silent).await.away();
    assert_eq!(app.error(&answer, &silent), "consent_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_outlives_a_logout_which_its_app_is_told_of() {
    let house = House::open().await;
    let (app, alice, browser, tokens) = connected(&house).await;
    let session_bound = app.granted(&browser, app.ask()).await;
    let shop = house.app("shop").await;
    shop.join(&browser).await;
    sign_out(&browser, &tokens).await;

    assert_eq!(
        shop.refused_refresh(tokens.refresh()).await,
        "invalid_grant"
    );
    shop.revoke(tokens.refresh()).await;
    app.expect_signed_out(tokens.sid()).await;
    app.assert_dead(&session_bound).await;
    app.assert_alive(&tokens).await;
    assert_eq!(app.introspect(tokens.access()).await["sid"], Value::Null);
    let next = app.refresh(tokens.refresh()).await;
    for claim in ["sub", "sid", "auth_time"] {
        assert_eq!(next.claims[claim], tokens.claims[claim], "{claim}");
    }
    app.assert_alive(&next).await;

    // Reuse ends it all the same.
    house.advance(Duration::from_secs(10));
    assert_eq!(app.refused_refresh(tokens.refresh()).await, "invalid_grant");
    app.assert_dead(&next).await;
    assert_eq!(house.endings(&alice).await, [Some(Reason::Client)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_party_app_needs_no_question_and_public_ones_may_have_it() {
    let house = House::open().await;
    let app = house.public_app("desk").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let silent = ask(&app).with("prompt", "none");
    let tokens = app.granted(&browser, silent).await;
    sign_out(&browser, &tokens).await;
    let next = app.refresh(tokens.refresh()).await;
    assert_eq!(app.userinfo(next.access()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_client_ends_it_by_revocation() {
    let mut house = House::open().await;
    let (app, _, browser, tokens) = connected(&house).await;
    let other = app.granted(&browser, ask(&app)).await;
    sign_out(&browser, &tokens).await;
    assert_eq!(app.revoke(tokens.refresh()).await.status, 200);
    app.assert_dead(&tokens).await;
    app.assert_alive(&other).await;
    house.reopen().await;
    app.assert_dead(&tokens).await;
    app.refresh(other.refresh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawing_consent_ends_it_and_the_app_must_ask_again() {
    let mut house = House::open().await;
    let (app, alice, browser, tokens) = connected(&house).await;
    sign_out(&browser, &tokens).await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let page = browser.get("/account/apps").await;
    assert!(page.shows("sync"), "listed though signed out there");
    let form = [("csrf", page.csrf()), ("client", "sync".to_owned())];
    let form: Vec<_> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let done = browser.post("/account/apps/withdraw", &form).await;
    assert_eq!(done.status, 303, "{}", done.body);

    app.assert_dead(&tokens).await;
    assert_eq!(
        app.silently(&browser).await.unwrap_err(),
        "consent_required"
    );
    assert!(!browser.get("/account/apps").await.shows("sync"));
    house.reopen().await;
    app.assert_dead(&tokens).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_ends_it() {
    let house = House::open().await;
    let (app, alice, browser, tokens) = connected(&house).await;
    // For this app alone.
    house.revoke(&alice, &app).await;
    app.assert_dead(&tokens).await;
    assert!(browser.is_signed_in().await);

    // With the session: an administrator's end is a revocation.
    let tokens = app.granted(&browser, ask(&app)).await;
    house.end(house.session_of(&alice).await).await;
    app.assert_dead(&tokens).await;

    // With everything that the person has, also what no session is left of.
    let browser = house.browser();
    let tokens = app.sign_in_with(&browser, &alice, ask(&app), &[]).await;
    sign_out(&browser, &tokens).await;
    app.assert_alive(&tokens).await;
    let selection = Selection::Person {
        user: alice.id.clone(),
        except: None,
    };
    house
        .provider()
        .end(&selection, Reason::Admin, &Actor::CommandLine)
        .await
        .unwrap();
    app.assert_dead(&tokens).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_person_or_client_has_none() {
    let house = House::open().await;
    let (app, alice, browser, tokens) = connected(&house).await;
    sign_out(&browser, &tokens).await;
    house.enable(&alice, false).await;
    House::until("the person is known to be disabled", || async {
        app.userinfo(tokens.access()).await.status == 401
    })
    .await;
    app.assert_dead(&tokens).await;
    // What ended with the person does not come back with them.
    house.enable(&alice, true).await;
    let anew = app
        .sign_in_with(&house.browser(), &alice, ask(&app), &[])
        .await;
    app.assert_dead(&tokens).await;
    let tokens = anew;
    house.change(&app, |client| client.enabled = false).await;
    assert_eq!(app.userinfo(tokens.access()).await.status, 401);
    assert_eq!(
        app.refused_refresh(tokens.refresh()).await,
        "invalid_client"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_may_no_longer_ask_for_it_no_longer_has_it() {
    let house = House::open().await;
    let (app, _, browser, tokens) = connected(&house).await;
    sign_out(&browser, &tokens).await;
    house
        .change(&app, |client| {
            client.scope = Some("openid profile".to_owned());
        })
        .await;
    assert_eq!(app.refused_refresh(tokens.refresh()).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_runs_out_when_nobody_uses_it_and_some_day_whatever_happens() {
    let house = House::open().await;
    let (app, _, browser, tokens) = connected(&house).await;
    let idle = app.granted(&browser, ask(&app)).await;
    let mut used = tokens;
    for _ in 0..4 {
        house.advance(DAY * 20);
        used = app.refresh(used.refresh()).await;
    }
    assert_eq!(app.refused_refresh(idle.refresh()).await, "invalid_grant");
    house.advance(just_before(DAY * 10, Duration::from_secs(1)));
    used = app.refresh(used.refresh()).await;
    house.advance(Duration::from_secs(1));
    app.assert_dead(&used).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_days_unused_is_the_limit_to_the_millisecond() {
    let house = House::open().await;
    let (app, _, _, tokens) = connected(&house).await;
    house.advance(just_before(DAY * 30, Duration::from_millis(1)));
    let next = app.refresh(tokens.refresh()).await;
    house.advance(DAY * 30);
    assert_eq!(app.refused_refresh(next.refresh()).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_survives_a_restart_once_and_rotates_on() {
    let mut house = House::open().await;
    let (app, _, browser, tokens) = connected(&house).await;
    let next = app.refresh(tokens.refresh()).await;
    sign_out(&browser, &tokens).await;
    house.advance(Duration::from_mins(1));
    house.reopen().await;
    app.assert_alive(&next).await;
    let after = app.refresh(next.refresh()).await;
    house.reopen().await;
    let last = app.refresh(after.refresh()).await;
    // A restart forgives no reuse: not of the last token, not of one from before.
    house.advance(Duration::from_secs(10));
    assert_eq!(app.refused_refresh(tokens.refresh()).await, "invalid_grant");
    app.assert_dead(&last).await;
}
