//! `lanyard session list` and `lanyard session end`, beside a running server and without one.

use serde_json::{Value, json};

use super::sign_in_at;
use crate::support::{House, Installation};

/// The references of the sessions that a list shows.
fn references(house: &Installation, options: &[&str]) -> Vec<String> {
    let mut arguments = vec!["session", "list", "--json"];
    arguments.extend_from_slice(options);
    let rows: Vec<Value> = serde_json::from_str(&house.run(&arguments).succeeded()).unwrap();
    rows.iter()
        .map(|row| row["reference"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_cannot_be_listed_or_ended() {
    let house = Installation::on_stores();
    house.person("alice");
    let none = house.run(&["session", "list"]).succeeded();
    assert!(none.starts_with("No session matches."), "{none}");
    assert_eq!(references(&house, &[]), Vec::<String>::new());
    for (arguments, part) in [
        (
            &["session", "list", "--user", "nobody"][..],
            "--user: nobody is called nobody",
        ),
        (
            &["session", "end", "--user", "nobody", "--yes"],
            "--user: nobody is called nobody",
        ),
        (
            &["session", "end", "AAAA-BBBB-CCCC", "--yes"],
            "no session has the reference AAAA-BBBB-CCCC; `lanyard session list` shows them",
        ),
        (&["session", "end", "--user", "alice"], "add --yes"),
    ] {
        let said = house.run(arguments).refused();
        assert!(said.contains(part), "{said}");
    }
    let alice = ["session", "end", "--user", "alice", "--yes"];
    let answer = house.run(&alice).succeeded();
    assert_eq!(answer, "There was nothing live to end.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_found_by_its_reference_and_ended_everywhere() {
    let house = Installation::on_stores();
    let (alice, bob) = (house.person("alice"), house.person("bob"));
    let (wiki, shop) = (house.app("wiki"), house.app("shop"));
    let _server = house.serve().await;
    let (here, there) = (house.browser(), house.browser());
    let at_wiki = sign_in_at(&wiki, &here, &alice).await;
    let at_shop = shop.join(&here).await;
    let of_bob = sign_in_at(&wiki, &there, &bob).await;

    let alices = references(&house, &["--user", "ALICE"]);
    assert_eq!(alices.len(), 1);
    assert_eq!(references(&house, &["--client", "shop"]), alices);
    assert_eq!(references(&house, &[]).len(), 2);
    assert_eq!(references(&house, &["--limit", "1"]).len(), 1);
    let table = house
        .run(&["session", "list", "--user", "alice"])
        .succeeded();
    let line = table
        .lines()
        .find(|line| line.starts_with(&alices[0]))
        .unwrap();
    for part in ["alice", "Firefox", "active", "wiki, shop"] {
        assert!(line.contains(part), "{table}");
    }

    // As somebody types it who reads it from a page.
    let typed = alices[0].to_lowercase();
    let end = ["session", "end", &typed, "--yes"];
    assert_eq!(
        house.run(&end).succeeded(),
        "Ended 1 session; 2 apps are to be told.\n"
    );
    House::until("the server refuses it", || async {
        !here.is_signed_in().await
    })
    .await;
    assert_eq!(wiki.try_refresh(at_wiki.refresh()).await.status, 400);
    let told = wiki.expect_signed_out(at_wiki.sid()).await;
    assert_eq!(told["sub"], Value::Null, "one session of one person");
    shop.expect_signed_out(at_shop.sid()).await;
    assert!(there.is_signed_in().await, "bob is not alice");
    assert!(wiki.tokens_of(of_bob.sid()).is_empty());

    assert_eq!(
        house.run(&end).succeeded(),
        "There was nothing live to end.\n"
    );
    assert_eq!(
        references(&house, &["--user", "alice"]),
        Vec::<String>::new()
    );
    assert_eq!(references(&house, &["--user", "alice", "--all"]), alices);
    let table = house.run(&["session", "list", "--all"]).succeeded();
    assert!(table.contains("(admin)"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_person_end_and_offline_access_with_them_if_it_is_said() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let wiki = house.app("wiki");
    let _server = house.serve().await;
    let mut all = Vec::new();
    for _ in 0..2 {
        let browser = house.browser();
        let ask = wiki.ask().with("scope", "openid offline_access");
        let page = wiki.send(&browser, &ask).await.page();
        let answer = browser.sign_in_at(&page, &alice).await.away();
        all.push(wiki.redeem(&wiki.code(&answer, &ask), &ask).await);
    }
    let end = ["session", "end", "--user", "alice", "--yes"];
    assert_eq!(
        house.run(&end).succeeded(),
        "Ended 2 sessions; 2 apps are to be told.\n"
    );
    for tokens in &all {
        let told = wiki.expect_signed_out(tokens.sid()).await;
        assert_eq!(
            told["sub"], tokens.claims["sub"],
            "every session, so sub goes along"
        );
    }
    // A logout leaves offline access alone (Back-Channel Logout 1.0, 2.7); a revocation ends it.
    let kept = wiki.refresh(all[0].refresh()).await;
    house.run(&[&end[..], &["--revoke"]].concat()).succeeded();
    House::until("the server refuses offline access", || async {
        wiki.try_refresh(kept.refresh()).await.status == 400
    })
    .await;
    assert_eq!(wiki.try_refresh(all[1].refresh()).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_while_no_server_runs_is_told_at_the_next_start() {
    let house = Installation::on_stores();
    let (alice, wiki, browser) = (house.person("alice"), house.app("wiki"), house.browser());
    let server = house.serve().await;
    let tokens = sign_in_at(&wiki, &browser, &alice).await;
    server.kill();
    let end = ["session", "end", &references(&house, &[])[0], "--yes"];
    assert_eq!(
        house.run(&end).succeeded(),
        "Ended 1 session; 1 app is to be told.\n"
    );
    assert!(wiki.logout_tokens().is_empty());
    let _server = house.serve().await;
    assert!(!browser.is_signed_in().await, "at the first request");
    wiki.expect_signed_out(tokens.sid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_says_of_itself_does_not_command_the_terminal() {
    let house = Installation::on_stores();
    let app = house.app_with("wiki", &json!({"client_name": "Wiki"}));
    let alice = house.person("alice");
    let _server = house.serve().await;
    let browser = house.browser();
    let ask = app.ask();
    let page = app.send(&browser, &ask).await.page();
    let csrf = page.csrf();
    let form = [
        ("csrf", csrf.as_str()),
        ("username", &alice.username),
        ("password", &alice.password),
        ("action", "sign_in"),
    ];
    let agent = [("user-agent", "Mozilla/5.0 (\u{9b}2J) Gecko/1 Fire\tfox/1")];
    browser
        .post_with(page.form_action().as_str(), &form, &agent)
        .await;
    let table = house.run(&["session", "list"]).succeeded();
    assert!(table.contains("alice"), "{table}");
    let obeyed = |letter: char| letter.is_control() && letter != '\n';
    assert!(!table.contains(obeyed), "{table:?}");
}
