//! Connections that ask for nothing are closed.
//!
//! The framework's own timers leave a gap: the one for the head holds for the first request of a
//! connection only, and the one for idleness ends with the first byte. Whoever sent one request and
//! then a byte of the next, or did not read the answer, would hold a connection for ever.

use std::any::Any;
use std::cell::Cell;
use std::io::ErrorKind;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::rc::{Rc, Weak};
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::HttpRequest;
use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::rt::{self, net};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// What is known of one connection.
struct Connection {
    /// Requests whose head has come, and whose answer has not been made.
    running: Cell<usize>,
    /// Since when there has been none.
    idle_since: Cell<Instant>,
    /// A second handle to its socket: the first belongs to the framework.
    socket: Rc<TcpStream>,
    /// Dropped with the connection, which the watch hears.
    _open: oneshot::Sender<()>,
}

/// A request that runs, also if its future is dropped.
struct Running(Rc<Connection>);

impl Running {
    fn begin(connection: &Rc<Connection>) -> Self {
        connection.running.set(connection.running.get() + 1);
        Self(Rc::clone(connection))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get().saturating_sub(1));
        self.0.idle_since.set(Instant::now());
    }
}

/// Sets a watch on a new connection, which closes it when it was idle for `patience`.
pub(super) fn watch(io: &dyn Any, data: &mut Extensions, patience: Duration) {
    let plain = io.downcast_ref::<net::TcpStream>();
    let sealed = io.downcast_ref::<TlsStream<net::TcpStream>>();
    let Some(stream) = plain.or_else(|| sealed.map(|stream| stream.get_ref().0)) else {
        return;
    };
    let socket = match stream.as_fd().try_clone_to_owned() {
        Ok(handle) => Rc::new(TcpStream::from(handle)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be watched; raise the limit of open files");
            return;
        }
    };
    let (open, closed) = oneshot::channel();
    let connection = Rc::new(Connection {
        running: Cell::new(0),
        idle_since: Cell::new(Instant::now()),
        socket: Rc::clone(&socket),
        _open: open,
    });
    rt::spawn(close_when_idle(
        socket,
        Rc::downgrade(&connection),
        closed,
        patience,
    ));
    data.insert(connection);
}

async fn close_when_idle(
    socket: Rc<TcpStream>,
    connection: Weak<Connection>,
    mut closed: oneshot::Receiver<()>,
    patience: Duration,
) {
    let mut look = Instant::now() + patience;
    loop {
        tokio::select! {
            _ = &mut closed => return,
            () = tokio::time::sleep_until(look) => {}
        }
        let Some(connection) = connection.upgrade() else {
            return;
        };
        look = if connection.running.get() > 0 {
            Instant::now() + patience
        } else {
            connection.idle_since.get() + patience
        };
        if look <= Instant::now() {
            // The framework reads the end of it, and lets it go.
            let _ = socket.shutdown(Shutdown::Both);
            return;
        }
    }
}

/// The connection of an answer that goes on for long, for whoever writes it.
pub(super) struct Line(Weak<Connection>);

impl Line {
    /// That of this request.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let connection = request.conn_data::<Rc<Connection>>();
        Self(connection.map_or_else(Weak::new, Rc::downgrade))
    }

    /// Notes that it is in use; false, if the other side has closed it, which the framework sees
    /// only when it writes. Where nobody reads, the framework stops asking for more: then nothing
    /// is noted, and the watch closes it.
    pub(super) fn is_open(&self) -> bool {
        let Some(connection) = self.0.upgrade() else {
            return false;
        };
        connection.idle_since.set(Instant::now());
        match connection.socket.peek(&mut [0]) {
            Ok(read) => read > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// Notes that the connection is in use while its request is answered.
pub(super) async fn note<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let connection = request.request().conn_data::<Rc<Connection>>();
    let _running = connection.map(Running::begin);
    next.call(request).await
}
