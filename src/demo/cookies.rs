//! The app's own cookies.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};

use super::site::Site;

/// The cookie of the session here.
pub(super) const SESSION: &str = "session";
/// The cookie that binds an authorization to the browser that began it.
pub(super) const BROWSER: &str = "browser";

/// The value of our cookie, or nothing.
pub(super) fn cookie(site: &Site, request: &HttpRequest, purpose: &str) -> String {
    let cookie = request.cookie(&site.settings.cookie(purpose));
    cookie
        .map(|cookie| cookie.value().to_owned())
        .unwrap_or_default()
}

/// Our cookie, kept until the browser closes.
pub(super) fn make(site: &Site, purpose: &str, value: String) -> Cookie<'static> {
    Cookie::build(site.settings.cookie(purpose), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(site.settings.is_https())
        .finish()
}
