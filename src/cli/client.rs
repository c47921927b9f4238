//! `lanyard client create`, `list` and `show`. What changes clients is in `client_changes`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{ClientCommand, CreateClient, ListClients, ShowClient};
use super::beside::ACTOR;
use super::client_options::metadata;
use super::client_sealer::sealer_for;
use super::client_settings::print_settings;
use super::outcome::{Failure, Outcome, say};
use super::table::{facts, plain, table};
use super::{client_changes, client_file, load, record};
use crate::app;
use crate::clock::Clock;
use crate::entropy::{ClientId, Entropy};
use crate::pages::app_words::{channel, kind, maker, state};
use crate::pages::time;
use crate::protocol::client::{Client, RegisteredBy};
use crate::protocol::client_metadata;
use crate::provider::give_secret;
use crate::store::record::{ClientCreation, ClientFilter, ClientRow, Enabled, Record};

pub(super) async fn run(file: Option<PathBuf>, command: ClientCommand) -> Outcome {
    match command {
        ClientCommand::Create(options) => create(file, *options).await,
        ClientCommand::List(options) => {
            let record = record(file).await?;
            let outcome = list(&record, options).await;
            record.close().await;
            outcome
        }
        ClientCommand::Show(options) => {
            let issuer = load(file.clone())?.issuer;
            let record = record(file).await?;
            let outcome = show(&record, issuer.as_str(), options).await;
            record.close().await;
            outcome
        }
        change => client_changes::run(file, change).await,
    }
}

async fn create(file: Option<PathBuf>, options: CreateClient) -> Outcome {
    let config = load(file.clone())?;
    let issuer = config.issuer.clone();
    let (metadata, named) = match &options.from {
        Some(source) => client_file::read(source)?,
        None => (metadata(&options), None),
    };
    let id = chosen_id(options.id.as_deref(), named)?;
    let mut client = client_metadata::parse(&metadata, id).map_err(Failure::new)?;
    client.registered_by = RegisteredBy::Administrator;
    config.bounds().check(&client).map_err(Failure::new)?;
    app::check_sector(&config, &client)
        .await
        .map_err(Failure::new)?;
    let record = record(file).await?;
    let sealer = sealer_for(&client, &config, &record).await?;
    let secret = give_secret(&mut client, sealer.as_ref(), &Entropy::System);
    let created = record.create_client(&client, &ACTOR).await?;
    record.close().await;
    if created == ClientCreation::IdTaken {
        let id = client.client_id;
        let problem = format!("--id: a client with the id {id} exists already; choose another");
        return Err(Failure::new(problem));
    }
    print_created(issuer.as_str(), &client, secret.as_deref(), options.json)
}

/// The id that was typed, or that of the file; a random one if there is neither.
fn chosen_id(typed: Option<&str>, named: Option<ClientId>) -> Result<ClientId, Failure> {
    let typed = typed.map(client_metadata::checked_id).transpose();
    let typed = typed
        .map_err(|error| Failure::new(format!("--id: {}; {}", error.problem, error.remedy)))?;
    match (typed, named) {
        (Some(typed), Some(named)) if typed != named => Err(Failure::new(format!(
            "--id: {typed} is not the client_id of the file, which is {named}; leave one of them out"
        ))),
        (Some(id), _) | (None, Some(id)) => Ok(id),
        (None, None) => Ok(ClientId::random(&Entropy::System)),
    }
}

fn print_created(issuer: &str, client: &Client, secret: Option<&str>, as_json: bool) -> Outcome {
    if as_json {
        let mut answer = client_metadata::to_json(client);
        if let (Some(secret), Some(members)) = (secret, answer.as_object_mut()) {
            members.insert("client_secret".to_owned(), json!(secret));
            members.insert("client_secret_expires_at".to_owned(), json!(0));
        }
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    println!(
        "Created {}. Settings for the app:",
        plain(&client.client_name)
    );
    println!();
    print_settings(issuer, client, secret)
}

async fn list(record: &Record, options: ListClients) -> Outcome {
    let filter = ClientFilter {
        search: options.search,
        enabled: match (options.enabled, options.disabled) {
            (true, _) => Enabled::Yes,
            (_, true) => Enabled::No,
            _ => Enabled::Either,
        },
        after: None,
        limit: options.limit,
    };
    let page = record.list_clients(&filter).await?;
    if options.json {
        let all: Vec<Value> = page.rows.iter().map(as_json).collect();
        return say(&format!("{}\n", serde_json::to_string_pretty(&all)?));
    }
    if page.rows.is_empty() {
        println!("No client matches. `lanyard client create --help` shows how to make one.");
        return Ok(());
    }
    let lines: Vec<Vec<String>> = page.rows.iter().map(|row| line(&row.client)).collect();
    let head = [
        "CLIENT ID",
        "NAME",
        "KIND",
        "TOLD OF ENDS BY",
        "MADE BY",
        "STATE",
    ];
    say(&table(&head, &lines))?;
    if page.next.is_some() {
        eprintln!("There are more; add --limit or --search.");
    }
    Ok(())
}

fn line(client: &Client) -> Vec<String> {
    vec![
        client.client_id.to_string(),
        plain(&client.client_name),
        kind(client).to_owned(),
        channel(client).to_owned(),
        maker(client).to_owned(),
        state(client).to_owned(),
    ]
}

/// The metadata (RFC 7591, 2), and what is not theirs to say.
fn as_json(row: &ClientRow) -> Value {
    let mut answer = client_metadata::to_json(&row.client);
    if let Some(members) = answer.as_object_mut() {
        let previous = row.client.previous_secret.as_ref();
        let more = [
            ("enabled", json!(row.client.enabled)),
            (
                "declared_in_file",
                json!(row.client.registered_by == RegisteredBy::File),
            ),
            ("client_id_issued_at", json!(row.created.as_secs())),
            ("updated_at", json!(row.updated.as_millis())),
            (
                "previous_client_secret_expires_at",
                json!(previous.map(|previous| previous.expires.as_secs())),
            ),
        ];
        members.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    answer
}

async fn show(record: &Record, issuer: &str, options: ShowClient) -> Outcome {
    let id = client_changes::client(record, &options.id).await?.client_id;
    let Some(row) = record.client_row(&id).await? else {
        return Err(Failure::new("the client was deleted at this moment"));
    };
    let answer = as_json(&row);
    if options.json {
        return say(&format!("{}\n", serde_json::to_string_pretty(&answer)?));
    }
    let client = &row.client;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let made = format!("{}, made by {}", state(client), maker(client));
    let mut lines = vec![fact("state", made), fact("issuer", issuer.to_owned())];
    let previous = client
        .previous_secret
        .as_ref()
        .map(|previous| previous.expires);
    if let Some(until) = previous.filter(|until| *until > Clock::System.now()) {
        let until = format!("taken until {}", time::stamp(until).text);
        lines.push(fact("old secret", until));
    }
    let metadata = client_metadata::to_json(client);
    for (name, value) in metadata.as_object().into_iter().flatten() {
        let value = shown(value);
        if !value.is_empty() {
            lines.push(fact(name, value));
        }
    }
    say(&facts(&lines))
}

/// A member of the metadata, for people.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            items.join(" ")
        }
        other => other.to_string(),
    }
}
