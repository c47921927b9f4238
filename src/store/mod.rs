//! The seam between the rules and what is kept. SQL remembers ([`record`]), the hot state is quick
//! ([`hot`]); documents have one form ([`codec`]), and they and handles are sealed ([`seal`]).
//! [`denied`] says why a file cannot be opened.
//!
//! A look-up has three outcomes: found, absent, and *unknown*. Unknown becomes 503 with
//! Retry-After; it never means "signed out" and never "fine".

pub mod codec;
pub mod denied;
pub mod hot;
pub mod record;
pub mod seal;

/// A store could not say. The text is for the log, never for an answer.
#[derive(Debug, thiserror::Error)]
#[error("the store did not answer: {0}")]
pub struct Unknown(pub String);
