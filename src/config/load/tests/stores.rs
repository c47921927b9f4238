//! PostgreSQL and Redis.

use super::*;
use crate::config::{Postgres, Redis, Topology};

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

fn folder(text: &str) -> Folder {
    Folder::with(&format!("{text}\n[secrets]\nmaster_key = \"{KEY}\""))
}

fn loaded(folder: &Folder, variables: &[(&str, &str)]) -> Config {
    folder
        .load(variables)
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn postgres(config: &Config) -> &Postgres {
    match &config.database {
        Database::Postgres(postgres) => postgres,
        Database::Sqlite(path) => panic!("{}", path.display()),
    }
}

fn redis(config: &Config) -> &Redis {
    config.redis.as_ref().unwrap()
}

#[test]
fn each_bad_file_has_its_messages_and_none_shows_a_secret() {
    for (text, messages) in bad_stores::BAD {
        let errors = folder(text).load(&[]).unwrap_err();
        assert_eq!(errors, *messages, "{text}");
        let all = errors.join("\n");
        assert!(!all.contains("secret") && !all.contains("777"), "{all}");
    }
}

#[test]
fn bad_variables_name_themselves() {
    for (name, value, start) in [
        (
            "LANYARD__DATABASE__URL",
            "postgres://db/a",
            "It names no user.",
        ),
        (
            "LANYARD__REDIS__URL",
            "unix:/run/redis",
            "Sockets of the file system",
        ),
        (
            "LANYARD__REDIS__TIMEOUT",
            "10ms",
            "\"10ms\" is out of bounds. Write from 20ms to 5s.",
        ),
        (
            "LANYARD__REDIS__URI",
            "redis://a",
            "There is no such variable. Did you mean LANYARD__REDIS__URL?",
        ),
    ] {
        let mut variables = vec![(name, value)];
        if name.ends_with("TIMEOUT") {
            variables.push(("LANYARD__REDIS__URL", "redis://localhost"));
        }
        let errors = folder("").load(&variables).unwrap_err().join("\n");
        let start = format!("environment: {name}: {start}");
        assert!(errors.starts_with(&start), "{errors}");
    }
}

#[test]
fn a_certificate_that_is_none() {
    let folder = folder("[redis]\nurl = \"rediss://cache\"");
    folder.write("ca.pem", "secret");
    let path = folder.path("ca.pem").display().to_string();
    let errors = folder.load(&[("LANYARD__REDIS__CA_FILE", &path)]);
    let errors = errors.unwrap_err().join("\n");
    let start = "environment: LANYARD__REDIS__CA_FILE: ca.pem holds no certificate as PEM.";
    assert!(errors.starts_with(start), "{errors}");
    assert!(!errors.contains("secret"), "{errors}");
}

#[test]
fn servers_need_a_key_of_their_own() {
    for text in [
        "[database]\nurl = \"postgres://me@localhost/a\"",
        "[redis]\nurl = \"redis://localhost\"",
    ] {
        let errors = Folder::with(text).load(&[]).unwrap_err().join("\n");
        assert!(
            errors.starts_with("configuration: secrets.master_key_file: There is no master key"),
            "{errors}"
        );
    }
}

#[test]
fn defaults() {
    let folder = folder("");
    let variables = [
        ("LANYARD__DATABASE__URL", "postgres://me@localhost/lanyard"),
        ("LANYARD__REDIS__URL", "redis://localhost"),
    ];
    let config = loaded(&folder, &variables);
    let found = postgres(&config);
    assert_eq!(
        found.url.expose(),
        "postgres://me@localhost:5432/lanyard?sslmode=prefer"
    );
    assert_eq!(found.max_connections, 16);
    assert_eq!(found.statement_timeout, Duration::from_secs(2));
    let found = redis(&config);
    assert_eq!(found.servers, [("localhost".to_owned(), 6_379)]);
    assert!(matches!(found.topology, Topology::Single));
    assert_eq!((found.tls, found.database), (false, 0));
    assert!(found.ca_pem.is_none() && found.username.is_none() && found.password.is_none());
    assert_eq!(found.key_prefix, "lanyard:");
    assert_eq!(found.timeout, Duration::from_millis(250));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn all_of_it_and_no_secret_in_its_debug_text() {
    let folder = folder(
        "[database]\nurl = \"postgres://me@db/lanyard?sslmode=verify-full\"\n\
         max_connections = 40\nstatement_timeout = \"500ms\"\noutage_tolerance = \"1m\"\n\
         [redis]\nurl = \"rediss://app@s1,rediss://app@s2:7000\"\ntopology = \"sentinel\"\n\
         password = \"secret2\"\nsentinel_master = \"mymaster\"\nsentinel_username = \"watch\"\n\
         sentinel_password = \"secret3\"\nkey_prefix = \"sso.a_b-1:\"\ntimeout = \"1s\"",
    );
    folder.write("password", "secret1@%2F\n");
    folder.write("ca.pem", CERTIFICATE);
    let (password, ca) = (folder.path("password"), folder.path("ca.pem"));
    let variables = [
        (
            "LANYARD__DATABASE__PASSWORD_FILE",
            password.to_str().unwrap(),
        ),
        ("LANYARD__REDIS__CA_FILE", ca.to_str().unwrap()),
    ];
    let config = loaded(&folder, &variables);
    assert_eq!(
        postgres(&config).url.expose(),
        "postgres://me:secret1%40%252F@db:5432/lanyard?sslmode=verify-full"
    );
    assert_eq!(postgres(&config).max_connections, 40);
    assert_eq!(
        postgres(&config).statement_timeout,
        Duration::from_millis(500)
    );
    assert_eq!(config.database_outage_tolerance, Duration::from_mins(1));
    let found = redis(&config);
    assert_eq!(
        found.servers,
        [("s1".to_owned(), 26_379), ("s2".to_owned(), 7_000)]
    );
    assert_eq!(found.ca_pem.as_deref(), Some(CERTIFICATE.as_bytes()));
    assert_eq!(found.username.as_deref(), Some("app"));
    assert_eq!(found.password.as_ref().unwrap().expose(), "secret2");
    assert_eq!(
        (&*found.key_prefix, found.timeout),
        ("sso.a_b-1:", Duration::from_secs(1))
    );
    let Topology::Sentinel {
        master,
        username,
        password,
    } = &found.topology
    else {
        panic!("{:?}", found.topology);
    };
    assert_eq!(
        (&**master, username.as_deref()),
        ("mymaster", Some("watch"))
    );
    assert_eq!(password.as_ref().unwrap().expose(), "secret3");
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let shown = format!("{config:?} {} {found}", config.database);
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn a_password_in_the_address_does_not_show_either() {
    let folder = folder(
        "[database]\nurl = \"postgres://me:secret@localhost/a\"\n\
         [redis]\nurl = \"redis://:secret@localhost\"",
    );
    let config = loaded(&folder, &[]);
    assert_eq!(redis(&config).password.as_ref().unwrap().expose(), "secret");
    assert!(postgres(&config).url.expose().contains("me:secret@"));
    let shown = format!("{config:?} {} {}", config.database, redis(&config));
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn what_they_are_called() {
    for (text, shown) in [
        (
            "url = \"redis://cache/2\"",
            "Redis at cache:6379, database 2, no TLS",
        ),
        (
            "url = \"rediss://s1,rediss://s2\"\ntopology = \"sentinel\"\nsentinel_master = \"m\"",
            "Redis master m by the sentinels at s1:26379 s2:26379, database 0, TLS",
        ),
        (
            "url = \"redis://[::1]:1,redis://b\"\ntopology = \"cluster\"",
            "Redis cluster at [::1]:1 b:6379, database 0, no TLS",
        ),
    ] {
        let config = loaded(&folder(&format!("[redis]\n{text}")), &[]);
        assert_eq!(redis(&config).to_string(), shown);
    }
}

#[test]
fn warnings() {
    let postgres = "LANYARD__DATABASE__URL";
    let redis = "LANYARD__REDIS__URL";
    for (name, url, start) in [
        (
            postgres,
            "postgres://me@db/a",
            "database.url: sslmode is absent for the connection to db: it may go",
        ),
        (
            postgres,
            "postgres://me@db/a?sslmode=prefer",
            "database.url: sslmode is \"prefer\" for the connection to db: it may go",
        ),
        (
            postgres,
            "postgres://me@db/a?sslmode=require",
            "database.url: sslmode is \"require\" for the connection to db: it is encrypted, but",
        ),
        (
            postgres,
            "postgres://me@db/a?sslmode=verify-ca",
            "database.url: sslmode is \"verify-ca\" for the connection to db: any server",
        ),
        (
            redis,
            "rediss://cache",
            "redis.url is given, and the record is an SQLite file.",
        ),
    ] {
        let warnings = loaded(&folder(""), &[(name, url)]).warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with(start), "{warnings:?}");
    }
    let variables = [
        (postgres, "postgres://me@%2Frun%2Fpostgresql/a"),
        (redis, "redis://localhost,redis://cache"),
        ("LANYARD__REDIS__TOPOLOGY", "cluster"),
    ];
    let warnings = loaded(&folder(""), &variables).warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let start = "redis.url: the connection to cache is not encrypted";
    assert!(warnings[0].starts_with(start), "{warnings:?}");
}

#[cfg(unix)]
#[test]
fn a_password_that_others_may_change_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder("[database]\nurl = \"postgres://me@localhost/a\"");
    folder.write("password", "x");
    let path = folder.path("password");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let variable = ("LANYARD__DATABASE__PASSWORD_FILE", path.to_str().unwrap());
    let warnings = loaded(&folder, &[variable]).warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("change the password of the database (mode 666)"),
        "{warnings:?}"
    );
}
