//! Apps that nobody registered: their id is the address of a document that says what they are.

use std::time::Duration;

use lanyard::entropy::ClientId;
use lanyard::protocol::client::Client;
use lanyard::session::ending::Actor;
use serde_json::{Value, json};
use url::Url;

use super::client_assertions::{assertion, p256, proof_fields, set};
use crate::support::app::{Ask, Tokens};
use crate::support::tokens::refusal;
use crate::support::{App, Browser, House, Page, Person, Published, Publisher};

pub(super) const UNREAD: &str = "The app's metadata document can't be read now";
const UNUSABLE: &str = "The app's metadata document can't be used";
const UNKNOWN: &str = "This app is not known here";
pub(super) const PATH: &str = "/client.json";

/// A house that reads the documents of one publisher, with alice in a browser.
pub(super) struct Story {
    pub(super) publisher: Publisher,
    pub(super) house: House,
    pub(super) app: App,
    pub(super) alice: Person,
    pub(super) browser: Browser,
}

pub(super) async fn story() -> Story {
    story_with(&[]).await
}

pub(super) async fn story_with(more: &[(&str, &str)]) -> Story {
    let publisher = Publisher::open();
    let settings = [publisher.settings().as_slice(), more].concat();
    let house = House::open_with(&settings).await;
    begin(publisher, house).await
}

/// With one node: where reads are counted, as each node has its own memory of them.
pub(super) async fn story_alone(more: &[(&str, &str)]) -> Story {
    let publisher = Publisher::open();
    let settings = [publisher.settings().as_slice(), more].concat();
    let stores = crate::support::stores::Stores::of_this_run();
    let house = House::open_on(stores.variables().await, 1, &settings).await;
    begin(publisher, house).await
}

pub(super) async fn begin(publisher: Publisher, house: House) -> Story {
    let (alice, browser) = (house.person("alice").await, house.browser());
    browser.sign_in(&alice).await;
    Story {
        alice,
        app: publisher.app(&house, PATH),
        publisher,
        house,
        browser,
    }
}

impl Story {
    /// What the authorization endpoint says to this app.
    pub(super) async fn asks(&self, app: &App) -> Page {
        app.send(&self.browser, &app.ask()).await.page()
    }

    async fn refused(&self, words: &str) {
        let page = self.asks(&self.app).await;
        assert_eq!(page.status, 400, "{}", page.body);
        assert!(page.shows(words), "{words}: {}", page.body);
        // The lines are for the app's people: they say which app it is.
        let whose = format!("client_id {}", self.app.client_id);
        assert!(page.shows(&whose), "{whose}: {}", page.body);
    }

    /// Asks for a permission, gives it, and redeems.
    pub(super) async fn joins(&self) -> Tokens {
        let (answer, ask) = allows(&self.browser, &self.app).await;
        let code = self.app.code(&answer, &ask);
        self.app.redeem(&code, &ask).await
    }

    /// Until the app has heard of every end.
    async fn is_owed_nothing(&self, app: &App) {
        let id = ClientId::new(&app.client_id);
        House::until("nothing is owed", || async {
            let use_of = self.house.provider().app_use(&id).await.unwrap();
            use_of.notices.owed == 0 && use_of.sessions == 0
        })
        .await;
    }

    async fn keeps(&self, app: &App) -> bool {
        let id = ClientId::new(&app.client_id);
        let record = self.house.provider().record();
        record.client(&id).await.unwrap().is_some()
    }
}

