//! A temporary password opens one page: the one that demands another.

use std::time::Duration;

use lanyard::session::ending::Actor;

use crate::support::{Browser, House, Landing, Page, Person};

const TEMPORARY: &str = "given out by mona";
const OWN: &str = "alice chose this herself";
const DUE: &str = "Choose a new password";

struct Story {
    house: House,
    alice: Person,
    browser: Browser,
}

impl Story {
    async fn begin() -> Self {
        let house = House::open().await;
        let alice = house.person("alice").await;
        let story = Self {
            browser: house.browser(),
            alice: Person {
                password: TEMPORARY.to_owned(),
                ..alice
            },
            house,
        };
        story.set(TEMPORARY, true).await;
        story
    }

    async fn set(&self, password: &str, temporary: bool) {
        let provider = self.house.provider();
        let password = password.to_owned();
        let set = provider.set_person_password(
            &self.alice.id,
            password,
            temporary,
            None,
            &Actor::CommandLine,
        );
        set.await.unwrap().unwrap();
        self.house.settled().await;
    }

    fn with(&self, password: &str) -> Person {
        Person {
            password: password.to_owned(),
            ..self.alice.clone()
        }
    }

    /// Types the temporary password at a sign-in page of its own.
    async fn due(&self, browser: &Browser) -> Page {
        let page = browser.go("/account").await.page();
        let page = browser.sign_in_at(&page, &self.alice).await.page();
        assert_eq!(page.heading(), DUE);
        assert_eq!(page.url.path(), "/login/password");
        page
    }

    /// The temporary password still is one.
    async fn nothing_changed(&self) {
        assert!(self.house.sessions_of(&self.alice).await.is_empty());
        self.due(&self.house.browser()).await;
    }
}

