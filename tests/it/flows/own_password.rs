//! A person changes their password, and whoever knew the old one is out.

use std::time::Duration;

use lanyard::entropy::Sid;
use lanyard::failpoint::{Action, FailPoint};
use lanyard::session::ending::{Actor, Reason};
use lanyard::store::record::reference;

use crate::support::app::Tokens;
use crate::support::{App, Browser, House, Page, Person};

const NEW: &str = "alice chose another one";
const PATH: &str = "/account/password";

/// Alice at her desk and on her phone, from where wiki holds offline access.
struct Story {
    house: House,
    alice: Person,
    wiki: App,
    desk: Browser,
    desk_tokens: Tokens,
    phone: Browser,
    phone_tokens: Tokens,
    connected: Tokens,
}

impl Story {
    async fn begin() -> Self {
        let house = House::open().await;
        let alice = house.person("alice").await;
        let wiki = house.app("wiki").await;
        let (desk, phone) = (house.browser(), house.browser_at("127.0.7.7"));
        let desk_tokens = wiki.sign_in(&desk, &alice).await;
        let phone_tokens = wiki.sign_in(&phone, &alice).await;
        let away = wiki.ask().with("scope", "openid offline_access");
        Self {
            connected: wiki.granted(&phone, away).await,
            house,
            alice,
            wiki,
            desk,
            desk_tokens,
            phone,
            phone_tokens,
        }
    }

    async fn change(&self, old: &str, new: &str, others: bool) -> Page {
        let csrf = self.desk.get(PATH).await.csrf();
        let mut form = vec![
            ("csrf", csrf.as_str()),
            ("old_password", old),
            ("new_password", new),
        ];
        if others {
            form.push(("end_others", "yes"));
        }
        self.desk.post(PATH, &form).await
    }

    /// The old password signs in, and the phone goes on.
    async fn nothing_changed(&self) {
        self.house.browser().sign_in(&self.alice).await;
        assert!(self.phone.is_signed_in().await);
        assert!(self.desk.is_signed_in().await);
    }

