//! When the server does not start and why, and how it stops.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{logout_url, sign_in_at};
use crate::support::app::Mood;
use crate::support::installation::free_port;
use crate::support::{House, Installation};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_data_is_refused_until_the_first_is_dead() {
    let house = Installation::new();
    let first = house.serve().await;
    let elsewhere = format!("127.0.0.1:{}", free_port());
    let mut second = house.command(&["serve"]);
    second.env("LANYARD__SERVER__LISTEN", &elsewhere);
    let said = crate::support::installation::finish(second, "");
    assert_eq!((said.status, said.stdout.as_str()), (Some(1), ""));
    let line = said.stderr.lines().last().unwrap();
    for part in [
        format!("error: these data are in use by process {}", first.pid()),
        format!("listening on 127.0.0.1:{}", house.port),
        "stop that one, or give this one a data folder of its own".to_owned(),
    ] {
        assert!(line.contains(&part), "{line}");
    }
    let (alice, wiki, browser) = (house.person("alice"), house.app("wiki"), house.browser());
    sign_in_at(&wiki, &browser, &alice).await;

    first.kill();
    let second = house.serve().await;
    assert!(browser.is_signed_in().await);
    let answered = second.answered();
    assert_eq!(
        answered.lines().next(),
        Some(&*format!(
            "Lanyard is ready at {0} (listening on 127.0.0.1:{1}).",
            house.issuer, house.port
        ))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named_with_the_way_out() {
    let house = Installation::new();
    let _other = TcpListener::bind(("127.0.0.1", house.port)).unwrap();
    let said = house.run(&["serve"]).refused();
    assert!(
        said.contains(&format!("127.0.0.1:{} is taken", house.port))
            && said.contains("set server.listen (LANYARD__SERVER__LISTEN)"),
        "{said}"
    );
    assert!(!house.path("data").exists(), "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_configuration_starts_nothing() {
    let house = Installation::new();
    house.write("lanyard.toml", "isuer = \"http://localhost\"\n");
    let said = house.run(&["serve"]).refused();
    assert!(said.starts_with("error: lanyard.toml:1: isuer: "), "{said}");
    assert!(!house.path("data").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_is_made_once_and_for_its_owner_alone() {
    let house = Installation::new();
    house.person("alice");
    assert!(
        !house.path("data/master.key").exists(),
        "nothing was sealed yet"
    );
    let server = house.serve().await;
    assert!(!server.said().contains("master"), "{}", server.said());
    let key = std::fs::read(house.path("data/master.key")).unwrap();
    for name in ["data/master.key", "data/lanyard.db", "data/lanyard.db-wal"] {
        assert_eq!(mode(&house.path(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&house.path("data")), 0o700);
    server.kill();
    let _server = house.serve().await;
    assert_eq!(std::fs::read(house.path("data/master.key")).unwrap(), key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_or_wrong_master_key_is_refused_and_nothing_is_overwritten() {
    let house = Installation::new();
    house.serve().await.kill();
    let path = house.path("data/master.key");
    let key = std::fs::read(&path).unwrap();

    std::fs::remove_file(&path).unwrap();
    let said = house.run(&["serve"]).refused();
    assert!(
        said.contains("master.key is missing") && said.contains("from a backup"),
        "{said}"
    );
    assert!(!path.exists(), "no second key is made");

    let other = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
    std::fs::write(&path, other).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let said = house.run(&["serve"]).refused();
    assert!(
        said.contains("does not open with this master key")
            && said.contains("start with the master key that the data was written with"),
        "{said}"
    );
    assert!(!said.contains("00112233"), "{said}");

    std::fs::write(&path, key).unwrap();
    house.serve().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_data_folder_a_master_key_must_be_given() {
    let house = Installation::new();
    let toml = format!(
        "issuer = \"{}\"\n[database]\nurl = \"sqlite:elsewhere/a.db\"\n",
        house.issuer
    );
    house.write("lanyard.toml", &toml);
    let said = house.run(&["serve"]).refused();
    assert!(
        said.contains("secrets.master_key_file") && said.contains("openssl rand -base64 32"),
        "{said}"
    );
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHvs=\n";
    house.write("key", key);
    let toml = format!("{toml}[secrets]\nmaster_key_file = \"key\"\n");
    house.write("lanyard.toml", &toml);
    house.serve().await;
    assert!(house.path("elsewhere/a.db").exists());
    assert!(!house.path("data").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_prompt_and_writes_back_what_waits() {
    let house = Installation::new();
    let (alice, wiki, browser) = (house.person("alice"), house.app("wiki"), house.browser());
    let mut server = house.serve().await;
    let first = sign_in_at(&wiki, &browser, &alice).await;
    let second = wiki.refresh(first.refresh()).await;
    let third = wiki.refresh(second.refresh()).await;
    // The browser's connection is still open: an idle one must not hold up the stop.
    assert!(browser.is_signed_in().await);
    server.signal("TERM");
    assert_eq!(server.gone().await, Some(0), "{}", server.said());
    assert!(
        !house.path("data/lanyard.db-wal").exists(),
        "the log is folded into the file"
    );

    let mut server = house.serve().await;
    let fourth = wiki.refresh(third.refresh()).await;
    let reused = wiki.try_refresh(first.refresh()).await;
    assert_eq!(reused.status, 400, "its place was written back");
    let ended = wiki.try_refresh(fourth.refresh()).await;
    assert_eq!(ended.status, 400, "reuse ends the grant");
    server.signal("INT");
    assert_eq!(server.gone().await, Some(0), "{}", server.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_lose_what_an_app_did_not_hear() {
    let house = Installation::new();
    let (alice, wiki, browser) = (house.person("alice"), house.app("wiki"), house.browser());
    let mut server = house.serve().await;
    let tokens = sign_in_at(&wiki, &browser, &alice).await;
    wiki.feels(Mood::Answers(500));
    browser.go(&logout_url(&wiki, &tokens)).await.away();
    server.signal("TERM");
    assert_eq!(server.gone().await, Some(0), "{}", server.said());
    wiki.feels(Mood::Answers(200));
    let _server = house.serve().await;
    wiki.expect_signed_out(tokens.sid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_does_not_wait_for_anything() {
    let house = Installation::new();
    let (alice, wiki, browser) = (house.person("alice"), house.app("wiki"), house.browser());
    let mut server = house.serve().await;
    let tokens = sign_in_at(&wiki, &browser, &alice).await;
    wiki.feels(Mood::Hangs);
    browser.go(&logout_url(&wiki, &tokens)).await.away();
    wiki.expect_signed_out(tokens.sid()).await;
    server.signal("TERM");
    House::until("it hears the first", || async {
        server.said().contains("stopping")
    })
    .await;
    server.signal("INT");
    assert_eq!(server.gone().await, Some(1));
    assert!(
        server.said().contains("at once, by a second signal"),
        "{}",
        server.said()
    );
}
