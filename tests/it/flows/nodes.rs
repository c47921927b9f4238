//! Several nodes on one store: a session is visible and endable from each, and what one ended no
//! other accepts. On the stores of this run where they are shared, on Redis and SQLite otherwise.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;
use lanyard::identity::throttle;
use lanyard::provider::OwnPage;
use lanyard::session::ending::{Actor, Reason, Selection};

use crate::support::parts;
use crate::support::stores::{Stores, on_redis};
use crate::support::tokens::refusal;
use crate::support::{Browser, House};

/// A house of two nodes.
async fn two() -> House {
    two_with(&[]).await
}

async fn two_with(extra: &[(&str, &str)]) -> House {
    match Stores::of_this_run() {
        Stores::Embedded => {
            let stores = on_redis(&parts::redis_url().await);
            House::open_on(stores, 2, extra).await
        }
        stores => House::open_on(stores.variables().await, 2, extra).await,
    }
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/account").await.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cookie_jar_at_two_nodes() {
    let house = two().await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    for round in 0..10 {
        let jar = house.browser();
        let (first, second) = (
            house.at_node(round % 2, &jar),
            house.at_node(1 - round % 2, &jar),
        );
        first.sign_in(&alice).await;
        let ask = wiki.ask().with("prompt", "none");
        let silent = second.get(&ask.url()).await;
        assert_eq!(silent.status, 303);
        wiki.code(&silent.location().unwrap(), &ask);

        let session = house.session_of(&alice).await;
        let selection = Selection::Session(session);
        let ending = house.node(round % 2);
        ending
            .end(&selection, Reason::Admin, &Actor::CommandLine)
            .await
            .unwrap();
        // The other's first request after the answer.
        let refused = second.get(&ask.url()).await;
        let error = refused.location().unwrap();
        assert!(
            error.query().unwrap().contains("error=login_required"),
            "{error}"
        );
        assert!(!is_signed_in(&second).await);
        assert!(!is_signed_in(&first).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_code_is_redeemed_once_over_two_nodes() {
    let house = two().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    for _ in 0..4 {
        let (code, ask) = wiki.fresh_code(&browser).await;
        let tries = (0..24).map(|_| wiki.try_redeem(&code, &ask));
        let answers = join_all(tries).await;
        let winners = answers.iter().filter(|page| page.status == 200).count();
        assert!(winners <= 1, "{winners} redeemed one code");
        for page in answers.iter().filter(|page| page.status != 200) {
            assert_eq!(refusal(page), "invalid_grant", "{}", page.body);
        }
        // A second use ends what the first one yielded.
        for page in answers.iter().filter(|page| page.status == 200) {
            let access = page.json()["access_token"].as_str().unwrap().to_owned();
            assert_eq!(wiki.userinfo(&access).await.status, 401);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_refresh_token_has_one_successor_over_two_nodes() {
    let house = two().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    let tries = (0..24).map(|_| wiki.try_refresh(tokens.refresh()));
    let answers = join_all(tries).await;
    let mut successors: Vec<String> = answers
        .iter()
        .map(|page| {
            assert_eq!(page.status, 200, "{}", page.body);
            page.json()["refresh_token"].as_str().unwrap().to_owned()
        })
        .collect();
    successors.dedup();
    assert_eq!(successors.len(), 1, "one family, one successor");
    // After the grace the old one is reuse, at whichever node.
    house.advance(Duration::from_secs(10));
    assert_eq!(
        wiki.refused_refresh(tokens.refresh()).await,
        "invalid_grant"
    );
    assert_eq!(wiki.refused_refresh(&successors[0]).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn joins_at_one_node_and_an_end_at_the_other_never_both_win_unseen() {
    let house = two().await;
    let apps = join_all((0..8).map(|number| {
        let (house, name) = (&house, format!("app{number}"));
        async move { house.app(&name).await }
    }))
    .await;
    let alice = house.person("alice").await;
    for _ in 0..4 {
        let jar = house.browser();
        jar.sign_in(&alice).await;
        let session = house.session_of(&alice).await;
        let here = house.at_node(0, &jar);
        let joins = join_all((0..24).map(|number| {
            let (app, here) = (&apps[number % apps.len()], &here);
            async move {
                let ask = app.ask().with("prompt", "none");
                let page = here.get(&ask.url()).await;
                let away = page.location().unwrap();
                let code = away.query_pairs().find(|(name, _)| name == "code");
                let code = code.map(|(_, code)| code.into_owned());
                match code {
                    Some(code) => Some(app.try_redeem(&code, &ask).await),
                    None => None,
                }
            }
        }));
        let end = async {
            let actor = Actor::CommandLine;
            let selection = Selection::Session(session);
            house
                .node(1)
                .end(&selection, Reason::Admin, &actor)
                .await
                .unwrap();
        };
        let (answers, ()) = tokio::join!(joins, end);
        // Whatever was yielded in time is dead now, and whoever joined is told.
        for (number, answer) in answers.into_iter().enumerate() {
            let Some(page) = answer.filter(|page| page.status == 200) else {
                continue;
            };
            let access = page.json()["access_token"].as_str().unwrap().to_owned();
            let app = &apps[number % apps.len()];
            assert_eq!(app.userinfo(&access).await.status, 401);
        }
        let joined = house.participants(session).await;
        let told = house.notices_of(session).await;
        assert_eq!(told.len(), joined, "a notice for each that joined");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_comes_and_a_node_goes() {
    let mut house = two().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    house.lose_node().await;
    assert!(browser.is_signed_in().await);
    let tokens = wiki.refresh(tokens.refresh()).await;
    house.gain_node().await;
    for _ in 0..8 {
        assert!(browser.is_signed_in().await);
    }
    let tokens = wiki.refresh(tokens.refresh()).await;
    house.lose_node().await;
    wiki.assert_alive(&tokens).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_at_one_node_is_known_at_the_other_at_once() {
    let house = two().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    wiki.sign_in(&browser, &house.person("alice").await).await;
    for number in 0..2 {
        let known = house
            .node(number)
            .client(&wiki.id())
            .await
            .unwrap()
            .unwrap();
        assert!(known.enabled);
    }
    let mut client = (*house.node(0).client(&wiki.id()).await.unwrap().unwrap()).clone();
    client.enabled = false;
    house.node(0).record().upsert_client(&client).await.unwrap();
    House::until("the other node knows it", || async {
        let known = house.node(1).client(&wiki.id()).await.unwrap().unwrap();
        !known.enabled
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_address_has_only_so_much_kept_for_it() {
    let house = two().await;
    let crowd: IpAddr = "203.0.113.7".parse().unwrap();
    let other: IpAddr = "203.0.113.8".parse().unwrap();
    let begin = |number: usize, from| {
        let node = house.node(number % 2);
        async move {
            node.begin_own_sign_in(OwnPage::new("/account"), None, from)
                .await
        }
    };
    for _ in 0..throttle::WAITING_PER_ADDRESS / 100 {
        let crowds = join_all((0..100).map(|number| begin(number, crowd))).await;
        assert!(crowds.iter().all(Result::is_ok));
    }
    let Err(full) = begin(1, crowd).await else {
        panic!("there is no bound")
    };
    assert_eq!(full.retry_after(), Duration::from_mins(1));
    assert!(begin(0, other).await.is_ok(), "others go on");
    house.advance(Duration::from_mins(15));
    assert!(begin(0, crowd).await.is_ok(), "nothing lasts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_sign_in_slips_past_the_limit_of_sessions() {
    let house = two_with(&[("SESSION__MAX_SESSIONS_PER_USER", "3")]).await;
    let alice = house.person("alice").await;
    let bob = house.person("bob").await;
    let bobs = house.browser();
    bobs.sign_in(&bob).await;
    let browsers: Vec<_> = (0..24).map(|_| house.browser()).collect();
    join_all(browsers.iter().enumerate().map(|(number, browser)| {
        let (here, alice) = (house.at_node(number % 2, browser), &alice);
        async move {
            let page = here.go("/account").await.page();
            here.sign_in_at(&page, alice).await;
        }
    }))
    .await;
    assert_eq!(house.sessions_of(&alice).await.len(), 3);
    let mut live = 0;
    for browser in &browsers {
        live += usize::from(browser.is_signed_in().await);
    }
    assert_eq!(live, 3, "the others are refused everywhere");
    assert!(bobs.is_signed_in().await);
    // The oldest gives way, and is told why.
    house.advance(Duration::from_secs(1));
    let newest = house.browser();
    newest.sign_in(&alice).await;
    assert!(newest.is_signed_in().await);
    assert_eq!(house.sessions_of(&alice).await.len(), 3);
    let audit = house
        .expect_audit("an end by the limit", |line| {
            line.reason.as_deref() == Some("limit")
        })
        .await;
    assert_eq!(audit.action, "session.end");
}
