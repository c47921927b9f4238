//! An administrator sees who is signed in where, and ends what should end.

use std::time::Duration;

use lanyard::entropy::{Entropy, Secret, SessionId};
use lanyard::session::network::Networks;
use lanyard::session::session::Session;
use lanyard::store::record::{NoticeState, reference};
use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use crate::support::app::{Mood, Tokens};
use crate::support::{App, Browser, House, Page, Person};

/// Mona, who administers; alice at her desk and on her phone; bob. All but mona at wiki.
struct Story {
    house: House,
    mona: Browser,
    csrf: String,
    of_mona: String,
    alice: Person,
    desk: Browser,
    desk_id: SessionId,
    at_desk: String,
    desk_tokens: Tokens,
    phone: Browser,
    on_phone: String,
    phone_tokens: Tokens,
    bob: Browser,
    bob_id: SessionId,
    of_bob: String,
    wiki: App,
}

async fn new_session(house: &House, person: &Person) -> (Browser, SessionId) {
    let before = house.sessions_of(person).await;
    let browser = house.browser();
    browser.sign_in(person).await;
    let after = house.sessions_of(person).await;
    let new = after.into_iter().find(|id| !before.contains(id));
    (browser, new.unwrap())
}

async fn story() -> Story {
    story_in(House::open().await).await
}

async fn story_in(house: House) -> Story {
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let administrator = house.administrator("mona").await;
    let wiki = house.app("wiki").await;
    let (desk, at_desk) = new_session(&house, &alice).await;
    house.advance(Duration::from_secs(1));
    let (phone, on_phone) = new_session(&house, &alice).await;
    house.advance(Duration::from_secs(1));
    let (of_bob, bobs) = new_session(&house, &bob).await;
    wiki.join(&of_bob).await;
    let (mona, of_mona) = new_session(&house, &administrator).await;
    Story {
        csrf: mona.get("/account").await.csrf(),
        desk_tokens: wiki.join(&desk).await,
        phone_tokens: wiki.join(&phone).await,
        house,
        mona,
        of_mona: reference(of_mona),
        alice,
        desk,
        desk_id: at_desk,
        at_desk: reference(at_desk),
        phone,
        on_phone: reference(on_phone),
        bob: of_bob,
        bob_id: bobs,
        of_bob: reference(bobs),
        wiki,
    }
}

impl Story {
    async fn list(&self, query: &str) -> Page {
        let page = self.mona.get(&format!("/admin/sessions{query}")).await;
        assert_eq!(page.status, 200, "{query} {}", page.body);
        assert_eq!(page.heading(), "Sessions");
        page
    }

    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut form = vec![("csrf", self.csrf.as_str())];
        form.extend_from_slice(fields);
        let path = format!("/admin/sessions/{path}");
        self.mona.post(&path, &form).await
    }

    /// Asks what would end.
    async fn plan(&self, fields: &[(&str, &str)]) -> Page {
        let page = self.send("plan", fields).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page
    }

    /// Presses the button of the page that asks.
    async fn confirm(&self, page: &Page, note: &str) -> Page {
        assert_eq!(page.form_action().path(), "/admin/sessions/end");
        let fields = page.hidden_fields();
        let mut form: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        form.extend([("note", note), ("action", "end")]);
        self.mona.post("/admin/sessions/end", &form).await
    }

    /// The same, up to the receipts.
    async fn end(&self, fields: &[(&str, &str)], note: &str) -> Page {
        let page = self.plan(fields).await;
        let answer = self.confirm(&page, note).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let page = self.mona.follow(answer).await.page();
        assert_eq!(page.url.path(), "/admin/sessions/told");
        page
    }

    async fn prove_again(&self, mona: &Person) {
        let page = self.mona.go("/admin/confirmed").await.page();
        let page = self.mona.sign_in_at(&page, mona).await.page();
        assert_eq!(page.heading(), "Thanks, it’s you");
    }

    fn mona_herself(&self) -> Person {
        Person {
            username: "mona".to_owned(),
            password: "mona likes long passwords".to_owned(),
            ..self.alice.clone()
        }
    }
}

