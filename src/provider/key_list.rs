//! The signing keys as administrators see and change them.

use super::Provider;
use super::administrators::Administrator;
use super::key_keeper::Rotated;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::protocol::client::SigningAlg;
use crate::protocol::jose::{HeldKey, KeyState};
use crate::protocol::key_rotation::{self, Schedule};

/// One signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    /// RFC 7517, 4.5.
    pub kid: String,
    /// What it signs with.
    pub alg: SigningAlg,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made.
    pub made: Timestamp,
    /// When its state changes next; for the next key, from when on it may sign.
    pub until: Option<Timestamp>,
}

impl Provider {
    /// The signing keys of this node, those that sign first, then by what they do and their age.
    pub fn signing_keys(&self) -> Vec<KeyView> {
        let held = self.keys.held();
        let schedule = self.keys.keeper().schedule();
        let keys = held.set().keys().iter();
        let mut keys: Vec<KeyView> = keys.map(|key| view(key, schedule)).collect();
        keys.sort_by_key(|key| (key.state, key.alg.as_str(), std::cmp::Reverse(key.made)));
        keys
    }

    /// Has the next key of an algorithm sign from now on. With `drop`, nothing that the old one
    /// signed is believed any more. None: somebody else changed the keys meanwhile.
    pub async fn rotate_key(
        &self,
        alg: SigningAlg,
        drop: bool,
        administrator: &Administrator,
    ) -> Result<Option<Rotated>, Trouble> {
        let (actor, now) = (administrator.actor(), self.clock.now());
        let done = self.keys.keeper().rotate(alg, drop, &actor, now).await;
        // What was done before it failed counts too.
        self.reload_keys().await?;
        done
    }
}

fn view(key: &HeldKey, schedule: &Schedule) -> KeyView {
    let life = key.life();
    let state = life.state();
    KeyView {
        kid: key.key().kid().to_owned(),
        alg: key.key().alg(),
        state,
        made: life.published,
        until: match state {
            KeyState::Current => schedule.replaced_at(life),
            KeyState::Next => Some(schedule.ripe_at(life)),
            KeyState::Previous => key_rotation::retired_at(life),
            KeyState::Retired | KeyState::Dropped => schedule.removed_at(life),
        },
    }
}
