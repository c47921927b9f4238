//! `kill -9`, and what must be as before when the server runs again.

use std::collections::BTreeSet;
use std::net::TcpListener;

use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};

use super::{logout_url, sign_in_at};
use crate::support::app::Mood;
use crate::support::installation::free_port;
use crate::support::stores::Stores;
use crate::support::{App, House, Installation};

/// The `jti` of every valid token that an app heard for this `sid`.
async fn jtis(app: &App, sid: &str) -> Vec<String> {
    let mut jtis = Vec::new();
    for token in app.tokens_of(sid) {
        let claims = app.verify(&token, "logout+jwt").await;
        jtis.push(claims["jti"].as_str().unwrap().to_owned());
    }
    jtis
}

fn all_different(jtis: &[String]) -> bool {
    jtis.iter().collect::<BTreeSet<_>>().len() == jtis.len()
}

/// An app that is told at an address where nothing answers yet.
fn app_told_at(house: &Installation, id: &str, port: u16) -> App {
    let uri = format!("http://localhost:{port}/backchannel-logout");
    house.app_with(id, &json!({"backchannel_logout_uri": uri}))
}

/// Waits until the notices of the only session look like this.
async fn until_notices(
    house: &Installation,
    what: &str,
    holds: impl Fn(&lanyard::store::record::NoticeView) -> bool,
) {
    let session = house.sessions().await.remove(0).session.id;
    let record = house.record().await;
    House::until(what, || async {
        let notices = record.notices_of(session).await.unwrap();
        !notices.is_empty() && notices.iter().all(&holds)
    })
    .await;
    record.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_answer_while_apps_are_down_or_failing() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let closed = free_port();
    let (wiki, shop) = (house.app("wiki"), app_told_at(&house, "shop", closed));
    let server = house.serve().await;
    let browser = house.browser();
    let at_wiki = sign_in_at(&wiki, &browser, &alice).await;
    let at_shop = shop.join(&browser).await;

    wiki.feels(Mood::Answers(503));
    let back = browser.go(&logout_url(&wiki, &at_wiki)).await.away();
    assert_eq!(back.as_str(), format!("{}/", wiki.origin));
    server.kill();

    wiki.feels(Mood::Answers(200));
    shop.listen_also(TcpListener::bind(("127.0.0.1", closed)).unwrap());
    let _server = house.serve().await;
    wiki.expect_signed_out(at_wiki.sid()).await;
    shop.expect_signed_out(at_shop.sid()).await;
    until_notices(&house, "all are delivered", |notice| {
        notice.delivered_at.is_some()
    })
    .await;
    let at_wiki_heard = jtis(&wiki, at_wiki.sid()).await;
    assert!(all_different(&at_wiki_heard), "{at_wiki_heard:?}");
    assert_eq!(jtis(&shop, at_shop.sid()).await.len(), 1);
    assert!(!browser.is_signed_in().await, "nothing came back");
    assert_eq!(wiki.try_refresh(at_wiki.refresh()).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_lease_and_before_the_post() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    // A door that is jammed: it has room for one who waits, and somebody waits already, so that
    // a delivery that was leased does not even get a connection.
    let door = TcpSocket::new_v4().unwrap();
    door.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = door.local_addr().unwrap();
    let door = door.listen(0).unwrap();
    let waiting = TcpStream::connect(address).await.unwrap();
    let wiki = app_told_at(&house, "wiki", address.port());
    let server = house.serve().await;
    let browser = house.browser();
    let at_wiki = sign_in_at(&wiki, &browser, &alice).await;

    browser.go(&logout_url(&wiki, &at_wiki)).await.away();
    until_notices(&house, "the notice is leased", |notice| {
        notice.attempts == 1
    })
    .await;
    server.kill();

    drop(waiting);
    wiki.listen_also(door.into_std().unwrap());
    assert_eq!(
        wiki.logout_tokens(),
        Vec::<String>::new(),
        "nothing was posted"
    );
    // The lease lasts longer than this test would wait: the next start must not honour it.
    let _server = house.serve().await;
    wiki.expect_signed_out(at_wiki.sid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_post_and_before_the_receipt() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let (wiki, shop) = (house.app("wiki"), house.app("shop"));
    let server = house.serve().await;
    let browser = house.browser();
    let at_wiki = sign_in_at(&wiki, &browser, &alice).await;
    let at_shop = shop.join(&browser).await;

    wiki.feels(Mood::Hangs);
    browser.go(&logout_url(&shop, &at_shop)).await.away();
    // Verified, so before the kill.
    wiki.expect_signed_out(at_wiki.sid()).await;
    server.kill();

    wiki.feels(Mood::Answers(200));
    let _server = house.serve().await;
    House::until("the wiki is told again", || async {
        wiki.logout_tokens().len() == 2
    })
    .await;
    let heard = jtis(&wiki, at_wiki.sid()).await;
    assert_eq!(heard.len(), 2, "the same sid");
    assert!(all_different(&heard), "a repeat has a jti of its own");
    until_notices(&house, "all are delivered", |notice| {
        notice.delivered_at.is_some()
    })
    .await;
    assert_eq!(jtis(&wiki, at_wiki.sid()).await.len(), 2, "and not again");
    shop.expect_signed_out(at_shop.sid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_their_tokens_live_on() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let (wiki, shop) = (house.app("wiki"), house.app("shop"));
    let server = house.serve().await;
    let browser = house.browser();
    let at_wiki = sign_in_at(&wiki, &browser, &alice).await;
    let (code, ask) = shop.silently(&browser).await.unwrap();
    until_flushed(&house).await;
    server.kill();

    let _server = house.serve().await;
    assert!(browser.is_signed_in().await);
    assert_eq!(wiki.userinfo(at_wiki.access()).await.status, 200);
    if outlives_the_process() {
        shop.redeem(&code, &ask).await;
    } else {
        // What lived for a minute is gone, and one silent request makes it good.
        let refused = shop.try_redeem(&code, &ask).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["error"]),
            (400, &json!("invalid_grant"))
        );
    }
    let at_shop = shop.join(&browser).await;
    let again = wiki.join(&browser).await;
    assert_eq!(again.sid(), at_wiki.sid(), "the same part in the session");
    assert_eq!(again.claims["auth_time"], at_wiki.claims["auth_time"]);

    browser.go(&logout_url(&wiki, &at_wiki)).await.away();
    wiki.expect_signed_out(at_wiki.sid()).await;
    shop.expect_signed_out(at_shop.sid()).await;
    assert_eq!(
        house.sessions().await.len(),
        1,
        "one session, before and after"
    );
}

/// Waits until the record knows the refresh-token family of the only session. From Redis, which
/// outlives the process, nothing need be written back.
async fn until_flushed(house: &Installation) {
    if outlives_the_process() {
        return;
    }
    let session = house.sessions().await.remove(0).session.id;
    let record = house.record().await;
    House::until("the grant is written back", || async {
        let snapshot = record.load_session(session).await.unwrap().unwrap();
        !snapshot.grants.is_empty()
    })
    .await;
    record.close().await;
}

/// Whether the hot state is not the server's own.
fn outlives_the_process() -> bool {
    Stores::of_this_run() != Stores::Embedded
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_that_were_not_written_back_cost_nobody_their_refresh_token() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let wiki = house.app("wiki");
    let server = house.serve().await;
    let browser = house.browser();
    let first = sign_in_at(&wiki, &browser, &alice).await;
    until_flushed(&house).await;
    let second = wiki.refresh(first.refresh()).await;
    let third = wiki.refresh(second.refresh()).await;
    server.kill();

    let _server = house.serve().await;
    // Its place is the record's or a later one: accepted, once.
    let fourth = wiki.refresh(third.refresh()).await;
    assert_eq!(fourth.claims["sid"], first.claims["sid"]);
    let fifth = wiki.refresh(fourth.refresh()).await;
    let reused = wiki.try_refresh(second.refresh()).await;
    assert_eq!(reused.json()["error"], "invalid_grant", "{}", reused.body);
    let ended = wiki.try_refresh(fifth.refresh()).await;
    assert_eq!(
        ended.json()["error"],
        "invalid_grant",
        "reuse ends the grant"
    );
    assert!(browser.is_signed_in().await, "and not the session");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_that_never_reached_the_record_is_made_good_silently() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let wiki = house.app("wiki");
    let server = house.serve().await;
    let browser = house.browser();
    let first = sign_in_at(&wiki, &browser, &alice).await;
    server.kill();

    let _server = house.serve().await;
    let answer = wiki.try_refresh(first.refresh()).await;
    assert!(
        answer.status == 200 || answer.json()["error"] == "invalid_grant",
        "{} {}",
        answer.status,
        answer.body
    );
    let again = wiki.join(&browser).await;
    assert_eq!(again.sid(), first.sid());
    wiki.refresh(again.refresh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_page_from_before_the_kill_leads_on() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let wiki = house.app("wiki");
    let server = house.serve().await;
    let browser = house.browser();
    let ask = wiki.ask();
    let page = wiki.send(&browser, &ask).await.page();
    server.kill();

    let _server = house.serve().await;
    let fields = [
        ("username", alice.username.as_str()),
        ("password", alice.password.as_str()),
        ("action", "sign_in"),
    ];
    let landed = browser.submit(&page, &fields).await;
    if outlives_the_process() {
        wiki.code(&landed.away(), &ask);
        return;
    }
    let landed = landed.page();
    assert_eq!(landed.status, 400);
    assert!(landed.shows("Nothing was lost."), "{}", landed.body);
    sign_in_at(&wiki, &browser, &alice).await;
}
