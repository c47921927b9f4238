//! What a request may demand of the person (`prompt`, `max_age`, hints), and what becomes of an
//! interaction that is reloaded, left open, carried elsewhere or given up.

use std::time::Duration;

use lanyard::session::ending::Actor;
use serde_json::{Value, json};

use crate::support::app::{Ask, Tokens, value};
use crate::support::house::START;
use crate::support::{App, Browser, House, Landing, Page, Person};

const OVER: &str = "This sign-in can’t go on";

async fn redeem(app: &App, answer: Landing, ask: &Ask) -> Tokens {
    let code = app.code(&answer.away(), ask);
    app.redeem(&code, ask).await
}

/// A request that must be answered by the sign-in page, and then by a code.
async fn sign_in_for(app: &App, browser: &Browser, person: &Person, ask: &Ask) -> Tokens {
    let page = app.send(browser, ask).await.page();
    redeem(app, browser.sign_in_at(&page, person).await, ask).await
}

async fn refused(app: &App, browser: &Browser, ask: &Ask) -> String {
    app.error(&app.send(browser, ask).await.away(), ask)
}

fn auth_time(tokens: &Tokens) -> i64 {
    tokens.claims["auth_time"].as_i64().unwrap()
}

const fn seconds_in(seconds: i64) -> i64 {
    START.as_secs() + seconds
}

/// Conformance: 6.
#[tokio::test(flavor = "multi_thread")]
async fn none_never_shows_a_page() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let third = house
        .app_with("third", json!({ "first_party": false }))
        .await;
    let browser = house.browser();
    assert_eq!(wiki.silently(&browser).await.unwrap_err(), "login_required");
    assert!(browser.cookie_names().is_empty(), "nothing was begun");
    browser.sign_in(&alice).await;
    wiki.join(&browser).await;
    assert_eq!(
        third.silently(&browser).await.unwrap_err(),
        "consent_required"
    );
    house.advance(Duration::from_secs(10));
    for age in ["0", "9"] {
        let ask = wiki.ask().with("prompt", "none").with("max_age", age);
        assert_eq!(
            refused(&wiki, &browser, &ask).await,
            "login_required",
            "{age}"
        );
    }
    let ask = wiki.ask().with("prompt", "none").with("max_age", "10");
    redeem(&wiki, wiki.send(&browser, &ask).await, &ask).await;
}

