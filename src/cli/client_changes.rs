//! `lanyard client disable`, `enable`, `delete` and `rotate-secret`, beside running servers.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::args::{ChangeClient, ClientCommand, EnableClient, RotateSecret};
use super::beside::{self, ACTOR, EndedHere};
use super::client_sealer::sealer_for;
use super::client_settings::print_settings;
use super::confirm::confirmed;
use super::outcome::{Failure, Outcome, say};
use super::table::plain;
use super::{load, record};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::entropy::{ClientId, Entropy};
use crate::pages::time;
use crate::protocol::client::{Client, RegisteredBy};
use crate::provider::{Administered, new_secret};
use crate::session::ending::{Reason, Selection};
use crate::store::record::{ClientChange, Record};

/// An old secret that is good for longer is a forgotten one.
const LONGEST_OVERLAP: Duration = Duration::from_hours(90 * 24);

pub(super) async fn run(file: Option<PathBuf>, command: ClientCommand) -> Outcome {
    let record = record(file.clone()).await?;
    let outcome = match command {
        ClientCommand::Disable(options) => disable(&record, options).await,
        ClientCommand::Enable(options) => enable(&record, options).await,
        ClientCommand::Delete(options) => delete(&record, options).await,
        ClientCommand::RotateSecret(options) => rotate(file, &record, options).await,
        ClientCommand::Create(_) | ClientCommand::List(_) | ClientCommand::Show(_) => {
            Err(Failure::new("this changes no client"))
        }
    };
    record.close().await;
    outcome
}

/// A client by its id.
pub(super) async fn client(record: &Record, id: &str) -> Result<Client, Failure> {
    let client = record.client(&ClientId::new(id)).await?;
    client.ok_or_else(|| {
        Failure::new(format!(
            "CLIENT_ID: no client is called {}; `lanyard client list` shows all",
            plain(id)
        ))
    })
}

fn done(change: ClientChange) -> Result<Timestamp, Failure> {
    Administered::<Timestamp>::from(change).map_err(Failure::new)
}

async fn end(record: &Record, id: &ClientId) -> Result<EndedHere, Failure> {
    let selection = Selection::Client(id.clone());
    Ok(beside::revoke(record, &selection, Reason::Disabled).await?)
}

async fn disable(record: &Record, options: ChangeClient) -> Outcome {
    let client = client(record, &options.id).await?;
    let id = &client.client_id;
    let question = format!("Disable {id}, and sign everybody out of it?");
    if !confirmed(options.yes, &question)? {
        println!("Nothing was changed.");
        return Ok(());
    }
    done(record.set_client_enabled(id, false, &ACTOR).await?)?;
    let ended = end(record, id).await?;
    let told = if ended.notices > 0 {
        " It is told of each."
    } else {
        ""
    };
    println!(
        "Disabled {id}. Ended its part in {}.{told}",
        beside::sessions(ended.sessions)
    );
    Ok(())
}

async fn enable(record: &Record, options: EnableClient) -> Outcome {
    let client = client(record, &options.id).await?;
    let id = &client.client_id;
    if !client.enabled && client.registered_by != RegisteredBy::File {
        // Should whoever disabled it not have come to that: it must not come back to life.
        end(record, id).await?;
    }
    done(record.set_client_enabled(id, true, &ACTOR).await?)?;
    println!("{id} is enabled.");
    Ok(())
}

async fn delete(record: &Record, options: ChangeClient) -> Outcome {
    let client = client(record, &options.id).await?;
    let id = &client.client_id;
    let question = format!("Delete {id} for good, and sign everybody out of it?");
    if !confirmed(options.yes, &question)? {
        println!("Nothing was changed.");
        return Ok(());
    }
    let withdrawn = client.registered_by == RegisteredBy::File && !client.enabled;
    if !withdrawn {
        done(record.set_client_enabled(id, false, &ACTOR).await?)?;
    }
    let ended = end(record, id).await?;
    done(record.delete_client(id, &ACTOR).await?)?;
    println!(
        "Deleted {id}. Ended its part in {}.",
        beside::sessions(ended.sessions)
    );
    Ok(())
}

/// Whether nobody misses the secret before the one of now: an app that still has it is shut out.
fn older_may_go(client: &Client, yes: bool) -> Result<bool, Failure> {
    let older = client.previous_secret.as_ref().map(|older| older.expires);
    let Some(until) = older.filter(|until| *until > Clock::System.now()) else {
        return Ok(true);
    };
    let id = &client.client_id;
    eprintln!(
        "warning: an even older secret of {id} is taken until {}. Only one old secret is kept: \
         with a new one, an app that still has the even older one is refused.",
        time::stamp(until).text
    );
    confirmed(yes, &format!("Give {id} a new secret all the same?"))
}

async fn rotate(file: Option<PathBuf>, record: &Record, options: RotateSecret) -> Outcome {
    let overlap = config::duration(&options.overlap)
        .filter(|overlap| *overlap <= LONGEST_OVERLAP)
        .ok_or_else(|| {
            Failure::new("--overlap: write a number and a unit, such as 24h, at most 90d; or 0s")
        })?;
    let client = client(record, &options.id).await?;
    let id = &client.client_id;
    if !older_may_go(&client, options.yes)? {
        println!("Nothing was changed.");
        return Ok(());
    }
    let config = load(file)?;
    let sealer = sealer_for(&client, &config, record).await?;
    let (secret, kept) = new_secret(&client, sealer.as_ref(), &Entropy::System);
    let changed = done(
        record
            .rotate_client_secret(id, kept, overlap, &ACTOR)
            .await?,
    )?;
    let until = (!overlap.is_zero()).then(|| changed + overlap);
    if options.json {
        let answer = json!({
            "client_id": id,
            "client_secret": secret,
            "client_secret_expires_at": 0,
            "previous_client_secret_expires_at": until.map(Timestamp::as_secs),
        });
        return say(&format!("{}\n", serde_json::to_string_pretty(&answer)?));
    }
    print_settings(config.issuer.as_str(), &client, Some(&secret))?;
    match until {
        Some(until) => println!("The old one is taken until {}.", time::stamp(until).text),
        None => println!("The old one is refused from now on."),
    }
    Ok(())
}
