//! Names and claims of a person in a form: what was typed, and what is wrong with it.

use std::borrow::Cow;

use actix_web::http::StatusCode;

use crate::identity::fields;
use crate::identity::user::{Profile, User};
use crate::pages::fields::{Field, Input, Problem};
use crate::pages::parts::counted;
use crate::protocol::custom_claims::{ClaimKind, CustomClaim, CustomClaims, lines};
use crate::protocol::params::Params;
use crate::provider::Refusal;

/// A claim that a form asks for.
pub(super) struct Claim {
    /// As the specification and the form call it (Core 1.0, 5.1).
    pub(super) name: &'static str,
    /// As people do.
    pub(super) label: &'static str,
    hint: &'static str,
    input: Input,
    /// Which of the browser's own words it is, where people write of themselves.
    own: Option<&'static str>,
}

const fn claim(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    input: Input,
    own: &'static str,
) -> Claim {
    Claim {
        name,
        label,
        hint,
        input,
        own: if own.is_empty() { None } else { Some(own) },
    }
}

/// Those that nearly everybody has stand first. All are among [`fields::TEXTS`].
pub(super) const CLAIMS: [Claim; 20] = [
    claim(
        "email",
        "Email",
        "They can sign in with it too.",
        Input::Email,
        "email",
    ),
    claim(
        "name",
        "Full name",
        "As pages and apps show it.",
        Input::Text,
        "name",
    ),
    claim("given_name", "Given name", "", Input::Text, "given-name"),
    claim("family_name", "Family name", "", Input::Text, "family-name"),
    claim(
        "middle_name",
        "Middle name",
        "",
        Input::Text,
        "additional-name",
    ),
    claim("nickname", "Nickname", "", Input::Text, "nickname"),
    claim(
        "picture",
        "Picture",
        "The web address of a picture.",
        Input::Url,
        "photo",
    ),
    claim("profile", "Profile page", "A web address.", Input::Url, ""),
    claim("website", "Website", "A web address.", Input::Url, "url"),
    claim("gender", "Gender", "In any words.", Input::Text, "sex"),
    claim(
        "birthdate",
        "Birth date",
        "Such as 1990-12-31; or only 1990; or 0000-12-31 without the year.",
        Input::Text,
        "bday",
    ),
    claim(
        "zoneinfo",
        "Time zone",
        "Such as Europe/Paris.",
        Input::Text,
        "",
    ),
    claim(
        "locale",
        "Language",
        "Such as en-GB.",
        Input::Text,
        "language",
    ),
    claim(
        "phone_number",
        "Phone number",
        "With the code of the country, such as +1 (425) 555-1212.",
        Input::Text,
        "tel",
    ),
    claim(
        "street_address",
        "Street and house number",
        "Perhaps on several lines.",
        Input::Lines,
        "street-address",
    ),
    claim("postal_code", "Postal code", "", Input::Text, "postal-code"),
    claim("locality", "City", "", Input::Text, "address-level2"),
    claim(
        "region",
        "State or region",
        "",
        Input::Text,
        "address-level1",
    ),
    claim("country", "Country", "", Input::Text, "country-name"),
    claim(
        "formatted",
        "Whole address",
        "As it stands on an envelope, line by line. It may stay empty.",
        Input::Lines,
        "",
    ),
];

/// What only administrators set: field, label, hint.
const LISTS: [(&str, &str, &str); 2] = [
    (
        "groups",
        "Groups",
        "One on each line. Apps that may read the groups decide by them what people may do.",
    ),
    (
        "roles",
        "Roles",
        "One on each line. Apps that may read the roles decide by them what people may do.",
    ),
];

/// What a field of the house's own says of itself.
const fn custom_hint(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Text => "",
        ClaimKind::List => "One on each line.",
        ClaimKind::Number => "A number.",
        ClaimKind::Boolean => "true or false",
    }
}

/// How many stand first.
const MAIN: usize = 4;

/// Username and claims as somebody typed them.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) username: String,
    pub(super) profile: Profile,
}

