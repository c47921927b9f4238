//! Another process on the same data ends and changes things, as the command line does. The server
//! learns of it by itself.

use lanyard::entropy::ClientId;
use lanyard::protocol::client::{Client, SigningAlg};
use lanyard::session::ending::{Actor, Reason, Selection, Verb};
use lanyard::store::record::Record;
use serde_json::{Value, json};

use crate::support::app::Tokens;
use crate::support::{App, Browser, House, Person};

struct Story {
    house: House,
    outside: Record,
    alice: Person,
    wiki: App,
    browser: Browser,
    tokens: Tokens,
}

/// Alice, signed in at wiki, and somebody with a shell.
async fn story() -> Story {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let tokens = wiki.join(&browser).await;
    let outside = house.other_process().await;
    Story {
        house,
        outside,
        alice,
        wiki,
        browser,
        tokens,
    }
}

impl Story {
    async fn end(&self, selection: Selection, verb: Verb) {
        let now = self.house.clock.now();
        let actor = Actor::CommandLine;
        let ended = self
            .outside
            .end(&selection, Reason::Admin, verb, &actor, now);
        ended.await.unwrap();
    }

    async fn until_out(&self) {
        House::until("the browser is out", || async {
            !self.browser.is_signed_in().await
        })
        .await;
    }

