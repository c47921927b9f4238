//! What handlers take from a request.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::header;
use actix_web::{HttpRequest, web};

use super::state::State;
use crate::protocol::dpop::ProofHeader;
use crate::protocol::params::Params;
use crate::provider::Browser;

const DPOP: header::HeaderName = header::HeaderName::from_static("dpop");

/// Where the request comes from: the peer, or whom a trusted proxy names.
pub(super) fn browser(request: &HttpRequest) -> Browser {
    Browser {
        address: address(request),
        user_agent: header_text(request, header::USER_AGENT)
            .unwrap_or_default()
            .to_owned(),
    }
}

fn address(request: &HttpRequest) -> IpAddr {
    let unspecified = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let peer = request.peer_addr().map_or(unspecified, |peer| peer.ip());
    let Some(state) = request.app_data::<web::Data<State>>() else {
        return peer;
    };
    let lines = request.headers().get_all(header::X_FORWARDED_FOR);
    let lines: Vec<&[u8]> = lines.map(header::HeaderValue::as_bytes).collect();
    state.proxies.client(peer, lines.into_iter())
}

/// A header, if it is text.
pub(super) fn header_text(request: &HttpRequest, name: header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// The `DPoP` headers (RFC 9449, 4.1).
pub(super) fn proof(request: &HttpRequest) -> ProofHeader {
    let lines = request.headers().get_all(DPOP);
    ProofHeader::of(lines.map(|line| line.to_str().ok()))
}

/// The parameters of the query.
pub(super) fn query(request: &HttpRequest) -> Option<Params> {
    Params::parse(request.query_string()).ok()
}

/// The same for a page that lists many things.
pub(super) fn list_query(request: &HttpRequest) -> Option<Params> {
    Params::parse_list(request.query_string()).ok()
}

/// The parameters of a form; none if it is not one (RFC 6749, 3.2: the media type is demanded).
pub(super) fn form(request: &HttpRequest, body: &web::Bytes) -> Option<Params> {
    Params::parse(form_text(request, body)?).ok()
}

/// The same for a form that lists many things.
pub(super) fn list_form(request: &HttpRequest, body: &web::Bytes) -> Option<Params> {
    Params::parse_list(form_text(request, body)?).ok()
}

fn form_text<'a>(request: &HttpRequest, body: &'a web::Bytes) -> Option<&'a str> {
    let media = header_text(request, header::CONTENT_TYPE)?;
    let media = media.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return None;
    }
    std::str::from_utf8(body).ok()
}
