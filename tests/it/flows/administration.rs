//! What an administrator does with people and clients, and what ends with it.

use std::time::Duration;

use lanyard::identity::user::Profile;
use lanyard::provider::{NewPerson, Refusal};
use lanyard::session::ending::{Actor, Reason};
use lanyard::store::record::PersonEdit;
use serde_json::{Value, json};

use crate::support::app::{Ask, Tokens};
use crate::support::{App, Browser, House, Landing, Person};

const ADMIN: Actor = Actor::CommandLine;

fn offline(app: &App) -> Ask {
    app.ask().with("scope", "openid profile offline_access")
}

/// Alice at wiki, with a session and with offline access.
struct Story {
    house: House,
    alice: Person,
    wiki: App,
    browser: Browser,
    tokens: Tokens,
    connected: Tokens,
}

async fn story() -> Story {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &alice).await;
    let connected = wiki.granted(&browser, offline(&wiki)).await;
    Story {
        house,
        alice,
        wiki,
        browser,
        tokens,
        connected,
    }
}

impl Story {
    async fn until_out(&self) {
        House::until("the browser is out", || async {
            !self.browser.is_signed_in().await
        })
        .await;
        self.until_dead().await;
    }

    /// On every node: what one changed the others have read then.
    async fn until_dead(&self) {
        self.house.settled().await;
        for tokens in [&self.tokens, &self.connected] {
            House::until("the token is refused", || async {
                self.wiki.userinfo(tokens.access()).await.status == 401
            })
            .await;
        }
    }

