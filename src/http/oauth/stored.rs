//! A POST from an app arrives without the Lax cookie. It is kept, and the browser comes back by a
//! GET of our own, with the cookie; nothing is decided before.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::error::PageTrouble;
use crate::http::state::State;
use crate::http::{cookies, extract, respond};
use crate::protocol::params::Params;

/// The parameter by which a stored request is found again.
const STORED: &str = "stored";

/// What a query says: the parameters themselves, or those of a stored request.
pub(super) enum Asked {
    Now(Params),
    /// None: it is not there any more, or never was.
    Before(Option<Params>),
}

/// A POST's parameters, to be answered at once; or the answer: no form, or back to `path` for a
/// request that is kept.
pub(super) async fn posted(
    request: &HttpRequest,
    body: &web::Bytes,
    state: &State,
    path: &str,
) -> Result<Result<Params, HttpResponse>, PageTrouble> {
    let Some(params) = extract::form(request, body) else {
        return Ok(Err(respond::malformed()));
    };
    if cookies::has_session(state, request) {
        return Ok(Ok(params));
    }
    let stored = state
        .provider
        .store_request(&params, extract::browser(request).address)
        .await?;
    let handle = state.provider.seal_stored(&stored);
    let location = format!("{path}?{STORED}={handle}");
    Ok(Err(respond::see_other(&location)))
}

/// Finds a stored request again, if the query names one.
pub(super) async fn find(state: &State, query: Params) -> Result<Asked, PageTrouble> {
    let Some(handle) = query.get(STORED) else {
        return Ok(Asked::Now(query));
    };
    Ok(Asked::Before(match state.provider.open_stored(handle) {
        Some(stored) => state.provider.stored_request(&stored).await?,
        None => None,
    }))
}
