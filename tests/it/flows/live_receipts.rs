//! Receipts after a sign-out: for the browser that signed out, by its view cookie, for ten minutes;
//! and for everybody who may look, as they come.

use std::time::{Duration, Instant};

use lanyard::entropy::SessionId;
use lanyard::store::record::reference;
use serde_json::json;

use crate::support::app::{Mood, Tokens};
use crate::support::{App, Browser, Events, House, Page, Person};

const DONE: &str = "/oauth2/logout/done";
const EVENTS: &str = "/oauth2/logout/events";
const VIEW: &str = "lanyard-view";
const TEN_MINUTES: Duration = Duration::from_mins(10);
const NOTHING: &str = "There is nothing to show";

/// Alice, signed in at wiki, which does not take logout tokens yet.
struct Story {
    house: House,
    alice: Person,
    wiki: App,
    browser: Browser,
    session: SessionId,
    tokens: Tokens,
}

async fn story() -> Story {
    story_in(House::open().await).await
}

async fn story_in(house: House) -> Story {
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    wiki.feels(Mood::Answers(503));
    // Of several nodes always the same: places are those of a node.
    let browser = house.at_node(0, &house.browser());
    browser.sign_in(&alice).await;
    Story {
        tokens: wiki.join(&browser).await,
        session: house.session_of(&alice).await,
        house,
        alice,
        wiki,
        browser,
    }
}

async fn sign_out(browser: &Browser) -> Page {
    let csrf = browser.get("/account").await.csrf();
    browser.post("/account/sign-out", &[("csrf", &csrf)]).await
}

fn events_of(path: &str, session: SessionId) -> String {
    format!("{path}/sessions/events?s={}", reference(session))
}

impl Story {
    async fn tried_in_vain(&self) {
        House::until("wiki was tried in vain", || async {
            let notices = self.house.notices_of(self.session).await;
            notices.iter().all(|notice| notice.last_status.is_some())
        })
        .await;
    }

    /// The next attempt is due, and succeeds.
    fn wiki_recovers(&self) {
        self.wiki.feels(Mood::Answers(200));
        self.house.advance(Duration::from_secs(2));
    }

