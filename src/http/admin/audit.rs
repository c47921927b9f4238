//! The audit: its filters read, its lines said.

use actix_web::http::StatusCode;

use super::links;
use super::route::{Answer, Call};
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::audit::{Audit, Filter, Filters, Name, Row};
use crate::pages::admin::{Section, words};
use crate::pages::parts::Link;
use crate::pages::time;
use crate::protocol::params::Params;
use crate::provider::{AuditLine, AuditList, Party, Provider};
use crate::store::record::{AuditCursor, AuditQuestion, is_reference};

/// Lines on a page.
const SIZE: usize = 50;
/// The longest word of an action that is asked for.
const LONGEST_ACTION: usize = 64;
/// Longer than any id of an app.
const LONGEST_ID: usize = 512;

pub(super) async fn get(call: Call) -> Answer {
    let (filters, question) = read(&call.state.provider, &call.query).await?;
    let (status, list) = match question {
        Some(question) => {
            let cursor = call.query.get("page").and_then(AuditCursor::parse);
            let provider = &call.state.provider;
            let list = provider
                .audit_list(&question, cursor.as_ref(), SIZE)
                .await?;
            (StatusCode::OK, list)
        }
        None => (StatusCode::BAD_REQUEST, AuditList::default()),
    };
    let page = Audit {
        frame: call.frame(Section::Audit, None),
        newer: list.newer.and_then(|cursor| link(&filters, &cursor)),
        older: list.older.and_then(|cursor| link(&filters, &cursor)),
        rows: list.lines.into_iter().map(row).collect(),
        stopped_early: list.stopped_early,
        filters,
    };
    Ok(respond::page(status, &page, &Policy::stays()))
}

/// The same filters at another place.
fn link(filters: &Filters, cursor: &AuditCursor) -> Option<Link> {
    let page = cursor.to_string();
    let pairs = [
        ("action", filters.action.typed.as_str()),
        ("person", &filters.person.typed),
        ("app", &filters.app.typed),
        ("session", &filters.session.typed),
        ("since", &filters.since.typed),
        ("before", &filters.before.typed),
        ("page", &page),
    ];
    links::with_query("/admin/audit", &pairs)
}

/// What was typed; and what it asks for, if all of it makes sense.
async fn read(
    provider: &Provider,
    query: &Params,
) -> Result<(Filters, Option<AuditQuestion>), PageTrouble> {
    let typed = |name| Filter {
        typed: query.get(name).unwrap_or_default().trim().to_owned(),
        problem: None,
    };
    let mut filters = Filters {
        action: typed("action"),
        person: typed("person"),
        app: typed("app"),
        session: typed("session"),
        since: typed("since"),
        before: typed("before"),
    };
    let mut question = AuditQuestion {
        action: judged(&mut filters.action, action),
        target: judged(&mut filters.app, app),
        session: judged(&mut filters.session, session),
        since: judged(&mut filters.since, |typed| day("Since", typed)),
        before: judged(&mut filters.before, |typed| day("Before", typed)),
        ..AuditQuestion::default()
    };
    if !filters.person.typed.is_empty() {
        question.person = provider.person_meant(&filters.person.typed).await?;
        if question.person.is_none() {
            filters.person.problem = Some(format!(
                "Person: nobody is called “{}”. Type a whole username, email address or id.",
                filters.person.typed
            ));
        }
    }
    if let (Some(since), Some(before)) = (question.since, question.before)
        && since >= before
    {
        filters.before.problem =
            Some("Before: this day must be later than the one under Since.".to_owned());
    }
    let problems = [
        &filters.action,
        &filters.person,
        &filters.app,
        &filters.session,
        &filters.since,
        &filters.before,
    ]
    .map(|filter| filter.problem.is_some());
    Ok((filters, (!problems.contains(&true)).then_some(question)))
}

/// What a field asks for; nothing if it is empty or wrong, and then it says so.
fn judged<T>(filter: &mut Filter, judge: impl Fn(&str) -> Result<T, String>) -> Option<T> {
    if filter.typed.is_empty() {
        return None;
    }
    match judge(&filter.typed) {
        Ok(value) => Some(value),
        Err(problem) => {
            filter.problem = Some(problem);
            None
        }
    }
}

/// Any word that an action can have: this version may not know all that is in the audit.
fn action(typed: &str) -> Result<String, String> {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'.');
    if typed.len() <= LONGEST_ACTION && typed.bytes().all(plain) {
        return Ok(typed.to_owned());
    }
    Err("What was done: this is no action. Choose one from the list.".to_owned())
}

/// What was done to an app itself. One that is gone has its lines still.
fn app(typed: &str) -> Result<String, String> {
    if typed.len() <= LONGEST_ID && !typed.chars().any(char::is_control) {
        return Ok(format!("client:{typed}"));
    }
    Err("App: no app has such an id. Copy it from the app’s page.".to_owned())
}

fn session(typed: &str) -> Result<String, String> {
    let reference = typed.to_ascii_uppercase();
    if is_reference(&reference) {
        return Ok(reference);
    }
    Err(
        "Session: a reference has three groups of four letters or digits, like \
         G5DQ-R77X-OGO5. Copy it from the session’s page or from a log."
            .to_owned(),
    )
}

fn day(field: &str, typed: &str) -> Result<crate::clock::Timestamp, String> {
    time::day(typed).ok_or_else(|| {
        format!("{field}: there is no such day. Write it as year-month-day, like 2026-03-12.")
    })
}

fn row(line: AuditLine) -> Row {
    let AuditLine { who, on, entry } = line;
    Row {
        at: time::stamp(entry.at),
        who: name(who),
        what: words::action(&entry.action).to_owned(),
        on: on.into_iter().map(name).collect(),
        session: entry.session.map(|reference| Name {
            page: links::session(&reference),
            text: reference,
        }),
        address: entry.address,
        reason: entry.reason.map(|word| words::cause(&word).to_owned()),
        detail: entry.detail,
    }
}

fn name(party: Party) -> Name {
    let plain = |text: String| Name { text, page: None };
    match party {
        Party::Person(id, Some(username)) => Name {
            page: links::person(&id),
            text: username,
        },
        Party::Client(id, Some(name)) => Name {
            page: links::app(&id),
            text: name,
        },
        Party::Person(id, None) => plain(format!("{id}, who is gone")),
        Party::Client(id, None) => plain(format!("{id}, which is gone")),
        Party::Account(hash) => plain(format!("account name {hash}, hashed")),
        Party::Key(kid) => plain(format!("key {kid}")),
        Party::CommandLine => plain("The command line".to_owned()),
        Party::House => plain("Lanyard".to_owned()),
        Party::Other(words) => plain(words),
    }
}