    async fn only_the_new_one_signs_in(&self) {
        let browser = self.house.browser();
        let page = browser.go("/account").await.page();
        let old = browser.try_password(&page, "alice", &self.alice.password);
        assert!(old.await.shows("That didn’t match"));
        let new = Person {
            password: NEW.to_owned(),
            ..self.alice.clone()
        };
        browser.sign_in(&new).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_password_must_be_right() {
    let story = Story::begin().await;
    for old in ["", "wrong", "alice"] {
        let page = story.change(old, NEW, true).await;
        assert_eq!(page.status, 400, "{old}");
        assert!(page.shows("That is not the password you have now."));
        assert!(page.body.contains("<title>Problem: "));
        assert!(!page.body.contains(NEW), "what was typed is not shown");
        assert!(page.body.contains("value=\"yes\" checked"));
    }
    let page = story.change("wrong", NEW, false).await;
    assert!(
        !page.body.contains("value=\"yes\" checked"),
        "kept as it was"
    );
    story.nothing_changed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_session_is_no_place_to_guess_at() {
    let story = Story::begin().await;
    let mut tries = 0;
    let wait = loop {
        let page = story.change("wrong", NEW, true).await;
        if page.status == 429 {
            break page.header("retry-after").unwrap().parse().unwrap();
        }
        tries += 1;
        assert!(tries < 20, "never refused");
    };
    // As at the sign-in page, and counted with it.
    assert_eq!(tries, 6);
    let page = story.change(&story.alice.password, NEW, true).await;
    assert_eq!(page.status, 429, "the right one is not looked at either");
    story.house.advance(Duration::from_secs(wait) * 2);
    story.nothing_changed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_that_will_not_do_changes_nothing() {
    let story = Story::begin().await;
    let old = &story.alice.password;
    for (new, why) in [
        ("short", "Use at least 8 characters"),
        ("password1", "Many people use that password"),
        (old.as_str(), "the password you have now"),
    ] {
        let page = story.change(old, new, true).await;
        assert_eq!(page.status, 400, "{new}");
        assert!(page.shows(why), "{new}: {page:?}");
    }
    story.nothing_changed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_form_of_ones_own_page_changes_it() {
    let story = Story::begin().await;
    let bob = story.house.person("bob").await;
    let his = story.house.browser();
    his.sign_in(&bob).await;
    let bobs = his.get(PATH).await.csrf();
    for csrf in ["", "nonsense", &bobs] {
        let form = [
            ("csrf", csrf),
            ("old_password", story.alice.password.as_str()),
            ("new_password", NEW),
        ];
        assert_eq!(story.desk.post(PATH, &form).await.status, 403, "{csrf}");
    }
    let nobody = story.house.browser().get(PATH).await;
    assert_eq!(nobody.location().unwrap().path(), "/login");
    story.nothing_changed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_ends_every_other_session_and_what_apps_hold() {
    let story = Story::begin().await;
    let stolen = story.desk.stolen_copy();
    let answer = story.change(&story.alice.password, NEW, true).await;
    assert_eq!(answer.status, 303);
    assert!(answer.sets_cookie("lanyard"), "a new secret");
    assert!(!story.phone.is_signed_in().await);
    for tokens in [&story.phone_tokens, &story.connected] {
        assert_eq!(story.wiki.userinfo(tokens.access()).await.status, 401);
    }
    let claims = story.wiki.expect_signed_out(story.phone_tokens.sid()).await;
    assert!(claims["sub"].is_null(), "that would end this one too");
    let page = story.desk.follow(answer).await.page();
    assert!(page.shows("Your password is changed"));
    assert!(page.shows("1 other session has ended."));
    let record = story.house.provider().record();
    let sid = Sid::new(story.phone_tokens.sid());
    let (phone, ..) = record.session_of_sid(&sid).await.unwrap().unwrap();
    let name = reference(phone);
    let receipts = format!("/account?s={name}");
    assert!(page.shows(&format!("href=\"{receipts}\">See who has been told")));
    House::until("it stands there who has been told", || async {
        let page = story.desk.get(&receipts).await;
        page.shows("Who has been told") && page.shows("Signed out</span>")
    })
    .await;
    assert_eq!(
        story.wiki.userinfo(story.desk_tokens.access()).await.status,
        200
    );
    // Whoever has a copy of the cookie is out in the same moment.
    assert!(!stolen.is_signed_in().await);
    assert!(story.desk.is_signed_in().await);
    story.only_the_new_one_signs_in().await;
    let ends = story.house.endings(&story.alice).await;
    assert!(ends.contains(&Some(Reason::CredentialChange)), "{ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wants_it_keeps_the_other_sessions() {
    let story = Story::begin().await;
    let answer = story.change(&story.alice.password, NEW, false).await;
    let page = story.desk.follow(answer).await.page();
    assert!(page.shows("Your other devices stay signed in"));
    assert!(story.phone.is_signed_in().await);
    for tokens in [&story.desk_tokens, &story.phone_tokens, &story.connected] {
        assert_eq!(story.wiki.userinfo(tokens.access()).await.status, 200);
    }
    story.only_the_new_one_signs_in().await;
    assert!(story.wiki.logout_tokens().is_empty());
}

/// The check of the old password takes its time, and meanwhile it is changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_under_way_with_the_old_password_comes_to_nothing() {
    for temporary in [false, true] {
        let story = Story::begin().await;
        let slow = Action::Delay(Duration::from_millis(300));
        for number in 0..story.house.number_of_nodes() {
            let points = story.house.node(number).fail_points();
            points.set(FailPoint::SignInCounted, slow);
        }
        let thief = story.house.browser();
        let page = thief.go("/account").await.page();
        let provider = story.house.provider();
        let (alice, old) = (&story.alice, story.alice.password.as_str());
        let set = provider.set_person_password(
            &alice.id,
            NEW.to_owned(),
            temporary,
            None,
            &Actor::CommandLine,
        );
        let (_, set) = tokio::join!(thief.try_password(&page, "alice", old), set);
        set.unwrap().unwrap();
        story.house.settled().await;
        assert!(story.house.sessions_of(alice).await.is_empty());
        assert!(!thief.is_signed_in().await);
    }
}
