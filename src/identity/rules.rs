//! What holds for the names and claims of every person, however they were made or changed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use url::Url;

pub use super::field_error::FieldError;
use super::fields;
use super::user::{LoginKey, Profile};
use crate::protocol::custom_claims::{ClaimKind, CustomClaims, lines};

/// Longest username and email address, in bytes (RFC 5321, 4.5.3.1.3).
pub const MAX_LOGIN: usize = 254;
/// Longest name, in characters.
pub const MAX_NAME: usize = 200;
/// Longest text of several lines, in characters.
pub const MAX_TEXT: usize = 1_000;
/// Most groups, and most roles.
pub const MAX_WORDS: usize = 200;
/// Longest address of a page or picture, in bytes.
pub const MAX_URL: usize = 2_000;

type Verdict = Result<(), (String, &'static str)>;

/// Judges a person's names and claims, after [`tidy`]; every problem at once, for forms.
pub fn check(username: &str, profile: &Profile) -> Vec<FieldError> {
    let names = [
        ("name", &profile.name),
        ("given_name", &profile.given_name),
        ("family_name", &profile.family_name),
        ("middle_name", &profile.middle_name),
        ("nickname", &profile.nickname),
        ("gender", &profile.gender),
    ];
    let links = [
        ("profile", &profile.profile),
        ("picture", &profile.picture),
        ("website", &profile.website),
    ];
    let mut errors = Vec::new();
    let mut judge = |field, verdict: Verdict| {
        if let Err((problem, remedy)) = verdict {
            errors.push(FieldError {
                field: Cow::Borrowed(field),
                problem,
                remedy,
            });
        }
    };
    judge("username", login(username));
    judge("email", each(profile.email.as_deref(), email));
    for (field, value) in names {
        judge(field, each(value.as_deref(), name));
    }
    for (field, value) in links {
        judge(field, each(value.as_deref(), link));
    }
    judge("phone_number", each(profile.phone_number.as_deref(), phone));
    let address = &profile.address;
    for (field, value, rule) in [
        (
            "street_address",
            &address.street_address,
            text as fn(&str) -> Verdict,
        ),
        ("locality", &address.locality, name),
        ("region", &address.region, name),
        ("postal_code", &address.postal_code, name),
        ("country", &address.country, name),
        ("formatted", &address.formatted, text),
    ] {
        judge(field, each(value.as_deref(), rule));
    }
    judge("groups", list(&profile.groups));
    judge("roles", list(&profile.roles));
    judge("birthdate", each(profile.birthdate.as_deref(), birthdate));
    judge("zoneinfo", each(profile.zoneinfo.as_deref(), zoneinfo));
    judge("locale", each(profile.locale.as_deref(), locale));
    errors
}

/// As it is kept: no blanks around values, and blank ones are absent, as forms send a field that
/// was left empty. Nobody has verified an address that is not there.
pub fn tidy(mut profile: Profile) -> Profile {
    for name in fields::TEXTS {
        if let Some(field) = fields::text(&mut profile, name) {
            *field = field.take().and_then(|value| trimmed(&value));
        }
    }
    for name in fields::LISTS {
        if let Some(words) = fields::list(&mut profile, name) {
            *words = lines(&words.join("\n"));
        }
    }
    let attributes = std::mem::take(&mut profile.attributes).into_iter();
    let attributes = attributes.filter_map(|(name, value)| Some((name, trimmed(&value)?)));
    profile.attributes = attributes.collect();
    profile.email_verified &= profile.email.is_some();
    profile.phone_number_verified &= profile.phone_number.is_some();
    profile
}

/// Lines end as they do here, whatever browser sent them.
fn trimmed(value: &str) -> Option<String> {
    let value = value.trim().replace("\r\n", "\n");
    (!value.is_empty()).then_some(value)
}

/// Judges the attributes of the house's own, after [`tidy`]. Those that it does not name are none
/// of anybody's business, and stay.
pub fn check_attributes(
    attributes: &BTreeMap<String, String>,
    custom: &CustomClaims,
) -> Vec<FieldError> {
    let judged = attributes.iter().filter_map(|(name, value)| {
        let own = custom.of_attribute(name)?;
        let (problem, remedy) = attribute(own.kind, value).err()?;
        Some(FieldError {
            field: Cow::Owned(name.clone()),
            problem,
            remedy,
        })
    });
    judged.collect()
}

fn attribute(kind: ClaimKind, value: &str) -> Verdict {
    match kind {
        ClaimKind::Text => text(value),
        ClaimKind::List => list(&lines(value)),
        ClaimKind::Number if kind.read(value).is_none() => {
            refuse("is no number", "write one such as 12 or 1.5")
        }
        ClaimKind::Boolean if kind.read(value).is_none() => {
            refuse("is neither true nor false", "write true or false")
        }
        ClaimKind::Number | ClaimKind::Boolean => Ok(()),
    }
}

fn each(value: Option<&str>, rule: fn(&str) -> Verdict) -> Verdict {
    value.map_or(Ok(()), rule)
}

fn refuse(problem: impl Into<String>, remedy: &'static str) -> Verdict {
    Err((problem.into(), remedy))
}

fn login(username: &str) -> Verdict {
    if LoginKey::new(username).as_str().is_empty() {
        return refuse("is empty", "write a name to sign in with");
    }
    if username.len() > MAX_LOGIN {
        let problem = format!("is longer than {MAX_LOGIN} bytes");
        return refuse(problem, "write a shorter one");
    }
    visible(username)?;
    // Where it stands in a line, of an app or on the command line, it must be one word.
    if username.contains(char::is_whitespace) {
        return refuse(
            "holds a blank",
            "write it as one word, such as alice.jones; a full name is a name of its own",
        );
    }
    Ok(())
}

/// Only what is surely wrong: whether an address works, its mailbox says.
fn email(address: &str) -> Verdict {
    const REMEDY: &str = "write one such as alice@example.com";
    if address.len() > MAX_LOGIN {
        return refuse(format!("is longer than {MAX_LOGIN} bytes"), REMEDY);
    }
    visible(address)?;
    let (local, domain) = address.rsplit_once('@').unwrap_or_default();
    let blank = address.contains(char::is_whitespace);
    if local.is_empty() || domain.is_empty() || blank || address.contains(['<', '>', ',']) {
        return refuse("is no mail address", REMEDY);
    }
    Ok(())
}

fn name(text: &str) -> Verdict {
    if text.chars().count() > MAX_NAME {
        let problem = format!("is longer than {MAX_NAME} characters");
        return refuse(problem, "write a shorter one");
    }
    visible(text)
}

/// Perhaps several lines.
fn text(text: &str) -> Verdict {
    if text.chars().count() > MAX_TEXT {
        let problem = format!("is longer than {MAX_TEXT} characters");
        return refuse(problem, "write less");
    }
    text.lines().try_for_each(visible)
}

fn list(words: &[String]) -> Verdict {
    if words.len() > MAX_WORDS {
        let problem = format!("has more than {MAX_WORDS} lines");
        return refuse(problem, "leave some out");
    }
    words.iter().try_for_each(|word| name(word))
}

/// E.164 is advised, with an extension as in RFC 3966 (Core 1.0, 5.1); many are written otherwise.
fn phone(number: &str) -> Verdict {
    let (main, extension) = number.split_once(";ext=").unwrap_or((number, "0"));
    let digits = main.bytes().filter(u8::is_ascii_digit).count();
    let body = main.strip_prefix('+').unwrap_or(main);
    let written = body
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.' | b'(' | b')'));
    let extended = !extension.is_empty()
        && extension.len() <= 15
        && extension.bytes().all(|byte| byte.is_ascii_digit());
    if written && extended && (3..=15).contains(&digits) && main.len() <= 40 {
        return Ok(());
    }
    refuse(
        "is no phone number",
        "write one such as +1 (425) 555-1212, with ;ext=5678 for an extension",
    )
}

/// What apps and pages show must not hide letters or turn the direction of others.
fn visible(text: &str) -> Verdict {
    if text.contains(is_hidden) {
        return refuse("holds a control or invisible character", "remove it");
    }
    Ok(())
}

/// Whether a character is not seen, or turns what stands beside it.
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
        )
}

