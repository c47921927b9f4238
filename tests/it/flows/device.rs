//! The device grant (RFC 8628): codes that one device shows and a person types into another.

use std::time::Duration;

use lanyard::protocol::client::GrantType;
use serde_json::{Value, json};

use crate::support::app::Tokens;
use crate::support::device::{Codes, DEVICE_CODE};
use crate::support::tokens::refusal;
use crate::support::{App, Browser, House, Page, Person};

const INTERVAL: Duration = Duration::from_secs(5);
const LIVES: Duration = Duration::from_mins(10);

async fn opened() -> (House, App, Person, Browser) {
    let house = House::open().await;
    let tv = house.television("tv").await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    (house, tv, alice, browser)
}

async fn allowed(tv: &App, browser: &Browser, scope: &str) -> (Codes, Tokens) {
    let codes = tv.begin(scope).await;
    browser.allow_device(codes.user_code()).await;
    let tokens = tv.collect(&codes).await;
    (codes, tokens)
}

fn says_no_such_code(page: &Page) {
    assert_eq!(page.status, 400, "{}", page.body);
    assert_eq!(page.heading(), "Connect a device");
    assert!(page.shows("This code doesn’t work"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_begin_is_refused() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    assert_eq!(refusal(&wiki.try_begin(&[]).await), "unauthorized_client");
    let tv = house.television("tv").await;
    let asks_openid = house
        .television_with("small", json!({ "scope": "profile" }))
        .await;
    let openid = asks_openid.try_begin(&[("scope", "openid")]).await;
    assert_eq!(refusal(&openid), "invalid_scope");
    for (form, error) in [
        (&[("scope", "bad\"scope")][..], "invalid_scope"),
        (
            &[("scope", "openid"), ("scope", "email")],
            "invalid_request",
        ),
        (&[("request", "e30.e30.")], "request_not_supported"),
        (&[("resource", "nowhere")], "invalid_target"),
    ] {
        assert_eq!(refusal(&tv.try_begin(form).await), error, "{form:?}");
    }
    let secret = house
        .app_with(
            "box",
            json!({ "grant_types": ["authorization_code", DEVICE_CODE] }),
        )
        .await;
    let mut stranger = secret.clone();
    stranger.secret = Some("wrong".to_owned());
    assert_eq!(refusal(&stranger.try_begin(&[]).await), "invalid_client");
    assert_eq!(secret.try_begin(&[]).await.status, 200);
    house.change(&tv, |client| client.enabled = false).await;
    assert_eq!(refusal(&tv.try_begin(&[]).await), "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_told_what_to_show_and_how_often_to_ask() {
    let (house, tv, ..) = opened().await;
    let codes = tv.begin("openid").await.0;
    let user_code = codes["user_code"].as_str().unwrap();
    let page = format!("{}/device", house.issuer);
    assert_eq!(codes["verification_uri"], json!(page));
    let complete = format!("{page}?user_code={user_code}");
    assert_eq!(codes["verification_uri_complete"], json!(complete));
    assert_eq!(codes["expires_in"], 600);
    assert_eq!(codes["interval"], 5);
    let letters: Vec<char> = user_code.chars().collect();
    assert_eq!((letters.len(), letters[4]), (9, '-'));
    let known = |letter: &char| "BCDFGHJKLMNPQRSTVWXZ-".contains(*letter);
    assert!(letters.iter().all(known), "{user_code}");
    let found = house
        .browser()
        .get("/.well-known/openid-configuration")
        .await;
    let endpoint = &found.json()["device_authorization_endpoint"];
    assert_eq!(
        endpoint,
        &json!(format!("{}/oauth2/device_authorization", house.issuer))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_of_nobody_and_of_others_are_refused() {
    let (house, tv, _, browser) = opened().await;
    let codes = tv.begin("openid").await;
    let other = house.television("radio").await;
    for code in ["", "nothing", &"A".repeat(90), codes.user_code()] {
        let form = [("grant_type", DEVICE_CODE), ("device_code", code)];
        let expected = if code.is_empty() {
            "invalid_request"
        } else {
            "invalid_grant"
        };
        assert_eq!(refusal(&tv.token(&form).await), expected, "{code}");
    }
    assert_eq!(refusal(&other.poll(&codes).await), "invalid_grant");
    browser.allow_device(codes.user_code()).await;
    assert_eq!(refusal(&other.poll(&codes).await), "invalid_grant");
    let wiki = house.app("wiki").await;
    assert_eq!(refusal(&wiki.poll(&codes).await), "unauthorized_client");
    // It is no code of the authorization endpoint either.
    let form = [
        ("grant_type", "authorization_code"),
        ("code", codes.device_code()),
    ];
    assert_eq!(refusal(&wiki.token(&form).await), "invalid_grant");
    tv.collect(&codes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_waits_and_slows_down() {
    let (house, tv, _, browser) = opened().await;
    let codes = tv.begin("openid").await;
    assert_eq!(refusal(&tv.poll(&codes).await), "authorization_pending");
    assert_eq!(refusal(&tv.poll(&codes).await), "slow_down");
    // Five seconds are too few from now on, and ten are enough.
    house.advance(INTERVAL);
    assert_eq!(refusal(&tv.poll(&codes).await), "slow_down");
    house.advance(INTERVAL * 3);
    assert_eq!(refusal(&tv.poll(&codes).await), "authorization_pending");
    browser.allow_device(codes.user_code()).await;
    tv.collect(&codes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_expires_for_device_and_person() {
    let (house, tv, _, browser) = opened().await;
    let (codes, late) = (tv.begin("openid").await, tv.begin("openid").await);
    let page = browser.type_code(codes.user_code()).await.page();
    browser.allow_device(late.user_code()).await;
    house.advance(LIVES);
    says_no_such_code(&browser.answer_device(&page, "allow").await);
    says_no_such_code(&browser.type_code(codes.user_code()).await.page());
    assert_eq!(refusal(&tv.poll(&codes).await), "expired_token");
    assert_eq!(refusal(&tv.poll(&late).await), "expired_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_told_and_final() {
    let (house, tv, alice, browser) = opened().await;
    let codes = tv.begin("openid").await;
    let page = browser.type_code(codes.user_code()).await.page();
    let done = browser.answer_device(&page, "deny").await;
    assert_eq!(done.heading(), "Nothing was connected");
    assert!(done.shows("Not allowed"), "{}", done.body);
    // The page goes on saying so; to another session it says nothing.
    let again = browser.answer_device(&page, "allow").await;
    assert!(again.shows("Not allowed"), "{}", again.body);
    assert_eq!(refusal(&tv.poll(&codes).await), "access_denied");
    assert_eq!(refusal(&tv.poll(&codes).await), "access_denied");
    let session = house.session_of(&alice).await;
    assert_eq!(house.participants(session).await, 0);
    let denied = |line: &lanyard::provider::AuditEntry| line.action == "device.deny";
    let line = house.expect_audit("that it was denied", denied).await;
    assert_eq!(line.target, "client:tv");
    let other = house.browser();
    other.sign_in(&alice).await;
    says_no_such_code(&other.type_code(codes.user_code()).await.page());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_device_is_a_part_of_the_session() {
    let (house, tv, alice, browser) = opened().await;
    let codes = tv.begin("openid profile").await;
    let page = browser.type_code(codes.user_code()).await.page();
    assert_eq!(page.heading(), "Use tv on a device?");
    for said in [
        codes.user_code(),
        "alice",
        "See who you are",
        "Network 127.0.0.0/24",
    ] {
        assert!(page.shows(said), "{said}: {}", page.body);
    }
    // Nothing is allowed by looking.
    assert_eq!(refusal(&tv.poll(&codes).await), "authorization_pending");
    browser.answer_device(&page, "allow").await;
    let tokens = tv.collect(&codes).await;
    assert_eq!(tokens.scope(), "openid profile");
    assert_eq!(tokens.claims["sub"], json!(alice.id.as_str()));
    assert_eq!(tokens.claims["acr"], "urn:lanyard:acr:pwd");
    assert_eq!(tokens.claims["nonce"], Value::Null);
    let session = house.session_of(&alice).await;
    assert_eq!(house.participants(session).await, 1);
    assert!(browser.go("/account").await.page().shows("tv"));
    assert_eq!(tv.userinfo(tokens.access()).await.status, 200);
    let tokens = tv.refresh(tokens.refresh()).await;
    let seen = |line: &lanyard::provider::AuditEntry| line.action == "device.allow";
    let line = house.expect_audit("that it was allowed", seen).await;
    assert_eq!(
        (line.target.as_str(), line.session.is_some()),
        ("client:tv", true)
    );
    // The end of the session is the device's.
    house.end(session).await;
    assert_eq!(tv.refused_refresh(tokens.refresh()).await, "invalid_grant");
    assert_eq!(tv.userinfo(tokens.access()).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_may_stay_connected_outlives_the_session() {
    let (house, tv, alice, browser) = opened().await;
    let (_, tokens) = allowed(&tv, &browser, "openid offline_access").await;
    let session = house.session_of(&alice).await;
    house.end_by_person(session, &alice).await;
    let tokens = tv.refresh(tokens.refresh()).await;
    house.revoke(&alice, &tv).await;
    assert_eq!(tv.refused_refresh(tokens.refresh()).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_a_back_channel_hears_of_the_end() {
    let (house, _, alice, browser) = opened().await;
    let grants = json!({ "grant_types": ["authorization_code", "refresh_token", DEVICE_CODE] });
    let desk = house.app_with("desk", grants).await;
    let (_, tokens) = allowed(&desk, &browser, "openid").await;
    let session = house.session_of(&alice).await;
    house.end(session).await;
    let notices = house.notices_of(session).await;
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].sid.as_str(), tokens.sid());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_use_ends_what_the_first_one_yielded() {
    for scope in ["openid", "openid offline_access"] {
        let (house, tv, _, browser) = opened().await;
        let (codes, tokens) = allowed(&tv, &browser, scope).await;
        assert_eq!(refusal(&tv.poll(&codes).await), "invalid_grant", "{scope}");
        house.settled().await;
        assert_eq!(tv.refused_refresh(tokens.refresh()).await, "invalid_grant");
        assert!(browser.is_signed_in().await);
        let again = browser.type_code(codes.user_code()).await.page();
        assert_eq!(again.heading(), "Go back to your device", "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_yes_and_a_no_at_once_one_counts_and_a_second_yes_is_the_same() {
    let (house, tv, alice, browser) = opened().await;
    let codes = tv.begin("openid").await;
    let page = browser.type_code(codes.user_code()).await.page();
    let (yes, again, no) = tokio::join!(
        browser.answer_device(&page, "allow"),
        browser.answer_device(&page, "allow"),
        browser.answer_device(&page, "deny"),
    );
    let session = house.session_of(&alice).await;
    if no.shows("Not allowed") {
        assert!(yes.shows("Not allowed") && again.shows("Not allowed"));
        assert_eq!(refusal(&tv.poll(&codes).await), "access_denied");
        // Nothing came of the yes.
        assert_eq!(house.participants(session).await, 0);
    } else {
        assert!(yes.shows("Allowed") || again.shows("Allowed"));
        tv.collect(&codes).await;
        assert_eq!(house.participants(session).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_questions_at_once_at_most_one_yields_tokens() {
    let (_house, tv, _, browser) = opened().await;
    let codes = tv.begin("openid").await;
    browser.allow_device(codes.user_code()).await;
    let polls = (0..8).map(|_| tv.poll(&codes));
    let pages = futures_util::future::join_all(polls).await;
    let good = pages.iter().filter(|page| page.status == 200).count();
    assert!(good <= 1, "{good}");
    assert!(
        pages
            .iter()
            .all(|page| page.status == 200 || page.status == 400)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_before_the_device_asks_yields_nothing() {
    let (house, tv, alice, browser) = opened().await;
    let (first, second) = (tv.begin("openid").await, tv.begin("openid").await);
    browser.allow_device(first.user_code()).await;
    browser.allow_device(second.user_code()).await;
    let session = house.session_of(&alice).await;
    house.end_client(session, &tv).await;
    assert_eq!(refusal(&tv.poll(&first).await), "invalid_grant");
    house.end(session).await;
    assert_eq!(refusal(&tv.poll(&second).await), "invalid_grant");
    let third = tv.begin("openid").await;
    let other = house.browser();
    other.sign_in(&alice).await;
    other.allow_device(third.user_code()).await;
    house.enable(&alice, false).await;
    assert_eq!(refusal(&tv.poll(&third).await), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hot_state_that_may_have_forgotten_refuses_kindly() {
    let (house, tv, _, browser) = opened().await;
    let (asked, answered) = (tv.begin("openid").await, tv.begin("openid").await);
    browser.allow_device(answered.user_code()).await;
    let record = house.provider().record();
    record.append_distrust(house.clock.now()).await.unwrap();
    for number in 0..house.number_of_nodes() {
        let tv = house.app_at(number, &tv);
        House::until("the node read it", || async {
            refusal(&tv.poll(&asked).await) == "expired_token"
        })
        .await;
    }
    assert_eq!(refusal(&tv.poll(&answered).await), "expired_token");
    says_no_such_code(&browser.type_code(asked.user_code()).await.page());
    allowed(&tv, &browser, "openid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_allowed_beforehand() {
    let (house, _, _, browser) = opened().await;
    for (id, first_party) in [("own", true), ("foreign", false)] {
        let app = house
            .television_with(id, json!({ "first_party": first_party }))
            .await;
        allowed(&app, &browser, "openid profile").await;
        // Not by the yes of a minute ago, not by the address with the code in it.
        let codes = app.begin("openid profile").await;
        let complete = codes.0["verification_uri_complete"].as_str().unwrap();
        let form = browser.get(complete).await;
        assert_eq!(form.heading(), "Connect a device");
        assert!(form.shows(&format!("value=\"{}\"", codes.user_code())));
        let page = browser.type_code(codes.user_code()).await.page();
        assert_eq!(page.heading(), format!("Use {id} on a device?"));
        house.advance(INTERVAL);
        assert_eq!(refusal(&app.poll(&codes).await), "authorization_pending");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_signs_in_first_and_is_asked_then() {
    let (house, tv, alice, _) = opened().await;
    let codes = tv.begin("openid").await;
    let browser = house.browser();
    let page = browser
        .type_code(&codes.user_code().to_lowercase())
        .await
        .page();
    let page = browser.sign_in_at(&page, &alice).await.page();
    assert_eq!(page.heading(), "Use tv on a device?");
    browser.answer_device(&page, "allow").await;
    tv.collect(&codes).await;
    // Whether a code is right is not told to who is not signed in.
    let wrong = house.browser().type_code("BCDF-GHJK").await.page();
    assert!(wrong.heading().starts_with("Sign in to"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_the_one_that_is_signed_in_signs_in_as_themselves() {
    let (house, tv, alice, browser) = opened().await;
    let bob = house.person("bob").await;
    let (first, second) = (tv.begin("openid").await, tv.begin("openid").await);
    let page = browser.type_code(first.user_code()).await.page();
    assert!(page.shows("You are signed in as <strong>alice"));
    let switch = [("user_code", first.user_code()), ("action", "switch")];
    let sign_in = browser.submit(&page, &switch).await.page();
    assert!(
        sign_in.heading().starts_with("Sign in to"),
        "{}",
        sign_in.body
    );
    // Until somebody else signs in nothing has changed.
    assert_eq!(house.sessions_of(&alice).await.len(), 1);
    assert!(browser.is_signed_in().await);
    let page = browser.sign_in_at(&sign_in, &bob).await.page();
    assert!(
        page.shows("You are signed in as <strong>bob"),
        "{}",
        page.body
    );
    assert_eq!(house.sessions_of(&alice).await, []);
    browser.answer_device(&page, "allow").await;
    let tokens = tv.collect(&first).await;
    assert_eq!(tokens.claims["sub"], json!(bob.id.as_str()));

    // It may be the same person after all, in the session that they had.
    let session = house.session_of(&bob).await;
    let page = browser.type_code(second.user_code()).await.page();
    let switch = [("user_code", second.user_code()), ("action", "switch")];
    let sign_in = browser.submit(&page, &switch).await.page();
    let page = browser.sign_in_at(&sign_in, &bob).await.page();
    assert_eq!(page.heading(), "Use tv on a device?");
    assert_eq!(house.session_of(&bob).await, session);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_proved_themselves_too_long_ago_proves_it_again() {
    let (house, _, alice, browser) = opened().await;
    let tv = house
        .television_with("bank", json!({ "default_max_age": 60 }))
        .await;
    house.advance(Duration::from_mins(6));
    let codes = tv.begin("openid").await;
    let page = browser.type_code(codes.user_code()).await.page();
    assert!(
        page.heading().starts_with("Sign in to"),
        "{}",
        page.heading()
    );
    let page = browser.sign_in_at(&page, &alice).await.page();
    assert_eq!(page.heading(), "Use bank on a device?");
    browser.answer_device(&page, "allow").await;
    let tokens = tv.collect(&codes).await;
    assert_eq!(
        tokens.claims["auth_time"],
        json!(house.clock.now().as_secs())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_answers_allow_nothing() {
    let (house, tv, alice, browser) = opened().await;
    let (codes, own) = (tv.begin("openid").await, tv.begin("openid").await);
    let page = browser.type_code(own.user_code()).await.page();
    let other = house.browser();
    other.sign_in(&alice).await;
    let others = other.type_code(codes.user_code()).await.page();
    let account = browser.go("/account").await.page().csrf();
    // None, that of another device, of another session, of another page.
    for token in ["", "AAAA", &page.csrf(), &others.csrf(), &account] {
        let form = [
            ("csrf", token),
            ("user_code", codes.user_code()),
            ("action", "allow"),
        ];
        let answer = browser.post("/device/confirm", &form).await;
        assert_eq!(answer.status, 403, "{token}: {}", answer.body);
    }
    let right = browser.type_code(codes.user_code()).await.page().csrf();
    let form = [
        ("csrf", right.as_str()),
        ("user_code", codes.user_code()),
        ("action", "allow"),
    ];
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let answer = browser.post_with("/device/confirm", &form, &[header]).await;
        assert_eq!(answer.status, 403, "{header:?}");
        let answer = browser.post_with("/device", &form, &[header]).await;
        assert_eq!(answer.status, 403, "{header:?}");
    }
    assert_eq!(refusal(&tv.poll(&codes).await), "authorization_pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_elsewhere_leads_to_the_form_and_is_no_guess() {
    let (_house, tv, _, browser) = opened().await;
    let codes = tv.begin("openid").await;
    let away = [("sec-fetch-site", "cross-site")];
    for code in [["BCDF-GHJK"; 9].as_slice(), &[codes.user_code()]].concat() {
        let confirm = format!("/device/confirm?user_code={code}");
        let page = browser.get_with(&confirm, &away).await;
        assert_eq!(page.status, 303, "{code}: {}", page.body);
        let form = page.location().unwrap();
        assert!(
            form.as_str()
                .ends_with(&format!("/device?user_code={code}")),
            "{form}"
        );
    }
    let page = browser.type_code(codes.user_code()).await.page();
    assert_eq!(page.heading(), "Use tv on a device?");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_may_no_longer_have_is_neither_asked_for_nor_given() {
    let (house, _, alice, browser) = opened().await;
    let all = "openid profile email offline_access";
    let tv = house.television_with("tv2", json!({ "scope": all })).await;
    let codes = tv.begin(all).await;
    house
        .change(&tv, |client| {
            client.scope = Some("openid profile offline_access".to_owned());
        })
        .await;
    let page = browser.type_code(codes.user_code()).await.page();
    assert!(page.shows("See who you are"), "{}", page.body);
    assert!(!page.shows("See your email address"), "{}", page.body);
    browser.answer_device(&page, "allow").await;
    house
        .change(&tv, |client| client.scope = Some("openid".to_owned()))
        .await;
    let tokens = tv.collect(&codes).await;
    assert_eq!(tokens.scope(), "openid");
    // With the scope went the leave to stay connected.
    house.end(house.session_of(&alice).await).await;
    assert_eq!(tv.refused_refresh(tokens.refresh()).await, "invalid_grant");

    let codes = tv.begin("openid").await;
    browser.sign_in(&alice).await;
    house
        .change(&tv, |client| {
            client
                .grant_types
                .retain(|grant| *grant != GrantType::DeviceCode);
        })
        .await;
    says_no_such_code(&browser.type_code(codes.user_code()).await.page());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_typed_as_a_code_is_refused_kindly() {
    let (_, _, _, browser) = opened().await;
    let long = "B".repeat(5000);
    for typed in [
        "",
        "BCDF-GHJ",
        "AEIO-UAEI",
        "\"><script>alert(1)</script>",
        "../../account",
        "{{user_code}}",
        "BCDF\r\nSet-Cookie: a=b",
        "\u{202E}BCDFGHJ",
        &long,
    ] {
        let page = browser.type_code(typed).await.page();
        says_no_such_code(&page);
        assert!(!page.body.contains("<script>"), "{typed}");
        let query = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect::<String>();
        let page = browser.get(&format!("/device?user_code={query}")).await;
        assert_eq!(page.status, 200, "{typed}");
        assert!(!page.body.contains("value="), "{typed}");
        let page = browser
            .get(&format!("/device/confirm?user_code={query}"))
            .await;
        assert_eq!(page.status, 303, "{typed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_a_right_code_is_no_guess() {
    let (house, tv, alice, browser) = opened().await;
    for _ in 0..8 {
        let codes = tv.begin("openid").await;
        browser.allow_device(codes.user_code()).await;
    }
    let mut tries = 0;
    let refused = loop {
        let page = browser.type_code("BCDF-GHJK").await.page();
        if page.status == 429 {
            break page;
        }
        says_no_such_code(&page);
        tries += 1;
        assert!(tries < 20, "never refused");
    };
    // Five are free, and one goes on in each wait.
    assert_eq!(tries, 6);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(refused.shows(&format!("Please wait {wait} seconds")));
    // A right one is not even looked at before; nor one that is posted at once.
    let codes = tv.begin("openid").await;
    assert_eq!(
        browser.type_code(codes.user_code()).await.page().status,
        429
    );
    let form = [
        ("csrf", ""),
        ("user_code", codes.user_code()),
        ("action", "allow"),
    ];
    assert_eq!(browser.post("/device/confirm", &form).await.status, 429);
    // Another session of hers waits too, and somebody else at the same address is free yet.
    let other = house.browser();
    other.sign_in(&alice).await;
    let page = other.type_code(codes.user_code()).await.page();
    assert_eq!(page.status, 429);
    let throttled = |line: &lanyard::provider::AuditEntry| line.action == "device.throttled";
    house.expect_audit("that somebody guesses", throttled).await;
    let bobs = house.browser();
    bobs.sign_in(&house.person("bob").await).await;
    bobs.allow_device(codes.user_code()).await;
    house.advance(Duration::from_mins(15));
    let codes = tv.begin("openid").await;
    browser.allow_device(codes.user_code()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_by_many_people_are_counted_by_their_address() {
    let house = House::open().await;
    let mut tries = 0;
    for number in 0..16 {
        let browser = house.browser();
        let person = house.person(&format!("person{number}")).await;
        browser.sign_in(&person).await;
        for _ in 0..5 {
            if browser.type_code("BCDF-GHJK").await.page().status == 429 {
                // Fifty are free.
                assert!((50..=52).contains(&tries), "{tries}");
                return;
            }
            tries += 1;
        }
    }
    panic!("never refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_begins_so_many_devices_from_an_address_and_no_more() {
    let (house, tv, ..) = opened().await;
    for number in 0..100 {
        assert_eq!(tv.try_begin(&[]).await.status, 200, "{number}");
    }
    let refused = tv.try_begin(&[]).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["error"], "temporarily_unavailable");
    assert!(refused.header("retry-after").is_some());
    let other = house.television("radio").await;
    assert_eq!(other.try_begin(&[]).await.status, 200);
    house.advance(Duration::from_mins(15));
    assert_eq!(tv.try_begin(&[]).await.status, 200);
}

/// What lies in the share for what anybody may store is metered apart.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_waits_asks_nothing_of_the_store_of_sessions() {
    let mut house = House::open_alone().await;
    let tv = house.television("tv").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let (codes, waiting) = (tv.begin("openid").await, tv.begin("openid").await);
    browser.allow_device(codes.user_code()).await;
    assert_eq!(refusal(&tv.poll(&waiting).await), "authorization_pending");
    house.rest().await;
    let spent = || {
        let hot = house.provider().hot();
        [hot.reads(), hot.commits(), hot.counts()]
    };
    let [reads, commits, counts] = spent();
    house.advance(INTERVAL);
    assert_eq!(refusal(&tv.poll(&waiting).await), "authorization_pending");
    assert_eq!(spent(), [reads, commits, counts]);
    tv.collect(&codes).await;
    assert_eq!(spent(), [reads + 1, commits + 1, counts]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_disabled_is_not_asked_about() {
    let (house, tv, alice, browser) = opened().await;
    let codes = tv.begin("openid").await;
    let page = browser.type_code(codes.user_code()).await.page();
    house.change(&tv, |client| client.enabled = false).await;
    says_no_such_code(&browser.answer_device(&page, "allow").await);
    says_no_such_code(&browser.type_code(codes.user_code()).await.page());
    let session = house.session_of(&alice).await;
    assert_eq!(house.participants(session).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_are_asked_for_at_first_and_may_be_narrowed() {
    let (_house, tv, _, browser) = opened().await;
    let (one, two) = ("https://a.example/", "https://b.example/");
    let page = tv
        .try_begin(&[("scope", "openid"), ("resource", one), ("resource", two)])
        .await;
    let codes = Codes(page.json());
    browser.allow_device(codes.user_code()).await;
    let ask = |resource| {
        let form = [
            ("grant_type", DEVICE_CODE),
            ("device_code", codes.device_code()),
            ("resource", resource),
        ];
        let tv = tv.clone();
        async move { tv.token(&form).await }
    };
    let strange = ask("https://c.example/").await;
    assert_eq!(refusal(&strange), "invalid_target");
    let tokens = ask(one).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let claims = tv.verify_for(token, "at+jwt", one).await;
    assert!(!claims["aud"].to_string().contains(two), "{claims}");
}