    async fn client(&self) -> Client {
        let client = self.outside.client(&ClientId::new("wiki")).await;
        client.unwrap().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ended_outside_is_refused_and_its_apps_are_told() {
    let story = story().await;
    let session = story.house.session_of(&story.alice).await;
    story.end(Selection::Session(session), Verb::Logout).await;
    story.until_out().await;
    let wiki = &story.wiki;
    assert_eq!(
        wiki.silently(&story.browser).await.unwrap_err(),
        "login_required"
    );
    assert_eq!(wiki.userinfo(story.tokens.access()).await.status, 401);
    let refreshed = wiki.try_refresh(story.tokens.refresh()).await;
    assert_eq!(refreshed.json()["error"], "invalid_grant");
    let claims = wiki.expect_signed_out(story.tokens.sid()).await;
    assert_eq!(claims["sub"], Value::Null);
    let page = story.browser.go("/account").await.page();
    assert!(page.shows("An administrator ended your session"));
    let line = story
        .house
        .expect_audit("who ended it", |line| line.action == "session.end")
        .await;
    assert_eq!(
        (line.actor.as_str(), line.reason.as_deref()),
        ("command_line", Some("admin"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_app_is_signed_out_from_outside_and_the_session_goes_on() {
    let story = story().await;
    let shop = story.house.app("shop").await;
    let in_shop = shop.join(&story.browser).await;
    let session = story.house.session_of(&story.alice).await;
    let selection = Selection::ClientInSession(session, ClientId::new("wiki"));
    story.end(selection, Verb::Logout).await;
    let wiki = &story.wiki;
    House::until("wiki's token is refused", || async {
        wiki.userinfo(story.tokens.access()).await.status == 401
    })
    .await;
    wiki.expect_signed_out(story.tokens.sid()).await;
    let refreshed = wiki.try_refresh(story.tokens.refresh()).await;
    assert_eq!(refreshed.json()["error"], "invalid_grant");
    assert!(story.browser.is_signed_in().await);
    assert_eq!(shop.userinfo(in_shop.access()).await.status, 200);
    assert!(shop.logout_tokens().is_empty());
    let again = wiki.come_back(&story.browser).await;
    assert_ne!(again.sid(), story.tokens.sid(), "a `sid` never comes back");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sessions_of_a_person_end_from_outside() {
    let story = story().await;
    let phone = story.house.browser();
    phone.sign_in(&story.alice).await;
    let on_phone = story.wiki.join(&phone).await;
    let selection = Selection::Person {
        user: story.alice.id.clone(),
        except: None,
    };
    story.end(selection, Verb::Revoke).await;
    story.until_out().await;
    assert!(!phone.is_signed_in().await);
    for tokens in [&story.tokens, &on_phone] {
        let claims = story.wiki.expect_signed_out(tokens.sid()).await;
        assert_eq!(claims["sub"], json!(story.alice.id.as_str()));
    }
    // She may sign in again.
    story.browser.sign_in(&story.alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_person_is_out_for_good() {
    let story = story().await;
    let session = story.house.session_of(&story.alice).await;
    let set = |enabled| {
        story
            .outside
            .set_enabled(&story.alice.id, enabled, &Actor::CommandLine)
    };
    assert!(set(false).await.unwrap().is_done());
    story.until_out().await;
    let wiki = &story.wiki;
    assert_eq!(
        wiki.silently(&story.browser).await.unwrap_err(),
        "login_required"
    );
    assert_eq!(wiki.userinfo(story.tokens.access()).await.status, 401);
    assert_eq!(
        wiki.introspect(story.tokens.access()).await["active"],
        false
    );
    let refreshed = wiki.try_refresh(story.tokens.refresh()).await;
    assert_eq!(refreshed.json()["error"], "invalid_grant");
    // Nor may she begin another, and nobody learns that the password was right.
    let other = story.house.browser();
    let page = other.go("/account").await.page();
    let answer = other
        .try_password(&page, "alice", &story.alice.password)
        .await;
    assert_eq!(answer.status, 400);
    assert!(answer.shows("That didn’t match"));
    let claims = wiki.expect_signed_out(story.tokens.sid()).await;
    assert_eq!(claims["sub"], json!(story.alice.id.as_str()));
    story
        .house
        .expect_audit("that the person was disabled", |line| {
            line.reason.as_deref() == Some("disabled")
        })
        .await;

    // Enabled again, she signs in anew: what was hers before stays ended.
    assert!(set(true).await.unwrap().is_done());
    let page = other.go("/account").await.page();
    let signed_in = || async {
        let answer = other
            .try_password(&page, "alice", &story.alice.password)
            .await;
        answer.status == 303
    };
    House::until("she may sign in", signed_in).await;
    House::until("the server knows her again", || other.is_signed_in()).await;
    assert!(!story.browser.is_signed_in().await);
    assert_eq!(wiki.userinfo(story.tokens.access()).await.status, 401);
    let ended = story.outside.load_session(session).await.unwrap().unwrap();
    assert_eq!(ended.ended.unwrap().1, Reason::Disabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_disabled_while_no_server_ran_finds_their_session_ended() {
    let mut story = story().await;
    story.outside.clone().close().await;
    let session = story.house.session_of(&story.alice).await;
    let alice = story.alice.id.clone();
    story.house.stop().await;
    let outside = story.house.other_process().await;
    assert!(
        outside
            .set_enabled(&alice, false, &Actor::CommandLine)
            .await
            .unwrap()
            .is_done()
    );
    story.house.start().await;
    assert!(!story.browser.is_signed_in().await);
    let ended = outside.load_session(session).await.unwrap().unwrap();
    assert_eq!(ended.ended.unwrap().1, Reason::Disabled);
    story.wiki.expect_signed_out(story.tokens.sid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_client_gets_nothing_more() {
    let story = story().await;
    let (code, ask) = story.wiki.silently(&story.browser).await.unwrap();
    let mut client = story.client().await;
    client.enabled = false;
    story.outside.upsert_client(&client).await.unwrap();
    let wiki = &story.wiki;
    House::until("authorize refuses", || async {
        story.browser.get(&wiki.ask().url()).await.status == 400
    })
    .await;
    story.house.settled().await;
    let redeemed = wiki.try_redeem(&code, &ask).await;
    assert_eq!(redeemed.json()["error"], "invalid_client");
    let refreshed = wiki.try_refresh(story.tokens.refresh()).await;
    assert_eq!(refreshed.json()["error"], "invalid_client");
    assert_eq!(wiki.userinfo(story.tokens.access()).await.status, 401);
    assert!(story.browser.is_signed_in().await);
    // It is told of the end all the same: it may still hold a session of its own.
    story
        .house
        .end(story.house.session_of(&story.alice).await)
        .await;
    wiki.expect_signed_out(story.tokens.sid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_client_is_noticed() {
    let story = story().await;
    let mut client = story.client().await;
    client.redirect_uris = vec!["https://elsewhere.example/callback".to_owned()];
    client.client_name = "The Wiki".to_owned();
    story.outside.upsert_client(&client).await.unwrap();
    House::until("the old address is refused", || async {
        story.browser.get(&story.wiki.ask().url()).await.status == 400
    })
    .await;
    story.house.settled().await;
    let page = story.browser.go("/oauth2/logout").await.page();
    assert!(page.shows("The Wiki"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_signing_key_is_taken_up() {
    let story = story().await;
    let keeper = story.house.key_keeper(&story.outside);
    let now = story.house.clock.now();
    let rotated = keeper.rotate(SigningAlg::RS256, false, &Actor::CommandLine, now);
    let key = rotated.await.unwrap().unwrap().current;
    House::until("the key is published", || async {
        let jwks = story.browser.get("/oauth2/jwks").await.json();
        let keys = jwks["keys"].as_array().unwrap();
        keys.iter().any(|jwk| jwk["kid"] == json!(key))
    })
    .await;
    story.house.settled().await;
    let fresh = story.wiki.join(&story.browser).await;
    let header = jsonwebtoken::decode_header(fresh.id_token()).unwrap();
    assert_eq!(header.kid.as_deref(), Some(key.as_str()));
    // What the old key signed is still good: as a hint, and at the app.
    story.wiki.verify(story.tokens.id_token(), "JWT").await;
    let out = format!("/oauth2/logout?id_token_hint={}", story.tokens.id_token());
    let page = story.browser.go(&out).await.page();
    assert_eq!(page.heading(), "You are signed out");
    assert!(!story.browser.is_signed_in().await);
}
