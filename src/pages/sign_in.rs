//! "Sign in to …": username and password, for an app or for the account pages.

use std::time::Duration;

use askama::Template;

use super::parts::App;
use super::samples;
use super::time::{Moment, moment, on_day, span};
use super::{Page, Sample};

/// The sign-in page. Its POST may end at an app: no `form-action`; the origin of the app's logo
/// belongs in `img-src`.
#[derive(Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// For which app; none when somebody comes to their account pages.
    pub app: Option<App>,
    /// Whose accounts these are: the host of the issuer.
    pub provider: String,
    /// The host (or private-use scheme) of the redirect URI: what an impostor cannot choose. Empty
    /// without an app.
    pub goes_to: String,
    /// Where the form posts to; it carries the interaction.
    pub action: String,
    /// The anti-forgery token.
    pub csrf: String,
    /// What was typed, or hinted at. Never the password.
    pub username: String,
    /// The name of the person who is signed in and must prove it again.
    pub known: Option<String>,
    /// The offer to stay signed in; none where it is switched off or makes no sense.
    pub remember: Option<Remember>,
    /// What happened before.
    pub notice: SignInNotice,
}

/// The offer to stay signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remember {
    /// For how long at most: "30 days".
    pub span: String,
    /// Whether it is ticked already.
    pub ticked: bool,
}

/// What happened before this page is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInNotice {
    /// Nothing.
    None,
    /// Username and password do not belong together, or there is no such account: the page
    /// never says which of them.
    Mismatch,
    /// Too many tries.
    Throttled {
        /// "40 seconds".
        wait: String,
        /// From when on it makes sense again.
        until: Moment,
    },
    /// Too many sign-ins at once.
    Busy {
        /// "2 seconds".
        wait: String,
    },
    /// The session that this browser had is over.
    Ended {
        /// Why.
        because: EndedBecause,
        /// When.
        at: Moment,
        /// What to tell an administrator.
        reference: Option<String>,
    },
}

/// Why a session ended, as far as its person should read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBecause {
    /// The person did it, perhaps on another device.
    You,
    /// An app did it.
    App,
    /// An administrator did it, or the account was disabled.
    Administrator,
    /// It was not used.
    Idle,
    /// It was as old as a session may become.
    Lifetime,
    /// There were too many.
    Limit,
    /// The password or another credential changed.
    CredentialChange,
    /// Somebody else signed in with this browser.
    Replaced,
    /// Signs of theft, or a rule of the house.
    Safety,
}

impl EndedBecause {
    /// The sentence up to the time.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::You => "You ended this session",
            Self::App => "An app signed you out",
            Self::Administrator => "An administrator ended your session",
            Self::Idle => "You didn’t use your session for a while, so it ended",
            Self::Lifetime => "Your session reached its longest time and ended",
            Self::Limit => "You signed in on more devices than allowed; this session ended",
            Self::CredentialChange => "Your password changed, so this session ended",
            Self::Replaced => "Somebody else signed in with this browser, so your session ended",
            Self::Safety => "To keep you safe, we ended your session",
        }
    }
}

impl SignIn {
    fn destination(&self) -> &str {
        self.app.as_ref().map_or("Lanyard", |app| &app.name)
    }

    fn title_prefix(&self) -> &'static str {
        match self.notice {
            SignInNotice::None | SignInNotice::Ended { .. } => "",
            SignInNotice::Mismatch => "Problem: ",
            SignInNotice::Throttled { .. } | SignInNotice::Busy { .. } => "Please wait: ",
        }
    }

    fn mismatched(&self) -> bool {
        self.notice == SignInNotice::Mismatch
    }

    /// The cursor starts in the first field to fill, but not where waiting comes first: the
    /// alert must be read then.
    fn may_focus(&self) -> bool {
        !matches!(
            self.notice,
            SignInNotice::Throttled { .. } | SignInNotice::Busy { .. }
        )
    }

    fn focus_username(&self) -> bool {
        self.may_focus() && self.username.is_empty()
    }

    fn focus_password(&self) -> bool {
        self.may_focus() && !self.username.is_empty()
    }
}

impl Page for SignIn {
    const KIND: &'static str = "sign-in";
    const MARKER: &'static str = "Sign in to ";

    fn samples() -> Vec<Sample<Self>> {
        let fresh = Self {
            app: Some(samples::wiki()),
            provider: "example.com".to_owned(),
            goes_to: "wiki.example.com".to_owned(),
            action: "/login/sample".to_owned(),
            csrf: samples::CSRF.to_owned(),
            username: String::new(),
            known: None,
            remember: Some(Remember {
                span: span(Duration::from_hours(30 * 24)),
                ticked: false,
            }),
            notice: SignInNotice::None,
        };
        let typed = |notice| Self {
            username: "alice".to_owned(),
            notice,
            ..fresh.clone()
        };
        vec![
            ("error", typed(SignInNotice::Mismatch)),
            ("throttled", typed(sample_throttled())),
            ("busy", typed(sample_busy())),
            (
                "ended",
                Self {
                    notice: sample_ended(),
                    ..fresh.clone()
                },
            ),
            (
                "again",
                Self {
                    known: Some("Alice Moreau".to_owned()),
                    remember: None,
                    ..typed(SignInNotice::None)
                },
            ),
            (
                "direct",
                Self {
                    app: None,
                    goes_to: String::new(),
                    ..fresh.clone()
                },
            ),
            (
                "hostile",
                Self {
                    app: Some(samples::hostile_app()),
                    goes_to: samples::HOSTILE.to_owned(),
                    username: samples::HOSTILE.to_owned(),
                    known: Some(samples::HOSTILE.to_owned()),
                    ..fresh.clone()
                },
            ),
            ("fresh", fresh),
        ]
    }
}

fn sample_throttled() -> SignInNotice {
    let wait = Duration::from_secs(40);
    SignInNotice::Throttled {
        wait: span(wait),
        until: moment(samples::NOW + wait),
    }
}

fn sample_busy() -> SignInNotice {
    SignInNotice::Busy {
        wait: span(Duration::from_secs(2)),
    }
}

fn sample_ended() -> SignInNotice {
    SignInNotice::Ended {
        because: EndedBecause::Administrator,
        at: on_day(samples::NOW, samples::NOW),
        reference: Some(samples::REFERENCE.to_owned()),
    }
}
