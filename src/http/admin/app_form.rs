//! The form of an app: shown, refused at the field that is wrong, and sent.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::app::settings;
use super::app_fields::{NATIVE_SECRET, RARE, REQUESTS, Spec, TOKENS, Typed, USUAL, What, kind};
use super::app_problems::{self, Problems};
use super::apps::{self, below};
use super::links;
use super::route::{Answer, Call, nothing_here};
use crate::clock::Timestamp;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::app_form::{AppForm, Choices, Control, FormProblem, Tick};
use crate::pages::admin::app_secret::AppSecret;
use crate::pages::admin::sessions::Choice;
use crate::pages::fields::{Field, Input};
use crate::pages::parts::Link;
use crate::protocol::client::{Client, RegisteredBy};
use crate::provider::Refusal;
use crate::store::record::ClientRow;

/// `GET /admin/apps/new`.
pub(super) async fn ask_new(call: Call) -> Answer {
    Ok(form(&call, None, &Typed::blank(), &Problems::default()))
}

/// `POST /admin/apps/new`.
pub(super) async fn create(call: Call) -> Answer {
    let typed = Typed::of_form(&call.form);
    let wrong = typed.problems();
    if !wrong.is_empty() {
        return Ok(form(&call, None, &typed, &Problems::fields(wrong)));
    }
    let id = Some(typed.get("client_id")).filter(|id| !id.is_empty());
    let provider = &call.state.provider;
    let actor = call.administrator.actor();
    let created = provider
        .create_client(&typed.metadata(), id, &actor)
        .await?;
    Ok(match created {
        Ok(created) => {
            let name = &created.client.client_name;
            let heading = format!("The app {name} is connected");
            let text = "Paste them into the app, as its manual says. People can sign in then.";
            once(
                &call,
                &created.client,
                created.secret.as_deref(),
                (heading, text.to_owned()),
            )
        }
        Err(refusal) => form(&call, None, &typed, &app_problems::of(&refusal, &typed)),
    })
}

/// `GET /admin/apps/{id}/edit`.
pub(super) async fn ask_edit(call: Call) -> Answer {
    let Some(row) = apps::named(&call).await? else {
        return Ok(nothing_here());
    };
    if let Some(refused) = described_elsewhere(&row.client) {
        return Ok(refused);
    }
    let typed = Typed::of_client(&row.client);
    Ok(form(&call, Some(&row), &typed, &Problems::default()))
}

/// `POST /admin/apps/{id}/edit`.
pub(super) async fn edit(call: Call) -> Answer {
    let Some(row) = apps::named(&call).await? else {
        return Ok(nothing_here());
    };
    if let Some(refused) = described_elsewhere(&row.client) {
        return Ok(refused);
    }
    let typed = Typed::of_form(&call.form);
    let wrong = typed.problems();
    if !wrong.is_empty() {
        return Ok(form(&call, Some(&row), &typed, &Problems::fields(wrong)));
    }
    let version = call.field("version").and_then(|text| text.parse().ok());
    let version = Timestamp::from_millis(version.unwrap_or_default());
    let id = &row.client.client_id;
    let provider = &call.state.provider;
    let actor = call.administrator.actor();
    let edited = provider
        .edit_client(id, version, &typed.metadata(), &actor)
        .await?;
    let refusal = match edited {
        Ok(edited) => {
            let had = row.client.has_secret();
            return after_edit(&call, edited.secret.as_deref(), had).await;
        }
        Err(refusal) => refusal,
    };
    // Whoever was faster may have been so after the row was read.
    let Some(row) = apps::named(&call).await? else {
        return Ok(nothing_here());
    };
    let problems = match refusal {
        Refusal::NotFound => return Ok(nothing_here()),
        Refusal::Described => return Ok(done(&row.client, "described", None)),
        Refusal::DeclaredInFile => return Ok(done(&row.client, "declared", None)),
        Refusal::Outdated => app_problems::outdated(&typed, &Typed::of_client(&row.client)),
        refusal => app_problems::of(&refusal, &typed),
    };
    Ok(form(&call, Some(&row), &typed, &problems))
}

async fn after_edit(call: &Call, secret: Option<&str>, had_one: bool) -> Answer {
    let Some(row) = apps::named(call).await? else {
        return Ok(nothing_here());
    };
    let client = &row.client;
    if secret.is_none() {
        return Ok(done(client, "changed", None));
    }
    let name = &client.client_name;
    let (heading, text) = if had_one {
        (
            format!("The app {name} has a new secret"),
            "It signs with its secret from now on, and of the one that it had we knew only the \
             hash: so it has a new one. Paste it into the app now, as the old one is refused.",
        )
    } else {
        (
            format!("The app {name} has a secret now"),
            "Paste them into the app: without the secret, it can’t get tokens any more.",
        )
    };
    Ok(once(call, client, secret, (heading, text.to_owned())))
}

/// An app whose metadata are changed elsewhere.
fn described_elsewhere(client: &Client) -> Option<HttpResponse> {
    let document = client.registered_by == RegisteredBy::MetadataDocument;
    let described = || done(client, "described", None);
    declared(client).or_else(|| document.then(described))
}

