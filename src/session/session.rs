//! One browser's signed-in state at Lanyard, and when it runs out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::entropy::{Secret, SecretHash, SessionId, UserId};
use crate::session::network::Networks;

/// How long the previous secret is honoured for requests that were in flight when it changed.
pub const PREVIOUS_SECRET: Duration = Duration::from_secs(30);

/// A session as the hot copy and the record both keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its internal id; never leaves the house in the clear.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When it began.
    pub began: Timestamp,
    /// When the person last proved who they are (`auth_time`, Core 1.0, 2).
    pub auth_time: Timestamp,
    /// How: `acr` (Core 1.0, 2).
    pub acr: String,
    /// By which methods: `amr` (RFC 8176).
    pub amr: Vec<String>,
    /// The last activity that was written.
    pub last_seen: Timestamp,
    /// How long without activity it lives.
    pub idle_timeout: Duration,
    /// When it ends whatever happens.
    pub expires: Timestamp,
    /// "Stay signed in on this device."
    pub remembered: bool,
    /// SHA-256 of the secret in the cookie.
    pub secret: SecretHash,
    /// The secret before that, and until when it is honoured.
    pub previous_secret: Option<(SecretHash, Timestamp)>,
    /// Coarse address of the sign-in (an IPv4 /24, an IPv6 /48).
    pub address: String,
    /// The browser's own name for itself, cut to 256 bytes.
    pub user_agent: String,
    /// Where it was seen of late. The record knows the place of the sign-in only.
    pub networks: Networks,
}

/// Idle and absolute limits of a new session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without activity.
    pub idle_timeout: Duration,
    /// Whatever happens.
    pub lifetime: Duration,
}

/// Whether a session has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It lives.
    Live,
    /// Too long without activity.
    Idle,
    /// Its lifetime is over.
    Expired,
}

/// What a presented secret proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretVerdict {
    /// The current one.
    Current,
    /// The one before, within its grace: serve, but never answer with a cookie deletion.
    Previous,
    /// The one before, too late: somebody kept it. A signal.
    Stale,
    /// Never valid: noise.
    Foreign,
}

impl Session {
    /// When it ends without further activity.
    pub fn idle_deadline(&self) -> Timestamp {
        self.last_seen + self.idle_timeout
    }

    /// The nearer of both deadlines.
    pub fn deadline(&self) -> Timestamp {
        self.idle_deadline().min(self.expires)
    }

    /// Judges both deadlines. The absolute one wins, as activity never moves it.
    pub fn liveness(&self, now: Timestamp) -> Liveness {
        if now >= self.expires {
            Liveness::Expired
        } else if now >= self.idle_deadline() {
            Liveness::Idle
        } else {
            Liveness::Live
        }
    }

    /// Judges a secret, in constant time.
    pub fn judge_secret(&self, presented: &Secret, now: Timestamp) -> SecretVerdict {
        let presented = presented.hash();
        if self.secret.matches(&presented) {
            return SecretVerdict::Current;
        }
        match &self.previous_secret {
            Some((hash, until)) if hash.matches(&presented) => {
                if now < *until {
                    SecretVerdict::Previous
                } else {
                    SecretVerdict::Stale
                }
            }
            _ => SecretVerdict::Foreign,
        }
    }

    /// After a change of the password: the former secret is worth nothing from now on, as whoever
    /// changes a password may fear that somebody has a copy.
    #[must_use]
    pub fn rekeyed(self, secret: SecretHash, now: Timestamp) -> Self {
        let former = self.secret;
        Self {
            previous_secret: Some((former, now)),
            ..self.reauthenticated(secret, now)
        }
    }

    /// Seen in this network, if it is one that was not known.
    #[must_use]
    pub fn seen_in(mut self, coarse: Option<&str>) -> Self {
        if let Some(coarse) = coarse {
            self.networks = self.networks.with(coarse);
        }
        self
    }

    /// A re-authentication or step-up: the session goes on, its secret does not (fixation).
    #[must_use]
    pub fn reauthenticated(mut self, secret: SecretHash, now: Timestamp) -> Self {
        self.previous_secret = Some((self.secret, now + PREVIOUS_SECRET));
        self.secret = secret;
        self.auth_time = now;
        self.last_seen = now;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    fn session(entropy: &Entropy, secret: &Secret) -> Session {
        let now = Timestamp::from_secs(1_000_000);
        Session {
            id: SessionId::random(entropy),
            user: UserId::new("u_alice"),
            began: now,
            auth_time: now,
            acr: "urn:lanyard:acr:pwd".to_owned(),
            amr: vec!["pwd".to_owned()],
            last_seen: now,
            idle_timeout: Duration::from_hours(2),
            expires: now + Duration::from_hours(12),
            remembered: false,
            secret: secret.hash(),
            previous_secret: None,
            address: "192.0.2.0/24".to_owned(),
            user_agent: "Test".to_owned(),
            networks: Networks::default(),
        }
    }

    #[test]
    fn both_deadlines_are_judged_and_the_absolute_one_wins() {
        let entropy = Entropy::seeded(1);
        let mut session = session(&entropy, &Secret::random(&entropy));
        let began = session.began;
        for (after, expected) in [
            (0, Liveness::Live),
            (7_199, Liveness::Live),
            (7_200, Liveness::Idle),
            (43_200, Liveness::Expired),
        ] {
            assert_eq!(
                session.liveness(began + Duration::from_secs(after)),
                expected,
                "{after}"
            );
        }
        session.last_seen = began + Duration::from_secs(43_000);
        assert_eq!(session.deadline(), session.expires);
        assert_eq!(session.liveness(session.expires), Liveness::Expired);
    }

    #[test]
    fn the_previous_secret_has_thirty_seconds() {
        let entropy = Entropy::seeded(2);
        let (old, new) = (Secret::random(&entropy), Secret::random(&entropy));
        let session = session(&entropy, &old);
        let at = session.began + Duration::from_mins(1);
        let session = session.reauthenticated(new.hash(), at);
        let judge =
            |secret: &Secret, after| session.judge_secret(secret, at + Duration::from_secs(after));
        assert_eq!(judge(&new, 0), SecretVerdict::Current);
        assert_eq!(judge(&old, 29), SecretVerdict::Previous);
        assert_eq!(judge(&old, 30), SecretVerdict::Stale);
        assert_eq!(judge(&Secret::random(&entropy), 0), SecretVerdict::Foreign);
        assert_eq!(session.auth_time, at);
    }
}
