//! The device authorization endpoint (RFC 8628, 3.1).

use actix_web::{HttpRequest, HttpResponse, web};

use super::{MachineForm, no_form};
use crate::http::error::JsonTrouble;
use crate::http::state::State;
use crate::http::{extract, respond};

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    let Some(form) = MachineForm::read(&request, &body) else {
        return Ok(no_form());
    };
    let (pairs, device) = (form.pairs(), extract::browser(&request));
    let begun = state
        .provider
        .authorize_device(form.input(&pairs), &form.params, &device);
    Ok(match begun.await? {
        Ok(answer) => HttpResponse::Ok()
            .insert_header(("Pragma", "no-cache"))
            .json(answer),
        Err(error) => respond::oauth_error(&error, form.basic()),
    })
}
