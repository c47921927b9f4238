mod bad_files;
mod bad_stores;
mod metrics;
mod stores;

use std::fs;
use std::time::Duration;

use super::*;
use crate::config::{Config, KeySource};
use crate::entropy::Entropy;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHvs=";

/// A folder with a `lanyard.toml` in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(text: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("lanyard.toml", text);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let mut environment: Vec<(String, String)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let data = (
            "LANYARD__DATA".to_owned(),
            self.path("data").display().to_string(),
        );
        if !variables.iter().any(|(name, _)| *name == data.0) {
            environment.push(data);
        }
        let file = Some(self.path("lanyard.toml"));
        load(Source { file, environment }).map_err(|errors| {
            let folder = format!("{}/", self.0.path().display());
            let shown = errors
                .iter()
                .map(|error| error.to_string().replace(&folder, ""));
            shown.collect()
        })
    }
}

#[test]
fn each_bad_file_has_its_message() {
    for (text, message) in bad_files::BAD {
        assert_eq!(
            Folder::with(text).load(&[]).unwrap_err(),
            [*message],
            "{text}"
        );
    }
}

#[test]
fn bad_variables_name_themselves() {
    for (name, value, message) in [
        (
            "LANYARD__SESSION__IDLE_TIMEOUT",
            "soon",
            "\"soon\" is not a duration. Write a number and a unit: 45s, 30m, 2h, 14d.",
        ),
        (
            "LANYARD__PASSWORD__QUEUE",
            "many",
            "\"many\" is not a whole number. Write one from 0 to 10000, without quotes.",
        ),
        (
            "LANYARD__SECRETS__MASTER_KEY",
            "not!a!key",
            "The master key is not base64 or hex. Write 32 bytes as base64 or hex. \
             Make one with: openssl rand -base64 32",
        ),
    ] {
        let errors = Folder::with("").load(&[(name, value)]).unwrap_err();
        assert_eq!(errors, [format!("environment: {name}: {message}")]);
    }
}

#[test]
fn all_problems_come_at_once_in_the_order_of_the_file() {
    let text = "isuer = \"x\"\n[session]\nlifetime = \"long\"\nidle_timeout = \"short\"\n\
                [log]\nlevel = \"loud\"\nformat = \"xml\"\n";
    let errors = Folder::with(text)
        .load(&[
            ("LANYARD__NONSENSE", "1"),
            ("LANYARD__ISSUER", "http://a.example"),
        ])
        .unwrap_err();
    let starts: Vec<&str> = errors
        .iter()
        .map(|error| error.rsplit_once(": ").map_or("", |(start, _)| start))
        .map(|start| start.split(": ").next().unwrap_or(start))
        .collect();
    assert_eq!(
        starts,
        [
            "lanyard.toml:1",
            "lanyard.toml:3",
            "lanyard.toml:4",
            "lanyard.toml:6",
            "lanyard.toml:7",
            "environment",
            "environment",
        ],
        "{errors:#?}"
    );
}

#[test]
fn nothing_at_all_works() {
    let config = load(Source::default()).unwrap();
    assert_eq!(config.issuer.as_str(), "http://localhost:8080");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data, Path::new("./data"));
    assert!(matches!(config.database, Database::Sqlite(_)));
    assert_eq!(config.database.to_string(), "./data/lanyard.db");
    assert_eq!(config.database_outage_tolerance, Duration::from_secs(30));
    assert!(config.redis.is_none());
    let hours = Duration::from_hours;
    assert_eq!(config.keys.rotate_every, hours(90 * 24));
    assert_eq!(config.keys.publish_ahead, hours(7 * 24));
    assert_eq!(config.session.limits.idle_timeout, hours(2));
    assert_eq!(config.session.limits.lifetime, hours(12));
    assert_eq!(config.session.remembered.idle_timeout, hours(14 * 24));
    assert_eq!(config.session.remembered.lifetime, hours(30 * 24));
    assert_eq!(config.session.cookie_same_site, CookieSameSite::Lax);
    assert!(!config.session.check_iframe);
    assert_eq!(config.grants.offline_idle_timeout, hours(30 * 24));
    assert_eq!(config.grants.offline_lifetime, hours(90 * 24));
    let password = config.password;
    assert_eq!((password.memory_kib, password.iterations), (19_456, 2));
    assert_eq!((password.parallelism, password.queue), (1, 64));
    assert!(password.concurrency >= 1);
    assert_eq!(config.log.format, LogFormat::Human);
    assert_eq!(config.log.filter, "info");
    assert_eq!(config.delivery.timeout, Duration::from_secs(5));
    assert_eq!(config.delivery.give_up_after, hours(24));
    assert_eq!(config.hot.memory_bytes, 128 << 20);
}

#[test]
fn an_issuer_that_is_not_given_has_the_port_that_we_listen_on() {
    let listen = "LANYARD__SERVER__LISTEN";
    let other = ("LANYARD__ISSUER", "http://localhost:8080");
    for (variables, issuer) in [
        (&[(listen, "127.0.0.1:9000")][..], "http://localhost:9000"),
        (&[(listen, "[::1]:8080")], "http://localhost:8080"),
        (&[(listen, "127.0.0.1:80")], "http://localhost"),
        (&[(listen, "127.0.0.1:0")], "http://localhost:8080"),
        (
            &[(listen, "127.0.0.1:9000"), other],
            "http://localhost:8080",
        ),
    ] {
        let config = Folder::with("").load(variables).unwrap();
        assert_eq!(config.issuer.as_str(), issuer, "{variables:?}");
        assert_eq!(config.listen.to_string(), variables[0].1);
        assert!(config.warnings.is_empty());
    }
}