async fn choose(browser: &Browser, page: &Page, password: &str) -> Landing {
    let form = [("new_password", password), ("action", "save")];
    browser.submit(page, &form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn before_it_is_changed_nothing_is_open() {
    let story = Story::begin().await;
    let wiki = story.house.app("wiki").await;
    let page = story.due(&story.browser).await;
    assert!(!page.sets_cookie("lanyard"));
    assert!(!story.browser.is_signed_in().await);
    assert!(story.house.sessions_of(&story.alice).await.is_empty());
    let silent = wiki.ask().with("prompt", "none");
    let answer = story.browser.go(&silent.url()).await.away();
    assert!(answer.query().unwrap().contains("error=login_required"));
    // Another browser knows nothing of the page, whatever address it asks for.
    let stranger = story.house.browser().go(page.url.as_str()).await.page();
    assert_ne!(stranger.heading(), DUE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_will_not_do_changes_nothing() {
    let story = Story::begin().await;
    let page = story.due(&story.browser).await;
    for (password, why) in [
        ("", "Use at least 8 characters"),
        ("alice", "Use at least 8 characters"),
        ("password1", "Many people use that password"),
        ("alice@example.com", "your own username or email"),
        (TEMPORARY, "the password you have now"),
    ] {
        let answer = choose(&story.browser, &page, password).await.page();
        assert_eq!(answer.status, 400, "{password}");
        assert_eq!(answer.heading(), DUE);
        assert!(answer.shows(why), "{password}: {answer:?}");
        let elsewhere = ["", "alice"].contains(&password);
        assert!(elsewhere || !answer.body.contains(&format!("\"{password}\"")));
        assert!(!answer.sets_cookie("lanyard"));
    }
    story.nothing_changed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_or_forged_form_changes_nothing() {
    let story = Story::begin().await;
    let page = story.due(&story.browser).await;
    let other = story.house.browser();
    let others = other.go("/account").await.page();
    let address = page.form_action();
    for csrf in ["", "nonsense", &others.csrf()] {
        let form = [("csrf", csrf), ("new_password", OWN), ("action", "save")];
        let answer = story.browser.post(address.as_str(), &form).await;
        assert_eq!(answer.status, 403, "{csrf}");
    }
    // The form of a sign-in in which nobody proved a temporary password leads to its own page.
    let tag = others.url.query().unwrap();
    let form = [("csrf", others.csrf()), ("new_password", OWN.to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = other.post(&format!("/login/password?{tag}"), &form).await;
    let answer = other.follow(answer).await.page();
    assert!(answer.heading().starts_with("Sign in to"), "{answer:?}");
    story.nothing_changed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_waits_a_quarter_of_an_hour_and_not_for_another_password() {
    let story = Story::begin().await;
    let page = story.due(&story.browser).await;
    story.house.advance(Duration::from_mins(15));
    let answer = choose(&story.browser, &page, OWN).await.page();
    assert!(answer.heading().starts_with("Sign in to"), "{answer:?}");
    let page = story.due(&story.browser).await;
    // Set again meanwhile: what was proved counts no more.
    story.set("another one by mona", true).await;
    let answer = choose(&story.browser, &page, OWN).await.page();
    assert!(answer.heading().starts_with("Sign in to"), "{answer:?}");
    assert!(!story.browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_disabled_meanwhile_stays_out() {
    let story = Story::begin().await;
    let page = story.due(&story.browser).await;
    let provider = story.house.provider();
    let disabled = provider.disable_person(&story.alice.id, &Actor::CommandLine);
    disabled.await.unwrap().unwrap();
    let answer = choose(&story.browser, &page, OWN).await.page();
    assert!(answer.heading().starts_with("Sign in to"), "{answer:?}");
    assert!(!story.browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_password_goes_on_to_the_app_and_is_the_only_one_from_then_on() {
    let story = Story::begin().await;
    let wiki = story.house.app("wiki").await;
    let ask = wiki.ask();
    let page = story.browser.go(&ask.url()).await.page();
    let page = story.browser.sign_in_at(&page, &story.alice).await.page();
    assert_eq!(page.heading(), DUE);
    assert!(page.shows("Cancel and go back to wiki"));
    let landed = choose(&story.browser, &page, OWN).await.away();
    wiki.redeem(&wiki.code(&landed, &ask), &ask).await;
    assert_eq!(story.house.sessions_of(&story.alice).await.len(), 1);

    let other = story.house.browser();
    let page = other.go("/account").await.page();
    let old = other.try_password(&page, "alice", TEMPORARY).await;
    assert!(old.shows("That didn’t match"));
    other.sign_in(&story.with(OWN)).await;
    let stored = story.house.provider().record().user(&story.alice.id).await;
    assert!(!stored.unwrap().unwrap().must_change_password);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_form_sent_twice_makes_one_session() {
    let story = Story::begin().await;
    let page = story.due(&story.browser).await;
    let (one, two) = tokio::join!(
        choose(&story.browser, &page, OWN),
        choose(&story.browser, &page, OWN)
    );
    let (one, two) = (one.page(), two.page());
    let in_here = |page: &Page| page.heading() == "Your account";
    assert!(in_here(&one) || in_here(&two), "{one:?} {two:?}");
    assert_eq!(story.house.sessions_of(&story.alice).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_somebody_else_goes_back_to_the_form() {
    let story = Story::begin().await;
    let bob = story.house.person("bob").await;
    let page = story.due(&story.browser).await;
    let page = story
        .browser
        .submit(&page, &[("action", "back")])
        .await
        .page();
    let page = story.browser.sign_in_at(&page, &bob).await.page();
    assert_eq!(page.heading(), "Your account");
    story.nothing_changed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_goes_back_to_the_app() {
    let story = Story::begin().await;
    let wiki = story.house.app("wiki").await;
    let page = story.browser.go(&wiki.ask().url()).await.page();
    let page = story.browser.sign_in_at(&page, &story.alice).await.page();
    let away = story
        .browser
        .submit(&page, &[("action", "cancel")])
        .await
        .away();
    assert!(away.query().unwrap().contains("error=access_denied"));
    story.nothing_changed().await;
}
