//! Requests that are in flight while a session ends. Whatever they were answered, once the end is
//! answered nothing lives, and nothing comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lanyard::clock::Clock;
use lanyard::entropy::SessionId;
use lanyard::session::ending::{Actor, Reason, Selection};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::support::app::{Ask, Tokens, value};
use crate::support::{App, Browser, House, Landing, Person};

/// What a request in flight may bring home.
#[derive(Debug)]
enum Loot {
    Nothing,
    Refused,
    Code(String, Ask),
    Tokens(Value),
}

struct Story {
    house: House,
    alice: Person,
    wiki: App,
    shop: App,
}

async fn story() -> Story {
    // The clock moves on in every trial, and by a minute for each activity.
    let house = House::open_with(&[("SESSION__LIFETIME", "30d")]).await;
    Story {
        alice: house.person("alice").await,
        wiki: house.app("wiki").await,
        shop: house.app("shop").await,
        house,
    }
}

impl Story {
    async fn signed_in(&self) -> (Browser, Tokens, SessionId) {
        let browser = self.house.browser();
        browser.sign_in(&self.alice).await;
        let tokens = self.wiki.join(&browser).await;
        // From here on each use writes activity.
        self.house.advance(Duration::from_secs(61));
        (browser, tokens, self.house.session_of(&self.alice).await)
    }

    fn end(&self, session: SessionId) -> impl Future<Output = ()> + Send + 'static {
        let provider = Arc::clone(self.house.provider());
        async move {
            let selection = Selection::Session(session);
            let ended = provider.end(&selection, Reason::Admin, &Actor::CommandLine);
            ended.await.unwrap();
        }
    }

    /// Nothing of the session lives: not the cookie, not a token, not what was brought home.
    async fn expect_nothing(
        &self,
        browser: &Browser,
        tokens: &Tokens,
        session: SessionId,
        loot: Vec<Loot>,
    ) {
        assert!(!browser.is_signed_in().await);
        let silent = self.wiki.silently(browser).await;
        assert_eq!(silent.unwrap_err(), "login_required");
        self.expect_dead(&self.wiki, tokens.access(), Some(tokens.refresh()))
            .await;
        for found in loot {
            match found {
                Loot::Nothing | Loot::Refused => {}
                Loot::Code(code, ask) => {
                    for app in [&self.wiki, &self.shop] {
                        let answer = app.try_redeem(&code, &ask).await;
                        assert_eq!(answer.status, 400, "{}", answer.body);
                    }
                }
                Loot::Tokens(answer) => {
                    let access = answer["access_token"].as_str().unwrap();
                    let refresh = answer["refresh_token"].as_str();
                    self.expect_dead(&self.wiki, access, refresh).await;
                }
            }
        }
        self.expect_all_told(session).await;
    }

    async fn expect_dead(&self, app: &App, access: &str, refresh: Option<&str>) {
        assert_eq!(app.userinfo(access).await.status, 401);
        if let Some(refresh) = refresh {
            let answer = app.try_refresh(refresh).await;
            assert_eq!(answer.json()["error"], "invalid_grant");
        }
    }

    /// An end and a join cannot both win unseen: whoever is in the session's list is told.
    async fn expect_all_told(&self, session: SessionId) {
        let record = self.house.provider().record();
        let parts = record.participants_of(session).await.unwrap();
        assert!(parts.iter().all(|part| part.ended.is_some()));
        let mut told: Vec<_> = self.house.notices_of(session).await;
        told.sort_by(|a, b| a.sid.cmp(&b.sid));
        let mut owed: Vec<_> = parts.into_iter().map(|part| part.participant.sid).collect();
        owed.sort();
        let told: Vec<_> = told.into_iter().map(|notice| notice.sid).collect();
        assert_eq!(told, owed);
        let ended = record.load_session(session).await.unwrap().unwrap();
        assert!(ended.ended.is_some());
        assert!(!self.house.sessions_of(&self.alice).await.contains(&session));
    }
}

