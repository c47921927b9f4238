//! The signing keys: which signs, which is only published.

use askama::Template;

use super::{AdminFrame, Section, samples};
use crate::pages::samples::{HOSTILE, NOW};
use crate::pages::time::{Moment, stamp};
use crate::pages::{Page, Sample};

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
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It signs.
    Signs,
    /// What it signed is taken still.
    Verifies,
}

impl KeyState {
    const fn class(self) -> &'static str {
        match self {
            Self::Signs => "ok",
            Self::Verifies => "off",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Signs => "Signs now",
            Self::Verifies => "Published for what it signed",
        }
    }
}

impl Page for Keys {
    const KIND: &'static str = "admin-keys";
    const MARKER: &'static str = "Signing keys";

    fn samples() -> Vec<Sample<Self>> {
        let row = |kid: &str, alg, state| KeyRow {
            kid: kid.to_owned(),
            alg,
            state,
            made: stamp(NOW),
        };
        let page = |frame, keys| Self { frame, keys };
        vec![
            (
                "three",
                page(
                    samples::frame(Section::Keys),
                    vec![
                        row("0Xe3bT7c9vQ", "ES256", KeyState::Signs),
                        row("n4bQgYhMfWW", "RS256", KeyState::Signs),
                        row("47DEQpj8HBS", "RS256", KeyState::Verifies),
                    ],
                ),
            ),
            (
                "hostile",
                page(
                    samples::hostile_frame(Section::Keys),
                    vec![row(HOSTILE, "RS256", KeyState::Signs)],
                ),
            ),
        ]
    }
}
