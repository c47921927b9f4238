//! "Your account": the profile.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{frame, posted, visitor};
use crate::clock::Timestamp;
use crate::http::claims::{Errors, Typed, attention, status};
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::state::State;
use crate::http::{extract, respond};
use crate::identity::user::User;
use crate::pages::account::Tab;
use crate::pages::account_profile::AccountProfile;
use crate::pages::fields::Problem;
use crate::pages::parts::{Notice, Tone};
use crate::protocol::custom_claims::CustomClaims;
use crate::provider::{Refusal, Visitor};

const PAGE: &str = "/account/profile";

pub(in crate::http) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let visitor = match visitor(&state, &request).await? {
        Ok(visitor) => visitor,
        Err(response) => return Ok(response),
    };
    let Some(person) = state.provider.own_record(&visitor).await? else {
        return Ok(respond::see_other("/account"));
    };
    let saved = extract::query(&request).is_some_and(|query| query.get("saved").is_some());
    let notice = saved.then(|| Notice {
        tone: Tone::Ok,
        title: "Your profile is saved".to_owned(),
        text: "Apps are told of it when they ask the next time.".to_owned(),
        receipts: None,
    });
    let shown = Shown {
        typed: Typed::of(&person),
        ..Shown::default()
    };
    let custom = &state.provider.settings().claims;
    let page = page((&visitor, notice), &person, &shown, custom);
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let (visitor, form) = match posted(&state, &request, &body).await? {
        Ok(posted) => posted,
        Err(response) => return Ok(response),
    };
    let provider = &state.provider;
    let custom = &provider.settings().claims;
    let typed = Typed::read(&form, custom);
    // Without one, the edit began from nothing that we know.
    let version = form.get("version").and_then(|text| text.parse().ok());
    let version = Timestamp::from_millis(version.unwrap_or(0));
    let profile = typed.profile.clone();
    let Err(refusal) = provider
        .edit_own_profile(&visitor, version, profile)
        .await?
    else {
        return Ok(respond::see_other(&format!("{PAGE}?saved=1")));
    };
    let Some(mut person) = provider.own_record(&visitor).await? else {
        return Ok(respond::see_other("/account"));
    };
    let (errors, problem) = if refusal == Refusal::Outdated {
        (typed.own_differences(&person, custom), changed_meanwhile())
    } else {
        // What it began from stays: only who was shown what is stored may replace it.
        person.updated = version;
        let errors = Errors::of(&refusal);
        let problem = Problem {
            text: "What you typed is kept. Change what is marked, then save again.".to_owned(),
            ..attention("saved", errors.len())
        };
        (errors, problem)
    };
    let shown = Shown {
        typed,
        errors,
        problem: Some(problem),
    };
    let page = page((&visitor, None), &person, &shown, custom);
    Ok(respond::page(status(&refusal), &page, &Policy::stays()))
}

fn changed_meanwhile() -> Problem {
    Problem {
        title: "Not saved: this was changed meanwhile".to_owned(),
        text:
            "Perhaps in another tab, or by an administrator. What you typed is kept, and what is \
               stored now stands at each field that differs. Save again to put yours in its place."
                .to_owned(),
    }
}

/// What stands in the form.
#[derive(Default)]
struct Shown {
    typed: Typed,
    errors: Errors,
    problem: Option<Problem>,
}

fn page(
    (visitor, notice): (&Visitor, Option<Notice>),
    person: &User,
    shown: &Shown,
    custom: &CustomClaims,
) -> AccountProfile {
    AccountProfile {
        frame: frame(visitor, Tab::Profile, notice),
        username: person.username.clone(),
        email: person.profile.email.clone(),
        email_verified: person.profile.email_verified,
        problem: shown.problem.clone(),
        by_others: by_others(person, custom),
        fields: shown.typed.own_fields(&shown.errors, custom),
        version: person.updated.as_millis(),
    }
}

/// What apps may be told as well, and is not the person's to change.
fn by_others(person: &User, custom: &CustomClaims) -> Vec<(String, String)> {
    let profile = &person.profile;
    let mut said = Vec::new();
    for (label, words) in [("Groups", &profile.groups), ("Roles", &profile.roles)] {
        if !words.is_empty() {
            said.push((label.to_owned(), words.join(", ")));
        }
    }
    for own in custom.claims.iter().filter(|own| !own.self_service) {
        if let Some(value) = profile.attributes.get(&own.attribute) {
            said.push((own.label.clone(), value.replace('\n', ", ")));
        }
    }
    said
}
