//! A POST from an app arrives without the Lax cookie. It is kept, and the browser comes back by a
//! GET of our own, with the cookie; nothing is decided before.

use actix_web::HttpResponse;

use crate::http::error::PageTrouble;
use crate::http::respond;
use crate::http::state::State;
use crate::protocol::params::Params;

/// The parameter by which a stored request is found again.
const STORED: &str = "stored";

/// What a query says: the parameters themselves, or those of a stored request.
pub(super) enum Asked {
    Now(Params),
    /// None: it is not there any more, or never was.
    Before(Option<Params>),
}

/// Keeps a request, and sends the browser back to `path` for it.
pub(super) async fn keep(
    state: &State,
    params: &Params,
    path: &str,
) -> Result<HttpResponse, PageTrouble> {
    let stored = state.provider.store_request(params).await?;
    let handle = state.provider.seal_stored(&stored);
    Ok(respond::see_other(&format!("{path}?{STORED}={handle}")))
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
