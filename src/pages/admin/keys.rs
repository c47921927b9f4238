//! The signing keys: which signs, which comes next, which are still believed; and the question
//! before one is changed.

use std::time::Duration;

use askama::Template;

use super::{AdminFrame, Section, samples};
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, stamp};
use crate::pages::{Page, Sample};
use crate::protocol::jose::KeyState;

/// The signing keys. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/keys.html")]
pub struct Keys {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// Those that sign first.
    pub keys: Vec<KeyRow>,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// RFC 7517, 4.5.
    pub kid: String,
    /// "ES256".
    pub alg: &'static str,
    /// What it does.
    pub state: KeyState,
    /// When it was made.
    pub made: Moment,
    /// When its state changes next.
    pub until: Option<Moment>,
}

/// Before the key that signs is changed by hand. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/key_rotation.html")]
pub struct KeyRotation {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// Of which algorithm.
    pub alg: &'static str,
    /// The `kid` that signs until then.
    pub current: String,
    /// The `kid` that is published as the next.
    pub next: Option<String>,
    /// Until when apps may not know the next one yet.
    pub unknown_until: Option<Moment>,
}

impl KeyRow {
    const fn class(&self) -> &'static str {
        match self.state {
            KeyState::Current => "ok",
            KeyState::Next => "wait",
            KeyState::Previous | KeyState::Retired => "off",
            KeyState::Dropped => "bad",
        }
    }

    const fn words(&self) -> &'static str {
        match self.state {
            KeyState::Current => "Signs now",
            KeyState::Next => "Published, signs next",
            KeyState::Previous => "Verifies what it signed",
            KeyState::Retired => "Reads old sign-out hints",
            KeyState::Dropped => "Believed no more",
        }
    }

    /// What its moment means.
    const fn then(&self) -> &'static str {
        match self.state {
            KeyState::Current => "Replaced after",
            KeyState::Next => "May sign after",
            KeyState::Previous => "Published until",
            KeyState::Retired | KeyState::Dropped => "Forgotten after",
        }
    }

    fn signs(&self) -> bool {
        self.state == KeyState::Current
    }
}

impl Page for Keys {
    const KIND: &'static str = "admin-keys";
    const MARKER: &'static str = "Signing keys";

    fn samples() -> Vec<Sample<Self>> {
        let row = |kid: &str, state| KeyRow {
            kid: kid.to_owned(),
            alg: "ES256",
            state,
            made: stamp(NOW),
            until: Some(stamp(NOW + Duration::from_hours(24))),
        };
        let frame = samples::frame(Section::Keys);
        let page = |frame, keys| Self { frame, keys };
        let all = vec![
            row("0Xe3bT7c9vQ", KeyState::Current),
            row("n4bQgYhMfWW", KeyState::Next),
            row("47DEQpj8HBS", KeyState::Previous),
            row("RBNvo1WzZ4o", KeyState::Retired),
            row("Mrh6Tc1GvSM", KeyState::Dropped),
        ];
        let hostile = vec![row(HOSTILE, KeyState::Current)];
        vec![
            ("all", page(frame, all)),
            (
                "hostile",
                page(samples::hostile_frame(Section::Keys), hostile),
            ),
        ]
    }
}

impl Page for KeyRotation {
    const KIND: &'static str = "admin-key-rotation";
    const MARKER: &'static str = "Change the ES256 key?";

    fn samples() -> Vec<Sample<Self>> {
        let page = |frame, kid: &str, unknown_until| Self {
            frame,
            alg: "ES256",
            current: kid.to_owned(),
            next: Some(kid.to_owned()),
            unknown_until,
        };
        vec![
            (
                "known",
                page(samples::frame(Section::Keys), "0Xe3bT7c9vQ", None),
            ),
            (
                "hostile",
                page(
                    samples::hostile_frame(Section::Keys),
                    HOSTILE,
                    Some(stamp(NOW)),
                ),
            ),
        ]
    }
}
