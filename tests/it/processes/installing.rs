//! What the files for an installation say is true, as far as a program can tell without Docker.

use std::path::{Path, PathBuf};

use clap::Parser as _;
use lanyard::cli::args::Cli;

use crate::support::Installation;
use crate::support::installation::finish;
use crate::support::parts::Certificates;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The blocks of a page in one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    let parts = page.split(&start).skip(1);
    parts
        .map(|part| part.split("```").next().unwrap().to_owned())
        .collect()
}

/// Secrets where a configuration looks for them, moved into the folder of a house.
fn with_secrets(house: &Installation, text: &str, folder: &str) -> String {
    std::fs::create_dir_all(house.path("secrets")).unwrap();
    house.write("secrets/master_key", &format!("{}\n", "00ff".repeat(16)));
    house.write("secrets/database_password", "squeamish\n");
    house.write("secrets/redis_password", "ossifrage\n");
    let here = house.path("secrets").display().to_string();
    text.replace(folder, &here)
}

#[test]
fn lanyard_takes_the_settings_of_the_compose_file() {
    let house = Installation::new();
    let compose = with_secrets(&house, &text("docker-compose.yml"), "/run/secrets");
    let mut check = house.command(&["check", "--config", "empty.toml"]);
    house.write("empty.toml", "");
    let mut count = 0;
    for line in compose.lines() {
        let Some((name, value)) = line.trim().split_once(": ") else {
            continue;
        };
        if name.starts_with("LANYARD__") {
            let value = value.replace("${ISSUER:-", "").replace('}', "");
            check.env(name, value);
            count += 1;
        }
    }
    assert!(count >= 8, "{count}");
    check.env("LANYARD__SERVER__LISTEN", listen_of_the_image());
    let answer = finish(check, "").succeeded();
    assert!(
        answer.contains("issuer    https://localhost:8443"),
        "{answer}"
    );
    assert!(answer.contains("PostgreSQL at postgres:5432"), "{answer}");
    assert!(answer.contains("Redis at redis:6379"), "{answer}");
}

fn listen_of_the_image() -> String {
    let image = text("Dockerfile");
    let (_, rest) = image.split_once("LANYARD__SERVER__LISTEN=").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn each_secret_of_the_compose_file_is_made_on_the_page() {
    let compose = text("docker-compose.yml");
    let page = text("docs/installation.md");
    let files: Vec<_> = compose
        .lines()
        .filter_map(|line| line.trim().strip_prefix("file: ./"))
        .collect();
    assert_eq!(files.len(), 5, "{files:?}");
    for file in files {
        assert!(page.contains(file), "{file}");
        let name = file.rsplit('/').next().unwrap();
        assert!(compose.contains(&format!("- {name}\n")), "{name} is used");
    }
    for line in ["/secrets", "/.env"] {
        assert!(text(".gitignore").lines().any(|known| known == line));
    }
}

#[test]
fn the_image_is_made_of_what_is_there() {
    let (image, ignore) = (text("Dockerfile"), text(".dockerignore"));
    let sources: Vec<PathBuf> = image
        .lines()
        .filter(|line| line.starts_with("COPY ") && !line.contains("--from"))
        .flat_map(|line| line.split(' ').skip(1).collect::<Vec<_>>())
        .filter(|word| !word.starts_with('/') && *word != ".")
        .map(|word| root().join(word))
        .collect();
    assert!(sources.iter().all(|path| path.exists()), "{sources:?}");
    for line in ignore.lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(root().join(line).exists(), "{line}");
    }
    let manifest = text("Cargo.toml");
    let (_, rest) = manifest.split_once("rust-version = \"1.").unwrap();
    let least: u32 = rest.split('"').next().unwrap().parse().unwrap();
    let (_, rest) = image.split_once("FROM rust:1.").unwrap();
    let used: u32 = rest.split('-').next().unwrap().parse().unwrap();
    assert!(used >= least, "rust:1.{used} is older than 1.{least}");
    assert!(image.contains(r#"CMD ["lanyard", "health"]"#));
    assert!(image.contains("USER 10001"), "it does not run as root");
}

#[test]
fn the_settings_on_the_page_are_good() {
    let page = text("docs/installation.md");
    let settings = blocks(&page, "toml");
    assert_eq!(settings.len(), 2);
    for settings in settings {
        let house = Installation::new();
        let made = Certificates::make(house.path("").as_path());
        std::fs::copy(&made.certificate, house.path("tls.pem")).unwrap();
        std::fs::copy(&made.key, house.path("tls.key")).unwrap();
        std::fs::copy(&made.authority, house.path("ca.pem")).unwrap();
        let settings = with_secrets(&house, &settings, "/etc/lanyard/secrets");
        let here = house.path("").display().to_string();
        house.write("lanyard.toml", &settings.replace("/etc/lanyard/", &here));
        house.run(&["check"]).succeeded();
    }
}

#[test]
fn the_commands_on_the_page_are_known() {
    let page = text("docs/installation.md");
    let lines = blocks(&page, "sh").join("\n").replace("\\\n", " ");
    let mut count = 0;
    for line in lines.lines() {
        let line = line.split(" #").next().unwrap();
        let typed = ["docker compose exec lanyard-1 ", "runuser -u lanyard -- "]
            .iter()
            .find_map(|prefix| line.strip_prefix(prefix))
            .unwrap_or(line);
        if typed.starts_with("lanyard ") {
            let words: Vec<&str> = typed.split_whitespace().collect();
            Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{line}: {error}"));
            count += 1;
        }
    }
    assert!(count >= 3, "{count}");
}
