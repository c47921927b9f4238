//! Signing a person out of one app in one session: first a page that says what ends, then the end.
//! What became of its notice stands on the session's page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::links;
use super::route::{Answer, Call, nothing_here};
use super::session_ends::{NOTE, TOO_LONG, note};
use super::sessions;
use crate::entropy::ClientId;
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::session_app::EndApp;
use crate::pages::device;
use crate::pages::parts::Link;
use crate::provider::{Channel, StoryApp, StoryView};

/// `GET /admin/sessions/{reference}/app`.
pub(super) async fn ask(call: Call) -> Answer {
    let client = call.query.get("client").unwrap_or_default();
    let client = ClientId::new(client);
    Ok(match asked(&call, &client).await? {
        Some((story, app)) => page(&call, &story, &app, None),
        None => nothing_here(),
    })
}

/// `POST /admin/sessions/{reference}/app`. An app that left meanwhile is as good as signed out now.
pub(super) async fn end(call: Call) -> Answer {
    let client = ClientId::new(call.field("client").unwrap_or_default());
    let words = note(&call);
    if words.chars().count() > NOTE {
        return Ok(match asked(&call, &client).await? {
            Some((story, app)) => page(&call, &story, &app, Some(TOO_LONG)),
            None => nothing_here(),
        });
    }
    let words = (!words.is_empty()).then_some(words.as_str());
    let reference = call.part("reference");
    let provider = &call.state.provider;
    let ended = provider
        .end_app_in_session(&call.administrator, reference, &client, words)
        .await?;
    match (ended, links::session(reference)) {
        (true, Some(page)) => Ok(respond::see_other(&format!("{page}?app=1"))),
        _ => Ok(nothing_here()),
    }
}

/// The live session that the path names, and the app's part in it.
async fn asked(
    call: &Call,
    client: &ClientId,
) -> Result<Option<(StoryView, StoryApp)>, PageTrouble> {
    let provider = &call.state.provider;
    let visitor = &call.administrator.visitor;
    let story = provider.session_story(visitor, call.part("reference"));
    let Some(story) = story.await? else {
        return Ok(None);
    };
    let live = sessions::is_live(&story.story.row, provider.clock().now());
    let mut apps = story.apps.iter().filter(|_| live);
    let app = apps.find(|app| {
        let part = &app.part.part;
        part.participant.client == *client && part.ended.is_none()
    });
    let app = app.cloned();
    Ok(app.map(|app| (story, app)))
}

fn page(
    call: &Call,
    story: &StoryView,
    app: &StoryApp,
    problem: Option<&'static str>,
) -> HttpResponse {
    let row = &story.story.row;
    let Some(session) = links::session(&row.reference) else {
        return nothing_here();
    };
    let Some(action) = Link::new(&format!("{session}/app")) else {
        return nothing_here();
    };
    let page = EndApp {
        frame: call.frame(Section::Sessions, None),
        app: app.part.part.client_name.clone(),
        client: app.part.part.participant.client.to_string(),
        person: row.display_name.clone(),
        device: device::describe(&row.session.user_agent),
        own: story.own,
        told: app.channel == Channel::Back,
        offline: app.part.offline_grants,
        action,
        session,
        note: note(call),
        problem,
    };
    let status = match problem {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    respond::page(status, &page, &Policy::stays())
}
