//! "Your account", apps: what one has allowed, and the way to take it back.

use std::time::Duration;

use askama::Template;

use super::account::{AccountFrame, Tab};
use super::parts::App;
use super::samples;
use super::scope_words::in_words;
use super::time::{Moment, ago, on_day};
use super::{Page, Sample};
use crate::protocol::custom_claims::CustomClaims;

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
    /// What it may, from [`in_words`].
    pub allowed: String,
    /// Whether it has a grant that outlives the session.
    pub away: bool,
    /// Since when.
    pub since: Moment,
    /// "2 days ago", where it is known.
    pub last_used: Option<String>,
}

impl Page for AccountApps {
    const KIND: &'static str = "account-apps";
    const MARKER: &'static str = "Your account";

    fn samples() -> Vec<Sample<Self>> {
        let frame = samples::frame(Tab::Apps);
        let none = CustomClaims::default();
        let notes = AppRow {
            client: "notes".to_owned(),
            app: samples::notes(),
            allowed: in_words(["openid", "profile", "email", "offline_access"], &none),
            away: true,
            since: on_day(samples::NOW - Duration::from_hours(36 * 24), samples::NOW),
            last_used: Some(ago(samples::NOW, samples::NOW - Duration::from_hours(8))),
        };
        let shop = AppRow {
            client: "shop".to_owned(),
            app: samples::shop(),
            allowed: in_words(["openid"], &none),
            away: false,
            since: on_day(samples::NOW, samples::NOW),
            last_used: None,
        };
        let hostile = AppRow {
            client: samples::HOSTILE.to_owned(),
            app: samples::hostile_app(),
            allowed: in_words([samples::HOSTILE], &none),
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
