//! What is done to an app besides changing it. Each deed is asked about first, on a page that says
//! what follows from it.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::app_form::{declared, done, once};
use super::apps::{self, below, in_sessions};
use super::links;
use super::route::{Answer, Call, nothing_here};
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::app_question::{AppQuestion, Deed};
use crate::pages::admin::sessions::Choice;
use crate::pages::time;
use crate::protocol::client::{Client, RegisteredBy};
use crate::provider::Refusal;
use crate::store::record::{ClientRow, ClientUse};

/// For how long an old secret is taken: what stands in the form, and what is read.
const OVERLAPS: [(&str, &str, Duration); 4] = [
    ("24h", "24 hours", Duration::from_hours(24)),
    ("7d", "7 days", Duration::from_hours(7 * 24)),
    ("1h", "1 hour", Duration::from_hours(1)),
    ("0", "Not at all", Duration::ZERO),
];

/// `GET /admin/apps/{id}/secret`.
pub(super) async fn ask_secret(call: Call) -> Answer {
    let Some((row, _)) = asked(&call).await? else {
        return Ok(nothing_here());
    };
    let client = &row.client;
    if let Some(refused) = declared(client) {
        return Ok(refused);
    }
    if !client.has_secret() {
        return Ok(done(client, "no-secret", None));
    }
    let now = call.state.provider.clock().now();
    let overlaps = OVERLAPS.iter().enumerate();
    let deed = Deed::Secret {
        overlaps: overlaps
            .map(|(place, (value, label, _))| Choice {
                value: (*value).to_owned(),
                label: (*label).to_owned(),
                chosen: place == 0,
            })
            .collect(),
        older: client
            .previous_secret
            .as_ref()
            .is_some_and(|previous| previous.expires > now),
    };
    Ok(ask(&call, client, ClientUse::default(), deed, "secret"))
}

/// `POST /admin/apps/{id}/secret`.
pub(super) async fn secret(call: Call) -> Answer {
    let Some(row) = apps::named(&call).await? else {
        return Ok(nothing_here());
    };
    let client = &row.client;
    let overlap = call.field("overlap").unwrap_or_default();
    let Some((_, _, overlap)) = OVERLAPS.into_iter().find(|(word, ..)| *word == overlap) else {
        return Ok(respond::malformed());
    };
    let provider = &call.state.provider;
    let actor = call.administrator.actor();
    let rotated = provider
        .rotate_client_secret(&client.client_id, overlap, &actor)
        .await?;
    let secret = match rotated {
        Ok(secret) => secret,
        Err(refusal) => return Ok(refused(client, &refusal)),
    };
    let until = time::stamp(provider.clock().now() + overlap).text;
    let text = if overlap.is_zero() {
        "Paste them into the app now: the old secret is refused from now on.".to_owned()
    } else {
        format!("Paste them into the app. The old secret is taken until {until}.")
    };
    let heading = format!("The app {} has a new secret", client.client_name);
    Ok(once(&call, client, Some(&secret), (heading, text)))
}

/// `GET /admin/apps/{id}/disabling`.
pub(super) async fn ask_disabling(call: Call) -> Answer {
    let Some((row, lives)) = asked(&call).await? else {
        return Ok(nothing_here());
    };
    if let Some(refused) = declared(&row.client) {
        return Ok(refused);
    }
    let told = row.client.backchannel_logout_uri.is_some();
    let deed = Deed::Disable { told };
    Ok(ask(&call, &row.client, lives, deed, "disabling"))
}

/// `POST /admin/apps/{id}/disabling`.
pub(super) async fn disable(call: Call) -> Answer {
    let Some(row) = apps::named(&call).await? else {
        return Ok(nothing_here());
    };
    let client = &row.client;
    let actor = call.administrator.actor();
    let provider = &call.state.provider;
    let disabled = provider.disable_client(&client.client_id, &actor).await?;
    Ok(match disabled {
        Ok(ended) => done(client, "disabled", Some(ended.sessions.len())),
        Err(refusal) => refused(client, &refusal),
    })
}

