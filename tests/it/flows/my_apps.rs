//! The page of the apps that a person can open (Core 1.0, 4), and what an app shows of itself.

use lanyard::entropy::ClientId;
use lanyard::protocol::client_metadata;
use lanyard::session::ending::Actor;
use serde_json::{Value, json};

use crate::support::{App, Browser, House, Page};

async fn opened(house: &House) -> Browser {
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    browser
}

fn doors(page: &Page) -> Vec<String> {
    let parts = page.body.split("<a class=\"button\" href=\"").skip(1);
    let links = parts.filter_map(|part| part.split_once('"'));
    let links = links.filter(|(_, rest)| rest.starts_with(" rel=\"noreferrer\""));
    links.map(|(link, _)| link.replace("&#38;", "&")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_out_signs_in_first_and_comes_back() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    let page = browser.go("/apps").await.page();
    assert_eq!(page.heading(), "Sign in to Lanyard");
    let page = browser.sign_in_at(&page, &alice).await.page();
    assert_eq!(page.url.path(), "/apps");
    assert!(page.shows("No app to open yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_apps_that_can_be_opened_have_a_door() {
    let house = House::open().await;
    let browser = opened(&house).await;
    house.app("without").await;
    let home = json!({ "client_name": "Home", "client_uri": "https://home.example/" });
    house.app_with("home", home).await;
    let begun = json!({
        "client_name": "Begun <b>", "client_uri": "https://begun.example/start",
        "initiate_login_uri": "https://begun.example/in?a=1",
    });
    house.app_with("begun", begun).await;
    let page = browser.get("/apps").await;
    let iss: String = url::form_urlencoded::byte_serialize(house.issuer.as_bytes()).collect();
    let target = "https%3A%2F%2Fbegun.example%2Fstart";
    assert_eq!(
        doors(&page),
        [
            format!("https://begun.example/in?a=1&iss={iss}&target_link_uri={target}"),
            "https://home.example/".to_owned(),
        ]
    );
    assert!(page.shows("Opens its home page"));
    assert!(!page.body.contains("Begun <b>"));
    assert!(
        browser
            .get("/account")
            .await
            .body
            .contains("href=\"/apps\"")
    );

    let record = house.provider().record();
    let id = ClientId::new("home");
    let off = record.set_client_enabled(&id, false, &Actor::CommandLine);
    off.await.unwrap();
    assert_eq!(doors(&browser.get("/apps").await).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn logos_are_let_in_by_their_origins_and_ours_is_no_apps() {
    let house = House::open().await;
    let browser = opened(&house).await;
    let ours = house.url("/static/logo.svg");
    let with_logo = |logo: &str| json!({ "client_uri": "https://a.example/", "logo_uri": logo });
    house
        .app_with("theirs", with_logo("https://cdn.example/l.png"))
        .await;
    let mimic = house.app_with("mimic", with_logo(&ours)).await;
    let page = browser.get("/apps").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("img-src 'self' https://cdn.example;"),
        "{policy}"
    );
    assert!(page.body.contains("src=\"https://cdn.example/l.png\""));
    assert!(!page.body.contains(&ours), "{}", page.body);
    let page = mimic.send(&house.browser(), &mimic.ask()).await.page();
    assert!(!page.body.contains(&ours), "{}", page.body);
    // Where one goes on to is said by the address, which nobody can choose for himself.
    assert!(page.shows("You go on to"));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_and_names_that_are_refused() {
    let refused = |changes: Value| {
        let mut metadata = json!({
            "client_name": "Wiki", "redirect_uris": ["https://a.example/cb"],
        });
        let members = metadata.as_object_mut().unwrap();
        members.extend(changes.as_object().unwrap().clone());
        let judged = client_metadata::parse(&metadata, ClientId::new("wiki"));
        judged.expect_err(&changes.to_string()).member
    };
    for uri in [
        "http://a.example/in",
        "javascript:alert(1)",
        "com.example.app:/in",
        "https://a.example/in#x",
        "https://u@a.example/in",
        "https://a.example/in?iss=https://evil.example",
        "/in",
    ] {
        assert_eq!(
            refused(json!({ "initiate_login_uri": uri })),
            "initiate_login_uri",
            "{uri}"
        );
    }
    for name in ["Lanyard", " LANYARD "] {
        assert_eq!(refused(json!({ "client_name": name })), "client_name");
    }
    let house = House::open().await;
    let local = json!({ "initiate_login_uri": "http://localhost:8081/in" });
    let _: App = house.app_with("local", local).await;
}