/// A silent request: a code, if the session was still there.
async fn silent(app: App, browser: Browser) -> Loot {
    let ask = app.ask().with("prompt", "none");
    let url = browser.go(&ask.url()).await.away();
    if let Some(code) = value(&url, "code") {
        return Loot::Code(code, ask);
    }
    assert_eq!(value(&url, "error").as_deref(), Some("login_required"));
    Loot::Refused
}

async fn look(browser: Browser) -> Loot {
    let page = browser.get("/account").await;
    assert!([200, 303].contains(&page.status.as_u16()), "{}", page.body);
    Loot::Nothing
}

async fn userinfo(app: App, access: String) -> Loot {
    let status = app.userinfo(&access).await.status;
    assert!([200, 401].contains(&status.as_u16()), "{status}");
    Loot::Nothing
}

async fn refresh(app: App, token: String) -> Loot {
    let page = app.try_refresh(&token).await;
    assert!([200, 400].contains(&page.status.as_u16()), "{}", page.body);
    match page.status.as_u16() {
        200 => Loot::Tokens(page.json()),
        _ => Loot::Nothing,
    }
}

async fn redeem(app: App, code: String, ask: Ask) -> Loot {
    let page = app.try_redeem(&code, &ask).await;
    assert!([200, 400].contains(&page.status.as_u16()), "{}", page.body);
    match page.status.as_u16() {
        200 => Loot::Tokens(page.json()),
        _ => Loot::Nothing,
    }
}

/// How many requests follow once the end is answered.
const LATE: usize = 4;

/// What one browser sees of a session that ends: once refused, or once the end is answered, it is
/// never accepted again, not even for a moment.
struct Watch {
    over: Arc<AtomicBool>,
    refused: bool,
    late: usize,
}

impl Watch {
    fn new(over: &Arc<AtomicBool>) -> Self {
        Self {
            over: Arc::clone(over),
            refused: false,
            late: 0,
        }
    }

    /// Whether to send one more; to be asked before it is sent.
    fn goes_on(&mut self) -> bool {
        if self.over.load(Ordering::SeqCst) {
            self.refused = true;
            self.late += 1;
        }
        self.late <= LATE
    }

    fn saw(&mut self, accepted: bool) {
        assert!(!accepted || !self.refused, "the session came back");
        self.refused |= !accepted;
    }
}

async fn ask_on(app: App, browser: Browser, mut watch: Watch) -> Vec<Loot> {
    let mut loot = Vec::new();
    while watch.goes_on() {
        let found = silent(app.clone(), browser.clone()).await;
        watch.saw(matches!(found, Loot::Code(..)));
        loot.push(found);
    }
    loot
}

/// The clock moves on, so that every look writes activity.
async fn look_on(browser: Browser, clock: Clock, mut watch: Watch) -> Vec<Loot> {
    while watch.goes_on() {
        clock.advance(Duration::from_secs(61));
        let page = browser.get("/account").await;
        assert!([200, 303].contains(&page.status.as_u16()), "{}", page.body);
        watch.saw(page.status == 200);
    }
    Vec::new()
}

