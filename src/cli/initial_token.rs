//! `lanyard registration`: with these apps register themselves (RFC 7591, 1.2).

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{CreateInitialToken, InitialTokenCommand, ListInitialTokens};
use super::beside::ACTOR;
use super::outcome::{Failure, Outcome, say};
use super::record;
use super::table::{plain, table};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::entropy::{Entropy, SecretHash};
use crate::pages::time;
use crate::provider::new_client_secret;
use crate::store::record::{InitialToken, Record};

const LONGEST: Duration = Duration::from_hours(365 * 24);
/// Characters of a note.
const NOTE: usize = 200;

pub(super) async fn run(file: Option<PathBuf>, command: InitialTokenCommand) -> Outcome {
    let record = record(file).await?;
    let outcome = match command {
        InitialTokenCommand::CreateToken(options) => create(&record, options).await,
        InitialTokenCommand::ListTokens(options) => list(&record, options).await,
        InitialTokenCommand::RevokeToken(options) => revoke(&record, &options.id).await,
    };
    record.close().await;
    outcome
}

async fn create(record: &Record, options: CreateInitialToken) -> Outcome {
    let life = config::duration(&options.life)
        .filter(|life| !life.is_zero() && *life <= LONGEST)
        .ok_or_else(|| {
            Failure::new("--for: write a number and a unit, such as 24h, at most 365d")
        })?;
    let note = options.note.trim();
    if note.chars().count() > NOTE || note.chars().any(char::is_control) {
        return Err(Failure::new(
            "--note: write one line of at most 200 characters",
        ));
    }
    let token = new_client_secret(&Entropy::System);
    let made = record
        .make_initial_token(
            SecretHash::of_text(&token),
            (note, options.uses.into(), life),
            &ACTOR,
        )
        .await?;
    if options.json {
        let mut answer = as_json(&made);
        if let Some(members) = answer.as_object_mut() {
            members.insert("initial_access_token".to_owned(), json!(token));
        }
        return say(&format!("{}\n", serde_json::to_string_pretty(&answer)?));
    }
    say(&format!(
        "{token}\n\nToken {}, for {} until {}. It is shown this once.\n",
        made.id,
        apps(made.uses_left),
        time::stamp(made.expires).text
    ))
}

async fn list(record: &Record, options: ListInitialTokens) -> Outcome {
    let tokens = record.initial_tokens().await?;
    if options.json {
        let all: Vec<Value> = tokens.iter().map(as_json).collect();
        return say(&format!("{}\n", serde_json::to_string_pretty(&all)?));
    }
    if tokens.is_empty() {
        println!("There are no initial access tokens.");
        return Ok(());
    }
    let now = Clock::System.now();
    let rows: Vec<_> = tokens.iter().map(|token| line(token, now)).collect();
    say(&table(&["ID", "STATE", "MADE", "NOTE"], &rows))
}

async fn revoke(record: &Record, id: &str) -> Outcome {
    if !record.revoke_initial_token(id, &ACTOR).await? {
        return Err(Failure::new(format!(
            "no token has the id {}; `lanyard registration list-tokens` shows them",
            plain(id)
        )));
    }
    println!("The token is void. What was registered with it stays.");
    Ok(())
}

fn line(token: &InitialToken, now: Timestamp) -> Vec<String> {
    let state = if token.expires <= now {
        "ran out".to_owned()
    } else if token.uses_left == 0 {
        "used up".to_owned()
    } else {
        let until = time::stamp(token.expires).text;
        format!("for {} until {until}", apps(token.uses_left))
    };
    vec![
        token.id.clone(),
        state,
        time::stamp(token.made).text,
        plain(&token.note),
    ]
}

fn as_json(token: &InitialToken) -> Value {
    json!({
        "id": token.id,
        "note": token.note,
        "made": token.made.as_millis(),
        "expires": token.expires.as_millis(),
        "uses_left": token.uses_left,
    })
}

fn apps(count: i64) -> String {
    match count {
        1 => "1 app".to_owned(),
        count => format!("{count} apps"),
    }
}