/// Apps make links and pictures of it: anything but http(s) could run in their pages.
fn link(text: &str) -> Verdict {
    const REMEDY: &str = "write one such as https://example.com/alice";
    if text.len() > MAX_URL {
        return refuse(format!("is longer than {MAX_URL} bytes"), REMEDY);
    }
    if text.contains(['"', '\'', '<', '>', '`', '\\']) || text.contains(char::is_whitespace) {
        return refuse("holds a blank or a quotation mark", REMEDY);
    }
    match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            refuse("has a user name before the host", REMEDY)
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") => visible(text),
        Ok(_) => refuse("is not an http or https address", REMEDY),
        Err(_) => refuse("is not a web address", REMEDY),
    }
}

/// `YYYY-MM-DD`, `YYYY`, or `0000-MM-DD` for one who keeps the year (Core 1.0, 5.1).
fn birthdate(text: &str) -> Verdict {
    const REMEDY: &str = "write YYYY-MM-DD, YYYY, or 0000-MM-DD to leave out the year";
    let number = |part: &str, digits: usize| -> Option<u32> {
        let good = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| part.parse().ok()).flatten()
    };
    let mut parts = text.split('-');
    let year = parts.next().and_then(|part| number(part, 4));
    let month = parts.next().map(|part| number(part, 2));
    let day = parts.next().map(|part| number(part, 2));
    let good = match (year, month, day, parts.next()) {
        (Some(year), None, None, None) => year > 0,
        (Some(year), Some(Some(month)), Some(Some(day)), None) => {
            (1..=days_of(year, month)).contains(&day)
        }
        _ => false,
    };
    if good {
        Ok(())
    } else {
        refuse("is not a date", REMEDY)
    }
}