#[test]
fn variables_override_the_file_and_empty_ones_do_not() {
    let folder = Folder::with(
        "[session]\nidle_timeout = \"5m\"\nlifetime = \"1h\"\n[password]\nqueue = 0x10\n",
    );
    let config = folder
        .load(&[
            ("LANYARD__SESSION__IDLE_TIMEOUT", "30m"),
            ("LANYARD__SESSION__LIFETIME", ""),
            ("LANYARD__HOT__MEMORY_MIB", "64"),
            ("HOME", "/"),
        ])
        .unwrap();
    assert_eq!(config.session.limits.idle_timeout, Duration::from_mins(30));
    assert_eq!(config.session.limits.lifetime, Duration::from_hours(1));
    assert_eq!(config.password.queue, 16);
    assert_eq!(config.hot.memory_bytes, 64 << 20);
    assert!(config.warnings.is_empty());
}

#[test]
fn a_secret_file_is_read_and_a_debug_text_shows_no_secret() {
    let folder = Folder::with("[database]\nurl = \"sqlite:/srv/a.db\"\n");
    folder.write("key", &format!("{KEY}\n"));
    let file = folder.path("key").display().to_string();
    for (name, value) in [
        ("LANYARD__SECRETS__MASTER_KEY_FILE", file.as_str()),
        ("LANYARD__SECRETS__MASTER_KEY", KEY),
    ] {
        let config = folder.load(&[(name, value)]).unwrap();
        let key = config.master_key.obtain(&Entropy::System).unwrap();
        assert_eq!(key.as_bytes()[..3], [0, 1, 2]);
        assert_eq!(config.database.to_string(), "/srv/a.db");
        let shown = format!("{config:?}");
        assert!(shown.contains("master_key: Known(…)"), "{shown}");
        assert!(!shown.contains("AAEC"), "{shown}");
    }
}

#[test]
fn errors_show_no_secret_even_if_its_quotes_are_lost() {
    let digits = "7".repeat(63) + "1";
    for text in [
        format!("[secrets]\nmaster_key = {digits}"),
        "[secrets]\nmaster_key = squeamish/ossifrage7".to_owned(),
        "[secrets]\nmaster_key = \"squeamish/ossifrage7".to_owned(),
        "[secrets]\nmaster_key = \"squeamish/ossifrage7\"".to_owned(),
        "[secrets]\nmaster_key = [\"squeamish/ossifrage7\"]".to_owned(),
    ] {
        let errors = Folder::with(&text).load(&[]).unwrap_err().join("\n");
        assert!(errors.starts_with("lanyard.toml:2: "), "{errors}");
        assert!(
            !errors.contains("777") && !errors.contains("squeamish"),
            "{errors}"
        );
    }
}

#[test]
fn a_process_without_its_file() {
    let errors = from_process(Some(PathBuf::from("/nowhere/lanyard.toml"))).unwrap_err();
    assert!(
        errors[0]
            .to_string()
            .starts_with("/nowhere/lanyard.toml: There is no such file.")
    );
}

#[test]
fn the_key_in_the_data_folder_is_made_at_the_start_and_not_by_reading() {
    let folder = Folder::with("");
    let first = folder.load(&[]).unwrap();
    assert!(matches!(first.master_key, KeySource::ToBeMade(_)));
    assert!(!folder.path("data").exists(), "reading writes nothing");
    let key = first.master_key.obtain(&Entropy::System).unwrap();
    let second = folder.load(&[]).unwrap();
    assert!(matches!(second.master_key, KeySource::Known(_)));
    let again = second.master_key.obtain(&Entropy::System).unwrap();
    assert_eq!(key.as_bytes(), again.as_bytes());
    assert!(second.warnings.is_empty());

    folder.write("data/master.key", "torn");
    assert_eq!(
        folder.load(&[]).unwrap_err(),
        ["data/master.key: The master key has 3 bytes, not 32. \
          Put the right one back, from a backup."]
    );
}

#[test]
fn warnings() {
    for (text, start) in [
        (
            "[server]\nlisten = \"0.0.0.0:8080\"",
            "server.listen is 0.0.0.0:8080, which other machines reach, but issuer is http://local",
        ),
        (
            "[password]\nmemory_kib = 64",
            "password.memory_kib = 64 with password.iterations = 2 makes stolen hashes cheap",
        ),
        (
            "[metadata_documents]\nhosts = [\"app.example\"]",
            "metadata_documents.hosts lists hosts, but metadata_documents.open_to is nobody",
        ),
    ] {
        let warnings = Folder::with(text).load(&[]).unwrap().warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with(start), "{warnings:?}");
    }
}

#[test]
fn a_public_issuer_may_listen_everywhere() {
    let config = Folder::with("issuer = \"https://a.example\"\nserver.listen = \"[::]:80\"")
        .load(&[("LANYARD__SESSION__COOKIE_SAME_SITE", "none")])
        .unwrap();
    assert_eq!(config.session.cookie_same_site, CookieSameSite::None);
    assert!(config.warnings.is_empty());
}

#[test]
fn log_filters() {
    for (filter, right) in [
        ("info", true),
        ("INFO", true),
        ("off", true),
        ("info,lanyard=debug", true),
        ("warn,lanyard::provider=trace", true),
        ("warn, lanyard=trace", false),
        ("inof", false),
        ("lanyard", false),
        ("info,", false),
        ("lanyard=loud", false),
    ] {
        assert_eq!(is_filter(filter), right, "{filter}");
    }
}

#[test]
fn a_data_path_that_is_a_file() {
    let folder = Folder::with("");
    let data = folder.path("lanyard.toml").display().to_string();
    assert_eq!(
        folder.load(&[("LANYARD__DATA", &data)]).unwrap_err(),
        ["environment: LANYARD__DATA: \"lanyard.toml\" is not a folder. Write another path."]
    );
}
