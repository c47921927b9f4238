//! The first administrator, by a link that the server printed. Its token stands in the address only
//! for one redirect: then a cookie has it, so that it stays out of histories and referrers. Only
//! the form uses it up: whatever looks at links in messages may follow this one.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use url::Url;

use super::error::PageTrouble;
use super::headers::Policy;
use super::state::State;
use super::{cookies, extract, guard, respond};
use crate::entropy::Secret;
use crate::identity::user::Profile;
use crate::pages::parts::Link;
use crate::pages::setup::{Setup, SetupForm, SetupVoid, Typed};
use crate::protocol::params::Params;
use crate::provider::{NewPerson, Refusal, SetUp};

/// The link, and then its page.
pub(super) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let Some(query) = extract::query(&request) else {
        return Ok(void_page());
    };
    let followed = query.get("token");
    let token = match followed {
        Some(token) => Secret::decode(token),
        None => cookies::setup(&state, &request),
    };
    let from = extract::browser(&request).address;
    let token = match token {
        Some(token) if state.provider.admits_setup(&token, from).await? => token,
        // A wrong link takes nothing from whoever followed the right one.
        _ if followed.is_some() => return Ok(void_page()),
        _ => return Ok(void(&state)),
    };
    if followed.is_some() {
        let set = [cookies::set_setup(&state, &token)];
        return Ok(respond::with_cookies(respond::see_other("/setup"), set));
    }
    Ok(show(&state, &token, SetupForm::default(), StatusCode::OK))
}

/// The form.
pub(super) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    if guard::is_foreign(&state, &request) {
        return Ok(respond::foreign_form());
    }
    let Some(form) = extract::form(&request, &body) else {
        return Ok(respond::malformed());
    };
    let Some(token) = cookies::setup(&state, &request) else {
        return Ok(void(&state));
    };
    let csrf = form.get("csrf").unwrap_or_default();
    if !state.provider.setup_token_matches(&token, csrf) {
        return Ok(respond::form_expired());
    }
    let session = cookies::session(&state, &request);
    let browser = extract::browser(&request);
    let made = state
        .provider
        .set_up(&token, person(&form), session.as_ref(), &browser);
    match made.await? {
        SetUp::Done(session) => {
            let session = session.map(|cookie| cookies::set_session(&state, &cookie, None));
            let set = session.into_iter().chain([cookies::clear_setup(&state)]);
            Ok(respond::with_cookies(respond::see_other("/admin"), set))
        }
        SetUp::Refused(refusals) => {
            let typed = judged(typed(&form), &refusals);
            Ok(show(&state, &token, typed, StatusCode::BAD_REQUEST))
        }
        SetUp::Void => Ok(void(&state)),
    }
}

fn person(form: &Params) -> NewPerson {
    let text = |name| form.get(name).map(ToOwned::to_owned);
    NewPerson {
        username: text("username").unwrap_or_default(),
        profile: Profile {
            name: text("name"),
            email: text("email"),
            ..Profile::default()
        },
        password: text("password"),
        temporary: false,
        admin: true,
    }
}

fn typed(form: &Params) -> SetupForm {
    let text = |name| Typed::new(form.get(name).unwrap_or_default());
    SetupForm {
        username: text("username"),
        name: text("name"),
        email: text("email"),
        weakness: None,
    }
}

/// Puts what is wrong to the fields that it is about.
fn judged(mut form: SetupForm, refusals: &[Refusal]) -> SetupForm {
    for refusal in refusals {
        match refusal {
            Refusal::Fields(errors) => {
                for error in errors {
                    let field = match &*error.field {
                        "name" => &mut form.name,
                        "email" => &mut form.email,
                        _ => &mut form.username,
                    };
                    field.error = Some(format!("This {}; {}.", error.problem, error.remedy));
                }
            }
            Refusal::WeakPassword(why) => form.weakness = Some((*why).to_owned()),
            Refusal::NameTaken => {
                form.username.error = Some(
                    "This username, or the email address, belongs to somebody already; choose \
                     another."
                        .to_owned(),
                );
            }
            other => form.username.error = Some(other.to_string()),
        }
    }
    form
}

fn show(state: &State, token: &Secret, form: SetupForm, status: StatusCode) -> HttpResponse {
    let provider = &state.provider;
    let issuer = &provider.settings().issuer;
    let host = Url::parse(issuer).ok();
    let host = host.as_ref().and_then(Url::host_str);
    let page = Setup {
        provider: host.unwrap_or(issuer).to_owned(),
        csrf: provider.setup_token(token),
        form,
    };
    respond::page(status, &page, &Policy::stays())
}

/// Used, run out, or never one.
fn void_page() -> HttpResponse {
    let page = SetupVoid {
        onward: Link::new("/admin"),
    };
    respond::page(StatusCode::GONE, &page, &Policy::stays())
}

/// The same where the browser's cookie is of no use any more.
fn void(state: &State) -> HttpResponse {
    respond::with_cookies(void_page(), [cookies::clear_setup(state)])
}
