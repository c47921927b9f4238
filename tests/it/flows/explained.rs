//! "Why was I signed out?": the next page in that browser says when and why, with a reference that
//! an administrator can look up. Nobody else's browser is told, and none for ever.

use std::time::Duration;

use lanyard::entropy::{Entropy, Secret};
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::store::record::reference;

use crate::support::{Browser, House};

const DAY: Duration = Duration::from_hours(24);

async fn next_page(browser: &Browser) -> String {
    browser.go("/account").await.page().body
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_that_held_the_secret_is_told_for_thirty_days() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let session = house.session_of(&alice).await;
    let name = reference(session);
    // Who knows the session and not its secret.
    let other = house.browser();
    let secret = Secret::random(&Entropy::System);
    other.plant_cookie("lanyard", &house.forged_cookie(session, &secret));
    house.end(session).await;
    for passed in [Duration::ZERO, DAY * 29] {
        house.advance(passed);
        let page = next_page(&browser).await;
        assert!(
            page.contains("An administrator ended your session"),
            "{page}"
        );
        assert!(page.contains(&name), "{page}");
        let page = next_page(&other).await;
        assert!(!page.contains("ended your session") && !page.contains(&name));
    }
    let mona = house.browser();
    mona.sign_in(&house.administrator("mona").await).await;
    let page = mona.get(&format!("/admin/sessions/{name}")).await;
    assert_eq!(page.status, 200);
    assert!(page.shows("alice Example"), "{}", page.body);

    house.advance(DAY);
    let page = next_page(&browser).await;
    assert!(!page.contains("ended your session") && !page.contains(&name));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_has_its_words() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    for (reason, words) in [
        (Reason::User, "You ended this session"),
        (Reason::Admin, "An administrator ended your session"),
        (Reason::Idle, "You didn’t use your session for a while"),
        (Reason::Lifetime, "Your session reached its longest time"),
        (Reason::Limit, "You signed in on more devices than allowed"),
        (Reason::CredentialChange, "Your password changed"),
        (
            Reason::Replaced,
            "Somebody else signed in with this browser",
        ),
        (Reason::Theft, "To keep you safe, we ended your session"),
        (Reason::Policy, "To keep you safe, we ended your session"),
    ] {
        let browser = house.browser();
        browser.sign_in(&alice).await;
        let one = Selection::Session(house.session_of(&alice).await);
        let ended = house.provider().end(&one, reason, &Actor::System);
        ended.await.unwrap();
        let page = next_page(&browser).await;
        assert!(page.contains(words), "{}: {page}", reason.as_str());
    }
}
