//! `lanyard key list` and `lanyard key rotate`, beside a running server and without one.

use serde_json::Value;

use super::sign_in_at;
use crate::support::{House, Installation};

/// State and `kid` of the keys of one algorithm.
fn listed(house: &Installation, alg: &str) -> Vec<(String, String)> {
    let keys = house.run(&["key", "list", "--json"]).succeeded();
    let keys: Vec<Value> = serde_json::from_str(&keys).unwrap();
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    keys.iter()
        .filter(|key| key["alg"] == alg)
        .map(|key| (text(key, "state"), text(key, "kid")))
        .collect()
}

/// The `kid` in a state.
fn in_state(keys: &[(String, String)], state: &str) -> String {
    let found = keys.iter().find(|(known, _)| known == state);
    found
        .unwrap_or_else(|| panic!("none is {state}: {keys:?}"))
        .1
        .clone()
}

#[test]
fn before_the_first_start_there_are_none() {
    let house = Installation::on_stores();
    let none = house.run(&["key", "list"]).succeeded();
    assert!(none.starts_with("There are no signing keys yet."), "{none}");
    assert_eq!(listed(&house, "ES256"), []);
    let said = house.run(&["key", "rotate"]).refused();
    assert!(said.contains("add --yes"), "{said}");
    assert_eq!(listed(&house, "ES256"), [], "nothing was made");
    house
        .run(&["key", "rotate", "--alg", "ES256", "--yes"])
        .succeeded();
    let keys = listed(&house, "ES256");
    assert_eq!(keys.len(), 2);
    in_state(&keys, "next");
    assert_eq!(listed(&house, "RS256"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_signs_with_the_new_key_and_refuses_what_a_dropped_one_signed() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let (wiki, shop) = (house.app("wiki"), house.app("shop"));
    let _server = house.serve().await;
    let browser = house.browser();
    let tokens = sign_in_at(&wiki, &browser, &alice).await;
    let first = in_state(&listed(&house, "ES256"), "current");
    let rsa = listed(&house, "RS256");

    let rotate = ["key", "rotate", "--alg", "ES256", "--yes"];
    let answer = house.run(&rotate).succeeded();
    let keys = listed(&house, "ES256");
    let second = in_state(&keys, "current");
    assert_ne!(second, first);
    assert_eq!(in_state(&keys, "previous"), first);
    assert_eq!(
        answer,
        format!(
            "ES256: {second} signs from now on.\nES256: what {first} signed is valid until it runs \
             out.\n"
        )
    );
    assert_eq!(
        in_state(&listed(&house, "RS256"), "current"),
        in_state(&rsa, "current")
    );
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid;
    House::until("the new key signs", || async {
        kid(shop.join(&browser).await.access()).as_deref() == Some(&second)
    })
    .await;
    assert_eq!(wiki.userinfo(tokens.access()).await.status, 200);
    let fresh = shop.join(&browser).await;

    let said = house.run(&["key", "rotate", "--now"]).refused();
    assert!(said.contains("is refused at once"), "{said}");
    assert!(said.contains("add --yes"), "{said}");
    let answer = house.run(&["key", "rotate", "--alg", "ES256", "--now", "--yes"]);
    let answer = answer.succeeded();
    let part = format!("nothing that {second} signed is believed any more");
    assert!(answer.contains(&part), "{answer}");
    House::until("it is refused", || async {
        shop.userinfo(fresh.access()).await.status == 401
    })
    .await;
    assert_eq!(in_state(&listed(&house, "ES256"), "dropped"), second);
    // The one before is nobody's but ours.
    assert_eq!(wiki.userinfo(tokens.access()).await.status, 200);
    assert!(browser.is_signed_in().await);

    let table = house.run(&["key", "list"]).succeeded();
    for part in [
        "KEY ID",
        "replaced after",
        "may sign after",
        "published until",
        "dropped",
    ] {
        assert!(table.contains(part), "{table}");
    }
}

#[test]
fn another_master_key_changes_nothing() {
    let house = Installation::new();
    house.run(&["key", "rotate", "--yes"]).succeeded();
    let before = listed(&house, "RS256");
    let key = house.path("data/master.key");
    std::fs::write(key, format!("{}\n", "0123456789abcdef".repeat(4))).unwrap();
    let said = house.run(&["key", "rotate", "--yes"]).refused();
    assert!(
        said.contains("does not open with this master key"),
        "{said}"
    );
    assert_eq!(listed(&house, "RS256"), before);
}
