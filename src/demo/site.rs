//! One running app: what its handlers share.

use std::io;
use std::sync::Mutex;

use crate::clock::Timestamp;
use crate::entropy::Entropy;

use super::attempt::Attempts;
use super::logout_token::Seen;
use super::provider::Provider;
use super::session::Visits;
use super::settings::Settings;

/// Letters and digits that hold 256 bits, and enough for a PKCE verifier (RFC 7636, 4.1).
pub(super) const RANDOM_LENGTH: usize = 43;

/// What the handlers share.
pub(super) struct Site {
    pub(super) settings: Settings,
    pub(super) provider: Provider,
    pub(super) attempts: Attempts,
    pub(super) visits: Visits,
    pub(super) seen: Mutex<Seen>,
    pub(super) policy: String,
    pub(super) framed_policy: String,
}

impl Site {
    pub(super) fn new(settings: Settings) -> io::Result<Self> {
        Ok(Self {
            provider: Provider::new(&settings)?,
            policy: settings.content_security_policy()?,
            framed_policy: settings.framed_policy()?,
            attempts: Attempts::new(),
            visits: Visits::new(),
            seen: Mutex::new(Seen::new()),
            settings,
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }
}

/// 256 random bits as text: for cookies, `state`, `nonce` and PKCE verifiers.
pub(super) fn random() -> String {
    Entropy::System.alphanumeric(RANDOM_LENGTH)
}
