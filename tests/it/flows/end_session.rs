//! An app sends its person to sign out (RP-Initiated Logout 1.0).

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use crate::support::app::{Mood, Tokens};
use crate::support::{App, Browser, House, Landing, Page, Person};

/// Alice, signed in at wiki.
struct Story {
    house: House,
    alice: Person,
    wiki: App,
    browser: Browser,
    tokens: Tokens,
}

async fn signed_in() -> Story {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let tokens = wiki.join(&browser).await;
    Story {
        house,
        alice,
        wiki,
        browser,
        tokens,
    }
}

fn logout(parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("/oauth2/logout?{query}")
}

fn home(app: &App) -> String {
    format!("{}/", app.origin)
}

/// The question is asked, and until it is answered the session goes on.
async fn expect_question(browser: &Browser, url: &str) -> Page {
    let page = browser.go(url).await.page();
    assert_eq!(page.status, 200);
    assert_eq!(page.heading(), "Sign out?", "{url}");
    assert!(browser.is_signed_in().await, "asked, and signed out anyway");
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_somebody_elses_can_only_ask() {
    let story = signed_in().await;
    let (browser, home) = (&story.browser, home(&story.wiki));
    for parameters in [
        vec![],
        vec![("client_id", "wiki")],
        vec![("client_id", "wiki"), ("post_logout_redirect_uri", &home)],
        vec![("post_logout_redirect_uri", &home)],
        vec![("logout_hint", "alice")],
    ] {
        let page = expect_question(browser, &logout(&parameters)).await;
        assert!(page.shows("alice Example") && page.shows("1 app"));
        assert_eq!(
            page.hidden("return_to"),
            None,
            "no way back without a proof: {parameters:?}"
        );
        let page = browser.answer_logout(&page, "stay").await.page();
        assert_eq!(page.heading(), "Your account");
    }
    let page = expect_question(browser, &logout(&[("post_logout_redirect_uri", &home)])).await;
    let page = browser.answer_logout(&page, "logout").await.page();
    assert_eq!(page.heading(), "You are signed out");
    assert!(!browser.is_signed_in().await);
    story.wiki.expect_signed_out(story.tokens.sid()).await;
}

/// The hint names a person by the app's own name for them; it must lead to the right one.
#[tokio::test(flavor = "multi_thread")]
async fn a_hint_of_an_app_with_names_of_its_own_signs_out_its_person_and_nobody_else() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let pairwise = json!({ "subject_type": "pairwise" });
    let wiki = house.app_with("wiki", pairwise.clone()).await;
    let home = home(&wiki);
    let (of_alice, of_bob) = (house.browser(), house.browser());
    of_alice.sign_in(&alice).await;
    of_bob.sign_in(&bob).await;
    let tokens = wiki.join(&of_alice).await;
    let bobs = wiki.join(&of_bob).await;
    assert_ne!(tokens.claims["sub"], alice.id.as_str());
    let parameters = |hint: &str| {
        logout(&[
            ("id_token_hint", hint),
            ("post_logout_redirect_uri", &home),
            ("state", "s"),
        ])
    };
    // Another's hint; one of the same person for another session of theirs.
    let phone = house.browser();
    phone.sign_in(&alice).await;
    let on_phone = wiki.join(&phone).await;
    assert_eq!(on_phone.claims["sub"], tokens.claims["sub"]);
    for hint in [bobs.id_token(), on_phone.id_token()] {
        expect_question(&of_alice, &parameters(hint)).await;
    }
    assert!(of_bob.is_signed_in().await && phone.is_signed_in().await);

    let landed = of_alice.go(&parameters(tokens.id_token())).await;
    let landed = match landed {
        Landing::Away(url) => url.to_string(),
        Landing::Page(page) => {
            assert_eq!(page.heading(), "You are signed out");
            home.clone()
        }
    };
    assert!(landed.starts_with(&home), "{landed}");
    assert!(!of_alice.is_signed_in().await, "without a question");
    let told = wiki.expect_signed_out(tokens.sid()).await;
    assert!(told.get("sub").is_none(), "she is signed in elsewhere");
    assert!(of_bob.is_signed_in().await && phone.is_signed_in().await);
}

