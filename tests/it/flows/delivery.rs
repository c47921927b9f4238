//! Apps are told of an end (Back-Channel Logout 1.0): each once, for as long as it takes, and
//! nobody waits for them.

use std::time::{Duration, Instant};

use lanyard::clock::Timestamp;
use lanyard::entropy::SessionId;
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::{NoticeState, NoticeView, reference};
use serde_json::{Value, json};

use crate::support::app::{Mood, Tokens};
use crate::support::{App, Browser, House, Person};

const A_DAY: Duration = Duration::from_hours(24);

/// A person signed in at each of these apps in one session.
async fn joined(house: &House, person: &Person, apps: &[&App]) -> (Browser, Vec<Tokens>) {
    let browser = house.browser();
    browser.sign_in(person).await;
    let mut tokens = Vec::new();
    for app in apps {
        tokens.push(app.join(&browser).await);
    }
    (browser, tokens)
}

async fn end(house: &House, selection: Selection) {
    house
        .provider()
        .end(&selection, Reason::Admin, &Actor::CommandLine)
        .await
        .unwrap();
}

/// Waits until the only notice of a session is as described.
async fn until_notice(
    house: &House,
    session: SessionId,
    what: &str,
    is: impl Fn(&NoticeView) -> bool,
) -> NoticeView {
    House::until(what, || async { is(&house.notices_of(session).await[0]) }).await;
    let mut notices = house.notices_of(session).await;
    assert_eq!(notices.len(), 1);
    notices.remove(0)
}

/// Waits until that many attempts have failed, the last one with its receipt.
async fn until_put_off(house: &House, session: SessionId, attempts: i64) -> NoticeView {
    until_notice(house, session, "it is to be tried again", |notice| {
        notice.attempts == attempts && notice.next_at > Some(house.clock.now())
    })
    .await
}

/// How long after now the notice is tried again, in milliseconds.
fn pause(house: &House, notice: &NoticeView) -> u128 {
    let next: Timestamp = notice.next_at.unwrap();
    house.clock.now().until(next).as_millis()
}