/// An app that the configuration file declares: all of it is changed there.
pub(super) fn declared(client: &Client) -> Option<HttpResponse> {
    let elsewhere = client.registered_by == RegisteredBy::File;
    elsewhere.then(|| done(client, "declared", None))
}

/// On to the app's page, which says what was done.
pub(super) fn done(client: &Client, word: &str, ended: Option<usize>) -> HttpResponse {
    let ended = ended.map(|ended| ended.to_string()).unwrap_or_default();
    let Some(app) = links::app(&client.client_id) else {
        return nothing_here();
    };
    match links::with_query(app.as_str(), &[("done", word), ("ended", &ended)]) {
        Some(link) => respond::see_other(link.as_str()),
        None => nothing_here(),
    }
}

/// What is shown this once. It is an answer to a POST, so that no address leads to it.
pub(super) fn once(
    call: &Call,
    client: &Client,
    secret: Option<&str>,
    (heading, text): (String, String),
) -> HttpResponse {
    let Some(app) = links::app(&client.client_id) else {
        return nothing_here();
    };
    let page = AppSecret {
        frame: call.frame(Section::Apps, None),
        heading,
        text,
        settings: settings(&call.state.provider.settings().issuer, client, secret),
        secret: secret.is_some(),
        app,
    };
    respond::page(StatusCode::OK, &page, &Policy::stays())
}

fn form(call: &Call, row: Option<&ClientRow>, typed: &Typed, problems: &Problems) -> HttpResponse {
    let current = row.map(|row| &row.client);
    let Some((heading, action, back)) = about(current) else {
        return nothing_here();
    };
    let control = |spec: &Spec| control(spec, typed, current, &problems.fields);
    let wrong = |spec: &Spec| problems.fields.contains_key(spec.name);
    // The id of an app stays what it is.
    let rare = RARE
        .iter()
        .filter(|spec| row.is_none() || spec.name != "client_id");
    let page = AppForm {
        frame: call.frame(Section::Apps, None),
        heading,
        action,
        back,
        version: row.map(|row| row.updated.as_millis()),
        problem: problems.said.clone().map(|(title, text)| FormProblem {
            title,
            text,
            stored: problems.stored.clone(),
        }),
        usual: USUAL.iter().map(control).collect(),
        rare: rare.chain(&REQUESTS).map(control).collect(),
        rare_open: RARE.iter().chain(&REQUESTS).any(wrong),
        tokens: TOKENS.iter().map(control).collect(),
        tokens_open: TOKENS.iter().any(wrong),
    };
    let status = match problems.said {
        Some(_) if problems.raced => StatusCode::CONFLICT,
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    respond::page(status, &page, &Policy::stays())
}

/// Its heading, where it is sent, and where one goes without sending it.
fn about(current: Option<&Client>) -> Option<(String, Link, (Link, String))> {
    let Some(client) = current else {
        let action = Link::new("/admin/apps/new")?;
        let back = (Link::new("/admin/apps")?, "Apps".to_owned());
        return Some(("Connect an app".to_owned(), action, back));
    };
    let name = client.client_name.clone();
    let action = below(&client.client_id, "edit")?;
    let back = (links::app(&client.client_id)?, name.clone());
    Some((format!("Change the app {name}"), action, back))
}

fn control(
    spec: &Spec,
    typed: &Typed,
    current: Option<&Client>,
    errors: &BTreeMap<&'static str, String>,
) -> Control {
    let value = typed.get(spec.name);
    let error = errors.get(spec.name).cloned();
    let chosen = |known: &str, label: &str| Choice {
        value: known.to_owned(),
        label: label.to_owned(),
        chosen: known == value,
    };
    let choices = |choices| Choices {
        name: spec.name,
        label: spec.label,
        hint: spec.hint,
        choices,
        error: error.clone(),
    };
    match spec.what {
        What::Text(input) => {
            let mut field = Field::new(spec.name, spec.label, input).hint(spec.hint);
            // An address of another scheme is for us to explain.
            field.input = if input == Input::Url {
                Input::Text
            } else {
                input
            };
            field.required = spec.name == "client_name";
            Control::Field(field.value(value).error(error))
        }
        What::Tick => Control::Tick(Tick {
            name: spec.name,
            label: spec.label,
            hint: spec.hint,
            ticked: typed.ticked(spec.name),
            error,
        }),
        What::Radio(known) => {
            let offered = known
                .iter()
                .filter(|(value, ..)| is_offered(value, current));
            let offered = offered.map(|(value, label, meaning)| (chosen(value, label), *meaning));
            Control::Radio(choices(offered.collect()))
        }
        What::Select(known) => {
            let all = known
                .iter()
                .map(|(value, label)| (chosen(value, label), ""));
            Control::Select(choices(all.collect()))
        }
    }
}

fn is_offered(value: &str, current: Option<&Client>) -> bool {
    value != NATIVE_SECRET || current.is_some_and(|client| kind(client) == NATIVE_SECRET)
}
