//! A person says what apps may be told of them.

use lanyard::session::ending::Actor;
use lanyard::store::record::PersonEdit;

use crate::support::{Browser, House, Page, Person};

const PATH: &str = "/account/profile";

async fn opened() -> (House, Person, Browser) {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    (house, alice, browser)
}

async fn save(browser: &Browser, page: &Page, fields: &[(&str, &str)]) -> Page {
    let (csrf, version) = (page.csrf(), page.hidden("version").unwrap());
    let mut form = vec![("csrf", csrf.as_str()), ("version", version.as_str())];
    form.extend_from_slice(fields);
    browser.post(PATH, &form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_said_at_once_and_nothing_typed_is_lost() {
    let (house, alice, browser) = opened().await;
    let page = browser.get(PATH).await;
    let fields = [
        ("name", "Alice <Moreau>"),
        ("website", "javascript:alert(1)"),
        ("birthdate", "yesterday"),
    ];
    let answer = save(&browser, &page, &fields).await;
    assert_eq!(answer.status, 400);
    assert!(answer.shows("Not saved: 2 fields need your attention"));
    assert!(answer.body.contains("<title>Problem: "));
    assert!(answer.shows("is not an http or https address"));
    assert!(answer.shows("is not a date"));
    let kept = "value=\"Alice &#60;Moreau&#62;\"";
    assert!(answer.body.contains(kept), "{}", answer.body);
    let stored = house.provider().record().user(&alice.id).await.unwrap();
    assert_ne!(stored.unwrap().profile.name.unwrap(), "Alice <Moreau>");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_to_sign_in_with_and_their_mark_stay_whatever_a_form_says() {
    let (house, alice, browser) = opened().await;
    let before = house.provider().record().user(&alice.id).await.unwrap();
    let before = before.unwrap();
    let page = browser.get(PATH).await;
    let forged = [
        ("name", "Alice"),
        ("username", "root"),
        ("email", "root@example.com"),
        ("email_verified", "yes"),
        ("admin", "yes"),
    ];
    assert_eq!(save(&browser, &page, &forged).await.status, 303);
    let after = house.provider().record().user(&alice.id).await.unwrap();
    let after = after.unwrap();
    assert_eq!(after.profile.name.as_deref(), Some("Alice"));
    assert_eq!(
        (
            &after.username,
            &after.profile.email,
            after.profile.email_verified,
            after.admin
        ),
        (
            &before.username,
            &before.profile.email,
            before.profile.email_verified,
            before.admin
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_form_of_ones_own_page_changes_it() {
    let (house, _, browser) = opened().await;
    let bob = house.person("bob").await;
    let his = house.browser();
    his.sign_in(&bob).await;
    let bobs = his.get(PATH).await.csrf();
    for csrf in ["", "nonsense", &bobs] {
        let form = [("csrf", csrf), ("version", "1"), ("name", "Mallory")];
        assert_eq!(browser.post(PATH, &form).await.status, 403, "{csrf}");
    }
    let nobody = house.browser().get(PATH).await;
    assert_eq!(nobody.location().unwrap().path(), "/login");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_meanwhile_is_shown_and_not_overwritten() {
    let (house, alice, browser) = opened().await;
    let page = browser.get(PATH).await;
    let stored = house.provider().record().user(&alice.id).await.unwrap();
    let mut stored = stored.unwrap();
    stored.profile.nickname = Some("Al".to_owned());
    let edit = PersonEdit {
        id: alice.id.clone(),
        version: stored.updated,
        username: stored.username,
        profile: stored.profile,
    };
    let edited = house.provider().edit_person(edit, &Actor::CommandLine);
    edited.await.unwrap().unwrap();
    let answer = save(&browser, &page, &[("nickname", "Lissy")]).await;
    assert_eq!(answer.status, 409);
    assert!(answer.shows("Stored now: Al") && answer.body.contains("value=\"Lissy\""));
    // Whoever was shown it may replace it.
    let answer = save(&browser, &answer, &[("nickname", "Lissy")]).await;
    assert_eq!(answer.status, 303);
    let page = browser.follow(answer).await.page();
    assert!(page.shows("Your profile is saved") && page.body.contains("value=\"Lissy\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_and_pages_show_the_new_name() {
    let (house, _, browser) = opened().await;
    let wiki = house.app("wiki").await;
    let page = browser.get(PATH).await;
    let answer = save(
        &browser,
        &page,
        &[("name", "Alice Lind"), ("locale", "en-GB")],
    )
    .await;
    assert_eq!(answer.status, 303);
    house.settled().await;
    let page = browser.follow(answer).await.page();
    assert!(page.shows("Alice Lind"));
    let tokens = wiki.granted(&browser, wiki.ask().with("scope", "openid profile"));
    let told = wiki.userinfo(tokens.await.access()).await.json();
    assert_eq!(
        (&told["name"], &told["locale"]),
        (&"Alice Lind".into(), &"en-GB".into())
    );
}
