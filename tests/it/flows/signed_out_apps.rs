//! One app is signed out of a session that goes on, by its person, an administrator or itself: it
//! does not come back by itself, but asks.

use std::time::Duration;

use lanyard::entropy::SessionId;
use lanyard::store::record::reference;
use serde_json::{Value, json};

use crate::support::app::{Tokens, value};
use crate::support::{App, Browser, House, Page, Person};

/// Alice, signed in at wiki, a first-party app, and at shop.
struct Story {
    house: House,
    alice: Person,
    session: SessionId,
    wiki: App,
    in_wiki: Tokens,
    shop: App,
    in_shop: Tokens,
    browser: Browser,
}

async fn story() -> Story {
    story_in(House::open().await).await
}

async fn story_in(house: House) -> Story {
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    browser.sign_in(&alice).await;
    Story {
        session: house.session_of(&alice).await,
        in_wiki: wiki.join(&browser).await,
        in_shop: shop.join(&browser).await,
        house,
        alice,
        wiki,
        shop,
        browser,
    }
}

async fn mona(house: &House) -> (Browser, String) {
    let mona = house.administrator("mona").await;
    let browser = house.browser();
    browser.sign_in(&mona).await;
    let csrf = browser.get("/account").await.csrf();
    (browser, csrf)
}

impl Story {
    async fn end_app(&self, browser: &Browser, session: &str, client: &str) -> Page {
        let csrf = browser.get("/account").await.csrf();
        let form = [
            ("csrf", csrf.as_str()),
            ("session", session),
            ("client", client),
            ("action", "end_app"),
        ];
        browser.post("/account/sessions/end-app", &form).await
    }

    /// Alice presses the button of her account page.
    async fn by_alice(&self) {
        let session = reference(self.session);
        let answer = self.end_app(&self.browser, &session, "wiki").await;
        assert_eq!(answer.status, 303, "{answer:?}");
    }

    /// Only wiki is out, and has been told.
    async fn wiki_is_out(&self) {
        self.wiki.assert_dead(&self.in_wiki).await;
        let claims = self.wiki.expect_signed_out(self.in_wiki.sid()).await;
        assert_eq!(claims["sub"], Value::Null);
        assert!(self.browser.is_signed_in().await);
        self.shop.assert_alive(&self.in_shop).await;
        assert!(self.shop.logout_tokens().is_empty());
    }

