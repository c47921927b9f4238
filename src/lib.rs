//! Lanyard: an OAuth 2.0 / `OpenID` Connect provider whose product is the session.
//!
//! Each level imports only lower ones; `tests/architecture.rs` holds the table.

pub mod clock;
pub mod entropy;
pub mod identity;
pub mod protocol;
pub mod session;
