//! Every admin page refuses whoever may not use it. The table of routes is walked, so that none is
//! forgotten.

use std::time::Duration;

use lanyard::http::{ADMIN_ROUTES, Proof, Route};
use reqwest::Method;

use crate::support::{Browser, House, Page};

const STALE: Duration = Duration::from_mins(16);
const NOWHERE: &str = "AAAA-AAAA-AAAA";
/// What browsers say of a request that another site made.
const FOREIGN: [(&str, &str); 2] = [
    ("sec-fetch-site", "cross-site"),
    ("origin", "https://evil.example"),
];

/// An address of the route, with something in it that is not there.
fn address(route: &Route) -> String {
    let parts = route
        .path
        .split('/')
        .map(|part| if part.starts_with('{') { NOWHERE } else { part });
    parts.collect::<Vec<_>>().join("/")
}

async fn ask(browser: &Browser, route: &Route, form: &[(&str, &str)]) -> Page {
    if route.post {
        browser.post(&address(route), form).await
    } else {
        browser.get(&address(route)).await
    }
}

fn leads_to_sign_in(page: &Page) -> bool {
    page.status == 303 && page.location().is_some_and(|url| url.path() == "/login")
}

fn refuses(page: &Page, heading: &str) -> bool {
    page.status == 403 && page.heading() == heading
}

async fn signed_in(house: &House, name: &str, admin: bool) -> (Browser, String) {
    let person = if admin {
        house.administrator(name).await
    } else {
        house.person(name).await
    };
    let browser = house.browser();
    browser.sign_in(&person).await;
    let csrf = browser.get("/account").await.csrf();
    (browser, csrf)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_admin_route_refuses_whoever_may_not() {
    let house = House::open().await;
    let (mona, csrf) = signed_in(&house, "mona", true).await;
    let (_, olafs) = signed_in(&house, "olaf", true).await;
    let (alice, alices) = signed_in(&house, "alice", false).await;
    for route in ADMIN_ROUTES {
        let name = format!("{} {}", route.post, route.path);
        let own = [("csrf", csrf.as_str())];
        let page = ask(&house.browser(), route, &own).await;
        assert!(leads_to_sign_in(&page), "no session: {name} {page:?}");
        let page = ask(&alice, route, &[("csrf", alices.as_str())]).await;
        assert!(
            refuses(&page, "This isn’t for your account"),
            "no role: {name} {page:?}"
        );
        if route.path.ends_with("/events") {
            // A stream is no page that others may link to.
            for header in FOREIGN {
                let page = mona.request(Method::GET, &address(route), &[header]).await;
                let heading = "This came from another site";
                assert!(refuses(&page, heading), "{header:?}: {name} {page:?}");
            }
        }
        if !route.post {
            continue;
        }
        for token in ["", "nonsense", &alices, &olafs] {
            let page = ask(&mona, route, &[("csrf", token)]).await;
            let heading = "This page has been open too long";
            assert!(refuses(&page, heading), "token {token}: {name} {page:?}");
        }
        let page = ask(&mona, route, &[]).await;
        assert_eq!(page.status, 403, "no token: {name}");
        for header in FOREIGN {
            let page = mona.post_with(&address(route), &own, &[header]).await;
            let heading = "This came from another site";
            assert!(refuses(&page, heading), "{header:?}: {name} {page:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_demands_a_fresh_proof_refuses_a_stale_one() {
    let house = House::open().await;
    let (mona, csrf) = signed_in(&house, "mona", true).await;
    house.advance(STALE);
    let confirm = |page: &Page| refuses(page, "First, confirm it’s you");
    let token = ("csrf", csrf.as_str());
    for route in ADMIN_ROUTES {
        let name = format!("{} {}", route.post, route.path);
        match (route.proof, route.post) {
            (Proof::Fresh, true) => {
                let page = ask(&mona, route, &[token]).await;
                assert!(confirm(&page), "{name} {page:?}");
            }
            (Proof::Fresh, false) => {
                let page = ask(&mona, route, &[]).await;
                assert!(leads_to_sign_in(&page), "{name} {page:?}");
            }
            (Proof::FreshForSeveral, _) => {
                assert!(route.post, "only a form names several: {name}");
                let one = ("session", NOWHERE);
                for several in [[token, one, one], [token, one, ("person", "alice")]] {
                    let page = ask(&mona, route, &several).await;
                    assert!(confirm(&page), "{name} {page:?}");
                }
                let page = ask(&mona, route, &[token, one]).await;
                assert!(!confirm(&page), "{name} {page:?}");
            }
            (Proof::Session, _) => {
                let page = ask(&mona, route, &[token]).await;
                assert!(!confirm(&page) && !leads_to_sign_in(&page), "{name}");
            }
        }
    }
}
