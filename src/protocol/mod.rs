//! The rules of the specifications. Pure: no I/O, no async, time as a parameter; one file per noun.

pub mod access_token;
mod audience;
pub mod authorization_request;
pub mod authorization_response;
mod basic;
pub mod claims;
pub mod client;
pub mod client_auth;
pub mod client_metadata;
pub mod client_rules;
pub mod discovery;
pub mod end_session;
pub mod error;
mod form;
pub mod id_token;
pub mod introspection;
pub mod jose;
pub mod key_rotation;
pub mod logout_token;
pub mod params;
pub mod pkce;
pub mod prompt;
pub mod redirect_uri;
pub mod scope;
pub mod token_request;
pub mod token_response;
pub mod untrusted;
