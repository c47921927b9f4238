//! The metrics, on a listener of their own: who may reach the apps' provider may not read how it
//! does, and who scrapes needs no way to anything else.

use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};

use crate::meters::MEDIA_TYPE;
use crate::provider::Provider;

/// Serves `/metrics`, and nothing else, on a socket that is bound already.
pub fn serve_metrics(listener: TcpListener, provider: Arc<Provider>) -> std::io::Result<Server> {
    let provider = web::Data::from(provider);
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::clone(&provider)).service(
            web::resource("/metrics")
                .route(web::get().to(page))
                .route(web::head().to(page)),
        )
    })
    .workers(1)
    .client_request_timeout(super::HEAD_WITHIN)
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}

async fn page(provider: web::Data<Provider>) -> HttpResponse {
    let figures = provider.figures().await;
    match provider.meters().page(&figures) {
        Ok(page) => HttpResponse::Ok().content_type(MEDIA_TYPE).body(page),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
