//! Clients that the configuration file declares with a `sector_identifier_uri` (Registration 1.0, 5).

use std::time::Duration;

use lanyard::entropy::ClientId;
use serde_json::{Value, json};

use super::client_assertions::KeyServer;
use crate::support::{App, Browser, House, Person};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const ONE: &str = "https://one.example/cb";
const TWO: &str = "https://two.example/cb";
/// Longer than the pause between two tries.
const A_WHILE: Duration = Duration::from_secs(31);

fn file(sector: &str, kind: &str) -> String {
    format!(
        "[[clients]]\nclient_id = \"wiki\"\nclient_secret = \"{SECRET}\"\nfirst_party = true\n\
         grant_types = [\"authorization_code\", \"refresh_token\"]\nsubject_type = \"{kind}\"\n\
         redirect_uris = [\"{ONE}\"]\nsector_identifier_uri = \"{sector}\"\n"
    )
}

struct Story {
    house: House,
    alice: Person,
    browser: Browser,
    wiki: App,
    server: KeyServer,
}

async fn story(document: &Value, kind: &str) -> Story {
    let server = KeyServer::open(document);
    let house = House::open_with_file(&file(&server.uri, kind)).await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let wiki = App::registered(&house, "wiki", SECRET, ONE);
    Story {
        house,
        alice,
        browser,
        wiki,
        server,
    }
}

impl Story {
    async fn error(&self) -> Option<String> {
        self.wiki.silently(&self.browser).await.err()
    }

    async fn until_read(&self) {
        House::until("the sector is read", || async {
            self.error().await.is_none()
        })
        .await;
        // Each node reads of it.
        self.house.settled().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_list_was_read_nobody_is_named_to_the_client() {
    let story = story(&json!(["https://else.example/cb"]), "pairwise").await;
    House::until("the first try", || async { story.server.asked() > 0 }).await;
    let refused = Some("temporarily_unavailable".to_owned());
    assert_eq!(story.error().await, refused);
    // Nor is a person asked for a password first.
    let ask = story.wiki.ask();
    let answer = story.wiki.send(&story.house.browser(), &ask).await.away();
    assert_eq!(story.wiki.error(&answer, &ask), "temporarily_unavailable");
    let pushed = story.wiki.machine("/oauth2/par", &ask.pairs()).await;
    assert_eq!(pushed.json()["error"], "temporarily_unavailable");

    // Not there, no list, and at last a good one: each is found by itself.
    for (status, body) in [(500, String::new()), (200, "<html>".to_owned())] {
        story.server.answers(status, body);
        let asked = story.server.asked();
        story.house.advance(A_WHILE);
        House::until("another try", || async { story.server.asked() > asked }).await;
        assert_eq!(story.error().await, refused);
    }
    story.server.answers(200, json!([ONE, TWO]).to_string());
    story.house.advance(A_WHILE);
    story.until_read().await;
    let tokens = story.wiki.join(&story.browser).await;
    assert_ne!(tokens.claims["sub"], story.alice.id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_once_holds_while_the_app_is_down_until_the_file_says_more() {
    let mut story = story(&json!([ONE]), "pairwise").await;
    story.until_read().await;
    let tokens = story.wiki.join(&story.browser).await;
    story.server.answers(500, "");
    let asked = story.server.asked();
    story.house.reopen().await;
    let tokens = story.wiki.refresh(tokens.refresh()).await;
    assert_eq!(story.server.asked(), asked, "nobody asks again");

    let more = |config: &mut lanyard::config::Config| {
        config.clients[0].redirect_uris.push(TWO.to_owned());
    };
    story.house.reopen_with(more).await;
    let page = story.wiki.try_refresh(tokens.refresh()).await;
    assert_eq!(page.status, 503, "{}", page.body);
    assert_eq!(page.header("retry-after"), Some("30"));
    let refused = Some("temporarily_unavailable".to_owned());
    assert_eq!(story.error().await, refused);
    let told = story.wiki.introspect(tokens.refresh()).await;
    assert_eq!(told["active"], false);
    story.server.answers(200, json!([TWO, ONE]).to_string());
    story.house.advance(A_WHILE);
    story.until_read().await;
    let after = story.wiki.refresh(tokens.refresh()).await;
    assert_eq!(after.claims["sub"], tokens.claims["sub"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_knows_people_by_their_own_names_does_not_wait() {
    let story = story(&json!([]), "public").await;
    assert_eq!(story.error().await, None);
    let tokens = story.wiki.join(&story.browser).await;
    assert_eq!(tokens.claims["sub"], story.alice.id.as_str());
    let stored = story.house.provider().record();
    let stored = stored.client(&ClientId::new("wiki")).await.unwrap();
    assert!(stored.unwrap().sector_unread);
}
