//! `lanyard user`, `lanyard client` and `lanyard audit` beside a running server, and clients that
//! the configuration file declares.

use serde_json::Value;

use super::sign_in_at;
use crate::support::{App, House, Installation, Landing, Server};

fn json(house: &Installation, arguments: &[&str]) -> Value {
    serde_json::from_str(&house.run(arguments).succeeded()).unwrap()
}

async fn status(app: &App, token: &str) -> u16 {
    app.machine("/oauth2/introspect", &[("token", token)])
        .await
        .status
        .as_u16()
}

/// In order, so that what waits is written back.
async fn stop(mut server: Server) {
    server.signal("TERM");
    assert_eq!(server.gone().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_disabled_enabled_and_deleted() {
    let house = Installation::on_stores();
    let (alice, _) = (house.person("alice"), house.person("bob"));
    let wiki = house.app("wiki");
    let _server = house.serve().await;
    let browser = house.browser();
    let tokens = sign_in_at(&wiki, &browser, &alice).await;
    let said = house.run(&["user", "disable", "alice"]).refused();
    assert!(said.contains("add --yes"), "{said}");
    let said = house.run(&["user", "disable", "ALICE", "--yes"]);
    let said = said.succeeded();
    // How many is not certain: the server may have read of it and ended them first.
    assert!(said.starts_with("Disabled alice. Ended "), "{said}");
    House::until("the server refuses her", || async {
        !browser.is_signed_in().await
    })
    .await;
    wiki.expect_signed_out(tokens.sid()).await;
    let listed = json(&house, &["user", "list", "--disabled", "--json"]);
    assert_eq!(listed[0]["username"], "alice");
    assert_eq!(listed[0]["sub"], alice.id.as_str());
    assert_eq!(listed[1], Value::Null);
    assert!(!listed.to_string().contains("argon2"), "{listed}");
    let table = house.run(&["user", "list", "--search", "LIC"]).succeeded();
    assert!(
        table.contains("disabled") && !table.contains("bob"),
        "{table}"
    );

    let answer = house
        .run(&["user", "enable", alice.id.as_str()])
        .succeeded();
    assert_eq!(answer, "alice can sign in.\n");
    sign_in_at(&wiki, &browser, &alice).await;
    house.run(&["user", "delete", "alice", "--yes"]).succeeded();
    House::until("the server refuses her", || async {
        !browser.is_signed_in().await
    })
    .await;
    let said = house.run(&["user", "show", "alice"]).refused();
    assert!(said.contains("nobody is called alice"), "{said}");
    let ended = house.run(&["session", "list", "--all"]).succeeded();
    assert!(
        ended.contains("(deleted)") && !ended.contains("alice"),
        "{ended}"
    );
}

#[test]
fn the_last_administrator_stays() {
    let house = Installation::new();
    house.person("alice");
    let set = |more: &[&str]| house.run(&[&["user", "set-admin", "alice"], more].concat());
    assert_eq!(set(&[]).succeeded(), "alice is an administrator.\n");
    for arguments in [
        &["user", "set-admin", "alice", "--remove"][..],
        &["user", "disable", "alice", "--yes"],
        &["user", "delete", "alice", "--yes"],
    ] {
        let said = house.run(arguments).refused();
        assert!(said.contains("the last enabled administrator"), "{said}");
    }
    house.person("bob");
    house.run(&["user", "set-admin", "bob"]).succeeded();
    let shown = json(&house, &["user", "show", "bob", "--json"]);
    assert_eq!(
        (&shown["admin"], &shown["enabled"]),
        (&true.into(), &true.into())
    );
    let answer = set(&["--remove"]).succeeded();
    assert_eq!(answer, "alice is no administrator any more.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_set_for_somebody() {
    let house = Installation::on_stores();
    let mut alice = house.person("alice");
    let wiki = house.app("wiki");
    let _server = house.serve().await;
    let browser = house.browser();
    sign_in_at(&wiki, &browser, &alice).await;
    let set = ["user", "set-password", "alice", "--password-stdin"];
    let said = house.run_with(&set, "alice\n").refused();
    assert!(said.contains("at least 8 characters"), "{said}");
    assert!(browser.is_signed_in().await);
    let password = "violet harbour kettle";
    let answer = house.run_with(&set, &format!("{password}\n")).succeeded();
    assert!(answer.contains("Ended 1 session"), "{answer}");
    House::until("the server refuses the session", || async {
        !browser.is_signed_in().await
    })
    .await;
    password.clone_into(&mut alice.password);
    sign_in_at(&wiki, &browser, &alice).await;
    let temporary = [&set[..], &["--temporary"]].concat();
    let answer = house.run_with(&temporary, "a temporary one\n").succeeded();
    assert!(
        answer.contains("It must be changed at the next sign-in."),
        "{answer}"
    );
    let shown = json(&house, &["user", "show", "alice", "--json"]);
    assert_eq!(shown["must_change_password"], true);
    "a temporary one".clone_into(&mut alice.password);
    let browser = house.browser();
    let page = browser.go("/account").await.page();
    let page = browser.sign_in_at(&page, &alice).await.page();
    assert_eq!(page.heading(), "Choose a new password");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_disabled_enabled_and_deleted() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let (wiki, shop) = (house.app("wiki"), house.app("shop"));
    let _server = house.serve().await;
    let browser = house.browser();
    let tokens = sign_in_at(&wiki, &browser, &alice).await;
    let in_shop = shop.join(&browser).await;
    let answer = house
        .run(&["client", "disable", "wiki", "--yes"])
        .succeeded();
    assert!(answer.contains("Ended its part in 1 session."), "{answer}");
    House::until("wiki is refused", || async {
        wiki.userinfo(tokens.access()).await.status == 401
    })
    .await;
    wiki.expect_signed_out(tokens.sid()).await;
    assert_eq!(shop.userinfo(in_shop.access()).await.status, 200);
    assert!(browser.is_signed_in().await);
    house.run(&["client", "enable", "wiki"]).succeeded();
    let ask = wiki.ask().with("prompt", "none");
    House::until("wiki is let in again", || async {
        matches!(wiki.send(&browser, &ask).await, Landing::Away(_))
    })
    .await;
    assert_eq!(wiki.userinfo(tokens.access()).await.status, 401);
    house
        .run(&["client", "delete", "wiki", "--yes"])
        .succeeded();
    let said = house.run(&["client", "show", "wiki"]).refused();
    assert!(said.contains("no client is called wiki"), "{said}");
    let shown = house.run(&["client", "show", "shop"]).succeeded();
    assert!(
        shown.contains("enabled, made by an administrator"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_rotated_with_and_without_overlap() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let wiki = house.app("wiki");
    let _server = house.serve().await;
    let browser = house.browser();
    let token = sign_in_at(&wiki, &browser, &alice)
        .await
        .access()
        .to_owned();
    let mut renewed = wiki.at(&wiki.redirect_uri);
    let answer = json(&house, &["client", "rotate-secret", "wiki", "--json"]);
    renewed.secret = answer["client_secret"].as_str().map(str::to_owned);
    assert!(
        answer["previous_client_secret_expires_at"].is_i64(),
        "{answer}"
    );
    House::until("the new one is taken", || async {
        status(&renewed, &token).await == 200
    })
    .await;
    assert_eq!(status(&wiki, &token).await, 200, "and so is the old one");
    let unsure = house.run(&["client", "rotate-secret", "wiki"]);
    let warning = "warning: an even older secret of wiki is taken until";
    assert!(unsure.stderr.starts_with(warning), "{unsure:?}");
    let said = unsure.refused();
    assert!(said.contains("add --yes"), "{said}");
    assert_eq!(status(&renewed, &token).await, 200, "nothing was changed");
    let at_once = [
        "client",
        "rotate-secret",
        "wiki",
        "--overlap",
        "0s",
        "--yes",
    ];
    let answer = house.run(&at_once).succeeded();
    assert!(
        answer.contains("The old one is refused from now on."),
        "{answer}"
    );
    House::until("both are refused", || async {
        status(&renewed, &token).await == 401
    })
    .await;
    for overlap in ["forever", "91d", "1"] {
        let said = house
            .run(&["client", "rotate-secret", "wiki", "--overlap", overlap])
            .refused();
        assert!(
            said.contains("--overlap: write a number and a unit"),
            "{said}"
        );
    }
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_the_file_come_and_go_with_it() {
    let house = Installation::on_stores();
    let alice = house.person("alice");
    let mut wiki = house.app("template");
    let base = format!("issuer = \"{}\"\n", house.issuer);
    let declared = format!(
        "{base}[[clients]]\nclient_id = \"wiki\"\nclient_name = \"Wiki\"\n\
         client_secret_file = \"wiki.secret\"\nredirect_uris = [\"{}\"]\n\
         grant_types = [\"authorization_code\", \"refresh_token\"]\nfirst_party = true\n",
        wiki.redirect_uri
    );
    house.write("wiki.secret", &format!("{SECRET}\n"));
    house.write("lanyard.toml", &declared);
    let checked = house.run(&["check"]).succeeded();
    assert!(checked.contains("clients   1 in the file"), "{checked}");
    wiki.client_id = "wiki".to_owned();
    wiki.secret = Some(SECRET.to_owned());
    let browser = house.browser();
    let server = house.serve().await;
    let tokens = sign_in_at(&wiki, &browser, &alice).await;
    for arguments in [
        &["client", "disable", "wiki", "--yes"][..],
        &["client", "delete", "wiki", "--yes"],
        &["client", "rotate-secret", "wiki"],
    ] {
        let said = house.run(arguments).refused();
        assert!(
            said.contains("declared in the configuration file"),
            "{said}"
        );
    }
    let listed = json(&house, &["client", "list", "--search", "wiki", "--json"]);
    assert_eq!(listed[0]["declared_in_file"], true);
    stop(server).await;

    // As it was: the session and the app's part go on.
    let server = house.serve().await;
    assert_eq!(wiki.userinfo(tokens.access()).await.status, 200);
    stop(server).await;

    house.write("lanyard.toml", &base);
    let server = house.serve().await;
    assert_eq!(wiki.userinfo(tokens.access()).await.status, 401);
    assert!(browser.is_signed_in().await);
    let shown = json(&house, &["client", "show", "wiki", "--json"]);
    assert_eq!(shown["enabled"], false);
    stop(server).await;

    house.write("lanyard.toml", &declared);
    let _server = house.serve().await;
    assert_eq!(wiki.userinfo(tokens.access()).await.status, 401, "not back");
    wiki.join(&browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_takes_the_id_of_another_client_does_not_start() {
    let house = Installation::new();
    house.app("wiki");
    house.write(
        "lanyard.toml",
        &format!(
            "issuer = \"{}\"\n[[clients]]\nclient_id = \"wiki\"\nclient_secret = \"{SECRET}\"\n\
             redirect_uris = [\"https://a.example/cb\"]\n",
            house.issuer
        ),
    );
    let said = house.run(&["serve"]).refused();
    assert!(
        said.contains("clients.wiki: a client with this id"),
        "{said}"
    );
    assert!(said.contains("lanyard client delete wiki"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_printed_and_followed() {
    let house = Installation::on_stores();
    house.person("alice");
    house.run(&["user", "set-admin", "alice"]).succeeded();
    let printed = house.run(&["audit", "--since", "1h"]).succeeded();
    let actions: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.split_whitespace().nth(3))
        .collect();
    assert_eq!(actions, ["person.create", "person.promote"], "newest last");
    let one = house.run(&["audit", "--limit", "1", "--json"]).succeeded();
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(one["action"], "person.promote");
    assert_eq!(one["actor"], "command_line");
    let none = house
        .run(&["audit", "--since", "2999-01-01T00:00:00Z"])
        .succeeded();
    assert_eq!(none, "");
    let said = house.run(&["audit", "--since", "yesterday"]).refused();
    assert!(said.contains("--since: "), "{said}");

    let said = house.run(&["audit", "--action", "nope"]).refused();
    assert!(
        said.contains("--action: \"nope\" is not known. Write one of sign_in, "),
        "{said}"
    );
    let options = ["--follow", "--limit", "0", "--json"];
    let following = Server::start(&house, "audit", &options);
    // Not before it has looked at what is there.
    House::until("a change is followed", || async {
        house.run_with(
            &["user", "set-password", "alice", "--password-stdin"],
            "violet harbour kettle\n",
        );
        following.answered().contains("person.set_password")
    })
    .await;
    assert!(!following.answered().contains("person.create"));
    let lines: Vec<Value> = following
        .answered()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut known: Vec<String> = lines.iter().map(ToString::to_string).collect();
    known.dedup();
    assert_eq!(known.len(), lines.len(), "each line once");
}
