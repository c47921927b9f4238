//! The token endpoint.

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
    Ok(
        match state.provider.token(form.input(&form.pairs())).await? {
            Ok(tokens) => {
                let nonce = tokens.dpop_nonce().map(str::to_owned);
                let response = HttpResponse::Ok()
                    .insert_header(("Pragma", "no-cache"))
                    .json(tokens);
                respond::with_dpop_nonce(response, nonce.as_deref())
            }
            Err(error) => respond::oauth_error(&error, form.basic()),
        },
    )
}
