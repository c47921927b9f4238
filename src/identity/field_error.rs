//! What is wrong with a field of a person.

use std::borrow::Cow;

use serde::Serialize;

/// What is wrong with a field, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{field}: {problem}; {remedy}")]
pub struct FieldError {
    /// Its name: `username`, or that of the claim.
    pub field: Cow<'static, str>,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: &'static str,
}
