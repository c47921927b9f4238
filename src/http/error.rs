//! Where trouble becomes an answer: always 503 with Retry-After, as a page or as JSON, never a
//! 500 and never a verdict about a session.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, ResponseError};

use super::{limits, respond};
use crate::pages::message::{Message, MessageKind};
use crate::protocol::discovery::paths;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::provider::Trouble;

/// Trouble at a page.
#[derive(Debug)]
pub(super) struct PageTrouble(Trouble);

/// Trouble at a machine endpoint.
#[derive(Debug)]
pub(super) struct JsonTrouble(Trouble);

impl From<Trouble> for PageTrouble {
    fn from(trouble: Trouble) -> Self {
        Self(trouble)
    }
}

impl From<Trouble> for JsonTrouble {
    fn from(trouble: Trouble) -> Self {
        Self(trouble)
    }
}

impl std::fmt::Display for PageTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::fmt::Display for JsonTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for PageTrouble {
    fn status_code(&self) -> StatusCode {
        StatusCode::SERVICE_UNAVAILABLE
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        report(&self.0);
        let retry = self.0.retry_after();
        let page = Message::plain(MessageKind::Unavailable { retry });
        let mut response = respond::message(StatusCode::SERVICE_UNAVAILABLE, &page);
        respond::retry_after(&mut response, retry);
        response
    }
}

impl ResponseError for JsonTrouble {
    fn status_code(&self) -> StatusCode {
        StatusCode::SERVICE_UNAVAILABLE
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        report(&self.0);
        let mut response = HttpResponse::ServiceUnavailable().json(serde_json::json!({
            "error": "temporarily_unavailable",
            "error_description": "try again in a moment",
        }));
        respond::retry_after(&mut response, self.0.retry_after());
        response
    }
}

fn report(trouble: &Trouble) {
    tracing::warn!(error = %trouble, "a request could not be answered");
}

/// Errors that the framework answers by itself (a body too large, a method that is not meant)
/// become pages, and JSON at machine endpoints. What it has set, such as `Allow`, stays.
pub(super) async fn contain<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let bare = !response.headers().contains_key(header::CONTENT_TYPE)
        || response.response().error().is_some_and(|error| {
            error.as_error::<PageTrouble>().is_none() && error.as_error::<JsonTrouble>().is_none()
        });
    let failed = response.response().error();
    let late = failed.and_then(actix_web::Error::as_error::<PayloadError>);
    let status = match response.status() {
        StatusCode::BAD_REQUEST if late.is_some_and(limits::is_too_late) => {
            StatusCode::REQUEST_TIMEOUT
        }
        status => status,
    };
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            MessageKind::TooLarge
        }
        StatusCode::REQUEST_TIMEOUT => MessageKind::TooSlow,
        StatusCode::METHOD_NOT_ALLOWED => MessageKind::WrongMethod,
        StatusCode::BAD_REQUEST => MessageKind::Malformed,
        _ => return Ok(response),
    };
    if !bare {
        return Ok(response);
    }
    let mut answer = if is_machine(response.request().path()) {
        let error = ProtocolError::new(ErrorCode::InvalidRequest, description(&kind));
        let mut answer = respond::oauth_error(&error, false);
        *answer.status_mut() = status;
        answer
    } else {
        respond::message(status, &Message::plain(kind))
    };
    for (name, value) in response.headers() {
        if !answer.headers().contains_key(name) {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
    }
    Ok(response.into_response(answer))
}

/// Whether a program asks here, and not a person.
fn is_machine(path: &str) -> bool {
    [
        paths::OPENID_CONFIGURATION,
        paths::OAUTH_AUTHORIZATION_SERVER,
        paths::TOKEN,
        paths::USERINFO,
        paths::JWKS,
        paths::INTROSPECT,
        paths::REVOKE,
        paths::PUSHED,
        paths::DEVICE_AUTHORIZATION,
        paths::REGISTER,
    ]
    .contains(&path)
        || path
            .strip_prefix(paths::REGISTER)
            .is_some_and(|rest| rest.starts_with('/'))
}

const fn description(kind: &MessageKind) -> &'static str {
    match kind {
        MessageKind::TooLarge => "the request is too large",
        MessageKind::TooSlow => "the request took too long to arrive",
        MessageKind::WrongMethod => "this endpoint does not take this method",
        _ => "the request cannot be read",
    }
}
