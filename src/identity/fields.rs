//! The fields of a profile by their names: for forms, the command line and rules, so that none of
//! them forgets one.

use std::borrow::Cow;

use super::field_error::FieldError;
use super::user::Profile;
use crate::protocol::custom_claims::{ClaimKind, CustomClaims, lines};

/// All that hold one text (Core 1.0, 5.1 and 5.1.1), as the specification calls them.
pub const TEXTS: [&str; 20] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "email",
    "phone_number",
    "street_address",
    "locality",
    "region",
    "postal_code",
    "country",
    "formatted",
];

/// Lists of words, in the hands of administrators alone: apps decide by them what a person may do.
pub const LISTS: [&str; 2] = ["groups", "roles"];

/// Marks that only administrators set.
const MARKS: [&str; 2] = ["email_verified", "phone_number_verified"];

/// The field of this name, of those in [`TEXTS`].
pub fn text<'a>(profile: &'a mut Profile, name: &str) -> Option<&'a mut Option<String>> {
    Some(match name {
        "name" => &mut profile.name,
        "given_name" => &mut profile.given_name,
        "family_name" => &mut profile.family_name,
        "middle_name" => &mut profile.middle_name,
        "nickname" => &mut profile.nickname,
        "profile" => &mut profile.profile,
        "picture" => &mut profile.picture,
        "website" => &mut profile.website,
        "gender" => &mut profile.gender,
        "birthdate" => &mut profile.birthdate,
        "zoneinfo" => &mut profile.zoneinfo,
        "locale" => &mut profile.locale,
        "email" => &mut profile.email,
        "phone_number" => &mut profile.phone_number,
        "street_address" => &mut profile.address.street_address,
        "locality" => &mut profile.address.locality,
        "region" => &mut profile.address.region,
        "postal_code" => &mut profile.address.postal_code,
        "country" => &mut profile.address.country,
        "formatted" => &mut profile.address.formatted,
        _ => return None,
    })
}

/// The field of this name, of those in [`LISTS`].
pub fn list<'a>(profile: &'a mut Profile, name: &str) -> Option<&'a mut Vec<String>> {
    match name {
        "groups" => Some(&mut profile.groups),
        "roles" => Some(&mut profile.roles),
        _ => None,
    }
}

/// What becomes of a profile when its person wrote `typed`: names to sign in with, marks of
/// verification, groups, roles, and what is not theirs to set stay as they are stored. A mark does
/// not move to a number that nobody checked.
pub fn by_themselves(stored: &Profile, typed: Profile, custom: &CustomClaims) -> Profile {
    let own = |name: &String| {
        let claim = custom.of_attribute(name);
        claim.is_some_and(|claim| claim.self_service)
    };
    let mut attributes = stored.attributes.clone();
    attributes.retain(|name, _| !own(name));
    attributes.extend(typed.attributes.into_iter().filter(|(name, _)| own(name)));
    let same_number = same(stored.phone_number.as_ref(), typed.phone_number.as_ref());
    Profile {
        email: stored.email.clone(),
        email_verified: stored.email_verified,
        phone_number_verified: stored.phone_number_verified && same_number,
        groups: stored.groups.clone(),
        roles: stored.roles.clone(),
        attributes,
        ..typed
    }
}

/// Whether two texts are the same but for blanks around them.
pub fn same(one: Option<&String>, other: Option<&String>) -> bool {
    let text = |text: Option<&String>| text.map(|text| text.trim().to_owned()).unwrap_or_default();
    text(one) == text(other)
}

/// Sets fields by `name=value`, for the command line. A list is what all its values are together; an
/// empty value takes away what is there. A mark does not outlive what it was said of, unless it is
/// said anew. What is wrong with names and values themselves is answered; whether the profile that
/// results is good, `rules` say.
pub fn assign(
    profile: &mut Profile,
    custom: &CustomClaims,
    given: &[(String, String)],
) -> Vec<FieldError> {
    let before = profile.clone();
    let mut errors = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (name, value) in given {
        let first = !seen.contains(&name.as_str());
        seen.push(name);
        if let Err((problem, remedy)) = set(profile, custom, name, value, first) {
            errors.push(FieldError {
                field: Cow::Owned(name.clone()),
                problem,
                remedy,
            });
        }
    }
    let said = |name: &str| seen.contains(&name);
    if !same(before.email.as_ref(), profile.email.as_ref()) && !said("email_verified") {
        profile.email_verified = false;
    }
    let number = same(before.phone_number.as_ref(), profile.phone_number.as_ref());
    if !number && !said("phone_number_verified") {
        profile.phone_number_verified = false;
    }
    errors
}

