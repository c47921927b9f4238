//! The answer to what made an app or its secret: the settings to paste, and the secret this once.

use askama::Template;

use super::{AdminFrame, Section, samples};
use crate::pages::app_words::SHOWN_ONCE;
use crate::pages::parts::Link;
use crate::pages::samples::HOSTILE;
use crate::pages::{Page, Sample};

/// What an app must be told, in two ways to paste it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Names of the specifications, and values.
    pub lines: Vec<(&'static str, String)>,
    /// The same as variables.
    pub environment: String,
}

/// An app was made, or has another secret. Never by redirect, never stored (`no-store`), never in
/// a log: the secret is in no other place. `form-action 'self'`.
#[derive(Clone, Template)]
#[template(path = "admin/app_secret.html")]
pub struct AppSecret {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// "Wiki is connected".
    pub heading: String,
    /// What follows from it: what becomes of the old secret.
    pub text: String,
    /// With the secret, if there is one.
    pub settings: Settings,
    /// There is one.
    pub secret: bool,
    /// The app's page.
    pub app: Link,
}

impl Page for AppSecret {
    const KIND: &'static str = "admin-app-secret";
    const MARKER: &'static str = "app";

    fn samples() -> Vec<Sample<Self>> {
        let made = Self {
            frame: samples::frame(Section::Apps),
            heading: "The app Wiki is connected".to_owned(),
            text: "Paste these settings into it.".to_owned(),
            settings: settings("https://wiki.example.com/callback", true),
            secret: true,
            app: Link::new("/admin/apps/wiki").unwrap_or_else(|| unreachable!()),
        };
        let public = Self {
            settings: settings("https://wiki.example.com/callback", false),
            secret: false,
            ..made.clone()
        };
        let hostile = Self {
            frame: samples::hostile_frame(Section::Apps),
            heading: format!("The app {HOSTILE} is connected"),
            text: HOSTILE.to_owned(),
            settings: settings(HOSTILE, true),
            ..made.clone()
        };
        vec![("made", made), ("public", public), ("hostile", hostile)]
    }
}

/// What the samples of apps share.
pub(super) fn settings(redirect_uri: &str, secret: bool) -> Settings {
    let secret = secret.then(|| ("client_secret", "x".repeat(43)));
    let lines = [("issuer", "https://id.example.com".to_owned())];
    let lines = lines.into_iter().chain(secret);
    Settings {
        lines: lines
            .chain([("redirect_uri", redirect_uri.to_owned())])
            .collect(),
        environment: format!(
            "OIDC_ISSUER=https://id.example.com\nOIDC_REDIRECT_URI={redirect_uri}"
        ),
    }
}
