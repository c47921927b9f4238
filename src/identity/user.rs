//! A person.

use std::collections::BTreeMap;

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
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether somebody checked that it is theirs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub phone_number_verified: bool,
    /// Postal address.
    #[serde(skip_serializing_if = "Address::is_empty")]
    pub address: Address,
    /// The groups that the person is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// What the person may do, in words that apps know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Attributes of the house's own, as they were typed. Also those that the configuration does not
    /// name any more: they come back with it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// A postal address (Core 1.0, 5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// The whole, as on an envelope: several lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// House, street, box: perhaps several lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// State, province, region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Address {
    /// Whether nothing is known of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
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
    fn rows_of_before_are_read_and_new_ones_hold_what_is_there() {
        let old = r#"{"name":"Alice","email":"a@a.example","email_verified":true}"#;
        let profile: Profile = serde_json::from_str(old).unwrap();
        assert_eq!(profile.name.as_deref(), Some("Alice"));
        assert!(profile.address.is_empty() && profile.groups.is_empty());
        assert_eq!(serde_json::to_string(&profile).unwrap(), old);
        let later = r#"{"name":"Alice","shoe_size":38}"#;
        assert!(serde_json::from_str::<Profile>(later).is_ok());
    }

    #[test]
    fn spellings_of_one_name_are_one_key() {
        for spelling in ["Alice", " alice ", "ALICE", "ａｌｉｃｅ"] {
            assert_eq!(LoginKey::new(spelling).as_str(), "alice", "{spelling}");
        }
    }
}
