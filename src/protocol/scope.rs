//! Scopes (RFC 6749, 3.3; `OpenID` Connect Core 1.0, 5.4 and 11): a set that keeps its order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Makes the request one of `OpenID` Connect.
pub const OPENID: &str = "openid";
/// Name and the like.
pub const PROFILE: &str = "profile";
/// Mail address.
pub const EMAIL: &str = "email";
/// Postal address.
pub const ADDRESS: &str = "address";
/// Phone number.
pub const PHONE: &str = "phone";
/// The groups that a person is in. Not of a specification, but widely asked for.
pub const GROUPS: &str = "groups";
/// What a person may do, in words that apps know. Likewise.
pub const ROLES: &str = "roles";
/// A grant that outlives the session (Core 1.0, 11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes that mean something here.
pub const KNOWN: [&str; 8] = [
    OPENID,
    PROFILE,
    EMAIL,
    ADDRESS,
    PHONE,
    GROUPS,
    ROLES,
    OFFLINE_ACCESS,
];

/// Most scopes of one request: a long list must not burn time (each is compared with the others).
pub const MAX_TOKENS: usize = 64;
/// Most bytes of one scope.
pub const MAX_TOKEN: usize = 128;

/// Distinct scopes in the order in which they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeSet(Vec<String>);

/// Why a text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// RFC 6749, 3.3: `%x21 / %x23-5B / %x5D-7E`, separated by spaces.
    #[error("a scope has a character that RFC 6749, 3.3 does not allow")]
    Character,
    /// More than [`MAX_TOKENS`].
    #[error("there are more than 64 scopes")]
    TooMany,
    /// More than [`MAX_TOKEN`].
    #[error("a scope is longer than 128 characters")]
    TooLong,
}

impl ScopeSet {
    /// Reads scopes that are separated by spaces. Repeated ones count once.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let mut kept: Vec<String> = Vec::new();
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            if token.len() > MAX_TOKEN {
                return Err(ScopeError::TooLong);
            }
            if !token.bytes().all(is_scope_byte) {
                return Err(ScopeError::Character);
            }
            if kept.iter().any(|known| known == token) {
                continue;
            }
            if kept.len() == MAX_TOKENS {
                return Err(ScopeError::TooMany);
            }
            kept.push(token.to_owned());
        }
        Ok(Self(kept))
    }

    /// Whether `scope` is among them.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|own| own == scope)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// In order.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// In order, for a grant.
    pub fn into_vec(self) -> Vec<String> {
        self.0
    }

    /// Those that `other` has too.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        self.keep(|scope| other.contains(scope))
    }

    /// Without `scope`.
    #[must_use]
    pub fn without(&self, scope: &str) -> Self {
        self.keep(|own| own != scope)
    }

    /// Whether `other` has all of them: a refresh may narrow, never widen (RFC 6749, 6).
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    /// What a client may have of them: those in its own list, or, if it has no list, the [`KNOWN`]
    /// ones and those that the `house` has of its own. The others are ignored (RFC 6749, 3.3), and the answer's `scope` says so.
    #[must_use]
    pub fn allowed(&self, list: Option<&Self>, house: &[String]) -> Self {
        match list {
            Some(list) => self.intersect(list),
            None => {
                self.keep(|scope| KNOWN.contains(&scope) || house.iter().any(|own| own == scope))
            }
        }
    }

    fn keep(&self, wanted: impl Fn(&str) -> bool) -> Self {
        Self(
            self.iter()
                .filter(|own| wanted(own))
                .map(str::to_owned)
                .collect(),
        )
    }
}

const fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl From<ScopeSet> for String {
    fn from(set: ScopeSet) -> Self {
        set.to_string()
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        let many: Vec<String> = (0..=MAX_TOKENS).map(|n| format!("s{n}")).collect();
        let cases = [
            ("openid \"x\"", ScopeError::Character),
            ("a\\b", ScopeError::Character),
            ("openid\tprofile", ScopeError::Character),
            ("openid\nprofile", ScopeError::Character),
            ("café", ScopeError::Character),
            (&"s".repeat(MAX_TOKEN + 1), ScopeError::TooLong),
            (&many.join(" "), ScopeError::TooMany),
        ];
        for (text, expected) in cases {
            assert_eq!(ScopeSet::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn order_stays_and_repeats_go() {
        assert_eq!(set(" email  openid email ").to_string(), "email openid");
        assert_eq!(set(&"openid ".repeat(1000)).to_string(), "openid");
        assert!(set("").is_empty());
        assert!(!set("OpenID").contains(OPENID));
    }

    #[test]
    fn sets_compare() {
        let asked = set("openid email wiki:read");
        assert_eq!(
            asked.intersect(&set("wiki:read openid")).to_string(),
            "openid wiki:read"
        );
        assert_eq!(asked.without(EMAIL).to_string(), "openid wiki:read");
        assert!(set("email").is_subset_of(&asked));
        assert!(set("").is_subset_of(&asked));
        assert!(!set("email profile").is_subset_of(&asked));
    }

    #[test]
    fn unknown_scopes_are_ignored_unless_the_client_lists_them() {
        let asked = set("openid email wiki:read");
        let cases = [
            (None, "openid email"),
            (Some("openid wiki:read"), "openid wiki:read"),
            (Some(""), ""),
        ];
        for (list, expected) in cases {
            let list = list.map(set);
            assert_eq!(asked.allowed(list.as_ref(), &[]).to_string(), expected);
        }
        let house = ["wiki:read".to_owned()];
        assert_eq!(asked.allowed(None, &house), asked);
        let list = set("openid");
        assert_eq!(asked.allowed(Some(&list), &house), list);
    }

    #[test]
    fn it_is_stored_as_it_is_written() {
        let json = serde_json::to_value(set("openid email")).unwrap();
        assert_eq!(json, "openid email");
        assert_eq!(
            serde_json::from_value::<ScopeSet>(json).unwrap(),
            set("openid email")
        );
        assert!(serde_json::from_str::<ScopeSet>(r#""a\\b""#).is_err());
    }
}
