//! Names and claims of a person in a form: what was typed, and what is wrong with it.

use actix_web::http::StatusCode;

use crate::identity::user::{Profile, User};
use crate::pages::fields::{Field, Input, Problem};
use crate::pages::parts::counted;
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
    /// Where it is kept.
    pub(super) of: fn(&mut Profile) -> &mut Option<String>,
}

const fn claim(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    input: Input,
    of: fn(&mut Profile) -> &mut Option<String>,
) -> Claim {
    Claim {
        name,
        label,
        hint,
        input,
        of,
    }
}

/// Those that nearly everybody has stand first.
pub(super) const CLAIMS: [Claim; 13] = [
    claim(
        "email",
        "Email",
        "They can sign in with it too.",
        Input::Email,
        |profile| &mut profile.email,
    ),
    claim(
        "name",
        "Full name",
        "As pages and apps show it.",
        Input::Text,
        |profile| &mut profile.name,
    ),
    claim("given_name", "Given name", "", Input::Text, |profile| {
        &mut profile.given_name
    }),
    claim("family_name", "Family name", "", Input::Text, |profile| {
        &mut profile.family_name
    }),
    claim("middle_name", "Middle name", "", Input::Text, |profile| {
        &mut profile.middle_name
    }),
    claim("nickname", "Nickname", "", Input::Text, |profile| {
        &mut profile.nickname
    }),
    claim(
        "picture",
        "Picture",
        "The web address of a picture.",
        Input::Url,
        |profile| &mut profile.picture,
    ),
    claim(
        "profile",
        "Profile page",
        "A web address.",
        Input::Url,
        |profile| &mut profile.profile,
    ),
    claim(
        "website",
        "Website",
        "A web address.",
        Input::Url,
        |profile| &mut profile.website,
    ),
    claim(
        "gender",
        "Gender",
        "In any words.",
        Input::Text,
        |profile| &mut profile.gender,
    ),
    claim(
        "birthdate",
        "Birth date",
        "Such as 1990-12-31; or only 1990; or 0000-12-31 without the year.",
        Input::Text,
        |profile| &mut profile.birthdate,
    ),
    claim(
        "zoneinfo",
        "Time zone",
        "Such as Europe/Paris.",
        Input::Text,
        |profile| &mut profile.zoneinfo,
    ),
    claim(
        "locale",
        "Language",
        "Such as en-GB.",
        Input::Text,
        |profile| &mut profile.locale,
    ),
];

/// How many stand first.
const MAIN: usize = 4;

/// Username and claims as somebody typed them.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) username: String,
    pub(super) profile: Profile,
}

impl Typed {
    pub(super) fn read(form: &Params) -> Self {
        let mut profile = Profile {
            email_verified: form.get("email_verified").is_some(),
            ..Profile::default()
        };
        for claim in &CLAIMS {
            *(claim.of)(&mut profile) = form.get(claim.name).map(ToOwned::to_owned);
        }
        Self {
            username: form.get("username").unwrap_or_default().to_owned(),
            profile,
        }
    }

    pub(super) fn of(user: &User) -> Self {
        Self {
            username: user.username.clone(),
            profile: user.profile.clone(),
        }
    }

    /// The fields that nearly everybody has, and the others.
    pub(super) fn fields(&self, errors: &Errors) -> (Vec<Field>, Vec<Field>) {
        let username = Field::new("username", "Username", Input::Text)
            .hint("They sign in with it.")
            .required()
            .value(&*self.username)
            .error(errors.at("username"));
        let mut profile = self.profile.clone();
        let mut claims = CLAIMS.iter().map(|claim| {
            let value = (claim.of)(&mut profile).take().unwrap_or_default();
            Field::new(claim.name, claim.label, claim.input)
                .hint(claim.hint)
                .value(value)
                .error(errors.at(claim.name))
        });
        let main = claims.by_ref().take(MAIN);
        let main = std::iter::once(username).chain(main).collect();
        (main, claims.collect())
    }

    /// The fields of one's own claims. Names to sign in with are for administrators to change: apps
    /// may know people by them.
    pub(super) fn own_fields(&self, errors: &Errors) -> Vec<Field> {
        let (main, more) = self.fields(errors);
        let own = |field: &Field| !matches!(field.name, "username" | "email");
        main.into_iter().filter(own).chain(more).collect()
    }

    /// The same for what people change of themselves.
    pub(super) fn own_differences(&self, stored: &User) -> Errors {
        let mut typed = self.clone();
        typed.username.clone_from(&stored.username);
        typed.profile.email.clone_from(&stored.profile.email);
        typed.differences(stored)
    }

    /// What is stored otherwise by now, at each field that differs.
    pub(super) fn differences(&self, stored: &User) -> Errors {
        let mut errors = Errors::default();
        let mut say = |field, typed: &str, stored: &str| {
            if typed.trim() != stored {
                let said = match stored {
                    "" => "Stored now: nothing.".to_owned(),
                    _ => format!("Stored now: {stored}"),
                };
                errors.0.push((field, said));
            }
        };
        say("username", &self.username, &stored.username);
        let (mut typed, mut stored) = (self.profile.clone(), stored.profile.clone());
        for claim in &CLAIMS {
            let typed = (claim.of)(&mut typed).take().unwrap_or_default();
            let stored = (claim.of)(&mut stored).take().unwrap_or_default();
            say(claim.name, &typed, &stored);
        }
        errors
    }
}

/// What is wrong, by field.
#[derive(Debug, Default)]
pub(super) struct Errors(Vec<(&'static str, String)>);

impl Errors {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn at(&self, field: &str) -> Option<String> {
        let found = self.0.iter().find(|(name, _)| *name == field);
        found.map(|(_, error)| error.clone())
    }

    /// From what refused the change.
    pub(super) fn of(refusal: &Refusal) -> Self {
        const TAKEN: &str = "This belongs to somebody already, as username or email address. \
            Choose another: capital and small letters count as the same.";
        let taken = |field| vec![(field, TAKEN.to_owned())];
        Self(match refusal {
            Refusal::Fields(errors) => errors
                .iter()
                .map(|error| {
                    let said = format!("This {}: {}.", error.problem, error.remedy);
                    (error.field, said)
                })
                .collect(),
            Refusal::UsernameTaken | Refusal::NameTaken => taken("username"),
            Refusal::EmailTaken => taken("email"),
            Refusal::WeakPassword(said) => vec![("password", (*said).to_owned())],
            Refusal::NotFound
            | Refusal::Outdated
            | Refusal::LastAdministrator
            | Refusal::Metadata(_)
            | Refusal::IdTaken
            | Refusal::DeclaredInFile
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