impl Typed {
    pub(super) fn read(form: &Params, custom: &CustomClaims) -> Self {
        let mut profile = Profile {
            email_verified: form.get("email_verified").is_some(),
            phone_number_verified: form.get("phone_number_verified").is_some(),
            ..Profile::default()
        };
        for claim in &CLAIMS {
            if let Some(field) = fields::text(&mut profile, claim.name) {
                *field = form.get(claim.name).map(ToOwned::to_owned);
            }
        }
        for (name, ..) in LISTS {
            if let Some(words) = fields::list(&mut profile, name) {
                *words = lines(form.get(name).unwrap_or_default());
            }
        }
        for own in &custom.claims {
            if let Some(typed) = form.get(&own.attribute) {
                let value = typed.to_owned();
                profile.attributes.insert(own.attribute.clone(), value);
            }
        }
        Self {
            username: form.get("username").unwrap_or_default().to_owned(),
            profile,
        }
    }

    /// With what is stored but stands in no form: attributes that the configuration does not name
    /// any more come back with it.
    pub(super) fn beside(mut self, stored: &Profile, custom: &CustomClaims) -> Self {
        for (name, value) in &stored.attributes {
            if custom.of_attribute(name).is_none() {
                self.profile.attributes.insert(name.clone(), value.clone());
            }
        }
        self
    }

    pub(super) fn of(user: &User) -> Self {
        Self {
            username: user.username.clone(),
            profile: user.profile.clone(),
        }
    }

    /// The fields that nearly everybody has, and the others.
    pub(super) fn fields(
        &self,
        errors: &Errors,
        custom: &CustomClaims,
    ) -> (Vec<Field>, Vec<Field>) {
        let username = Field::new("username", "Username", Input::Text)
            .hint("They sign in with it.")
            .required()
            .value(&*self.username)
            .error(errors.at("username"));
        let mut main = vec![username];
        let mut more = self.claims(errors).into_iter();
        main.extend(more.by_ref().take(MAIN));
        let mut more: Vec<_> = more.collect();
        let mut profile = self.profile.clone();
        more.extend(LISTS.iter().map(|(name, label, hint)| {
            let words = fields::list(&mut profile, name).map(|words| words.join("\n"));
            Field::new(*name, *label, Input::Lines)
                .hint(hint)
                .value(words.unwrap_or_default())
                .error(errors.at(name))
        }));
        more.extend(self.custom(errors, custom, false));
        (main, more)
    }

    fn claims(&self, errors: &Errors) -> Vec<Field> {
        let mut profile = self.profile.clone();
        let claims = CLAIMS.iter().map(|claim| {
            let value = fields::text(&mut profile, claim.name).and_then(Option::take);
            Field::new(claim.name, claim.label, claim.input)
                .hint(claim.hint)
                .value(value.unwrap_or_default())
                .error(errors.at(claim.name))
        });
        claims.collect()
    }

    /// The fields of the house's own; for people themselves only those that are theirs to set.
    fn custom(&self, errors: &Errors, custom: &CustomClaims, by_themselves: bool) -> Vec<Field> {
        let claims = custom.claims.iter();
        let claims = claims.filter(|own| own.self_service || !by_themselves);
        let field = |own: &CustomClaim| {
            let input = match own.kind {
                ClaimKind::List => Input::Lines,
                ClaimKind::Text | ClaimKind::Number | ClaimKind::Boolean => Input::Text,
            };
            let value = self.profile.attributes.get(&own.attribute);
            Field::new(own.attribute.clone(), own.label.clone(), input)
                .hint(custom_hint(own.kind))
                .value(value.cloned().unwrap_or_default())
                .error(errors.at(&own.attribute))
        };
        claims.map(field).collect()
    }

    /// The fields of one's own claims. Names to sign in with are for administrators to change: apps
    /// may know people by them. So are groups and roles.
    pub(super) fn own_fields(&self, errors: &Errors, custom: &CustomClaims) -> Vec<Field> {
        let mut own = Vec::new();
        for (claim, field) in CLAIMS.iter().zip(self.claims(errors)) {
            if claim.name == "email" {
                continue;
            }
            own.push(match claim.own {
                Some(word) => field.own(word),
                None => field,
            });
        }
        own.extend(self.custom(errors, custom, true));
        own
    }

    /// The same for what people change of themselves.
    pub(super) fn own_differences(&self, stored: &User, custom: &CustomClaims) -> Errors {
        let typed = Self {
            username: stored.username.clone(),
            profile: fields::by_themselves(&stored.profile, self.profile.clone(), custom),
        };
        typed.differences(stored, custom)
    }

