//! Nobody gets into a session by a cookie, form or request that was made before, elsewhere, or by
//! somebody else.

use std::time::Duration;

use lanyard::entropy::{Entropy, Secret};
use lanyard::store::record::reference;

use crate::support::app::value;
use crate::support::{App, House, Person};

async fn opened() -> (House, Person, App) {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    (house, alice, wiki)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_cookie_is_never_adopted() {
    let (house, alice, _) = opened().await;
    let mallory = house.person("mallory").await;
    let attacker = house.browser();
    attacker.sign_in(&mallory).await;
    let valid = attacker.cookie("lanyard").unwrap();
    let unknown = house.forged_cookie(
        lanyard::entropy::SessionId::random(&Entropy::System),
        &Secret::random(&Entropy::System),
    );
    for planted in ["garbage", unknown.as_str(), valid.as_str()] {
        let victim = house.browser();
        victim.plant_cookie("lanyard", planted);
        let copy = victim.stolen_copy();
        // Mallory's own session is still his when the page is fetched: alice takes another account.
        let page = victim.go("/account").await.page();
        if page.heading() == "Your account" {
            assert!(page.shows("mallory Example"));
            let wiki = house.app("chooser").await;
            let ask = wiki.ask().with("prompt", "select_account");
            let page = wiki.send(&victim, &ask).await.page();
            let page = victim.submit(&page, &[("action", "switch")]).await.page();
            victim.sign_in_at(&page, &alice).await.away();
        } else {
            victim.sign_in_at(&page, &alice).await.page();
        }
        assert!(victim.go("/account").await.page().shows("alice Example"));
        assert_ne!(victim.cookie("lanyard").as_deref(), Some(planted));
        assert!(
            !copy.is_signed_in().await,
            "whoever planted the cookie is in: {planted}"
        );
    }
    assert!(
        !attacker.is_signed_in().await,
        "one browser has one session: his ended when hers began"
    );
    assert_eq!(house.sessions_of(&mallory).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_for_the_same_person_still_makes_a_new_secret() {
    let (house, alice, wiki) = opened().await;
    // A thief has alice's cookie from before; she signs in again and only then asks an app.
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let first = wiki.join(&browser).await.sid().to_owned();
    let thief = browser.stolen_copy();
    let sid = wiki.reauthenticate(&browser, &alice).await;
    assert_eq!(sid, first, "the session goes on");
    assert_ne!(browser.cookie("lanyard"), thief.cookie("lanyard"));

    // Requests that were in flight are served, and no answer to them takes the new cookie away.
    house.advance(Duration::from_secs(29));
    for url in ["/account", "/oauth2/logout", &wiki.ask().url()] {
        let page = thief.get(url).await;
        assert!(!page.sets_cookie("lanyard"), "{url}");
        assert_ne!(page.status, 503);
    }
    assert!(thief.is_signed_in().await);
    house.advance(Duration::from_secs(1));
    assert!(!thief.is_signed_in().await);
    assert_eq!(wiki.silently(&thief).await.unwrap_err(), "login_required");
    let session = house.session_of(&alice).await;
    house
        .expect_audit("that an old cookie came", |line| {
            line.action == "stale_cookie" && line.session == Some(reference(session))
        })
        .await;
    // The rightful browser does not suffer for it.
    assert!(browser.is_signed_in().await);
    wiki.silently(&browser).await.unwrap();
    // Nor is the thief told what the session is called.
    let page = thief.go("/account").await.page();
    assert!(!page.shows(&reference(session)));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_last_secret_has_a_grace() {
    let (house, alice, wiki) = opened().await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let first = browser.stolen_copy();
    wiki.reauthenticate(&browser, &alice).await;
    let second = browser.stolen_copy();
    wiki.reauthenticate(&browser, &alice).await;
    assert!(!first.is_signed_in().await);
    assert!(second.is_signed_in().await);
    assert!(browser.is_signed_in().await);
    // The grace ends with the session all the same.
    house.end(house.session_of(&alice).await).await;
    assert!(!second.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_not_opened_by_its_id_alone() {
    let (house, alice, wiki) = opened().await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let tokens = wiki.join(&browser).await;
    let session = house.session_of(&alice).await;
    let thief = house.browser();
    let none = house.forged_cookie(session, &Secret::from_bytes([0; 32]));
    let guess = house.forged_cookie(session, &Secret::random(&Entropy::System));
    let names = [session.encode(), reference(session)];
    let names = names.iter().map(String::as_str);
    let handles = [&none, &guess, tokens.sid(), tokens.refresh()];
    for cookie in names.chain(handles) {
        thief.plant_cookie("lanyard", cookie);
        assert!(!thief.is_signed_in().await, "{cookie}");
        assert_eq!(wiki.silently(&thief).await.unwrap_err(), "login_required");
    }
    assert!(browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_with_a_flipped_bit_is_no_cookie() {
    let (house, alice, _) = opened().await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let good = browser.cookie("lanyard").unwrap();
    let thief = house.browser();
    let mut forged: Vec<String> = (0..good.len())
        .map(|place| {
            let mut bytes = good.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        })
        .collect();
    forged.push(good[..good.len() - 1].to_owned());
    forged.push(format!("{good}A"));
    forged.push(good.to_ascii_lowercase());
    for cookie in forged {
        thief.plant_cookie("lanyard", &cookie);
        assert!(!thief.is_signed_in().await, "{good} {cookie}");
        // Each of these begins an interaction; a browser keeps only a few.
        thief.forget_cookies();
    }
    assert!(browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_is_finished_in_the_browser_that_began_it() {
    let (house, alice, wiki) = opened().await;
    let mallory = house.person("mallory").await;
    let (attacker, victim) = (house.browser(), house.browser());
    // Mallory begins, and sends alice the address of the page.
    let ask = wiki.ask();
    let page = wiki.send(&attacker, &ask).await.page();
    let landed = victim.go(page.url.as_str()).await.page();
    assert_eq!(landed.status, 400, "{}", landed.body);
    assert!(!landed.body.contains("name=\"password\""));
    let answer = victim
        .try_password(&page, &alice.username, &alice.password)
        .await;
    assert_eq!(answer.status, 400);
    assert!(!answer.sets_cookie("lanyard"));
    assert_eq!(house.sessions_of(&alice).await, []);

    // Even where his cookie is planted in her browser: what she proves there is hers alone.
    let name = attacker
        .cookie_names()
        .into_iter()
        .find(|name| name.starts_with("lanyard-i-"))
        .unwrap();
    victim.plant_cookie(&name, &attacker.cookie(&name).unwrap());
    let ask_again = wiki.ask().with("prompt", "login consent");
    let second = wiki.send(&attacker, &ask_again).await.page();
    let second_name = attacker
        .cookie_names()
        .into_iter()
        .find(|other| other.starts_with("lanyard-i-") && *other != name)
        .unwrap();
    victim.plant_cookie(&second_name, &attacker.cookie(&second_name).unwrap());
    let consent = victim.sign_in_at(&second, &alice).await.page();
    assert!(consent.shows("alice Example"));
    for url in [second.url.as_str(), consent.url.as_str()] {
        let page = attacker.go(url).await.page();
        assert!(page.heading().starts_with("Sign in to"), "{}", page.body);
        assert!(!page.shows("alice Example"));
    }
    let answer = attacker
        .submit(&consent, &[("action", "allow")])
        .await
        .page();
    assert!(!answer.shows("alice Example"));
    // Nor does her proof count for him.
    attacker.sign_in(&mallory).await;
    let page = attacker.go(second.url.as_str()).await.page();
    assert!(page.shows("To go on, show that it is still you."));
    assert!(page.shows("mallory Example"));
    // And once she is through, it is used up for both.
    let done = victim.submit(&consent, &[("action", "allow")]).await.away();
    assert!(value(&done, "code").is_some());
    let page = attacker.go(second.url.as_str()).await.page();
    assert_eq!(page.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_belongs_to_its_page() {
    let (house, alice, wiki) = opened().await;
    let (browser, other) = (house.browser(), house.browser());
    let first = wiki.send(&browser, &wiki.ask()).await.page();
    let second = wiki.send(&browser, &wiki.ask()).await.page();
    let foreign = wiki.send(&other, &wiki.ask()).await.page();
    let of_session = {
        let signed_in = house.browser();
        signed_in.sign_in(&alice).await;
        signed_in.get("/account").await.csrf()
    };
    let before = house.sessions_of(&alice).await.len();
    for csrf in [
        String::new(),
        "nonsense".to_owned(),
        second.csrf(),
        foreign.csrf(),
        of_session,
    ] {
        let form = [
            ("csrf", csrf.as_str()),
            ("username", "alice"),
            ("password", &alice.password),
            ("action", "sign_in"),
        ];
        let answer = browser.post(first.form_action().as_str(), &form).await;
        assert_eq!(answer.status, 403, "{csrf}");
        assert!(!answer.sets_cookie("lanyard"));
    }
    assert_eq!(house.sessions_of(&alice).await.len(), before);
    // And a sign-in page's token is none for the account.
    browser.sign_in_at(&first, &alice).await.away();
    let form = [("csrf", second.csrf())];
    let form = form.each_ref().map(|(name, token)| (*name, token.as_str()));
    let answer = browser.post("/account/sign-out", &form).await;
    assert_eq!(answer.status, 403);
    assert!(browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_signs_anybody_in_by_a_foreign_form() {
    let (house, alice, wiki) = opened().await;
    let browser = house.browser();
    let page = wiki.send(&browser, &wiki.ask()).await.page();
    let csrf = page.csrf();
    let form = [
        ("csrf", csrf.as_str()),
        ("username", "alice"),
        ("password", &alice.password),
    ];
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let url = page.form_action();
        let answer = browser.post_with(url.as_str(), &form, &[header]).await;
        assert_eq!(answer.status, 403, "{header:?}");
    }
    // "null" is what some browsers send with our own forms.
    let url = page.form_action();
    let answer = browser
        .post_with(url.as_str(), &form, &[("origin", "null")])
        .await;
    assert_eq!(answer.status, 303);
}
