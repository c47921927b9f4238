//! `lanyard client create` and `lanyard client list`.

use std::io::Read as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{ClientCommand, CreateClient, ListClients};
use super::outcome::{Failure, Outcome, say};
use super::table::{plain, table};
use super::{load, record};
use crate::entropy::{ClientId, Entropy, SecretHash};
use crate::protocol::client::{Client, RegisteredBy};
use crate::protocol::client_metadata;
use crate::store::record::ClientCreation;

/// 256 random bits in letters and digits.
const SECRET: usize = 43;

pub(super) async fn run(file: Option<PathBuf>, command: ClientCommand) -> Outcome {
    match command {
        ClientCommand::Create(options) => create(file, *options).await,
        ClientCommand::List(options) => list(file, options).await,
    }
}

async fn create(file: Option<PathBuf>, options: CreateClient) -> Outcome {
    let issuer = load(file.clone())?.issuer;
    let metadata = match &options.from {
        Some(source) => read_metadata(source)?,
        None => metadata(&options),
    };
    let id = match &options.id {
        Some(id) => ClientId::new(checked_id(id)?),
        None => ClientId::random(&Entropy::System),
    };
    let mut client = client_metadata::parse(&metadata, id).map_err(Failure::new)?;
    client.registered_by = RegisteredBy::Administrator;
    let secret = (!client.is_public()).then(|| Entropy::System.alphanumeric(SECRET));
    client.secret_hash = secret.as_deref().map(SecretHash::of_text);
    let record = record(file).await?;
    let created = record.insert_client(&client).await?;
    record.close().await;
    if created == ClientCreation::IdTaken {
        return Err(Failure::new(format!(
            "--id: a client with the id {} exists already; choose another",
            client.client_id
        )));
    }
    print_created(issuer.as_str(), &client, secret.as_deref(), options.json)
}

fn read_metadata(source: &str) -> Result<Value, Failure> {
    let text = if source == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(source)
            .map_err(|error| Failure::new(format!("--from: {source}: {error}")))?
    };
    serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("--from: {source} is not JSON: {error}")))
}

/// What was typed, under the names of RFC 7591, so that one parser judges both ways.
fn metadata(options: &CreateClient) -> Value {
    let method = if options.public {
        "none"
    } else {
        "client_secret_basic"
    };
    let mut metadata = json!({
        "client_name": options.name,
        "redirect_uris": options.redirect_uri,
        "post_logout_redirect_uris": options.post_logout_redirect_uri,
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": method,
        "application_type": if options.native { "native" } else { "web" },
        "id_token_signed_response_alg":
            crate::protocol::client::SigningAlg::from(options.id_token_alg).as_str(),
        "first_party": options.first_party,
        "require_pkce": !options.no_pkce,
    });
    for (name, value) in [
        ("backchannel_logout_uri", &options.backchannel_logout_uri),
        ("frontchannel_logout_uri", &options.frontchannel_logout_uri),
        ("client_uri", &options.client_uri),
        ("logo_uri", &options.logo_uri),
    ] {
        if let (Some(value), Some(members)) = (value, metadata.as_object_mut()) {
            members.insert(name.to_owned(), json!(value));
        }
    }
    metadata
}

/// Some clients do not form-encode their id in HTTP Basic, so an id must not need it.
fn checked_id(id: &str) -> Result<&str, Failure> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if id.is_empty() || id.len() > 128 || !id.bytes().all(good) {
        return Err(Failure::new(
            "--id: use 1 to 128 letters, digits, hyphens, underscores and dots",
        ));
    }
    // A client's id must never be a person's.
    if id.starts_with("u_") {
        return Err(Failure::new(
            "--id: ids that start with u_ belong to people",
        ));
    }
    Ok(id)
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
    println!("issuer         {issuer}");
    println!("client_id      {}", client.client_id);
    if let Some(secret) = secret {
        println!("client_secret  {secret}");
    }
    println!("redirect_uri   {}", client.redirect_uris.join(" "));
    if secret.is_some() {
        println!();
        println!("The secret is shown this once; only its hash is kept.");
    }
    Ok(())
}

async fn list(file: Option<PathBuf>, options: ListClients) -> Outcome {
    let record = record(file).await?;
    let clients = record.clients().await?;
    record.close().await;
    if options.json {
        let all: Vec<Value> = clients.iter().map(client_metadata::to_json).collect();
        return say(&format!("{}\n", serde_json::to_string_pretty(&all)?));
    }
    if clients.is_empty() {
        println!("There are no clients yet. `lanyard client create --help` shows how to make one.");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = clients
        .iter()
        .map(|client| {
            vec![
                client.client_id.to_string(),
                plain(&client.client_name),
                if client.is_public() {
                    "public"
                } else {
                    "confidential"
                }
                .to_owned(),
                channel(client).to_owned(),
                if client.enabled {
                    "enabled"
                } else {
                    "disabled"
                }
                .to_owned(),
            ]
        })
        .collect();
    say(&table(
        &["CLIENT ID", "NAME", "KIND", "TOLD OF ENDS BY", "STATE"],
        &rows,
    ))
}

const fn channel(client: &Client) -> &'static str {
    match (
        &client.backchannel_logout_uri,
        &client.frontchannel_logout_uri,
    ) {
        (Some(_), Some(_)) => "back channel, front channel",
        (Some(_), None) => "back channel",
        (None, Some(_)) => "front channel",
        (None, None) => "nothing",
    }
}
