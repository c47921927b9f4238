//! What the stories are told with: a house, browsers, and apps that check what they are given.

pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod chromium;
pub(crate) mod demo;
pub(crate) mod device;
mod driver;
pub(crate) mod events;
pub(crate) mod holder;
pub(crate) mod house;
pub(crate) mod installation;
pub(crate) mod page;
pub(crate) mod parts;
pub(crate) mod published;
pub(crate) mod raw;
pub(crate) mod scrape;
pub(crate) mod site;
pub(crate) mod stores;
pub(crate) mod tokens;
pub(crate) mod topology;

pub(crate) use app::App;
pub(crate) use browser::{Browser, Landing};
pub(crate) use events::Events;
pub(crate) use holder::Holder;
pub(crate) use house::{House, Person};
pub(crate) use installation::{Installation, Server};
pub(crate) use page::Page;
pub(crate) use published::{Published, Publisher};
pub(crate) use raw::Raw;
pub(crate) use scrape::Scrape;

/// An HTTP client that only ever speaks to this machine in the clear. Reading the certificate
/// authorities would take most of a test's time. No connection is kept: each request may come to
/// another node.
pub(crate) fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .pool_max_idle_per_host(0)
}
