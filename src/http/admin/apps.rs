//! The list of apps, and what the other pages of apps share.

use actix_web::http::StatusCode;

use super::app_fields::kind_label;
use super::links;
use super::route::{Answer, Call};
use crate::entropy::ClientId;
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::apps::{AppLine, Apps};
use crate::pages::admin::sessions::Choice;
use crate::pages::admin::states::State;
use crate::pages::app_words;
use crate::pages::parts::{Link, Notice, Tone, counted};
use crate::protocol::client::{Client, RegisteredBy};
use crate::store::record::{ClientFilter, ClientRow, ClientUse, Cursor, Enabled};

/// Apps on one page.
const PAGE: u32 = 50;
/// Beyond this nobody types.
const TYPED: usize = 200;
/// Longer than any id of an app.
const ID: usize = 512;

const STATES: [(Enabled, &str, &str); 3] = [
    (Enabled::Either, "", "All"),
    (Enabled::Yes, "enabled", "Enabled"),
    (Enabled::No, "disabled", "Disabled"),
];

/// `GET /admin/apps`.
pub(super) async fn list(call: Call) -> Answer {
    let asked = |name| call.query.get(name).unwrap_or_default();
    let q: String = asked("q").trim().chars().take(TYPED).collect();
    let q = q.replace(char::is_control, " ");
    let state = STATES.iter().find(|(_, word, _)| *word == asked("state"));
    let (enabled, word, _) = *state.unwrap_or(&STATES[0]);
    let after = Cursor::decode(asked("page"));
    let filter = ClientFilter {
        search: Some(q.clone()),
        enabled,
        after: after.clone(),
        limit: PAGE,
    };
    let page = call.state.provider.list_apps(&filter).await?;
    let at = |cursor: &str| {
        let pairs = [("q", q.as_str()), ("state", word), ("page", cursor)];
        links::with_query("/admin/apps", &pairs)
    };
    let choice = |(value, word, label): &(Enabled, &str, &str)| Choice {
        value: (*word).to_owned(),
        label: (*label).to_owned(),
        chosen: *value == enabled,
    };
    let page = Apps {
        frame: call.frame(Section::Apps, notice(&call)),
        states: STATES.iter().map(choice).collect(),
        narrows: !q.is_empty() || enabled != Enabled::Either || after.is_some(),
        first: after.and_then(|_| at("")),
        next: page.next.and_then(|next| at(&next.encode())),
        rows: page.rows.iter().filter_map(line).collect(),
        q,
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

fn line(row: &ClientRow) -> Option<AppLine> {
    let client = &row.client;
    Some(AppLine {
        link: links::app(&client.client_id)?,
        name: client.client_name.clone(),
        id: client.client_id.to_string(),
        kind: kind_label(client),
        told_by: app_words::channel(client),
        from_file: client.registered_by == RegisteredBy::File,
        state: state(client),
    })
}

pub(super) fn state(client: &Client) -> State {
    if client.enabled {
        State::ok("Enabled")
    } else {
        State::off("Disabled")
    }
}

/// The app that the path names.
pub(super) async fn named(call: &Call) -> Result<Option<ClientRow>, PageTrouble> {
    let id = call.text_part("id");
    // PostgreSQL has no text with such a letter, so that no app is called that.
    if id.len() > ID || id.chars().any(char::is_control) {
        return Ok(None);
    }
    Ok(call.state.provider.app_row(&ClientId::new(&*id)).await?)
}

/// "3 sessions, of 2 people"; nothing if it is in none.
pub(super) fn in_sessions(lives: &ClientUse) -> String {
    if lives.sessions == 0 {
        return String::new();
    }
    let sessions = counted(lives.sessions, "session", "sessions");
    let people = counted(lives.people, "person", "people");
    format!("{sessions}, of {people}")
}

/// A page of an app.
pub(super) fn below(id: &ClientId, page: &str) -> Option<Link> {
    let app = links::app(id)?;
    Link::new(&format!("{}/{page}", app.as_str()))
}

/// What has just been done. Anybody can write the link, so that it says nothing to act on.
pub(super) fn notice(call: &Call) -> Option<Notice> {
    let ended = call.query.get("ended").and_then(|ended| ended.parse().ok());
    let ended = match ended {
        Some(1..) => {
            let sessions = counted(ended.unwrap_or_default(), "session", "sessions");
            format!("Its part in {sessions} ended.")
        }
        _ => "It was in no session.".to_owned(),
    };
    let (tone, title, text) = match call.query.get("done")? {
        "changed" => (
            Tone::Ok,
            "The app was changed",
            "The change counts from now on.".to_owned(),
        ),
        "disabled" => (
            Tone::Ok,
            "The app is disabled",
            format!("{ended} Its tokens are refused from now on."),
        ),
        "enabled" => (
            Tone::Ok,
            "The app is enabled",
            "People can sign in to it again.".to_owned(),
        ),
        "deleted" => (Tone::Ok, "The app was deleted", ended),
        "declared" => (
            Tone::Wait,
            "Nothing was changed here",
            "This app is changed in the configuration file.".to_owned(),
        ),
        "described" => (
            Tone::Wait,
            "Nothing was changed here",
            "This app is what its metadata document says.".to_owned(),
        ),
        "no-secret" => (
            Tone::Wait,
            "The app has no secret",
            "Nothing was changed. Change what kind of app it is, if it needs one.".to_owned(),
        ),
        "in-use" => (
            Tone::Wait,
            "The app is in use again",
            "Somebody enabled it meanwhile. Disable it, then delete it.".to_owned(),
        ),
        _ => return None,
    };
    Some(Notice {
        tone,
        title: title.to_owned(),
        text,
        receipts: None,
    })
}
