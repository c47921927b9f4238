//! What one request may take of us: bytes, lines and time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpResponse, web};
use futures_util::Stream;

use crate::outbound;

/// Bodies beyond this are refused (413): no form of ours or of the specifications is larger.
pub(super) const BODY: usize = 64 * 1024;
/// Heads beyond this are refused (431): address and header lines together. Cookies of neighbours,
/// a token and a long authorization request fit many times over.
const HEAD: usize = 32 * 1024;
/// Header lines beyond this are refused (431); browsers send about twenty.
const HEADER_LINES: usize = 64;

/// How long a request waits for all that others publish together: a client's document, its keys, a
/// request object.
const READING: Duration = Duration::from_millis(4_500);

/// How long the server waits, and for how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a request's head, and again for its body, to arrive; and for a TLS handshake.
    pub request_timeout: Duration,
    /// How long a connection may idle between two requests.
    pub keep_alive: Duration,
    /// At once, over all workers.
    pub max_connections: usize,
    /// For requests that run at a stop to finish.
    pub drain: Duration,
}

/// Refuses heads that are too large, and sets bodies a deadline.
pub(super) async fn keep<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if is_beyond(&request) {
        // A bare answer, which `error::contain` turns into a page or JSON.
        let answer = HttpResponse::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        return Ok(request.into_response(answer));
    }
    let limits = request.app_data::<Limits>().copied();
    if let Some(patience) = limits.map(|limits| limits.request_timeout) {
        let body = timed(request.take_payload(), patience);
        request.set_payload(body);
    }
    let answer = outbound::patiently(READING, next.call(request));
    Ok(answer.await?.map_into_boxed_body())
}

fn is_beyond(request: &ServiceRequest) -> bool {
    // Of each line also the colon, the space and its end.
    let line = |name: &str, value: &[u8]| name.len() + value.len() + 4;
    let headers = request.headers().iter();
    let lines: usize = headers
        .map(|(name, value)| line(name.as_str(), value.as_bytes()))
        .sum();
    let address = request
        .uri()
        .path_and_query()
        .map_or(0, |both| both.as_str().len());
    lines + address > HEAD || request.headers().len() > HEADER_LINES
}

/// Whether a body was not waited for any longer.
pub(super) fn is_too_late(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut)
}

/// A body that has to be there in time. Without this, one byte a minute would hold a handler.
struct Timed {
    body: Payload,
    deadline: Pin<Box<tokio::time::Sleep>>,
}

fn timed(body: Payload, patience: Duration) -> Payload {
    if matches!(body, Payload::None) {
        return body;
    }
    let payload = Box::pin(Timed {
        body,
        deadline: Box::pin(tokio::time::sleep(patience)),
    });
    Payload::Stream { payload }
}

impl Stream for Timed {
    type Item = Result<web::Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Poll::Ready(item) = Pin::new(&mut this.body).poll_next(context) {
            return Poll::Ready(item);
        }
        match this.deadline.as_mut().poll(context) {
            Poll::Ready(()) => {
                let late = io::Error::from(io::ErrorKind::TimedOut);
                Poll::Ready(Some(Err(PayloadError::Io(late))))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
