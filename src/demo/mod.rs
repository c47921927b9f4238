//! Two small relying parties, "Wiki" and "Shop", for `lanyard demo` and for the tests.
//!
//! They meet Lanyard as strangers do: over HTTP, through the `openidconnect` crate, with nothing
//! of the provider's rooms but time and randomness. Each keeps its own sessions in memory, so that
//! one can see what a logout token does to them.
//!
//! The route through: `app` binds and serves, `routes` answers a browser, `sign_in` talks to
//! the provider, `session` remembers, `logout_routes` hears that a session ended.

mod app;
mod attempt;
mod claim;
mod cookies;
mod html;
mod http_client;
mod logout_routes;
mod logout_token;
mod pages;
mod provider;
mod routes;
mod session;
mod settings;
mod shelf;
mod sign_in;
mod site;
#[cfg(test)]
mod tests;

pub use app::{Listeners, RelyingParty, Running};
pub use settings::{Neighbour, SHOP_LOGO, Settings, WIKI_LOGO};
