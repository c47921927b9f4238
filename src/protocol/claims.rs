//! Claims about a person (`OpenID` Connect Core 1.0, 5.1 and 5.4): which scope gives which, and
//! what the consent page says about it.

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::entropy::UserId;

/// What may be told about a person. Absent and blank ones are never sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StandardClaims {
    /// `name`.
    pub name: Option<String>,
    /// `given_name`.
    pub given_name: Option<String>,
    /// `family_name`.
    pub family_name: Option<String>,
    /// `middle_name`.
    pub middle_name: Option<String>,
    /// `nickname`.
    pub nickname: Option<String>,
    /// `profile`.
    pub profile: Option<String>,
    /// `picture`.
    pub picture: Option<String>,
    /// `website`.
    pub website: Option<String>,
    /// `gender`.
    pub gender: Option<String>,
    /// `birthdate`.
    pub birthdate: Option<String>,
    /// `zoneinfo`.
    pub zoneinfo: Option<String>,
    /// `locale`.
    pub locale: Option<String>,
    /// `preferred_username`.
    pub preferred_username: Option<String>,
    /// `updated_at`.
    pub updated_at: Option<Timestamp>,
    /// `email`.
    pub email: Option<String>,
    /// `email_verified`: sent only beside an address.
    pub email_verified: bool,
}

/// The claims of the userinfo endpoint (Core 1.0, 5.3.2): `sub` always, others by scope.
pub fn userinfo(
    subject: &UserId,
    person: &StandardClaims,
    scopes: &[String],
) -> Map<String, Value> {
    let granted = |scope: &str| scopes.iter().any(|granted| granted == scope);
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), subject.as_str().into());
    if granted("profile") {
        for (name, value) in [
            ("name", &person.name),
            ("given_name", &person.given_name),
            ("family_name", &person.family_name),
            ("preferred_username", &person.preferred_username),
            ("middle_name", &person.middle_name),
            ("nickname", &person.nickname),
            ("profile", &person.profile),
            ("picture", &person.picture),
            ("website", &person.website),
            ("gender", &person.gender),
            ("birthdate", &person.birthdate),
            ("zoneinfo", &person.zoneinfo),
            ("locale", &person.locale),
        ] {
            add(&mut claims, name, value.as_deref());
        }
        if let Some(at) = person.updated_at {
            claims.insert("updated_at".to_owned(), at.as_secs().into());
        }
    }
    if granted("email") && add(&mut claims, "email", person.email.as_deref()) {
        claims.insert("email_verified".to_owned(), person.email_verified.into());
    }
    claims
}

/// Blank strings are left out as absent ones are; clients choke on them.
fn add(claims: &mut Map<String, Value>, name: &str, value: Option<&str>) -> bool {
    let value = value.filter(|value| !value.trim().is_empty());
    if let Some(value) = value {
        claims.insert(name.to_owned(), value.into());
    }
    value.is_some()
}

/// What the consent page says about a scope: what the client then can do, and more about it.
/// `None` for scopes that have nothing to say to a person.
pub fn describe(scope: &str, person: &StandardClaims) -> Option<(&'static str, String)> {
    let (title, hint) = match scope {
        "profile" => ("See who you are", "Your name and username"),
        "email" => (
            "See your email address",
            person.email.as_deref().unwrap_or("You have not given one"),
        ),
        "offline_access" => (
            "Stay connected while you are away",
            "Until you withdraw it on your account page. Signing out doesn’t end this.",
        ),
        _ => return None,
    };
    Some((title, hint.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alice() -> StandardClaims {
        StandardClaims {
            name: Some("Alice Moreau".to_owned()),
            given_name: Some("Alice".to_owned()),
            family_name: Some("Moreau".to_owned()),
            preferred_username: Some("alice".to_owned()),
            updated_at: Some(Timestamp::from_millis(1_700_000_000_999)),
            email: Some("alice@example.com".to_owned()),
            email_verified: true,
            ..StandardClaims::default()
        }
    }

    fn told(person: &StandardClaims, scopes: &[&str]) -> Value {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Value::Object(userinfo(&UserId::new("u_a"), person, &scopes))
    }

    #[test]
    fn each_scope_gives_its_claims_and_no_others() {
        let profile = json!({
            "sub": "u_a", "name": "Alice Moreau", "given_name": "Alice",
            "family_name": "Moreau", "preferred_username": "alice", "updated_at": 1_700_000_000,
        });
        let email = json!({ "sub": "u_a", "email": "alice@example.com", "email_verified": true });
        let mut both = profile.clone();
        both["email"] = email["email"].clone();
        both["email_verified"] = email["email_verified"].clone();
        let cases: [(&[&str], Value); 6] = [
            (&[], json!({ "sub": "u_a" })),
            (&["openid", "offline_access"], json!({ "sub": "u_a" })),
            (&["openid", "Profile", "emails"], json!({ "sub": "u_a" })),
            (&["openid", "profile"], profile),
            (&["openid", "email"], email),
            (&["email", "profile", "openid"], both),
        ];
        for (scopes, expected) in cases {
            assert_eq!(told(&alice(), scopes), expected, "{scopes:?}");
        }
    }

    #[test]
    fn all_claims_of_a_profile_go_along() {
        let text = |text: &str| Some(text.to_owned());
        let person = StandardClaims {
            middle_name: text("Marie"),
            nickname: text("Al"),
            profile: text("https://a.example/al"),
            picture: text("https://a.example/al.png"),
            website: text("https://al.example"),
            gender: text("female"),
            birthdate: text("0000-02-29"),
            zoneinfo: text("Europe/Paris"),
            locale: text("fr-FR"),
            ..StandardClaims::default()
        };
        let expected = json!({
            "sub": "u_a", "middle_name": "Marie", "nickname": "Al",
            "profile": "https://a.example/al", "picture": "https://a.example/al.png",
            "website": "https://al.example", "gender": "female", "birthdate": "0000-02-29",
            "zoneinfo": "Europe/Paris", "locale": "fr-FR",
        });
        assert_eq!(told(&person, &["profile"]), expected);
    }

    #[test]
    fn absent_and_blank_claims_are_left_out() {
        let nothing = StandardClaims {
            email_verified: true,
            ..StandardClaims::default()
        };
        let blank = StandardClaims {
            name: Some(" ".to_owned()),
            email: Some(String::new()),
            ..nothing.clone()
        };
        for person in [nothing, blank] {
            assert_eq!(
                told(&person, &["profile", "email"]),
                json!({ "sub": "u_a" })
            );
        }
        let unverified = StandardClaims {
            email_verified: false,
            ..alice()
        };
        assert_eq!(
            told(&unverified, &["email"])["email_verified"],
            json!(false)
        );
    }

    #[test]
    fn scopes_are_said_in_words() {
        let title = |scope| describe(scope, &alice()).map(|(title, _)| title);
        assert_eq!(title("openid"), None);
        assert_eq!(title("unknown"), None);
        assert_eq!(title("profile"), Some("See who you are"));
        assert_eq!(title("email"), Some("See your email address"));
        assert_eq!(
            title("offline_access"),
            Some("Stay connected while you are away")
        );
        let (_, hint) = describe("email", &alice()).unwrap();
        assert_eq!(hint, "alice@example.com");
        let (_, hint) = describe("email", &StandardClaims::default()).unwrap();
        assert_eq!(hint, "You have not given one");
    }
}
