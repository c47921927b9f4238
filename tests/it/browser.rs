//! The browser itself: a checker that cannot fail checks nothing.

use crate::support::chromium::{Browser, Options};

const GOOD: &str = "data:text/html,<!doctype html><html lang=en><title>A page</title>\
    <main><h1>A page</h1><label>Name <input></label><p id=p>without</p></main>\
    <script>document.querySelector('%23p').textContent = 'with'</script>";
const BAD: &str = "data:text/html,<!doctype html><html><body><img src=x><input>";

#[tokio::test]
async fn axe_objects_to_a_bad_page_and_not_to_a_good_one() {
    let browser = Browser::start(Options::default()).await;
    browser.goto(BAD).await;
    let found: Vec<String> = browser
        .axe()
        .await
        .into_iter()
        .map(|found| found.id)
        .collect();
    for rule in ["document-title", "html-has-lang", "image-alt", "label"] {
        assert!(
            found.iter().any(|id| id == rule),
            "{rule} is not in {found:?}"
        );
    }
    browser.goto(GOOD).await;
    browser.assert_accessible().await;
    assert_eq!(browser.text("#p").await, "with");
    let picture = tempfile::NamedTempFile::new().unwrap();
    browser.screenshot(picture.path()).await;
    assert!(
        std::fs::read(picture.path())
            .unwrap()
            .starts_with(b"\x89PNG")
    );
}

#[tokio::test]
async fn without_scripts_a_page_can_be_read_and_used() {
    let options = Options {
        javascript: false,
        dark: true,
        width: 320,
        height: 640,
        any_certificate: false,
    };
    let browser = Browser::start(options).await;
    browser.goto(GOOD).await;
    assert_eq!(browser.text("#p").await, "without");
    browser.fill("input", "Alice").await;
    browser.click("h1").await;
    assert_eq!(browser.title().await, "A page");
}

#[tokio::test]
async fn what_a_policy_forbids_is_heard() {
    let browser = Browser::start(Options::default()).await;
    browser.goto(GOOD).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    browser
        .goto(
            "data:text/html,<meta http-equiv=content-security-policy content=\"script-src 'none'\">\
             <script>document.title = 'ran'</script>",
        )
        .await;
    assert_ne!(browser.title().await, "ran");
    let complaints = browser.complaints().await;
    assert!(
        complaints
            .iter()
            .any(|text| text.contains("Content Security Policy")),
        "{complaints:?}"
    );
}