    /// What the browser sees of its sign-out.
    async fn shows(&self, text: &str) -> bool {
        self.browser.get(DONE).await.shows(text)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_that_signed_out_may_look_for_ten_minutes() {
    let story = story().await;
    let answer = sign_out(&story.browser).await;
    let location = answer.location().unwrap();
    assert_eq!((location.path(), location.query()), (DONE, None));
    story.tried_in_vain().await;
    for _ in 0..2 {
        let page = story.browser.get(DONE).await;
        assert_eq!(page.heading(), "You are signed out");
        assert!(page.shows("wiki") && page.shows("Not reached yet, trying again"));
        assert!(!page.shows("alice"), "apps, and no person");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("; connect-src 'self'; "), "{policy}");
    }
    let other = story.house.browser();
    assert_eq!(other.get(DONE).await.heading(), NOTHING);
    let a_moment = Duration::from_millis(1);
    story.house.advance(TEN_MINUTES.saturating_sub(a_moment));
    assert!(story.shows("wiki").await);
    story.house.advance(a_moment);
    let page = story.browser.get(DONE).await;
    assert_eq!(
        (page.status.as_u16(), page.heading().as_str()),
        (200, NOTHING)
    );
    assert!(!page.shows("wiki"));
    let events = story.browser.listen(EVENTS, &[]).await;
    assert_eq!(events.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_sign_out_here_lets_the_browser_look() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let home = format!("{}/", wiki.origin);
    for way in [
        "button",
        "hint",
        "hint and back",
        "question",
        "question and back",
    ] {
        let browser = house.browser();
        browser.sign_in(&alice).await;
        let tokens = wiki.join(&browser).await;
        let mut query = Vec::new();
        if way.starts_with("hint") {
            query.push(("id_token_hint", tokens.id_token()));
        }
        if way == "question and back" {
            query.push(("client_id", "wiki"));
        }
        if way.ends_with("back") {
            query.push(("post_logout_redirect_uri", home.as_str()));
        }
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        let logout = format!("/oauth2/logout?{query}");
        if way == "button" {
            sign_out(&browser).await;
        } else if way.starts_with("hint") {
            let answer = browser.get(&logout).await;
            assert_eq!(answer.status, 303, "{way}");
            let to = answer.location().unwrap();
            assert_eq!(to.as_str() == home, way.ends_with("back"), "{way} {to}");
        } else {
            let page = browser.go(&logout).await.page();
            browser.answer_logout(&page, "logout").await;
        }
        assert!(!browser.is_signed_in().await, "{way}");
        let page = browser.get(DONE).await;
        assert!(
            page.shows("wiki") && page.shows("Your session on this device"),
            "{way}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_frames_can_be_reloaded_without_signing_out_again() {
    let story = story().await;
    let chat = json!({
        "backchannel_logout_uri": null,
        "redirect_uris": ["https://chat.example/callback"],
        "frontchannel_logout_uri": "https://chat.example/out",
    });
    let chat = story.house.app_with("chat", chat).await;
    chat.join(&story.browser).await;
    let logout = format!("/oauth2/logout?id_token_hint={}", story.tokens.id_token());
    let page = story.browser.get(&logout).await;
    assert!(page.body.contains("<iframe") && page.shows("wiki"));
    // Somebody signs in again; the reload of the old page must leave that session alone.
    let again = story.browser.get(&logout).await;
    assert_eq!(again.location().unwrap().path(), DONE);
    story.browser.sign_in(&story.alice).await;
    let page = story.browser.get(DONE).await;
    assert_eq!(page.heading(), "You are signed out of that session");
    assert!(story.browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_sign_outs_in_one_browser_the_newest_is_shown() {
    let story = story().await;
    sign_out(&story.browser).await;
    assert!(story.shows("wiki").await);
    let bob = story.house.person("bob").await;
    let shop = story.house.app("shop").await;
    story.browser.sign_in(&bob).await;
    shop.join(&story.browser).await;
    sign_out(&story.browser).await;
    let page = story.browser.get(DONE).await;
    assert!(page.shows("shop") && !page.shows("wiki"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_cookie_is_for_its_session_and_for_nothing_else() {
    let story = story().await;
    let bob = story.house.person("bob").await;
    let shop = story.house.app("shop").await;
    let of_bob = story.house.browser();
    of_bob.sign_in(&bob).await;
    shop.join(&of_bob).await;
    let session_cookie = story.browser.cookie("lanyard").unwrap();
    sign_out(&story.browser).await;
    let view = story.browser.cookie(VIEW).unwrap();
    let cut = &view[..view.len() - 2];
    let thief = story.house.browser();
    for forged in ["", "AAAA", cut, &session_cookie, story.tokens.refresh()] {
        thief.plant_cookie(VIEW, forged);
        assert_eq!(thief.get(DONE).await.heading(), NOTHING, "{forged}");
        assert_eq!(thief.listen(EVENTS, &[]).await.status, 204, "{forged}");
    }
    thief.plant_cookie(VIEW, &view);
    let page = thief.get(DONE).await;
    assert!(page.shows("wiki") && !page.shows("shop") && !page.shows("alice"));
    thief.plant_cookie("lanyard", &view);
    assert!(!thief.is_signed_in().await);
    // To whoever is signed in it adds nothing but this one session either.
    of_bob.plant_cookie(VIEW, &view);
    let page = of_bob
        .get(&format!("/account?s={}", reference(story.session)))
        .await;
    assert!(!page.shows("Who has been told"), "{}", page.body);
    let foreign = of_bob
        .listen(&events_of("/account", story.session), &[])
        .await;
    assert_eq!(foreign.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_says_that_something_came_and_ends_when_nothing_can_come() {
    let story = story().await;
    sign_out(&story.browser).await;
    story.tried_in_vain().await;
    let mut events = story.browser.listen(EVENTS, &[]).await;
    assert_eq!(events.status, 200);
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    assert_eq!(events.header("cache-control"), Some("no-store"));
    assert_eq!(events.header("x-accel-buffering"), Some("no"));
    let first = events.changed().await;
    assert!(story.shows("Not reached yet, trying again").await);
    story.wiki_recovers();
    // The next attempt is noted when it begins, and again when it is over.
    let all = events.rest().await;
    assert!(all.contains("event: changed"), "{all}");
    assert!(all.ends_with("event: done\ndata: receipts\n\n"), "{all}");
    assert!(
        !all.contains("wiki") && !all.contains(story.tokens.sid()),
        "{all}"
    );
    assert!(story.shows("Signed out</span>").await);
    // Who comes back with the last id is told nothing twice; who knows less, is told.
    let last = all
        .rsplit_once("id: ")
        .unwrap()
        .1
        .split('\n')
        .next()
        .unwrap();
    let known = [("last-event-id", last)];
    let again = story.browser.listen(EVENTS, &known).await.rest().await;
    assert!(
        !again.contains("changed") && again.contains("event: done"),
        "{again}"
    );
    let known = [("last-event-id", first.as_str())];
    let again = story.browser.listen(EVENTS, &known).await.rest().await;
    assert!(
        again.contains(&format!("id: {last}\nevent: changed")),
        "{again}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_and_an_administrator_hear_of_a_receipt_that_another_node_may_have_got() {
    let story = story().await;
    let mona = story.house.administrator("mona").await;
    let of_mona = story.house.browser();
    of_mona.sign_in(&mona).await;
    let phone = story.house.browser();
    phone.sign_in(&story.alice).await;
    story.house.end_by_person(story.session, &story.alice).await;
    story.tried_in_vain().await;
    let mut streams = Vec::new();
    for (browser, path) in [(&phone, "/account"), (&of_mona, "/admin")] {
        let url = events_of(path, story.session);
        let mut events = browser.listen(&url, &[]).await;
        assert_eq!(events.status, 200, "{path}");
        events.changed().await;
        streams.push(events);
    }
    story.wiki_recovers();
    for events in streams {
        let all = events.rest().await;
        assert!(all.contains("changed") && all.ends_with("event: done\ndata: receipts\n\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_opens_only_for_whoever_may_look() {
    let story = story().await;
    let bob = story.house.person("bob").await;
    let of_bob = story.house.browser();
    of_bob.sign_in(&bob).await;
    story.house.end_by_person(story.session, &story.alice).await;
    let own = events_of("/account", story.session);
    for (who, browser) in [("bob", &of_bob), ("nobody", &story.house.browser())] {
        for url in [
            &own,
            "/account/sessions/events",
            "/account/sessions/events?s=%00",
        ] {
            let events = browser.listen(url, &[]).await;
            assert_ne!(events.status, 200, "{who} {url}");
        }
    }
    let phone = story.house.browser();
    phone.sign_in(&story.alice).await;
    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        for url in [&own, EVENTS] {
            assert_eq!(
                phone.listen(url, &[foreign]).await.status,
                403,
                "{foreign:?}"
            );
        }
    }
    assert_eq!(phone.listen(&own, &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_right_to_look() {
    let story = story().await;
    sign_out(&story.browser).await;
    story.tried_in_vain().await;
    let mut viewed = story.browser.listen(EVENTS, &[]).await;
    viewed.changed().await;

    let phone = story.house.browser();
    phone.sign_in(&story.alice).await;
    let mut own = phone
        .listen(&events_of("/account", story.session), &[])
        .await;
    own.changed().await;
    let on_phone = story.house.session_of(&story.alice).await;
    story.house.end(on_phone).await;
    assert!(!own.rest().await.contains("done"), "it goes on to be told");

    let admin = events_of("/admin", story.session);
    for way in ["session", "role"] {
        let mona = story.house.administrator(&format!("mona-{way}")).await;
        let browser = story.house.browser();
        browser.sign_in(&mona).await;
        let mut events = browser.listen(&admin, &[]).await;
        events.changed().await;
        if way == "session" {
            story.house.end(story.house.session_of(&mona).await).await;
        } else {
            let record = story.house.provider().record();
            let taken = record.set_admin(
                &mona.id,
                false,
                &lanyard::session::ending::Actor::CommandLine,
            );
            taken.await.unwrap();
        }
        assert!(!events.rest().await.contains("done"), "{way}");
    }
    // Nor is the browser that signed out told for longer than ten minutes.
    story.house.advance(TEN_MINUTES);
    assert!(!viewed.rest().await.contains("done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_does_not_keep_a_session_alive() {
    let story = story_in(House::open_with(&[("SESSION__IDLE_TIMEOUT", "5m")]).await).await;
    story.house.end_by_person(story.session, &story.alice).await;
    story.tried_in_vain().await;
    let phone = story.house.browser();
    phone.sign_in(&story.alice).await;
    let mut own = phone
        .listen(&events_of("/account", story.session), &[])
        .await;
    own.changed().await;
    story.house.advance(Duration::from_mins(4));
    // It was looked meanwhile whether it may go on: something came.
    own.changed().await;
    story.house.advance(Duration::from_secs(61));
    own.rest().await;
    assert!(!phone.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded_and_their_places_come_back() {
    let story = story().await;
    sign_out(&story.browser).await;
    story.tried_in_vain().await;
    let open = || async {
        let mut events = story.browser.listen(EVENTS, &[]).await;
        if events.status == 200 {
            events.changed().await;
        }
        events
    };
    let mut held: Vec<Events> = Vec::new();
    for _ in 0..4 {
        held.push(open().await);
        assert_eq!(held.last().unwrap().status, 200);
    }
    let refused = open().await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), Some("2"));
    // The page itself is as it was: a script asks it each second instead.
    assert!(story.shows("wiki").await);
    held.pop();
    House::until("a place is free again", || async {
        open().await.status == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_outlives_the_patience_with_idle_connections() {
    let hasty = [
        ("SERVER__REQUEST_TIMEOUT", "1s"),
        ("SERVER__KEEP_ALIVE", "1s"),
    ];
    let story = story_in(House::open_with(&hasty).await).await;
    sign_out(&story.browser).await;
    story.tried_in_vain().await;
    let mut events = story.browser.listen(EVENTS, &[]).await;
    events.changed().await;
    // Connections that ask for nothing are closed after two seconds, counted by the machine.
    let begun = Instant::now();
    House::until("an idle connection is closed", || async {
        begun.elapsed() > Duration::from_secs(5)
    })
    .await;
    story.wiki_recovers();
    assert!(events.rest().await.contains("event: done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_at_once_when_the_house_stops() {
    let mut story = story().await;
    sign_out(&story.browser).await;
    story.tried_in_vain().await;
    let mut events = story.browser.listen(EVENTS, &[]).await;
    events.changed().await;
    let begun = Instant::now();
    let (rest, ()) = tokio::join!(events.rest(), story.house.stop());
    let took = begun.elapsed();
    assert!(!rest.contains("done"), "{rest}");
    // A request that runs is waited for for twenty seconds.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_stream_asks_the_record_little_and_a_settled_one_not_at_all() {
    let mut house = House::open_alone().await;
    let shared = house.provider().hot().is_shared();
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    wiki.feels(Mood::Answers(503));
    let browser = house.browser();
    browser.sign_in(&alice).await;
    wiki.join(&browser).await;
    let session = house.session_of(&alice).await;
    sign_out(&browser).await;
    House::until("wiki was tried in vain", || async {
        house.notices_of(session).await[0].last_status.is_some()
    })
    .await;
    house.rest().await;
    let record = house.provider().record().clone();
    let before = record.calls();
    let begun = Instant::now();
    let mut events = browser.listen(EVENTS, &[]).await;
    events.changed().await;
    // As long as it takes until the right to look is over, in some looks.
    House::until("some looks were taken", || async {
        begun.elapsed() > Duration::from_secs(3)
    })
    .await;
    let asked = record.calls() - before;
    let most = if shared {
        begun.elapsed().as_secs() + 1
    } else {
        1
    };
    assert!(
        (1..=most).contains(&asked),
        "{asked} in {:?}",
        begun.elapsed()
    );
    house.advance(TEN_MINUTES);
    events.rest().await;
    let after = record.calls();
    let forged = house.browser();
    forged.plant_cookie(VIEW, "AAAA");
    assert_eq!(forged.get(DONE).await.heading(), NOTHING);
    assert_eq!(forged.listen(EVENTS, &[]).await.status, 204);
    assert_eq!(browser.get(DONE).await.heading(), NOTHING);
    assert_eq!(
        record.calls(),
        after,
        "what is forged or too old asks nobody"
    );
}
