//! From an empty folder to one person signed out everywhere: two nodes behind nginx with TLS, on
//! PostgreSQL and Redis, and nothing but a browser to set it up.

use crate::support::app::{Mood, Tokens};
use crate::support::chromium::{Browser, Options};
use crate::support::topology::{self, Topology};
use crate::support::{App, House};

const OWN: &str = "quite another one of my own";

async fn browser() -> Browser {
    Browser::start(Options {
        any_certificate: true,
        ..Options::default()
    })
    .await
}

/// The administrator, by the link that the nodes printed: one between them.
async fn set_up(house: &Topology) -> Browser {
    let links: Vec<_> = house
        .said
        .split_whitespace()
        .filter(|word| word.contains("/setup?token="))
        .collect();
    let [link] = links[..] else {
        panic!("one link: {}", house.said);
    };
    let mona = browser().await;
    mona.goto(link).await;
    mona.wait_for_text("h1", "Make the first administrator")
        .await;
    mona.fill("#username", "mona").await;
    mona.fill("#password", "mona likes long passwords").await;
    mona.click("#setup-submit").await;
    mona.wait_for_text("h1", "Overview").await;
    mona
}

/// An app, made on the admin pages, with the settings that they show.
async fn connect(mona: &Browser, house: &Topology, name: &str, first_party: bool) -> App {
    let app = App::to_be_connected(&house.issuer, &house.authority);
    mona.goto(&format!("{}/admin/apps", house.issuer)).await;
    mona.click("#new").await;
    mona.fill("#client_name", name).await;
    mona.fill("#redirect_uris", &app.redirect_uri).await;
    let channel = format!("{}/backchannel-logout", app.origin);
    mona.fill("#backchannel_logout_uri", &channel).await;
    if first_party {
        mona.click("[name=first_party]").await;
    }
    mona.click("#save").await;
    mona.wait_for_text("h1", &format!("The app {name} is connected"))
        .await;
    let settings = mona.text("#environment").await;
    let setting = |name: &str| {
        let line = settings.lines().find_map(|line| line.split_once(name));
        let (_, value) = line.unwrap_or_else(|| panic!("{name}: {settings}"));
        value.trim_matches(['=', '"', '\'']).to_owned()
    };
    let (id, secret) = (setting("CLIENT_ID"), setting("CLIENT_SECRET"));
    assert_eq!(secret, mona.text("#secret").await);
    app.connected(id, secret)
}

/// A person, made on the admin pages; their temporary password.
async fn employ(mona: &Browser, house: &Topology, username: &str) -> String {
    mona.goto(&format!("{}/admin/people", house.issuer)).await;
    mona.click("#create").await;
    mona.fill("#username", username).await;
    mona.click("#save").await;
    mona.wait_for_text("h1", "The temporary password of").await;
    mona.text("#password").await
}

/// Sends the browser to the app, where it arrives after what must be done on the way.
async fn arrive(browser: &Browser, house: &Topology, app: &App, way: Way<'_>) -> Tokens {
    let ask = app.ask();
    browser
        .goto(&format!("{}{}", house.issuer, ask.url()))
        .await;
    match way {
        Way::SignIn {
            username,
            temporary,
        } => {
            browser.fill("#username", username).await;
            browser.fill("#password", temporary).await;
            browser.click("#login-submit").await;
            browser.wait_for_text("h1", "Choose a new password").await;
            browser.fill("#new_password", OWN).await;
            browser.click("#new-password-submit").await;
        }
        Way::Consent => {
            browser
                .wait_for_text("h1", "asks for your permission")
                .await;
            browser.click("#consent-allow").await;
        }
    }
    browser.wait_for_url(&app.redirect_uri).await;
    app.redeem(&app.code(&browser.url().await, &ask), &ask)
        .await
}

enum Way<'a> {
    SignIn {
        username: &'a str,
        temporary: &'a str,
    },
    /// Signed in already: only the app must be allowed.
    Consent,
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_empty_folder_to_one_person_signed_out_everywhere() {
    let house = tokio::task::spawn_blocking(Topology::start).await.unwrap();
    let mona = set_up(&house).await;
    let wiki = connect(&mona, &house, "Wiki", true).await;
    let shop = connect(&mona, &house, "Shop", false).await;
    let mut people = Vec::new();
    for username in ["alice", "bob", "carol"] {
        let temporary = employ(&mona, &house, username).await;
        let browser = browser().await;
        let way = Way::SignIn {
            username,
            temporary: &temporary,
        };
        let at_wiki = arrive(&browser, &house, &wiki, way).await;
        let at_shop = arrive(&browser, &house, &shop, Way::Consent).await;
        people.push((browser, at_wiki, at_shop));
    }
    let [(alice, her_wiki, her_shop), others @ ..] = &people[..] else {
        panic!("three people");
    };

    shop.feels(Mood::Answers(503));
    mona.note_what_scripts_ask().await;
    mona.goto(&format!("{}/admin/sessions?q=alice", house.issuer))
        .await;
    mona.click("tbody th a").await;
    mona.wait_for_text("h1", "alice").await;
    mona.click("#end-this").await;
    mona.wait_for_text("h1", "End 1 session?").await;
    mona.click("#end").await;
    mona.wait_for_text("h1", "1 session ended").await;
    mona.wait_for_text("#receipt-1-2", "trying again").await;
    shop.feels(Mood::Answers(200));
    mona.wait_for_text("#summary", "All 2 notices are confirmed")
        .await;
    // nginx let each event through as it came: the page asked for nothing by itself.
    let (told, asked) = (mona.asked("changed").await, mona.asked("fetch").await);
    assert!((1..=told).contains(&asked), "{asked} for {told}");

    wiki.expect_signed_out(her_wiki.sid()).await;
    shop.expect_signed_out(her_shop.sid()).await;
    for (app, tokens) in [(&wiki, her_wiki), (&shop, her_shop)] {
        House::until("her tokens are refused", || async {
            app.userinfo(tokens.access()).await.status == 401
        })
        .await;
    }
    alice.goto(&format!("{}/account", house.issuer)).await;
    alice
        .wait_for_text("main", "An administrator ended your session")
        .await;
    for (browser, at_wiki, at_shop) in others {
        assert_eq!(wiki.userinfo(at_wiki.access()).await.status, 200);
        assert_eq!(shop.userinfo(at_shop.access()).await.status, 200);
        browser.goto(&format!("{}/account", house.issuer)).await;
        browser.wait_for_text("h1", "Your account").await;
    }
    let to_shop = shop.logout_tokens().len();
    assert_eq!(wiki.logout_tokens().len(), 1);
    assert_eq!(shop.tokens_of(her_shop.sid()).len(), to_shop);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topology_is_the_house_that_it_should_be() {
    let said = tokio::task::spawn_blocking(topology::check).await.unwrap();
    let lines: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("ok "))
        .collect();
    assert!(lines.len() >= 6, "{said}");
}