/// Conformance: 27.
#[tokio::test(flavor = "multi_thread")]
async fn a_hint_that_proves_nothing_about_this_session_asks() {
    let story = signed_in().await;
    let browser = &story.browser;
    let home = home(&story.wiki);
    // The same person elsewhere; another person at the same app; an app that was never here.
    let phone = story.house.browser();
    phone.sign_in(&story.alice).await;
    let of_phone = story.wiki.join(&phone).await;
    let bob = story.house.person("bob").await;
    let of_bob = story.house.browser();
    of_bob.sign_in(&bob).await;
    let of_bob = story.wiki.join(&of_bob).await;
    let shop = story.house.app("shop").await;
    let of_shop = shop.join(&phone).await;
    let shops_home = self::home(&shop);
    for (tokens, home) in [
        (&of_phone, &home),
        (&of_bob, &home),
        (&of_shop, &shops_home),
    ] {
        let url = logout(&[
            ("id_token_hint", tokens.id_token()),
            ("post_logout_redirect_uri", home),
            ("state", "s"),
        ]);
        expect_question(browser, &url).await;
        assert!(phone.is_signed_in().await);
    }
    // A hint of ours proves which app asks, so that it may have its person back once they agree.
    let url = logout(&[
        ("id_token_hint", of_phone.id_token()),
        ("post_logout_redirect_uri", &home),
        ("state", "s"),
    ]);
    let page = expect_question(browser, &url).await;
    let back = browser.answer_logout(&page, "logout").await.away();
    assert_eq!(back.as_str(), format!("{home}?state=s"));
    assert!(!browser.is_signed_in().await);
    assert!(
        phone.is_signed_in().await,
        "the hint's session is not the one that ended"
    );
}

/// Conformance: 27.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_request_never_leads_back_and_still_lets_people_out() {
    let story = signed_in().await;
    let home = home(&story.wiki);
    let good = story.tokens.id_token();
    let forged = forgeries(good);
    let elsewhere = format!("{}/elsewhere", story.wiki.origin);
    let mut bad: Vec<Vec<(&str, &str)>> = forged
        .iter()
        .map(|hint| vec![("id_token_hint", hint.as_str()), ("client_id", "wiki")])
        .collect();
    bad.push(vec![("id_token_hint", story.tokens.access())]);
    bad.push(vec![("id_token_hint", good), ("client_id", "shop")]);
    bad.push(vec![("id_token_hint", good), ("id_token_hint", good)]);
    for parameters in &mut bad {
        parameters.push(("post_logout_redirect_uri", &home));
    }
    for uri in [
        elsewhere.as_str(),
        "https://evil.example/",
        "javascript:alert(1)",
        "//evil.example",
    ] {
        bad.push(vec![
            ("id_token_hint", good),
            ("post_logout_redirect_uri", uri),
        ]);
    }
    for parameters in &bad {
        let page = expect_question(&story.browser, &logout(parameters)).await;
        assert!(page.shows("We won’t send you back"), "{parameters:?}");
        assert_eq!(page.hidden("return_to"), None, "{parameters:?}");
    }
    // After a confirmation neither.
    for parameters in [&bad[0], &bad[bad.len() - 1]] {
        let browser = story.house.browser();
        browser.sign_in(&story.alice).await;
        let page = expect_question(&browser, &logout(parameters)).await;
        let page = browser.answer_logout(&page, "logout").await.page();
        assert_eq!(page.heading(), "You are signed out");
        assert!(!page.body.contains("evil.example") && !page.body.contains(&home));
        assert!(!browser.is_signed_in().await);
        // Nor for somebody who is signed out already.
        let page = browser.go(&logout(parameters)).await.page();
        assert_eq!(page.heading(), "You are signed out");
    }
}