    async fn told(&self) -> Value {
        self.wiki.expect_signed_out(self.tokens.sid()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_is_out_at_once_with_all_that_was_granted() {
    let story = story().await;
    let (house, alice) = (&story.house, &story.alice);
    let ended = house.provider().disable_person(&alice.id, &ADMIN).await;
    let ended = ended.unwrap().unwrap();
    // Another node may have read of it and ended it first.
    assert_eq!(ended.sessions.len(), 1);
    story.until_out().await;
    let told = story.told().await;
    assert_eq!(told["sub"], json!(alice.id.as_str()), "every session ended");
    assert_eq!(house.endings(alice).await, [Some(Reason::Disabled)]);
    // Enabled again, she signs in anew; what was before does not come back.
    house
        .provider()
        .enable_person(&alice.id, &ADMIN)
        .await
        .unwrap()
        .unwrap();
    house.settled().await;
    assert!(!story.browser.is_signed_in().await);
    assert_eq!(
        story.wiki.userinfo(story.connected.access()).await.status,
        401
    );
    let page = story.browser.go("/account").await.page();
    story.browser.sign_in_at(&page, alice).await;
    assert!(story.browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deleted_is_gone() {
    let story = story().await;
    let (house, alice) = (&story.house, &story.alice);
    let deleted = house.provider().delete_person(&alice.id, &ADMIN).await;
    assert_eq!(deleted.unwrap().unwrap().fresh, 1);
    story.until_out().await;
    story.told().await;
    let page = story.browser.go("/account").await.page();
    story.browser.sign_in_at(&page, alice).await.page();
    assert!(!story.browser.is_signed_in().await);
    let again = house.provider().delete_person(&alice.id, &ADMIN).await;
    assert_eq!(again.unwrap().unwrap_err(), Refusal::NotFound);
    // The name is free for a person of another id.
    let namesake = house.person("alice").await;
    assert_ne!(namesake.id, alice.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_set_for_somebody_ends_what_they_had() {
    let story = story().await;
    let (house, alice) = (&story.house, &story.alice);
    let set = |password: &str| {
        let password = password.to_owned();
        house
            .provider()
            .set_person_password(&alice.id, password, true, None, &ADMIN)
    };
    let weak = set("alice").await.unwrap().unwrap_err();
    assert_eq!(weak.field(), Some("password"));
    assert!(story.browser.is_signed_in().await, "nothing was changed");
    let ended = set("a temporary one").await.unwrap().unwrap();
    assert_eq!(ended.fresh, 1);
    story.until_out().await;
    assert_eq!(house.endings(alice).await, [Some(Reason::CredentialChange)]);
    let stored = house.provider().record().user(&alice.id).await.unwrap();
    assert!(stored.unwrap().must_change_password);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_client_is_out_of_every_session_and_the_sessions_go_on() {
    let story = story().await;
    let house = &story.house;
    let shop = house.app("shop").await;
    let in_shop = shop.join(&story.browser).await;
    let wiki = story.wiki.id();
    let ended = house.provider().disable_client(&wiki, &ADMIN).await;
    let ended = ended.unwrap().unwrap();
    assert_eq!((ended.sessions.len(), ended.notices), (1, 1));
    story.until_dead().await;
    let told = story.told().await;
    assert_eq!(told["sub"], Value::Null);
    assert!(story.browser.is_signed_in().await);
    assert_eq!(shop.userinfo(in_shop.access()).await.status, 200);
    assert!(shop.logout_tokens().is_empty());

    // Enabled again, nothing of before comes back; it joins under a new name.
    house
        .provider()
        .enable_client(&wiki, &ADMIN)
        .await
        .unwrap()
        .unwrap();
    house.settled().await;
    let ask = story.wiki.ask().with("prompt", "none");
    House::until("wiki is let in again", || async {
        matches!(
            story.wiki.send(&story.browser, &ask).await,
            Landing::Away(_)
        )
    })
    .await;
    for tokens in [&story.tokens, &story.connected] {
        assert_eq!(story.wiki.userinfo(tokens.access()).await.status, 401);
        let refreshed = story.wiki.try_refresh(tokens.refresh()).await;
        assert_eq!(refreshed.json()["error"], "invalid_grant");
    }
    let again = story.wiki.join(&story.browser).await;
    assert_ne!(again.sid(), story.tokens.sid());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_client_is_unknown() {
    let story = story().await;
    let house = &story.house;
    let wiki = story.wiki.id();
    let deleted = house.provider().delete_client(&wiki, &ADMIN).await;
    assert_eq!(deleted.unwrap().unwrap().sessions.len(), 1);
    story.until_dead().await;
    let refused = story.wiki.try_refresh(story.tokens.refresh()).await;
    assert_eq!(refused.json()["error"], "invalid_client");
    assert!(story.browser.is_signed_in().await);
    let again = house.provider().delete_client(&wiki, &ADMIN).await;
    assert_eq!(again.unwrap().unwrap_err(), Refusal::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_both_secrets_are_taken_until_the_old_one_runs_out() {
    let story = story().await;
    let house = &story.house;
    let hour = Duration::from_hours(1);
    let (id, provider) = (story.wiki.id(), house.provider());
    let rotated = provider.rotate_client_secret(&id, hour, &ADMIN).await;
    let secret = rotated.unwrap().unwrap();
    house.settled().await;
    let mut renewed = story.wiki.at(&story.wiki.redirect_uri);
    renewed.secret = Some(secret);
    let active = |app: &App, token: String| {
        let app = app.at(&app.redirect_uri);
        async move {
            app.machine("/oauth2/introspect", &[("token", &token)])
                .await
                .status
        }
    };
    let token = story.tokens.access().to_owned();
    House::until("the new one is taken", || async {
        active(&renewed, token.clone()).await == 200
    })
    .await;
    assert_eq!(active(&story.wiki, token.clone()).await, 200);
    house.advance(hour);
    assert_eq!(active(&story.wiki, token.clone()).await, 401);
    assert_eq!(active(&renewed, token).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_of_a_person_is_judged() {
    let house = House::open().await;
    let provider = house.provider();
    let new = |username: &str, email: &str| NewPerson {
        username: username.to_owned(),
        profile: Profile {
            email: Some(email.to_owned()),
            ..Profile::default()
        },
        password: Some("violet harbour kettle".to_owned()),
        temporary: false,
        admin: true,
    };
    let refused = provider.create_person(new(" ", "nowhere"), &ADMIN).await;
    let Refusal::Fields(errors) = refused.unwrap().unwrap_err() else {
        panic!("not the fields")
    };
    let fields: Vec<_> = errors.iter().map(|error| &*error.field).collect();
    assert_eq!(fields, ["username", "email"]);
    let made = provider.create_person(new(" root ", "root@example.com"), &ADMIN);
    let root = made.await.unwrap().unwrap();
    assert_eq!((root.username.as_str(), root.admin), ("root", true));
    let taken = provider
        .create_person(new("ROOT", "r@example.com"), &ADMIN)
        .await;
    assert_eq!(taken.unwrap().unwrap_err(), Refusal::UsernameTaken);
    let edit = |username: &str| PersonEdit {
        id: root.id.clone(),
        version: root.updated,
        username: username.to_owned(),
        profile: root.profile.clone(),
    };
    assert!(
        provider
            .edit_person(edit(""), &ADMIN)
            .await
            .unwrap()
            .is_err()
    );
    provider
        .edit_person(edit("boss"), &ADMIN)
        .await
        .unwrap()
        .unwrap();
    let late = provider.edit_person(edit("chief"), &ADMIN).await.unwrap();
    assert_eq!(late.unwrap_err(), Refusal::Outdated);
    let last = provider.set_administrator(&root.id, false, &ADMIN).await;
    assert_eq!(last.unwrap().unwrap_err(), Refusal::LastAdministrator);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_judged_as_the_whole_that_results() {
    let house = House::open().await;
    let provider = house.provider();
    let metadata = json!({ "redirect_uris": ["https://a.example/cb"] });
    let made = provider.create_client(&metadata, Some("a"), &ADMIN).await;
    let made = made.unwrap().unwrap();
    assert_eq!(made.secret.map(|secret| secret.len()), Some(43));
    let taken = provider.create_client(&metadata, Some("a"), &ADMIN).await;
    assert_eq!(taken.unwrap().err(), Some(Refusal::IdTaken));
    let id = made.client.client_id;
    let version = house
        .provider()
        .record()
        .client_row(&id)
        .await
        .unwrap()
        .unwrap()
        .updated;
    let bad = json!({ "redirect_uris": [] });
    let refused = provider
        .edit_client(&id, version, &bad, &ADMIN)
        .await
        .unwrap();
    assert_eq!(refused.err().unwrap().field(), Some("redirect_uris"));
    let good = json!({ "client_name": "A" });
    provider
        .edit_client(&id, version, &good, &ADMIN)
        .await
        .unwrap()
        .unwrap();
    let late = provider
        .edit_client(&id, version, &good, &ADMIN)
        .await
        .unwrap();
    assert_eq!(late.err(), Some(Refusal::Outdated));
}
