//! Where the metrics are served.

use std::net::SocketAddr;

use super::keys;
use super::reader::Reader;
use super::resolved::Metrics;

/// Reads `metrics.listen`; it must not be where the provider itself listens.
pub(super) fn resolve(reader: &mut Reader<'_>, listen: Option<SocketAddr>) -> Option<Metrics> {
    let chosen = reader.is_given(&keys::METRICS_LISTEN);
    let text = reader.text(&keys::METRICS_LISTEN)?;
    if *text == "off" {
        return Some(Metrics::Off);
    }
    let Ok(address) = text.parse::<SocketAddr>() else {
        let text = format!(
            "{:?} is not an IP address and a port. \
             Write 127.0.0.1:9464, 0.0.0.0:9464 or [::]:9464, or off.",
            *text
        );
        reader.refuse(&keys::METRICS_LISTEN, text);
        return None;
    };
    if chosen && Some(address) == listen && address.port() != 0 {
        let text = format!(
            "{address} is where the provider itself listens, and the metrics are not for its \
             visitors. Write another port, or off."
        );
        reader.refuse(&keys::METRICS_LISTEN, text);
        return None;
    }
    Some(Metrics::On { address, chosen })
}
