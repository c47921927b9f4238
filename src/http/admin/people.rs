//! The list of people.

use actix_web::http::StatusCode;

use super::people_filter::{Filter, WHO};
use super::route::{Answer, Call};
use super::{links, person_outcome};
use crate::clock::Timestamp;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::identity::user::User;
use crate::pages::admin::Section;
use crate::pages::admin::people::{People, PersonLine};
use crate::pages::admin::sessions::{Choice, Nothing};
use crate::pages::admin::states::State;
use crate::pages::time;
use crate::store::record::{UserRow, Which};

/// People on one page.
const PAGE: u32 = 50;

/// `GET /admin/people`.
pub(super) async fn list(call: Call) -> Answer {
    let filter = Filter::read(&call.query);
    let provider = &call.state.provider;
    let found = provider.people(&filter.question(PAGE)).await?;
    let now = provider.clock().now();
    let rows = found.rows.into_iter();
    let page = People {
        frame: call.frame(Section::People, person_outcome::of_somebody_gone(&call)),
        which: choices(filter.which),
        rows: rows.filter_map(|row| line(&call, row, now)).collect(),
        what: what(&filter),
        first: filter.cursor.as_ref().and_then(|_| filter.link(None)),
        next: found.next.as_ref().and_then(|at| filter.link(Some(at))),
        nothing: nothing(&filter),
        q: filter.q,
        hints: filter.problems,
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

fn choices(chosen: Which) -> Vec<Choice> {
    let choice = |(which, value, label): (Which, &str, &str)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: which == chosen,
    };
    WHO.map(choice).into()
}

fn what(filter: &Filter) -> String {
    let who = WHO.into_iter().find(|(which, ..)| *which == filter.which);
    let who = who.map_or("", |(.., label)| label);
    if filter.q.is_empty() {
        format!("{who}, by username")
    } else {
        format!("{who} with “{}”, by name", filter.q)
    }
}

fn line(call: &Call, row: UserRow, now: Timestamp) -> Option<PersonLine> {
    let user = row.user;
    Some(PersonLine {
        link: links::person(&user.id)?,
        name: user.display_name().to_owned(),
        state: state(&user),
        own: call.administrator.is(&user.id),
        admin: user.admin,
        username: user.username,
        email: user.profile.email,
        signed_in: row.last_signed_in.map(|at| time::on_day(at, now)),
    })
}

/// Whether somebody may sign in, in a word.
pub(super) fn state(user: &User) -> State {
    if !user.enabled {
        State::off("Disabled")
    } else if user.password.is_none() {
        State::wait("No password yet")
    } else if user.must_change_password {
        State::wait("Must change password")
    } else {
        State::ok("Enabled")
    }
}

fn nothing(filter: &Filter) -> Nothing {
    let title = match (filter.which, filter.q.as_str()) {
        _ if filter.cursor.is_some() => "The list ends here".to_owned(),
        (Which::Everybody, "") => "Nobody is here".to_owned(),
        (Which::Enabled, "") => "Nobody is enabled".to_owned(),
        (Which::Disabled, "") => "Nobody is disabled".to_owned(),
        (Which::Administrators, "") => "Nobody is an administrator".to_owned(),
        (Which::Everybody, q) => format!("Nobody is called “{q}”"),
        (Which::Enabled, q) => format!("Nobody who is enabled is called “{q}”"),
        (Which::Disabled, q) => format!("Nobody who is disabled is called “{q}”"),
        (Which::Administrators, q) => format!("No administrator is called “{q}”"),
    };
    let text = match (filter.which, filter.q.as_str()) {
        _ if filter.cursor.is_some() => "It has changed meanwhile. Look at it from the beginning.",
        (Which::Everybody, "") => "Create somebody who can sign in.",
        (_, "") => "Choose everybody under Who to see the others.",
        _ => "Type how a username, an email address or a word of a name begins.",
    };
    Nothing {
        title,
        text: text.to_owned(),
    }
}
