//! States of sessions and notices in words, with the shape and colour that go along.

use crate::session::ending::Reason;

/// A word with its shape and colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The class in the stylesheet.
    pub class: &'static str,
    /// "Live".
    pub word: String,
}

impl State {
    /// Good.
    pub fn ok(word: impl Into<String>) -> Self {
        Self::new("ok", word)
    }

    /// Something is still to come.
    pub fn wait(word: impl Into<String>) -> Self {
        Self::new("wait", word)
    }

    /// It went wrong.
    pub fn bad(word: impl Into<String>) -> Self {
        Self::new("bad", word)
    }

    /// Over, or not to be.
    pub fn off(word: impl Into<String>) -> Self {
        Self::new("off", word)
    }

    fn new(class: &'static str, word: impl Into<String>) -> Self {
        Self {
            class,
            word: word.into(),
        }
    }
}

/// Why a session ended, for an administrator.
pub const fn because(reason: Reason) -> &'static str {
    match reason {
        Reason::User => "signed out",
        Reason::Client => "signed out by an app",
        Reason::Admin => "ended by an administrator",
        Reason::Idle => "unused for too long",
        Reason::Lifetime => "its time was over",
        Reason::Limit => "too many sessions of one person",
        Reason::CredentialChange => "the password changed",
        Reason::Disabled => "the account was disabled",
        Reason::Replaced => "somebody else signed in there",
        Reason::Theft => "signs of a stolen cookie",
        Reason::Reuse => "a code or token was used twice",
        Reason::Policy => "a rule of the house",
    }
}
