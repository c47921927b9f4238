//! What use cases need to know of the configuration.

use std::time::Duration;

use super::metadata_documents::DocumentSettings;
use super::registration::RegistrationSettings;
use crate::identity::password::Parameters;
use crate::protocol::client_bounds::Bounds;
use crate::protocol::custom_claims::CustomClaims;
use crate::protocol::features::Features;
use crate::protocol::key_rotation::Schedule;
use crate::session::session::Limits;

/// The provider's part of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The issuer: an origin without a trailing slash.
    pub issuer: String,
    /// Sessions on a shared or unnamed device.
    pub session: Limits,
    /// How many sessions a person may have; the oldest gives way.
    pub max_sessions: Option<u32>,
    /// What is offered beyond what everybody needs.
    pub features: Features,
    /// "Stay signed in on this device."
    pub remembered: Limits,
    /// `offline_access` grants.
    pub offline: Limits,
    /// Passwords.
    pub password: PasswordSettings,
    /// How long this node may go without having read the ends log, before it judges no session.
    pub outage_tolerance: Duration,
    /// What clients may ask for.
    pub bounds: Bounds,
    /// How often signing keys change.
    pub keys: Schedule,
    /// Whether and how clients register themselves (RFC 7591).
    pub registration: Option<RegistrationSettings>,
    /// Whether clients may be what a document at their id says.
    pub metadata_documents: Option<DocumentSettings>,
    /// The claims and scopes that this house has of its own.
    pub claims: CustomClaims,
    /// How long a logout notice is tried.
    pub give_up_after: Duration,
}

/// How passwords are hashed, and how many at a time.
#[derive(Clone, Copy, Debug)]
pub struct PasswordSettings {
    /// argon2id.
    pub parameters: Parameters,
    /// Hashes at a time: each holds its own memory.
    pub concurrency: usize,
    /// How many may wait beyond that before 503.
    pub queue: usize,
}

impl Settings {
    /// How many clients the record may know by their documents.
    pub(super) fn described_clients(&self) -> u64 {
        let settings = self.metadata_documents.as_ref();
        settings.map_or(0, |settings| settings.max_clients.into())
    }

    /// The limits of a new session.
    pub(super) const fn limits(&self, remembered: bool) -> Limits {
        if remembered {
            self.remembered
        } else {
            self.session
        }
    }
}
