//! The first administrator, by the set-up link.

use std::time::Duration;

use lanyard::entropy::{Entropy, Secret};
use lanyard::provider::SetupLinkDue;

use crate::support::{Browser, House, Landing, Page, Person};

const VOID: &str = "This set-up link doesn’t work";
const COOKIE: &str = "lanyard-setup";
const FORM: [(&str, &str); 4] = [
    ("username", "mona"),
    ("name", "Mona Lind"),
    ("email", "mona@example.com"),
    ("password", "mona likes long passwords"),
];

/// What a node that starts prints.
async fn link(house: &House) -> String {
    let due = house.provider().setup_link_due().await.unwrap();
    let SetupLinkDue::Print(token) = due else {
        panic!("no link: {due:?}");
    };
    house.provider().setup_address(&token)
}

async fn open() -> (House, String) {
    let house = House::open().await;
    let link = link(&house).await;
    (house, link)
}

/// The form, with one field otherwise.
fn with<'a>(name: &str, value: &'a str) -> Vec<(&'static str, &'a str)> {
    let other = |(field, typed)| (field, if field == name { value } else { typed });
    FORM.into_iter().map(other).collect()
}

fn is_void(page: &Page) -> bool {
    page.status == 410 && page.heading() == VOID
}

async fn page(browser: &Browser, link: &str) -> Page {
    let page = browser.go(link).await.page();
    assert_eq!(page.heading(), "Make the first administrator");
    assert_eq!(page.url.query(), None, "the token leaves the address");
    page
}

/// Sends the form as it is, nothing followed.
async fn send(browser: &Browser, page: &Page, fields: &[(&str, &str)]) -> Page {
    let csrf = page.csrf();
    let mut form = vec![("csrf", csrf.as_str())];
    form.extend_from_slice(fields);
    browser.post("/setup", &form).await
}

