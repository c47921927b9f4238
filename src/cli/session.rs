//! `lanyard session list` and `lanyard session end`. A running server follows within half a
//! second; without one, apps are told when it starts.

use std::path::PathBuf;

use serde_json::json;

use super::args::{EndSession, ListSessions, SessionCommand};
use super::beside::{apps, person};
use super::confirm::confirmed;
use super::outcome::{Failure, Outcome, say};
use super::record;
use super::table::{plain, table};
use crate::clock::{Clock, Timestamp};
use crate::entropy::ClientId;
use crate::pages::{device, time};
use crate::session::ending::{Actor, Reason, Selection, Verb};
use crate::store::record::{Record, SessionFilter, SessionRow};

pub(super) async fn run(file: Option<PathBuf>, command: SessionCommand) -> Outcome {
    let record = record(file).await?;
    let outcome = match command {
        SessionCommand::List(options) => list(&record, options).await,
        SessionCommand::End(options) => end(&record, options).await,
    };
    record.close().await;
    outcome
}

async fn list(record: &Record, options: ListSessions) -> Outcome {
    let user = match &options.user {
        Some(username) => Some(person(record, "--user", username).await?.id),
        None => None,
    };
    let now = Clock::System.now();
    let filter = SessionFilter {
        user,
        client: options.client.map(ClientId::new),
        include_ended: options.all,
        limit: i64::from(options.limit),
        now,
    };
    let rows = record.list_sessions(&filter).await?;
    if options.json {
        let all: Vec<_> = rows.iter().map(as_json).collect();
        return say(&format!("{}\n", serde_json::to_string_pretty(&all)?));
    }
    if rows.is_empty() {
        println!("No session matches. Add --all to see ended ones too.");
        return Ok(());
    }
    let lines: Vec<Vec<String>> = rows.iter().map(|row| line(row, now)).collect();
    let head = [
        "REFERENCE",
        "PERSON",
        "DEVICE",
        "ADDRESS",
        "APPS",
        "SIGNED IN",
        "STATE",
    ];
    say(&table(&head, &lines))
}

fn line(row: &SessionRow, now: Timestamp) -> Vec<String> {
    let apps: Vec<String> = row
        .participants
        .iter()
        .map(|part| plain(&part.client_name))
        .collect();
    let state = match (row.ended, row.reason) {
        (Some(at), Some(reason)) => {
            format!("ended {} ({})", time::ago(now, at), reason.as_str())
        }
        (Some(at), None) => format!("ended {}", time::ago(now, at)),
        (None, _) => format!("active {}", time::ago(now, row.session.last_seen)),
    };
    vec![
        row.reference.clone(),
        plain(&row.username),
        device::describe(&row.session.user_agent),
        row.session.address.clone(),
        apps.join(", "),
        time::stamp(row.session.began).text,
        state,
    ]
}

fn as_json(row: &SessionRow) -> serde_json::Value {
    json!({
        "reference": row.reference,
        "username": row.username,
        "sub": row.session.user,
        "began": row.session.began.as_millis(),
        "last_seen": row.session.last_seen.as_millis(),
        "expires": row.session.expires.as_millis(),
        "address": row.session.address,
        "user_agent": row.session.user_agent,
        "ended": row.ended.map(Timestamp::as_millis),
        "reason": row.reason.map(Reason::as_str),
        "apps": row.participants.iter().map(|part| json!({
            "client_id": part.participant.client,
            "client_name": part.client_name,
            "sid": part.participant.sid,
            "joined": part.participant.joined.as_millis(),
        })).collect::<Vec<_>>(),
    })
}

async fn end(record: &Record, options: EndSession) -> Outcome {
    let selection = match (&options.reference, &options.user) {
        (Some(reference), _) => {
            let id = record.session_by_reference(reference).await?;
            Selection::Session(id.ok_or_else(|| {
                Failure::new(format!(
                    "no session has the reference {}; `lanyard session list` shows them",
                    plain(reference)
                ))
            })?)
        }
        (None, Some(username)) => Selection::Person {
            user: person(record, "--user", username).await?.id,
            except: None,
        },
        (None, None) => return Err(Failure::new("say which session, or --user")),
    };
    let question = question(&options);
    if !confirmed(options.yes, &question)? {
        println!("Nothing was ended.");
        return Ok(());
    }
    let verb = if options.revoke {
        Verb::Revoke
    } else {
        Verb::Logout
    };
    let now = Clock::System.now();
    let ended = record
        .end(&selection, Reason::Admin, verb, &Actor::CommandLine, now)
        .await?;
    let live = ended.position.is_some();
    match (live, ended.fresh) {
        (false, _) => println!("There was nothing live to end."),
        // An `offline_access` grant outlived its session until now.
        (true, 0) => println!("Ended what was left of a session."),
        (true, 1) => println!("Ended 1 session; {} to be told.", apps(ended.notices)),
        (true, count) => println!(
            "Ended {count} sessions; {} to be told.",
            apps(ended.notices)
        ),
    }
    Ok(())
}

fn question(options: &EndSession) -> String {
    let what = match (&options.reference, &options.user) {
        (Some(reference), _) => format!("session {}", plain(reference)),
        (None, user) => format!(
            "all sessions of {}",
            plain(user.as_deref().unwrap_or_default())
        ),
    };
    format!("End {what} in every app?")
}
