//! "… asks for your permission": what an app may have, in words of the person.

use askama::Template;

use super::parts::App;
use super::samples;
use super::scope_words::{self, Shown};
use super::{Page, Sample};
use crate::protocol::custom_claims::CustomClaims;

/// The consent page. Its POST ends at an app: no `form-action`; the origin of the app's logo
/// belongs in `img-src`.
#[derive(Clone, Template)]
#[template(path = "consent.html")]
pub struct Consent {
    /// Who asks.
    pub app: App,
    /// Who is asked.
    pub person: String,
    /// What is asked for.
    pub permissions: Vec<Permission>,
    /// The host (or private-use scheme) of the redirect URI: what an impostor cannot choose.
    pub returns_to: String,
    /// Whether the person goes back to their own machine, where any program may listen.
    pub to_this_device: bool,
    /// Where the form posts to; it carries the interaction.
    pub action: String,
    /// The anti-forgery token.
    pub csrf: String,
}

/// One thing an app may do or see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// "See your email address".
    pub title: String,
    /// "alice@example.com".
    pub detail: String,
}

impl Permission {
    /// The words for one scope value (Core 1.0, 5.4 and 11; the house's own; anything else is the
    /// app's).
    pub fn for_scope(scope: &str, shown: &Shown, custom: &CustomClaims) -> Self {
        let title = scope_words::title(scope, custom);
        let detail = scope_words::detail(scope, shown, custom);
        Self {
            title: title.unwrap_or_else(|| format!("Use “{scope}”")),
            detail: detail.unwrap_or_else(|| {
                "A permission of the app’s own: it can tell you what it means".to_owned()
            }),
        }
    }
}

impl Page for Consent {
    const KIND: &'static str = "consent";
    const MARKER: &'static str = " asks for your permission";

    fn samples() -> Vec<Sample<Self>> {
        let shown = Shown {
            name: "Alice Moreau".to_owned(),
            email: Some("alice.moreau@example.com".to_owned()),
            groups: vec!["staff".to_owned(), "editors".to_owned()],
            ..Shown::default()
        };
        let none = CustomClaims::default();
        let words = |scopes: &[&str]| {
            let each = scopes
                .iter()
                .map(|scope| Permission::for_scope(scope, &shown, &none));
            each.collect::<Vec<_>>()
        };
        let full = Self {
            app: samples::notes(),
            person: shown.name.clone(),
            permissions: words(&[
                "openid",
                "profile",
                "email",
                "groups",
                "offline_access",
                "notes.read",
            ]),
            returns_to: "notes.example.net".to_owned(),
            to_this_device: false,
            action: "/consent/sample".to_owned(),
            csrf: samples::CSRF.to_owned(),
        };
        vec![
            (
                "least",
                Self {
                    app: App::named("Kiosk"),
                    permissions: words(&["openid"]),
                    returns_to: "com.example.kiosk".to_owned(),
                    ..full.clone()
                },
            ),
            (
                "hostile",
                Self {
                    app: samples::hostile_app(),
                    person: samples::HOSTILE.to_owned(),
                    permissions: words(&[samples::HOSTILE]),
                    returns_to: samples::HOSTILE.to_owned(),
                    ..full.clone()
                },
            ),
            ("document", described(&full)),
            ("document-on-this-device", on_this_device(&full)),
            ("full", full),
        ]
    }
}

fn described(page: &Consent) -> Consent {
    Consent {
        app: samples::described(),
        ..page.clone()
    }
}

fn on_this_device(page: &Consent) -> Consent {
    Consent {
        returns_to: "localhost".to_owned(),
        to_this_device: true,
        ..described(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_have_words() {
        let (nobody, none) = (Shown::default(), CustomClaims::default());
        for (scope, title, detail) in [
            ("email", "See your email address", "We have none of yours"),
            ("openid", "Know you again", "A fixed number"),
            ("offline_access", "Stay connected", "Until you withdraw it"),
            ("notes.read", "Use “notes.read”", "the app’s own"),
        ] {
            let permission = Permission::for_scope(scope, &nobody, &none);
            assert!(permission.title.contains(title), "{scope}");
            assert!(permission.detail.contains(detail), "{scope}");
        }
    }
}
