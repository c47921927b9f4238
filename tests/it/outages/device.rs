//! Devices when Redis forgets or hangs: one that may stay connected does, a code that was lost is
//! begun anew, and what cannot be counted is not looked up.

use super::on;
use crate::support::device::Codes;
use crate::support::parts::RedisServer;
use crate::support::tokens::refusal;
use crate::support::{App, Browser, House};

/// Whether the person can allow it now, and the device gets its tokens.
async fn connects(tv: &App, browser: &Browser, codes: &Codes) -> bool {
    let page = browser.type_code(codes.user_code()).await.page();
    if page.status != 200 {
        return false;
    }
    if page.hidden("user_code").is_some() {
        browser.answer_device(&page, "allow").await;
    }
    tv.poll(codes).await.status == 200
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flush_costs_codes_and_no_tokens() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let tv = house.television("tv").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let (used, asked, answered) = (
        tv.begin("openid offline_access").await,
        tv.begin("openid").await,
        tv.begin("openid").await,
    );
    browser.allow_device(used.user_code()).await;
    let tokens = tv.collect(&used).await;
    let page = browser.type_code(asked.user_code()).await.page();
    browser.allow_device(answered.user_code()).await;
    house.settled().await;

    server.command(&["FLUSHALL"]).await;
    for node in 0..2 {
        let there = house.app_at(node, &tv);
        for codes in [&asked, &answered] {
            House::until("the device is told to begin anew", || async {
                refusal(&there.poll(codes).await) == "expired_token"
            })
            .await;
        }
    }
    let late = browser.answer_device(&page, "allow").await;
    assert!(late.shows("This code doesn’t work"), "{}", late.body);
    assert_eq!(refusal(&tv.poll(&asked).await), "expired_token");
    let tokens = tv.refresh(tokens.refresh()).await;
    assert_eq!(tv.userinfo(tokens.access()).await.status, 200);
    // One that was begun at a node that had not seen the flush yet is lost as well.
    House::until("a code that is begun anew is good", || async {
        connects(&tv, &browser, &tv.begin("openid").await).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn where_guesses_cannot_be_counted_no_code_is_looked_up() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let tv = house.television("tv").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let codes = tv.begin("openid").await;
    let page = browser.type_code(codes.user_code()).await.page();

    server.pause();
    let refused = browser.answer_device(&page, "allow").await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    // A wrong one is answered alike: whether it is right cannot be learnt meanwhile.
    for code in [codes.user_code(), "BCDF-GHJK"] {
        let refused = browser.type_code(code).await.page();
        assert_eq!(refused.status, 503, "{code}: {}", refused.body);
        assert!(refused.header("retry-after").is_some());
    }
    for refused in [tv.poll(&codes).await, tv.try_begin(&[]).await] {
        assert_eq!(refused.status, 503, "{}", refused.body);
    }
    server.resume();

    House::until("the code is good again", || async {
        connects(&tv, &browser, &codes).await
    })
    .await;
}
