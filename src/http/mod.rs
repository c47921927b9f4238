//! HTTP: extract, call one use case, match, respond. The whole URL table is in [`routes()`].

mod account;
mod admin;
mod cookies;
mod cors;
mod error;
mod extract;
mod guard;
mod headers;
mod health;
mod metrics;
mod oauth;
mod requests;
mod respond;
mod routes;
mod sign_in;
mod state;
mod statics;

pub use admin::{Proof, Route, TABLE as ADMIN_ROUTES};
pub use metrics::serve_metrics;
pub use routes::routes;
pub use state::{SameSiteSetting, State};

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, dev::Server, web};
use std::net::TcpListener;
use std::time::Duration;

/// Bodies beyond this are refused: no form of ours or of the specifications is larger.
const BODY: usize = 64 * 1024;
/// A head that takes longer than this to arrive is not waited for (slowloris).
const HEAD_WITHIN: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long requests that run at a stop may take to finish.
const DRAIN_SECONDS: u64 = 30;

/// Serves on sockets that are bound already.
pub fn serve(listeners: Vec<TcpListener>, state: State, workers: usize) -> std::io::Result<Server> {
    let state = web::Data::new(state);
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::clone(&state))
            .app_data(web::PayloadConfig::new(BODY))
            // The last is the outermost: what `contain` answers gets the headers too.
            .wrap(from_fn(error::contain))
            .wrap(from_fn(headers::security))
            .wrap(from_fn(requests::follow))
            .configure(routes)
    })
    .workers(workers)
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_WITHIN)
    .shutdown_timeout(DRAIN_SECONDS)
    .disable_signals();
    for listener in listeners {
        server = server.listen(listener)?;
    }
    Ok(server.run())
}