    async fn asked(&self) -> Page {
        let page = self.wiki.send(&self.browser, &self.wiki.ask()).await;
        let page = page.page();
        assert_eq!(page.heading(), "Continue to wiki?");
        page
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_somebody_else_out_of_an_app() {
    let story = story().await;
    let bob = story.house.person("bob").await;
    let of_bob = story.house.browser();
    story.shop.sign_in(&of_bob, &bob).await;
    let bobs = reference(story.house.session_of(&bob).await);
    let own = reference(story.session);
    for (session, client) in [
        (bobs.as_str(), "shop"),
        (own.as_str(), "unheard-of"),
        (&own, ""),
        ("", "wiki"),
        ("AAAA-AAAA-AAAA", "wiki"),
    ] {
        let answer = story.end_app(&story.browser, session, client).await;
        assert_eq!(answer.status, 404, "{session} {client}");
    }
    let csrf = of_bob.get("/account").await.csrf();
    for csrf in ["", "nonsense", &csrf] {
        let form = [("csrf", csrf), ("session", &own), ("client", "wiki")];
        let answer = story.browser.post("/account/sessions/end-app", &form).await;
        assert_eq!(answer.status, 403, "{csrf}");
    }
    let stranger = story.house.browser();
    let answer = stranger.post("/account/sessions/end-app", &[]).await;
    assert_eq!(answer.location().unwrap().path(), "/login");
    story.wiki.assert_alive(&story.in_wiki).await;
    // What was refused leaves no mark.
    story.wiki.join(&story.browser).await;
    story.shop.join(&of_bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_out_of_one_app_and_sees_who_was_told() {
    let story = story().await;
    let page = story.browser.get("/account").await;
    assert!(page.shows("Sign out of wiki<span class=\"hidden\"> on Firefox on Linux"));
    let session = reference(story.session);
    let answer = story.end_app(&story.browser, &session, "wiki").await;
    let page = story.browser.follow(answer).await.page();
    assert!(page.shows("The app is signed out of that session"));
    assert!(!page.shows("Sign out of wiki"), "the app is out");
    let receipts = "/oauth2/logout/done";
    assert!(page.body.contains(receipts));
    House::until("the receipt shows", || async {
        let page = story.browser.get(receipts).await;
        assert_eq!(page.heading(), "You are signed out of wiki");
        page.shows("Signed out</span>")
    })
    .await;
    story.wiki_is_out().await;
    let line = story
        .house
        .expect_audit("who did it", |line| line.action == "session.end_client")
        .await;
    assert_eq!(line.reason.as_deref(), Some("user"));
    assert_eq!(line.actor, format!("person:{}", story.alice.id));
    // Twice is as good as once.
    story.by_alice().await;
    assert_eq!(story.wiki.logout_tokens().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_on_another_device_is_signed_out_there() {
    let story = story().await;
    let phone = story.house.browser();
    phone.sign_in(&story.alice).await;
    let session = reference(story.session);
    let answer = story.end_app(&phone, &session, "wiki").await;
    let page = phone.follow(answer).await.page();
    assert!(page.shows("The app is signed out of that session"));
    story.wiki_is_out().await;
    story.asked().await;
    // The phone's own session knows nothing of it.
    story.wiki.join(&phone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_this_browser_is_told_by_a_frame_only_here() {
    let story = story().await;
    let chat = json!({
        "backchannel_logout_uri": null,
        "frontchannel_logout_uri": "https://chat.example/out",
        "redirect_uris": ["https://chat.example/callback"],
        "post_logout_redirect_uris": [],
    });
    let chat = story.house.app_with("chat", chat).await;
    let in_chat = chat.join(&story.browser).await;
    let session = reference(story.session);
    let page = story.end_app(&story.browser, &session, "chat").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.heading(), "You are signed out of chat");
    assert!(page.shows(&format!("sid={}\"", in_chat.sid())));
    assert!(page.shows("Go back to your account") && !page.sets_cookie("lanyard"));
    chat.come_back(&story.browser).await;
    let phone = story.house.browser();
    phone.sign_in(&story.alice).await;
    let answer = story.end_app(&phone, &session, "chat").await;
    assert_eq!(answer.status, 303, "its cookies are elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_was_signed_out_asks_before_it_comes_back() {
    let story = story().await;
    let (wiki, browser) = (&story.wiki, &story.browser);
    story.by_alice().await;
    story.wiki_is_out().await;
    for _ in 0..2 {
        let silent = wiki.silently(browser).await.unwrap_err();
        assert_eq!(silent, "interaction_required");
    }
    let page = story.asked().await;
    assert!(page.shows("You signed out of wiki") && page.shows("alice Example"));
    assert!(page.shows("Your session here went on without it"));
    // Seen is not said; and a no is no yes for the next time.
    let ask = wiki.ask();
    let page = wiki.send(browser, &ask).await.page();
    let no = browser.submit(&page, &[("action", "cancel")]).await.away();
    assert_eq!(wiki.error(&no, &ask), "access_denied");
    assert_eq!(
        wiki.silently(browser).await.unwrap_err(),
        "interaction_required"
    );
    // The form is used up.
    let late = browser.submit(&page, &[("action", "continue")]).await;
    assert_eq!(late.page().heading(), "This sign-in can’t go on");
    let back = wiki.come_back(browser).await;
    assert_ne!(back.sid(), story.in_wiki.sid());
    wiki.assert_alive(&back).await;
    // That was the answer: from now on it is silent again.
    wiki.join(browser).await;
    let landing = wiki.send(browser, &wiki.ask()).await;
    assert!(value(&landing.away(), "code").is_some());
    story.shop.join(browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whoever_was_asked_can_answer() {
    let story = story().await;
    let (wiki, browser) = (&story.wiki, &story.browser);
    story.by_alice().await;
    let page = story.asked().await;
    let form = page.form_action();
    let bob = story.house.person("bob").await;
    let of_bob = story.house.browser();
    of_bob.sign_in(&bob).await;
    let bobs = of_bob.get("/account").await.csrf();
    let own = browser.get("/account").await.csrf();
    for csrf in ["", "x", &bobs, &own] {
        let fields = [("csrf", csrf), ("action", "continue")];
        let answer = browser.post(form.as_str(), &fields).await;
        assert_eq!(answer.status, 403, "{csrf}");
    }
    let csrf = page.csrf();
    let fields = [("csrf", csrf.as_str()), ("action", "continue")];
    let cross = [("sec-fetch-site", "cross-site")];
    let answer = browser.post_with(form.as_str(), &fields, &cross).await;
    assert_eq!(answer.status, 403);
    let answer = of_bob.post(form.as_str(), &fields).await;
    assert_eq!(answer.status, 400, "it is not his");
    let fields = [("csrf", csrf.as_str()), ("action", "allow")];
    assert_eq!(browser.post(form.as_str(), &fields).await.status, 400);
    assert_eq!(
        wiki.silently(browser).await.unwrap_err(),
        "interaction_required"
    );
    // Bob signs in with this very browser meanwhile: what alice was asked is not his to answer.
    let login = wiki.ask().with("prompt", "login");
    let at = wiki.send(browser, &login).await.page();
    browser.sign_in_at(&at, &bob).await.away();
    let answer = browser.submit(&page, &[("action", "continue")]).await;
    assert_eq!(answer.page().status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_page_of_the_same_sign_in_asks_as_well() {
    let story = story().await;
    let (wiki, browser) = (&story.wiki, &story.browser);
    // Typing the password, or choosing the account, for this app is no silent sign-in.
    story.by_alice().await;
    wiki.reauthenticate(browser, &story.alice).await;
    wiki.join(browser).await;

    story.by_alice().await;
    let ask = wiki.ask().with("prompt", "select_account");
    let page = wiki.send(browser, &ask).await.page();
    let answer = browser.submit(&page, &[("action", "continue")]).await;
    wiki.redeem(&wiki.code(&answer.away(), &ask), &ask).await;
    wiki.join(browser).await;

    story.by_alice().await;
    let ask = wiki.ask().with("prompt", "consent");
    let page = wiki.send(browser, &ask).await.page();
    assert!(page.heading().contains("asks for your permission"));
    let answer = browser.submit(&page, &[("action", "allow")]).await;
    wiki.redeem(&wiki.code(&answer.away(), &ask), &ask).await;
    wiki.join(browser).await;

    // Another account is not what was asked.
    story.by_alice().await;
    let ask = wiki.ask().with("prompt", "select_account");
    let page = wiki.send(browser, &ask).await.page();
    browser.submit(&page, &[("action", "switch")]).await;
    assert_eq!(
        wiki.silently(browser).await.unwrap_err(),
        "interaction_required"
    );
    // A session of its own knows nothing of it.
    let elsewhere = story.house.browser();
    wiki.sign_in(&elsewhere, &story.alice).await;
    wiki.join(&elsewhere).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_signs_a_person_out_of_one_app() {
    let house = House::open().await;
    let (mona, csrf) = mona(&house).await;
    // However old her proof is: no more than one session is touched.
    house.advance(Duration::from_mins(20));
    let story = story_in(house).await;
    let session = format!("/admin/sessions/{}", reference(story.session));
    let page = mona.get(&session).await;
    let address = format!("{session}/app?client=wiki");
    assert!(page.shows(&format!("href=\"{address}\"")), "{}", page.body);
    let page = mona.get(&address).await;
    assert_eq!(page.heading(), "Sign alice Example out of wiki?");
    assert!(page.shows("The session and its other apps go on"));
    assert!(page.shows("<strong>wiki</strong> will be told"));
    story.wiki.assert_alive(&story.in_wiki).await;

    let long = "x".repeat(201);
    let form = |note| {
        [
            ("csrf", csrf.as_str()),
            ("client", "wiki"),
            ("note", note),
            ("action", "end"),
        ]
    };
    let path = format!("{session}/app");
    let page = mona.post(&path, &form(&long)).await;
    assert_eq!(page.status, 400);
    assert!(page.shows("The reason is too long"));
    story.wiki.assert_alive(&story.in_wiki).await;
    let answer = mona.post(&path, &form("Shared by mistake")).await;
    let page = mona.follow(answer).await.page();
    assert!(page.shows("The app is signed out of this session"));
    assert!(page.shows("Live") && page.shows("“Shared by mistake”"));
    assert!(page.shows("wiki left the session by mona Example"));
    assert!(!page.shows(&format!("href=\"{address}\"")), "it is out");
    story.wiki_is_out().await;
    House::until("the receipt is there", || async {
        mona.get(&session).await.shows("Answered 200")
    })
    .await;
    let line = story
        .house
        .expect_audit("why", |line| line.action == "session.end_client")
        .await;
    assert_eq!(line.reason.as_deref(), Some("admin"));
    assert_eq!(line.note(), Some("Shared by mistake"));
    assert!(line.actor.starts_with("person:"));

    let page = story.asked().await;
    assert!(page.shows("An administrator signed you out of wiki"));
    assert!(!page.shows("Shared by mistake"), "that is for the audit");
    story.wiki.come_back(&story.browser).await;
    story.wiki.join(&story.browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_an_administrator_cannot_sign_out() {
    let story = story().await;
    let (mona, csrf) = mona(&story.house).await;
    let calendar = json!({ "backchannel_logout_uri": null });
    let calendar = story.house.app_with("calendar", calendar).await;
    calendar.join(&story.browser).await;
    let session = reference(story.session);
    let page = mona
        .get(&format!("/admin/sessions/{session}/app?client=calendar"))
        .await;
    assert!(page.shows("calendar can’t be told"));
    for address in [
        format!("/admin/sessions/{session}/app"),
        format!("/admin/sessions/{session}/app?client=unheard-of"),
        "/admin/sessions/AAAA-AAAA-AAAA/app?client=wiki".to_owned(),
    ] {
        assert_eq!(mona.get(&address).await.status, 404, "{address}");
    }
    let nowhere = "/admin/sessions/AAAA-AAAA-AAAA/app";
    let form = [("csrf", csrf.as_str()), ("client", "wiki")];
    assert_eq!(mona.post(nowhere, &form).await.status, 404);
    // One that left meanwhile is as good as signed out.
    story.by_alice().await;
    let path = format!("/admin/sessions/{session}/app");
    assert_eq!(mona.post(&path, &form).await.status, 303);
    story.wiki.expect_signed_out(story.in_wiki.sid()).await;
    assert_eq!(story.wiki.logout_tokens().len(), 1);
    story.house.end(story.session).await;
    let gone = format!("{path}?client=shop");
    assert_eq!(mona.get(&gone).await.status, 404);
    let page = mona.get(&format!("/admin/sessions/{session}")).await;
    assert!(!page.shows("/app?client="), "nothing of it lives");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_signed_itself_out_asks_too() {
    let story = story().await;
    let notes = json!({ "logout_scope": "client" });
    let notes = story.house.app_with("notes", notes).await;
    let in_notes = notes.join(&story.browser).await;
    let out = format!("/oauth2/logout?id_token_hint={}", in_notes.id_token());
    story.browser.go(&out).await;
    let silent = notes.silently(&story.browser).await.unwrap_err();
    assert_eq!(silent, "interaction_required");
    let page = notes.send(&story.browser, &notes.ask()).await.page();
    assert!(page.shows("notes signed you out"));
    notes.come_back(&story.browser).await;
    notes.join(&story.browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_by_the_app_leaves_no_mark() {
    let story = story().await;
    let revoked = story.wiki.revoke(story.in_wiki.refresh()).await;
    assert_eq!(revoked.status, 200);
    let revoked = story.wiki.revoke(story.in_wiki.access()).await;
    assert_eq!(revoked.status, 200);
    assert_eq!(
        story.wiki.refused_refresh(story.in_wiki.refresh()).await,
        "invalid_grant"
    );
    story.wiki.join(&story.browser).await;
    // Nor does an app that was disabled and enabled again.
    let (mona, csrf) = mona(&story.house).await;
    for deed in ["disabling", "enabling"] {
        let form = [("csrf", csrf.as_str())];
        let answer = mona.post(&format!("/admin/apps/wiki/{deed}"), &form).await;
        assert_eq!(answer.status, 303);
        story.house.settled().await;
    }
    House::until("wiki is let in again", || async {
        story.wiki.try_refresh("x").await.json()["error"] == "invalid_grant"
    })
    .await;
    story.wiki.join(&story.browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_app_is_asked_about_once_not_twice() {
    let story = story().await;
    let mail = json!({ "first_party": false });
    let mail = story.house.app_with("mail", mail).await;
    mail.granted(&story.browser, mail.ask()).await;
    let csrf = story.browser.get("/account").await.csrf();
    let form = [("csrf", csrf.as_str()), ("client", "mail")];
    story.browser.post("/account/apps/withdraw", &form).await;
    let silent = mail.silently(&story.browser).await.unwrap_err();
    assert_eq!(silent, "consent_required");
    let ask = mail.ask();
    let page = mail.send(&story.browser, &ask).await.page();
    assert_eq!(page.heading(), "mail asks for your permission");
    let answer = story.browser.submit(&page, &[("action", "allow")]).await;
    mail.redeem(&mail.code(&answer.away(), &ask), &ask).await;
    mail.join(&story.browser).await;
    // Signed out of this session alone, its permission stands.
    let session = reference(story.session);
    story.end_app(&story.browser, &session, "mail").await;
    let silent = mail.silently(&story.browser).await.unwrap_err();
    assert_eq!(silent, "interaction_required");
    mail.come_back(&story.browser).await;
    mail.join(&story.browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mark_outlives_a_restart_and_holds_at_every_node() {
    let mut story = story().await;
    story.by_alice().await;
    for node in 0..story.house.number_of_nodes() {
        let there = story.house.at_node(node, &story.browser);
        let ask = story.wiki.ask().with("prompt", "none");
        let answer = story.wiki.send(&there, &ask).await.away();
        assert_eq!(story.wiki.error(&answer, &ask), "interaction_required");
    }
    story.house.reopen().await;
    let silent = story.wiki.silently(&story.browser).await;
    assert_eq!(silent.unwrap_err(), "interaction_required");
    story.wiki.come_back(&story.browser).await;
    story.house.reopen().await;
    story.wiki.join(&story.browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_between_two_pages_is_not_missed() {
    let story = story().await;
    let (wiki, browser) = (&story.wiki, &story.browser);
    // The sign-in page is open while wiki is signed out in another tab.
    let ask = wiki.ask().with("prompt", "select_account");
    let page = wiki.send(browser, &ask).await.page();
    story.by_alice().await;
    let answer = browser.submit(&page, &[("action", "continue")]).await;
    wiki.redeem(&wiki.code(&answer.away(), &ask), &ask).await;
    // And the page that asks is open while wiki is signed out once more.
    story.by_alice().await;
    let ask = wiki.ask();
    let page = wiki.send(browser, &ask).await.page();
    wiki.come_back(browser).await;
    story.by_alice().await;
    let answer = browser.submit(&page, &[("action", "continue")]).await;
    wiki.redeem(&wiki.code(&answer.away(), &ask), &ask).await;
}
