//! Making a person.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::person_outcome::{self, Outcome};
use super::person_password::{Chosen, chosen, shown};
use super::route::{Answer, Call};
use crate::http::claims::{Errors, Typed, attention, status};
use crate::http::headers::Policy;
use crate::http::respond;
use crate::identity::password_policy;
use crate::pages::admin::Section;
use crate::pages::admin::password_choice::PasswordChoice;
use crate::pages::admin::person_form::{PersonForm, Purpose};
use crate::pages::parts::Link;
use crate::provider::NewPerson;

const PAGE: &str = "/admin/people/new";

/// `GET /admin/people/new`.
pub(super) async fn ask(call: Call) -> Answer {
    let form = form(
        &call,
        &Typed::default(),
        &Errors::default(),
        PasswordChoice::default(),
    );
    Ok(answer(StatusCode::OK, form))
}

/// `POST /admin/people/new`.
pub(super) async fn create(call: Call) -> Answer {
    let custom = &call.state.provider.settings().claims;
    let typed = Typed::read(&call.form, custom);
    let chosen = chosen(&call);
    let new = NewPerson {
        username: typed.username.clone(),
        profile: typed.profile.clone(),
        password: None,
        temporary: true,
        admin: call.form.get("admin").is_some(),
    };
    // All that is wrong at once, before anything that takes its time.
    let errors = match new.clone().judged() {
        Ok(_) => Errors::default(),
        Err(refusal) => Errors::of(&refusal),
    };
    let (password, made) = match judged(chosen, &typed) {
        Ok(chosen) if errors.len() == 0 => chosen.into_parts(),
        Ok(chosen) => return Ok(refused(&call, &typed, &errors, chosen.again())),
        Err(choice) => return Ok(refused(&call, &typed, &errors, *choice)),
    };
    let new = NewPerson {
        password: Some(password.clone()),
        ..new
    };
    let actor = call.administrator.actor();
    match call.state.provider.create_person(new, &actor).await? {
        Ok(user) => {
            let address = person_outcome::address(&user.id, Outcome::Created, &[]);
            if made {
                return Ok(shown(&call, &user, password, &address));
            }
            Ok(respond::see_other(&address))
        }
        Err(refusal) => {
            let choice = PasswordChoice {
                typed: !made,
                ..PasswordChoice::default()
            };
            let page = form(&call, &typed, &Errors::of(&refusal), choice);
            Ok(answer(status(&refusal), page))
        }
    }
}

/// The password by the rules for these names.
fn judged(
    chosen: Result<Chosen, Box<PasswordChoice>>,
    typed: &Typed,
) -> Result<Chosen, Box<PasswordChoice>> {
    let chosen = chosen?;
    let email = typed.profile.email.as_deref();
    match password_policy::check(chosen.password(), &typed.username, email) {
        Ok(()) => Ok(chosen),
        Err(weakness) => Err(Box::new(chosen.again().with_error(weakness.message()))),
    }
}

fn refused(call: &Call, typed: &Typed, errors: &Errors, choice: PasswordChoice) -> HttpResponse {
    answer(StatusCode::BAD_REQUEST, form(call, typed, errors, choice))
}

fn answer(status: StatusCode, form: Option<PersonForm>) -> HttpResponse {
    match form {
        Some(form) => respond::page(status, &form, &Policy::stays()),
        None => respond::malformed(),
    }
}

fn form(
    call: &Call,
    typed: &Typed,
    errors: &Errors,
    password: PasswordChoice,
) -> Option<PersonForm> {
    let custom = &call.state.provider.settings().claims;
    let (fields, more) = typed.fields(errors, custom);
    let wrong = errors.len() + usize::from(password.is_wrong());
    Some(PersonForm {
        frame: call.frame(Section::People, None),
        problem: (wrong > 0).then(|| attention("created", wrong)),
        action: Link::new(PAGE)?,
        back: Link::new("/admin/people")?,
        up: "People".to_owned(),
        fields,
        more,
        email_verified: typed.profile.email_verified,
        phone_number_verified: typed.profile.phone_number_verified,
        purpose: Purpose::Create {
            password,
            admin: call.form.get("admin").is_some(),
        },
    })
}
