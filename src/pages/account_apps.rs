//! "Your account", apps: what one has allowed, and the way to take it back.

use std::time::Duration;

use askama::Template;

use super::account::{AccountFrame, Tab};
use super::parts::{App, in_a_row};
use super::samples;
use super::time::{Moment, ago, on_day};
use super::{Page, Sample};

/// The apps that hold a person's consent or an `offline_access` grant. `form-action 'self'`; the
/// origins of the logos belong in `img-src`.
#[derive(Clone, Template)]
#[template(path = "account_apps.html")]
pub struct AccountApps {
    /// What every account page shows.
    pub frame: AccountFrame,
    /// The apps.
    pub apps: Vec<AppRow>,
}

/// One app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRow {
    /// Its client id, for the form.
    pub client: String,
    /// What it looks like.
    pub app: App,
    /// What it may, from [`allowed`].
    pub allowed: String,
    /// Whether it has a grant that outlives the session.
    pub away: bool,
    /// Since when.
    pub since: Moment,
    /// "2 days ago", where it is known.
    pub last_used: Option<String>,
}

/// What scopes mean, in a row: "see who you are and see your email address".
pub fn allowed<'a>(scopes: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = scopes.into_iter().filter_map(in_words).collect();
    in_a_row(&words)
}

fn in_words(scope: &str) -> Option<String> {
    let words = match scope {
        // Every app here knows its people again; being away has a badge of its own.
        "openid" | "offline_access" => return None,
        "profile" => "see who you are",
        "email" => "see your email address",
        "address" => "see your postal address",
        "phone" => "see your phone number",
        own => return Some(format!("use “{own}”")),
    };
    Some(words.to_owned())
}

impl Page for AccountApps {
    const KIND: &'static str = "account-apps";
    const MARKER: &'static str = "Your account";

    fn samples() -> Vec<Sample<Self>> {
        let frame = samples::frame(Tab::Apps);
        let notes = AppRow {
            client: "notes".to_owned(),
            app: samples::notes(),
            allowed: allowed(["openid", "profile", "email", "offline_access"]),
            away: true,
            since: on_day(samples::NOW - Duration::from_hours(36 * 24), samples::NOW),
            last_used: Some(ago(samples::NOW, samples::NOW - Duration::from_hours(8))),
        };
        let shop = AppRow {
            client: "shop".to_owned(),
            app: samples::shop(),
            allowed: allowed(["openid"]),
            away: false,
            since: on_day(samples::NOW, samples::NOW),
            last_used: None,
        };
        let hostile = AppRow {
            client: samples::HOSTILE.to_owned(),
            app: samples::hostile_app(),
            allowed: allowed([samples::HOSTILE]),
            ..notes.clone()
        };
        vec![
            (
                "none",
                Self {
                    frame: frame.clone(),
                    apps: Vec::new(),
                },
            ),
            (
                "hostile",
                Self {
                    frame: samples::hostile_frame(Tab::Apps),
                    apps: vec![hostile],
                },
            ),
            (
                "two",
                Self {
                    frame,
                    apps: vec![notes, shop],
                },
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_as_a_sentence() {
        for (scopes, expected) in [
            (&[][..], ""),
            (&["openid", "offline_access"][..], ""),
            (&["openid", "email"][..], "see your email address"),
            (
                &["profile", "notes.read"][..],
                "see who you are and use “notes.read”",
            ),
        ] {
            assert_eq!(allowed(scopes.iter().copied()), expected);
        }
    }
}
