//! Lanyard: an OAuth 2.0 / `OpenID` Connect provider whose product is the session.
//!
//! Each level imports only lower ones; `tests/architecture.rs` holds the table. Three routes to
//! read first: [`provider::Provider::authorize`], [`provider::Provider::token`] and
//! [`provider::Provider::end`], the only way a session ends.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod entropy;
pub mod failpoint;
pub mod http;
pub mod identity;
pub mod meters;
pub mod outbound;
pub mod pages;
pub mod protocol;
pub mod provider;
pub mod session;
pub mod store;
pub mod telemetry;
pub mod tls;
