//! What a device asks for (RFC 8628, 3.1), by the rules of authorization requests.

use super::{Checked, rules};
use crate::protocol::authorization_response::{ResponseMode, Target};
use crate::protocol::claims_request::ClaimsWanted;
use crate::protocol::client::Client;
use crate::protocol::error::ProtocolError;
use crate::protocol::params::Params;
use crate::protocol::prompt::Prompt;
use crate::protocol::resources;
use crate::protocol::response_type::ResponseType;

impl Checked {
    /// Judges a device's request. What belongs to a browser's way back is left out: nothing is
    /// sent anywhere, and the device's code is bound to its client.
    pub fn of_device(params: &Params, client: &Client) -> Result<Self, ProtocolError> {
        rules::check_repeats(params)?;
        rules::check_unsupported(params)?;
        Ok(Self {
            client_id: client.client_id.clone(),
            target: Target {
                redirect_uri: String::new(),
                mode: ResponseMode::Query,
                state: None,
            },
            response_type: ResponseType::Code,
            redirect_uri_given: false,
            scope: rules::scope(params, client, ResponseType::Code)?,
            nonce: None,
            prompt: Prompt::default(),
            max_age: client.default_max_age,
            login_hint: None,
            id_token_hint: None,
            acr_values: Vec::new(),
            ui_locales: Vec::new(),
            challenge: None,
            dpop_jkt: None,
            resources: resources::read(params.all("resource"))?,
            claims: ClaimsWanted::default(),
            claim_scopes: Vec::new(),
            subject: None,
        })
    }
}