/// The `place`-th of sixteen requests of all kinds.
async fn request(
    place: usize,
    wiki: App,
    shop: App,
    (browser, watch): (Browser, Watch),
    (access, token): (String, String),
) -> Vec<Loot> {
    match place % 8 {
        0 => ask_on(wiki, browser, watch).await,
        1 => ask_on(shop, browser, watch).await,
        2 | 6 => vec![userinfo(wiki, access).await],
        3 => vec![refresh(wiki, token).await],
        4 => vec![silent(wiki, browser).await],
        _ => vec![look(browser).await],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_requests_in_flight_while_a_session_ends() {
    let story = story().await;
    let mut codes = 0;
    for trial in 0..100 {
        let (browser, tokens, session) = story.signed_in().await;
        let over = Arc::new(AtomicBool::new(false));
        let mut flight = JoinSet::new();
        // The end takes its turn among the others, each trial at another place.
        for place in 0..16 {
            if place == trial % 16 {
                let (end, over) = (story.end(session), Arc::clone(&over));
                flight.spawn(async move {
                    end.await;
                    over.store(true, Ordering::SeqCst);
                    Vec::new()
                });
            }
            let (browser, watch) = (browser.stolen_copy(), Watch::new(&over));
            if trial % 2 == 1 {
                flight.spawn(look_on(browser, story.house.clock.clone(), watch));
                continue;
            }
            flight.spawn(request(
                place,
                story.wiki.clone(),
                story.shop.clone(),
                (browser, watch),
                (tokens.access().to_owned(), tokens.refresh().to_owned()),
            ));
        }
        let loot = flight.join_all().await.into_iter().flatten();
        let loot: Vec<_> = loot.collect();
        let got = loot.iter().filter(|loot| matches!(loot, Loot::Code(..)));
        codes += got.count();
        // Whatever activity is still to be written must not bring it back either.
        story.house.advance(Duration::from_secs(61));
        story.expect_nothing(&browser, &tokens, session, loot).await;
    }
    assert!(codes > 0, "every request came too late: this was no race");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_while_an_app_joins_it() {
    let story = story().await;
    for round in 0..24 {
        let (browser, tokens, session) = story.signed_in().await;
        let mut flight = JoinSet::new();
        for place in 0..24 {
            if place == round {
                let end = story.end(session);
                flight.spawn(async move {
                    end.await;
                    Loot::Nothing
                });
            }
            flight.spawn(silent(story.shop.clone(), browser.stolen_copy()));
        }
        let loot = flight.join_all().await;
        story.expect_nothing(&browser, &tokens, session, loot).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_while_codes_are_redeemed() {
    let story = story().await;
    for round in 0..8 {
        let (browser, tokens, session) = story.signed_in().await;
        let mut codes = Vec::new();
        // No more than a client may hold grants in one session.
        for _ in 0..6 {
            codes.push(story.wiki.silently(&browser).await.unwrap());
        }
        let mut flight = JoinSet::new();
        for place in 0..24 {
            if place == round * 3 {
                let end = story.end(session);
                flight.spawn(async move {
                    end.await;
                    Loot::Nothing
                });
            }
            let (code, ask) = codes[place % codes.len()].clone();
            flight.spawn(redeem(story.wiki.clone(), code, ask));
        }
        let loot = flight.join_all().await;
        story.expect_nothing(&browser, &tokens, session, loot).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_while_its_person_proves_who_they_are() {
    let story = story().await;
    for _ in 0..16 {
        let (browser, tokens, session) = story.signed_in().await;
        let before = browser.stolen_copy();
        let ask = story.wiki.ask().with("prompt", "login");
        let page = story.wiki.send(&browser, &ask).await.page();
        let renewal = {
            let (browser, alice) = (browser.clone(), story.alice.clone());
            tokio::spawn(async move { browser.sign_in_at(&page, &alice).await })
        };
        let ended = tokio::spawn(story.end(session));
        let landing = renewal.await.unwrap();
        ended.await.unwrap();
        // The password was right: it may have begun another session, and never kept this one.
        let sessions = story.house.sessions_of(&story.alice).await;
        assert!(!sessions.contains(&session));
        assert!(!before.is_signed_in().await);
        if browser.is_signed_in().await {
            assert_eq!(sessions.len(), 1);
            let fresh = story.wiki.join(&browser).await;
            assert_ne!(fresh.sid(), tokens.sid());
            story.house.end(sessions[0]).await;
        } else if let Landing::Away(url) = landing {
            let code = story.wiki.code(&url, &ask);
            assert_eq!(story.wiki.try_redeem(&code, &ask).await.status, 400);
        }
        story
            .expect_nothing(&before, &tokens, session, Vec::new())
            .await;
    }
}