/// Conformance: 6, 8.
#[tokio::test(flavor = "multi_thread")]
async fn silent_sign_on_leaves_auth_time_and_login_moves_it() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let first = sign_in_for(&wiki, &browser, &alice, &wiki.ask()).await;
    assert_eq!(auth_time(&first), seconds_in(0));
    let cookie = browser.cookie("lanyard").unwrap();
    let before = house.sessions_of(&alice).await;

    house.advance(Duration::from_mins(5));
    let silent = shop.join(&browser).await;
    assert_eq!(auth_time(&silent), seconds_in(0));
    assert_eq!(browser.cookie("lanyard").unwrap(), cookie);

    let ask = wiki.ask().with("prompt", "login");
    let page = wiki.send(&browser, &ask).await.page();
    assert!(page.shows("You are signed in as"), "{}", page.body);
    assert_eq!(page.hidden("username").unwrap(), "alice");
    let again = redeem(&wiki, browser.sign_in_at(&page, &alice).await, &ask).await;
    assert_eq!(auth_time(&again), seconds_in(300));
    // The session goes on: apps find it by its sid. Its secret does not.
    assert_eq!(again.sid(), first.sid());
    assert_eq!(house.sessions_of(&alice).await, before);
    assert_ne!(browser.cookie("lanyard").unwrap(), cookie);

    let later = shop.join(&browser).await;
    assert_eq!(
        (auth_time(&later), later.sid()),
        (seconds_in(300), silent.sid())
    );
    // A refresh repeats what its own sign-in said (Core 1.0, 12.2).
    let refreshed = wiki.refresh(first.refresh()).await;
    assert_eq!(auth_time(&refreshed), seconds_in(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn login_cannot_be_had_without_the_password() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let ask = wiki.ask().with("prompt", "login");
    let page = wiki.send(&browser, &ask).await.page();
    let tag = value(&page.form_action(), "i").unwrap();
    // The other steps of an interaction cannot be walked instead.
    for (path, action) in [("/consent", "allow"), ("/login/account", "continue")] {
        let form = [("csrf", page.csrf()), ("action", action.to_owned())];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = browser.post(&format!("{path}?i={tag}"), &form).await;
        let landing = browser.follow(answer).await;
        let Landing::Page(page) = landing else {
            panic!("{path} led to the app");
        };
        assert_ne!(page.status, 500);
        assert!(page.location().is_none(), "{path}");
    }
    let wrong = Person {
        password: "wrong".to_owned(),
        ..alice.clone()
    };
    let again = browser.sign_in_at(&page, &wrong).await.page();
    assert_eq!(again.status, 400);
    redeem(&wiki, browser.sign_in_at(&again, &alice).await, &ask).await;
}

/// Conformance: 7.
#[tokio::test(flavor = "multi_thread")]
async fn max_age_is_counted_from_the_last_proof() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    house.advance(Duration::from_secs(100));

    for (age, asked) in [("100", false), ("100000000000", false), ("99", true)] {
        let ask = wiki.ask().with("max_age", age);
        let landing = wiki.send(&browser, &ask).await;
        assert_eq!(matches!(landing, Landing::Page(_)), asked, "{age}");
        if asked {
            let tokens = redeem(
                &wiki,
                browser.sign_in_at(&landing.page(), &alice).await,
                &ask,
            )
            .await;
            assert_eq!(auth_time(&tokens), seconds_in(100));
        }
    }
    // 0 means now, even in the second of the last sign-in; and 1 in the one after next.
    for (age, wait) in [("0", 0), ("1", 2)] {
        house.advance(Duration::from_secs(wait));
        sign_in_for(&wiki, &browser, &alice, &wiki.ask().with("max_age", age)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_a_maximum_age_of_its_own() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let bank = house
        .app_with("bank", json!({ "default_max_age": 60 }))
        .await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    bank.join(&browser).await;
    house.advance(Duration::from_secs(61));
    assert_eq!(bank.silently(&browser).await.unwrap_err(), "login_required");
    // A request may say otherwise (Registration 1.0, 2).
    let ask = bank.ask().with("max_age", "3600");
    redeem(&bank, bank.send(&browser, &ask).await, &ask).await;
    sign_in_for(&bank, &browser, &alice, &bank.ask()).await;
    bank.join(&browser).await;
}

/// Conformance: 6.
#[tokio::test(flavor = "multi_thread")]
async fn select_account_asks_and_lets_switch() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let choose = wiki.ask().with("prompt", "select_account");
    // Nobody to choose from: the sign-in page is the choice.
    let first = sign_in_for(&wiki, &browser, &alice, &choose).await;

    let ask = wiki.ask().with("prompt", "select_account");
    let page = wiki.send(&browser, &ask).await.page();
    assert_eq!(page.heading(), "Choose an account");
    assert!(page.shows("alice@example.com"));
    let answer = browser.submit(&page, &[("action", "cancel")]).await;
    assert_eq!(wiki.error(&answer.away(), &ask), "access_denied");

    let page = wiki.send(&browser, &ask).await.page();
    let kept = browser.submit(&page, &[("action", "continue")]).await;
    let kept = redeem(&wiki, kept, &ask).await;
    assert_eq!(kept.claims["sub"], json!(alice.id));
    assert_eq!(auth_time(&kept), auth_time(&first));

    let page = wiki.send(&browser, &ask).await.page();
    let sign_in = browser.submit(&page, &[("action", "switch")]).await.page();
    assert!(
        browser.is_signed_in().await,
        "nothing ends before the other is in"
    );
    let other = redeem(&wiki, browser.sign_in_at(&sign_in, &bob).await, &ask).await;
    assert_eq!(other.claims["sub"], json!(bob.id));
    wiki.expect_signed_out(first.sid()).await;
    assert!(house.sessions_of(&alice).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_chosen_is_the_one_on_the_page() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let ask = wiki.ask().with("prompt", "select_account");
    let of_alice = wiki.send(&browser, &ask).await.page();
    // Meanwhile bob signs in, in another tab.
    let other = wiki.ask().with("prompt", "login");
    sign_in_for(&wiki, &browser, &bob, &other).await;
    // "alice Example" is what the button says.
    let answer = browser.submit(&of_alice, &[("action", "continue")]).await;
    let Landing::Page(page) = answer else {
        panic!("alice was chosen, and bob went on");
    };
    assert_eq!(page.heading(), "This page has been open too long");
    let page = browser.go(of_alice.url.as_str()).await.page();
    assert!(page.shows("bob@example.com"));
    let tokens = redeem(
        &wiki,
        browser.submit(&page, &[("action", "continue")]).await,
        &ask,
    )
    .await;
    assert_eq!(tokens.claims["sub"], json!(bob.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_hint_fills_in_the_name_and_nothing_else() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let hostile = "\"><script>alert(1)</script><input value=\"";
    for hint in ["alice", "nobody@example.com", "ä & ö <i>", hostile] {
        let page = wiki
            .send(&browser, &wiki.ask().with("login_hint", hint))
            .await
            .page();
        assert_eq!(page.hidden("username").unwrap(), hint);
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<i>"));
        assert_eq!(page.body.matches("name=\"password\"").count(), 1);
    }
    let long = "l".repeat(400);
    let page = wiki
        .send(&browser, &wiki.ask().with("login_hint", &long))
        .await
        .page();
    assert_eq!(page.hidden("username").unwrap(), "");
    // It is a hint, not a demand: another person may sign in.
    let bob = house.person("bob").await;
    let ask = wiki.ask().with("login_hint", "alice");
    let tokens = sign_in_for(&wiki, &browser, &bob, &ask).await;
    assert_eq!(tokens.claims["sub"], json!(bob.id));
}

/// Conformance: 9.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_hint_names_the_only_person_wanted() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let (browser, of_bob) = (house.browser(), house.browser());
    browser.sign_in(&alice).await;
    of_bob.sign_in(&bob).await;
    let hint = wiki.join(&browser).await;
    let hint_of_bob = wiki.join(&of_bob).await;

    // Long expired, and still good enough to say who is meant.
    house.advance(Duration::from_mins(90));
    for app in [&wiki, &shop] {
        let ask = app
            .ask()
            .with("prompt", "none")
            .with("id_token_hint", hint.id_token());
        redeem(app, app.send(&browser, &ask).await, &ask).await;
    }
    let [head, body, signature] = hint.id_token().split('.').collect::<Vec<_>>()[..] else {
        panic!();
    };
    let body_of_bob = hint_of_bob.id_token().split('.').nth(1).unwrap();
    for forged in [
        format!("{head}.{body_of_bob}.{signature}"),
        format!("{head}.{body}."),
        format!("eyJhbGciOiJub25lIn0.{body}."),
        hint.access().to_owned(),
    ] {
        let ask = wiki
            .ask()
            .with("prompt", "none")
            .with("id_token_hint", &forged);
        assert_eq!(
            refused(&wiki, &browser, &ask).await,
            "invalid_request",
            "{forged}"
        );
    }
    let ask = wiki.ask().with("id_token_hint", hint_of_bob.id_token());
    let silent = ask.clone().with("prompt", "none");
    assert_eq!(refused(&wiki, &browser, &silent).await, "login_required");
    // With a page the right person may sign in; the wrong one is never handed over.
    let page = wiki.send(&browser, &ask).await.page();
    let answer = browser.sign_in_at(&page, &alice).await.away();
    assert_eq!(wiki.error(&answer, &ask), "login_required");
    let tokens = sign_in_for(&wiki, &browser, &bob, &ask).await;
    assert_eq!(tokens.claims["sub"], json!(bob.id));
}

/// Conformance: 10.
#[tokio::test(flavor = "multi_thread")]
async fn wishes_that_change_nothing_are_accepted() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let wishes = |ask: Ask| {
        ask.with("acr_values", "urn:example:gold urn:lanyard:acr:pwd")
            .with("ui_locales", "tlh-AQ de fr-CA")
            .with("claims_locales", "de")
            .with("display", "touch")
            .with("prompt", "create")
    };
    let ask = wishes(wiki.ask());
    let tokens = sign_in_for(&wiki, &browser, &alice, &ask).await;
    assert_eq!(tokens.claims["acr"], "urn:lanyard:acr:pwd");
    assert_eq!(tokens.claims["amr"], json!(["pwd"]));
    let ask = wishes(wiki.ask())
        .with("prompt", "none")
        .with("display", "unheard-of");
    redeem(&wiki, wiki.send(&browser, &ask).await, &ask).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_interactions_stand_open_side_by_side() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let apps = [
        house.app("wiki").await,
        house.app("shop").await,
        house.app("mail").await,
    ];
    let browser = house.browser();
    let mut open = Vec::new();
    for app in &apps {
        let ask = app.ask();
        let page = app.send(&browser, &ask).await.page();
        open.push((app, ask, page));
    }
    assert_eq!(browser.cookie_names().len(), 3);
    // Each answers its own app with its own request, whichever is finished first.
    let (app, ask, page) = open.remove(1);
    redeem(app, browser.sign_in_at(&page, &alice).await, &ask).await;
    // The others have nothing left to ask: a reload goes on.
    let (app, ask, page) = open.remove(0);
    redeem(app, browser.go(page.url.as_str()).await, &ask).await;
    // Or the form that still stands there is sent: the same session, proved again.
    let (app, ask, page) = open.remove(0);
    redeem(app, browser.sign_in_at(&page, &alice).await, &ask).await;
    assert_eq!(house.sessions_of(&alice).await.len(), 1);
    assert_eq!(browser.cookie_names(), ["lanyard"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_one_interaction_does_not_finish_another() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    let at_wiki = wiki.send(&browser, &wiki.ask()).await.page();
    let at_shop = shop.send(&browser, &shop.ask()).await.page();
    let csrf = at_wiki.csrf();
    let form = [
        ("csrf", csrf.as_str()),
        ("username", &alice.username),
        ("password", &alice.password),
        ("action", "sign_in"),
    ];
    let page = browser.post(at_shop.form_action().as_str(), &form).await;
    assert_eq!(page.status, 403);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_belongs_to_the_browser_that_began_it() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let attacker = house.browser();
    let page = wiki.send(&attacker, &wiki.ask()).await.page();
    // The link is sent to somebody else, signed in or not.
    let victim = house.browser();
    for _ in 0..2 {
        let seen = victim.get(page.url.as_str()).await;
        assert_eq!((seen.status.as_u16(), seen.heading().as_str()), (400, OVER));
        let sent = victim.sign_in_at(&page, &alice).await.page();
        assert_eq!(sent.heading(), OVER);
        assert!(!attacker.is_signed_in().await);
        victim.forget_cookies();
        victim.sign_in(&alice).await;
    }
    let still = attacker.get(page.url.as_str()).await;
    assert_eq!(still.heading(), "Sign in to wiki");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_interaction_is_over() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let ask = wiki.ask();
    let page = wiki.send(&browser, &ask).await.page();
    let thief = browser.stolen_copy();
    // A reload before that repeats nothing and changes nothing.
    let reloaded = browser.get(page.url.as_str()).await;
    assert_eq!(reloaded.csrf(), page.csrf());
    redeem(&wiki, browser.sign_in_at(&reloaded, &alice).await, &ask).await;

    // The browser's back button, its resent form, and a copy of its cookie.
    for holder in [&browser, &thief] {
        let back = holder.get(page.url.as_str()).await;
        assert_eq!((back.status.as_u16(), back.heading().as_str()), (400, OVER));
        let sent = holder.sign_in_at(&page, &alice).await.page();
        assert_eq!(sent.heading(), OVER);
    }
    assert_eq!(house.sessions_of(&alice).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_many_times_at_once_signs_in_once() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let ask = wiki.ask();
    let page = wiki.send(&browser, &ask).await.page();
    let mut tabs = tokio::task::JoinSet::new();
    // Fewer than are throttled.
    for _ in 0..5 {
        // Each as it was before any of them was answered, as after a double click.
        let (tab, page, alice) = (browser.stolen_copy(), page.clone(), alice.clone());
        tabs.spawn(async move { (tab.sign_in_at(&page, &alice).await, tab) });
    }
    let mut winners = Vec::new();
    for (landing, tab) in tabs.join_all().await {
        match landing {
            Landing::Away(answer) => winners.push((answer, tab)),
            // Told to wait, that it is finished, or asked again: never an error of ours.
            Landing::Page(page) => {
                let expected = [
                    (503, "Please wait a moment"),
                    (400, OVER),
                    (200, "Sign in to wiki"),
                ];
                let seen = (page.status.as_u16(), &*page.heading());
                assert!(expected.contains(&seen), "{seen:?}");
            }
        }
    }
    let [(answer, tab)] = &winners[..] else {
        panic!("{} winners", winners.len());
    };
    wiki.redeem(&wiki.code(answer, &ask), &ask).await;
    assert!(tab.is_signed_in().await);
    let live = house.sessions_of(&alice).await.len();
    assert_eq!(live, 1, "a session whose cookie nobody holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sign_in_on_one_interaction_replaces_the_first() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let third = house
        .app_with("third", json!({ "first_party": false }))
        .await;
    let browser = house.browser();
    let page = third.send(&browser, &third.ask()).await.page();
    // What the browser is before its first answer arrives, or when it forgot its session.
    let before = browser.stolen_copy();
    let asked = browser.sign_in_at(&page, &alice).await.page();
    assert!(asked.heading().contains("asks for your permission"));
    let again = before.sign_in_at(&page, &alice).await.page();
    assert!(again.heading().contains("asks for your permission"));
    assert!(before.is_signed_in().await);
    assert!(!browser.is_signed_in().await);
    assert_eq!(house.sessions_of(&alice).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_waits_an_hour() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let ask = wiki.ask();
    let page = wiki.send(&browser, &ask).await.page();
    house.advance(Duration::from_mins(59));
    assert_eq!(browser.get(page.url.as_str()).await.status, 200);
    house.advance(Duration::from_mins(2));
    assert_eq!(browser.get(page.url.as_str()).await.heading(), OVER);
    assert_eq!(
        browser.sign_in_at(&page, &alice).await.page().heading(),
        OVER
    );
    assert!(house.sessions_of(&alice).await.is_empty());
}

/// Conformance: 33.
#[tokio::test(flavor = "multi_thread")]
async fn cancelling_tells_the_app() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    for mode in ["query", "form_post"] {
        let ask = wiki.ask().with("response_mode", mode);
        let page = wiki.send(&browser, &ask).await.page();
        let answer = match browser.submit(&page, &[("action", "cancel")]).await {
            Landing::Away(answer) => answer,
            Landing::Page(page) => App::posted(&page),
        };
        assert_eq!(wiki.error(&answer, &ask), "access_denied");
        assert_eq!(browser.get(page.url.as_str()).await.heading(), OVER);
    }
    assert!(browser.cookie_names().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_form_comes_back_without_the_password() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let ask = wiki.ask();
    let mut page = wiki.send(&browser, &ask).await.page();
    let hostile = "<b>\"alice\"&amp;";
    for (username, password) in [(hostile, "s3cret-typo"), ("alice", ""), ("", "s3cret-typo")] {
        let fields = [
            ("username", username),
            ("password", password),
            ("remember_me", "yes"),
        ];
        page = browser.submit(&page, &fields).await.page();
        assert_eq!(page.status, 400);
        assert!(page.shows("That didn’t match"), "{}", page.body);
        assert_eq!(page.hidden("username").unwrap(), username);
        assert!(
            page.body
                .contains("name=\"remember_me\" value=\"yes\" checked")
        );
        assert!(!page.body.contains("s3cret") && !page.body.contains("<b>"));
    }
    // By mail address, in whatever case it is typed.
    let by_mail = Person {
        username: "ALICE@Example.com".to_owned(),
        ..alice.clone()
    };
    redeem(&wiki, browser.sign_in_at(&page, &by_mail).await, &ask).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_answer_for_unknown_and_disabled_people() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let off = house.person("off").await;
    house
        .provider()
        .record()
        .set_enabled(&off.id, false, &Actor::System)
        .await
        .unwrap();
    let browser = house.browser();
    let mut bodies = Vec::new();
    for (username, password) in [
        ("alice", "wrong"),
        ("nobody", "wrong"),
        (&*off.username, &*off.password),
    ] {
        let page = browser.go("/account").await.page();
        let fields = [("username", username), ("password", password)];
        let page = browser.submit(&page, &fields).await.page();
        bodies.push(masked(&page, username));
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
    assert!(house.sessions_of(&alice).await.is_empty());
}

/// What is left when the name typed and the tokens of the form are taken out.
fn masked(page: &Page, username: &str) -> Value {
    let tag = value(&page.form_action(), "i").unwrap();
    let body = page.body.replace(&page.csrf(), "").replace(&tag, "");
    let body = body.replace(&format!("value=\"{username}\""), "");
    json!([page.status.as_u16(), body])
}
