//! Starting and stopping an app.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use tokio::task::JoinHandle;

use super::routes;
use super::settings::Settings;
use super::site::Site;

/// The sockets of an app, taken before anything else starts: a taken port is known at once, and
/// tests can ask which one they got.
pub struct Listeners {
    sockets: Vec<TcpListener>,
    port: u16,
}

impl Listeners {
    /// Listens on loopback only, at this port (0: any free one), by IPv6 too where there is any:
    /// browsers may try `[::1]` first for names under `localhost`.
    ///
    /// # Errors
    /// `AddrInUse` if another program has the port, in either family.
    pub fn bind(port: u16) -> io::Result<Self> {
        let mut tries = if port == 0 { TRIES } else { 1 };
        loop {
            tries -= 1;
            match bind_both(port) {
                // A port that is free in one family may be taken in the other.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
                outcome => return outcome,
            }
        }
    }

    /// The port they listen on.
    pub fn port(&self) -> u16 {
        self.port
    }
}

const TRIES: u32 = 10;

fn bind_both(port: u16) -> io::Result<Listeners> {
    let first = listen((Ipv4Addr::LOCALHOST, port).into())?;
    let got = first.local_addr()?.port();
    let mut sockets = vec![first];
    match listen((Ipv6Addr::LOCALHOST, got).into()) {
        Ok(second) => sockets.push(second),
        // A browser that tried [::1] first would reach the other program.
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
        // This machine speaks no IPv6.
        Err(_) => {}
    }
    Ok(Listeners { sockets, port: got })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let taken = error.kind() == io::ErrorKind::AddrInUse;
        let reason = if taken {
            "another program has it".to_owned()
        } else {
            error.to_string()
        };
        io::Error::new(
            error.kind(),
            format!("cannot listen on {address}: {reason}"),
        )
    })
}

/// A small relying party.
pub struct RelyingParty;

impl RelyingParty {
    /// Starts an app on sockets that listen already, within a tokio runtime. The provider is asked
    /// when the first person signs in, so it may start later.
    ///
    /// # Errors
    /// If the settings hold an address that is none, or the sockets cannot be served.
    pub fn start(listeners: Listeners, settings: Settings) -> io::Result<Running> {
        let site = Data::new(Site::new(settings)?);
        let mut server = HttpServer::new(move || {
            App::new()
                .wrap(headers(&site.policy))
                .app_data(site.clone())
                .configure(routes::configure)
        })
        .workers(1)
        .disable_signals()
        .client_request_timeout(Duration::from_secs(5))
        .shutdown_timeout(1);
        let port = listeners.port;
        for socket in listeners.sockets {
            server = server.listen(socket)?;
        }
        let server = server.run();
        Ok(Running {
            port,
            handle: server.handle(),
            task: tokio::spawn(server),
        })
    }
}

fn headers(policy: &str) -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("Content-Security-Policy", policy))
        .add(("Cache-Control", "no-store"))
        .add(("Referrer-Policy", "same-origin"))
        .add(("X-Content-Type-Options", "nosniff"))
}

/// A running app.
pub struct Running {
    port: u16,
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Where it listens (by IPv4).
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Stops it at once, open pages included, and waits until it has stopped.
    ///
    /// # Errors
    /// If serving failed.
    pub async fn stop(self) -> io::Result<()> {
        self.handle.stop(false).await;
        self.task.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_said_to_be_taken() {
        let first = Listeners::bind(0).unwrap();
        let error = Listeners::bind(first.port()).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(
            error.to_string().contains(&first.port().to_string()),
            "{error}"
        );
    }
}
