//! Editing what a person is called.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::links;
use super::person::id;
use super::person_outcome::{self, Outcome};
use super::route::{Answer, Call, nothing_here};
use crate::clock::Timestamp;
use crate::http::claims::{Errors, Typed, attention, status};
use crate::http::headers::Policy;
use crate::http::respond;
use crate::identity::fields;
use crate::identity::user::{LoginKey, User};
use crate::pages::admin::Section;
use crate::pages::admin::person_form::{PersonForm, Purpose};
use crate::pages::fields::Problem;
use crate::pages::parts::Link;
use crate::provider::Refusal;
use crate::store::record::PersonEdit;

/// `GET /admin/people/{id}/edit`.
pub(super) async fn ask(call: Call) -> Answer {
    let Some(user) = person(&call).await? else {
        return Ok(nothing_here());
    };
    let typed = Typed::of(&user);
    let form = form(&call, &user, &typed, &Errors::default(), None);
    Ok(answer(StatusCode::OK, form))
}

/// `POST /admin/people/{id}/edit`.
pub(super) async fn save(call: Call) -> Answer {
    let Some(before) = person(&call).await? else {
        return Ok(nothing_here());
    };
    let custom = &call.state.provider.settings().claims;
    let typed = Typed::read(&call.form, custom).beside(&before.profile, custom);
    // Without one, the edit began from nothing that we know.
    let version = call.field("version").and_then(|text| text.parse().ok());
    let mut edit = PersonEdit {
        id: before.id.clone(),
        version: Timestamp::from_millis(version.unwrap_or(0)),
        username: typed.username.clone(),
        profile: typed.profile.clone(),
    };
    if mark_of_another_number(&before, &typed) {
        edit.profile.phone_number_verified = false;
    }
    let outcome = if mark_of_another_address(&before, &typed) {
        edit.profile.email_verified = false;
        Outcome::SavedUnverified
    } else {
        Outcome::Saved
    };
    let actor = call.administrator.actor();
    match call.state.provider.edit_person(edit, &actor).await? {
        Ok(_) => {
            let address = person_outcome::address(&before.id, outcome, &[]);
            Ok(respond::see_other(&address))
        }
        Err(Refusal::NotFound) => Ok(nothing_here()),
        Err(Refusal::Outdated) => outdated(&call, &typed).await,
        Err(refusal) => {
            // What it began from stays: only who was shown what is stored may replace it.
            let began = User {
                updated: Timestamp::from_millis(version.unwrap_or(0)),
                ..before
            };
            let errors = Errors::of(&refusal);
            let problem = Some(attention("saved", errors.len()));
            let form = form(&call, &began, &typed, &errors, problem);
            Ok(answer(status(&refusal), form))
        }
    }
}

/// Somebody else was faster: what is stored now, beside what was typed.
async fn outdated(call: &Call, typed: &Typed) -> Answer {
    let Some(user) = person(call).await? else {
        return Ok(nothing_here());
    };
    let problem = Some(changed_meanwhile(&user, typed));
    let custom = &call.state.provider.settings().claims;
    let differences = typed.differences(&user, custom);
    let form = form(call, &user, typed, &differences, problem);
    Ok(answer(StatusCode::CONFLICT, form))
}

async fn person(call: &Call) -> Result<Option<User>, crate::http::error::PageTrouble> {
    match id(call) {
        Some(id) => Ok(call.state.provider.person_on_record(&id).await?),
        None => Ok(None),
    }
}

/// The mark of verification was there for the address before, and came along unasked.
fn mark_of_another_address(before: &User, typed: &Typed) -> bool {
    let same = |one: &Option<String>, other: &Option<String>| {
        let key = |text: &Option<String>| LoginKey::new(text.as_deref().unwrap_or_default());
        key(one) == key(other)
    };
    let profile = &typed.profile;
    let has_address = profile
        .email
        .as_deref()
        .is_some_and(|email| !email.trim().is_empty());
    has_address
        && profile.email_verified
        && before.profile.email_verified
        && !same(&profile.email, &before.profile.email)
}

/// The same of the phone number.
fn mark_of_another_number(before: &User, typed: &Typed) -> bool {
    let (before, typed) = (&before.profile, &typed.profile);
    let same = fields::same(before.phone_number.as_ref(), typed.phone_number.as_ref());
    before.phone_number_verified && typed.phone_number_verified && !same
}

fn changed_meanwhile(stored: &User, typed: &Typed) -> Problem {
    let verified = match (stored.profile.email_verified, typed.profile.email_verified) {
        (true, false) => " The email address is stored as verified.",
        (false, true) => " The email address is stored as not verified.",
        _ => "",
    };
    Problem {
        title: "Not saved: somebody else changed this meanwhile".to_owned(),
        text: format!(
            "What you typed is kept, and what is stored now stands at each field that differs.{verified} \
             Save again to put yours in its place."
        ),
    }
}

fn answer(status: StatusCode, form: Option<PersonForm>) -> HttpResponse {
    match form {
        Some(form) => respond::page(status, &form, &Policy::stays()),
        None => nothing_here(),
    }
}

fn form(
    call: &Call,
    user: &User,
    typed: &Typed,
    errors: &Errors,
    problem: Option<Problem>,
) -> Option<PersonForm> {
    let page = links::person(&user.id)?;
    let custom = &call.state.provider.settings().claims;
    let (fields, more) = typed.fields(errors, custom);
    Some(PersonForm {
        frame: call.frame(Section::People, None),
        problem,
        action: Link::new(&format!("{page}/edit"))?,
        back: page,
        up: user.display_name().to_owned(),
        fields,
        more,
        email_verified: typed.profile.email_verified,
        phone_number_verified: typed.profile.phone_number_verified,
        purpose: Purpose::Edit {
            version: user.updated.as_millis(),
        },
    })
}
