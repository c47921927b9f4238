//! Whence an authorization request comes: plain, pushed before (RFC 9126), or in a request object,
//! by value or by reference (Core 1.0, 6; RFC 9101). Whatever the way, the same rules follow.

use super::Provider;
use super::trouble::Trouble;
use crate::protocol::authorization_request::{Origin, Unchecked};
use crate::protocol::authorization_response::Target;
use crate::protocol::client::Client;
use crate::protocol::client_requests::ObjectAlg;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::jose::MAX_TOKEN;
use crate::protocol::params::Params;
use crate::protocol::request_object::{self, Expect, ObjectFlaw};
use crate::protocol::untrusted::Untrusted;

/// `request_uri` of what was pushed (RFC 9126, 2.2).
pub(super) const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// Why there is no request to judge.
pub(super) enum NoRequest {
    /// Nobody can be told but the person.
    Page(Untrusted),
    /// The client is told, if the parameters outside say where.
    Tell(ProtocolError),
}

impl From<ProtocolError> for NoRequest {
    fn from(error: ProtocolError) -> Self {
        Self::Tell(error)
    }
}

/// Whom an error about the way of a request can be told.
pub(super) enum Told {
    Client(Target, ProtocolError),
    Person(Untrusted),
}

impl Provider {
    /// The parameters that count, and how they came.
    pub(super) async fn source(
        &self,
        client: &Client,
        outside: &Params,
    ) -> Result<Result<(Params, Origin), NoRequest>, Trouble> {
        if outside.is_repeated("request") || outside.is_repeated("request_uri") {
            return Ok(Err(NoRequest::Page(Untrusted::BadRequestObject)));
        }
        let object = match (outside.get("request"), outside.get("request_uri")) {
            (None, None) => return Ok(Ok((outside.clone(), Origin::default()))),
            (Some(_), Some(_)) => {
                let words = "send request or request_uri, not both";
                return Ok(Err(
                    ProtocolError::new(ErrorCode::InvalidRequest, words).into()
                ));
            }
            (None, Some(uri)) => match uri.strip_prefix(PUSHED) {
                Some(handle) => {
                    let pushed = self.take_pushed(client, handle).await?;
                    return Ok(pushed.ok_or(NoRequest::Page(Untrusted::NoPushedRequest)));
                }
                None => match self.fetched_object(client, uri).await {
                    Ok(object) => object,
                    Err(error) => return Ok(Err(error.into())),
                },
            },
            (Some(object), None) => object.to_owned(),
        };
        Ok(self.object(client, &object).await.map_err(NoRequest::from))
    }

    /// The parameters that a request object is.
    pub(super) async fn object(
        &self,
        client: &Client,
        object: &str,
    ) -> Result<(Params, Origin), ProtocolError> {
        let refuse = |problem: &dyn std::fmt::Display| {
            tracing::info!(client = %client.client_id, %problem, "a request object was refused");
            let words = format!("the request object cannot be taken: {problem}");
            ProtocolError::new(ErrorCode::InvalidRequestObject, words)
        };
        request_object::check_type(object).map_err(|flaw| refuse(&flaw))?;
        let (claims, signed) = if request_object::is_unsigned(object) {
            if !self.may_be_unsigned(client) {
                return Err(refuse(&ObjectFlaw::Unsigned));
            }
            let claims = request_object::unsigned(object).map_err(|flaw| refuse(&flaw))?;
            (claims, false)
        } else {
            let alg = match client.requests.request_object_signing_alg {
                Some(ObjectAlg::Signed(alg)) => Some(alg),
                Some(ObjectAlg::Unsigned) | None => None,
            };
            let claims = self.verify_by_client(client, object, alg).await;
            (claims.map_err(|problem| refuse(&problem))?, true)
        };
        let expect = Expect {
            client_id: &client.client_id,
            issuer: &self.settings.issuer,
            now: self.clock.now(),
        };
        let params = request_object::read(claims, expect).map_err(|flaw| refuse(&flaw))?;
        let pushed = false;
        Ok((params, Origin { pushed, signed }))
    }

    /// Only where the house takes such, and the client did not say that it signs.
    fn may_be_unsigned(&self, client: &Client) -> bool {
        let requests = &client.requests;
        let signs = requests.require_signed_request_object
            || matches!(
                requests.request_object_signing_alg,
                Some(ObjectAlg::Signed(_))
            );
        self.settings.features.unsigned_request_objects && !signs
    }

    /// What lies at a `request_uri`, which the client must have registered: nobody else can make
    /// this house call an address.
    async fn fetched_object(&self, client: &Client, uri: &str) -> Result<String, ProtocolError> {
        if !self.settings.features.request_uri {
            let words = "request_uri is not supported but for pushed requests";
            return Err(ProtocolError::new(ErrorCode::RequestUriNotSupported, words));
        }
        let refuse = |words: &'static str| ProtocolError::new(ErrorCode::InvalidRequestUri, words);
        if !client
            .requests
            .request_uris
            .iter()
            .any(|known| known == uri)
        {
            return Err(refuse("request_uri is not registered for this client"));
        }
        let Ok(_place) = self.client_keys.objects.try_acquire() else {
            let words = "too many requests are being fetched; try again";
            return Err(ProtocolError::new(ErrorCode::TemporarilyUnavailable, words));
        };
        let trust = self.trust_in(client, uri);
        let body = self.outbound.get_jwt(trust, uri).await.map_err(|error| {
            tracing::info!(client = %client.client_id, %error, "a request object cannot be fetched");
            refuse("nothing can be fetched from request_uri")
        })?;
        let object = String::from_utf8(body).unwrap_or_default();
        let object = object.trim();
        if object.is_empty() || object.len() > MAX_TOKEN {
            return Err(refuse(
                "there is no request object at request_uri, or one over 8 KiB",
            ));
        }
        Ok(object.to_owned())
    }
}

/// Where an error about the way of a request goes: the parameters outside may say.
pub(super) fn told(client: &Client, outside: &Params, problem: NoRequest) -> Told {
    let error = match problem {
        NoRequest::Page(problem) => return Told::Person(problem),
        NoRequest::Tell(error) => error,
    };
    match Unchecked::new(outside.clone()).for_client(client) {
        Ok(request) => Told::Client(request.target().clone(), error),
        // Without an address of its own outside it is the object that cannot be read.
        Err(Untrusted::MissingRedirectUri) => Told::Person(Untrusted::BadRequestObject),
        Err(problem) => Told::Person(problem),
    }
}
