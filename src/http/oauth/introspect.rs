//! The introspection endpoint.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{MachineForm, no_form};
use crate::http::error::JsonTrouble;
use crate::http::extract;
use crate::http::respond;
use crate::http::state::State;
use crate::protocol::signed_answer::INTROSPECTION_MEDIA;
use crate::provider::Introspection;

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    let Some(form) = MachineForm::read(&request, &body) else {
        return Ok(no_form());
    };
    let signed = asks_for_signed(&request);
    let pairs = form.pairs();
    let answer = state.provider.introspect(form.input(&pairs), signed);
    Ok(match answer.await? {
        Ok(Introspection::Plain(said)) => HttpResponse::Ok().json(said),
        Ok(Introspection::Signed(token)) => HttpResponse::Ok()
            .content_type(INTROSPECTION_MEDIA)
            .body(token),
        Err(error) => respond::oauth_error(&error, form.basic()),
    })
}

/// RFC 9701, 4: whoever names the media type is answered so.
fn asks_for_signed(request: &HttpRequest) -> bool {
    let accepted = extract::header_text(request, header::ACCEPT).unwrap_or_default();
    accepted.split(',').any(|one| {
        let media = one.split(';').next().unwrap_or_default().trim();
        media.eq_ignore_ascii_case(INTROSPECTION_MEDIA)
    })
}
