//! The heart: what a session is, when it lives, what a person must still do, and how it ends.
//! Pure: time and facts come in as arguments, decisions go out as enums.

pub mod consent;
pub mod decision;
pub mod device;
pub mod device_grant;
pub mod ending;
pub mod grant;
pub mod holding;
pub mod network;
pub mod participant;
pub mod question;
pub mod refresh;
#[expect(
    clippy::module_inception,
    reason = "the noun that the room is named for"
)]
pub mod session;
