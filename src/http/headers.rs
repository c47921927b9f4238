//! Security headers: the same floor under every answer, and the Content-Security-Policy of pages.

use std::fmt::Write as _;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use url::Url;

use super::state::State;
use crate::protocol::redirect_uri;

/// What a page's policy must allow beyond the strictest.
#[derive(Debug, Default)]
pub(super) struct Policy {
    /// Its POST may end at an app. Chromium applies `form-action` along the whole chain of
    /// redirects, so such a page can't send one.
    pub(super) may_leave: bool,
    /// Addresses of logos.
    pub(super) images: Vec<String>,
    /// Addresses of frames.
    pub(super) frames: Vec<String>,
    /// Its script asks us for what has changed.
    pub(super) live: bool,
}

impl Policy {
    /// A page whose forms stay here.
    pub(super) fn stays() -> Self {
        Self::default()
    }

    /// A page whose form may end at an app.
    pub(super) fn leaves() -> Self {
        Self {
            may_leave: true,
            ..Self::default()
        }
    }

    /// A page whose forms stay here, with receipts that arrive by themselves.
    pub(super) fn live() -> Self {
        Self {
            live: true,
            ..Self::default()
        }
    }

    /// The header's value. Only origins are listed: paths would tell more than is needed.
    pub(super) fn header(&self) -> String {
        let mut policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
                          style-src 'self'; script-src 'self'; img-src 'self'"
            .to_owned();
        for origin in origins(&self.images) {
            let _ = write!(policy, " {origin}");
        }
        if !self.frames.is_empty() {
            policy.push_str("; frame-src");
            for origin in origins(&self.frames) {
                let _ = write!(policy, " {origin}");
            }
        }
        if self.live {
            policy.push_str("; connect-src 'self'");
        }
        if !self.may_leave {
            policy.push_str("; form-action 'self'");
        }
        policy
    }
}

fn origins(addresses: &[String]) -> Vec<String> {
    let mut origins: Vec<String> = addresses
        .iter()
        .filter_map(|address| Url::parse(address).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .filter(|url| url.host_str().is_some_and(redirect_uri::is_plain_host))
        .map(|url| url.origin().ascii_serialization())
        .collect();
    origins.sort();
    origins.dedup();
    origins
}

/// The floor under every answer; what a handler has set stays.
pub(super) async fn security<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let https = request
        .app_data::<web::Data<State>>()
        .is_some_and(|state| state.https);
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    let mut floor = vec![
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin-allow-popups",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    if https {
        floor.push((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
    for (name, value) in floor {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_lists_origins_once_and_only_of_the_web() {
        let policy = Policy {
            may_leave: true,
            images: vec![
                "https://wiki.example/a.svg".to_owned(),
                "https://wiki.example/b.svg".to_owned(),
                "javascript:alert(1)".to_owned(),
                "https://a.example;sandbox/b.svg".to_owned(),
                "https://*/b.svg".to_owned(),
            ],
            frames: vec!["https://shop.example:444/out?sid=1".to_owned()],
            live: false,
        };
        let header = policy.header();
        assert!(
            header.contains("img-src 'self' https://wiki.example; frame-src"),
            "{header}"
        );
        assert!(
            header.ends_with("frame-src https://shop.example:444"),
            "{header}"
        );
        assert!(!header.contains("form-action") && !header.contains("connect-src"));
        assert!(Policy::live().header().contains("; connect-src 'self'; "));
        assert!(Policy::stays().header().ends_with("form-action 'self'"));
    }
}
