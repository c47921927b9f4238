//! What is wrong with the form of an app, in the words of its page: at the field that is wrong, and
//! on top.

use std::collections::BTreeMap;

use super::app_fields::{self, Typed, shown};
use crate::pages::parts::in_a_row;
use crate::protocol::client_metadata::MetadataError;
use crate::provider::Refusal;

/// Why nothing was saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Problems {
    /// By field.
    pub(super) fields: BTreeMap<&'static str, String>,
    /// On top: what happened, and what to do.
    pub(super) said: Option<(String, String)>,
    /// What is stored now where it differs from what was typed.
    pub(super) stored: Vec<(&'static str, String)>,
    /// Somebody else was faster.
    pub(super) raced: bool,
}

impl Problems {
    /// At these fields.
    pub(super) fn fields(fields: BTreeMap<&'static str, String>) -> Self {
        let wrong = app_fields::all().filter(|spec| fields.contains_key(spec.name));
        let labels: Vec<_> = wrong.map(|spec| format!("“{}”", spec.label)).collect();
        let text = format!(
            "Nothing was saved, and all that you typed is still here. Change what is marked at {}, \
             then save again.",
            in_a_row(&labels)
        );
        Self {
            fields,
            said: Some(("Something isn’t right yet".to_owned(), text)),
            ..Self::default()
        }
    }

    fn on_top(title: &str, text: String) -> Self {
        Self {
            said: Some((title.to_owned(), text)),
            ..Self::default()
        }
    }
}

/// Why an app was not made or changed.
pub(super) fn of(refusal: &Refusal, typed: &Typed) -> Problems {
    let at = |field, words: String| Problems::fields([(field, words)].into());
    match refusal {
        Refusal::IdTaken => {
            let words = "Another app has this id. Choose another, or leave it empty.";
            at("client_id", words.to_owned())
        }
        Refusal::Metadata(error) => match field(&error.member) {
            Some(field) => at(field, words(error, typed)),
            None => Problems::on_top("This app can’t be saved", words(error, typed)),
        },
        other => Problems::on_top("Nothing was saved", format!("Look again: {other}.")),
    }
}

/// Somebody else changed the app meanwhile.
pub(super) fn outdated(typed: &Typed, stored: &Typed) -> Problems {
    let differs = app_fields::all().filter(|spec| spec.name != "client_id");
    let differs = differs.filter(|spec| {
        let lines = |typed: &Typed| typed.lines(spec.name).join("\n");
        lines(typed) != lines(stored)
    });
    let stored = differs.map(|spec| {
        let value = shown(spec, stored.get(spec.name));
        (spec.label, value.unwrap_or_else(|| "nothing".to_owned()))
    });
    let text = "Nothing was saved, and what you typed is still here. Below is what is stored now \
                where it differs. Take over what you need, then save again.";
    Problems {
        stored: stored.collect(),
        raced: true,
        ..Problems::on_top("Somebody else changed this app meanwhile", text.to_owned())
    }
}

/// The field of a member, which may be one of a list: `redirect_uris[1]`.
fn field(member: &str) -> Option<&'static str> {
    let name = member.split('[').next().unwrap_or_default();
    let name = match name {
        "grant_types" | "application_type" => "kind",
        name => name,
    };
    let known = app_fields::all().find(|spec| spec.name == name);
    known.map(|spec| spec.name)
}

/// In the words of the page, which speaks of apps and of its own fields.
fn words(error: &MetadataError, typed: &Typed) -> String {
    if error.member == "require_pkce" {
        return "An app without a secret needs PKCE. Leave this ticked.".to_owned();
    }
    let what = place(&error.member)
        .and_then(|(list, at)| typed.lines(list).get(at).copied())
        .map_or_else(|| "This".to_owned(), |line| format!("“{line}”"));
    let mut remedy = error.remedy.clone();
    for (theirs, ours) in [
        (
            "set application_type to native, or use https",
            "choose the phone or desktop app above, or use https",
        ),
        (
            "use the origin of one of redirect_uris",
            "use the host of one of the redirect addresses",
        ),
        ("a native app", "a phone or desktop app"),
    ] {
        remedy = remedy.replace(theirs, ours);
    }
    let problem = [
        ("a public client", "an app without a secret"),
        (
            "the client is not native",
            "the app is no phone or desktop app",
        ),
        ("redirect URI", "redirect address"),
        ("the client", "the app"),
    ]
    .into_iter()
    .fold(error.problem.clone(), |text, (theirs, ours)| {
        text.replace(theirs, ours)
    });
    format!("{what} {problem}. {}.", sentence(&remedy))
}

