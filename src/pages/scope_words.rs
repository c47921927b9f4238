//! What scopes mean to a person, in plain words: on the consent page, and where consent is shown
//! again.

use super::parts::in_a_row;
use crate::protocol::custom_claims::CustomClaims;

/// The data of a person that a scope would show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// What `profile` shows.
    pub name: String,
    /// What `email` shows.
    pub email: Option<String>,
    /// What `phone` shows.
    pub phone: Option<String>,
    /// What `address` shows, on one line.
    pub address: Option<String>,
    /// What `groups` shows.
    pub groups: Vec<String>,
    /// What `roles` shows.
    pub roles: Vec<String>,
}

/// What an app can do with a scope; none for one that is the app's own.
pub fn title(scope: &str, custom: &CustomClaims) -> Option<String> {
    let title = match scope {
        "openid" => "Know you again",
        "profile" => "See who you are",
        "email" => "See your email address",
        "address" => "See your postal address",
        "phone" => "See your phone number",
        "groups" => "See which groups you are in",
        "roles" => "See what you may do",
        "offline_access" => "Stay connected while you are away",
        other => &custom.of_scope(other)?.title,
    };
    Some(title.to_owned())
}

/// More about it: what it would show of this very person.
pub fn detail(scope: &str, shown: &Shown, custom: &CustomClaims) -> Option<String> {
    let have = |value: &Option<String>| match value {
        Some(value) => value.clone(),
        None => "We have none of yours".to_owned(),
    };
    let list = |words: &[String], nothing: &str| match words {
        [] => nothing.to_owned(),
        words => in_a_row(words),
    };
    Some(match scope {
        "openid" => "A fixed number for you, and when you signed in".to_owned(),
        "profile" => format!("{}, and what else stands in your profile", shown.name),
        "email" => have(&shown.email),
        "address" => have(&shown.address),
        "phone" => have(&shown.phone),
        "groups" => list(&shown.groups, "You are in none"),
        "roles" => list(&shown.roles, "You have no role"),
        "offline_access" => {
            "Until you withdraw it on your account page. Signing out doesn’t end this.".to_owned()
        }
        other => custom.of_scope(other)?.description.clone(),
    })
}

/// What scopes mean, in a row: "see who you are and see your email address". Every app here knows
/// its people again, and being away has a badge of its own.
pub fn in_words<'a>(scopes: impl IntoIterator<Item = &'a str>, custom: &CustomClaims) -> String {
    let scopes = scopes.into_iter();
    let scopes = scopes.filter(|scope| !matches!(*scope, "openid" | "offline_access"));
    let words: Vec<String> = scopes
        .map(|scope| match title(scope, custom) {
            Some(title) => lower_first(&title),
            None => format!("use “{scope}”"),
        })
        .collect();
    in_a_row(&words)
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::custom_claims::CustomScope;
    use crate::protocol::scope::KNOWN;

    fn custom() -> CustomClaims {
        CustomClaims {
            claims: Vec::new(),
            scopes: vec![CustomScope {
                scope: "work".to_owned(),
                title: "See where you work".to_owned(),
                description: String::new(),
            }],
        }
    }

    #[test]
    fn every_known_scope_has_words() {
        for scope in KNOWN {
            assert!(title(scope, &custom()).is_some(), "{scope}");
            assert!(
                detail(scope, &Shown::default(), &custom()).is_some(),
                "{scope}"
            );
        }
        assert_eq!(title("notes.read", &custom()), None);
        assert_eq!(
            title("work", &custom()).as_deref(),
            Some("See where you work")
        );
        assert_eq!(
            detail("work", &Shown::default(), &custom()).as_deref(),
            Some("")
        );
    }

    #[test]
    fn scopes_read_as_a_sentence() {
        for (scopes, expected) in [
            (&[][..], ""),
            (&["openid", "offline_access"][..], ""),
            (&["openid", "email"][..], "see your email address"),
            (
                &["profile", "notes.read"][..],
                "see who you are and use “notes.read”",
            ),
            (
                &["work", "groups"][..],
                "see where you work and see which groups you are in",
            ),
        ] {
            assert_eq!(in_words(scopes.iter().copied(), &custom()), expected);
        }
    }
}
