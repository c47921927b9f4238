//! Who is asked for permission, how long a yes lasts, and for whom it was said.

use serde_json::{Value, json};

use crate::support::app::{Ask, Tokens, value};
use crate::support::{App, Browser, House, Landing, Page};

async fn third_party(house: &House, id: &str) -> App {
    house.app_with(id, json!({ "first_party": false })).await
}

fn expect_question(page: &Page, app: &App) {
    assert_eq!(
        page.heading(),
        format!("{} asks for your permission", app.client_id)
    );
}

async fn press(browser: &Browser, page: &Page, action: &str) -> Landing {
    browser.submit(page, &[("action", action)]).await
}

async fn redeem(app: &App, answer: Landing, ask: &Ask) -> Tokens {
    let code = app.code(&answer.away(), ask);
    app.redeem(&code, ask).await
}

/// Sends a request that must be asked about, and allows it.
async fn allow(app: &App, browser: &Browser, ask: &Ask) -> Tokens {
    let page = app.send(browser, ask).await.page();
    expect_question(&page, app);
    redeem(app, press(browser, &page, "allow").await, ask).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_party_is_asked_about_once() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = third_party(&house, "wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let narrow = |ask: Ask| ask.with("scope", "openid email");

    let tokens = allow(&wiki, &browser, &narrow(wiki.ask())).await;
    assert_eq!(tokens.answer["scope"], "openid email");
    for scope in ["openid email", "email openid", "openid"] {
        let ask = wiki.ask().with("scope", scope).with("prompt", "none");
        redeem(&wiki, wiki.send(&browser, &ask).await, &ask).await;
    }
    // More is asked about again, and what it may hold is what was allowed.
    let more = wiki.ask().with("scope", "openid email profile");
    let silent = more.clone().with("prompt", "none");
    let answer = wiki.send(&browser, &silent).await.away();
    assert_eq!(wiki.error(&answer, &silent), "consent_required");
    allow(&wiki, &browser, &more).await;
    wiki.join(&browser).await;

    // The yes is the person's, not the session's.
    let elsewhere = house.browser();
    elsewhere.sign_in(&alice).await;
    wiki.join(&elsewhere).await;
    // And the app's: no other lives on it.
    let shop = third_party(&house, "shop").await;
    assert_eq!(
        shop.silently(&browser).await.unwrap_err(),
        "consent_required"
    );
}

/// Conformance: 33.
#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_told_and_not_remembered_as_a_yes() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = third_party(&house, "wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    for mode in ["query", "form_post"] {
        let ask = wiki.ask().with("response_mode", mode);
        let page = wiki.send(&browser, &ask).await.page();
        let answer = match press(&browser, &page, "deny").await {
            Landing::Away(answer) => answer,
            Landing::Page(page) => App::posted(&page),
        };
        assert_eq!(wiki.error(&answer, &ask), "access_denied");
        // The form is used up: a second thought is a new request.
        let late = press(&browser, &page, "allow").await.page();
        assert_eq!(late.heading(), "This sign-in can’t go on");
    }
    assert_eq!(
        wiki.silently(&browser).await.unwrap_err(),
        "consent_required"
    );

    // A no to more takes nothing of what was allowed before.
    allow(&wiki, &browser, &wiki.ask().with("scope", "openid")).await;
    let page = wiki.send(&browser, &wiki.ask()).await.page();
    press(&browser, &page, "deny").await.away();
    let ask = wiki.ask().with("scope", "openid").with("prompt", "none");
    redeem(&wiki, wiki.send(&browser, &ask).await, &ask).await;
}

