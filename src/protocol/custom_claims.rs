//! Claims and scopes that a house has of its own, by its configuration: which attribute of a person
//! is told under which name, for which scope, and how the scope is put to a person.

use std::collections::BTreeMap;

use serde_json::Value;

use super::client_rules::MetadataError;
use super::discovery::Listed;
use super::scope::{self, ScopeSet};

/// A claim of the house's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomClaim {
    /// Under which name a person's record keeps it, and forms and the command line take it.
    pub attribute: String,
    /// Under which name apps are told it (Core 1.0, 5.1.2).
    pub claim: String,
    /// The scope that opens it.
    pub scope: String,
    /// What forms call it.
    pub label: String,
    /// What kind of JSON it is.
    pub kind: ClaimKind,
    /// Whether people may set it of themselves.
    pub self_service: bool,
}

/// What kind of JSON a claim is. The record keeps the text that was typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClaimKind {
    /// A string.
    #[default]
    Text,
    /// An array of strings: one on each line.
    List,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// A scope of the house's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomScope {
    /// Its value.
    pub scope: String,
    /// What an app can do with it: "See where you work".
    pub title: String,
    /// More about it; may be empty.
    pub description: String,
}

/// All claims and scopes of the house's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomClaims {
    /// The claims.
    pub claims: Vec<CustomClaim>,
    /// The scopes.
    pub scopes: Vec<CustomScope>,
}

/// A claim that may be told: the scope that opens it, its name, its value.
pub type Told = (String, String, Value);

/// Longest name of an attribute, claim or scope, in bytes.
pub const MAX_NAME: usize = 100;
/// Longest label and title, in characters.
pub const MAX_WORDS: usize = 100;
/// Longest description, in characters.
pub const MAX_DESCRIPTION: usize = 300;
/// Most claims, and most scopes.
pub const MAX_CUSTOM: usize = 100;

/// What tokens and answers say by themselves (RFC 7519, 4.1; Core 1.0, 2; RFC 7662, 2.2; RFC 9068,
/// 2.2; and what else of the registry of claims decides something): an attribute in its place
/// could make one person another, or a token good for somebody else.
const PROTOCOL: [&str; 36] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "sid",
    "at_hash",
    "c_hash",
    "s_hash",
    "rt_hash",
    "events",
    "cnf",
    "act",
    "may_act",
    "client_id",
    "scope",
    "active",
    "token_type",
    "username",
    "typ",
    "txn",
    "toe",
    "sub_jwk",
    "_claim_names",
    "_claim_sources",
    "token_introspection",
    "authorization_details",
    "entitlements",
    "vot",
];

/// What every person's record has already (Core 1.0, 5.1; RFC 9068, 2.2.3.1).
pub const STANDARD: [&str; 22] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
    "email",
    "email_verified",
    "address",
    "phone_number",
    "phone_number_verified",
    "groups",
    "roles",
    "formatted",
];

/// Names that forms and the command line use for something else.
const TAKEN: [&str; 11] = [
    "username",
    "password",
    "temporary",
    "admin",
    "action",
    "version",
    "csrf",
    "street_address",
    "locality",
    "region",
    "postal_code",
];

impl CustomClaims {
    /// The claim that is kept under this name.
    pub fn of_attribute(&self, attribute: &str) -> Option<&CustomClaim> {
        self.claims.iter().find(|own| own.attribute == attribute)
    }

    /// The words of a scope.
    pub fn of_scope(&self, scope: &str) -> Option<&CustomScope> {
        self.scopes.iter().find(|own| own.scope == scope)
    }

    /// What may be told of a person: those claims that have a value, and one of their kind.
    pub fn told(&self, attributes: &BTreeMap<String, String>) -> Vec<Told> {
        let told = |own: &CustomClaim| {
            let value = own.kind.read(attributes.get(&own.attribute)?)?;
            Some((own.scope.clone(), own.claim.clone(), value))
        };
        self.claims.iter().filter_map(told).collect()
    }

    /// The values of all scopes.
    pub fn scope_values(&self) -> Vec<String> {
        self.scopes.iter().map(|own| own.scope.clone()).collect()
    }

