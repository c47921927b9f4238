//! Claims and scopes of the house's own: `[[claims]]` and `[[scopes]]`.

use serde_json::Value;

use super::clients::{Declared, capital};
use super::error::{ConfigError, Place};
use super::nearest;
use crate::protocol::client_rules::MetadataError;
use crate::protocol::custom_claims::{
    self, ClaimKind, CustomClaim, CustomClaims, CustomScope, MAX_CUSTOM,
};
use crate::protocol::scope;

const CLAIM: [&str; 6] = [
    "attribute",
    "claim",
    "scope",
    "label",
    "type",
    "self_service",
];
const SCOPE: [&str; 3] = ["scope", "title", "description"];

/// Judges all of them; what is wrong goes to `errors`, each thing where it stands.
pub(super) fn judge(
    claims: Vec<Declared>,
    scopes: Vec<Declared>,
    errors: &mut Vec<ConfigError>,
) -> CustomClaims {
    let mut custom = CustomClaims::default();
    for entry in bounded("scopes", scopes, errors) {
        if let Some(own) = entry.scope(&custom, errors) {
            custom.scopes.push(own);
        }
    }
    for entry in bounded("claims", claims, errors) {
        if let Some(own) = entry.claim(&custom, errors) {
            custom.claims.push(own);
        }
    }
    custom
}

fn bounded(
    section: &'static str,
    declared: Vec<Declared>,
    errors: &mut Vec<ConfigError>,
) -> Vec<Entry> {
    if let Some(first) = declared.get(MAX_CUSTOM) {
        let text = format!("There are more than {MAX_CUSTOM}. Leave some out.");
        errors.push(ConfigError::of_key(first.place.clone(), section, text));
    }
    let entries = declared.into_iter().take(MAX_CUSTOM).enumerate();
    let entries = entries.map(|(at, declared)| Entry {
        name: format!("{section}[{at}]"),
        declared,
    });
    entries.collect()
}

/// One of the file, not yet judged.
struct Entry {
    /// `claims[2]`.
    name: String,
    declared: Declared,
}

impl Entry {
    fn error(&self, member: &str, text: impl Into<String>) -> ConfigError {
        let members = &self.declared.members;
        let known = members.iter().find(|(name, ..)| name == member);
        let place: &Place = known.map_or(&self.declared.place, |(_, place, _)| place);
        ConfigError::of_key(place.clone(), &format!("{}.{member}", self.name), text)
    }

    fn refuse(&self, error: &MetadataError) -> ConfigError {
        let text = format!("{}. {}.", capital(&error.problem), capital(&error.remedy));
        self.error(&error.member, text)
    }

    /// Members that nobody reads.
    fn strangers(&self, known: &[&str]) -> Vec<ConfigError> {
        let strangers = self.declared.members.iter();
        let strangers = strangers.filter(|(name, ..)| !known.contains(&name.as_str()));
        strangers
            .map(|(name, ..)| {
                let text = match nearest::of(name, known.iter().copied()) {
                    Some(nearest) => format!("There is no such member. Did you mean {nearest}?"),
                    None => format!("There is no such member. There are: {}.", known.join(", ")),
                };
                self.error(name, text)
            })
            .collect()
    }

    /// The text of a member; empty if it is absent, and after an error.
    fn text(&self, member: &str, errors: &mut Vec<ConfigError>) -> String {
        match self.value(member) {
            None => String::new(),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(_) => {
                let text = "It is no text. Write it in \"quotes\".";
                errors.push(self.error(member, text));
                String::new()
            }
        }
    }

    fn value(&self, member: &str) -> Option<&Value> {
        let members = &self.declared.members;
        let found = members.iter().find(|(name, ..)| name == member);
        found.map(|(.., value)| value)
    }

