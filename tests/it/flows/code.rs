//! An authorization code: bound to all that it was asked with, good once, for a minute, while its
//! session lives (RFC 6749, 4.1.3; RFC 7636, 4.6; RFC 9700, 2.1.1).

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::app::{Ask, Tokens};
use crate::support::tokens::refusal;
use crate::support::{App, Browser, House, Page};

/// A usual redemption, with one field changed; an empty value takes it away.
async fn redeem_with(app: &App, code: &str, ask: &Ask, name: &str, value: &str) -> Page {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", &ask.verifier),
    ];
    form.retain(|(known, _)| *known != name);
    if !value.is_empty() {
        form.push((name, value));
    }
    app.token(&form).await
}

/// The same text with one letter at `at` turned into its neighbour.
fn flipped(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

fn other_case(text: &str) -> String {
    let swap = |letter: char| {
        if letter.is_ascii_lowercase() {
            letter.to_ascii_uppercase()
        } else {
            letter.to_ascii_lowercase()
        }
    };
    text.chars().map(swap).collect()
}

fn damaged(code: &str) -> Vec<String> {
    let mut codes = vec![
        code[..code.len() - 1].to_owned(),
        code[..code.len() / 2].to_owned(),
        code[1..].to_owned(),
        format!("{code}A"),
        format!("{code}="),
        format!("A{code}"),
        format!("{code}{code}"),
        other_case(code),
        "x".to_owned(),
    ];
    codes.extend((0..code.len()).step_by(7).map(|at| flipped(code, at)));
    codes
}

/// Conformance: 15, 19.
#[tokio::test(flavor = "multi_thread")]
async fn every_single_mismatch_is_refused_and_costs_nobody_their_sign_in() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let (code, ask) = wiki.fresh_code(&browser).await;

    for code in damaged(&code) {
        let page = wiki.try_redeem(&code, &ask).await;
        assert_eq!(refusal(&page), "invalid_grant", "{code}");
    }
    let foreign = wiki.ask();
    let longer = format!("{}A", ask.verifier);
    let slash = format!("{}/", wiki.redirect_uri);
    for (name, value, error) in [
        ("grant_type", "", "invalid_request"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("code", "", "invalid_request"),
        ("redirect_uri", "", "invalid_grant"),
        ("redirect_uri", slash.as_str(), "invalid_grant"),
        ("redirect_uri", "https://evil.example/", "invalid_grant"),
        ("code_verifier", "", "invalid_grant"),
        ("code_verifier", foreign.verifier.as_str(), "invalid_grant"),
        ("code_verifier", longer.as_str(), "invalid_grant"),
        ("code_verifier", &ask.verifier[..43], "invalid_grant"),
    ] {
        let page = redeem_with(&wiki, &code, &ask, name, value).await;
        assert_eq!(refusal(&page), error, "{name}={value}");
    }
    let twice = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("code", &code),
        ("redirect_uri", &wiki.redirect_uri),
        ("code_verifier", &ask.verifier),
    ];
    assert_eq!(refusal(&wiki.token(&twice).await), "invalid_request");

    wiki.assert_alive(&wiki.redeem(&code, &ask).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_apps_code_is_of_no_use_to_another() {
    let house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let spa = house.public_app("spa").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    // Both take part in the session, so that only the binding of the code is left to refuse.
    shop.join(&browser).await;
    spa.join(&browser).await;
    let (code, ask) = wiki.fresh_code(&browser).await;

    for thief in [&shop, &spa] {
        for uri in [&wiki.redirect_uri, &thief.redirect_uri] {
            let page = redeem_with(thief, &code, &ask, "redirect_uri", uri).await;
            assert_eq!(refusal(&page), "invalid_grant");
        }
    }
    wiki.redeem(&code, &ask).await;
}

/// Conformance: 4.
#[tokio::test(flavor = "multi_thread")]
async fn a_verifier_where_no_challenge_was_sent_is_refused() {
    let house = House::open().await;
    let old = house
        .app_with("old", json!({ "require_pkce": false }))
        .await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let ask = old.ask();
    let ask = ask
        .with("code_challenge", "")
        .with("code_challenge_method", "");

    // An attacker strips the challenge from the request; the app still sends its verifier.
    let answer = old.send(&browser, &ask).await.away();
    let code = old.code(&answer, &ask);
    assert_eq!(refusal(&old.try_redeem(&code, &ask).await), "invalid_grant");
    let without = redeem_with(&old, &code, &ask, "code_verifier", "").await;
    assert_eq!(without.status, 200, "{}", without.body);
}

/// Conformance: 15.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_use_ends_what_the_first_yielded_and_nothing_else() {
    let mut house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let bystanders = (wiki.join(&browser).await, shop.join(&browser).await);
    let (code, ask) = wiki.fresh_code(&browser).await;
    let first = wiki.redeem(&code, &ask).await;
    let later = wiki.refresh(first.refresh()).await;
    wiki.assert_alive(&later).await;

    let again = wiki.try_redeem(&code, &ask).await;
    assert_eq!(refusal(&again), "invalid_grant");
    wiki.assert_dead(&first).await;
    wiki.assert_dead(&later).await;
    wiki.assert_alive(&bystanders.0).await;
    shop.assert_alive(&bystanders.1).await;

    // Also for the record, of which the house is built anew.
    house.reopen().await;
    wiki.assert_dead(&later).await;
    shop.assert_alive(&bystanders.1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_use_counts_until_the_first_ones_tokens_have_run_out() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let (code, ask) = wiki.fresh_code(&browser).await;
    house.advance(Duration::from_secs(50));
    let first = wiki.redeem(&code, &ask).await;

    house.advance(Duration::from_secs(299));
    wiki.assert_alive(&first).await;
    wiki.try_redeem(&code, &ask).await;
    wiki.assert_dead(&first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixteen_redemptions_one_wins_and_the_others_end_what_it_won() {
    let mut house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let mut won = Vec::new();
    for _ in 0..4 {
        let (code, ask) = wiki.fresh_code(&browser).await;
        let answers = join_all((0..16).map(|_| race(&wiki, &code, &ask))).await;
        let (winners, losers): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|page| page.status == 200);
        assert_eq!(winners.len(), 1);
        for loser in &losers {
            assert_eq!(refusal(loser), "invalid_grant");
        }
        let tokens = Tokens {
            answer: winners[0].json(),
            claims: json!(null),
        };
        wiki.assert_dead(&tokens).await;
        won.push(tokens);
    }
    house.reopen().await;
    for tokens in &won {
        wiki.assert_dead(tokens).await;
    }
    wiki.assert_alive(&wiki.join(&browser).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixteen_redemptions_for_offline_access_at_most_one_wins_and_nothing_is_left() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    for _ in 0..4 {
        let ask = wiki.ask().with("scope", "openid offline_access");
        let answer = wiki.send(&browser, &ask).await.away();
        let code = wiki.code(&answer, &ask);
        let answers = join_all((0..16).map(|_| race(&wiki, &code, &ask))).await;
        let won: Vec<_> = answers.iter().filter(|page| page.status == 200).collect();
        // The row may come to the record after its own end: then even the winner is refused.
        assert!(won.len() <= 1);
        for page in &answers {
            if page.status == 200 {
                let (answer, claims) = (page.json(), json!(null));
                wiki.assert_dead(&Tokens { answer, claims }).await;
            } else {
                assert_eq!(refusal(page), "invalid_grant");
            }
        }
    }
    let record = house.provider().record();
    let listed = record.offline_grants_of(&alice.id).await.unwrap();
    assert_eq!(listed, [], "none is listed that nobody can use");
}

/// On a task of its own, so that the races are run by all threads.
async fn race(app: &App, code: &str, ask: &Ask) -> Page {
    let (app, code, ask) = (app.clone(), code.to_owned(), ask.clone());
    let redemption = async move { app.try_redeem(&code, &ask).await };
    tokio::spawn(redemption).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_tabs_with_a_code_each_all_get_in() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let mut codes = Vec::new();
    for _ in 0..16 {
        codes.push(wiki.fresh_code(&browser).await);
    }
    let answers = join_all(codes.iter().map(|(code, ask)| race(&wiki, code, ask))).await;
    for page in answers {
        assert_eq!(page.status, 200, "{}", page.body);
    }
}

/// Conformance: 15.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_lives_for_a_minute() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&house.person("alice").await).await;
    let (early, early_ask) = wiki.fresh_code(&browser).await;
    let (late, late_ask) = wiki.fresh_code(&browser).await;

    house.advance(Duration::from_millis(59_999));
    wiki.redeem(&early, &early_ask).await;
    house.advance(Duration::from_millis(1));
    let page = wiki.try_redeem(&late, &late_ask).await;
    assert_eq!(refusal(&page), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_dies_with_its_session_and_with_its_apps_part_in_it() {
    let house = House::open().await;
    let wiki = house.app("wiki").await;
    let alice = house.person("alice").await;
    let refused = async |(code, ask): (String, Ask)| {
        let page = wiki.try_redeem(&code, &ask).await;
        assert_eq!(refusal(&page), "invalid_grant");
    };
    let signed_in = async || -> Browser {
        let browser = house.browser();
        browser.sign_in(&alice).await;
        browser
    };

    let browser = signed_in().await;
    let issued = wiki.fresh_code(&browser).await;
    house.end(house.session_of(&alice).await).await;
    refused(issued).await;

    let browser = signed_in().await;
    let issued = wiki.fresh_code(&browser).await;
    let session = house.session_of(&alice).await;
    house.end_part(session, &wiki).await;
    refused(issued).await;

    // The app is back in the same session, by another name: the old code is none of it.
    wiki.come_back(&browser).await;
    let issued = wiki.fresh_code(&browser).await;
    house.end_part(session, &wiki).await;
    wiki.assert_alive(&wiki.come_back(&browser).await).await;
    refused(issued).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_a_disabled_person_or_client_is_refused() {
    let house = House::open().await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;

    let (code, ask) = shop.fresh_code(&browser).await;
    house.change(&shop, |client| client.enabled = false).await;
    let page = shop.try_redeem(&code, &ask).await;
    assert_eq!(refusal(&page), "invalid_client");

    // This process hears of the person within half a second.
    let (code, ask) = wiki.fresh_code(&browser).await;
    let before = wiki.join(&browser).await;
    house.enable(&alice, false).await;
    House::until("the person is known to be disabled", || async {
        wiki.userinfo(before.access()).await.status == 401
    })
    .await;
    let page = wiki.try_redeem(&code, &ask).await;
    assert_eq!(refusal(&page), "invalid_grant");
    wiki.assert_dead(&before).await;
    assert!(!browser.is_signed_in().await);
}
