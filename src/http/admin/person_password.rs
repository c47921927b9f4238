//! A temporary password for somebody: which one, setting it, and showing once what the house made.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::links;
use super::person::id;
use super::person_deeds::ends;
use super::person_outcome::{self, Outcome};
use super::route::{Answer, Call, nothing_here};
use crate::http::claims::{Errors, status};
use crate::http::headers::Policy;
use crate::http::respond;
use crate::identity::user::User;
use crate::pages::admin::Section;
use crate::pages::admin::password_choice::PasswordChoice;
use crate::pages::admin::person_password::{PasswordShown, SetPassword};
use crate::pages::fields::Problem;
use crate::pages::parts::Link;
use crate::provider::Refusal;

const NOT_KEPT: &str = "Type the password. It isn’t kept while you confirm that it’s you.";

/// The password that a form chose.
pub(super) enum Chosen {
    /// One that the house made just now.
    Made(String),
    /// One that was typed.
    Typed(String),
}

impl Chosen {
    pub(super) fn password(&self) -> &str {
        match self {
            Self::Made(password) | Self::Typed(password) => password,
        }
    }

    /// The password, and whether the house made it.
    pub(super) fn into_parts(self) -> (String, bool) {
        match self {
            Self::Made(password) => (password, true),
            Self::Typed(password) => (password, false),
        }
    }

    /// The choice anew, without the password.
    pub(super) fn again(&self) -> PasswordChoice {
        PasswordChoice {
            typed: matches!(self, Self::Typed(_)),
            ..PasswordChoice::default()
        }
    }
}

/// What the form chose; or the choice again, with what is missing. A form comes back from the
/// confirmation of who asks without the password: then it is asked for again, and never made up.
pub(super) fn chosen(call: &Call) -> Result<Chosen, Box<PasswordChoice>> {
    let typed = call.form.get("password").unwrap_or_default();
    match (call.form.get("how"), typed) {
        (Some("generate"), _) => Ok(Chosen::Made(call.state.provider.temporary_password())),
        (Some("typed"), "") => {
            let choice = PasswordChoice {
                typed: true,
                ..PasswordChoice::default()
            };
            Err(Box::new(choice.with_error(NOT_KEPT)))
        }
        (Some("typed"), password) => Ok(Chosen::Typed(password.to_owned())),
        _ => Err(Box::new(PasswordChoice {
            problem: Some("Choose one of the two.".to_owned()),
            ..PasswordChoice::default()
        })),
    }
}

/// `GET /admin/people/{id}/password`.
pub(super) async fn ask(call: Call) -> Answer {
    match person(&call).await? {
        Some(user) => asked(&call, &user, StatusCode::OK, PasswordChoice::default()).await,
        None => Ok(nothing_here()),
    }
}

/// `POST /admin/people/{id}/password`.
pub(super) async fn set(call: Call) -> Answer {
    let Some(user) = person(&call).await? else {
        return Ok(nothing_here());
    };
    let chosen = match chosen(&call) {
        Ok(chosen) => chosen,
        Err(choice) => return asked(&call, &user, StatusCode::BAD_REQUEST, *choice).await,
    };
    let again = chosen.again();
    let (password, made) = chosen.into_parts();
    let provider = &call.state.provider;
    let set = provider.set_temporary_password(&call.administrator, &user.id, password.clone());
    match set.await? {
        Ok(ended) => {
            let address = person_outcome::address(&user.id, Outcome::PasswordSet, &ended);
            if made {
                return Ok(shown(&call, &user, password, &address));
            }
            Ok(respond::see_other(&address))
        }
        Err(Refusal::NotFound) => Ok(nothing_here()),
        Err(refusal) => {
            let said = Errors::of(&refusal).at("password");
            let choice = again.with_error(&said.unwrap_or_else(|| refusal.to_string()));
            asked(&call, &user, status(&refusal), choice).await
        }
    }
}

/// The only page that ever shows the password. No page of ours is kept by a browser or a proxy
/// (`Cache-Control: no-store`), and no address or log has it.
pub(super) fn shown(call: &Call, user: &User, password: String, onward: &str) -> HttpResponse {
    let Some(page) = Link::new(onward) else {
        return nothing_here();
    };
    let page = PasswordShown {
        frame: call.frame(Section::People, None),
        name: user.display_name().to_owned(),
        username: user.username.clone(),
        password,
        page,
    };
    respond::page(StatusCode::OK, &page, &Policy::stays())
}

async fn person(call: &Call) -> Result<Option<User>, crate::http::error::PageTrouble> {
    match id(call) {
        Some(id) => Ok(call.state.provider.person_on_record(&id).await?),
        None => Ok(None),
    }
}

async fn asked(call: &Call, user: &User, status: StatusCode, choice: PasswordChoice) -> Answer {
    let administrator = &call.administrator;
    let provider = &call.state.provider;
    let plan = provider
        .plan_person(administrator, &user.id, administrator.is(&user.id))
        .await?;
    let Some(back) = links::person(&user.id) else {
        return Ok(nothing_here());
    };
    let Some(action) = Link::new(&format!("{back}/password")) else {
        return Ok(nothing_here());
    };
    let page = SetPassword {
        frame: call.frame(Section::People, None),
        name: user.display_name().to_owned(),
        username: user.username.clone(),
        problem: choice.is_wrong().then(|| Problem {
            title: "The password was not set".to_owned(),
            text: "Nothing was changed, and nobody was signed out. Look at what is marked."
                .to_owned(),
        }),
        choice,
        ends: ends(plan),
        action,
        back,
    };
    Ok(respond::page(status, &page, &Policy::stays()))
}
