//! Cookies: the SSO cookie, one for each interaction, and the view cookie. `__Host-` wherever the issuer is https,
//! so that no neighbour below the same domain can plant one (RFC 6265bis, 4.1.3.2).

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};

use super::extract;
use super::state::State;
use crate::entropy::Secret;
use crate::provider::{InteractionCookie, SessionCookie, VIEW_LASTS, View};

/// At most this many interactions are kept per browser: each is a cookie on every request.
const OPEN_INTERACTIONS: usize = 8;
/// Of those beyond, so many give way at a time.
const GIVE_WAY: usize = 8;
const INTERACTION_SECONDS: i64 = 3_600;
const SETUP_SECONDS: i64 = 3_600;

/// The name of the SSO cookie.
pub(super) fn session_name(state: &State) -> &'static str {
    if state.https {
        "__Host-lanyard"
    } else {
        "lanyard"
    }
}

fn interaction_name(state: &State, tag: &str) -> String {
    format!("{}{tag}", interaction_prefix(state))
}

fn interaction_prefix(state: &State) -> &'static str {
    if state.https {
        "__Host-lanyard-i-"
    } else {
        "lanyard-i-"
    }
}

fn build(state: &State, name: String, value: String, same_site: SameSite) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .secure(state.https)
        .same_site(same_site)
        .finish()
}

/// The SSO cookie of a request, if it is one of ours.
pub(super) fn session(state: &State, request: &HttpRequest) -> Option<SessionCookie> {
    let cookie = request.cookie(session_name(state))?;
    let cookie = state.provider.open_cookie(cookie.value())?;
    Some(cookie.shown_from(extract::browser(request).address))
}

/// Whether the request carries an SSO cookie at all: a cross-site POST never carries a Lax one.
pub(super) fn has_session(state: &State, request: &HttpRequest) -> bool {
    request.cookie(session_name(state)).is_some()
}

/// Sets the SSO cookie; without a lifetime it goes with the browser.
pub(super) fn set_session(
    state: &State,
    cookie: &SessionCookie,
    lifetime: Option<Duration>,
) -> Cookie<'static> {
    let value = state.provider.seal_cookie(cookie);
    let mut cookie = build(
        state,
        session_name(state).to_owned(),
        value,
        state.same_site(),
    );
    if let Some(seconds) = lifetime.and_then(|life| i64::try_from(life.as_secs()).ok()) {
        cookie.set_max_age(time::Duration::seconds(seconds));
    }
    cookie
}

/// Takes the SSO cookie away.
pub(super) fn clear_session(state: &State) -> Cookie<'static> {
    let name = session_name(state).to_owned();
    expired(build(state, name, String::new(), state.same_site()))
}

const fn view_name(state: &State) -> &'static str {
    if state.https {
        "__Host-lanyard-view"
    } else {
        "lanyard-view"
    }
}

/// Whose receipts the browser may look at without a session, if its view cookie is good.
pub(super) fn view(state: &State, request: &HttpRequest) -> Option<View> {
    let cookie = request.cookie(view_name(state))?;
    state.provider.open_view(cookie.value())
}

/// Lets a browser that signed out look at the receipts, for ten minutes; of an earlier sign-out no
/// more, as that may have been somebody else's.
pub(super) fn set_view(state: &State, value: &str) -> Cookie<'static> {
    let (name, value) = (view_name(state).to_owned(), value.to_owned());
    let mut cookie = build(state, name, value, SameSite::Lax);
    let seconds = i64::try_from(VIEW_LASTS.as_secs()).unwrap_or(0);
    cookie.set_max_age(time::Duration::seconds(seconds));
    cookie
}

/// The sealed handle of the interaction that a page's address names.
pub(super) fn interaction(state: &State, request: &HttpRequest, tag: &str) -> Option<String> {
    request
        .cookie(&interaction_name(state, tag))
        .map(|cookie| cookie.value().to_owned())
}

/// Sets an interaction's cookie, and takes away those beyond the limit.
pub(super) fn set_interaction(
    state: &State,
    request: &HttpRequest,
    interaction: &InteractionCookie,
) -> Vec<Cookie<'static>> {
    let name = interaction_name(state, &interaction.tag);
    let mut cookie = build(state, name, interaction.value.clone(), SameSite::Lax);
    cookie.set_max_age(time::Duration::seconds(INTERACTION_SECONDS));
    let prefix = interaction_prefix(state);
    let mut cookies = vec![cookie];
    if let Ok(sent) = request.cookies() {
        // Browsers send older cookies first (RFC 6265, 5.4): the oldest gives way. A few at a time,
        // and only what could be ours: a head that grows with what was sent is more than some
        // proxies take, which then call this node dead.
        let ours = |cookie: &&Cookie<'_>| {
            let tag = cookie.name().strip_prefix(prefix);
            tag.is_some_and(InteractionCookie::could_be_tag)
        };
        let open: Vec<_> = sent.iter().filter(ours).collect();
        let surplus = (open.len() + 1).saturating_sub(OPEN_INTERACTIONS);
        let old = open.into_iter().take(surplus.min(GIVE_WAY));
        cookies.extend(old.map(|old| clear_named(state, old.name().to_owned())));
    }
    cookies
}

fn setup_name(state: &State) -> &'static str {
    if state.https {
        "__Secure-lanyard-setup"
    } else {
        "lanyard-setup"
    }
}

/// The token of the set-up link that this browser followed.
pub(super) fn setup(state: &State, request: &HttpRequest) -> Option<Secret> {
    Secret::decode(request.cookie(setup_name(state))?.value())
}

/// Keeps the token of a set-up link for its page alone. Not `Strict`: whoever follows the link from
/// a page of logs comes from another site, and would arrive without it.
pub(super) fn set_setup(state: &State, token: &Secret) -> Cookie<'static> {
    let mut cookie = build_setup(state, token.encode());
    cookie.set_max_age(time::Duration::seconds(SETUP_SECONDS));
    cookie
}

/// Takes the token of a set-up link away.
pub(super) fn clear_setup(state: &State) -> Cookie<'static> {
    expired(build_setup(state, String::new()))
}

fn build_setup(state: &State, value: String) -> Cookie<'static> {
    let mut cookie = build(state, setup_name(state).to_owned(), value, SameSite::Lax);
    cookie.set_path("/setup");
    cookie
}

/// Takes an interaction's cookie away.
pub(super) fn clear_interaction(state: &State, tag: &str) -> Cookie<'static> {
    clear_named(state, interaction_name(state, tag))
}

fn clear_named(state: &State, name: String) -> Cookie<'static> {
    expired(build(state, name, String::new(), SameSite::Lax))
}

fn expired(mut cookie: Cookie<'static>) -> Cookie<'static> {
    cookie.set_max_age(time::Duration::ZERO);
    cookie
}
