//! People and how they prove who they are. Pure but for argon2.

pub mod user;