    fn scope(&self, known: &CustomClaims, errors: &mut Vec<ConfigError>) -> Option<CustomScope> {
        let before = errors.len();
        errors.extend(self.strangers(&SCOPE));
        let own = CustomScope {
            scope: self.text("scope", errors),
            title: self.text("title", errors),
            description: self.text("description", errors),
        };
        if errors.len() > before {
            return None;
        }
        if let Err(error) = custom_claims::check_scope(&own) {
            errors.push(self.refuse(&error));
        } else if known.of_scope(&own.scope).is_some() {
            let text = "Another [[scopes]] of this file has this name. Remove one of the two.";
            errors.push(self.error("scope", text));
        }
        (errors.len() == before).then_some(own)
    }

    fn claim(&self, known: &CustomClaims, errors: &mut Vec<ConfigError>) -> Option<CustomClaim> {
        let before = errors.len();
        errors.extend(self.strangers(&CLAIM));
        let attribute = self.text("attribute", errors);
        let or = |text: String, other: &str| {
            if text.is_empty() {
                other.to_owned()
            } else {
                text
            }
        };
        let own = CustomClaim {
            claim: or(self.text("claim", errors), &attribute),
            scope: self.text("scope", errors),
            label: or(self.text("label", errors), &attribute),
            kind: self.kind(errors),
            self_service: self.self_service(errors),
            attribute,
        };
        if errors.len() > before {
            return None;
        }
        if let Err(error) = custom_claims::check_claim(&own) {
            errors.push(self.refuse(&error));
        }
        errors.extend(self.clashes(&own, known));
        (errors.len() == before).then_some(own)
    }

    fn kind(&self, errors: &mut Vec<ConfigError>) -> ClaimKind {
        let word = self.text("type", errors);
        let found = ClaimKind::ALL.iter().find(|(known, _)| *known == word);
        if found.is_none() && !word.is_empty() {
            let text = format!("{word:?} is not known. Write text, list, number or boolean.");
            errors.push(self.error("type", text));
        }
        found.map_or(ClaimKind::default(), |(_, kind)| *kind)
    }

    fn self_service(&self, errors: &mut Vec<ConfigError>) -> bool {
        match self.value("self_service") {
            None => false,
            Some(Value::Bool(yes)) => *yes,
            Some(_) => {
                let text = "Write true or false, without quotes.";
                errors.push(self.error("self_service", text));
                false
            }
        }
    }

    /// With the others of the file.
    fn clashes(&self, own: &CustomClaim, known: &CustomClaims) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        if known.of_attribute(&own.attribute).is_some() {
            let text = "Another [[claims]] of this file has this attribute. Remove one of the two.";
            errors.push(self.error("attribute", text));
        }
        if known.claims.iter().any(|other| other.claim == own.claim) {
            let text = "Another [[claims]] of this file has this name. Choose another.";
            errors.push(self.error("claim", text));
        }
        let standard = scope::KNOWN.contains(&own.scope.as_str());
        if !standard && known.of_scope(&own.scope).is_none() {
            let text = match own.scope.as_str() {
                "" => "It is absent. Write the scope that opens the claim, such as profile."
                    .to_owned(),
                _ => "Nothing declares this scope, so that people could not be asked for it. \
                      Write a [[scopes]] with its words."
                    .to_owned(),
            };
            errors.push(self.error("scope", text));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::{Source, load};
    use super::*;

    fn loaded(text: &str) -> Result<CustomClaims, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lanyard.toml");
        std::fs::write(&file, text).unwrap();
        let shown = format!("{}:", file.display());
        let source = Source {
            file: Some(file),
            environment: Vec::new(),
        };
        match load(source) {
            Ok(config) => Ok(config.claims),
            Err(errors) => Err(errors
                .iter()
                .map(|error| error.to_string().replace(&shown, ""))
                .collect()),
        }
    }

    const WORK: &str = "[[scopes]]\nscope = \"work\"\ntitle = \"See where you work\"\n";

    fn each_is_told(cases: &[(&str, &str)]) {
        for (text, start) in cases {
            let errors = loaded(text).expect_err(text);
            assert_eq!(errors.len(), 1, "{text}: {errors:?}");
            assert!(errors[0].starts_with(start), "{text}: {errors:?}");
        }
    }

