//! Pushed authorization requests (RFC 9126): a client sends its request itself, with its proof of
//! who it is, and the browser carries a reference alone. All that the authorization endpoint judges
//! is judged here too, so that the client hears of an error and no person does.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Provider;
use super::authorize::Asked;
use super::documents;
use super::dpop::{At, Shown};
use super::request_source::PUSHED;
use super::sectors::without_names;
use super::token::TokenInput;
use super::trouble::Trouble;
use crate::entropy::{ClientId, Root};
use crate::protocol::authorization_request::{Checked, House, Origin, Unchecked};
use crate::protocol::client::Client;
use crate::protocol::discovery::paths;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::params::Params;
use crate::store::hot::{Check, Effect, Outcome};

/// How long a pushed request waits for the browser (RFC 9126, 4 advises 5 to 600 seconds).
const WAITS: Duration = Duration::from_secs(90);
/// What proves who the client is, and is no part of its request.
const PROOFS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// What the endpoint answers (RFC 9126, 2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PushedAnswer {
    /// The reference. It can be used once.
    pub request_uri: String,
    /// Seconds.
    pub expires_in: u64,
    /// For the client's next proof, if it is due: in a header.
    #[serde(skip)]
    pub dpop_nonce: Option<String>,
}

/// What waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PushedDocument {
    client: ClientId,
    params: Params,
    signed: bool,
}

/// A proof beside a pushed request says what `dpop_jkt` would (RFC 9449, 10.1). Of two keys, nobody
/// could say which was meant.
fn bound_to(params: Params, shown: Option<&Shown>) -> Result<Params, ProtocolError> {
    let Some(shown) = shown else {
        return Ok(params);
    };
    let proved = shown.key().to_string();
    match params.get("dpop_jkt") {
        Some(named) if named != proved => Err(ProtocolError::new(
            ErrorCode::InvalidDpopProof,
            "the DPoP proof is by another key than dpop_jkt names: leave one of the two out",
        )),
        Some(_) => Ok(params),
        None => Ok(params.with("dpop_jkt", &proved)),
    }
}

impl Provider {
    /// The pushed authorization request endpoint.
    pub async fn push(
        &self,
        input: TokenInput<'_>,
        params: Params,
    ) -> Result<Result<PushedAnswer, ProtocolError>, Trouble> {
        let client = match self.authenticate_client(input).await? {
            Ok(client) => client,
            Err(error) => return Ok(Err(error)),
        };
        let (params, origin) = match self.pushed_params(&client, params).await {
            Ok(given) => given,
            Err(error) => return Ok(Err(error)),
        };
        let shown = match self.read_proof(input.proof, At::post(paths::PUSHED)) {
            Ok(shown) => shown,
            Err(error) => return Ok(Err(error)),
        };
        let params = match bound_to(params, shown.as_ref()) {
            Ok(params) => params,
            Err(error) => return Ok(Err(error)),
        };
        let checked = match self.checked_push(&client, params.clone(), origin) {
            Ok(checked) => checked,
            Err(error) => return Ok(Err(error)),
        };
        let asked = Asked {
            client,
            request: checked,
        };
        if asked.client.is_without_names() {
            return Ok(Err(without_names()));
        }
        if let Err(error) = self.hinted_person(&asked).await? {
            return Ok(Err(error));
        }
        let document = PushedDocument {
            client: asked.client.client_id.clone(),
            params,
            signed: origin.signed,
        };
        self.demand_room(input.address).await?;
        if let Some(shown) = &shown
            && let Err(error) = self.take_waiting_proof(shown).await?
        {
            return Ok(Err(error));
        }
        let root = Root::random(&self.entropy);
        let name = documents::pushed_request();
        let put = self.put(&root, name.clone(), &document, self.clock.now() + WAITS);
        let stored = self.commit_waiting(&root, vec![Check::Absent(name)], vec![put]);
        if stored.await? == Outcome::Conflict {
            return Err(Trouble::contention());
        }
        Ok(Ok(PushedAnswer {
            request_uri: format!("{PUSHED}{}", self.seal_pushed(&root)),
            expires_in: WAITS.as_secs(),
            dpop_nonce: self.next_nonce(shown.as_ref()),
        }))
    }

    async fn pushed_params(
        &self,
        client: &Client,
        params: Params,
    ) -> Result<(Params, Origin), ProtocolError> {
        let invalid = |words| ProtocolError::new(ErrorCode::InvalidRequest, words);
        if params.get("request_uri").is_some() {
            return Err(invalid(
                "request_uri is what this endpoint gives: leave it out",
            ));
        }
        if let Some(name) = params.duplicate() {
            return Err(invalid(match name {
                "request" => "request must be sent once",
                "client_id" => "client_id must be sent once",
                "redirect_uri" => "redirect_uri must be sent once",
                _ => "each parameter must be sent once",
            }));
        }
        let (params, mut origin) = if let Some(object) = params.get("request") {
            self.object(client, object).await?
        } else {
            let named = params.get("client_id").is_some();
            let mut params = params.without(&PROOFS);
            if !named {
                params = params.with("client_id", client.client_id.as_str());
            }
            (params, Origin::default())
        };
        origin.pushed = true;
        Ok((params, origin))
    }

    /// The rules of the authorization endpoint. What a page would say there is an error here.
    fn checked_push(
        &self,
        client: &Client,
        params: Params,
        origin: Origin,
    ) -> Result<Checked, ProtocolError> {
        let request = Unchecked::new(params)
            .for_client(client)
            .map_err(|problem| {
                ProtocolError::new(ErrorCode::InvalidRequest, problem.to_string())
            })?;
        let refused = request.check(client, self.house(), origin);
        refused.map_err(|refusal| refusal.error)
    }

    /// What requests are judged by.
    pub(super) fn house(&self) -> House<'_> {
        House {
            features: self.settings.features,
            own: &self.settings.claims,
        }
    }

    /// A request that this client pushed: of several browsers that bring its reference, one gets
    /// it. None: it is not there.
    pub(super) async fn take_pushed(
        &self,
        client: &Client,
        handle: &str,
    ) -> Result<Option<(Params, Origin)>, Trouble> {
        let Some(root) = self.open_pushed(handle) else {
            return Ok(None);
        };
        let name = documents::pushed_request();
        let slots = self
            .shares
            .waiting
            .read(&root, std::slice::from_ref(&name))
            .await?;
        let found = self.document::<PushedDocument>(&root, &name, slots.first());
        let Some((document, version)) = found else {
            return Ok(None);
        };
        // Another client's is left for that one.
        if document.client != client.client_id {
            return Ok(None);
        }
        let checks = vec![Check::At(name.clone(), version)];
        let taken = self.commit_waiting(&root, checks, vec![Effect::Delete(name)]);
        let origin = Origin {
            pushed: true,
            signed: document.signed,
        };
        Ok((taken.await? == Outcome::Committed).then_some((document.params, origin)))
    }
}
