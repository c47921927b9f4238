//! Guessing passwords is slow for whoever guesses, and only for them.

use std::time::Duration;

use lanyard::identity::user::LoginKey;
use tokio::task::JoinSet;

use crate::support::{Browser, House, Page, Person};

async fn sign_in_page(browser: &Browser) -> Page {
    browser.go("/account").await.page()
}

/// Tries on one page until one is refused unlooked at; that answer, and how many went before.
async fn until_refused(browser: &Browser, username: &str) -> (Page, u32) {
    let page = sign_in_page(browser).await;
    for tries in 0..60 {
        let answer = browser.try_password(&page, username, "wrong").await;
        if answer.status == 429 {
            return (answer, tries);
        }
        assert_eq!(answer.status, 400);
        assert!(answer.shows("That didn’t match"));
        assert!(answer.shows(&format!("value=\"{username}\"")));
    }
    panic!("never refused");
}

fn retry_after(page: &Page) -> u64 {
    page.header("retry-after").unwrap().parse().unwrap()
}

async fn opened() -> (House, Person) {
    let house = House::open().await;
    let alice = house.person("alice").await;
    (house, alice)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_some_tries_an_account_has_to_be_waited_for() {
    let (house, alice) = opened().await;
    let browser = house.browser();
    let (refused, tries) = until_refused(&browser, "alice").await;
    // Five are free, and one goes on in each wait.
    assert_eq!(tries, 6);
    let wait = retry_after(&refused);
    assert_eq!(wait, 4);
    assert!(refused.shows(&format!("Please wait {wait} seconds")));
    assert!(refused.shows("Your account isn’t locked."));
    assert!(!refused.sets_cookie("lanyard"));
    // The right password is not even looked at before; it is right after the wait.
    let page = sign_in_page(&browser).await;
    let early = browser.try_password(&page, "alice", &alice.password).await;
    assert_eq!(early.status, 429);
    let wait = retry_after(&early);
    house.advance(Duration::from_secs(wait));
    let page = browser.sign_in_at(&page, &alice).await.page();
    assert_eq!(page.heading(), "Your account");
    // And with it the account's count is forgotten.
    let other = house.browser();
    let (_, tries) = until_refused(&other, "alice").await;
    assert!(tries >= 5, "{tries}");
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_grow_and_end() {
    let (house, _) = opened().await;
    let browser = house.browser();
    let (mut refused, _) = until_refused(&browser, "alice").await;
    let page = sign_in_page(&browser).await;
    let mut waits = Vec::new();
    for _ in 0..8 {
        let wait = retry_after(&refused);
        waits.push(wait);
        house.advance(Duration::from_secs(wait));
        let tried = browser.try_password(&page, "alice", "wrong").await;
        assert_eq!(tried.status, 400, "one try in each wait");
        refused = browser.try_password(&page, "alice", "wrong").await;
        assert_eq!(refused.status, 429, "and no second");
        if waits.last() == Some(&300) {
            break;
        }
    }
    assert!(waits.is_sorted() && waits.contains(&300), "{waits:?}");
    // A quarter of an hour after the first of them, all is forgotten.
    house.advance(Duration::from_mins(15));
    let (_, tries) = until_refused(&browser, "alice").await;
    assert_eq!(tries, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_spellings_of_a_person_are_one_account() {
    let (house, _) = opened().await;
    let browser = house.browser();
    let page = sign_in_page(&browser).await;
    let spellings = [
        "alice",
        "ALICE",
        " alice ",
        "alice@example.com",
        "Alice@Example.COM",
        "aliCe",
    ];
    for spelling in spellings {
        let answer = browser.try_password(&page, spelling, "wrong").await;
        assert_eq!(answer.status, 400, "{spelling}");
    }
    for spelling in spellings {
        let answer = browser.try_password(&page, spelling, "wrong").await;
        assert_eq!(answer.status, 429, "{spelling}");
    }
    let other = browser.try_password(&page, "bob", "wrong").await;
    assert_eq!(other.status, 400, "another account is another matter");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_nobody_has_are_treated_alike() {
    let (house, _) = opened().await;
    let bare = |page: &Page, name: &str| {
        let csrf = page.csrf();
        let action = page.form_action().query().unwrap().to_owned();
        page.body
            .replace(&csrf, "C")
            .replace(&action, "A")
            .replace(name, "N")
    };
    let mut seen = Vec::new();
    for name in ["alice", "nobody"] {
        let browser = house.browser();
        let page = sign_in_page(&browser).await;
        let wrong = browser.try_password(&page, name, "wrong").await;
        let (refused, tries) = until_refused(&browser, name).await;
        seen.push((
            bare(&wrong, name),
            bare(&refused, name),
            tries,
            retry_after(&refused),
        ));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_try_everybody() {
    let (house, alice) = opened().await;
    let browser = house.browser();
    let page = sign_in_page(&browser).await;
    let mut tries = 0;
    while browser
        .try_password(&page, &format!("person{tries}"), "wrong")
        .await
        .status
        == 400
    {
        tries += 1;
        assert!(tries < 70);
    }
    assert_eq!(
        tries, 51,
        "fifty are free, and one goes on in the first wait"
    );
    // Whichever name comes next, it is the same wait.
    let refused = browser.try_password(&page, "yet another", "wrong").await;
    assert_eq!(refused.status, 429);
    // One's own account is let in after it, and pays nothing back.
    house.advance(Duration::from_secs(retry_after(&refused)));
    browser.sign_in_at(&page, &alice).await.page();
    let again = house.browser();
    let page = sign_in_page(&again).await;
    let refused = again.try_password(&page, "and another", "wrong").await;
    assert_eq!(refused.status, 429);
    assert!(retry_after(&refused) <= 60);
    // Elsewhere nobody notices.
    let elsewhere = house.browser_at("127.0.0.9");
    elsewhere.sign_in(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guesser_does_not_shut_the_person_out() {
    let (house, alice) = opened().await;
    let guesser = house.browser_at("127.0.0.9");
    let (mut refused, _) = until_refused(&guesser, "alice").await;
    let page = sign_in_page(&guesser).await;
    for _ in 0..20 {
        refused = guesser.try_password(&page, "alice", "wrong").await;
    }
    assert_eq!(retry_after(&refused), 300);
    // From where she is, she gets a try of her own.
    house.browser().sign_in(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_guesses_are_counted_before_they_are_made() {
    let (house, _) = opened().await;
    let browser = house.browser();
    let page = sign_in_page(&browser).await;
    let mut guesses = JoinSet::new();
    for _ in 0..24 {
        let (browser, page) = (browser.clone(), page.clone());
        guesses.spawn(async move { browser.try_password(&page, "alice", "wrong").await });
    }
    let answers = guesses.join_all().await;
    let tried = answers.iter().filter(|page| page.status == 400).count();
    let refused = answers.iter().filter(|page| page.status == 429).count();
    assert_eq!((tried, refused), (6, 18));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_sign_ins_than_can_be_hashed_are_told_to_wait() {
    let house = House::open_with(&[
        ("PASSWORD__CONCURRENCY", "1"),
        ("PASSWORD__QUEUE", "1"),
        ("PASSWORD__MEMORY_KIB", "65536"),
        ("PASSWORD__ITERATIONS", "4"),
    ])
    .await;
    let alice = house.person("alice").await;
    let mut tries = JoinSet::new();
    for place in 0..12 {
        let browser = house.browser();
        tries.spawn(async move {
            let page = sign_in_page(&browser).await;
            let name = format!("person{place}");
            browser.try_password(&page, &name, "wrong").await
        });
    }
    let answers = tries.join_all().await;
    let checked = answers.iter().filter(|page| page.status == 400).count();
    assert!(checked >= 2, "one is hashed and one waits: {checked}");
    let busy: Vec<_> = answers.iter().filter(|page| page.status == 503).collect();
    assert_eq!(checked + busy.len(), 12);
    assert!(!busy.is_empty(), "twelve were hashed as fast as they came");
    for page in busy {
        assert_eq!(retry_after(page), 5);
        assert!(page.shows("Your password wasn’t checked"));
        assert!(!page.shows("wrong"), "no page shows a password");
        assert_eq!(page.heading(), "Sign in to Lanyard");
    }
    house.browser().sign_in(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_may_wait_one_at_a_time_is_served() {
    let house = House::open_with(&[("PASSWORD__CONCURRENCY", "1"), ("PASSWORD__QUEUE", "0")]).await;
    let alice = house.person("alice").await;
    house.browser().sign_in(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_beyond_all_measure_is_refused_kindly() {
    let (house, _) = opened().await;
    let browser = house.browser();
    let page = sign_in_page(&browser).await;
    for length in [4_096, 4_097, 8_000] {
        let answer = browser
            .try_password(&page, "alice", &"x".repeat(length))
            .await;
        assert_eq!(answer.status, 400, "{length}");
        assert!(answer.shows("That didn’t match"), "{length}");
        assert!(!answer.body.contains("xxxx"));
    }
    // Beyond what a field, and what any form of ours may hold.
    for (length, status) in [(10_000, 400), (100_000, 413)] {
        let answer = browser
            .try_password(&page, "alice", &"x".repeat(length))
            .await;
        assert_eq!(answer.status, status);
        assert!(!answer.heading().is_empty() && !answer.body.contains("xxxx"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_hashed_anew_when_the_parameters_rise() {
    let (mut house, alice) = opened().await;
    let stored = async |house: &House| {
        let record = house.provider().record();
        let user = record.user_by_login(&LoginKey::new("alice")).await.unwrap();
        user.unwrap().password.unwrap()
    };
    house.browser().sign_in(&alice).await;
    let old = stored(&house).await;
    assert!(old.contains("m=8,t=1,p=1"), "{old}");
    house
        .reopen_with(|config| {
            config.password.memory_kib = 16;
            config.password.iterations = 2;
        })
        .await;
    let browser = house.browser();
    let page = sign_in_page(&browser).await;
    browser.try_password(&page, "alice", "wrong").await;
    assert_eq!(stored(&house).await, old, "only who knows it changes it");
    browser.sign_in(&alice).await;
    let new = stored(&house).await;
    assert!(new.contains("m=16,t=2,p=1"), "{new}");
    house.browser().sign_in(&alice).await;
    assert_eq!(stored(&house).await, new);
    // Down again is no reason.
    house
        .reopen_with(|config| {
            config.password.memory_kib = 8;
            config.password.iterations = 1;
        })
        .await;
    house.browser().sign_in(&alice).await;
    assert_eq!(stored(&house).await, new);
}
