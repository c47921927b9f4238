//! "Confirm it's you": a form that demands a fresher proof waits on this page, with what was typed.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::route::{Answer, Call};
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::confirm::{Confirm, Confirmed};
use crate::pages::parts::Link;

/// Beyond this a form is not carried through the page: nothing of ours is as large.
const FIELDS: usize = 512;

/// Instead of doing what a form says.
pub(super) fn ask(call: &Call) -> HttpResponse {
    let Some(action) = Link::new(call.request.uri().path()) else {
        return respond::malformed();
    };
    // Passwords are typed again rather than written into a page.
    let fields: Vec<_> = call
        .form
        .iter()
        .filter(|(name, _)| *name != "csrf" && !name.contains("password"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .take(FIELDS)
        .collect();
    let page = Confirm {
        frame: call.frame(Section::None, None),
        action,
        fields,
    };
    respond::page(StatusCode::FORBIDDEN, &page, &Policy::stays())
}

/// Where the proof leads to; the form waits in the other tab.
pub(super) async fn done(call: Call) -> Answer {
    let page = Confirmed {
        frame: call.frame(Section::None, None),
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}
