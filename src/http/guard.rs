//! Forms of ours: the anti-forgery token decides; a request that the browser itself calls
//! cross-site, or that names a foreign origin, is refused before.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::extract::header_text;
use super::state::State;

/// Whether a browser says that a form was sent from elsewhere. `Origin: null` says nothing: some
/// browsers send it with our own forms under a strict referrer policy.
pub(super) fn is_foreign(state: &State, request: &HttpRequest) -> bool {
    let site = header::HeaderName::from_static("sec-fetch-site");
    if header_text(request, site) == Some("cross-site") {
        return true;
    }
    header_text(request, header::ORIGIN)
        .is_some_and(|origin| origin != "null" && origin != state.provider.settings().issuer)
}