    #[test]
    fn names_and_scopes_are_judged_where_they_stand() {
        each_is_told(&[
            (
                "[claims]\nattribute = \"a\"\n",
                "1: claims: This is a list. Write [[claims]]",
            ),
            (
                "scopes = 3\n",
                "1: scopes: This is a list. Write [[scopes]]",
            ),
            (
                "[[claims]]\nattribute = \"a\"\nclaim = \"sub\"\nscope = \"profile\"\n",
                "3: claims[0].claim: \"sub\" belongs to the protocol",
            ),
            (
                "[[claims]]\nattribute = \"a\"\nclaim = \"email\"\nscope = \"profile\"\n",
                "3: claims[0].claim: \"email\" is told of every person already",
            ),
            (
                "[[claims]]\nattribute = \"email\"\nclaim = \"x\"\nscope = \"profile\"\n",
                "2: claims[0].attribute: \"email\" is a field that every person has.",
            ),
            (
                "[[claims]]\nattribute = \"a\"\nscope = \"openid\"\n",
                "3: claims[0].scope: \"openid\" opens no claims.",
            ),
            (
                "[[claims]]\nattribute = \"a\"\nscope = \"work\"\n",
                "3: claims[0].scope: Nothing declares this scope",
            ),
            (
                "[[claims]]\nattribute = \"a\"\n",
                "1: claims[0].scope: It is absent.",
            ),
        ]);
    }

    #[test]
    fn every_problem_names_line_member_and_remedy() {
        each_is_told(&[
            (
                "[[claims]]\nattribute = \"a\"\nscope = \"profile\"\ntype = \"date\"\n",
                "4: claims[0].type: \"date\" is not known. Write text, list, number or boolean.",
            ),
            (
                "[[claims]]\nattribute = \"a\"\nscope = \"profile\"\nself_service = \"yes\"\n",
                "4: claims[0].self_service: Write true or false",
            ),
            (
                "[[claims]]\nattribut = \"a\"\n",
                "2: claims[0].attribut: There is no such member. Did you mean attribute?",
            ),
            (
                "[[claims]]\nattribute = 3\n",
                "2: claims[0].attribute: It is no text.",
            ),
            (
                "[[claims]]\nattribute = \"a\"\nscope = \"profile\"\n\
                 [[claims]]\nattribute = \"b\"\nclaim = \"a\"\nscope = \"profile\"\n",
                "6: claims[1].claim: Another [[claims]] of this file has this name.",
            ),
            (
                "[[claims]]\nattribute = \"a\"\nscope = \"profile\"\n\
                 [[claims]]\nattribute = \"a\"\nclaim = \"b\"\nscope = \"profile\"\n",
                "5: claims[1].attribute: Another [[claims]] of this file has this attribute.",
            ),
            (
                "[[scopes]]\nscope = \"email\"\ntitle = \"x\"\n",
                "2: scopes[0].scope: \"email\" has a meaning already",
            ),
            (
                "[[scopes]]\nscope = \"work\"\n",
                "1: scopes[0].title: Is empty or longer",
            ),
        ]);
        let twice = format!("{WORK}{WORK}");
        let errors = loaded(&twice).unwrap_err();
        assert!(
            errors[0].starts_with("5: scopes[1].scope: Another"),
            "{errors:?}"
        );
    }

    #[test]
    fn a_claim_and_its_scope() {
        let text = format!(
            "[[claims]]\nattribute = \"department\"\nscope = \"work\"\n\
             [[claims]]\nattribute = \"desk\"\nclaim = \"https://example.com/desk\"\n\
             scope = \"profile\"\nlabel = \"Desk\"\ntype = \"number\"\nself_service = true\n{WORK}"
        );
        let custom = loaded(&text).unwrap();
        let [department, desk] = &custom.claims[..] else {
            panic!("{custom:?}")
        };
        assert_eq!(
            (&*department.claim, &*department.label),
            ("department", "department")
        );
        assert!(!department.self_service && desk.self_service);
        assert_eq!(
            (&*desk.claim, desk.kind),
            ("https://example.com/desk", ClaimKind::Number)
        );
        assert_eq!(custom.scope_values(), ["work"]);
    }
}