/// The references whose rows a list has, in order.
fn rows(page: &Page) -> Vec<String> {
    let links = page
        .body
        .split("<th scope=\"row\"><a href=\"/admin/sessions/");
    links.skip(1).map(|rest| rest[..14].to_owned()).collect()
}

/// Where a link to a neighbouring page leads.
fn neighbour(page: &Page, rel: &str) -> Option<String> {
    let (_, rest) = page.body.split_once(&format!("rel=\"{rel}\" href=\""))?;
    let address = rest.split('"').next().unwrap();
    Some(address.replace("&#38;", "&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_newest_first_and_searched() {
    let story = story().await;
    let page = story.list("").await;
    let mut newest = rows(&page);
    newest.truncate(2);
    newest.sort();
    let mut expected = vec![story.of_mona.clone(), story.of_bob.clone()];
    expected.sort();
    assert_eq!(newest, expected, "began last");
    assert_eq!(
        rows(&page)[2..],
        [story.on_phone.clone(), story.at_desk.clone()]
    );
    assert!(page.shows("<strong>4</strong> live, of 3 people"));
    assert!(page.shows("4 of 4 shown") && page.shows("You, here"));
    assert!(page.shows("Firefox on Linux") && page.shows("Network 127.0.0.0/24"));
    let both = [story.on_phone.as_str(), &story.at_desk];
    let of_alice = story.alice.id.to_string();
    for (query, expected) in [
        ("?q=alice", &both[..]),
        ("?q=ALI&state=live", &both),
        (&format!("?user={of_alice}"), &both),
        (&format!("?q={}", story.of_bob), &[story.of_bob.as_str()]),
        ("?client=wiki&q=bob", &[story.of_bob.as_str()]),
        ("?q=mona&client=wiki", &[]),
        ("?began=week", &[]),
        ("?state=ended", &[]),
    ] {
        let page = story.list(query).await;
        assert_eq!(rows(&page), expected, "{query}");
    }
    let page = story.list("?q=alicia").await;
    assert!(page.shows("Nobody with “alicia” is signed in"));
    assert!(page.shows("include ended sessions"));
    let page = story.list(&format!("?user={of_alice}")).await;
    assert!(page.shows("Only sessions of") && page.shows("<strong>alice Example</strong>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_said_and_fails_nothing() {
    let story = story().await;
    for (query, hint) in [
        ("?state=dead", "“dead” is no choice for “state”"),
        ("?began=once", "“once” is no choice for “began”"),
        ("?client=chat", "No app has this id"),
        ("?user=nobody", "No person has this id"),
        ("?client=%00", "No app can have such an id"),
        ("?user=%00", "No person can have such an id"),
        ("?page=1", "The link to this place in the list is broken"),
        ("?q=%00&notice=hm", "Nobody with"),
        ("?q=2001:db8::/36", "too wide to look through"),
    ] {
        let page = story.list(query).await;
        assert!(page.shows(hint), "{query} {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_turned_both_ways() {
    let story = story().await;
    let now = story.house.clock.now();
    let record = story.house.provider().record();
    for number in 0..70 {
        let began = now - Duration::from_secs(100 + number);
        let session = Session {
            id: SessionId::random(&Entropy::System),
            user: story.alice.id.clone(),
            began,
            auth_time: began,
            acr: "urn:lanyard:acr:pwd".to_owned(),
            amr: vec!["pwd".to_owned()],
            last_seen: now,
            idle_timeout: Duration::from_hours(2),
            expires: now + Duration::from_hours(10),
            remembered: false,
            secret: Secret::random(&Entropy::System).hash(),
            previous_secret: None,
            address: "192.0.2.0/24".to_owned(),
            user_agent: "curl/8".to_owned(),
            networks: Networks::default(),
        };
        record.begin_session(&session).await.unwrap();
    }
    let first = story.list("?q=alice").await;
    assert_eq!(rows(&first).len(), 50);
    assert!(first.shows("50 of 72 shown"));
    assert_eq!(neighbour(&first, "prev"), None);
    let older = neighbour(&first, "next").unwrap();
    let second = story.mona.get(&older).await;
    assert_eq!(rows(&second).len(), 22);
    assert_eq!(neighbour(&second, "next"), None);
    assert!(rows(&second).iter().all(|row| !rows(&first).contains(row)));
    let back = story.mona.get(&neighbour(&second, "prev").unwrap()).await;
    assert_eq!(rows(&back), rows(&first));
    // A step from the second page leads back to it.
    let ticked = rows(&second)[0].clone();
    let query = older.split_once('?').unwrap().1;
    let page = story.plan(&[("session", &ticked), ("back", query)]).await;
    assert!(page.body.contains(&older.replace('&', "&#38;")));
    // The count is some seconds old at most.
    story.house.advance(Duration::from_secs(4));
    assert!(story.list("").await.shows("<strong>74</strong> live"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_ended_with_a_reason_that_the_audit_keeps() {
    let story = story().await;
    // The button decides, whatever is ticked.
    let page = story
        .plan(&[("session", &story.of_bob), ("end", &story.at_desk)])
        .await;
    assert_eq!(page.heading(), "End 1 session?");
    assert!(page.shows("alice Example is signed out on this device at once"));
    assert!(page.shows("<strong>1 app</strong> will be told: wiki."));
    assert!(story.desk.is_signed_in().await, "a plan ends nothing");

    let answer = story.confirm(&page, " Laptop\r\nlost ").await;
    let told = story.mona.follow(answer).await.page();
    assert_eq!(told.heading(), "1 session ended");
    assert!(!story.desk.is_signed_in().await);
    assert!(story.phone.is_signed_in().await && story.bob.is_signed_in().await);
    let claims = story.wiki.expect_signed_out(story.desk_tokens.sid()).await;
    assert_eq!(claims["sub"], json!(null), "her other session goes on");
    House::until("the receipt is there", || async {
        let page = story.mona.get(told.url.as_str()).await;
        page.shows("Signed out") && !page.body.contains("check-again")
    })
    .await;
    let line = story
        .house
        .expect_audit("who ended it and why", |line| line.action == "session.end")
        .await;
    assert_eq!(line.note(), Some("Laptop  lost"));
    assert_eq!(line.reason.as_deref(), Some("admin"));
    assert!(line.actor.starts_with("person:"));
    // It is found among the ended ones, with the reason.
    let ended = story.list("?state=ended").await;
    assert_eq!(rows(&ended), [story.at_desk.as_str()]);
    assert!(ended.shows("ended by an administrator"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ticked_sessions_end_together_and_ones_own_is_spared() {
    let story = story().await;
    let calendar = story
        .house
        .app_with("calendar", json!({"backchannel_logout_uri": null}))
        .await;
    calendar.join(&story.bob).await;
    let chosen = [
        ("session", story.at_desk.as_str()),
        ("session", &story.of_bob),
        ("session", &story.of_mona),
        ("session", &story.at_desk),
        ("session", "AAAA-AAAA-AAAA"),
    ];
    let page = story.plan(&chosen).await;
    assert_eq!(page.heading(), "End 2 sessions?");
    assert!(page.shows("alice Example and bob Example are signed out"));
    assert!(page.shows("Your own session, here, is spared"));
    assert!(page.shows("calendar can’t be told"));
    // Bob goes before he is ended: no matter.
    story.house.end(story.bob_id).await;
    let answer = story.confirm(&page, "").await;
    let told = story.mona.follow(answer).await.page();
    assert_eq!(told.heading(), "2 sessions ended");
    assert!(told.shows("Can’t be told"));
    assert!(!story.desk.is_signed_in().await && !story.bob.is_signed_in().await);
    assert!(story.phone.is_signed_in().await && story.mona.is_signed_in().await);
    // A form of one's own making spares it too.
    story.send("end", &chosen).await;
    assert!(story.mona.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_session_ends_if_it_is_all_that_was_chosen() {
    let story = story().await;
    let page = story.plan(&[("session", &story.of_mona)]).await;
    assert!(page.shows("This is your own session, here"));
    let answer = story.confirm(&page, "").await;
    assert_eq!(answer.status, 303);
    assert!(!story.mona.is_signed_in().await);
    let page = story.mona.follow(answer).await.page();
    assert!(page.heading().starts_with("Sign in to"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_person_end_in_one() {
    let story = story().await;
    let alice = story.alice.id.to_string();
    // What ended before for another reason has no receipt here.
    let (gone, id) = new_session(&story.house, &story.alice).await;
    story.house.end_by_person(id, &story.alice).await;
    story.house.advance(Duration::from_secs(1));
    assert!(!gone.is_signed_in().await);
    let page = story.plan(&[("person", &alice)]).await;
    assert_eq!(page.heading(), "End 2 sessions?");
    assert!(page.shows("signed out everywhere at once"));
    // One that begins after the plan ends too.
    let (tablet, _) = new_session(&story.house, &story.alice).await;
    let answer = story.confirm(&page, "left the company").await;
    let told = story.mona.follow(answer).await.page();
    assert_eq!(told.heading(), "3 sessions ended");
    for browser in [&story.desk, &story.phone, &tablet] {
        assert!(!browser.is_signed_in().await);
    }
    assert!(story.bob.is_signed_in().await);
    let claims = story.wiki.expect_signed_out(story.phone_tokens.sid()).await;
    assert_eq!(claims["sub"], json!(alice));
    let line = story
        .house
        .expect_audit("why", |line| line.action == "person.end_sessions")
        .await;
    assert_eq!(line.note(), Some("left the company"));
    // There is nothing left to end.
    let answer = story.send("plan", &[("person", &alice)]).await;
    let page = story.mona.follow(answer).await.page();
    assert!(page.shows("There is nothing left to end"));
    assert_eq!(
        story.send("plan", &[("person", "nobody")]).await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_that_choose_nothing_or_too_much_end_nothing() {
    let story = story().await;
    let mut many: Vec<String> = (0..200).map(|number| format!("none-{number}")).collect();
    many.push(story.at_desk.clone());
    let many: Vec<_> = many.iter().map(|name| ("session", name.as_str())).collect();
    let long = "x".repeat(201);
    for path in ["plan", "end"] {
        let answer = story.send(path, &[("back", "q=ali&state=both")]).await;
        let page = story.mona.follow(answer).await.page();
        assert!(page.shows("No session is ticked"));
        assert_eq!(rows(&page).len(), 2, "the search is kept");
        let answer = story.send(path, &many).await;
        let page = story.mona.follow(answer).await.page();
        assert!(page.shows("More than 200 sessions are too many at once"));
        let answer = story.send(path, &[("session", "none")]).await;
        let page = story.mona.follow(answer).await.page();
        assert!(page.shows("There is nothing left to end"));
        let answer = story.send(path, &[("person", "\0")]).await;
        assert_eq!(answer.status, 303);
    }
    let fields = [("session", story.at_desk.as_str()), ("note", &long)];
    let page = story.send("end", &fields).await;
    assert_eq!(page.status, 400);
    assert!(page.shows("Write at most 200 characters") && page.shows(&long));
    assert!(story.desk.is_signed_in().await);
    assert_eq!(
        story.mona.get("/admin/sessions/told?s=none").await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_proof_keeps_the_ticks_and_goes_on_after_it() {
    let story = story().await;
    let chosen = [
        ("session", story.at_desk.as_str()),
        ("session", &story.of_bob),
    ];
    story.house.advance(Duration::from_mins(16));
    let page = story.plan(&chosen).await;
    let page = story.confirm(&page, "lost").await;
    assert_eq!(
        (page.status.as_u16(), page.heading()),
        (403, "First, confirm it’s you".to_owned())
    );
    assert!(story.desk.is_signed_in().await && story.bob.is_signed_in().await);
    story.prove_again(&story.mona_herself()).await;
    let fields = page.hidden_fields();
    let form: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = story.mona.post(page.form_action().as_str(), &form).await;
    let told = story.mona.follow(answer).await.page();
    assert_eq!(told.heading(), "2 sessions ended");
    assert!(!story.desk.is_signed_in().await && !story.bob.is_signed_in().await);
    let line = story
        .house
        .expect_audit("why", |line| line.action == "session.end")
        .await;
    assert_eq!(line.note(), Some("lost"));
    // One alone needs no fresh proof.
    story.house.advance(Duration::from_mins(16));
    let told = story.end(&[("end", &story.on_phone)], "").await;
    assert_eq!(told.heading(), "1 session ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_tells_its_whole_story() {
    let story = story().await;
    let chat = json!({
        "backchannel_logout_uri": null,
        "redirect_uris": ["http://localhost:1/callback"],
        "frontchannel_logout_uri": "http://localhost:1/out",
    });
    let chat = story.house.app_with("chat", chat).await;
    chat.join(&story.desk).await;
    story.wiki.feels(Mood::Answers(503));
    let path = format!("/admin/sessions/{}", story.at_desk);
    let page = story.mona.get(&path).await;
    assert_eq!(page.heading(), "alice Example");
    for part in [
        "by password",
        "urn:lanyard:acr:pwd",
        "alice@example.com",
        "Network 127.0.0.0/24",
        "Front-channel",
        "Joined by wiki",
        story.desk_tokens.sid(),
        "End this session…",
        "End alice Example’s other session…",
        &story.on_phone,
    ] {
        assert!(page.shows(part), "{part} {}", page.body);
    }
    assert!(!page.shows("Who has been told"));
    story.end(&[("end", &story.at_desk)], "Laptop lost").await;
    House::until("wiki was tried in vain", || async {
        story.mona.get(&path).await.shows("Answered 503")
    })
    .await;
    let page = story.mona.get(&path).await;
    for part in [
        "Trying again",
        "1 try",
        "data-waiting",
        "check-again",
        "Session ended by mona Example",
        "“Laptop lost”",
        "Only by the browser",
        "wiki was not reached",
    ] {
        assert!(page.shows(part), "{part} {}", page.body);
    }
    assert!(!page.shows("End this session…"));
    story.wiki.feels(Mood::Answers(400));
    story.house.advance(Duration::from_secs(5));
    House::until("wiki refused", || async {
        let page = story.mona.get(&path).await;
        page.shows("Answered 400") && page.shows("wiki refused the notice")
    })
    .await;
    for nothing in ["none", "AAAA-AAAA-AAAA", "%00", "..%2f"] {
        let page = story.mona.get(&format!("/admin/sessions/{nothing}")).await;
        assert_eq!(page.status, 404, "{nothing}");
    }
    let internal = story.house.session_of(&story.alice).await.encode();
    let page = story.mona.get(&format!("/admin/sessions/{internal}")).await;
    assert_eq!(page.status, 404, "its id is no name for it");
}

/// The record fails at one of three sessions: what ended is told, what did not can be ended again.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_in_the_middle_is_said_aloud() {
    let house = House::open_on(Vec::new(), 1, &[]).await;
    let database = format!("sqlite://{}", house.database().display());
    let story = story_in(house).await;
    sqlx::any::install_default_drivers();
    let mut other = AnyConnection::connect(&database).await.unwrap();
    let trigger = format!(
        "CREATE TRIGGER away BEFORE UPDATE OF ended_at ON sessions \
         WHEN OLD.reference = '{}' BEGIN SELECT RAISE(ABORT, 'away'); END",
        story.of_bob
    );
    let trigger = AssertSqlSafe(trigger);
    sqlx::raw_sql(trigger).execute(&mut other).await.unwrap();
    let chosen = [
        ("session", story.at_desk.as_str()),
        ("session", &story.of_bob),
        ("session", &story.on_phone),
    ];
    let page = story.plan(&chosen).await;
    let page = story.confirm(&page, "lost").await;
    assert_eq!(page.status, 503);
    assert_eq!(page.header("retry-after"), Some("2"));
    assert_eq!(page.heading(), "2 of 3 sessions ended");
    assert!(page.shows("1 session may still be live"));
    assert!(!story.desk.is_signed_in().await && !story.phone.is_signed_in().await);
    assert!(story.bob.is_signed_in().await);
    let sql = AssertSqlSafe("DROP TRIGGER away");
    sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
    let answer = story.confirm(&page, "").await;
    let told = story.mona.follow(answer).await.page();
    assert_eq!(told.heading(), "1 session ended");
    assert!(!story.bob.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_say_what_became_of_each_notice() {
    let story = story().await;
    let shop = story.house.app("shop").await;
    shop.join(&story.desk).await;
    shop.feels(Mood::Answers(503));
    let told = story.end(&[("end", &story.at_desk)], "").await;
    let address = told.url.as_str();
    House::until("wiki is told and the shop was tried", || async {
        let page = story.mona.get(address).await;
        page.shows("Signed out") && page.shows("Not reached yet, trying again")
    })
    .await;
    let page = story.mona.get(address).await;
    assert!(page.shows("1 of 2 notices are confirmed") && page.body.contains("check-again"));
    shop.feels(Mood::Answers(400));
    story.house.advance(Duration::from_secs(5));
    House::until("the shop refused", || async {
        story.mona.get(address).await.shows("Gave up")
    })
    .await;
    let notices = story.house.notices_of(story.desk_id).await;
    assert!(
        notices
            .iter()
            .any(|notice| notice.state == NoticeState::Refused)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_was_refused_is_sent_again_by_hand() {
    let story = story().await;
    let (house, name) = (&story.house, &story.at_desk);
    story.wiki.feels(Mood::Answers(400));
    house.end(story.desk_id).await;
    let refused = || async {
        let notices = house.notices_of(story.desk_id).await;
        notices
            .iter()
            .all(|notice| notice.state == NoticeState::Refused)
    };
    House::until("wiki refused", refused).await;
    let path = format!("{name}/again");
    for (path, client) in [
        (path.as_str(), "shop"),
        (path.as_str(), ""),
        ("AAAA/again", "wiki"),
    ] {
        let answer = story.send(path, &[("client", client)]).await;
        assert_eq!(answer.status, 404, "{path} {client}");
    }
    story.wiki.feels(Mood::Answers(200));
    let page = story.mona.get(&format!("/admin/sessions/{name}")).await;
    assert!(page.shows("Send again"));
    let answer = story.send(&path, &[("client", "wiki")]).await;
    assert_eq!(answer.status, 303);
    House::until("wiki is told", || async {
        let notices = house.notices_of(story.desk_id).await;
        notices
            .iter()
            .all(|notice| notice.state == NoticeState::Delivered)
    })
    .await;
    let page = story.mona.follow(answer).await.page();
    assert!(page.shows("The notice is sent again"));
    assert!(!page.shows("Send again"), "it has it now");
    assert_eq!(story.wiki.tokens_of(story.desk_tokens.sid()).len(), 2);
    let answer = story.send(&path, &[("client", "wiki")]).await;
    assert_eq!(answer.status, 404);
}
