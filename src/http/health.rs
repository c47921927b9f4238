//! Whether the process runs, and whether it can serve.

use std::sync::atomic::Ordering;

use actix_web::{HttpResponse, web};

use super::state::State;

pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("live\n")
}

pub(super) async fn ready(state: web::Data<State>) -> HttpResponse {
    if state.stopping.load(Ordering::Relaxed) {
        return HttpResponse::ServiceUnavailable()
            .content_type("text/plain; charset=utf-8")
            .body("stopping\n");
    }
    match state.provider.ready().await {
        Ok(()) => HttpResponse::Ok()
            .content_type("text/plain; charset=utf-8")
            .body("ready\n"),
        Err(trouble) => {
            tracing::warn!(%trouble, "not ready");
            HttpResponse::ServiceUnavailable()
                .insert_header(("Retry-After", "2"))
                .content_type("text/plain; charset=utf-8")
                .body("not ready\n")
        }
    }
}
