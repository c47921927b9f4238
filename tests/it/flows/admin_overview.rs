//! The overview tells an administrator how the house is, and others nothing.

use std::time::Duration;

use lanyard::store::record::NoticeState;

use crate::support::app::Mood;
use crate::support::{Browser, House, Person};

async fn console(house: &House, mona: &Person) -> Browser {
    let browser = house.browser();
    browser.sign_in(mona).await;
    browser
}

/// Figures are kept for five seconds.
fn wait_for_new_figures(house: &House) {
    house.advance(Duration::from_secs(5));
}

/// The figure under a name.
fn tile(body: &str, name: &str) -> String {
    let (_, rest) = body.split_once(&format!("<dt>{name}</dt><dd>")).unwrap();
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_house_looks_right() {
    let house = House::open().await;
    let mona = house.administrator("mona").await;
    let browser = console(&house, &mona).await;
    let page = browser.get("/admin").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.heading(), "Overview");
    assert_eq!(tile(&page.body, "Live sessions"), "1");
    assert_eq!(tile(&page.body, "Sessions ended, 24 hours"), "0");
    assert_eq!(tile(&page.body, "Notices still owed"), "0");
    for words in [
        "of 1 person",
        "Everybody is told",
        "No session ended.",
        "No app was owed a notice.",
        "Failed: none",
    ] {
        assert!(page.shows(words), "{words}\n{}", page.body);
    }
    assert!(!page.shows("could not be told"));
    for nonsense in ["NaN", "inf"] {
        assert!(!page.body.contains(&format!("\"{nonsense}\"")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_those_of_the_day() {
    let house = House::open_alone().await;
    let (mona, alice) = (
        house.administrator("mona").await,
        house.person("alice").await,
    );
    let (wiki, payroll) = (house.app("Wiki").await, house.app("Payroll").await);
    payroll.feels(Mood::Answers(400));
    let person = house.browser();
    let page = person.go("/account").await.page();
    person.try_password(&page, "alice", "not it").await;
    person.sign_in(&alice).await;
    wiki.join(&person).await;
    payroll.join(&person).await;
    let session = house.session_of(&alice).await;
    house.end(session).await;
    House::until("the notices are settled", || async {
        let notices = house.notices_of(session).await;
        notices
            .iter()
            .all(|notice| notice.state != NoticeState::Waiting)
    })
    .await;
    let browser = console(&house, &mona).await;
    for action in ["sign_in", "sign_in_failed"] {
        house
            .expect_audit(action, |line| line.action == action)
            .await;
    }
    house
        .expect_audit("mona's", |line| {
            line.action == "sign_in" && line.actor == format!("person:{}", mona.id)
        })
        .await;
    let page = browser.get("/admin").await;
    assert_eq!(tile(&page.body, "Live sessions"), "1");
    assert_eq!(tile(&page.body, "Signed in, 24 hours"), "2");
    assert_eq!(tile(&page.body, "Sessions ended, 24 hours"), "1");
    for words in [
        "1 failed try",
        "1 by administrators",
        "Worked: 2 at the most, at 08:00",
        "Ended by an administrator",
        "One app could not be told that sessions ended",
        "refused 1 notice.",
        "All confirmed",
        "1 refused",
    ] {
        assert!(page.shows(words), "{words}\n{}", page.body);
    }
    assert!(page.body.contains("href=\"/admin/apps/Payroll\""));
    assert_eq!(page.body.matches("class=\"bar bad\"").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn reloading_does_not_count_again() {
    let mut house = House::open_alone().await;
    let mona = house.administrator("mona").await;
    let browser = console(&house, &mona).await;
    house.rest().await;
    let record = house.provider().record().clone();
    browser.get("/admin").await;
    let before = record.calls();
    let alice = house.person("alice").await;
    let making_alice = record.calls() - before;
    house.browser().sign_in(&alice).await;
    let before = record.calls();
    let page = browser.get("/admin").await;
    // Who asks is looked up each time; the figures are not.
    assert_eq!(record.calls() - before, 1);
    assert!(making_alice > 0);
    assert_eq!(tile(&page.body, "Live sessions"), "1");
    wait_for_new_figures(&house);
    let page = browser.get("/admin").await;
    assert_eq!(tile(&page.body, "Live sessions"), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_are_one_question() {
    let mut house = House::open_alone().await;
    let mona = house.administrator("mona").await;
    let browser = console(&house, &mona).await;
    house.rest().await;
    let record = house.provider().record().clone();
    let before = record.calls();
    let asked = (0..8).map(|_| browser.get("/admin"));
    for page in futures_util::future::join_all(asked).await {
        assert_eq!(page.status, 200);
    }
    // Eight look-ups of who asks, and one count.
    assert_eq!(record.calls() - before, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_see_it() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    let places = ["/admin", "/admin/audit", "/admin/keys"];
    for place in places {
        let page = browser.get(place).await;
        assert_eq!(page.status, 303, "{place}");
        assert!(page.location().unwrap().path().starts_with("/login"));
    }
    browser.sign_in(&alice).await;
    for place in places {
        assert_eq!(browser.get(place).await.status, 403, "{place}");
    }
}
