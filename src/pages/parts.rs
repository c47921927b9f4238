//! What several pages show: an app with its links, a notice, names in a row.

use std::fmt;

/// An address that a page may link to, load or post to.
///
/// Its text can never be a script: apps register their addresses themselves, and a
/// `javascript:` link on a page of ours would act in the reader's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// An http(s) address, a path of our own, or a private-use scheme with a dot
    /// (RFC 8252, 7.1).
    pub fn new(text: &str) -> Option<Self> {
        // Browsers drop tabs and line breaks before they read the scheme.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return None;
        }
        let safe = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => {
                let web =
                    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
                (web && rest.starts_with("//")) || scheme.contains('.')
            }
            // "//host" and "/\host" lead to another host.
            _ => text.starts_with('/') && !text.starts_with("//") && !text.starts_with("/\\"),
        };
        safe.then(|| Self(text.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// An app as its people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// `client_name`, or the client id where there is none.
    pub name: String,
    /// `logo_uri`; its origin belongs in the page's `img-src`.
    pub logo: Option<Link>,
    /// `policy_uri`.
    pub policy: Option<Link>,
    /// `tos_uri`.
    pub terms: Option<Link>,
    /// The host by whose word alone the app is what it says; none for one that was registered.
    pub comes_from: Option<String>,
}

impl App {
    /// An app of which only the name is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            logo: None,
            policy: None,
            terms: None,
            comes_from: None,
        }
    }

    /// What stands for a logo.
    pub fn initial(&self) -> String {
        initial(&self.name)
    }

    /// Whether it says anything about itself in writing.
    pub fn has_papers(&self) -> bool {
        self.policy.is_some() || self.terms.is_some()
    }
}

/// The first letter or digit of a name, in upper case.
pub fn initial(name: &str) -> String {
    name.chars()
        .find(|c| c.is_alphanumeric())
        .map_or_else(|| "?".to_owned(), |c| c.to_uppercase().collect())
}

/// How a notice sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It is done.
    Ok,
    /// Something is still to come.
    Wait,
    /// It went wrong.
    Bad,
}

impl Tone {
    /// The class in the stylesheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Wait => "wait",
            Self::Bad => "bad",
        }
    }
}

/// What has just been done on an account page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it sounds.
    pub tone: Tone,
    /// What happened: "Session on iPad ended at 14:05:02 UTC".
    pub title: String,
    /// What follows from it.
    pub text: String,
    /// Where the receipts are.
    pub receipts: Option<Link>,
}

/// Names in a row: "Wiki, Shop and Calendar"; beyond five, "… and 4 more".
pub fn in_a_row(names: &[String]) -> String {
    const SHOWN: usize = 5;
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] if names.len() <= SHOWN => format!("{} and {last}", first.join(", ")),
        _ => {
            let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
            let more = names.len().saturating_sub(SHOWN);
            format!("{} and {more} more", shown.join(", "))
        }
    }
}

/// A number with its thousands apart: "1,284".
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// A number of things: "1 session", "1,284 sessions".
pub fn counted(number: i64, thing: &str, things: &str) -> String {
    let word = if number == 1 { thing } else { things };
    format!("{} {word}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_never_run_a_script_nor_leave_by_surprise() {
        for text in [
            "",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java\tscript:alert(1)",
            " javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "blob:https://a.example/1",
            "//evil.example/",
            "/\\evil.example/",
            "https:evil.example",
            "relative/path",
            "app:callback",
        ] {
            assert_eq!(Link::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn registered_addresses_are_links() {
        for text in [
            "https://wiki.example.com/?a=b:c",
            "http://localhost:8081/",
            "HTTPS://WIKI.EXAMPLE.COM/",
            "/account",
            "/login/x:y",
            "com.example.app:/callback",
        ] {
            assert_eq!(Link::new(text).expect(text).as_str(), text);
        }
    }

    #[test]
    fn initials_are_letters_or_digits() {
        for (name, expected) in [("wiki", "W"), ("<1>", "1"), ("…", "?"), ("été", "É")] {
            assert_eq!(initial(name), expected);
        }
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1_284, "1,284"),
            (-10_000, "-10,000"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(grouped(number), expected);
        }
        assert_eq!(counted(1, "app", "apps"), "1 app");
        assert_eq!(counted(2_000, "app", "apps"), "2,000 apps");
    }

    #[test]
    fn names_stand_in_a_row() {
        let names: Vec<String> = ["A", "B", "C", "D", "E", "F", "G"]
            .map(str::to_owned)
            .into();
        for (count, expected) in [
            (0, ""),
            (1, "A"),
            (2, "A and B"),
            (5, "A, B, C, D and E"),
            (7, "A, B, C, D, E and 2 more"),
        ] {
            assert_eq!(in_a_row(&names[..count]), expected);
        }
    }
}