    /// For discovery: claims count only if a scope opens them, which all of them have.
    pub fn listed(&self) -> Listed {
        Listed {
            scopes: self.scope_values(),
            claims: self.claims.iter().map(|own| own.claim.clone()).collect(),
        }
    }
}

impl ClaimKind {
    /// Each with its word in the configuration.
    pub const ALL: [(&'static str, Self); 4] = [
        ("text", Self::Text),
        ("list", Self::List),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
    ];

    /// The JSON of a text; none for a blank one, and for one of another kind.
    pub fn read(self, text: &str) -> Option<Value> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match self {
            Self::Text => Some(text.into()),
            Self::List => Some(lines(text).into()),
            Self::Number => number(text),
            Self::Boolean => text.parse::<bool>().ok().map(Value::from),
        }
    }
}

/// Those that are not blank, each once.
pub fn lines(text: &str) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !kept.iter().any(|known| known == line) {
            kept.push(line.to_owned());
        }
    }
    kept
}

fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    let part = text.parse::<f64>().ok()?;
    serde_json::Number::from_f64(part).map(Value::Number)
}

/// Judges a claim by itself.
pub fn check_claim(own: &CustomClaim) -> Result<(), MetadataError> {
    check_attribute(&own.attribute)?;
    check_claim_name(&own.claim)?;
    if [scope::OPENID, scope::OFFLINE_ACCESS].contains(&own.scope.as_str()) {
        return Err(MetadataError::new(
            "scope",
            format!("{:?} opens no claims", own.scope),
            "write profile, or a scope that a [[scopes]] declares: people are then asked for it",
        ));
    }
    check_words("label", &own.label, MAX_WORDS)
}

/// Judges a scope by itself.
pub fn check_scope(own: &CustomScope) -> Result<(), MetadataError> {
    let parsed = ScopeSet::parse(&own.scope);
    let alone = parsed.is_ok_and(|set| set.as_slice() == [own.scope.clone()]);
    if !alone || own.scope.len() > MAX_NAME {
        return Err(MetadataError::new(
            "scope",
            "is no scope",
            "write one word of ASCII, such as employment",
        ));
    }
    if scope::KNOWN.contains(&own.scope.as_str()) {
        return Err(MetadataError::new(
            "scope",
            format!("{:?} has a meaning already, and words for it", own.scope),
            "choose another name",
        ));
    }
    check_words("title", &own.title, MAX_WORDS)?;
    if own.description.is_empty() {
        return Ok(());
    }
    check_words("description", &own.description, MAX_DESCRIPTION)
}

fn check_attribute(name: &str) -> Result<(), MetadataError> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.len() > MAX_NAME
        || !name.starts_with(|first: char| first.is_ascii_lowercase())
        || !name.bytes().all(good)
    {
        return Err(MetadataError::new(
            "attribute",
            format!("{name:?} is no name"),
            "write small letters, digits and underscores, such as staff_number",
        ));
    }
    if STANDARD.contains(&name) || TAKEN.contains(&name) || name == "country" {
        return Err(MetadataError::new(
            "attribute",
            format!("{name:?} is a field that every person has"),
            "choose another name",
        ));
    }
    Ok(())
}

fn check_claim_name(name: &str) -> Result<(), MetadataError> {
    let good = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(good) {
        return Err(MetadataError::new(
            "claim",
            format!("{name:?} is no name of a claim"),
            "write a word, or an address of yours such as https://example.com/department",
        ));
    }
    if PROTOCOL.contains(&name) {
        return Err(MetadataError::new(
            "claim",
            format!("{name:?} belongs to the protocol, and nothing may stand in its place"),
            "choose another name",
        ));
    }
    if STANDARD.contains(&name) {
        return Err(MetadataError::new(
            "claim",
            format!("{name:?} is told of every person already"),
            "choose another name",
        ));
    }
    Ok(())
}

