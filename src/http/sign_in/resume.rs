//! On to an app that was signed out of the session?

use actix_web::{HttpRequest, HttpResponse, web};

use super::{FormOf, Visit};
use crate::http::error::PageTrouble;
use crate::http::respond;
use crate::http::state::State;

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let (mut visit, form) =
        match Visit::posted(&state, &request, &body, FormOf::WhoWasAsked).await? {
            Ok(posted) => posted,
            Err(response) => return Ok(response),
        };
    let provider = &state.provider;
    let step = match form.get("action") {
        Some("cancel") => provider.cancel(&visit.open).await?,
        Some("continue") => {
            provider
                .resume(&mut visit.open, visit.cookie.as_ref())
                .await?
        }
        _ => return Ok(respond::malformed()),
    };
    Ok(visit.go_on(&state, step))
}