/// ID tokens that the app was never given: another `sid` under the old signature, no signature,
/// the public name of the key as a shared secret, and nonsense.
fn forgeries(good: &str) -> Vec<String> {
    let parts: Vec<_> = good.split('.').collect();
    let key = EncodingKey::from_secret(b"guess");
    let claims = json!({ "iss": "x", "sub": "alice", "aud": "wiki", "sid": "s", "exp": 1 });
    let symmetric = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
    let payload = symmetric.split('.').nth(1).unwrap();
    vec![
        format!("{}.{payload}.{}", parts[0], parts[2]),
        // {"alg":"none"}
        format!("eyJhbGciOiJub25lIn0.{}.", parts[1]),
        symmetric,
        format!("{}.{}", parts[0], parts[1]),
        "nonsense".to_owned(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_page_of_this_session_can_answer_the_question() {
    let story = signed_in().await;
    let browser = &story.browser;
    let page = expect_question(browser, "/oauth2/logout").await;
    let csrf = page.csrf();
    let bob = story.house.person("bob").await;
    let of_bob = story.house.browser();
    of_bob.sign_in(&bob).await;
    let foreign = of_bob.go("/oauth2/logout").await.page().csrf();

    let confirm = "/oauth2/logout/confirm";
    for token in ["", "x", foreign.as_str()] {
        let form = [("csrf", token), ("action", "logout")];
        let answer = browser.post(confirm, &form).await;
        assert_eq!(answer.status, 403, "{token}");
        assert!(!answer.sets_cookie("lanyard"));
        assert!(browser.is_signed_in().await);
    }
    let form = [("csrf", csrf.as_str()), ("action", "logout")];
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let answer = browser.post_with(confirm, &form, &[header]).await;
        assert_eq!(answer.status, 403, "{header:?}");
        assert!(browser.is_signed_in().await);
    }
    // A way back of one's own making is none.
    let form = [
        ("csrf", csrf.as_str()),
        ("action", "logout"),
        ("return_to", "https://evil.example/"),
    ];
    let answer = browser.post(confirm, &form).await;
    assert!(
        answer
            .location()
            .is_some_and(|to| to.as_str().starts_with(&story.house.issuer)),
        "{answer:?}"
    );
    assert!(!browser.is_signed_in().await);
    assert!(of_bob.is_signed_in().await);
}

/// Conformance: 27.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_proves_itself_gets_its_person_straight_back() {
    for post in [false, true] {
        let story = signed_in().await;
        // Long after the ID token expired, just before the session would.
        story.house.advance(Duration::from_mins(119));
        let home = home(&story.wiki);
        let parameters = [
            ("id_token_hint", story.tokens.id_token()),
            ("client_id", "wiki"),
            ("post_logout_redirect_uri", &home),
            ("state", "a b&c"),
        ];
        let answer = if post {
            story.browser.post("/oauth2/logout", &parameters).await
        } else {
            story.browser.get(&logout(&parameters)).await
        };
        assert_eq!(answer.status, 303);
        assert_eq!(
            answer.header("location"),
            Some(format!("{home}?state=a+b%26c").as_str()),
            "its state, and nothing of ours"
        );
        assert_eq!(story.browser.cookie("lanyard"), None);
        assert!(!story.browser.is_signed_in().await);
        story.wiki.expect_signed_out(story.tokens.sid()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_without_the_cookie_is_kept_until_the_browser_comes_with_it() {
    let story = signed_in().await;
    let home = home(&story.wiki);
    let parameters = [
        ("id_token_hint", story.tokens.id_token()),
        ("post_logout_redirect_uri", &home),
        ("state", "s"),
    ];
    // A cross-site POST carries no Lax cookie.
    let without = story.house.browser();
    let answer = without.post("/oauth2/logout", &parameters).await;
    assert_eq!(answer.status, 303);
    let stored = answer.location().unwrap();
    assert!(!answer.sets_cookie("lanyard"), "nothing is decided yet");
    assert!(
        !stored.as_str().contains(story.tokens.id_token()),
        "no token in an address"
    );
    assert!(story.browser.is_signed_in().await);

    let back = story.browser.go(stored.as_str()).await.away();
    assert_eq!(back.as_str(), format!("{home}?state=s"));
    assert!(!story.browser.is_signed_in().await);

    // A handle of one's own making stands for nothing.
    let again = story.house.browser();
    again.sign_in(&story.alice).await;
    expect_question(&again, "/oauth2/logout?stored=AAAA").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_out_already_is_sent_on() {
    let story = signed_in().await;
    let home = home(&story.wiki);
    let url = logout(&[
        ("id_token_hint", story.tokens.id_token()),
        ("post_logout_redirect_uri", &home),
        ("state", "s"),
    ]);
    let session = story.house.session_of(&story.alice).await;
    story.house.end(session).await;
    let back = story.browser.go(&url).await.away();
    assert_eq!(back.as_str(), format!("{home}?state=s"));
    let nobody = story.house.browser();
    let back = nobody.go(&url).await.away();
    assert_eq!(back.as_str(), format!("{home}?state=s"));

    let page = nobody.go("/oauth2/logout").await.page();
    assert_eq!(page.heading(), "You are signed out");
    assert!(page.shows("Nobody is signed in on this device."));
    assert_eq!(page.link("check-again"), None);
}

/// Conformance: 28.
#[tokio::test(flavor = "multi_thread")]
async fn apps_in_the_browser_are_told_by_frames_before_it_goes_on() {
    let story = signed_in().await;
    let chat = story
        .house
        .app_with(
            "chat",
            json!({
                "backchannel_logout_uri": null,
                "frontchannel_logout_uri": "https://chat.example/out?a=b",
                "redirect_uris": ["https://chat.example/callback"],
                "post_logout_redirect_uris": ["https://chat.example/"],
            }),
        )
        .await;
    let in_chat = chat.join(&story.browser).await;
    let home = home(&story.wiki);
    let url = logout(&[
        ("id_token_hint", story.tokens.id_token()),
        ("post_logout_redirect_uri", &home),
        ("state", "s"),
    ]);
    let page = story.browser.go(&url).await.page();
    assert_eq!(page.heading(), "You are signed out");
    assert!(!story.browser.is_signed_in().await);
    let issuer: String =
        url::form_urlencoded::byte_serialize(story.house.issuer.as_bytes()).collect();
    let frame = format!(
        "https://chat.example/out?a=b&iss={issuer}&sid={}",
        in_chat.sid()
    );
    assert!(page.shows(&format!("src=\"{frame}\"")), "{}", page.body);
    assert_eq!(page.body.matches("<iframe").count(), 1);
    let policy = page.header("content-security-policy").unwrap();
    let frames = policy
        .split("; ")
        .find_map(|part| part.strip_prefix("frame-src "));
    assert_eq!(frames, Some("https://chat.example"), "{policy}");
    // Without scripts a link leads on; with them, it is followed.
    assert!(page.shows(&format!("href=\"{home}?state=s\" data-continue")));
    assert!(page.shows("Go back to wiki"));
    assert!(page.shows("Told through this browser"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipts_can_be_looked_at_again() {
    let story = signed_in().await;
    let shop = story.house.app("shop").await;
    let calendar = story
        .house
        .app_with("calendar", json!({ "backchannel_logout_uri": null }))
        .await;
    for app in [&shop, &calendar] {
        story.house.advance(Duration::from_secs(1));
        app.join(&story.browser).await;
    }
    shop.feels(Mood::Answers(500));

    let page = expect_question(&story.browser, "/oauth2/logout").await;
    let page = story.browser.answer_logout(&page, "logout").await.page();
    assert_eq!(page.heading(), "You are signed out");
    let again = page.url.clone();
    story.wiki.expect_signed_out(story.tokens.sid()).await;
    let shows = |text: &'static str| {
        let (browser, again) = (&story.browser, again.as_str());
        move || async move { browser.get(again).await.shows(text) }
    };
    House::until("wiki is told", shows("Signed out</span>")).await;
    House::until("shop is not", shows("Not reached yet, trying again")).await;
    let page = story.browser.get(again.as_str()).await;
    assert!(page.shows("Can’t be told"));
    assert!(
        page.shows("Sign out in shop and calendar too"),
        "{}",
        page.body
    );
    shop.feels(Mood::Answers(204));
    story.house.advance(Duration::from_secs(2));
    House::until("shop is told", || async {
        let page = story.browser.get(again.as_str()).await;
        page.body.matches("Signed out</span>").count() == 2
    })
    .await;
}