type Verdict = Result<(), (String, &'static str)>;

fn set(
    profile: &mut Profile,
    custom: &CustomClaims,
    name: &str,
    value: &str,
    first: bool,
) -> Verdict {
    if let Some(words) = list(profile, name) {
        if first {
            words.clear();
        }
        words.extend(lines(value));
        return Ok(());
    }
    let own = custom.of_attribute(name);
    if !first && own.is_none_or(|own| own.kind != ClaimKind::List) {
        return Err(("is given twice".to_owned(), "keep one of the two"));
    }
    if let Some(field) = text(profile, name) {
        *field = Some(value.to_owned());
        return Ok(());
    }
    if MARKS.contains(&name) {
        let mark = value.parse().map_err(|_| {
            let problem = format!("{value:?} is neither true nor false");
            (problem, "write true or false")
        })?;
        match name {
            "email_verified" => profile.email_verified = mark,
            _ => profile.phone_number_verified = mark,
        }
        return Ok(());
    }
    if own.is_none() {
        return Err((
            "there is no such field".to_owned(),
            "`lanyard user set --help` names them; the configuration declares more by [[claims]]",
        ));
    }
    let kept = profile.attributes.entry(name.to_owned()).or_default();
    if first {
        kept.clear();
    } else {
        kept.push('\n');
    }
    kept.push_str(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::custom_claims::CustomClaim;

    fn custom() -> CustomClaims {
        let claim = |attribute: &str, kind, self_service| CustomClaim {
            attribute: attribute.to_owned(),
            claim: attribute.to_owned(),
            scope: "work".to_owned(),
            label: attribute.to_owned(),
            kind,
            self_service,
        };
        CustomClaims {
            claims: vec![
                claim("department", ClaimKind::Text, false),
                claim("tools", ClaimKind::List, true),
            ],
            scopes: Vec::new(),
        }
    }

    fn given(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn every_name_leads_to_a_field_of_its_own() {
        let mut profile = Profile::default();
        for name in TEXTS {
            *text(&mut profile, name).unwrap() = Some(name.to_owned());
        }
        for name in TEXTS {
            assert_eq!(text(&mut profile, name).unwrap().as_deref(), Some(name));
        }
        for name in LISTS {
            list(&mut profile, name).unwrap().push(name.to_owned());
        }
        assert_eq!(
            (&*profile.groups, &*profile.roles),
            (&["groups".to_owned()][..], &["roles".to_owned()][..])
        );
        assert!(text(&mut profile, "sub").is_none() && list(&mut profile, "name").is_none());
    }

    #[test]
    fn what_cannot_be_set_is_told() {
        for (pairs, field, problem) in [
            (&[("sub", "u_b")][..], "sub", "no such field"),
            (&[("", "x")][..], "", "no such field"),
            (&[("name", "a"), ("name", "b")][..], "name", "twice"),
            (
                &[("email_verified", "yes")][..],
                "email_verified",
                "neither",
            ),
            (&[("old", "x")][..], "old", "no such field"),
        ] {
            let mut profile = Profile::default();
            let errors = assign(&mut profile, &custom(), &given(pairs));
            assert_eq!(errors.len(), 1, "{pairs:?}");
            assert_eq!(errors[0].field, field);
            assert!(errors[0].problem.contains(problem), "{errors:?}");
        }
    }

    #[test]
    fn lists_are_what_their_values_are_together() {
        let mut profile = Profile {
            groups: vec!["old".to_owned()],
            ..Profile::default()
        };
        let pairs = given(&[
            ("groups", "staff"),
            ("tools", "saw"),
            ("groups", "board"),
            ("tools", "axe"),
            ("department", "Sales"),
            ("locality", "Paris"),
        ]);
        assert_eq!(assign(&mut profile, &custom(), &pairs), []);
        assert_eq!(profile.groups, ["staff", "board"]);
        assert_eq!(profile.attributes["tools"], "saw\naxe");
        assert_eq!(profile.attributes["department"], "Sales");
        assert_eq!(profile.address.locality.as_deref(), Some("Paris"));
        assign(&mut profile, &custom(), &given(&[("groups", "")]));
        assert!(profile.groups.is_empty());
    }

    #[test]
    fn a_mark_stays_with_what_it_was_said_of() {
        let checked = Profile {
            email: Some("a@a.example".to_owned()),
            email_verified: true,
            phone_number: Some("+33 1".to_owned()),
            phone_number_verified: true,
            ..Profile::default()
        };
        for (pairs, email, phone) in [
            (&[("name", "A")][..], true, true),
            (&[("email", "b@a.example")][..], false, true),
            (&[("phone_number", "+33 2")][..], true, false),
            (&[("email", " a@a.example ")][..], true, true),
            (
                &[("phone_number", "+33 2"), ("phone_number_verified", "true")][..],
                true,
                true,
            ),
            (&[("email_verified", "false")][..], false, true),
        ] {
            let mut profile = checked.clone();
            assert_eq!(assign(&mut profile, &custom(), &given(pairs)), []);
            let marks = (profile.email_verified, profile.phone_number_verified);
            assert_eq!(marks, (email, phone), "{pairs:?}");
        }
    }

    #[test]
    fn people_set_only_what_is_theirs() {
        let attributes = |pairs: &[(&str, &str)]| given(pairs).into_iter().collect();
        let stored = Profile {
            email: Some("a@a.example".to_owned()),
            email_verified: true,
            phone_number: Some("+33 1".to_owned()),
            phone_number_verified: true,
            groups: vec!["staff".to_owned()],
            roles: vec!["reader".to_owned()],
            attributes: attributes(&[("department", "Sales"), ("old", "x"), ("tools", "saw")]),
            ..Profile::default()
        };
        let typed = Profile {
            nickname: Some("Al".to_owned()),
            email: Some("boss@a.example".to_owned()),
            email_verified: true,
            phone_number: Some("+33 2".to_owned()),
            phone_number_verified: true,
            groups: vec!["board".to_owned()],
            roles: vec!["owner".to_owned()],
            attributes: attributes(&[("department", "Board"), ("tools", "axe"), ("new", "y")]),
            ..Profile::default()
        };
        let expected = Profile {
            nickname: Some("Al".to_owned()),
            phone_number: Some("+33 2".to_owned()),
            phone_number_verified: false,
            attributes: attributes(&[("department", "Sales"), ("old", "x"), ("tools", "axe")]),
            ..stored.clone()
        };
        assert_eq!(by_themselves(&stored, typed, &custom()), expected);
        let same = by_themselves(&stored, stored.clone(), &custom());
        assert_eq!(same, stored);
    }
}
