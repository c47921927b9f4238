//! People see where they are signed in, end it from anywhere, and take back what they allowed.

use std::time::Duration;

use lanyard::entropy::{Secret, SessionId};
use lanyard::store::record::reference;
use serde_json::{Value, json};

use crate::support::app::Tokens;
use crate::support::{App, Browser, House, Page, Person};

/// Alice at her desk and on her phone, and bob; all at wiki.
struct Story {
    house: House,
    alice: Person,
    wiki: App,
    desk: Browser,
    at_desk: SessionId,
    desk_tokens: Tokens,
    phone: Browser,
    on_phone: SessionId,
    phone_tokens: Tokens,
    bob: Browser,
    of_bob: SessionId,
}

async fn story() -> Story {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let wiki = house.app("wiki").await;
    let (desk, phone) = (house.browser(), house.browser_at("127.0.7.7"));
    let of_bob = house.browser();
    desk.sign_in(&alice).await;
    let at_desk = house.session_of(&alice).await;
    phone.sign_in(&alice).await;
    let both = house.sessions_of(&alice).await;
    let on_phone = *both.iter().find(|id| **id != at_desk).unwrap();
    of_bob.sign_in(&bob).await;
    Story {
        desk_tokens: wiki.join(&desk).await,
        phone_tokens: wiki.join(&phone).await,
        of_bob: house.session_of(&bob).await,
        house,
        alice,
        wiki,
        desk,
        at_desk,
        phone,
        on_phone,
        bob: of_bob,
    }
}

async fn account(browser: &Browser) -> Page {
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    page
}

