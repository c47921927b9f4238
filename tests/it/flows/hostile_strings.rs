//! What strangers write is shown as they wrote it, and never as a page of ours: names, addresses,
//! `state` and what people say of themselves.

use std::time::Duration;

use serde_json::{Value, json};

use super::claims::change;
use super::registration::{ON, register};
use crate::support::{App, Browser, House, Page};

const NAME: &str = "\"><script>alert('n')</script>&amp;<img src=x onerror=alert(1)> A very long name of an app goes on";
const LOGO: &str = "https://cdn.example/l.svg?a=1&lt;script%3E&b=%22%3E";
const POLICY: &str = "https://app.example/policy?a=1&quot;onclick=1";
const TERMS: &str = "https://app.example/terms?a=1&b=%3Cscript%3E";
const PERSON: &str = "Alice \"'><script>alert('p')</script>";
const SCOPES: &str = "\
    [[scopes]]\n\
    scope = \"work\"\n\
    title = \"See <script>alert('t')</script>\"\n\
    description = \"Your 'desk' & <img src=x onerror=alert(2)>\"\n\
    [[claims]]\n\
    attribute = \"desk\"\n\
    scope = \"work\"\n\
    label = \"Desk <b>\"\n";

/// One directive of the policy of a page.
fn directive<'a>(page: &'a Page, name: &str) -> Option<&'a str> {
    let policy = page.header("content-security-policy").unwrap();
    let mut directives = policy.split(';').map(str::trim);
    directives.find_map(|directive| directive.strip_prefix(name)?.strip_prefix(' '))
}

/// No element but ours, no script but from a file of ours, no image but those that the policy of
/// the page lets in, and nothing else let in.
fn assert_harmless(page: &Page) {
    let body = &page.body;
    for bad in [
        "<script>",
        "<img src=x",
        "<b>",
        "javascript:",
        "alert('n')",
        "alert('t')",
    ] {
        assert!(!body.contains(bad), "{bad} at {}: {body}", page.url);
    }
    for script in body.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(tag.contains("src=\"/static/"), "{tag} at {}", page.url);
        assert!(rest.starts_with("</script>"), "{} at {}", tag, page.url);
    }
    assert_eq!(directive(page, "default-src"), Some("'none'"));
    assert_eq!(directive(page, "script-src"), Some("'self'"));
    assert_eq!(directive(page, "style-src"), Some("'self'"));
    let logo = body.contains("src=\"https://cdn.example/");
    let images = if logo {
        "'self' https://cdn.example"
    } else {
        "'self'"
    };
    assert_eq!(directive(page, "img-src"), Some(images), "{}", page.url);
}

/// The same, on a page that shows this text.
fn assert_shown(page: &Page, texts: &[&str]) {
    assert_eq!(page.status, 200, "{} {}", page.url, page.body);
    assert_harmless(page);
    for text in texts {
        assert!(page.shows(text), "{text} at {}: {}", page.url, page.body);
    }
}

async fn open() -> (House, App, Browser) {
    let house = House::open_with_file(SCOPES).await;
    let metadata = json!({
        "client_name": NAME, "logo_uri": LOGO, "policy_uri": POLICY, "tos_uri": TERMS,
        "client_uri": "https://app.example/?a=1&lt;b", "first_party": false,
    });
    let app = house.app_with("hostile", metadata).await;
    let browser = house.browser();
    (house, app, browser)
}