/// People read it: it must not be blank, nor hide letters.
fn check_words(member: &str, words: &str, most: usize) -> Result<(), MetadataError> {
    if words.trim().is_empty() || words.chars().count() > most {
        let problem = format!("is empty or longer than {most} characters");
        return Err(MetadataError::new(
            member,
            problem,
            "write a few plain words",
        ));
    }
    if words.chars().any(super::client_rules::is_deceptive) {
        return Err(MetadataError::new(
            member,
            "has an invisible character",
            "write visible letters on one line",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claim(attribute: &str, claim: &str, scope: &str) -> CustomClaim {
        CustomClaim {
            attribute: attribute.to_owned(),
            claim: claim.to_owned(),
            scope: scope.to_owned(),
            label: "Department".to_owned(),
            kind: ClaimKind::Text,
            self_service: false,
        }
    }

    fn refused(own: &CustomClaim) -> String {
        check_claim(own).expect_err(&own.claim).member
    }

    #[test]
    fn nothing_stands_in_the_place_of_the_protocol() {
        for name in PROTOCOL.iter().chain(&STANDARD) {
            assert_eq!(
                refused(&claim("department", name, "work")),
                "claim",
                "{name}"
            );
        }
        for name in [
            "",
            "a b",
            "caf\u{e9}",
            "a\"",
            "a\\",
            "a\n",
            &"a".repeat(101),
        ] {
            assert_eq!(
                refused(&claim("department", name, "work")),
                "claim",
                "{name}"
            );
        }
        for good in ["department", "https://example.com/department", "Sub"] {
            check_claim(&claim("department", good, "work")).unwrap();
        }
    }

    #[test]
    fn attributes_have_names_of_their_own() {
        for name in STANDARD.iter().chain(&TAKEN) {
            assert_eq!(refused(&claim(name, "x", "work")), "attribute", "{name}");
        }
        for name in ["", "1a", "A", "a-b", "a b", "country", &"a".repeat(101)] {
            assert_eq!(refused(&claim(name, "x", "work")), "attribute", "{name}");
        }
        for scope in ["openid", "offline_access"] {
            assert_eq!(refused(&claim("department", "x", scope)), "scope");
        }
        let mut nameless = claim("department", "x", "work");
        nameless.label = " ".to_owned();
        assert_eq!(refused(&nameless), "label");
    }

    #[test]
    fn scopes_have_words() {
        let own = |scope: &str, title: &str, description: &str| CustomScope {
            scope: scope.to_owned(),
            title: title.to_owned(),
            description: description.to_owned(),
        };
        for (bad, member) in [
            (own("", "t", ""), "scope"),
            (own("a b", "t", ""), "scope"),
            (own("a\"", "t", ""), "scope"),
            (own("profile", "t", ""), "scope"),
            (own("groups", "t", ""), "scope"),
            (own("work", "", ""), "title"),
            (own("work", "a\u{202E}b", ""), "title"),
            (own("work", "t", "a\nb"), "description"),
            (own("work", "t", &"d".repeat(301)), "description"),
        ] {
            assert_eq!(check_scope(&bad).expect_err(&bad.scope).member, member);
        }
        check_scope(&own("urn:example:work", "See where you work", "")).unwrap();
    }

    #[test]
    fn each_kind_is_json_of_its_own() {
        for (kind, text, expected) in [
            (ClaimKind::Text, " a ", Some(json!("a"))),
            (ClaimKind::Text, " ", None),
            (ClaimKind::List, "a\n\n b \na", Some(json!(["a", "b"]))),
            (ClaimKind::List, "\n", None),
            (ClaimKind::Number, "12", Some(json!(12))),
            (ClaimKind::Number, "-1.5", Some(json!(-1.5))),
            (ClaimKind::Number, "NaN", None),
            (ClaimKind::Number, "inf", None),
            (ClaimKind::Number, "many", None),
            (ClaimKind::Boolean, "true", Some(json!(true))),
            (ClaimKind::Boolean, "yes", None),
        ] {
            assert_eq!(kind.read(text), expected, "{kind:?} {text:?}");
        }
    }

    #[test]
    fn what_is_absent_or_of_another_kind_is_not_told() {
        let custom = CustomClaims {
            claims: vec![
                claim("department", "dept", "work"),
                CustomClaim {
                    kind: ClaimKind::Number,
                    ..claim("desk", "desk", "work")
                },
                claim("floor", "floor", "work"),
            ],
            scopes: Vec::new(),
        };
        let attributes = [
            ("department", "Sales"),
            ("desk", "by the door"),
            ("old", "x"),
        ];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            custom.told(&attributes.into()),
            [("work".to_owned(), "dept".to_owned(), json!("Sales"))]
        );
    }
}
