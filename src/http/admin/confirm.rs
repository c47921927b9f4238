//! "Confirm it's you": a form that demands a fresher proof waits on this page, with what was typed.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::AdminFrame;
use crate::pages::admin::confirm::Confirm;
use crate::pages::parts::Link;
use crate::protocol::params::Params;

/// Beyond this a form is not carried through the page: nothing of ours is as large.
const FIELDS: usize = 512;

/// Instead of doing what a form says.
pub(super) fn ask(frame: AdminFrame, path: &str, form: &Params) -> HttpResponse {
    let Some(action) = Link::new(path) else {
        return respond::malformed();
    };
    // Passwords are typed again rather than written into a page.
    let fields: Vec<_> = form
        .iter()
        .filter(|(name, _)| *name != "csrf" && !name.contains("password"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .take(FIELDS)
        .collect();
    let page = Confirm {
        frame,
        action,
        fields,
    };
    respond::page(StatusCode::FORBIDDEN, &page, &Policy::stays())
}
