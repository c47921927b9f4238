//! The audit page: who did what, in plain words, found by what an administrator knows.

use std::time::Duration;

use lanyard::clock::Timestamp;
use lanyard::store::record::{AuditEntry, reference};

use crate::support::{Browser, House, Page};

async fn console(house: &House) -> Browser {
    let mona = house.administrator("mona").await;
    let browser = house.browser();
    browser.sign_in(&mona).await;
    browser
}

/// The lines on the page.
fn lines(page: &Page) -> Vec<&str> {
    let body = page.body.split("<tbody>").nth(1).unwrap_or_default();
    let body = body.split("</tbody>").next().unwrap();
    body.split("<tr>").skip(1).collect()
}

fn line_at(at: Timestamp, action: &str, detail: String) -> AuditEntry {
    AuditEntry {
        at,
        actor: "command_line".to_owned(),
        action: action.to_owned(),
        target: String::new(),
        session: None,
        address: None,
        reason: None,
        detail: Some(detail),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_in_plain_words_with_names_and_links() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("Wiki").await;
    let person = house.browser();
    let page = person.go("/account").await.page();
    person.try_password(&page, "alice", "not it").await;
    person.sign_in(&alice).await;
    wiki.join(&person).await;
    let session = house.session_of(&alice).await;
    house.end_client(session, &wiki).await;
    house.end_by_person(session, &alice).await;
    let browser = console(&house).await;
    for action in ["sign_in", "sign_in_failed", "session.end"] {
        house
            .expect_audit(action, |line| line.action == action)
            .await;
    }
    let page = browser.get("/admin/audit").await;
    assert_eq!(page.status, 200);
    for words in [
        "Refused a sign-in: account name ",
        "Name and password didn’t match",
        "Ended an app’s part of a session: ",
        "Ended by an administrator",
        "Signed out by the person",
        "The command line",
        "127.0.0.1",
    ] {
        assert!(page.shows(words), "{words}\n{}", page.body);
    }
    let reference = reference(session);
    for link in [
        format!("<a href=\"/admin/people/{}\">alice</a>", alice.id),
        "<a href=\"/admin/apps/Wiki\">Wiki</a>".to_owned(),
        format!("<a href=\"/admin/sessions/{reference}\">{reference}</a>"),
    ] {
        assert!(page.body.contains(&link), "{link}\n{}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_finds_what_it_names() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    for person in [&alice, &bob] {
        house.browser().sign_in(person).await;
    }
    let session = house.session_of(&alice).await;
    house.end(session).await;
    let browser = console(&house).await;
    let of_mona = |line: &AuditEntry| line.action == "sign_in";
    House::until("three sign-ins are noted", || async {
        let lines = house.provider().record().recent_audit(100).await.unwrap();
        lines.iter().filter(|line| of_mona(line)).count() == 3
    })
    .await;
    let reference = reference(session);
    let lower = reference.to_lowercase();
    let id = alice.id.as_str();
    for (query, count) in [
        ("action=sign_in", 3),
        ("action=session.end", 1),
        ("action=moon.land", 0),
        ("person=alice", 2),
        ("person=%20Alice%20", 2),
        ("person=alice%40example.com", 2),
        (&format!("person={id}"), 2),
        ("person=u_0123456789012345678901", 0),
        ("person=bob&action=sign_in", 1),
        ("person=bob&action=session.end", 0),
        (&format!("session={reference}"), 2),
        (&format!("session={lower}"), 2),
        ("action=sign_in&since=2027-01-15", 3),
        ("since=2027-01-16", 0),
        ("before=2027-01-15", 0),
        ("action=sign_in&since=2027-01-15&before=2027-01-16", 3),
    ] {
        let page = browser.get(&format!("/admin/audit?{query}")).await;
        assert_eq!(page.status, 200, "{query}");
        assert_eq!(lines(&page).len(), count, "{query}\n{}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_searched_for_is_named_and_kept() {
    let house = House::open().await;
    let browser = console(&house).await;
    for (query, field, words) in [
        (
            "person=alicia",
            "person",
            "Person: nobody is called “alicia”.",
        ),
        ("person=%00", "person", "Person: nobody is called"),
        (
            "session=7QK4",
            "session",
            "Session: a reference has three groups",
        ),
        ("since=2027-02-30", "since", "Since: there is no such day."),
        ("before=soon", "before", "Before: there is no such day."),
        (
            "since=2027-01-16&before=2027-01-16",
            "before",
            "Before: this day must be later",
        ),
        (
            "action=a%20b",
            "action",
            "What was done: this is no action.",
        ),
    ] {
        let page = browser.get(&format!("/admin/audit?{query}")).await;
        assert_eq!(page.status, 400, "{query}");
        assert!(page.shows(words), "{query}\n{}", page.body);
        assert!(page.body.contains("<title>Problem: Audit"), "{query}");
        let described = format!("aria-invalid=\"true\" aria-describedby=\"{field}-problem\"");
        assert_eq!(page.body.matches(&described).count(), 1, "{query}");
        assert_eq!(lines(&page).len(), 0, "{query}");
    }
    let page = browser
        .get("/admin/audit?person=alicia&session=7QK4&action=sign_in&since=2027-01-15")
        .await;
    for kept in [
        "name=\"person\" value=\"alicia\"",
        "name=\"session\" value=\"7QK4\"",
        "name=\"since\" type=\"date\" value=\"2027-01-15\"",
        "value=\"sign_in\" selected",
    ] {
        assert!(page.body.contains(kept), "{kept}\n{}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_with_their_filters() {
    let house = House::open().await;
    let start = house.clock.now();
    let noted: Vec<_> = (0..120)
        .map(|number| {
            let at = start + Duration::from_secs(number);
            line_at(at, "moon.land", format!("landing {number:03}."))
        })
        .collect();
    house
        .provider()
        .record()
        .append_audit(&noted)
        .await
        .unwrap();
    house.advance(Duration::from_mins(5));
    let browser = console(&house).await;
    let first = browser.get("/admin/audit?action=moon.land").await;
    let mut page = first.clone();
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    loop {
        sizes.push(lines(&page).len());
        seen.extend(
            (0..120)
                .rev()
                .filter(|number| page.shows(&format!("landing {number:03}."))),
        );
        let Some(older) = page.link("older") else {
            break;
        };
        assert!(older.as_str().contains("action=moon%2Eland"), "{older}");
        page = browser.get(older.as_str()).await;
    }
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(seen, (0..120).rev().collect::<Vec<_>>());
    for _ in 0..2 {
        page = browser.get(page.link("newer").unwrap().as_str()).await;
    }
    assert_eq!(lines(&page), lines(&first));
    assert!(page.link("newer").is_none());
    // What nobody here wrote begins with the newest.
    let made_up = browser
        .get("/admin/audit?action=moon.land&page=older.x")
        .await;
    assert_eq!(lines(&made_up), lines(&first));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_stays_text() {
    let house = House::open().await;
    let hostile = "<script>alert(1)</script>";
    let entry = AuditEntry {
        actor: format!("person:{hostile}"),
        target: hostile.to_owned(),
        session: Some(hostile.to_owned()),
        address: Some(hostile.to_owned()),
        reason: Some(hostile.to_owned()),
        ..line_at(house.clock.now(), hostile, hostile.to_owned())
    };
    house
        .provider()
        .record()
        .append_audit(&[entry])
        .await
        .unwrap();
    let browser = console(&house).await;
    let page = browser.get("/admin/audit").await;
    assert!(!page.body.contains("<script"), "{}", page.body);
    assert!(page.shows(hostile));
    assert!(page.shows("who is gone"));
}
