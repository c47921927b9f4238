//! Claims about a person (`OpenID` Connect Core 1.0, 5.1 and 5.4): which scope gives which.

use serde_json::{Map, Value};

use super::custom_claims::{CustomClaims, Told};
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
    /// The parts of `address` (5.1.1), each with its name.
    pub address: Vec<(&'static str, String)>,
    /// `phone_number`.
    pub phone_number: Option<String>,
    /// `phone_number_verified`: sent only beside a number.
    pub phone_number_verified: bool,
    /// `groups`.
    pub groups: Vec<String>,
    /// `roles`.
    pub roles: Vec<String>,
    /// Those of the house's own.
    pub custom: Vec<Told>,
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
    if granted("phone") && add(&mut claims, "phone_number", person.phone_number.as_deref()) {
        let verified = person.phone_number_verified.into();
        claims.insert("phone_number_verified".to_owned(), verified);
    }
    if granted("address") {
        let mut parts = Map::new();
        for (name, value) in &person.address {
            add(&mut parts, name, Some(value));
        }
        if !parts.is_empty() {
            claims.insert("address".to_owned(), parts.into());
        }
    }
    for (name, words) in [("groups", &person.groups), ("roles", &person.roles)] {
        if granted(name) && !words.is_empty() {
            claims.insert(name.to_owned(), words.clone().into());
        }
    }
    for (_, name, value) in person.custom.iter().filter(|(scope, ..)| granted(scope)) {
        // What the protocol or a standard claim says is never overwritten, whatever is configured.
        claims.entry(name.clone()).or_insert_with(|| value.clone());
    }
    claims
}

/// The scope that opens a claim; none for what nobody is told about a person.
pub fn scope_of<'a>(claim: &str, own: &'a CustomClaims) -> Option<&'a str> {
    let standard = match claim {
        "name" | "given_name" | "family_name" | "preferred_username" | "middle_name"
        | "nickname" | "profile" | "picture" | "website" | "gender" | "birthdate" | "zoneinfo"
        | "locale" | "updated_at" => Some("profile"),
        "email" | "email_verified" => Some("email"),
        "phone_number" | "phone_number_verified" => Some("phone"),
        "address" => Some("address"),
        "groups" => Some("groups"),
        "roles" => Some("roles"),
        _ => None,
    };
    let own = || own.claims.iter().find(|custom| custom.claim == claim);
    standard.or_else(|| own().map(|custom| custom.scope.as_str()))
}

/// Blank strings are left out as absent ones are; clients choke on them.
fn add(claims: &mut Map<String, Value>, name: &str, value: Option<&str>) -> bool {
    let value = value.filter(|value| !value.trim().is_empty());
    if let Some(value) = value {
        claims.insert(name.to_owned(), value.into());
    }
    value.is_some()
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
    fn address_phone_and_lists_have_scopes_of_their_own() {
        let text = |text: &str| text.to_owned();
        let person = StandardClaims {
            address: vec![
                ("formatted", text("1 Rue de la Paix\n75002 Paris")),
                ("street_address", text("1 Rue de la Paix")),
                ("locality", text("Paris")),
                ("region", text(" ")),
                ("postal_code", text("75002")),
                ("country", text("France")),
            ],
            phone_number: Some(text("+33 1 23 45 67 89")),
            groups: vec![text("staff")],
            roles: vec![text("editor"), text("reader")],
            ..alice()
        };
        let address = json!({
            "formatted": "1 Rue de la Paix\n75002 Paris", "street_address": "1 Rue de la Paix",
            "locality": "Paris", "postal_code": "75002", "country": "France",
        });
        let cases: [(&[&str], Value); 5] = [
            (&["openid"], json!({ "sub": "u_a" })),
            (&["address"], json!({ "sub": "u_a", "address": address })),
            (
                &["phone"],
                json!({ "sub": "u_a", "phone_number": "+33 1 23 45 67 89",
                        "phone_number_verified": false }),
            ),
            (&["groups"], json!({ "sub": "u_a", "groups": ["staff"] })),
            (
                &["roles"],
                json!({ "sub": "u_a", "roles": ["editor", "reader"] }),
            ),
        ];
        for (scopes, expected) in cases {
            assert_eq!(told(&person, scopes), expected, "{scopes:?}");
        }
        let nothing = StandardClaims {
            address: vec![("country", text(""))],
            phone_number_verified: true,
            ..StandardClaims::default()
        };
        let all = ["address", "phone", "groups", "roles"];
        assert_eq!(told(&nothing, &all), json!({ "sub": "u_a" }));
    }

    #[test]
    fn own_claims_overwrite_nothing() {
        let own = |scope: &str, name: &str| (scope.to_owned(), name.to_owned(), json!("own"));
        let person = StandardClaims {
            custom: vec![
                own("work", "dept"),
                own("email", "sub"),
                own("email", "email"),
            ],
            ..alice()
        };
        assert_eq!(
            told(&person, &["work"]),
            json!({ "sub": "u_a", "dept": "own" })
        );
        let expected = json!({
            "sub": "u_a", "email": "alice@example.com", "email_verified": true,
        });
        assert_eq!(told(&person, &["email"]), expected);
    }
}