/// Of a year that is not told, February has 29 days.
fn days_of(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// The shape of a name of the time zone database. Which there are changes every year.
fn zoneinfo(text: &str) -> Verdict {
    let part = |part: &str| {
        part.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && part
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '+'))
    };
    if text.len() <= 64 && text.split('/').all(part) {
        return Ok(());
    }
    refuse("is not a time zone", "write one such as Europe/Paris")
}

/// The shape of BCP 47; some write an underscore (Core 1.0, 5.1).
fn locale(text: &str) -> Verdict {
    let mut parts = text.split(['-', '_']);
    let language = parts.next().is_some_and(|part| {
        (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let others = parts.all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if language && others && text.len() <= 35 {
        return Ok(());
    }
    refuse("is not a language tag", "write one such as en-GB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(username: &str, profile: &Profile) -> Vec<Cow<'static, str>> {
        let errors = check(username, profile);
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn usernames() {
        for good in [
            "alice",
            "a",
            "Zoë.Å.",
            "alice@example.com",
            &"a".repeat(254),
        ] {
            assert_eq!(fields(good, &Profile::default()), [""; 0], "{good:?}");
        }
        for bad in [
            "",
            "  ",
            "al ice",
            "a\u{A0}b",
            "a\u{7}b",
            "a\u{202E}b",
            &"a".repeat(255),
        ] {
            assert_eq!(fields(bad, &Profile::default()), ["username"], "{bad:?}");
        }
    }

    type Field = fn(&mut Profile) -> &mut Option<String>;

    fn judged(field: &str, of: Field, good: &[&str], bad: &[&str]) {
        for (values, expected) in [(good, &[][..]), (bad, &[field])] {
            for value in values {
                let mut profile = Profile::default();
                *of(&mut profile) = Some((*value).to_owned());
                assert_eq!(fields("alice", &profile), expected, "{field} {value:?}");
            }
        }
    }

    #[test]
    fn names_and_addresses() {
        let long = "x".repeat(MAX_NAME + 1);
        judged(
            "email",
            |p| &mut p.email,
            &["a@b", "a@b@c.example", "é@é.example"],
            &["", "a", "@b", "a@", "a b@c", "A <a@b>", "a@b,c@d", "a@b\n"],
        );
        judged(
            "name",
            |p| &mut p.name,
            &["李", "O'Neil"],
            &["a\u{0}", &long],
        );
        judged(
            "picture",
            |p| &mut p.picture,
            &["https://a.example/b.png", "http://a.example"],
            &[
                "javascript:alert(1)",
                "https://e.example/\"><script>",
                "https://e.example/ https://f.example",
                "https://user:word@e.example/",
                "data:x",
                "//a",
                "a.png",
                "ftp://a.example",
            ],
        );
        let website = ["https://a.example"];
        judged("website", |p| &mut p.website, &website, &["mailto:a@b"]);
    }

    #[test]
    fn phones_and_addresses() {
        judged(
            "phone_number",
            |p| &mut p.phone_number,
            &[
                "+1 (425) 555-1212",
                "+442079460000",
                "112",
                "+56 2 687 2400;ext=5678",
            ],
            &[
                "12",
                "call me",
                "+1234567890123456",
                "+33 1;ext=",
                "+33 123;ext=1x",
                "+33 123\n",
                "tel:+33123",
            ],
        );
        judged(
            "street_address",
            |p| &mut p.address.street_address,
            &["1 Rue de la Paix\nBox 3"],
            &["a\u{0}b", "a\u{202E}b", &"x".repeat(MAX_TEXT + 1)],
        );
        judged(
            "country",
            |p| &mut p.address.country,
            &["France"],
            &["a\nb"],
        );
    }

    #[test]
    fn lists_are_bounded_and_tidied() {
        let many: Vec<String> = (0..=MAX_WORDS).map(|n| format!("g{n}")).collect();
        for (bad, what) in [
            (many, "many"),
            (vec!["a\u{7}b".to_owned()], "hidden"),
            (vec!["x".repeat(MAX_NAME + 1)], "long"),
        ] {
            let profile = Profile {
                groups: bad.clone(),
                roles: bad,
                ..Profile::default()
            };
            assert_eq!(fields("alice", &profile), ["groups", "roles"], "{what}");
        }
        let typed = Profile {
            groups: vec![
                " a ".to_owned(),
                String::new(),
                "a".to_owned(),
                "b".to_owned(),
            ],
            phone_number: Some(" ".to_owned()),
            phone_number_verified: true,
            attributes: [("x".to_owned(), " ".to_owned())].into(),
            ..Profile::default()
        };
        let kept = Profile {
            groups: vec!["a".to_owned(), "b".to_owned()],
            ..Profile::default()
        };
        assert_eq!(tidy(typed), kept);
    }

    #[test]
    fn dates_zones_and_languages() {
        judged(
            "birthdate",
            |p| &mut p.birthdate,
            &["1970", "1970-01-31", "2024-02-29", "0000-02-29"],
            &[
                "0000",
                "70-01-01",
                "1970-1-1",
                "1970-13-01",
                "1970-00-01",
                "1970-04-31",
                "2023-02-29",
                "1970-01",
                "1970-01-01-01",
                "+970-01-01",
                "1970-01-00",
            ],
        );
        judged(
            "zoneinfo",
            |p| &mut p.zoneinfo,
            &[
                "Europe/Paris",
                "UTC",
                "Etc/GMT+5",
                "America/Argentina/Buenos_Aires",
            ],
            &["+01:00", "Europe/", "/Paris", "../etc", "Europe Paris"],
        );
        judged(
            "locale",
            |p| &mut p.locale,
            &["en", "en-GB", "de_CH", "zh-Hant-TW"],
            &["e", "en-", "english!", "1n", "en--GB"],
        );
    }

    #[test]
    fn every_problem_is_told_at_once_with_a_remedy() {
        let profile = Profile {
            email: Some("nowhere".to_owned()),
            birthdate: Some("yesterday".to_owned()),
            ..Profile::default()
        };
        let told: Vec<String> = check("", &profile)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "username: is empty; write a name to sign in with",
                "email: is no mail address; write one such as alice@example.com",
                "birthdate: is not a date; write YYYY-MM-DD, YYYY, or 0000-MM-DD to leave out the \
                 year",
            ]
        );
    }

    #[test]
    fn blank_fields_are_absent() {
        let typed = Profile {
            name: Some(" Alice ".to_owned()),
            email: Some("  ".to_owned()),
            email_verified: true,
            gender: Some(String::new()),
            ..Profile::default()
        };
        let kept = Profile {
            name: Some("Alice".to_owned()),
            ..Profile::default()
        };
        assert_eq!(tidy(typed), kept);
    }
}
