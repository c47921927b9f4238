//! The issuer and the address that we listen on: the two must fit.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::issuer::Issuer;
use super::keys;
use super::reader::Reader;

/// Reads `issuer` and `server.listen`. Without the former: localhost, at the port that we listen
/// on, so that the issuer answers. Without the latter: loopback only, and the port of a local http
/// issuer, for the same reason.
pub(super) fn resolve(reader: &mut Reader<'_>) -> (Option<Issuer>, Option<SocketAddr>) {
    let issuer = issuer(reader);
    if !reader.is_given(&keys::LISTEN) {
        let listen = default_listen(issuer.as_ref());
        return (issuer, Some(listen));
    }
    let listen = listen(reader);
    let issuer = match listen {
        // Port 0 is whichever is free: nobody knows it yet.
        Some(listen) if !reader.is_given(&keys::ISSUER) && listen.port() != 0 => {
            issuer.map(|issuer| issuer.at_port(listen.port()))
        }
        _ => issuer,
    };
    if let (Some(issuer), Some(listen)) = (&issuer, listen) {
        warn_of_local(reader, issuer, listen);
    }
    (issuer, listen)
}

fn issuer(reader: &mut Reader<'_>) -> Option<Issuer> {
    let text = reader.text(&keys::ISSUER)?;
    match Issuer::parse(&text) {
        Ok(issuer) => Some(issuer),
        Err(error) => {
            reader.refuse(&keys::ISSUER, error.to_string());
            None
        }
    }
}

fn listen(reader: &mut Reader<'_>) -> Option<SocketAddr> {
    let text = reader.text(&keys::LISTEN)?;
    let Ok(listen) = text.parse::<SocketAddr>() else {
        let text = format!(
            "{:?} is not an IP address and a port. \
             Write 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080.",
            *text
        );
        reader.refuse(&keys::LISTEN, text);
        return None;
    };
    Some(listen)
}

fn warn_of_local(reader: &mut Reader<'_>, issuer: &Issuer, listen: SocketAddr) {
    if issuer.is_local() && !listen.ip().is_loopback() {
        reader.warnings.push(format!(
            "server.listen is {listen}, which other machines reach, but issuer is {issuer}: their \
             browsers will look for it on themselves. Set issuer to the https address that people \
             use, or listen on 127.0.0.1."
        ));
    }
}

fn default_listen(issuer: Option<&Issuer>) -> SocketAddr {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    match issuer {
        Some(issuer) if issuer.is_local() && !issuer.is_https() => {
            SocketAddr::new(issuer.address().unwrap_or(loopback), issuer.port())
        }
        // Behind a proxy that speaks https.
        _ => SocketAddr::new(loopback, 8080),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_address_we_listen_where_the_issuer_is() {
        for (issuer, listen) in [
            ("http://localhost:8080", "127.0.0.1:8080"),
            ("http://localhost:9000", "127.0.0.1:9000"),
            ("http://sso.localhost", "127.0.0.1:80"),
            ("http://127.0.0.2:9000", "127.0.0.2:9000"),
            ("http://[::1]:9000", "[::1]:9000"),
            ("https://localhost:8443", "127.0.0.1:8080"),
            ("https://login.example.com", "127.0.0.1:8080"),
        ] {
            let issuer = Issuer::parse(issuer).unwrap();
            assert_eq!(default_listen(Some(&issuer)).to_string(), listen);
        }
    }
}