async fn claims_of(app: &App) -> Vec<Value> {
    let mut claims = Vec::new();
    for token in app.logout_tokens() {
        claims.push(app.verify(&token, "logout+jwt").await);
    }
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_fails_is_tried_again_and_each_token_is_new() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    wiki.feels(Mood::Answers(500));
    let (_browser, tokens) = joined(&house, &alice, &[&wiki]).await;
    let session = house.session_of(&alice).await;
    house.end(session).await;

    for attempt in 1..=4_u32 {
        let failed = until_put_off(&house, session, i64::from(attempt)).await;
        assert_eq!(failed.state, NoticeState::Waiting);
        assert_eq!(failed.last_status, Some(500));
        let usual = 1000 << (attempt - 1);
        let pause = pause(&house, &failed);
        assert!(
            (usual * 3 / 4..=usual * 5 / 4).contains(&pause),
            "{attempt}: {pause} ms"
        );
        if attempt == 4 {
            wiki.feels(Mood::Answers(200));
        }
        house.advance(Duration::from_millis(u64::try_from(pause).unwrap()));
    }
    let told = until_notice(&house, session, "wiki is told", |notice| {
        notice.state == NoticeState::Delivered
    })
    .await;
    assert_eq!(told.attempts, 5);
    assert_eq!(told.delivered_at, Some(house.clock.now()));
    let claims = claims_of(&wiki).await;
    assert_eq!(claims.len(), 5);
    for (place, claim) in claims.iter().enumerate() {
        assert_eq!(claim["sid"], json!(tokens[0].sid()));
        let others = claims.iter().filter(|other| other["jti"] == claim["jti"]);
        assert_eq!(others.count(), 1, "a `jti` came twice");
        let earlier = &claims[place.saturating_sub(1)];
        assert!(claim["iat"].as_i64() >= earlier["iat"].as_i64());
        assert_eq!(
            claim["exp"].as_i64().unwrap() - claim["iat"].as_i64().unwrap(),
            120
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_asks_for_time_gets_it_up_to_an_hour() {
    for (asked, least, most) in [("90", 90_000, 90_000), ("86400", 3_600_000, 3_600_000)] {
        let house = House::open().await;
        let alice = house.person("alice").await;
        let wiki = house.app("wiki").await;
        wiki.feels(Mood::AsksFor(asked));
        let (_browser, tokens) = joined(&house, &alice, &[&wiki]).await;
        let session = house.session_of(&alice).await;
        house.end(session).await;
        let failed = until_put_off(&house, session, 1).await;
        let pause = pause(&house, &failed);
        assert!((least..=most).contains(&pause), "{asked}: {pause} ms");
        wiki.feels(Mood::Answers(200));
        house.advance(Duration::from_millis(u64::try_from(pause).unwrap()));
        wiki.expect_signed_out(tokens[0].sid()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_final() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    wiki.feels(Mood::Answers(400));
    let (browser, first) = joined(&house, &alice, &[&wiki]).await;
    let session = house.session_of(&alice).await;
    let page = browser.go("/oauth2/logout").await.page();
    let page = browser.answer_logout(&page, "logout").await.page();
    let receipts = page.url.clone();
    let refused = until_notice(&house, session, "wiki refused", |notice| {
        notice.state != NoticeState::Waiting
    })
    .await;
    assert_eq!(refused.state, NoticeState::Refused);
    house
        .expect_audit("that a notice was refused", |line| {
            line.action == "notice_refused" && line.target == "client:wiki"
        })
        .await;
    assert!(browser.get(receipts.as_str()).await.shows("Gave up"));

    // Whatever were still due would go out together with the next session's.
    house.advance(A_DAY / 2);
    wiki.feels(Mood::Answers(200));
    let (_browser, second) = joined(&house, &alice, &[&wiki]).await;
    house.end(house.session_of(&alice).await).await;
    wiki.expect_signed_out(second[0].sid()).await;
    let heard = claims_of(&wiki).await;
    let of_first = heard
        .iter()
        .filter(|claims| claims["sid"] == json!(first[0].sid()));
    assert_eq!(of_first.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_delivered_is_given_up_after_a_day_and_said_aloud() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    wiki.feels(Mood::Answers(503));
    let (browser, _) = joined(&house, &alice, &[&wiki]).await;
    let session = house.session_of(&alice).await;
    let page = browser.go("/oauth2/logout").await.page();
    let page = browser.answer_logout(&page, "logout").await.page();
    let receipts = page.url.clone();
    assert!(page.shows("wiki"));

    for (after, attempt) in [(Duration::from_hours(22), 1), (A_DAY, 2)] {
        let failed = until_put_off(&house, session, attempt).await;
        assert_eq!(failed.state, NoticeState::Waiting, "{failed:?}");
        house.advance(after);
    }
    let given_up = until_notice(&house, session, "it is given up", |notice| {
        notice.state != NoticeState::Waiting
    })
    .await;
    assert_eq!(given_up.state, NoticeState::GaveUp);
    assert_eq!(given_up.last_status, Some(503));
    assert_eq!(given_up.next_at, None);
    house
        .expect_audit("that a notice was given up", |line| {
            line.action == "notice_given_up" && line.target == "client:wiki"
        })
        .await;
    // By now the page of that day has closed; whoever signs in can still look.
    let page = browser.get(receipts.as_str()).await;
    assert!(!page.shows("wiki"), "{}", page.body);
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let page = browser
        .get(&format!("/account?s={}", reference(session)))
        .await;
    assert!(page.shows("Gave up") && page.shows("It may keep that device signed in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    wiki.feels(Mood::Redirects);
    joined(&house, &alice, &[&wiki]).await;
    let session = house.session_of(&alice).await;
    house.end(session).await;
    let failed = until_notice(&house, session, "the attempt is over", |notice| {
        notice.last_status.is_some()
    })
    .await;
    assert_eq!(failed.last_status, Some(307));
    assert_eq!(failed.state, NoticeState::Waiting, "a redirect is no yes");
    assert_eq!(wiki.logout_tokens().len(), 1, "the token went elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_an_app_that_hangs() {
    let house = House::open_with(&[("DELIVERY__TIMEOUT", "60s")]).await;
    let alice = house.person("alice").await;
    let (wiki, dead) = (house.app("wiki").await, house.app("dead").await);
    dead.feels(Mood::Hangs);
    let (browser, tokens) = joined(&house, &alice, &[&wiki, &dead]).await;
    let session = house.session_of(&alice).await;
    let page = browser.go("/oauth2/logout").await.page();
    let page = browser.answer_logout(&page, "logout").await.page();
    assert_eq!(page.heading(), "You are signed out");
    let notices = house.notices_of(session).await;
    assert_eq!(notices[0].client_name, "dead");
    assert_eq!(
        (notices[0].state, &notices[0].problem),
        (NoticeState::Waiting, &None),
        "the answer did not wait for the attempt"
    );
    assert!(page.shows("Being told"));
    wiki.expect_signed_out(tokens[0].sid()).await;

    // Nor does whoever signs out next, while that attempt is still under way.
    let (_browser, tokens) = joined(&house, &alice, &[&wiki]).await;
    house.end(house.session_of(&alice).await).await;
    wiki.expect_signed_out(tokens[0].sid()).await;
    assert_eq!(dead.logout_tokens().len(), 1);
}

/// Eight apps that hang, more of their notices under way than a worker holds: whoever signs out
/// then is answered as ever. By order, no attempt is over when the page is there; and by the bound
/// that was promised.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_after_a_logout_comes_within_two_seconds_whatever_the_apps_do() {
    let house = House::open_with(&[("DELIVERY__TIMEOUT", "60s")]).await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let mut apps = Vec::new();
    for number in 0..8 {
        let app = house.app(&format!("dead-{number}")).await;
        app.feels(Mood::Hangs);
        apps.push(app);
    }
    let apps: Vec<_> = apps.iter().collect();
    for _ in 0..6 {
        joined(&house, &alice, &apps).await;
    }
    let user = alice.id.clone();
    end(&house, Selection::Person { user, except: None }).await;
    House::until("the hanging apps are tried", || async {
        apps.iter().all(|app| !app.logout_tokens().is_empty())
    })
    .await;
    let (browser, _) = joined(&house, &bob, &apps).await;
    let session = house.session_of(&bob).await;
    let question = browser.go("/oauth2/logout").await.page();
    let begun = Instant::now();
    let page = browser.answer_logout(&question, "logout").await.page();
    let took = begun.elapsed();
    assert_eq!(page.heading(), "You are signed out");
    assert_eq!(page.body.matches("data-waiting").count(), apps.len());
    assert!(took < Duration::from_secs(2), "{took:?}");
    for notice in house.notices_of(session).await {
        assert_eq!(notice.state, NoticeState::Waiting);
        assert_eq!(notice.last_attempt_at, None, "the page waited for it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_hangs_takes_no_places_from_others() {
    let house = House::open_with(&[("DELIVERY__TIMEOUT", "60s")]).await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let (wiki, dead) = (house.app("wiki").await, house.app("dead").await);
    dead.feels(Mood::Hangs);
    // More than the worker does at a time.
    for _ in 0..40 {
        joined(&house, &alice, &[&dead]).await;
    }
    let (_browser, tokens) = joined(&house, &bob, &[&wiki]).await;
    let all_of = |person: &Person| Selection::Person {
        user: person.id.clone(),
        except: None,
    };
    end(&house, all_of(&alice)).await;
    House::until("the hanging app is tried", || async {
        dead.logout_tokens().len() >= 4
    })
    .await;
    house.advance(Duration::from_millis(1));
    end(&house, all_of(&bob)).await;
    wiki.expect_signed_out(tokens[0].sid()).await;
    let (heard, most) = (dead.logout_tokens().len(), 4 * house.number_of_nodes());
    assert!(heard <= most, "{heard}: a few at a time for each node");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_app_is_told_once_however_often_a_session_is_ended() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let (_browser, tokens) = joined(&house, &alice, &[&wiki, &shop]).await;
    // A second code and a refresh make no second participant.
    let session = house.session_of(&alice).await;
    let mut ends = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let provider = std::sync::Arc::clone(house.provider());
        ends.spawn(async move {
            let selection = Selection::Session(session);
            let ended = provider.end(&selection, Reason::Admin, &Actor::CommandLine);
            ended.await.unwrap().notices
        });
    }
    let owed: u64 = ends.join_all().await.into_iter().sum();
    assert_eq!(owed, 2);
    wiki.expect_signed_out(tokens[0].sid()).await;
    shop.expect_signed_out(tokens[1].sid()).await;
    House::until("both are settled", || async {
        let notices = house.notices_of(session).await;
        notices
            .iter()
            .all(|notice| notice.state == NoticeState::Delivered)
    })
    .await;
    house.end(session).await;
    let notices = house.notices_of(session).await;
    assert_eq!(notices.len(), 2);
    assert!(notices.iter().all(|notice| notice.attempts == 1));
    assert_eq!(wiki.logout_tokens().len(), 1);
    assert_eq!(shop.logout_tokens().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_token_says_who_only_when_all_of_a_persons_sessions_end() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let wiki = house.app("wiki").await;
    let (_, one) = joined(&house, &alice, &[&wiki]).await;
    let one_session = house.session_of(&alice).await;
    house.end(one_session).await;
    let claims = wiki.expect_signed_out(one[0].sid()).await;
    assert_eq!(claims["sub"], Value::Null, "her only session, but one");

    let (_, kept) = joined(&house, &alice, &[&wiki]).await;
    let keep = house.session_of(&alice).await;
    let (_, other) = joined(&house, &alice, &[&wiki]).await;
    end(
        &house,
        Selection::Person {
            user: alice.id.clone(),
            except: Some(keep),
        },
    )
    .await;
    let claims = wiki.expect_signed_out(other[0].sid()).await;
    assert_eq!(claims["sub"], Value::Null, "one session was spared");

    let (_, of_bob) = joined(&house, &bob, &[&wiki]).await;
    let (_, second) = joined(&house, &alice, &[&wiki]).await;
    end(
        &house,
        Selection::Person {
            user: alice.id.clone(),
            except: None,
        },
    )
    .await;
    for tokens in [&kept[0], &second[0]] {
        let claims = wiki.expect_signed_out(tokens.sid()).await;
        assert_eq!(claims["sub"], json!(alice.id.as_str()));
    }
    let heard = claims_of(&wiki).await;
    assert!(
        heard
            .iter()
            .all(|claims| claims["sid"] != json!(of_bob[0].sid()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_tokens_are_signed_as_the_client_wants_its_id_tokens() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let plain = house.app("plain").await;
    let curve = house
        .app_with("curve", json!({ "id_token_signed_response_alg": "ES256" }))
        .await;
    let (_browser, tokens) = joined(&house, &alice, &[&plain, &curve]).await;
    house.end(house.session_of(&alice).await).await;
    for (app, tokens, alg) in [(&plain, &tokens[0], "RS256"), (&curve, &tokens[1], "ES256")] {
        let claims = app.expect_signed_out(tokens.sid()).await;
        let header = jsonwebtoken::decode_header(&app.logout_tokens()[0]).unwrap();
        assert_eq!(format!("{:?}", header.alg), alg);
        assert_eq!(claims["aud"], json!(app.client_id));
        assert_eq!(claims["iat"].as_i64(), Some(house.clock.now().as_secs()));
        assert_eq!(
            claims["exp"].as_i64(),
            Some(house.clock.now().as_secs() + 120)
        );
        // As an ID token or access token it is worth nothing.
        let token = app.logout_tokens().remove(0);
        assert_eq!(app.userinfo(&token).await.status, 401);
    }
}
