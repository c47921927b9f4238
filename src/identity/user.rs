//! A person.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::clock::Timestamp;
use crate::entropy::UserId;

/// A person as the record keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The `sub` of tokens.
    pub id: UserId,
    /// As chosen; compared by its [`LoginKey`].
    pub username: String,
    /// Standard claims (Core 1.0, 5.1).
    pub profile: Profile,
    /// argon2id, in PHC form. Absent: cannot sign in with a password.
    pub password: Option<String>,
    /// The password is a temporary one, set by somebody else: it must be changed at the next
    /// sign-in, before anything else.
    pub must_change_password: bool,
    /// May use the admin pages.
    pub admin: bool,
    /// A disabled person is refused everywhere.
    pub enabled: bool,
    /// When the account was made.
    pub created: Timestamp,
    /// When the profile last changed (`updated_at`).
    pub updated: Timestamp,
}

/// The claims that a person's account carries. Absent ones are never sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Middle name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// What friends say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// A page about the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// A picture of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Their own page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// In whatever words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// `YYYY-MM-DD`, `YYYY`, or `0000-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// A name of the time zone database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// A language tag, such as `en-GB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Email address; also a name to sign in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether somebody checked that it is theirs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub email_verified: bool,
}

/// A username or email in the one form in which both are compared and throttled: NFKC, lower
/// case, trimmed. Two spellings of one account must never have two counters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoginKey(String);

impl LoginKey {
    /// The canonical form of what was typed.
    pub fn new(typed: &str) -> Self {
        let folded = typed.trim().nfkc().collect::<String>().to_lowercase();
        Self(folded.nfkc().collect())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl User {
    /// What pages call the person.
    pub fn display_name(&self) -> &str {
        self.profile.name.as_deref().unwrap_or(&self.username)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one_key() {
        for spelling in ["Alice", " alice ", "ALICE", "ａｌｉｃｅ"] {
            assert_eq!(LoginKey::new(spelling).as_str(), "alice", "{spelling}");
        }
    }
}
