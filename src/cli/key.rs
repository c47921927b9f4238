//! `lanyard key list` and `lanyard key rotate`. A running server follows within half a second.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{KeyCommand, ListKeys, RotateKeys};
use super::load;
use super::outcome::{Failure, Outcome, say};
use super::table::{plain, table};
use crate::app;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::entropy::Entropy;
use crate::pages::time;
use crate::protocol::client::SigningAlg;
use crate::protocol::jose::{KeySet, KeyState};
use crate::protocol::key_rotation::{self, Schedule};
use crate::provider::{KeyKeeper, Rotated};
use crate::session::ending::Actor;
use crate::store::record::{Record, StoredKey};

pub(super) async fn run(file: Option<PathBuf>, command: KeyCommand) -> Outcome {
    let config = load(file)?;
    let record = app::open_record(&config, Clock::System, Entropy::System).await?;
    let outcome = match command {
        KeyCommand::List(options) => list(&config, &record, options).await,
        KeyCommand::Rotate(options) => rotate(&config, &record, options).await,
    };
    record.close().await;
    outcome
}

async fn list(config: &Config, record: &Record, options: ListKeys) -> Outcome {
    let schedule = app::key_schedule(config);
    let mut keys = record.keys().await?;
    keys.sort_by_key(|key| (key.alg.clone(), key.life.state(), key.life.published));
    if options.json {
        let all: Vec<Value> = keys.iter().map(|key| as_json(key, &schedule)).collect();
        return say(&format!("{}\n", serde_json::to_string_pretty(&all)?));
    }
    if keys.is_empty() {
        println!("There are no signing keys yet. `lanyard serve` makes them when it first starts.");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = keys.iter().map(|key| line(key, &schedule)).collect();
    let head = [
        "KEY ID",
        "ALG",
        "STATE",
        "PUBLISHED",
        "SIGNS SINCE",
        "AND THEN",
    ];
    say(&table(&head, &rows))
}

fn line(key: &StoredKey, schedule: &Schedule) -> Vec<String> {
    let stamp = |at: Timestamp| time::stamp(at).text;
    let since = key.life.promoted.map(stamp);
    vec![
        plain(&key.kid),
        plain(&key.alg),
        key.life.state().as_str().to_owned(),
        stamp(key.life.published),
        since.unwrap_or_else(|| "-".to_owned()),
        then(key, schedule),
    ]
}

/// What becomes of a key, and when.
fn then(key: &StoredKey, schedule: &Schedule) -> String {
    let from = |words: &str, at: Option<Timestamp>| {
        at.map_or_else(String::new, |at| {
            format!("{words} {}", time::stamp(at).text)
        })
    };
    let life = &key.life;
    match life.state() {
        KeyState::Current => from("replaced after", schedule.replaced_at(life)),
        KeyState::Next => from("may sign after", Some(schedule.ripe_at(life))),
        KeyState::Previous => from("published until", key_rotation::retired_at(life)),
        KeyState::Retired => from("reads hints until", schedule.removed_at(life)),
        KeyState::Dropped => from(
            "believed no more; forgotten after",
            schedule.removed_at(life),
        ),
    }
}

fn as_json(key: &StoredKey, schedule: &Schedule) -> Value {
    let life = &key.life;
    let state = life.state();
    let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
    let replaced = schedule.replaced_at(life);
    json!({
        "kid": key.kid,
        "alg": key.alg,
        "state": state.as_str(),
        "published": life.published.as_millis(),
        "promoted": millis(life.promoted),
        "superseded": millis(life.superseded),
        "retired": millis(life.retired),
        "dropped": millis(life.dropped),
        "ripe": millis((state == KeyState::Next).then(|| schedule.ripe_at(life))),
        "replaced": millis(replaced.filter(|_| state == KeyState::Current)),
        "removed": millis(schedule.removed_at(life)),
    })
}

async fn rotate(config: &Config, record: &Record, options: RotateKeys) -> Outcome {
    let keeper = app::key_keeper(config, record, Entropy::System).await?;
    let keys = keeper.load().await.map_err(Failure::new)?;
    let algs = match options.alg.alg() {
        Some(alg) if !config.keys.algs.contains(&alg) => {
            let alg = alg.as_str();
            return Err(Failure::new(format!(
                "--alg: nothing is signed by {alg} here; add {alg} to keys.extra_algorithms"
            )));
        }
        Some(alg) => vec![alg],
        None => config.keys.algs.clone(),
    };
    let now = Clock::System.now();
    let question = question(&keys, keeper.schedule(), &algs, options.now, now);
    if let Some(question) = question.filter(|_| !options.yes)
        && !confirmed(&question)?
    {
        println!("Nothing was changed.");
        return Ok(());
    }
    for alg in algs {
        let rotated = rotate_one(&keeper, alg, options.now).await?;
        report(&rotated, options.now);
    }
    Ok(())
}

/// Somebody else may change the keys at the same time.
async fn rotate_one(keeper: &KeyKeeper, alg: SigningAlg, drop: bool) -> Result<Rotated, Failure> {
    let now = Clock::System.now();
    let rotated = keeper.rotate(alg, drop, &Actor::CommandLine, now).await;
    rotated.map_err(Failure::new)?.ok_or_else(|| {
        Failure::new(format!(
            "another process changed the {} key at the same time; see `lanyard key list`, and try \
             again if it is still needed",
            alg.as_str()
        ))
    })
}

fn report(rotated: &Rotated, dropped: bool) {
    let alg = rotated.alg.as_str();
    println!("{alg}: {} signs from now on.", rotated.current);
    match &rotated.superseded {
        Some(old) if dropped => println!("{alg}: nothing that {old} signed is believed any more."),
        Some(old) => println!("{alg}: what {old} signed is valid until it runs out."),
        None => {}
    }
}

/// What somebody should know before; nothing if the change is like any other.
fn question(
    keys: &KeySet,
    schedule: &Schedule,
    algs: &[SigningAlg],
    drop: bool,
    now: Timestamp,
) -> Option<String> {
    let mut lines = Vec::new();
    let unknown: Vec<&str> = algs
        .iter()
        .filter(|alg| !is_ripe(keys, schedule, **alg, now))
        .map(|alg| alg.as_str())
        .collect();
    if !unknown.is_empty() {
        lines.push(format!(
            "The next key ({}) has been published for less than keys.publish_ahead: apps that keep \
             the key set for long refuse what it signs until they read the set again.",
            unknown.join(", ")
        ));
    }
    if drop {
        let words: Vec<&str> = algs.iter().map(|alg| alg.as_str()).collect();
        lines.push(format!(
            "Every token that the old key ({}) signed is refused at once: apps must refresh their \
             access tokens, and a sign-out with an older ID token asks the person first. Apps that \
             keep the key set believe the old key until they read the set again.",
            words.join(", ")
        ));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn is_ripe(keys: &KeySet, schedule: &Schedule, alg: SigningAlg, now: Timestamp) -> bool {
    keys.of(alg)
        .find(|held| held.life().state() == KeyState::Next)
        .is_some_and(|held| schedule.ripe_at(held.life()) <= now)
}

fn confirmed(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(format!(
            "{} There is no terminal to ask on; add --yes",
            question.replace('\n', " ")
        )));
    }
    print!("{question}\nGo on? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}