/// `GET /admin/apps/{id}/enabling`.
pub(super) async fn ask_enabling(call: Call) -> Answer {
    let Some((row, lives)) = asked(&call).await? else {
        return Ok(nothing_here());
    };
    if let Some(refused) = declared(&row.client) {
        return Ok(refused);
    }
    Ok(ask(&call, &row.client, lives, Deed::Enable, "enabling"))
}

/// `POST /admin/apps/{id}/enabling`.
pub(super) async fn enable(call: Call) -> Answer {
    let Some(row) = apps::named(&call).await? else {
        return Ok(nothing_here());
    };
    let client = &row.client;
    let actor = call.administrator.actor();
    let provider = &call.state.provider;
    let enabled = provider.enable_client(&client.client_id, &actor).await?;
    Ok(match enabled {
        Ok(_) => done(client, "enabled", None),
        Err(refusal) => refused(client, &refusal),
    })
}

/// `GET /admin/apps/{id}/deletion`.
pub(super) async fn ask_deletion(call: Call) -> Answer {
    let Some((row, lives)) = asked(&call).await? else {
        return Ok(nothing_here());
    };
    Ok(ask_to_delete(&call, &row.client, lives))
}

/// `POST /admin/apps/{id}/deletion`.
pub(super) async fn delete(call: Call) -> Answer {
    let Some((row, lives)) = asked(&call).await? else {
        return Ok(nothing_here());
    };
    let client = &row.client;
    if call.field("confirm") != Some(client.client_id.as_str()) {
        return Ok(ask_to_delete(&call, client, lives));
    }
    let actor = call.administrator.actor();
    let provider = &call.state.provider;
    let deleted = provider.delete_client(&client.client_id, &actor).await?;
    Ok(match deleted {
        Ok(ended) => {
            let ended = ended.sessions.len();
            respond::see_other(&format!("/admin/apps?done=deleted&ended={ended}"))
        }
        Err(refusal) => refused(client, &refusal),
    })
}

/// One that was taken out of the file is deleted here: nothing declares it any more.
fn ask_to_delete(call: &Call, client: &Client, lives: ClientUse) -> HttpResponse {
    if client.registered_by == RegisteredBy::File && client.enabled {
        return done(client, "declared", None);
    }
    let told = client.backchannel_logout_uri.is_some();
    let warn = client.enabled && told && lives.sessions > 0;
    let deed = Deed::Delete {
        owed: lives.notices.owed,
        disable: below(&client.client_id, "disabling").filter(|_| warn),
        typed: call.field("confirm").unwrap_or_default().to_owned(),
    };
    ask(call, client, lives, deed, "deletion")
}

/// The app that the path names, and what lives of it.
async fn asked(call: &Call) -> Result<Option<(ClientRow, ClientUse)>, PageTrouble> {
    let Some(row) = apps::named(call).await? else {
        return Ok(None);
    };
    let lives = call.state.provider.app_use(&row.client.client_id).await?;
    Ok(Some((row, lives)))
}

fn ask(call: &Call, client: &Client, lives: ClientUse, deed: Deed, page: &str) -> HttpResponse {
    let id = &client.client_id;
    let (Some(action), Some(app)) = (below(id, page), links::app(id)) else {
        return nothing_here();
    };
    // Only the one who deletes types anything.
    let wrong = matches!(deed, Deed::Delete { .. }) && call.form.get("csrf").is_some();
    let page = AppQuestion {
        frame: call.frame(Section::Apps, None),
        deed,
        name: client.client_name.clone(),
        id: id.to_string(),
        action,
        app,
        sessions: in_sessions(&lives),
        offline: lives.offline,
        problem: wrong.then(|| format!("This isn’t the app’s id. Type {id} to delete it.")),
    };
    let status = if wrong {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    respond::page(status, &page, &Policy::stays())
}

/// Why nothing was done, on the app's page.
fn refused(client: &Client, refusal: &Refusal) -> HttpResponse {
    match refusal {
        Refusal::DeclaredInFile => done(client, "declared", None),
        Refusal::Described => done(client, "described", None),
        Refusal::NoSecret => done(client, "no-secret", None),
        Refusal::StillInUse => done(client, "in-use", None),
        // Gone meanwhile; the others are of people and of forms.
        _ => nothing_here(),
    }
}
