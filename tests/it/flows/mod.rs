//! Stories over HTTP.

mod account;
mod audit;
mod authorize;
mod client_auth;
mod code;
mod consent;
mod deadlines;
mod delivery;
mod end_session;
mod ends_from_outside;
mod fixation;
mod headers;
mod hijacking;
mod introspection;
mod main_job;
mod offline;
mod prompts;
mod refresh;
mod rejoining;
mod replacing;
mod responses;
mod restart;
mod revocation;
mod round_trips;
mod throttling;
mod userinfo;