    /// What is stored otherwise by now, at each field that differs.
    pub(super) fn differences(&self, stored: &User, custom: &CustomClaims) -> Errors {
        let mut errors = Errors::default();
        let mut say = |field: Cow<'static, str>, typed: &str, stored: &str| {
            if typed.trim().replace("\r\n", "\n") != stored {
                let said = match stored {
                    "" => "Stored now: nothing.".to_owned(),
                    _ => format!("Stored now: {stored}"),
                };
                errors.0.push((field, said));
            }
        };
        say("username".into(), &self.username, &stored.username);
        let (mut typed, mut stored) = (self.profile.clone(), stored.profile.clone());
        for claim in &CLAIMS {
            let value = |profile| fields::text(profile, claim.name).and_then(Option::take);
            let (typed, stored) = (value(&mut typed), value(&mut stored));
            let (typed, stored) = (typed.unwrap_or_default(), stored.unwrap_or_default());
            say(claim.name.into(), &typed, &stored);
        }
        for (name, ..) in LISTS {
            let value = |profile| fields::list(profile, name).map(|words| words.join("\n"));
            let (typed, stored) = (value(&mut typed), value(&mut stored));
            say(
                name.into(),
                &typed.unwrap_or_default(),
                &stored.unwrap_or_default(),
            );
        }
        for own in &custom.claims {
            let value = |profile: &Profile| profile.attributes.get(&own.attribute).cloned();
            let (typed, stored) = (value(&typed), value(&stored));
            let name = own.attribute.clone().into();
            say(
                name,
                &typed.unwrap_or_default(),
                &stored.unwrap_or_default(),
            );
        }
        errors
    }
}

/// What is wrong, by field.
#[derive(Debug, Default)]
pub(super) struct Errors(Vec<(Cow<'static, str>, String)>);

impl Errors {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn at(&self, field: &str) -> Option<String> {
        let found = self.0.iter().find(|(name, _)| name == field);
        found.map(|(_, error)| error.clone())
    }

    /// From what refused the change.
    pub(super) fn of(refusal: &Refusal) -> Self {
        const TAKEN: &str = "This belongs to somebody already, as username or email address. \
            Choose another: capital and small letters count as the same.";
        let taken = |field: &'static str| vec![(field.into(), TAKEN.to_owned())];
        Self(match refusal {
            Refusal::Fields(errors) => errors
                .iter()
                .map(|error| {
                    let said = format!("This {}: {}.", error.problem, error.remedy);
                    (error.field.clone(), said)
                })
                .collect(),
            Refusal::UsernameTaken | Refusal::NameTaken => taken("username"),
            Refusal::EmailTaken => taken("email"),
            Refusal::WeakPassword(said) => vec![("password".into(), (*said).to_owned())],
            Refusal::NotFound
            | Refusal::Outdated
            | Refusal::LastAdministrator
            | Refusal::Metadata(_)
            | Refusal::IdTaken
            | Refusal::DeclaredInFile
            | Refusal::Described
            | Refusal::NoSecret
            | Refusal::StillInUse => Vec::new(),
        })
    }
}

/// With which status a form is shown again.
pub(super) const fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Fields(_) | Refusal::WeakPassword(_) | Refusal::Metadata(_) => {
            StatusCode::BAD_REQUEST
        }
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::Outdated
        | Refusal::LastAdministrator
        | Refusal::UsernameTaken
        | Refusal::EmailTaken
        | Refusal::NameTaken
        | Refusal::IdTaken
        | Refusal::DeclaredInFile
        | Refusal::Described
        | Refusal::NoSecret
        | Refusal::StillInUse => StatusCode::CONFLICT,
    }
}

/// Over a form in which something is wrong.
pub(super) fn attention(done: &str, wrong: usize) -> Problem {
    let wrong = i64::try_from(wrong).unwrap_or(i64::MAX);
    let need = if wrong == 1 { "needs" } else { "need" };
    Problem {
        title: format!(
            "Not {done}: {} {need} your attention",
            counted(wrong, "field", "fields")
        ),
        text: "What you typed is kept, but a password. Change what is marked, then try again."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_a_profile_has_a_field() {
        let mut asked: Vec<_> = CLAIMS.iter().map(|claim| claim.name).collect();
        let mut kept = fields::TEXTS.to_vec();
        asked.sort_unstable();
        kept.sort_unstable();
        assert_eq!(asked, kept);
        assert_eq!(LISTS.map(|(name, ..)| name), fields::LISTS);
    }
}
