//! The pages of a sign-in. Each posts back, and all of them end in the same dispatcher.

pub(super) mod account_choice;
pub(super) mod consent;
pub(super) mod login;
pub(super) mod new_password;
pub(super) mod resume;
pub(super) mod show;

use actix_web::{HttpRequest, HttpResponse, web};

use super::error::PageTrouble;
use super::oauth::authorize;
use super::state::State;
use super::{browser_state, cookies, extract, guard, respond};
use crate::protocol::params::Params;
use crate::provider::{Open, SessionCookie, Step};

/// Whose answer a form is.
#[derive(Clone, Copy)]
enum FormOf {
    /// Whoever signs in.
    Anybody,
    /// The person who was shown the page: a consent of one must never count for another.
    WhoWasAsked,
}

/// A page of an interaction that this browser began.
struct Visit {
    tag: String,
    open: Open,
    cookie: Option<SessionCookie>,
}

impl Visit {
    /// None: there is no such interaction for this browser.
    async fn open(state: &State, request: &HttpRequest) -> Result<Option<Self>, PageTrouble> {
        let tag = extract::query(request).and_then(|query| query.get("i").map(ToOwned::to_owned));
        let Some(tag) = tag else { return Ok(None) };
        let Some(value) = cookies::interaction(state, request, &tag) else {
            return Ok(None);
        };
        let Some(open) = state.provider.open_interaction_cookie(&value).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            tag,
            open,
            cookie: cookies::session(state, request),
        }))
    }

    /// The sign-in form, posted: its page and fields, or the answer that refuses it.
    async fn posted(
        state: &State,
        request: &HttpRequest,
        body: &web::Bytes,
        form_of: FormOf,
    ) -> Result<Result<(Self, Params), HttpResponse>, PageTrouble> {
        if guard::is_foreign(state, request) {
            return Ok(Err(respond::foreign_form()));
        }
        let Some(form) = extract::form(request, body) else {
            return Ok(Err(respond::malformed()));
        };
        let Some(visit) = Self::open(state, request).await? else {
            return Ok(Err(authorize::expired(state)));
        };
        let token = form.get("csrf").unwrap_or_default();
        let asked = match form_of {
            FormOf::Anybody => None,
            FormOf::WhoWasAsked => visit.cookie.as_ref(),
        };
        let provider = &state.provider;
        if !provider.interaction_form_matches(&visit.open, asked, token) {
            return Ok(Err(respond::form_expired()));
        }
        Ok(Ok((visit, form)))
    }

    /// Shows a page that waits, or leaves with the answer.
    fn take(&self, state: &State, step: Step) -> HttpResponse {
        let clear = || [cookies::clear_interaction(state, &self.tag)];
        match step {
            Step::Page(waiting) => show::page(state, &self.tag, &waiting, None),
            Step::Answer {
                answer,
                client_name,
                holding,
            } => {
                let cookies = browser_state::cookies(state, holding);
                let response = respond::answer(answer, &client_name);
                respond::with_cookies(response, cookies.into_iter().chain(clear()))
            }
            Step::Own(page) => respond::with_cookies(respond::see_other(page.as_str()), clear()),
            Step::Gone => respond::with_cookies(authorize::expired(state), clear()),
        }
    }

    /// After a POST: a page that waits is fetched by GET, so that a reload repeats nothing.
    fn go_on(&self, state: &State, step: Step) -> HttpResponse {
        match step {
            Step::Page(waiting) => respond::see_other(&show::address(&self.tag, &waiting.due)),
            step => self.take(state, step),
        }
    }
}

/// Whichever page is due.
pub(super) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let Some(visit) = Visit::open(&state, &request).await? else {
        return Ok(authorize::expired(&state));
    };
    let step = state
        .provider
        .step(&visit.open, visit.cookie.as_ref())
        .await?;
    Ok(visit.take(&state, step))
}
