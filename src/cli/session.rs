//! `lanyard session list` and `lanyard session end`. A running server follows within half a
//! second; without one, apps are told when it starts.

use std::path::PathBuf;

use serde_json::json;

use super::args::{EndSession, ListSessions, SessionCommand};
use super::beside::{apps, person, sessions};
use super::confirm::confirmed;
use super::outcome::{Failure, Outcome, say};
use super::record;
use super::table::{plain, table};
use crate::clock::{Clock, Timestamp};
use crate::entropy::ClientId;
use crate::pages::{device, time};
use crate::session::ending::{Actor, Reason, Selection, Verb};
use crate::session::question::SessionQuestion;
use crate::store::record::{MassScope, Record, SessionFilter, SessionRow, reference};

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
    let selection = selection(record, &options).await?;
    let now = Clock::System.now();
    if options.how.dry_run {
        return dry_run(record, &selection, now).await;
    }
    if !confirmed(options.how.yes, &question(&options))? {
        println!("Nothing was ended.");
        return Ok(());
    }
    let verb = if options.how.revoke {
        Verb::Revoke
    } else {
        Verb::Logout
    };
    let ended = record
        .end(&selection, Reason::Admin, verb, &Actor::CommandLine, now)
        .await?;
    if let Some(id) = &ended.mass {
        return work_off(record, id).await;
    }
    let live = ended.position.is_some();
    let parts = matches!(selection, Selection::Client(_)).then_some(ended.sessions.len());
    match (live, parts.unwrap_or(ended.fresh)) {
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

async fn selection(record: &Record, options: &EndSession) -> Result<Selection, Failure> {
    if let Some(reference) = &options.reference {
        let id = record.session_by_reference(reference).await?;
        return Ok(Selection::Session(id.ok_or_else(|| {
            Failure::new(format!(
                "no session has the reference {}; `lanyard session list` shows them",
                plain(reference)
            ))
        })?));
    }
    if let Some(username) = &options.user {
        return Ok(Selection::Person {
            user: person(record, "--user", username).await?.id,
            except: None,
        });
    }
    if let Some(id) = &options.client {
        let client = ClientId::new(id);
        if record.client(&client).await?.is_none() {
            return Err(Failure::new(format!(
                "--client: no client is called {}; `lanyard client list` shows all",
                plain(id)
            )));
        }
        return Ok(Selection::Client(client));
    }
    Ok(Selection::Everything { except: None })
}

/// Counts, and ends nothing.
async fn dry_run(record: &Record, selection: &Selection, now: Timestamp) -> Outcome {
    let live = SessionQuestion::live(now);
    let scope = match selection {
        Selection::Client(client) => MassScope::Client(client.clone()),
        Selection::Everything { .. } => MassScope::Everything,
        Selection::Person { user, .. } => MassScope::Person(user.clone()),
        Selection::Session(id) => MassScope::Question(Box::new(SessionQuestion {
            q: reference(*id),
            ..live
        })),
        _ => return Err(Failure::new("say which sessions")),
    };
    let counts = record.plan_mass_end(&scope, None, now).await?;
    println!(
        "Would end {} of {}; {} to be sent, {} can't be.",
        sessions(usize::try_from(counts.sessions).unwrap_or_default()),
        match counts.people {
            1 => "1 person".to_owned(),
            count => format!("{count} people"),
        },
        match counts.notices {
            1 => "1 notice is".to_owned(),
            count => format!("{count} notices are"),
        },
        counts.untold
    );
    Ok(())
}

/// All of it is refused already; a running server would do the rest too.
async fn work_off(record: &Record, id: &str) -> Outcome {
    while record.mass_batch(id).await?.more {}
    let done = record.mass_progress(id).await?;
    let (ended, notices) = done.map_or((0, 0), |done| (done.end.ended, done.end.notices));
    println!(
        "Ended {}; {} to be told.",
        sessions(usize::try_from(ended).unwrap_or_default()),
        apps(u64::try_from(notices).unwrap_or_default())
    );
    Ok(())
}

fn question(options: &EndSession) -> String {
    let named = |text: &Option<String>| text.as_deref().map(plain);
    if let Some(reference) = named(&options.reference) {
        format!("End session {reference} in every app?")
    } else if let Some(user) = named(&options.user) {
        format!("End all sessions of {user} in every app?")
    } else if let Some(client) = named(&options.client) {
        format!("Sign everybody out of {client}?")
    } else {
        "End every session of everybody, in every app?".to_owned()
    }
}
