//! Ids that are addresses are long, and hold what has a meaning in paths: wherever an id is named,
//! in pages, their addresses and their forms, it is found again letter by letter.

use lanyard::store::record::reference;

use super::metadata_documents::{Story, begin};
use crate::support::{House, Page, Publisher};

/// As long as an id may be, with an escape of its own.
fn longest(origin: &str) -> String {
    let start = "/my%2Fown%20app/";
    format!(
        "{start}{}.json",
        "a".repeat(255 - origin.len() - start.len() - 5)
    )
}

async fn story() -> Story {
    let publisher = Publisher::open();
    let house = House::open_with(&publisher.settings()).await;
    let path = longest(&publisher.origin);
    let mut story = begin(publisher, house).await;
    story.app = story.publisher.app(&story.house, &path);
    assert_eq!(story.app.client_id.len(), 255);
    story
}

fn link(page: &Page, id: &str) -> String {
    let link = page
        .link(id)
        .unwrap_or_else(|| panic!("{id}: {}", page.body));
    link.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_find_it_wherever_it_is_named() {
    let story = story().await;
    let tokens = story.joins().await;
    let mona = story.house.administrator("mona").await;
    let admin = story.house.browser();
    admin.sign_in(&mona).await;
    let list = admin.get("/admin/apps").await;
    let (_, rest) = list.body.split_once("/admin/apps/https").unwrap();
    let address = format!("/admin/apps/https{}", rest.split('"').next().unwrap());
    let page = admin.get(&address).await;
    assert_eq!(page.heading(), "Assistant", "{}", page.body);
    assert!(page.shows(&story.app.client_id), "{}", page.body);
    let audit = admin.get(&link(&page, "audit")).await;
    assert!(audit.shows("by its metadata document"), "{}", audit.body);
    let sessions = admin.get(&link(&page, "sessions")).await;
    let session = reference(story.house.session_of(&story.alice).await);
    assert!(sessions.shows(&session), "{}", sessions.body);

    // On the session's page it is signed out, and told by its own id.
    let page = admin.get(&format!("/admin/sessions/{session}")).await;
    let (_, rest) = page.body.split_once("/app?client=").unwrap();
    let query = rest.split('"').next().unwrap();
    let question = admin
        .get(&format!("/admin/sessions/{session}/app?client={query}"))
        .await;
    assert_eq!(question.status, 200, "{}", question.body);
    let csrf = question.csrf();
    let form = [
        ("csrf", csrf.as_str()),
        ("client", story.app.client_id.as_str()),
    ];
    let done = admin.post(question.form_action().as_str(), &form).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let told = story.app.expect_signed_out(tokens.sid()).await;
    assert_eq!(told["aud"], story.app.client_id);
    assert!(story.browser.is_signed_in().await);
    let page = admin.get(&format!("/admin/sessions/{session}")).await;
    assert!(page.shows("Assistant"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_out_of_it_and_take_back_what_they_allowed() {
    let story = story().await;
    let tokens = story.joins().await;
    let session = reference(story.house.session_of(&story.alice).await);
    let page = story.browser.get("/account").await;
    assert!(page.shows(&story.app.client_id), "{}", page.body);
    let csrf = page.csrf();
    let form = [
        ("csrf", csrf.as_str()),
        ("session", session.as_str()),
        ("client", story.app.client_id.as_str()),
        ("action", "end_app"),
    ];
    let done = story.browser.post("/account/sessions/end-app", &form).await;
    assert_eq!(done.status, 303, "{}", done.body);
    story.app.expect_signed_out(tokens.sid()).await;

    let page = story.browser.get("/account/apps").await;
    assert!(page.shows(&story.app.client_id), "{}", page.body);
    let form = [
        ("csrf", csrf.as_str()),
        ("client", story.app.client_id.as_str()),
    ];
    story.browser.post("/account/apps/withdraw", &form).await;
    let page = story.browser.get("/account/apps").await;
    assert!(!page.shows(&story.app.client_id), "{}", page.body);
}
