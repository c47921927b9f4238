//! `lanyard check` and `lanyard migrate`.

use crate::support::Installation;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHvs=";

#[test]
fn each_problem_names_file_line_key_and_remedy() {
    for (text, parts) in [
        (
            "issuer = \"http://localhost:1234\"\n[session]\nidel_timeout = \"1h\"\n",
            [
                "lanyard.toml:3: session.idel_timeout",
                "session.idle_timeout",
            ],
        ),
        (
            "issuer = \"https://login.example.com/sso\"\n",
            [
                "lanyard.toml:1: issuer",
                "Write \"https://login.example.com\".",
            ],
        ),
        (
            "issuer = \"http://login.example.com\"\n",
            ["lanyard.toml:1: issuer", "https"],
        ),
        (
            "[session]\nlifetime = \"12 hours\"\n",
            [
                "lanyard.toml:2: session.lifetime",
                "Write a number and a unit",
            ],
        ),
        ("[session\n", ["lanyard.toml:1", "]"]),
    ] {
        let house = Installation::new();
        house.write("lanyard.toml", text);
        let said = house.run(&["check"]).refused();
        for part in parts {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert!(!house.path("data").exists(), "nothing is written");
    }
}

#[test]
fn all_problems_come_at_once_and_none_shows_a_secret() {
    let house = Installation::with(&[("NONSENSE", "1"), ("PASSWORD__QUEUE", "many")]);
    house.write(
        "lanyard.toml",
        "issuer = \"ftp://a\"\n[session]\nidle_timeout = \"soon\"\n\
         [secrets]\nmaster_key = \"squeamish\"\n",
    );
    let said = house.run(&["check"]).refused();
    let starts = [
        "error: lanyard.toml:1: issuer: ",
        "error: lanyard.toml:3: session.idle_timeout: ",
        "error: lanyard.toml:5: secrets.master_key: ",
        "error: environment: LANYARD__NONSENSE: ",
        "error: environment: LANYARD__PASSWORD__QUEUE: ",
    ];
    for start in starts {
        assert!(
            said.lines().any(|line| line.starts_with(start)),
            "{start} is not in {said}"
        );
    }
    assert_eq!(said.lines().count(), starts.len(), "{said}");
    assert!(!said.contains("squeamish"), "{said}");
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let house = Installation::new();
    let said = house.run(&["check", "--config", "other.toml"]).refused();
    assert!(said.contains("other.toml: There is no such file"), "{said}");
}

#[test]
fn a_good_configuration_is_told_what_it_comes_to() {
    let house = Installation::new();
    let answer = house.run(&["check"]).succeeded();
    for line in [
        "The configuration is good.".to_owned(),
        format!("issuer    {}", house.issuer),
        format!("listen    127.0.0.1:{}", house.port),
        "database  ./data/lanyard.db".to_owned(),
        "clients   0 in the file".to_owned(),
        "hot state in process, 128 MiB".to_owned(),
    ] {
        assert!(answer.lines().any(|known| known == line), "{answer}");
    }
    assert!(!house.path("data").exists(), "nothing is written");

    let house = Installation::with(&[("SECRETS__MASTER_KEY", KEY)]);
    house.write(
        "lanyard.toml",
        "issuer = \"https://login.example.com\"\ndatabase.url = \"sqlite:/srv/l.db\"\n",
    );
    let answer = house.run(&["check"]).succeeded();
    assert!(answer.contains("database  /srv/l.db"), "{answer}");
}

#[test]
fn stores_that_are_shared_are_named_without_their_secrets() {
    let house = Installation::with(&[
        ("SECRETS__MASTER_KEY", KEY),
        (
            "DATABASE__URL",
            "postgres://me@db.internal/sso?sslmode=verify-full",
        ),
        ("DATABASE__PASSWORD", "squeamish"),
        (
            "REDIS__URL",
            "rediss://app:ossifrage@s1,rediss://app:ossifrage@s2",
        ),
        ("REDIS__TOPOLOGY", "cluster"),
    ]);
    let done = house.run(&["check"]);
    let said = format!("{done:?}");
    assert!(
        !said.contains("squeamish") && !said.contains("ossifrage"),
        "{said}"
    );
    let answer = done.succeeded();
    for line in [
        "database  PostgreSQL at db.internal:5432, database sso, sslmode verify-full",
        "hot state Redis cluster at s1:6379 s2:6379, database 0, TLS",
    ] {
        assert!(answer.lines().any(|known| known == line), "{answer}");
    }
}

#[test]
fn what_keeps_nobody_from_starting_is_a_warning() {
    let house = Installation::new();
    house.write("lanyard.toml", "[server]\nlisten = \"0.0.0.0:8080\"\n");
    let done = house.run(&["check"]);
    assert!(
        done.stderr
            .starts_with("warning: server.listen is 0.0.0.0:8080"),
        "{done:?}"
    );
    done.succeeded();
}

#[test]
fn to_migrate_twice_is_to_migrate_once() {
    let house = Installation::new();
    assert_eq!(
        house.run(&["migrate"]).succeeded(),
        "Applied 3 migrations.\n"
    );
    assert_eq!(
        house.run(&["migrate"]).succeeded(),
        "The record is up to date.\n"
    );
}

#[test]
fn a_record_that_cannot_be_opened_says_which_and_why() {
    let house = Installation::new();
    std::fs::create_dir_all(house.path("data/lanyard.db")).unwrap();
    for command in [&["migrate"][..], &["session", "list"], &["client", "list"]] {
        let said = house.run(command).refused();
        assert!(said.contains("data/lanyard.db"), "{said}");
    }
    let house = Installation::new();
    std::fs::create_dir_all(house.path("data")).unwrap();
    house.write("data/lanyard.db", &"this is no database ".repeat(100));
    let said = house.run(&["migrate"]).refused();
    assert!(
        said.contains("lanyard.db") && said.contains("not a database"),
        "{said}"
    );
}
