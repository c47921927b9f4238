//! Killed around an end, before or after its answer: each session is untouched, or ended with
//! every notice owed. Many moments, several sessions in flight at each.

use std::time::Instant;

use tokio::task::JoinHandle;

use super::{logout_url, sign_in_at};
use crate::support::app::Tokens;
use crate::support::{App, Browser, Installation, Page, Person};

const IN_FLIGHT: usize = 4;
const TRIALS: u32 = 10;

/// A browser that is signed in at both apps, and has asked to be signed out.
struct Leaving {
    browser: Browser,
    at_wiki: Tokens,
    at_shop: Tokens,
    answered: bool,
}

async fn sign_in(wiki: &App, shop: &App, browser: Browser, person: &Person) -> Leaving {
    Leaving {
        at_wiki: sign_in_at(wiki, &browser, person).await,
        at_shop: shop.join(&browser).await,
        browser,
        answered: false,
    }
}

/// Waits for the answers that are still to come.
async fn hear_answers(all: &mut [Leaving], requests: &mut Vec<JoinHandle<Option<Page>>>) {
    for (leaving, request) in all.iter_mut().zip(requests.drain(..)) {
        let page = request.await.unwrap();
        leaving.answered = page.is_some_and(|page| page.status == 303);
    }
}

/// Judges one session after the restart. Answers with whether it ended.
async fn judge(wiki: &App, shop: &App, leaving: &Leaving, when: &str) -> bool {
    let Leaving {
        browser,
        at_wiki,
        at_shop,
        answered,
    } = leaving;
    if browser.is_signed_in().await {
        assert!(!answered, "{when}: an end that was answered is forgotten");
        assert_eq!(wiki.join(browser).await.sid(), at_wiki.sid(), "{when}");
        assert_eq!(shop.join(browser).await.sid(), at_shop.sid(), "{when}");
        return false;
    }
    wiki.expect_signed_out(at_wiki.sid()).await;
    shop.expect_signed_out(at_shop.sid()).await;
    assert_eq!(wiki.userinfo(at_wiki.access()).await.status, 401, "{when}");
    assert_eq!(shop.userinfo(at_shop.access()).await.status, 401, "{when}");
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_whole_or_not_at_all() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let (wiki, shop) = (house.app("wiki"), house.app("shop"));
    let mut server = house.serve().await;
    let unhurried = sign_in(&wiki, &shop, house.browser(), &alice).await;
    let begun = Instant::now();
    let page = unhurried
        .browser
        .get(&logout_url(&wiki, &unhurried.at_wiki))
        .await;
    assert_eq!(page.status, 303);
    let usual = begun.elapsed();
    let (mut ended, mut untouched) = (0, 0);
    for trial in 0..TRIALS {
        let mut all = Vec::new();
        for _ in 0..IN_FLIGHT {
            all.push(sign_in(&wiki, &shop, house.browser(), &alice).await);
        }
        let mut requests: Vec<_> = all
            .iter()
            .map(|leaving| {
                let (browser, url) = (leaving.browser.clone(), logout_url(&wiki, &leaving.at_wiki));
                tokio::spawn(async move { browser.try_get(&url).await })
            })
            .collect();
        // From at once to well after the usual: what an end takes differs from machine to
        // machine, and is longer for several at a time. The last kill comes after all answers.
        let moment = usual * 4 * trial / TRIALS;
        if trial + 1 < TRIALS {
            tokio::time::sleep(moment).await;
        } else {
            hear_answers(&mut all, &mut requests).await;
            assert!(all.iter().all(|leaving| leaving.answered));
        }
        server.kill();
        hear_answers(&mut all, &mut requests).await;
        server = house.serve().await;
        let when = format!("killed after {moment:?}");
        let mut kept = Vec::new();
        for leaving in &all {
            if judge(&wiki, &shop, leaving, &when).await {
                ended += 1;
            } else {
                kept.push(leaving);
            }
        }
        untouched += kept.len();
        for leaving in kept {
            assert!(
                wiki.tokens_of(leaving.at_wiki.sid()).is_empty(),
                "{when}: told, yet alive"
            );
            assert!(
                shop.tokens_of(leaving.at_shop.sid()).is_empty(),
                "{when}: told, yet alive"
            );
        }
    }
    assert!(ended > 0, "no trial reached the end");
    assert!(untouched > 0, "no trial came before it");
}
