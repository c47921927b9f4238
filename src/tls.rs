//! TLS of our own: a certificate and its key, read from files and read again when they change.
//!
//! TLS 1.2 and 1.3 (RFC 5246, RFC 8446) as rustls speaks them, HTTP/1.1 only. This is the only room
//! that names rustls.

mod known;
mod pair;
mod reload;

pub use known::{Sealed, connect};
pub use pair::{Flaw, Pair, PairFiles};
pub use reload::Certificates;

/// What the server is given.
pub type ServerConfig = rustls::ServerConfig;