/// `redirect_uris[1]` is the second of these.
fn place(member: &str) -> Option<(&str, usize)> {
    let (list, rest) = member.split_once('[')?;
    Some((list, rest.strip_suffix(']')?.parse().ok()?))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::ClientId;
    use crate::protocol::client_metadata;
    use crate::protocol::params::Params;

    /// The field at which it is said that these are wrong, and how.
    fn refused(form: &[(&str, &str)]) -> (&'static str, String) {
        let usual = [
            ("client_name", "A"),
            ("kind", "web"),
            ("redirect_uris", "https://a.example/cb"),
            ("require_pkce", "yes"),
            ("token_endpoint_auth_method", "client_secret_basic"),
            ("id_token_signed_response_alg", "RS256"),
        ];
        let rest = usual
            .iter()
            .filter(|(name, _)| !form.iter().any(|(given, _)| given == name));
        let pairs = form.iter().chain(rest).copied();
        let typed = Typed::of_form(&Params::from_pairs(pairs).unwrap());
        assert_eq!(typed.problems(), BTreeMap::new());
        let error = client_metadata::parse(&typed.metadata(), ClientId::new("a")).unwrap_err();
        let problems = of(&error.into(), &typed);
        assert_eq!(problems.fields.len(), 1, "{problems:?}");
        problems.fields.into_iter().next().unwrap()
    }

    #[test]
    fn each_problem_stands_at_its_field_in_the_words_of_the_page() {
        for (form, field, words) in [
            (
                [("redirect_uris", "https://a.example\nhttp://b.example/cb")].as_slice(),
                "redirect_uris",
                "“http://b.example/cb” uses http for a host that is not loopback. Use https; http \
                 is for localhost, 127.0.0.1 and [::1].",
            ),
            (
                &[("redirect_uris", "com.example.a:/cb")],
                "redirect_uris",
                "“com.example.a:/cb” uses a private-use scheme, but the app is no phone or \
                 desktop app. Choose the phone or desktop app above, or use https.",
            ),
            (
                &[("logo_uri", "javascript:alert(1)")],
                "logo_uri",
                "This uses a scheme that is not allowed. Use https, or for a phone or desktop app \
                 a scheme with a dot such as com.example.app:/callback.",
            ),
            (
                &[("frontchannel_logout_uri", "https://b.example/")],
                "frontchannel_logout_uri",
                "This differs in scheme, host or port from every redirect address. Use the host \
                 of one of the redirect addresses.",
            ),
            (
                &[
                    ("kind", "browser"),
                    ("backchannel_logout_uri", "http://localhost/"),
                ],
                "backchannel_logout_uri",
                "This uses http for an app without a secret. Use https.",
            ),
            (
                &[("kind", "native"), ("require_pkce", "")],
                "require_pkce",
                "An app without a secret needs PKCE. Leave this ticked.",
            ),
            (
                &[("redirect_uris", "")],
                "redirect_uris",
                "This is empty. Write at least one, such as https://app.example.com/callback.",
            ),
            (
                &[("id_token_signed_response_alg", "none")],
                "id_token_signed_response_alg",
                "This \"none\" is not supported. Write one of RS256, RS384, RS512, PS256, PS384, PS512, \
                 ES256, ES384, EdDSA.",
            ),
        ] {
            let (at, said) = refused(form);
            assert_eq!((at, said.as_str()), (field, words));
            assert!(!said.contains("client"), "{said}");
        }
    }

    #[test]
    fn what_differs_from_what_is_stored_is_said() {
        let typed = Typed::blank();
        let form = [
            ("kind", "web"),
            ("client_name", "Wiki"),
            ("require_pkce", "yes"),
            ("token_endpoint_auth_method", "client_secret_basic"),
            ("response_types", "code"),
            ("id_token_signed_response_alg", "ES256"),
            ("response_types", "code"),
            ("access_token_format", "jwt"),
            ("subject_type", "public"),
            ("logout_scope", "ask"),
            ("notify_on_idle", ""),
        ];
        let stored = Typed::of_form(&Params::from_pairs(form).unwrap());
        let problems = outdated(&typed, &stored);
        let expected = [
            ("Name", "Wiki".to_owned()),
            ("It may renew its access by itself", "no".to_owned()),
            (
                "When people sign out in it",
                "They are asked which of the two (ask)".to_owned(),
            ),
            ("Tell it also of sessions that nobody used", "no".to_owned()),
            ("How its ID tokens are signed", "ES256".to_owned()),
        ];
        assert_eq!(problems.stored, expected);
    }
}
