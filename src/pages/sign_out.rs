//! "Sign out?": asked when nothing proves that the person wants it (RP-Initiated Logout 1.0, 2).

use askama::Template;

use super::parts::in_a_row;
use super::samples;
use super::{Page, Sample};

/// The logout question. Its POST may end at an app: no `form-action`.
#[derive(Clone, Template)]
#[template(path = "sign_out.html")]
pub struct SignOut {
    /// Who is signed in.
    pub person: String,
    /// The apps that will be told.
    pub apps: Vec<String>,
    /// Why there is no way back to an app.
    pub problem: Option<LogoutProblem>,
    /// Where the form posts to.
    pub action: String,
    /// The anti-forgery token.
    pub csrf: String,
    /// Sealed: where to go afterwards. Empty: nowhere.
    pub return_to: String,
    /// The app that may be signed out alone.
    pub app_alone: Option<AppAlone>,
}

/// An app that may be signed out alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppAlone {
    /// Its client id, for the form.
    pub client: String,
    /// Its name.
    pub name: String,
}

/// Why a logout request cannot lead back, even when it is confirmed: a redirect without a valid
/// hint and an exactly registered address would be an open one (RP-Initiated Logout 1.0, 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutProblem {
    /// `post_logout_redirect_uri` is not registered for the client.
    UnregisteredAddress,
    /// `id_token_hint` is not one of ours, or names another client than `client_id`.
    BadHint,
    /// An address, but nothing that says which client asks.
    UnknownApp,
    /// A parameter twice, or one that can't be read.
    Malformed,
}

impl LogoutProblem {
    /// What happened.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::UnregisteredAddress => {
                "The app asked us to send you on to an address that isn’t registered for it."
            }
            Self::BadHint => "The app sent a proof of your sign-in that we didn’t issue.",
            Self::UnknownApp => "We can’t tell which app sent you.",
            Self::Malformed => "The app sent a request that we can’t read.",
        }
    }
}

impl SignOut {
    fn count(&self) -> String {
        match self.apps.len() {
            1 => "1 app".to_owned(),
            count => format!("{count} apps"),
        }
    }

    fn names(&self) -> String {
        in_a_row(&self.apps)
    }
}

impl Page for SignOut {
    const KIND: &'static str = "sign-out";
    const MARKER: &'static str = "Sign out?";

    fn samples() -> Vec<Sample<Self>> {
        let three = Self {
            person: "Alice Moreau".to_owned(),
            apps: ["Wiki", "Shop", "Calendar"].map(str::to_owned).into(),
            problem: None,
            action: "/oauth2/logout/sample".to_owned(),
            csrf: samples::CSRF.to_owned(),
            return_to: String::new(),
            app_alone: None,
        };
        let alone = |name: &str| {
            Some(AppAlone {
                client: name.to_owned(),
                name: name.to_owned(),
            })
        };
        let with = |problem| Self {
            problem: Some(problem),
            ..three.clone()
        };
        vec![
            ("address", with(LogoutProblem::UnregisteredAddress)),
            ("hint", with(LogoutProblem::BadHint)),
            ("unknown-app", with(LogoutProblem::UnknownApp)),
            (
                "no-apps",
                Self {
                    apps: Vec::new(),
                    ..three.clone()
                },
            ),
            (
                "hostile",
                Self {
                    person: samples::HOSTILE.to_owned(),
                    apps: vec![samples::HOSTILE.to_owned()],
                    app_alone: alone(samples::HOSTILE),
                    ..three.clone()
                },
            ),
            (
                "app-alone",
                Self {
                    app_alone: alone("Wiki"),
                    ..three.clone()
                },
            ),
            ("three-apps", three),
        ]
    }
}
