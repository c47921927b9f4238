//! HTTP: extract, call one use case, match, respond. The whole URL table is in [`routes()`].

mod account;
mod admin;
mod browser_state;
mod claims;
mod connection;
mod cookies;
mod cors;
mod error;
mod extract;
mod forwarded;
mod guard;
mod headers;
mod health;
mod limits;
mod metrics;
mod oauth;
mod receipt_events;
mod receipts;
mod requests;
mod respond;
mod routes;
mod setup;
mod sign_in;
mod state;
mod statics;

pub use admin::{Proof, Route, TABLE as ADMIN_ROUTES};
pub use forwarded::TrustedProxies;
pub use limits::Limits;
pub use metrics::serve_metrics;
pub use routes::routes;
pub use state::{SameSiteSetting, State};

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, dev::Server, web};
use std::net::TcpListener;

use crate::tls;

/// TLS handshakes at once, for each worker: they cost more than most requests.
const HANDSHAKES: usize = 256;

/// Serves on sockets that are bound already; https, if there is a configuration for it.
pub fn serve(
    listeners: Vec<TcpListener>,
    state: State,
    workers: usize,
    tls: Option<&tls::ServerConfig>,
) -> std::io::Result<Server> {
    let limits = state.limits;
    let state = web::Data::new(state);
    let idle = limits.keep_alive + limits.request_timeout;
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::clone(&state))
            .app_data(limits)
            .app_data(web::PayloadConfig::new(limits::BODY))
            .wrap(from_fn(browser_state::follow))
            .wrap(from_fn(limits::keep))
            // The last is the outermost: what `contain` answers gets the headers too.
            .wrap(from_fn(error::contain))
            .wrap(from_fn(headers::security))
            .wrap(from_fn(connection::note))
            .wrap(from_fn(requests::follow))
            .configure(routes)
    })
    .on_connect(move |io, data| connection::watch(io, data, idle))
    .workers(workers)
    .max_connections(limits.max_connections.div_ceil(workers.max(1)))
    .max_connection_rate(HANDSHAKES)
    .keep_alive(limits.keep_alive)
    .client_request_timeout(limits.request_timeout)
    .tls_handshake_timeout(limits.request_timeout)
    .shutdown_timeout(limits.drain.as_secs())
    .disable_signals();
    for listener in listeners {
        server = match tls {
            Some(tls) => server.listen_rustls_0_23(listener, tls.clone())?,
            None => server.listen(listener)?,
        };
    }
    Ok(server.run())
}
