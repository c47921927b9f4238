//! The state of a browser, as the check iframe compares it (`OpenID` Connect Session Management
//! 1.0, 3.2): which session it is in. It changes with the session and with nothing else, so that
//! no app is bothered when the same person proves again who they are.
//!
//! A script can read it. It is the session's id, sealed for this purpose alone: it opens no other
//! door, and only this house can tell whose it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use super::Provider;
use super::handles::SessionCookie;
use super::live::{LiveSession, Lookup};
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::SessionId;
use crate::protocol::authorization_request::Checked;
use crate::protocol::session_state;

/// Questions about one session in a minute that a node answers. A frame asks six times: enough for
/// the apps of forty tabs, too few to keep a store busy.
const MOST: u32 = 240;
const MINUTE: Duration = Duration::from_mins(1);
/// Sessions of which the questions are counted.
const COUNTED: u64 = 20_000;
/// 22 letters and digits hold 130 bits.
const SALT: usize = 22;

/// What a browser sent for the check iframe, as it came.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The state.
    pub state: Option<String>,
    /// What stands for it while nobody is signed in.
    pub nobody: Option<String>,
}

/// The state of a browser that is in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserState {
    /// What its cookie holds.
    pub value: String,
    /// How long; without a lifetime it goes with the browser.
    pub lifetime: Option<Duration>,
}

/// What a browser is to hold from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holding {
    /// What it holds.
    AsItIs,
    /// This state.
    State(BrowserState),
    /// No state: its session has ended.
    Nothing,
}

/// What has become of the session that a browser's state names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// It goes on.
    Live,
    /// It has ended; or the state is not one of ours.
    Ended,
    /// Asked too often: ask again after this.
    TooOften(Duration),
}

/// How often was asked about each session in a minute, at this node.
pub(super) struct Questions(Cache<(SessionId, i64), Arc<AtomicU32>>);

impl Default for Questions {
    fn default() -> Self {
        Self(Cache::new(COUNTED))
    }
}

impl Questions {
    /// Counts one; says how long to wait if it is one too many.
    fn ask(&self, session: SessionId, now: Timestamp) -> Option<Duration> {
        let length = i64::try_from(MINUTE.as_millis()).unwrap_or(i64::MAX);
        let minute = now.as_millis().div_euclid(length);
        let count = self.0.get_with((session, minute), Arc::default);
        let over = count.fetch_add(1, Ordering::Relaxed) >= MOST;
        over.then_some(MINUTE)
    }
}

impl Provider {
    /// The state of a browser that holds this SSO cookie.
    pub fn browser_state(&self, cookie: &SessionCookie) -> String {
        self.seal_browser_state(cookie.id)
    }

    /// What stands for a state while nobody is signed in. Random: a page that could foresee it would
    /// learn from the frame whether somebody is.
    pub fn nobodys_state(&self) -> String {
        self.entropy.alphanumeric(SALT)
    }

    /// What has become of the session that this state names: one read of the hot state, and none
    /// for a state that is not ours. It is no use of the session: a page that lies open must not
    /// keep it from idling.
    pub async fn watched_session(&self, state: &str) -> Result<Watched, Trouble> {
        let Some(session) = self.open_browser_state(state) else {
            return Ok(Watched::Ended);
        };
        if let Some(wait) = self.questions.ask(session, self.clock.now()) {
            return Ok(Watched::TooOften(wait));
        }
        Ok(match self.live_session(session, &[]).await? {
            Lookup::Live(_) => Watched::Live,
            Lookup::Ended => Watched::Ended,
        })
    }

    /// The state that an answer speaks of, and what the browser is to hold.
    ///
    /// A frame on another site sends no SSO cookie where that is `Lax`, though it may send the
    /// state: without the one, the other is left as it is, and is what the frame will compare.
    pub(super) fn holding(
        &self,
        live: Option<&LiveSession>,
        cookie: Option<&SessionCookie>,
        held: &Held,
    ) -> (String, Holding) {
        if let Some(live) = live {
            return self.holding_of(live, held);
        }
        let ours = held
            .state
            .as_ref()
            .filter(|state| self.open_browser_state(state).is_some());
        if let (Some(state), None) = (ours, cookie) {
            return (state.clone(), Holding::AsItIs);
        }
        let holding = match held.state {
            Some(_) => Holding::Nothing,
            None => Holding::AsItIs,
        };
        (held.nobody.clone().unwrap_or_default(), holding)
    }

    fn holding_of(&self, live: &LiveSession, held: &Held) -> (String, Holding) {
        let session = &live.session;
        let value = self.seal_browser_state(session.id);
        if held.state.as_ref() == Some(&value) {
            return (value, Holding::AsItIs);
        }
        let lifetime = session
            .remembered
            .then(|| self.clock.now().until(session.expires));
        let state = BrowserState {
            value: value.clone(),
            lifetime,
        };
        (value, Holding::State(state))
    }

    /// The `session_state` of an answer to this request, if the check iframe is on.
    pub(super) fn session_state(&self, request: &Checked, browser_state: &str) -> Option<String> {
        if !self.settings.features.check_iframe {
            return None;
        }
        let (client_id, redirect_uri) = (&request.client_id, &request.target.redirect_uri);
        let salt = self.entropy.alphanumeric(SALT);
        session_state::session_state(client_id, redirect_uri, browser_state, &salt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn each_session_has_its_questions_each_minute() {
        let questions = Questions::default();
        let now = Timestamp::from_secs(1_800_000_000);
        let ids = [1, 2].map(|seed| SessionId::random(&Entropy::seeded(seed)));
        for _ in 0..MOST {
            assert_eq!(questions.ask(ids[0], now), None);
        }
        assert_eq!(questions.ask(ids[0], now), Some(MINUTE));
        assert_eq!(questions.ask(ids[1], now), None);
        assert_eq!(questions.ask(ids[0], now + MINUTE), None);
    }
}