/// Asks for a permission, and gives it: what the app is told.
async fn allows(browser: &Browser, app: &App) -> (Url, Ask) {
    let ask = app.ask();
    let page = app.send(browser, &ask).await.page();
    assert_eq!(page.heading(), "Assistant asks for your permission");
    let answer = browser.submit(&page, &[("action", "allow")]).await;
    (answer.away(), ask)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_off_an_address_is_an_unknown_app() {
    let publisher = Publisher::open();
    let [_, _, authority] = publisher.settings();
    let house = House::open_with(&[authority]).await;
    let story = begin(publisher, house).await;
    story.refused(UNKNOWN).await;
    assert_eq!(story.publisher.asked(), 0);
    let document = story.browser.get("/.well-known/openid-configuration").await;
    assert!(!document.body.contains("client_id_metadata_document"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_such_address_is_an_unknown_app() {
    let story = story().await;
    let origin = story.publisher.origin.clone();
    let port = origin.rsplit(':').next().unwrap();
    let long = format!("{origin}/{}", "a".repeat(300));
    for id in [
        origin.clone(),
        format!("{origin}/"),
        format!("{origin}{PATH}?a=b"),
        format!("{origin}{PATH}#a"),
        format!("{origin}/a/../client.json"),
        format!("https://me@localhost:{port}{PATH}"),
        format!("http://localhost:{port}{PATH}"),
        format!("https://127.0.0.1:{port}{PATH}"),
        format!("https://LOCALHOST:{port}{PATH}"),
        // Not one of the hosts that are listed.
        format!("https://app.localhost:{port}{PATH}"),
        long,
    ] {
        let app = story.app.named(&id);
        let page = story.asks(&app).await;
        assert!(page.shows(UNKNOWN), "{id}: {}", page.body);
    }
    assert_eq!(story.publisher.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_somebody_made_here_under_such_an_address_stays_what_it_is() {
    let story = story().await;
    let made = json!({ "client_name": "Made here", "first_party": false });
    let app = story.house.app_with(&story.app.client_id, made).await;
    let page = story.asks(&app).await;
    assert_eq!(page.heading(), "Made here asks for your permission");
    assert!(!page.shows("It comes from"), "{}", page.body);
    assert_eq!(story.publisher.asked(), 0);
}

/// What this house fetches for an app lies at the host that the app comes from.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_us_turn_against_the_server_of_another() {
    let story = story_alone(&[]).await;
    let elsewhere = "https://elsewhere.example/";
    for changes in [
        json!({ "jwks_uri": elsewhere }),
        json!({ "request_uris": [elsewhere] }),
    ] {
        story.publisher.describe(changes.clone());
        let page = story.asks(&story.app).await;
        assert!(
            page.shows("it is refused for its "),
            "{changes}: {}",
            page.body
        );
        story.house.advance(Duration::from_secs(31));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_flaw_of_a_document_is_refused() {
    let story = story_alone(&[]).await;
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    let origin = &story.publisher.origin;
    for (changes, words) in [
        (json!({ "client_id": null }), "another client_id"),
        (
            json!({ "client_id": format!("{origin}/b.json") }),
            "another client_id",
        ),
        (json!({ "client_secret": "s" }), "a client_secret"),
        (json!({ "client_secret_expires_at": 0 }), "a client_secret"),
        (
            json!({ "token_endpoint_auth_method": "client_secret_post" }),
            "token_endpoint_auth_method other than",
        ),
        (
            json!({ "redirect_uris": null }),
            "refused for its redirect_uris",
        ),
        (
            json!({ "redirect_uris": ["http://elsewhere.example/"] }),
            "refused for its redirect_uris[0]",
        ),
        (
            json!({ "first_party": true }),
            "refused for its first_party",
        ),
        (
            json!({ "require_pkce": false }),
            "refused for its require_pkce",
        ),
        (json!({ "a": deep }), "refused for its a"),
        (
            json!({ "client_name": "Lanyard" }),
            "refused for its client_name",
        ),
    ] {
        story.publisher.describe(changes);
        story.refused(UNUSABLE).await;
        story.refused(words).await;
        // What failed is remembered for half a minute.
        story.house.advance(Duration::from_secs(31));
    }
    for body in ["", "<html>", "[]", "{\"client_id\":"] {
        story.publisher.publish(Published {
            body: Some(body.to_owned()),
            ..Published::default()
        });
        story.refused("it is not a JSON object").await;
        story.house.advance(Duration::from_secs(31));
    }
    story.publisher.publish(Published {
        content_type: "text/plain",
        ..Published::default()
    });
    story.refused("it is not served as application/json").await;
    assert!(!story.keeps(&story.app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_had_is_asked_for_again_later() {
    let story = story_alone(&[("DELIVERY__TIMEOUT", "1s")]).await;
    let status = |status| Published {
        status,
        ..Published::default()
    };
    let long = Published {
        changes: json!({ "padding": "a".repeat(6_000) }),
        ..Published::default()
    };
    let slow = Published {
        waits: Duration::from_secs(20),
        ..Published::default()
    };
    for (page, why) in [
        (
            status(404),
            ": its server answered with status 404, not 200",
        ),
        // Where it leads is another address than the one that was asked for.
        (
            status(302),
            ": its server answered with status 302, not 200",
        ),
        (long, ": it is longer than 5 KiB"),
        (slow, ""),
    ] {
        let asked = story.publisher.asked();
        story.publisher.publish(page);
        story.refused(&format!("{UNREAD}{why}")).await;
        story.refused(&format!("{UNREAD}{why}")).await;
        assert_eq!(story.publisher.asked(), asked + 1);
        story.house.advance(Duration::from_secs(31));
    }
    // At the token endpoint that is no verdict.
    let answer = story.app.try_refresh("x").await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(answer.header("retry-after"), Some("30"));
    story.house.advance(Duration::from_secs(31));
    story.publisher.describe(json!({}));
    story.joins().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_the_way_goes_on_once_the_document_is_back() {
    let story = story_alone(&[]).await;
    story.asks(&story.app).await;
    story.house.advance(Duration::from_mins(4));
    let (browser, ask) = (story.house.browser(), story.app.ask());
    let form = story.app.send(&browser, &ask).await.page();

    // The copy ends before the sign-in does.
    story.publisher.publish(Published {
        status: 404,
        ..Published::default()
    });
    story.house.advance(Duration::from_mins(57));
    let page = browser.get(form.url.as_str()).await;
    assert_eq!(page.status, 503, "{}", page.body);
    assert_eq!(page.header("retry-after"), Some("30"));
    assert_eq!(page.heading(), "Please wait a moment");
    let filled = [("username", "alice"), ("password", &story.alice.password)];
    let answer = browser.submit(&form, &filled).await.page();
    assert_eq!(answer.status, 503, "{}", answer.body);

    story.publisher.describe(json!({}));
    story.house.advance(Duration::from_secs(31));
    let page = browser.get(form.url.as_str()).await;
    let page = browser.submit(&page, &filled).await.page();
    assert_eq!(page.heading(), "Assistant asks for your permission");
    let answer = browser.submit(&page, &[("action", "allow")]).await;
    story.app.code(&answer.away(), &ask);
}

/// The guard is that of apps that registered themselves: what may be any host is none within.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_us_read_a_private_address() {
    let publisher = Publisher::open();
    let [_, _, authority] = publisher.settings();
    let any = ("METADATA_DOCUMENTS__OPEN_TO", "any_host");
    let house = House::open_with(&[any, authority]).await;
    let story = begin(publisher, house).await;
    story.refused(UNREAD).await;
    let other_host = story.app.client_id.replace("localhost", "app.localhost");
    let app = story.app.named(&other_host);
    assert!(story.asks(&app).await.shows(UNREAD));
    assert_eq!(story.publisher.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_goes_back_to_must_be_listed() {
    let story = story().await;
    let elsewhere = story.app.at("https://localhost:1/callback");
    let page = story.asks(&elsewhere).await;
    assert!(
        page.shows("The redirect URI is not registered"),
        "{}",
        page.body
    );
    let ask = story.app.ask().with("code_challenge", "");
    let ask = ask.with("code_challenge_method", "");
    let answer = story.app.send(&story.browser, &ask).await.away();
    assert_eq!(story.app.error(&answer, &ask), "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_cost_one_read() {
    let story = story_alone(&[]).await;
    story.publisher.publish(Published {
        waits: Duration::from_millis(300),
        ..Published::default()
    });
    let asks = (0..12).map(|_| story.asks(&story.app));
    for page in futures_util::future::join_all(asks).await {
        assert_eq!(page.heading(), "Assistant asks for your permission");
    }
    assert_eq!(story.publisher.asked(), 1);
    // And it costs the house nothing that stays.
    assert!(!story.keeps(&story.app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_addresses_is_bounded() {
    let story = story_alone(&[]).await;
    story.publisher.publish(Published {
        cache_control: Some("no-store"),
        ..Published::default()
    });
    story.joins().await;
    story.house.advance(Duration::from_secs(61));
    let before = story.publisher.asked();
    let mut refused = 0;
    for number in 0..40 {
        let app = story
            .publisher
            .app(&story.house, &format!("/{number}.json"));
        refused += usize::from(story.asks(&app).await.shows(UNREAD));
    }
    let read = story.publisher.asked() - before;
    // Of a minute that has not quite passed everywhere, the first one may still count.
    assert!((29..=30).contains(&read), "{read}");
    assert_eq!(refused, 40 - read);
    // Whom the house knows is read all the same.
    story.app.join(&story.browser).await;
    assert_eq!(story.publisher.asked(), before + read + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn caches_are_heeded_within_bounds_and_an_old_copy_ends() {
    let story = story_alone(&[]).await;
    let page = |cache_control, status| Published {
        status,
        cache_control,
        ..Published::default()
    };
    let minute = Duration::from_secs(61);
    for (cache, good_for) in [
        (Some("no-store"), 1),
        (Some("max-age=180"), 3),
        (None, 5),
        (Some("max-age=31536000"), 60),
    ] {
        story.publisher.publish(page(cache, 200));
        story.house.advance(Duration::from_hours(2));
        story.asks(&story.app).await;
        let asked = story.publisher.asked();
        story.house.advance(Duration::from_secs(good_for * 60 - 5));
        story.asks(&story.app).await;
        assert_eq!(story.publisher.asked(), asked, "{cache:?}");
        story.house.advance(Duration::from_secs(10));
        story.asks(&story.app).await;
        assert_eq!(story.publisher.asked(), asked + 1, "{cache:?}");
    }
    // Its server is down: the copy is believed for an hour, and no longer.
    story.publisher.publish(page(None, 200));
    story.house.advance(Duration::from_hours(2));
    story.asks(&story.app).await;
    story.publisher.publish(page(None, 500));
    let asked = story.publisher.asked();
    story.house.advance(Duration::from_mins(55));
    let sent = story.asks(&story.app).await;
    assert!(!sent.shows(UNREAD), "{}", sent.body);
    assert_eq!(story.publisher.asked(), asked + 1);
    story.house.advance(Duration::from_mins(5) + minute);
    let browser = story.house.browser();
    let refused = story.app.send(&browser, &story.app.ask()).await.page();
    assert!(refused.shows(UNREAD), "{}", refused.body);
}

/// Conformance: 33.
#[tokio::test(flavor = "multi_thread")]
async fn people_see_by_whose_word_it_is() {
    let story = story().await;
    story
        .publisher
        .describe(json!({ "client_name": "Your Bank" }));
    let stranger = story.house.browser();
    let page = story.app.send(&stranger, &story.app.ask()).await.page();
    assert!(
        page.shows("This app comes from <strong>localhost</strong>"),
        "{}",
        page.body
    );
    let page = story.asks(&story.app).await;
    assert_eq!(page.heading(), "Your Bank asks for your permission");
    assert!(page.shows("It comes from localhost"), "{}", page.body);
    assert!(!page.shows("a program on this device"), "{}", page.body);
    assert_eq!(
        story.app.silently(&story.browser).await.unwrap_err(),
        "consent_required"
    );
    let here = "http://127.0.0.1/callback";
    story.publisher.describe(json!({ "redirect_uris": [here] }));
    story.house.advance(Duration::from_secs(301));
    let app = story.app.at("http://127.0.0.1:50123/callback");
    let page = story.asks(&app).await;
    assert!(page.shows("a program on this device"), "{}", page.body);
    let known = story
        .house
        .app_with("wiki", json!({ "first_party": false }))
        .await;
    let page = story.asks(&known).await;
    assert!(!page.shows("It comes from"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_signs_people_in_and_hears_of_ends_like_any_other() {
    let story = story().await;
    let tokens = story.joins().await;
    assert!(story.keeps(&story.app).await);
    let target = format!("client:{}", story.app.client_id);
    let made = story.house.expect_audit("who it is", |line| {
        line.action == "client.register" && line.target == target
    });
    assert_eq!(made.await.actor, target);
    assert_eq!(tokens.claims["aud"], story.app.client_id);
    assert_eq!(story.app.userinfo(tokens.access()).await.status, 200);
    let sid = tokens.sid().to_owned();
    let tokens = story.app.refresh(tokens.refresh()).await;
    story.app.join(&story.browser).await;
    // What the record has is what the document says: nothing is written again.
    let audit = story.house.provider().record().recent_audit(1_000).await;
    let mut audit = audit.unwrap().into_iter();
    assert!(!audit.any(|line| line.action == "client.update"));

    story
        .house
        .end(story.house.session_of(&story.alice).await)
        .await;
    let told = story.app.expect_signed_out(&sid).await;
    assert_eq!(told["aud"], story.app.client_id);
    assert_eq!(story.app.userinfo(tokens.access()).await.status, 401);
    assert_eq!(
        refusal(&story.app.try_refresh(tokens.refresh()).await),
        "invalid_grant"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::too_many_lines,
    reason = "one story, from its beginning to its end"
)]
async fn a_changed_document_counts_at_once() {
    let story = story_alone(&[]).await;
    story.publisher.publish(Published {
        cache_control: Some("no-cache"),
        ..Published::default()
    });
    let tokens = story.joins().await;
    let moved = "https://app.example/other";
    story
        .publisher
        .describe(json!({ "redirect_uris": [moved], "client_name": "Helper" }));
    story.house.advance(Duration::from_secs(61));
    let page = story.asks(&story.app).await;
    assert!(
        page.shows("The redirect URI is not registered"),
        "{}",
        page.body
    );
    story.app.at(moved).join(&story.browser).await;
    let id = ClientId::new(&story.app.client_id);
    let kept = story.house.provider().client(&id).await.unwrap().unwrap();
    assert_eq!(
        (kept.client_name.as_str(), kept.redirect_uris[0].as_str()),
        ("Helper", moved)
    );

    // It asks for more protection: from now on its word alone is not enough.
    let key = p256();
    story.publisher.describe(json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": set(&[&key]),
    }));
    story.house.advance(Duration::from_secs(301));
    assert_eq!(
        refusal(&story.app.try_refresh(tokens.refresh()).await),
        "invalid_client"
    );
    let proof = assertion(&story.house, &key, &story.app, &json!({}));
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens.refresh()),
    ];
    form.extend(proof_fields(&proof));
    let answer = story.app.token(&form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);

    // Its page says when this server last read it, and that its server is silent since then.
    let mona = story.house.administrator("mona").await;
    let admin = story.house.browser();
    admin.sign_in(&mona).await;
    let list = admin.get("/admin/apps").await;
    let (_, rest) = list.body.split_once("/admin/apps/https").unwrap();
    let address = format!("/admin/apps/https{}", rest.split('"').next().unwrap());
    let page = admin.get(&address).await;
    assert!(page.shows("This server last read it at"), "{}", page.body);
    assert!(!page.body.contains("document-failed"), "{}", page.body);
    story.publisher.publish(Published {
        status: 500,
        ..Published::default()
    });
    story.house.advance(Duration::from_secs(301));
    story.app.send(&story.browser, &story.app.ask()).await;
    let page = admin.get(&address).await;
    assert!(page.shows("This server last read it at"), "{}", page.body);
    assert!(page.body.contains("document-failed"), "{}", page.body);
    story.house.advance(Duration::from_secs(31));

    // What it says by now goes before what it said, also when that is nothing.
    story.publisher.describe(json!({ "client_secret": "s" }));
    story.refused(UNUSABLE).await;
    let page = admin.get(&address).await;
    assert!(page.shows("This server has not read it lately"));
    assert!(page.shows("a client_secret"), "{}", page.body);
}

/// Nodes hold copies of different ages. What one read is not overwritten at each request of another,
/// or whoever publishes a document could have the house write as often as they ask.
#[tokio::test(flavor = "multi_thread")]
async fn only_who_reads_a_document_writes_it_down() {
    let story = story_alone(&[]).await;
    story.joins().await;
    let (id, provider) = (ClientId::new(&story.app.client_id), story.house.provider());
    let mut newer = Client::clone(&provider.client(&id).await.unwrap().unwrap());
    newer.client_name = "Helper".to_owned();
    provider
        .record()
        .describe_client(&newer, None)
        .await
        .unwrap();
    story.house.settled().await;
    for _ in 0..5 {
        story.app.join(&story.browser).await;
    }
    let kept = provider.record().client(&id).await.unwrap().unwrap();
    assert_eq!(kept.client_name, "Helper");
    // Read again, it is what it is.
    story.house.advance(Duration::from_secs(301));
    story.app.join(&story.browser).await;
    let kept = provider.record().client(&id).await.unwrap().unwrap();
    assert_eq!(kept.client_name, "Assistant");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_requests_may_be_pushed() {
    let story = story().await;
    // Its id goes along with every form that it posts.
    let ask = story.app.ask().with("client_id", "");
    let pushed = story.app.machine("/oauth2/par", &ask.pairs()).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let id = story.app.client_id.clone();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", id.as_str()), ("request_uri", uri.as_str())])
        .finish();
    let page = story
        .browser
        .go(&format!("/oauth2/authorize?{query}"))
        .await
        .page();
    assert_eq!(page.heading(), "Assistant asks for your permission");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_pages_show_one_and_disable_it() {
    let story = story().await;
    let tokens = story.joins().await;
    let mona = story.house.administrator("mona").await;
    let admin = story.house.browser();
    admin.sign_in(&mona).await;
    let list = admin.get("/admin/apps").await;
    assert!(list.shows("Assistant"), "{}", list.body);
    let id = story.app.client_id.clone();
    let escaped: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    let escaped = escaped.replace('.', "%2E");
    let address = format!("/admin/apps/{escaped}");
    assert!(list.body.contains(&address), "{address}: {}", list.body);
    let page = admin.get(&address).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.shows("This app is what its metadata document says"),
        "{}",
        page.body
    );
    assert!(page.link("edit").is_none());
    for part in ["sessions", "everybody-out"] {
        let link = page
            .link(part)
            .unwrap_or_else(|| panic!("{part}: {}", page.body));
        let there = admin.get(link.as_str()).await;
        assert_eq!(there.status, 200, "{link}");
    }
    let audit = admin.get(&format!("/admin/audit?app={escaped}")).await;
    assert!(audit.shows("Assistant"), "{}", audit.body);
    let edit = admin.get(&format!("{address}/edit")).await;
    assert!(edit.location().unwrap().as_str().contains("done=described"));
    let question = admin.get(page.link("disable").unwrap().as_str()).await;
    assert_eq!(question.status, 200, "{}", question.body);
    let form = [("csrf", question.csrf())];
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let done = admin.post(question.form_action().as_str(), &form).await;
    assert!(
        done.location().unwrap().as_str().contains("done=disabled"),
        "{}",
        done.body
    );
    story.app.expect_signed_out(tokens.sid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_disabled_stays_refused_whatever_its_document_says() {
    let story = story().await;
    let tokens = story.joins().await;
    let (id, mona) = (ClientId::new(&story.app.client_id), Actor::CommandLine);
    let provider = story.house.provider();
    provider.disable_client(&id, &mona).await.unwrap().unwrap();
    story.house.settled().await;
    story.app.expect_signed_out(tokens.sid()).await;
    let asked = story.publisher.asked();
    story.refused("This app is switched off").await;
    assert_eq!(
        refusal(&story.app.try_refresh(tokens.refresh()).await),
        "invalid_client"
    );
    story.house.advance(Duration::from_hours(3));
    let stranger = story.house.browser();
    let page = story.app.send(&stranger, &story.app.ask()).await.page();
    assert!(page.shows("This app is switched off"), "{}", page.body);
    // Nobody asks its server any more.
    assert_eq!(story.publisher.asked(), asked);

    // Nor is it changed here once it is let in again.
    provider.enable_client(&id, &mona).await.unwrap().unwrap();
    let row = provider.app_row(&id).await.unwrap().unwrap();
    let changes = json!({ "client_name": "Mine" });
    let edited = provider.edit_client(&id, row.updated, &changes, &mona);
    assert!(edited.await.unwrap().is_err());
}

/// A node that was asked about the app before anybody allowed it anything knows it at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_came_to_know_the_others_do_not_miss() {
    let story = story().await;
    let nodes = 0..story.house.number_of_nodes();
    for node in nodes.clone() {
        let browser = story.house.at_node(node, &story.browser);
        let page = story.app.send(&browser, &story.app.ask()).await.page();
        assert_eq!(page.heading(), "Assistant asks for your permission");
    }
    let tokens = story.joins().await;
    for node in nodes {
        let id = ClientId::new(&story.app.client_id);
        assert!(story.house.node(node).client(&id).await.unwrap().is_some());
        let app = story.house.app_at(node, &story.app);
        assert_eq!(app.userinfo(tokens.access()).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_are_kept_and_the_unused_give_way() {
    let story = story_with(&[("METADATA_DOCUMENTS__MAX_CLIENTS", "1")]).await;
    let tokens = story.joins().await;
    let other = story.publisher.app(&story.house, "/other.json");
    let (full, ask) = allows(&story.browser, &other).await;
    assert_eq!(other.error(&full, &ask), "temporarily_unavailable");

    // Alice takes back what she allowed: there is room.
    let visits = story.browser.get("/account/apps").await;
    assert!(visits.shows("Assistant"), "{}", visits.body);
    let csrf = visits.csrf();
    let form = [("csrf", csrf.as_str()), ("client", &story.app.client_id)];
    story.browser.post("/account/apps/withdraw", &form).await;
    story.app.expect_signed_out(tokens.sid()).await;
    story.is_owed_nothing(&story.app).await;
    let (answer, ask) = allows(&story.browser, &other).await;
    other.code(&answer, &ask);
    assert!(!story.keeps(&story.app).await);
}

/// Whoever has an account could fill the house for good otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn a_mere_permission_keeps_no_app() {
    let story = story_with(&[("METADATA_DOCUMENTS__MAX_CLIENTS", "2")]).await;
    let tokens = story.joins().await;
    let other = story.publisher.app(&story.house, "/other.json");
    let third = story.publisher.app(&story.house, "/third.json");
    // Bob is in the other one, in a session that goes on.
    let bob = story.house.person("bob").await;
    let of_bob = story.house.browser();
    of_bob.sign_in(&bob).await;
    let (answer, ask) = allows(&of_bob, &other).await;
    other.code(&answer, &ask);
    let (answer, ask) = allows(&of_bob, &third).await;
    assert_eq!(third.error(&answer, &ask), "temporarily_unavailable");

    let session = story.house.session_of(&story.alice).await;
    story.house.end(session).await;
    story.app.expect_signed_out(tokens.sid()).await;
    story.is_owed_nothing(&story.app).await;
    assert!(story.keeps(&story.app).await);
    let (answer, ask) = allows(&of_bob, &third).await;
    third.code(&answer, &ask);
    assert!(!story.keeps(&story.app).await);
    // What lives goes on, and alice is asked anew.
    other.join(&of_bob).await;
    story.browser.sign_in(&story.alice).await;
    let page = story.asks(&story.app).await;
    assert_eq!(page.heading(), "Assistant asks for your permission");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_all_the_room_for_themselves() {
    let story = story_alone(&[("METADATA_DOCUMENTS__MAX_CLIENTS", "30")]).await;
    let app = |name: &str| {
        let path = format!("/{name}.json");
        story.publisher.app(&story.house, &path)
    };
    // An older one, that bob is in no more.
    let former = app("former");
    let bob = story.house.person("bob").await;
    let of_bob = story.house.browser();
    of_bob.sign_in(&bob).await;
    let (answer, ask) = allows(&of_bob, &former).await;
    former.code(&answer, &ask);
    let session = story.house.session_of(&bob).await;
    story.house.end(session).await;
    story.is_owed_nothing(&former).await;
    story.house.advance(Duration::from_secs(1));

    let mut joined = Vec::new();
    for number in 0..20 {
        let app = app(&number.to_string());
        let (answer, ask) = allows(&story.browser, &app).await;
        let tokens = app.redeem(&app.code(&answer, &ask), &ask).await;
        joined.push((app, tokens));
    }
    let further = app("further");
    let (answer, ask) = allows(&story.browser, &further).await;
    assert_eq!(further.error(&answer, &ask), "temporarily_unavailable");

    // Others have room.
    of_bob.sign_in(&bob).await;
    let (answer, ask) = allows(&of_bob, &app("of-bob")).await;
    app("of-bob").code(&answer, &ask);

    // Once alice is in none of them, the first of hers gives way to the next.
    let session = story.house.session_of(&story.alice).await;
    story.house.end(session).await;
    for (app, tokens) in &joined {
        app.expect_signed_out(tokens.sid()).await;
    }
    let (first, _) = &joined[0];
    story.is_owed_nothing(first).await;
    story.browser.sign_in(&story.alice).await;
    let (answer, ask) = allows(&story.browser, &further).await;
    further.code(&answer, &ask);
    assert!(!story.keeps(first).await);
    assert!(story.keeps(&former).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_says_so() {
    let story = story().await;
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let document: Value = story.browser.get(path).await.json();
        assert_eq!(
            document["client_id_metadata_document_supported"], true,
            "{path}"
        );
    }
}
