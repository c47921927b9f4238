//! An administrator ends very many sessions: everything, all of an app, what matches a search.

use std::time::Duration;

use lanyard::entropy::{Entropy, Secret, SessionId};
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::session::session::Session;
use lanyard::store::record::SignIn;

use crate::support::app::{Mood, Tokens};
use crate::support::{App, Browser, House, Page, Person};

/// Mona, who administers; alice and bob at wiki and shop.
struct Story {
    house: House,
    mona: Browser,
    csrf: String,
    wiki: App,
    shop: App,
    people: Vec<(Person, Browser, Tokens, Tokens)>,
}

async fn story() -> Story {
    let house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let administrator = house.administrator("mona").await;
    let mut people = Vec::new();
    for name in ["alice", "bob"] {
        let person = house.person(name).await;
        let browser = house.browser();
        browser.sign_in(&person).await;
        let tokens = (wiki.join(&browser).await, shop.join(&browser).await);
        people.push((person, browser, tokens.0, tokens.1));
    }
    let mona = house.browser();
    mona.sign_in(&administrator).await;
    wiki.join(&mona).await;
    Story {
        csrf: mona.get("/account").await.csrf(),
        house,
        mona,
        wiki,
        shop,
        people,
    }
}

impl Story {
    async fn plan(&self, query: &str) -> Page {
        let page = self.mona.get(&format!("/admin/ends/plan?{query}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        page
    }

    async fn carry_out(&self, page: &Page, note: &str) -> Page {
        let fields = page.hidden_fields();
        let mut form: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        form.extend([("note", note), ("action", "end")]);
        self.mona.post("/admin/ends", &form).await
    }

    /// The same, up to the page that says how far it is.
    async fn end(&self, query: &str) -> Page {
        let page = self.plan(query).await;
        let answer = self.carry_out(&page, "a stolen backup").await;
        assert_eq!(answer.status, 303, "{answer:?}");
        self.mona.follow(answer).await.page()
    }

    /// More sessions of a person.
    async fn elsewhere_too(&self, person: &Person, count: usize) {
        let own = self.house.session_of(person).await;
        let record = self.house.provider().record();
        let own = record.load_session(own).await.unwrap().unwrap().session;
        for _ in 0..count {
            let another = Session {
                id: SessionId::random(&Entropy::System),
                secret: Secret::random(&Entropy::System).hash(),
                ..own.clone()
            };
            let begun = record.begin_session(&another).await.unwrap();
            assert!(matches!(begun, SignIn::Begun { .. }));
        }
    }

    async fn until_done(&self, page: &Page) -> Page {
        House::until("all of it is worked off and told", || async {
            let page = self.mona.get(page.url.as_str()).await;
            !page.body.contains("data-waiting")
        })
        .await;
        self.mona.get(page.url.as_str()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_ends_but_ones_own() {
    let story = story().await;
    let page = story.plan("what=everything").await;
    assert_eq!(page.heading(), "End 2 sessions?");
    for text in [
        "2 people",
        "2 apps",
        "4 notices",
        "Your own session, here, is spared.",
    ] {
        assert!(page.shows(text), "{text}: {}", page.body);
    }
    assert!(story.people[0].1.is_signed_in().await, "nothing ended yet");
    let answer = story.carry_out(&page, "a stolen backup").await;
    assert_eq!(answer.status, 303, "{answer:?}");
    story.house.settled().await;
    for (_, browser, at_wiki, at_shop) in &story.people {
        assert!(!browser.is_signed_in().await);
        let silent = story.wiki.silently(browser).await;
        assert_eq!(silent.unwrap_err(), "login_required");
        story.wiki.assert_dead(at_wiki).await;
        story.shop.assert_dead(at_shop).await;
    }
    assert!(story.mona.is_signed_in().await);
    story.wiki.silently(&story.mona).await.unwrap();
    let page = story.mona.follow(answer).await.page();
    assert_eq!(page.status, 200, "{page:?}");
    for (_, _, at_wiki, at_shop) in &story.people {
        let claims = story.wiki.expect_signed_out(at_wiki.sid()).await;
        assert!(claims.get("sub").is_none());
        story.shop.expect_signed_out(at_shop.sid()).await;
    }
    let page = story.until_done(&page).await;
    assert_eq!(page.heading(), "2 sessions ended");
    assert!(page.shows("4 of 4 notices"), "{}", page.body);
    assert!(page.shows("a stolen backup"));
    for (person, ..) in &story.people {
        let reasons = story.house.endings(person).await;
        assert_eq!(reasons, [Some(Reason::Admin)]);
    }
    story
        .house
        .expect_audit("who ended everything, and why", |line| {
            line.action == "everything.end_sessions"
                && line.actor.starts_with("person:")
                && line.note() == Some("a stolen backup")
        })
        .await;
    let list = story.mona.get("/admin/ends").await;
    assert!(list.shows("Every session"), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_again_stays() {
    let story = story().await;
    story.end("what=everything").await;
    story.house.settled().await;
    let (alice, browser, ..) = &story.people[0];
    browser.sign_in(alice).await;
    let tokens = story.wiki.join(browser).await;
    story.house.settled().await;
    assert!(browser.is_signed_in().await);
    assert_eq!(story.wiki.userinfo(tokens.access()).await.status, 200);
    story.house.advance(Duration::from_secs(31));
    assert!(browser.is_signed_in().await);
    story.wiki.refresh(tokens.refresh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_session_ends_too_where_that_is_asked() {
    let story = story().await;
    let page = story.plan("what=everything&own=ends").await;
    assert_eq!(page.heading(), "End 3 sessions?");
    assert!(page.shows("Your own session ends too"));
    let answer = story.carry_out(&page, "").await;
    assert_eq!(answer.status, 303);
    story.house.settled().await;
    assert!(!story.mona.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_signed_out_of_one_app() {
    let story = story().await;
    let page = story.plan("what=app&app=wiki").await;
    assert_eq!(page.heading(), "Sign everybody out of wiki?");
    let own = story.plan("what=app&app=wiki&own=ends").await;
    assert!(own.shows("You are signed out of wiki too"), "{}", own.body);
    assert!(!own.shows("You will have to sign in again"));
    let page = story.end("what=app&app=wiki").await;
    story.house.settled().await;
    for (_, browser, at_wiki, at_shop) in &story.people {
        assert!(browser.is_signed_in().await, "the session goes on");
        story.wiki.assert_dead(at_wiki).await;
        assert_eq!(story.shop.userinfo(at_shop.access()).await.status, 200);
        story.wiki.expect_signed_out(at_wiki.sid()).await;
    }
    let page = story.until_done(&page).await;
    assert_eq!(page.heading(), "Signed out of wiki in 2 sessions");
    assert!(!page.shows("Sessions ended"), "{}", page.body);
    assert_eq!(story.shop.logout_tokens().len(), 0);
    // The app is not disabled: whoever comes back gets a new name there.
    let (_, browser, before, _) = &story.people[0];
    let after = story.wiki.come_back(browser).await;
    assert_ne!(after.sid(), before.sid());
}

/// More than are ended before the answer.
const VERY_MANY: usize = 501;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_very_many_sessions_is_signed_out_at_once() {
    let story = story().await;
    let (alice, browser, at_wiki, at_shop) = &story.people[0];
    story.elsewhere_too(alice, VERY_MANY).await;
    let chosen = [("csrf", &*story.csrf), ("person", alice.id.as_str())];
    let plan = story.mona.post("/admin/sessions/plan", &chosen).await;
    assert!(plan.shows("502 sessions"), "{}", plan.body);
    let answer = story.mona.post("/admin/sessions/end", &chosen).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    story.house.settled().await;
    assert!(!browser.is_signed_in().await);
    story.wiki.assert_dead(at_wiki).await;
    story.shop.assert_dead(at_shop).await;
    assert!(story.people[1].1.is_signed_in().await, "bob stays");
    assert!(story.mona.is_signed_in().await);
    let page = story.mona.follow(answer).await.page();
    assert!(page.shows("Every session of alice"), "{}", page.body);
    story.wiki.expect_signed_out(at_wiki.sid()).await;
    let page = story.until_done(&page).await;
    assert_eq!(page.heading(), "502 sessions ended");
    let list = story.mona.get("/admin/ends").await;
    assert!(list.shows("Every session of alice"), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_matches_a_search_ends() {
    let story = story().await;
    let page = story.plan("what=matching&q=alice").await;
    assert_eq!(page.heading(), "End 1 session?");
    let page = story.end("what=matching&q=alice").await;
    story.until_done(&page).await;
    story.house.settled().await;
    let [(_, alice, at_wiki, _), (_, bob, ..)] = &story.people[..] else {
        panic!("two people")
    };
    assert!(!alice.is_signed_in().await);
    story.wiki.assert_dead(at_wiki).await;
    assert!(bob.is_signed_in().await);
    story.wiki.expect_signed_out(at_wiki.sid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_understood_ends_nothing() {
    let story = story().await;
    for query in [
        "",
        "what=all",
        "what=app",
        "what=app&app=unheard-of",
        "what=app&app=%00",
        "what=matching",
        "what=matching&began=yesterday",
        "what=matching&q=alice&idle=never",
        "what=matching&q=alice&acr_below=gold",
    ] {
        let page = story.mona.get(&format!("/admin/ends/plan?{query}")).await;
        assert_eq!(page.status, 404, "{query}: {page:?}");
    }
    let page = story.plan("what=matching&q=nobody-we-know").await;
    assert_eq!(page.heading(), "There is nothing to end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_good_for_ten_minutes_once_and_in_its_own_session() {
    let story = story().await;
    let page = story.plan("what=everything").await;
    let other = house_of_another_administrator(&story.house).await;
    let fields = page.hidden_fields();
    let plan = &fields.iter().find(|(name, _)| name == "plan").unwrap().1;
    let forged = plan.replacen(&plan[4..8], "AAAA", 1);
    for (browser, plan) in [
        (&other, plan),
        (&story.mona, &forged),
        (&story.mona, &String::new()),
    ] {
        let csrf = browser.get("/account").await.csrf();
        let form = [("csrf", csrf.as_str()), ("plan", plan.as_str())];
        let answer = browser.post("/admin/ends", &form).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.shows("This plan is no longer good"));
    }
    let long = "x".repeat(201);
    let answer = story.carry_out(&page, &long).await;
    assert_eq!(answer.status, 400);
    assert!(story.people[0].1.is_signed_in().await, "nothing ended");

    let first = story.carry_out(&page, "").await;
    let second = story.carry_out(&page, "").await;
    assert_eq!(first.location(), second.location(), "it is one end");

    let page = story.plan("what=everything").await;
    story.house.advance(Duration::from_mins(10));
    let answer = story.carry_out(&page, "").await;
    assert_eq!(answer.status, 400);
    let form = [("csrf", story.csrf.as_str())];
    assert_eq!(story.mona.post("/admin/ends", &form).await.status, 400);
    assert_eq!(story.mona.get("/admin/ends/unheard-of").await.status, 404);
}

async fn house_of_another_administrator(house: &House) -> Browser {
    let olaf = house.administrator("olaf").await;
    let browser = house.browser();
    browser.sign_in(&olaf).await;
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_down_is_told_when_it_is_back() {
    let story = story().await;
    story.shop.feels(Mood::Answers(503));
    let page = story.end("what=everything").await;
    for (_, _, at_wiki, _) in &story.people {
        story.wiki.expect_signed_out(at_wiki.sid()).await;
    }
    House::until("wiki has been told, shop has not", || async {
        let page = story.mona.get(page.url.as_str()).await;
        page.shows("2 of 4 notices")
    })
    .await;
    story.shop.feels(Mood::Answers(200));
    story.house.advance(Duration::from_mins(2));
    let page = story.until_done(&page).await;
    assert!(page.shows("4 of 4 notices"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_after_a_restart() {
    let mut story = story().await;
    story.house.rest().await;
    let everything = Selection::Everything { except: None };
    let provider = story.house.provider();
    let ended = provider.end(&everything, Reason::Policy, &Actor::System);
    ended.await.unwrap();
    // Nobody has worked off a row; refused it is all the same. The other nodes rest, and read nothing.
    let here = story.house.at_node(0, &story.people[0].1);
    assert!(!here.is_signed_in().await);
    story.house.reopen().await;
    for (_, browser, at_wiki, at_shop) in &story.people {
        assert!(!browser.is_signed_in().await);
        story.wiki.expect_signed_out(at_wiki.sid()).await;
        story.shop.expect_signed_out(at_shop.sid()).await;
        story.wiki.assert_dead(at_wiki).await;
    }
}