/// Conformance: 6.
#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_for_consent_asks_everybody_each_time() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let own = house.app("own").await;
    let wiki = third_party(&house, "wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    own.join(&browser).await;
    for app in [&own, &wiki] {
        for _ in 0..2 {
            allow(app, &browser, &app.ask().with("prompt", "consent")).await;
        }
        app.join(&browser).await;
    }
    let ask = own.ask().with("prompt", "login consent");
    let page = own.send(&browser, &ask).await.page();
    let page = browser.sign_in_at(&page, &alice).await.page();
    expect_question(&page, &own);
    redeem(&own, press(&browser, &page, "allow").await, &ask).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_allows_is_on_the_page() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = third_party(&house, "wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let ask = wiki
        .ask()
        .with("scope", "openid email offline_access unheard-of");
    let page = wiki.send(&browser, &ask).await.page();
    assert!(page.shows("alice Example") && page.shows("alice@example.com"));
    assert!(page.shows("localhost"), "where it leads");
    assert!(!page.shows("unheard-of"));
    let with_offline = page.body.matches("<li>").count();
    let page = wiki
        .send(&browser, &ask.with("scope", "openid email"))
        .await
        .page();
    assert_eq!(page.body.matches("<li>").count() + 1, with_offline);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_button_but_allow_allows() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = third_party(&house, "wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let page = wiki.send(&browser, &wiki.ask()).await.page();
    for action in ["", "Allow", "sign_in", "continue", "logout"] {
        let answer = press(&browser, &page, action).await.page();
        assert_eq!(answer.status, 400, "{action}");
    }
    assert_eq!(
        wiki.silently(&browser).await.unwrap_err(),
        "consent_required"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_counts_only_where_the_question_was_put() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = third_party(&house, "wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let ask = wiki.ask().with("prompt", "select_account consent");
    let choice = wiki.send(&browser, &ask).await.page();
    assert_eq!(choice.heading(), "Choose an account");
    // The next page's answer, sent from this one.
    let tag = value(&choice.form_action(), "i").unwrap();
    let csrf = choice.csrf();
    let form = [("csrf", csrf.as_str()), ("action", "allow")];
    let early = browser.post(&format!("/consent?i={tag}"), &form).await;
    let landing = browser.follow(early).await;
    assert_eq!(landing.page().heading(), "Choose an account");
    assert_eq!(
        wiki.silently(&browser).await.unwrap_err(),
        "consent_required"
    );
    let page = press(&browser, &choice, "continue").await.page();
    expect_question(&page, &wiki);
    redeem(&wiki, press(&browser, &page, "allow").await, &ask).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_yes_of_one_person_never_counts_for_another() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let wiki = third_party(&house, "wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    allow(&wiki, &browser, &wiki.ask()).await;
    let ask = wiki.ask().with("prompt", "consent");
    let of_alice = wiki.send(&browser, &ask).await.page();
    assert!(of_alice.shows("alice Example"));

    // In another tab bob takes over; the question to alice still stands in the first.
    let other = wiki.ask().with("prompt", "login");
    let page = wiki.send(&browser, &other).await.page();
    let of_bob = browser.sign_in_at(&page, &bob).await.page();
    expect_question(&of_bob, &wiki);
    let Landing::Page(stale) = press(&browser, &of_alice, "allow").await else {
        panic!("alice was asked, and bob's answer was taken");
    };
    assert_eq!(stale.status, 403);
    assert_eq!(
        wiki.silently(&browser).await.unwrap_err(),
        "consent_required"
    );

    // The same interaction now asks bob.
    let page = browser.go(of_alice.url.as_str()).await.page();
    assert!(page.shows("bob Example"));
    let tokens = redeem(&wiki, press(&browser, &page, "allow").await, &ask).await;
    assert_eq!(tokens.claims["sub"], json!(bob.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_meant_can_switch() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let wiki = third_party(&house, "wiki").await;
    for signed_in_before in [true, false] {
        let browser = house.browser();
        let ask = wiki.ask().with("prompt", "consent");
        let page = if signed_in_before {
            browser.sign_in(&alice).await;
            wiki.send(&browser, &ask).await.page()
        } else {
            // The wrong name was typed a moment ago, on the way here.
            let page = wiki.send(&browser, &ask).await.page();
            browser.sign_in_at(&page, &alice).await.page()
        };
        assert!(page.shows("alice Example"));
        let sign_in = press(&browser, &page, "switch").await.page();
        assert!(browser.is_signed_in().await);
        let page = browser.sign_in_at(&sign_in, &bob).await.page();
        expect_question(&page, &wiki);
        assert!(page.shows("bob Example"));
        let tokens = redeem(&wiki, press(&browser, &page, "allow").await, &ask).await;
        assert_eq!(tokens.claims["sub"], json!(bob.id));
        assert!(house.sessions_of(&alice).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_anything_could_pose_as_is_asked_about_each_time() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let metadata = |uris: Value, first_party: bool| {
        json!({
            "redirect_uris": uris,
            "application_type": "native",
            "token_endpoint_auth_method": "none",
            "backchannel_logout_uri": null,
            "first_party": first_party,
        })
    };
    let uris = json!([
        "http://127.0.0.1/cb",
        "com.example.tool:/cb",
        "https://tool.example/cb"
    ]);
    let tool = house.app_with("tool", metadata(uris.clone(), false)).await;
    for uri in ["http://127.0.0.1:50123/cb", "com.example.tool:/cb"] {
        let here = tool.at(uri);
        for _ in 0..2 {
            allow(&here, &browser, &here.ask()).await;
        }
        let refused = here.silently(&browser).await.unwrap_err();
        assert_eq!(refused, "consent_required", "{uri}");
    }
    // An https address is the app's own, and so is the earlier yes.
    tool.at("https://tool.example/cb").join(&browser).await;
    // Under the same roof nobody is asked.
    let ours = house.app_with("ours", metadata(uris, true)).await;
    ours.at("com.example.tool:/cb").join(&browser).await;
    // With a secret it proves itself.
    let desk = third_party(&house, "desk").await;
    allow(&desk, &browser, &desk.ask()).await;
    desk.join(&browser).await;
}

/// Conformance: 25.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_only_text() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let name = "</h1><script>alert('1')</script>\"onload=\"x{{7*7}}&amp;";
    let metadata = json!({ "first_party": false, "client_name": name });
    let wiki = house.app_with("wiki", metadata).await;
    let browser = house.browser();
    let ask = wiki.ask().with("prompt", "select_account");
    let sign_in = wiki.send(&browser, &ask).await.page();
    let consent = browser.sign_in_at(&sign_in, &alice).await.page();
    let choose = wiki.send(&browser, &ask).await.page();
    let error = browser
        .get(&ask.clone().with("redirect_uri", "https://a.example/").url())
        .await;
    let post = wiki
        .ask()
        .with("response_mode", "form_post")
        .with("scope", "\"");
    let form_post = wiki.send(&browser, &post).await.page();
    for page in [sign_in, consent, choose, error, form_post] {
        assert!(page.shows(name), "{}", page.body);
        assert!(!page.body.contains("<script>alert"), "{}", page.body);
        assert!(!page.body.contains("\"onload"), "{}", page.body);
    }
}
