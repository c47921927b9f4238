//! One person's page.

use std::borrow::Cow;

use actix_web::http::StatusCode;

use super::route::{Answer, Call, nothing_here};
use super::session_filter::Filter;
use super::{links, people, person_outcome};
use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::http::claims::CLAIMS;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::identity::fields;
use crate::identity::user::{Profile, User};
use crate::pages::admin::Section;
use crate::pages::admin::person::{OnePerson, PersonApp, PersonClaim, PersonLinks};
use crate::pages::parts::counted;
use crate::pages::time;
use crate::protocol::custom_claims::CustomClaims;
use crate::provider::{AppView, PersonView, SessionState};

/// Longer than any id of a person.
const ID: usize = 512;

/// `GET /admin/people/{id}`.
pub(super) async fn show(call: Call) -> Answer {
    let Some(id) = id(&call) else {
        return Ok(nothing_here());
    };
    let provider = &call.state.provider;
    let now = provider.clock().now();
    let view = provider.person_view(&call.administrator, &id).await?;
    match view.and_then(|view| page(&call, &view, now)) {
        Some(page) => Ok(respond::page(StatusCode::OK, &page, &Policy::stays())),
        None => Ok(nothing_here()),
    }
}

/// The person whom the path names, if anybody can have such an id.
pub(super) fn id(call: &Call) -> Option<UserId> {
    let id = call.part("id");
    let possible = !id.is_empty() && id.len() <= ID && !id.chars().any(char::is_control);
    possible.then(|| UserId::new(id))
}

fn page(call: &Call, view: &PersonView, now: Timestamp) -> Option<OnePerson> {
    let sessions = i64::try_from(view.sessions).unwrap_or(i64::MAX);
    let user = &view.user;
    Some(OnePerson {
        frame: call.frame(Section::People, person_outcome::of(call, user)),
        name: user.display_name().to_owned(),
        username: user.username.clone(),
        id: user.id.to_string(),
        state: people::state(user),
        admin: user.admin,
        enabled: user.enabled,
        own: view.own,
        password: password(user),
        created: time::stamp(user.created),
        changed: time::stamp(user.updated),
        signed_in: view.last_signed_in.map(|at| time::on_day(at, now)),
        claims: claims(&user.profile, &call.state.provider.settings().claims),
        sessions: match sessions {
            0 => "No live session".to_owned(),
            count => counted(count, "live session", "live sessions"),
        },
        apps: view.apps.iter().map(|one| app(one, now)).collect(),
        links: person_links(&user.id)?,
    })
}

const fn password(user: &User) -> &'static str {
    match (&user.password, user.must_change_password) {
        (None, _) => "Not yet: no password is set",
        (Some(_), true) => "With a temporary password, which must be changed",
        (Some(_), false) => "With a password",
    }
}

/// Those that are there.
fn claims(profile: &Profile, custom: &CustomClaims) -> Vec<PersonClaim> {
    let mut texts = profile.clone();
    let mut claims: Vec<_> = CLAIMS
        .iter()
        .filter_map(|claim| {
            Some(PersonClaim {
                label: claim.label.into(),
                value: fields::text(&mut texts, claim.name)?.take()?,
                verified: match claim.name {
                    "email" => Some(profile.email_verified),
                    "phone_number" => Some(profile.phone_number_verified),
                    _ => None,
                },
            })
        })
        .collect();
    let mut say = |label: Cow<'static, str>, value: String| {
        claims.push(PersonClaim {
            label,
            value,
            verified: None,
        });
    };
    for (label, words) in [("Groups", &profile.groups), ("Roles", &profile.roles)] {
        if !words.is_empty() {
            say(label.into(), words.join(", "));
        }
    }
    for own in &custom.claims {
        if let Some(value) = profile.attributes.get(&own.attribute) {
            say(own.label.clone().into(), value.replace('\n', ", "));
        }
    }
    claims
}

fn app(app: &AppView, now: Timestamp) -> PersonApp {
    PersonApp {
        name: app.name.clone(),
        page: links::app(&app.client),
        since: time::stamp(app.since),
        scopes: app.scopes.join(" "),
        away: app.offline_last_used.map(|used| time::ago(now, used)),
    }
}

fn person_links(id: &UserId) -> Option<PersonLinks> {
    let live = Filter {
        user: Some(id.clone()),
        ..Filter::default()
    };
    let all = Filter {
        state: SessionState::Any,
        ..live.clone()
    };
    Some(PersonLinks {
        page: links::person(id)?,
        sessions: live.link(None)?,
        all_sessions: all.link(None)?,
        audit: links::with_query("/admin/audit", &[("person", id.as_str())])?,
    })
}
