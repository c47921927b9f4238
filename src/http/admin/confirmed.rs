//! Where a fresh proof leads to; the form that waits for it is in the other tab.

use actix_web::http::StatusCode;

use super::route::{Answer, Call};
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::confirm::Confirmed;

pub(super) async fn show(call: Call) -> Answer {
    let page = Confirmed {
        frame: call.frame(Section::None, None),
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}
