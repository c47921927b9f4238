//! People and how they prove who they are. Pure but for argon2; nothing here is async or stores.
//!
//! A sign-in passes [`throttle`] before it costs anything, then [`password::Hasher`]; a new
//! password passes [`password_policy`] first. All of these compare names by [`user::LoginKey`].

mod buffers;
mod field_error;
pub mod fields;
mod parameters;
pub mod password;
pub mod password_policy;
pub mod rules;
mod stored_password;
pub mod throttle;
pub mod user;