fn leads_to_admin(page: &Page) -> bool {
    page.status == 303 && page.location().is_some_and(|url| url.path() == "/admin")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_link_there_is_nothing_to_see() {
    let (house, _) = open().await;
    let forged = Secret::random(&Entropy::System).encode();
    for query in [
        "",
        "?",
        "?token=",
        "?token=short",
        "?token=a&token=b",
        &format!("?token={forged}"),
    ] {
        let page = house.browser().get(&format!("/setup{query}")).await;
        assert!(is_void(&page), "{query} {page:?}");
        assert!(
            !page.sets_cookie(COOKIE) || page.header_all("set-cookie")[0].contains("Max-Age=0")
        );
    }
    let browser = house.browser();
    browser.plant_cookie(COOKIE, &forged);
    assert!(is_void(&browser.get("/setup").await));
    assert_eq!(browser.cookie(COOKIE), None, "it is taken away");
    browser.plant_cookie(COOKIE, &forged);
    let answer = browser.post("/setup", &FORM).await;
    assert_eq!(answer.status, 403, "no anti-forgery token of ours");
    assert!(is_void(&house.browser().post("/setup", &FORM).await));
    assert!(!house.provider().record().has_administrator().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_is_ours_and_of_the_browser_that_followed_the_link() {
    let (house, link) = open().await;
    let browser = house.browser();
    let form = page(&browser, &link).await;
    let csrf = form.csrf();
    let mut fields = vec![("csrf", csrf.as_str())];
    fields.extend(FORM);
    let foreign = browser
        .post_with("/setup", &fields, &[("sec-fetch-site", "cross-site")])
        .await;
    assert_eq!(
        (foreign.status.as_u16(), foreign.heading().as_str()),
        (403, "This came from another site")
    );
    let other = house.browser();
    assert!(is_void(&other.post("/setup", &fields).await));
    fields[0] = ("csrf", "forged");
    assert_eq!(browser.post("/setup", &fields).await.status, 403);
    assert!(
        leads_to_admin(&send(&browser, &form, &FORM).await),
        "nothing was used up"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_at_its_field_and_the_link_stays_good() {
    let (house, link) = open().await;
    house.person("alice").await;
    let browser = house.browser();
    let mut form = page(&browser, &link).await;
    for (name, value, said) in [
        ("password", "short", "Use at least 8 characters."),
        (
            "password",
            "mona@example.com",
            "That is your own username or email address",
        ),
        ("username", " ", "This is empty"),
        ("email", "nowhere", "This is no mail address"),
        ("username", "Alice", "belongs to somebody already"),
    ] {
        let answer = send(&browser, &form, &with(name, value)).await;
        assert_eq!(answer.status, 400, "{name} {value}");
        assert!(answer.shows(said), "{said}: {}", answer.body);
        assert!(answer.body.contains("<title>Problem: "), "{}", answer.body);
        assert!(
            answer.body.contains(&format!("id=\"{name}-error\"")),
            "{}",
            answer.body
        );
        assert!(
            answer.shows("value=\"Mona Lind\""),
            "what was typed is kept"
        );
        assert!(!answer.shows("mona likes long passwords"));
        form = answer;
    }
    let both = [("username", ""), ("name", "Mona Lind"), ("password", "x")];
    let answer = send(&browser, &form, &both).await;
    assert!(answer.shows("This is empty") && answer.shows("Use at least 8 characters."));
    assert!(leads_to_admin(&send(&browser, &answer, &FORM).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_is_good_for_an_hour() {
    let (mut house, old) = open().await;
    let browser = house.browser();
    house.advance(Duration::from_mins(59));
    let form = page(&browser, &old).await;
    house.advance(Duration::from_mins(1));
    assert!(is_void(&send(&browser, &form, &FORM).await));
    assert!(is_void(&house.browser().get(&old).await));
    let due = house.provider().setup_link_due().await.unwrap();
    assert!(
        matches!(due, SetupLinkDue::Nothing),
        "a restart must ask for it: {due:?}"
    );
    house.reopen().await;
    let new = link(&house).await;
    let form = page(&browser, &new).await;
    assert!(leads_to_admin(&send(&browser, &form, &FORM).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_voids_the_link_and_prints_another() {
    let (mut house, old) = open().await;
    let (early, browser) = (house.browser(), house.browser());
    let form = page(&early, &old).await;
    house.reopen().await;
    assert!(is_void(&browser.get(&old).await));
    let new = link(&house).await;
    assert_ne!(old, new);
    assert!(is_void(&browser.get(&old).await));
    assert!(is_void(&send(&early, &form, &FORM).await));
    page(&browser, &new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn following_the_link_uses_nothing_up_and_making_the_account_does() {
    let (house, link) = open().await;
    for _ in 0..3 {
        let preview = house.browser().get(&link).await;
        assert_eq!(preview.status, 303);
        let cookie = &preview.header_all("set-cookie")[0];
        for word in ["HttpOnly", "SameSite=Lax", "Path=/setup", "Max-Age=3600"] {
            assert!(cookie.contains(word), "{cookie}");
        }
    }
    let (browser, late) = (house.browser(), house.browser());
    let lates = page(&late, &link).await;
    let form = page(&browser, &link).await;
    let Landing::Page(landed) = browser.submit(&form, &FORM).await else {
        panic!("it left");
    };
    assert_eq!(
        (landed.url.path(), landed.heading().as_str()),
        ("/admin", "Overview")
    );
    assert_eq!(browser.cookie(COOKIE), None);
    assert!(is_void(
        &send(&late, &lates, &with("username", "eve")).await
    ));
    assert!(is_void(&late.get(&link).await));

    // The account is one like any other: it can be signed in to, and prove itself.
    let mona = Person {
        id: house.provider().record().users(9).await.unwrap()[0]
            .id
            .clone(),
        username: "mona".to_owned(),
        password: FORM[3].1.to_owned(),
    };
    late.sign_in(&mona).await;
    assert_eq!(house.sessions_of(&mona).await.len(), 2);
    let made = house
        .expect_audit("who made her", |line| line.action == "person.create")
        .await;
    assert_eq!(made.actor, "system");
    assert_eq!(made.address.as_deref(), Some("127.0.0.1"));
    assert_eq!(made.target, format!("person:{}", mona.id));
    house
        .expect_audit("that she came in", |line| line.action == "sign_in")
        .await;
    let printed = house
        .expect_audit("the link", |line| line.action == "setup_link.make")
        .await;
    let (_, token) = link.split_once("token=").unwrap();
    assert!(!format!("{printed:?}").contains(token));
    let audit = browser.get("/admin/audit").await;
    assert!(audit.shows("Printed a set-up link") && audit.shows("by the set-up link"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_forms_at_once_one_makes_the_administrator() {
    let (house, link) = open().await;
    let (one, two) = (house.browser(), house.browser());
    let (first, second) = (page(&one, &link).await, page(&two, &link).await);
    let other = with("username", "olaf");
    let other: Vec<_> = other
        .into_iter()
        .filter(|(name, _)| *name != "email")
        .collect();
    let (first, second) = tokio::join!(send(&one, &first, &FORM), send(&two, &second, &other));
    let won = [&first, &second].map(leads_to_admin);
    assert_eq!(
        won.iter().filter(|won| **won).count(),
        1,
        "{first:?} {second:?}"
    );
    let lost = if won[0] { &second } else { &first };
    assert!(is_void(lost), "{lost:?}");
    assert_eq!(house.provider().record().users(9).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_who_was_made_otherwise_voids_it() {
    let (mut house, link) = open().await;
    let browser = house.browser();
    let form = page(&browser, &link).await;
    house.administrator("olaf").await;
    assert!(is_void(&send(&browser, &form, &FORM).await));
    assert!(is_void(&house.browser().get(&link).await));
    assert!(is_void(&house.browser().get("/setup").await));
    house.reopen().await;
    let due = house.provider().setup_link_due().await.unwrap();
    assert!(matches!(due, SetupLinkDue::Nothing), "{due:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_signed_in_there_is_not_any_more() {
    let (house, link) = open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let form = page(&browser, &link).await;
    let landed = browser.submit(&form, &FORM).await.page();
    assert_eq!(landed.url.path(), "/admin");
    assert!(house.sessions_of(&alice).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_guesses_is_slowed() {
    let (house, link) = open().await;
    let guesser = house.browser_at("127.0.0.9");
    let guess = || format!("/setup?token={}", Secret::random(&Entropy::System).encode());
    for _ in 0..100 {
        assert!(is_void(&guesser.get(&guess()).await));
    }
    let refused = guesser.get(&guess()).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("retry-after")),
        (503, Some("60"))
    );
    page(&house.browser(), &link).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_nodes_one_prints_a_link_that_all_take() {
    let (house, link) = open().await;
    for number in 1..lanyard_nodes() {
        let due = house.node(number).setup_link_due().await.unwrap();
        assert!(matches!(due, SetupLinkDue::Wait(_)), "{due:?}");
        page(&house.at_node(number, &house.browser()), &link).await;
    }
    page(&house.at_node(0, &house.browser()), &link).await;
}

fn lanyard_nodes() -> usize {
    crate::support::stores::Stores::of_this_run().nodes()
}
