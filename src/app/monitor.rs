//! The listener of the metrics.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::ServerHandle;

use super::{StartError, bind, other};
use crate::config::Metrics;
use crate::http;
use crate::meters::Meters;
use crate::provider::Provider;

const MOVE: &str = "Stop the other program, or set metrics.listen (LANYARD__METRICS__LISTEN), or \
                    write off there";

/// Takes the address. One that nobody chose may be taken by another node of this machine, which
/// is no reason not to serve people.
pub(super) fn listen(metrics: Metrics) -> Result<Option<TcpListener>, StartError> {
    let Metrics::On { address, chosen } = metrics else {
        return Ok(None);
    };
    match bind(address, MOVE) {
        Ok(listener) => Ok(Some(listener)),
        Err(StartError::Taken { error, .. }) if !chosen => {
            tracing::warn!(
                %address, %error,
                "no metrics are served, as the default address for them is taken. {MOVE}"
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Counters, if anybody can read them.
pub(super) fn meters(listener: Option<&TcpListener>) -> Result<Meters, StartError> {
    match listener {
        Some(_) => Meters::new().map_err(other),
        None => Ok(Meters::off()),
    }
}

/// The running listener.
pub(super) struct Monitor {
    pub(super) address: SocketAddr,
    handle: ServerHandle,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Monitor {
    pub(super) fn start(
        listener: TcpListener,
        provider: &Arc<Provider>,
    ) -> Result<Self, StartError> {
        let address = listener.local_addr().map_err(other)?;
        let server = http::serve_metrics(listener, Arc::clone(provider)).map_err(other)?;
        tracing::info!(%address, "metrics are served");
        Ok(Self {
            address,
            handle: server.handle(),
            server: tokio::spawn(server),
        })
    }

    /// At once: a scrape is not worth waiting for.
    pub(super) async fn stop(self) {
        self.handle.stop(false).await;
        let _ = self.server.await;
    }
}
