//! What an administrator asks of all sessions: for the list of them, and to end what matches.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::entropy::{ClientId, UserId};
use crate::protocol::discovery::ACR_PASSWORD;

/// Which sessions. Conditions are joined by "and".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionQuestion {
    /// What was typed: the beginning of a person's username, email address or display name; an
    /// address, its beginning or a range; words of a browser ("Firefox Android"); or a reference.
    /// What any of these finds is found. Empty for all.
    pub q: String,
    /// Only this person's.
    pub user: Option<UserId>,
    /// Only those in which this client takes or took part.
    pub client: Option<ClientId>,
    /// Only those that began at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those that began before this moment.
    pub before: Option<Timestamp>,
    /// Only those that were last active before this moment, as far as the record knows: activity
    /// reaches it some seconds late.
    #[serde(default)]
    pub idle_since: Option<Timestamp>,
    /// Only those whose sign-in was weaker than this `acr`.
    #[serde(default)]
    pub acr_below: Option<String>,
    /// Whether they live.
    pub state: SessionState,
    /// By which running out is judged.
    pub now: Timestamp,
}

impl SessionQuestion {
    /// All that live.
    pub const fn live(now: Timestamp) -> Self {
        Self {
            q: String::new(),
            user: None,
            client: None,
            since: None,
            before: None,
            idle_since: None,
            acr_below: None,
            state: SessionState::Live,
            now,
        }
    }
}

/// Whether a session lives. One that has run out and was not ended yet (the sweeper does so within
/// a minute or two) is neither live nor ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Only what lives.
    #[default]
    Live,
    /// Only what has ended.
    Ended,
    /// Both, and what has run out.
    Any,
}

/// The ways of signing in, the strongest first.
const STRENGTHS: [&str; 1] = [ACR_PASSWORD];

/// The values of `acr` that are as strong as this one, or stronger; none if it is not known.
pub fn at_least(acr: &str) -> Option<&'static [&'static str]> {
    let place = STRENGTHS.iter().position(|known| *known == acr)?;
    STRENGTHS.get(..=place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strengths_are_ordered_and_strangers_have_none() {
        assert_eq!(at_least(ACR_PASSWORD), Some(&[ACR_PASSWORD][..]));
        assert_eq!(at_least("urn:example:gold"), None);
    }
}