/// Conformance: 14, 25.
#[tokio::test(flavor = "multi_thread")]
async fn the_way_in_shows_an_app_as_it_calls_itself() {
    let (house, app, browser) = open().await;
    let alice = house.person("alice").await;
    change(&house, &alice, |profile| {
        profile.name = Some(PERSON.to_owned());
    })
    .await;
    assert!(NAME.chars().count() > 90, "it is as long as a name may be");
    let hostile = "'\"><script>alert('s')</script>&amp;\u{202e}";
    let mut ask = app
        .ask()
        .with("scope", "openid profile work")
        .with("login_hint", hostile)
        .with("response_mode", "form_post")
        .with("state", hostile);
    hostile.clone_into(&mut ask.state);
    let page = app.send(&browser, &ask).await.page();
    assert_shown(&page, &[NAME, LOGO, POLICY, TERMS, hostile]);
    assert!(page.body.contains("src=\"https://cdn.example/l.svg"));

    let page = browser.sign_in_at(&page, &alice).await.page();
    assert_shown(
        &page,
        &[
            NAME,
            LOGO,
            POLICY,
            TERMS,
            PERSON,
            "See <script>alert('t')</script>",
            "Your 'desk' & <img src=x onerror=alert(2)>",
        ],
    );
    assert!(page.body.contains("src=\"https://cdn.example/l.svg"));
    let page = browser.submit(&page, &[("action", "allow")]).await.page();
    assert_shown(&page, &[NAME]);
    let posted = App::posted(&page);
    app.redeem(&app.code(&posted, &ask), &ask).await;

    // An error, by the same form; and one that nobody is sent back with.
    let wrong = ask.clone().with("max_age", hostile);
    let page = app.send(&browser, &wrong).await.page();
    assert_shown(&page, &[NAME]);
    assert_eq!(app.error(&App::posted(&page), &wrong), "invalid_request");
    for (name, value) in [
        ("redirect_uri", "javascript:alert(1)"),
        ("client_id", hostile),
    ] {
        let page = app.send(&browser, &ask.clone().with(name, value)).await;
        let page = page.page();
        assert!(page.status.is_client_error(), "{}", page.status);
        assert_harmless(&page);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_people_and_administrators_show_it_too() {
    let (house, app, browser) = open().await;
    let mona = house.administrator("mona").await;
    change(&house, &mona, |profile| {
        profile.name = Some(PERSON.to_owned());
        profile.picture = Some("https://cdn.example/me.png?a=1&lt;b".to_owned());
    })
    .await;
    browser.sign_in(&mona).await;
    let tokens = app.granted(&browser, app.ask()).await;
    house.settled().await;
    let sessions = browser.get("/admin/sessions").await;
    let (_, rest) = sessions.body.split_once("href=\"/admin/sessions/").unwrap();
    let one = format!("/admin/sessions/{}", rest.split('"').next().unwrap());
    for (path, texts) in [
        ("/apps", &[NAME, LOGO][..]),
        ("/account", &[NAME, PERSON]),
        ("/account/apps", &[NAME]),
        ("/account/profile", &[PERSON]),
        ("/admin", &[]),
        ("/admin/apps", &[NAME]),
        ("/admin/apps/hostile", &[NAME]),
        ("/admin/sessions", &[PERSON]),
        (&one, &[NAME, PERSON]),
        ("/admin/people", &[PERSON]),
        (&format!("/admin/people/{}", mona.id), &[PERSON]),
        ("/admin/audit", &[]),
    ] {
        assert_shown(&browser.get(path).await, texts);
    }
    // Out again: the question, and the receipts.
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &app.client_id)
        .finish();
    let page = browser.go(&format!("/oauth2/logout?{query}")).await.page();
    assert_shown(&page, &[NAME]);
    let page = browser.answer_logout(&page, "logout").await.page();
    assert_shown(&page, &[NAME]);
    app.expect_signed_out(tokens.sid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shown_is_not_registered() {
    let house = House::open_with(&[ON]).await;
    let metadata = |member: &str, value: &Value| {
        let mut metadata = json!({
            "client_name": "Wiki", "redirect_uris": ["https://wiki.example/callback"],
        });
        metadata[member] = value.clone();
        metadata
    };
    let bad = [
        "javascript:alert(1)",
        "JaVaScRiPt://app.example/%0aalert(1)",
        "data:image/svg+xml,<svg onload=alert(1)>",
        "data:text/html;base64,eA==",
        "vbscript:x",
        "blob:https://app.example/x",
        "file:///etc/passwd",
        "//cdn.example/l.svg",
        "https://cdn.example/\"><script>alert(1)</script>",
        "https://cdn.example/l.svg\n",
        "https://cdn.example;script-src */l.svg",
        "https://*/l.svg",
        "https://user@cdn.example/l.svg",
    ];
    for member in ["client_uri", "logo_uri", "policy_uri", "tos_uri"] {
        // An address that registers often must wait.
        house.advance(Duration::from_hours(1));
        for uri in bad {
            let said = register(&house, None, &metadata(member, &json!(uri))).await;
            assert_eq!(said.status, 400, "{member} {uri}");
            let words = said.body["error_description"].as_str().unwrap();
            assert!(words.starts_with(&format!("{member}: ")), "{words}");
            assert!(!words.contains("script>"), "{words}");
        }
    }
    for name in [
        "Wi\u{202e}ki",
        "Wi\u{200b}ki",
        "Wi\u{2066}ki",
        "Wi\nki",
        "Lanyard",
        &"x".repeat(101),
    ] {
        let said = register(&house, None, &metadata("client_name", &json!(name))).await;
        assert_eq!(said.status, 400, "{name}");
    }
}
