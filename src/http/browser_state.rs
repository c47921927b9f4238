//! Two cookies that the script of the check iframe reads (`OpenID` Connect Session Management 1.0,
//! 3.2): the browser's state while somebody is signed in, and one that stands for it while nobody
//! is. The second outlives the first: by it the frame tells "gone" from "I can't see cookies here".
//!
//! Only where `session.check_iframe` is on. They follow the SSO cookie of themselves: no handler
//! that sets or takes away that one can forget them.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, web};

use super::cookies as sso;
use super::state::State;
use crate::provider::{BrowserState, Held, Holding};

/// As long as browsers keep cookies without a visit, or nearly: a frame that finds neither cookie
/// says that nothing has changed.
const NOBODY: time::Duration = time::Duration::days(90);

fn state_name(state: &State) -> &'static str {
    if state.https {
        "__Host-lanyard-state"
    } else {
        "lanyard-state"
    }
}

fn nobody_name(state: &State) -> &'static str {
    if state.https {
        "__Host-lanyard-nobody"
    } else {
        "lanyard-nobody"
    }
}

/// For scripts, and for frames on other sites. Browsers take `SameSite=None` only with `Secure`: a
/// house on plain http is seen by apps of its own site alone.
fn build(state: &State, name: &'static str, value: String) -> Cookie<'static> {
    let same_site = if state.https {
        SameSite::None
    } else {
        SameSite::Lax
    };
    Cookie::build(name, value)
        .path("/")
        .secure(state.https)
        .same_site(same_site)
        .finish()
}

/// What the browser sent.
pub(super) fn held(state: &State, request: &HttpRequest) -> Held {
    if !state.provider.settings().features.check_iframe {
        return Held::default();
    }
    let value = |name| {
        let cookie = request.cookie(name)?;
        Some(cookie.value().to_owned()).filter(|value| !value.is_empty())
    };
    Held {
        state: value(state_name(state)),
        nobody: value(nobody_name(state)),
    }
}

/// The cookies that make a browser hold this.
pub(super) fn cookies(state: &State, holding: Holding) -> Vec<Cookie<'static>> {
    if !state.provider.settings().features.check_iframe {
        return Vec::new();
    }
    match holding {
        Holding::AsItIs => Vec::new(),
        Holding::State(BrowserState { value, lifetime }) => signed_in(state, value, lifetime),
        Holding::Nothing => vec![gone(state)],
    }
}

fn signed_in(state: &State, value: String, lifetime: Option<Duration>) -> Vec<Cookie<'static>> {
    let mut cookie = build(state, state_name(state), value);
    if let Some(seconds) = lifetime.and_then(|life| i64::try_from(life.as_secs()).ok()) {
        cookie.set_max_age(time::Duration::seconds(seconds));
    }
    vec![cookie, nobody(state)]
}

/// Another one each time: what was true before a sign-in is not true again after a sign-out.
fn nobody(state: &State) -> Cookie<'static> {
    let value = state.provider.nobodys_state();
    let mut cookie = build(state, nobody_name(state), value);
    cookie.set_max_age(NOBODY);
    cookie
}

fn gone(state: &State) -> Cookie<'static> {
    let mut cookie = build(state, state_name(state), String::new());
    cookie.set_max_age(time::Duration::ZERO);
    cookie
}

/// Lets both follow the SSO cookie of an answer.
pub(super) async fn follow<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let state = request.app_data::<web::Data<State>>().cloned();
    let mut response = next.call(request).await?;
    let state = state.filter(|state| state.provider.settings().features.check_iframe);
    let Some(state) = state else {
        return Ok(response);
    };
    for cookie in following(&state, &response) {
        if let Err(error) = response.response_mut().add_cookie(&cookie) {
            tracing::error!(%error, "a cookie could not be written");
        }
    }
    Ok(response)
}

fn following<B>(state: &State, response: &ServiceResponse<B>) -> Vec<Cookie<'static>> {
    let set = |name| {
        let mut cookies = response.response().cookies();
        cookies.find(|cookie| cookie.name() == name)
    };
    let Some(sso) = set(sso::session_name(state)) else {
        return Vec::new();
    };
    if set(state_name(state)).is_some() {
        return Vec::new();
    }
    let provider = &state.provider;
    match provider.open_cookie(sso.value()) {
        Some(session) => {
            let lifetime = sso.max_age().map(time::Duration::unsigned_abs);
            signed_in(state, provider.browser_state(&session), lifetime)
        }
        None => vec![gone(state), nobody(state)],
    }
}
