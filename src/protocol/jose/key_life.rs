//! The life of a signing key: published ahead, signing, verified until its last token has run out,
//! known for hints a while longer.

use crate::clock::Timestamp;

/// When what happened to a key. What has not happened is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLife {
    /// Made, and in the key set from then on.
    pub published: Timestamp,
    /// It began to sign.
    pub promoted: Option<Timestamp>,
    /// Another began to sign in its place; its private part is deleted.
    pub superseded: Option<Timestamp>,
    /// It left the key set.
    pub retired: Option<Timestamp>,
    /// It is not believed any more, as somebody else may have it.
    pub dropped: Option<Timestamp>,
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// It signs.
    Current,
    /// Published, so that everybody knows it before it signs.
    Next,
    /// Published still, for the tokens that it signed.
    Previous,
    /// Not published; ID tokens that come back as hints are read with it.
    Retired,
    /// Nothing that it signed is believed.
    Dropped,
}

impl KeyState {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
            Self::Previous => "previous",
            Self::Retired => "retired",
            Self::Dropped => "dropped",
        }
    }

    /// Whether the key stands in the key set, and tokens that it signed are taken.
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Current | Self::Next | Self::Previous)
    }

    /// Whether the private part is needed.
    pub const fn may_sign(self) -> bool {
        matches!(self, Self::Current | Self::Next)
    }
}

impl KeyLife {
    /// Of a key that is published now, and does not sign yet.
    pub const fn next(now: Timestamp) -> Self {
        Self {
            published: now,
            promoted: None,
            superseded: None,
            retired: None,
            dropped: None,
        }
    }

    /// Of a key that signs from the moment it is made.
    pub const fn first(now: Timestamp) -> Self {
        let mut life = Self::next(now);
        life.promoted = Some(now);
        life
    }

    /// Where it is. What happened decides, not the time: every node sees the same.
    pub const fn state(&self) -> KeyState {
        match self {
            Self {
                dropped: Some(_), ..
            } => KeyState::Dropped,
            Self {
                retired: Some(_), ..
            } => KeyState::Retired,
            Self {
                superseded: Some(_),
                ..
            } => KeyState::Previous,
            Self {
                promoted: Some(_), ..
            } => KeyState::Current,
            Self { .. } => KeyState::Next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_from_its_beginning_to_its_end() {
        let at = Timestamp::from_secs;
        let mut life = KeyLife::next(at(1));
        assert_eq!(life.state(), KeyState::Next);
        life.promoted = Some(at(2));
        assert_eq!(life.state(), KeyState::Current);
        life.superseded = Some(at(3));
        assert_eq!(life.state(), KeyState::Previous);
        life.retired = Some(at(4));
        assert_eq!(life.state(), KeyState::Retired);
        life.dropped = Some(at(5));
        assert_eq!(life.state(), KeyState::Dropped);
        assert_eq!(KeyLife::first(at(1)).state(), KeyState::Current);
    }
}
