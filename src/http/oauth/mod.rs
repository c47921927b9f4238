//! The endpoints of the specifications.

pub(super) mod authorize;
pub(super) mod device;
pub(super) mod discovery;
pub(super) mod introspect;
pub(super) mod logout;
pub(super) mod pushed;
pub(super) mod register;
pub(super) mod revoke;
pub(super) mod session;
mod stored;
pub(super) mod token;
pub(super) mod userinfo;

use std::net::IpAddr;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::extract;
use super::respond;
use crate::protocol::dpop::ProofHeader;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::params::Params;
use crate::protocol::token_response::TokenType;
use crate::provider::TokenInput;

/// A machine endpoint's credentials and form; none if the body is not a form.
struct MachineForm {
    authorization: Option<String>,
    params: Params,
    proof: ProofHeader,
    address: IpAddr,
}

impl MachineForm {
    /// None: the body is no form.
    fn read(request: &HttpRequest, body: &web::Bytes) -> Option<Self> {
        let authorization =
            extract::header_text(request, header::AUTHORIZATION).map(ToOwned::to_owned);
        Some(Self {
            authorization,
            params: extract::form(request, body)?,
            proof: extract::proof(request),
            address: extract::browser(request).address,
        })
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        self.params.iter().collect()
    }

    fn input<'a>(&'a self, pairs: &'a [(&'a str, &'a str)]) -> TokenInput<'a> {
        TokenInput {
            authorization: self.authorization.as_deref(),
            form: pairs,
            proof: &self.proof,
            address: self.address,
        }
    }

    /// Whether a failed authentication must name the Basic scheme (RFC 6749, 5.2).
    fn basic(&self) -> bool {
        self.authorization.is_some()
    }
}

/// A bearer token in the header (RFC 6750, 2.1).
fn bearer_header(request: &HttpRequest) -> Option<String> {
    let header = extract::header_text(request, header::AUTHORIZATION)?;
    bearer_token(header).map(ToOwned::to_owned)
}

fn bearer_token(header: &str) -> Option<&str> {
    token_under(TokenType::Bearer, header)
}

/// An access token in the header, under either scheme (RFC 6750, 2.1; RFC 9449, 7.1).
fn access_token_header(request: &HttpRequest) -> Option<(TokenType, String)> {
    let header = extract::header_text(request, header::AUTHORIZATION)?;
    [TokenType::Bearer, TokenType::Dpop]
        .into_iter()
        .find_map(|scheme| Some((scheme, token_under(scheme, header)?.to_owned())))
}

fn token_under(wanted: TokenType, header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case(wanted.as_str())
        .then(|| token.trim())
}

/// The answer to a body that can't be read.
fn no_form() -> HttpResponse {
    let words = "send the parameters as application/x-www-form-urlencoded";
    respond::oauth_error(&ProtocolError::new(ErrorCode::InvalidRequest, words), false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_is_read_whatever_the_case_of_its_scheme(
            scheme in "[bB][eE][aA][rR][eE][rR]",
            space in " {1,3}",
            token in "[A-Za-z0-9._~+/=-]{1,40}",
        ) {
            let header = format!("{scheme}{space}{token} ");
            prop_assert_eq!(bearer_token(&header), Some(token.as_str()));
        }

        #[test]
        fn no_header_panics_and_no_other_scheme_is_one(
            text in "\\PC{0,60}",
            scheme in "Basic|DPoP|Bearer:|Bear|Bearers|",
        ) {
            let _ = bearer_token(&text);
            let other = format!("{scheme} {text}");
            prop_assert_eq!(bearer_token(&other), None);
        }
    }
}