async fn end(browser: &Browser, csrf: &str, session: &str) -> Page {
    let form = [("csrf", csrf), ("session", session), ("action", "end")];
    browser.post("/account/sessions/end", &form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_form_of_ones_own_page_does_anything() {
    let story = story().await;
    let mine = account(&story.desk).await.csrf();
    let bobs = account(&story.bob).await.csrf();
    let phone = reference(story.on_phone);
    for path in [
        "/account/sessions/end",
        "/account/sessions/end-others",
        "/account/apps/withdraw",
        "/account/sign-out",
    ] {
        for csrf in ["", "nonsense", bobs.as_str()] {
            let form = [("csrf", csrf), ("session", &phone), ("client", "wiki")];
            let answer = story.desk.post(path, &form).await;
            assert_eq!(answer.status, 403, "{path} {csrf}");
        }
        let form = [("csrf", mine.as_str()), ("session", &phone)];
        let foreign = [("origin", "https://evil.example")];
        let answer = story.desk.post_with(path, &form, &foreign).await;
        assert_eq!(answer.status, 403, "{path}");
        // Without a session a form leads to the sign-in page, whatever it says.
        let answer = story.house.browser().post(path, &form).await;
        assert_eq!(answer.status, 303, "{path}");
        assert_eq!(answer.location().unwrap().path(), "/login", "{path}");
    }
    for browser in [&story.desk, &story.phone, &story.bob] {
        assert!(browser.is_signed_in().await);
    }
    let access = story.phone_tokens.access();
    assert_eq!(story.wiki.userinfo(access).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_a_session_of_somebody_elses() {
    let story = story().await;
    let csrf = account(&story.desk).await.csrf();
    let internal = story.on_phone.encode();
    let of_bob = reference(story.of_bob);
    for session in ["", "AAAA", "%", internal.as_str(), of_bob.as_str()] {
        let answer = end(&story.desk, &csrf, session).await;
        assert_eq!(answer.status, 404, "{session}");
    }
    assert!(story.bob.is_signed_in().await);
    assert!(story.phone.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_their_devices_this_one_first() {
    let story = story().await;
    let shop = story.house.app("shop").await;
    shop.join(&story.phone).await;
    story.house.advance(Duration::from_mins(3));
    // The phone was used last, and is still not first at the desk.
    account(&story.phone).await;
    let page = account(&story.desk).await;
    assert!(page.shows("Signed in on 2 devices"));
    let (head, rest) = page.body.split_once("This device").unwrap();
    assert_eq!(page.body.matches("This device").count(), 1);
    assert!(!head.contains("127.0."), "{head}");
    let (here, there) = rest.split_once("<h3>").unwrap();
    assert!(here.contains("127.0.0.0/24") && here.contains("wiki") && !here.contains("shop"));
    assert!(there.contains("127.0.7.0/24") && there.contains("wiki") && there.contains("shop"));
    assert!(there.contains("Firefox on Linux"));
    assert!(!page.body.contains("127.0.7.7"), "only a coarse place");
    for id in [story.at_desk, story.on_phone, story.of_bob] {
        assert!(!page.body.contains(&id.encode()), "an internal id");
    }
    assert!(!page.body.contains(&reference(story.of_bob)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_ends_one_session_from_another_device() {
    let story = story().await;
    let csrf = account(&story.desk).await.csrf();
    let answer = end(&story.desk, &csrf, &reference(story.on_phone)).await;
    assert_eq!(answer.status, 303);
    // Dead at once, without any worker's help.
    let wiki = &story.wiki;
    assert_eq!(wiki.userinfo(story.phone_tokens.access()).await.status, 401);
    assert_eq!(
        wiki.silently(&story.phone).await.unwrap_err(),
        "login_required"
    );
    let page = story.phone.go("/account").await.page();
    assert_eq!(page.heading(), "Sign in to Lanyard");
    assert!(page.shows("You ended this session"));
    assert!(page.shows(&reference(story.on_phone)));
    let claims = wiki.expect_signed_out(story.phone_tokens.sid()).await;
    assert_eq!(claims["sub"], Value::Null);

    let page = story.desk.follow(answer).await.page();
    assert!(page.shows("The session has ended") && page.shows("Signed in on 1 device"));
    let receipts = page.url.as_str();
    House::until("the receipt shows", || async {
        story.desk.get(receipts).await.shows("Signed out</span>")
    })
    .await;
    // Of somebody else's session nothing is shown, whoever asks by its name.
    let page = story.bob.get(page.url.as_str()).await;
    assert!(!page.shows("Who has been told"), "{}", page.body);
    let of_bob = format!("/account?ended=1&s={}", reference(story.of_bob));
    assert!(!story.desk.get(&of_bob).await.shows("Who has been told"));
    assert!(story.desk.is_signed_in().await);
    let access = story.desk_tokens.access();
    assert_eq!(wiki.userinfo(access).await.status, 200);
    assert_eq!(wiki.logout_tokens().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_ends_all_sessions_but_this_one() {
    let story = story().await;
    let tablet = story.house.browser();
    tablet.sign_in(&story.alice).await;
    let on_tablet = story.wiki.join(&tablet).await;
    let csrf = account(&story.desk).await.csrf();
    let answer = story
        .desk
        .post("/account/sessions/end-others", &[("csrf", &csrf)])
        .await;
    for browser in [&story.phone, &tablet] {
        assert!(!browser.is_signed_in().await);
    }
    assert!(story.desk.is_signed_in().await);
    assert!(story.bob.is_signed_in().await);
    for tokens in [&story.phone_tokens, &on_tablet] {
        let claims = story.wiki.expect_signed_out(tokens.sid()).await;
        assert_eq!(claims["sub"], Value::Null, "that would end this one too");
        assert_eq!(story.wiki.userinfo(tokens.access()).await.status, 401);
    }
    let page = story.desk.follow(answer).await.page();
    assert!(page.shows("The sessions have ended") && page.shows("Who has been told"));
    assert_eq!(page.body.matches("<strong class=\"grow\">wiki").count(), 2);
    assert!(!page.shows("End all others"));
    let again = story
        .desk
        .post("/account/sessions/end-others", &[("csrf", &csrf)])
        .await;
    assert!(story.desk.is_signed_in().await);
    let page = story.desk.follow(again).await.page();
    assert!(page.shows("Nothing to end"), "{}", page.body);
    assert_eq!(story.wiki.logout_tokens().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_out_here() {
    let story = story().await;
    let csrf = account(&story.desk).await.csrf();
    let answer = story
        .desk
        .post("/account/sign-out", &[("csrf", &csrf)])
        .await;
    let page = story.desk.follow(answer).await.page();
    assert_eq!(page.heading(), "You are signed out");
    assert_eq!(story.desk.cookie("lanyard"), None);
    assert!(!story.desk.is_signed_in().await);
    assert!(story.phone.is_signed_in().await);
    story.wiki.expect_signed_out(story.desk_tokens.sid()).await;
}

/// Allows a third-party app what it asks for.
async fn allow(browser: &Browser, app: &App, scope: &str) -> Tokens {
    let ask = app.ask().with("scope", scope).with("prompt", "consent");
    let page = app.send(browser, &ask).await.page();
    let answer = browser.submit(&page, &[("action", "allow")]).await.away();
    app.redeem(&app.code(&answer, &ask), &ask).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_back_what_they_allowed() {
    let story = story().await;
    let mail = story
        .house
        .app_with("mail", json!({ "first_party": false }))
        .await;
    let page = story.desk.get("/account/apps").await;
    assert!(page.shows("No app holds your permission"));
    let at_desk = allow(&story.desk, &mail, "openid profile email offline_access").await;
    let on_phone = allow(&story.phone, &mail, "openid profile").await;
    let of_bob = allow(&story.bob, &mail, "openid profile email").await;
    mail.silently(&story.desk).await.unwrap();

    let page = story.desk.get("/account/apps").await;
    assert!(page.shows("mail") && page.shows("While you are away"));
    assert!(
        !page.shows("<h3>wiki"),
        "nobody was asked for a first-party app"
    );
    let csrf = page.csrf();
    let answer = story
        .desk
        .post(
            "/account/apps/withdraw",
            &[("csrf", &csrf), ("client", "mail")],
        )
        .await;
    let page = story.desk.follow(answer).await.page();
    assert!(page.shows("The app is disconnected") && page.shows("No app holds your permission"));

    for tokens in [&at_desk, &on_phone] {
        assert_eq!(mail.userinfo(tokens.access()).await.status, 401);
        let refreshed = mail.try_refresh(tokens.refresh()).await;
        assert_eq!(refreshed.json()["error"], "invalid_grant");
        mail.expect_signed_out(tokens.sid()).await;
    }
    for browser in [&story.desk, &story.phone] {
        assert!(browser.is_signed_in().await, "the session goes on");
        let refused = mail.silently(browser).await.unwrap_err();
        assert_eq!(refused, "consent_required", "it has to ask again");
    }
    // Nobody else's, and no other app.
    assert_eq!(mail.userinfo(of_bob.access()).await.status, 200);
    mail.silently(&story.bob).await.unwrap();
    let access = story.desk_tokens.access();
    assert_eq!(story.wiki.userinfo(access).await.status, 200);
    assert!(story.wiki.logout_tokens().is_empty());
    // Allowed again, it is a new part of the session.
    let again = allow(&story.desk, &mail, "openid").await;
    assert_ne!(again.sid(), at_desk.sid());
    assert_eq!(mail.userinfo(again.access()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offline_grant_outlives_a_sign_out_and_not_its_withdrawal() {
    let story = story().await;
    let mail = story
        .house
        .app_with("mail", json!({ "first_party": false }))
        .await;
    let tokens = allow(&story.desk, &mail, "openid offline_access").await;
    story.house.end_by_person(story.at_desk, &story.alice).await;
    let tokens = mail.refresh(tokens.refresh()).await;
    let csrf = story.phone.get("/account/apps").await.csrf();
    let form = [("csrf", csrf.as_str()), ("client", "mail")];
    story.phone.post("/account/apps/withdraw", &form).await;
    let refreshed = mail.try_refresh(tokens.refresh()).await;
    assert_eq!(refreshed.json()["error"], "invalid_grant");
    assert_eq!(mail.userinfo(tokens.access()).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_reads_why_they_must_sign_in_again() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    // A lifetime that is over is read in the same way; its story is with the deadlines.
    let idle = "You didn’t use your session for a while, so it ended today at 10:00 UTC";
    let admin = "An administrator ended your session today at 08:00 UTC";
    for (why, text) in [("admin", admin), ("idle", idle)] {
        let house = House::open().await;
        let alice = house.person("alice").await;
        let browser = house.browser();
        browser.sign_in(&alice).await;
        let session = house.session_of(&alice).await;
        match why {
            "admin" => house.end(session).await,
            _ => house.advance(Duration::from_hours(2)),
        }
        let page = browser.go("/account").await.page();
        assert!(page.shows("Why you are asked again"), "{why}");
        let plain = page.body.replace("</time>", "");
        let plain: Vec<_> = plain.split("<time datetime=\"").collect();
        let told = plain[0].to_owned() + plain[1].split_once('>').unwrap().1;
        assert!(told.contains(text), "{why}: {told}");
        assert!(page.shows(&reference(session)), "{why}");
    }
    // Only who held the session is told of it.
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let session = house.session_of(&alice).await;
    house.end(session).await;
    let stranger = house.browser();
    let guess = Secret::from_bytes([7; 32]);
    stranger.plant_cookie("lanyard", &house.forged_cookie(session, &guess));
    let page = stranger.go("/account").await.page();
    assert!(!page.shows("Why you are asked again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_sign_in_leads_to_the_account() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    for path in ["/", "/account", "/account/apps"] {
        let page = browser.go(path).await.page();
        assert_eq!(page.heading(), "Sign in to Lanyard", "{path}");
        assert!(!page.shows("Cancel"), "there is nowhere to go back to");
    }
    let page = browser.go("/account").await.page();
    let page = browser.sign_in_at(&page, &alice).await.page();
    assert_eq!(page.url.path(), "/account");
    assert_eq!(page.heading(), "Your account");
    // No app is told of a session that no app was in.
    let session = house.session_of(&alice).await;
    house.end(session).await;
    assert!(house.notices_of(session).await.is_empty());
}
