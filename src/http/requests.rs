//! Around every request: its id, its line in the log, and its count.

use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use tracing::Instrument as _;

use super::state::State;
use crate::meters::{Meters, bounded_method};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives a request an id and follows it to its answer. The id is always ours: one that the client
/// chose could be another request's, or not be an id at all.
pub(super) async fn follow<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let Some(state) = request.app_data::<web::Data<State>>().cloned() else {
        return next.call(request).await;
    };
    let id = state.provider.new_request_id();
    // Of the highest level, so that it is there whatever is logged.
    let span = tracing::error_span!("request", request_id = %id);
    async {
        let started = Instant::now();
        let method = bounded_method(request.method().as_str());
        // Never the path: what is not ours may hold anything, and queries hold codes and hints.
        let route = request.match_pattern();
        let mut answer = next.call(request).await;
        let status = match &answer {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let done = Done {
            route: route.as_deref(),
            method,
            status,
            took: started.elapsed(),
        };
        done.count(state.provider.meters());
        done.log();
        if let (Ok(response), Ok(id)) = (&mut answer, HeaderValue::from_str(&id)) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        answer
    }
    .instrument(span)
    .await
}

/// A request that was answered.
struct Done<'a> {
    /// The pattern; none for an address that is not ours.
    route: Option<&'a str>,
    method: &'static str,
    status: StatusCode,
    took: Duration,
}

impl Done<'_> {
    fn count(&self, meters: &Meters) {
        meters.request(self.route, self.method, self.status.as_u16(), self.took);
    }

    fn log(&self) {
        let (method, status) = (self.method, self.status.as_u16());
        let route = self.route.unwrap_or("other");
        let ms = milliseconds(self.took);
        if is_background(route) {
            tracing::debug!(target: "lanyard::access", method, route, status, ms, "answered");
        } else {
            tracing::info!(target: "lanyard::access", method, route, status, ms, "answered");
        }
    }
}

/// What monitors and pages ask for by themselves.
fn is_background(route: &str) -> bool {
    route.starts_with("/health/") || route.starts_with("/static/")
}

/// To a tenth.
fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_milliseconds_to_a_tenth() {
        assert!((milliseconds(Duration::from_micros(12_345)) - 12.3).abs() < 1e-9);
        assert!((milliseconds(Duration::from_secs(2)) - 2_000.0).abs() < 1e-9);
    }

    #[test]
    fn probes_and_assets_are_background() {
        assert!(is_background("/health/ready") && is_background("/static/{file}"));
        assert!(!is_background("/oauth2/token") && !is_background("other"));
    }
}
