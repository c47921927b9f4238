//! What handlers share.

use std::sync::Arc;

use actix_web::cookie::SameSite;
use tokio::sync::watch;

use super::forwarded::TrustedProxies;
use super::limits::Limits;
use crate::provider::Provider;

/// When the SSO cookie travels with requests from other sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSiteSetting {
    /// Only with top-level GETs.
    Lax,
    /// Always: for apps that renew in an iframe. https only.
    None,
}

/// What handlers share.
#[derive(Clone)]
pub struct State {
    /// The use cases.
    pub provider: Arc<Provider>,
    /// The issuer is https: cookies are `Secure` and `__Host-`, and HSTS is sent.
    pub https: bool,
    /// Of the SSO cookie.
    pub same_site: SameSiteSetting,
    /// Whose `X-Forwarded-For` is believed.
    pub proxies: TrustedProxies,
    /// How long we wait, and for how many.
    pub limits: Limits,
    /// True when this node is about to stop: proxies are told to send nobody more, and streams end.
    pub stopping: watch::Receiver<bool>,
}

impl State {
    pub(super) const fn same_site(&self) -> SameSite {
        match self.same_site {
            SameSiteSetting::Lax => SameSite::Lax,
            SameSiteSetting::None => SameSite::None,
        }
    }
}
