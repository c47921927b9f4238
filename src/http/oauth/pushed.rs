//! The pushed authorization request endpoint (RFC 9126, 2).

use actix_web::{HttpRequest, HttpResponse, web};

use super::{MachineForm, no_form};
use crate::http::error::JsonTrouble;
use crate::http::respond;
use crate::http::state::State;

pub(in crate::http) async fn post(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<State>,
) -> Result<HttpResponse, JsonTrouble> {
    let Some(form) = MachineForm::read(&request, &body) else {
        return Ok(no_form());
    };
    let pairs = form.pairs();
    let pushed = state.provider.push(form.input(&pairs), form.params.clone());
    Ok(match pushed.await? {
        Ok(answer) => {
            let response = HttpResponse::Created().json(&answer);
            respond::with_dpop_nonce(response, answer.dpop_nonce.as_deref())
        }
        Err(error) => respond::oauth_error(&error, form.basic()),
    })
}
