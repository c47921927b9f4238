//! "You are signed out": the receipts, the frames of front-channel logout, and the way on.

use super::sign_out::LogoutProblem;
use std::time::Duration;

use askama::Template;

use super::parts::{App, Link, in_a_row};
use super::samples;
use super::time::{Moment, moment};
use super::{Page, Sample};

/// The page after a logout.
///
/// Headers: `script-src 'self'`, `connect-src 'self'` (the receipts are fetched anew),
/// `frame-src` with the origins of `frames`, `img-src` with those of the logos. Its own address
/// must answer a GET, without the frames, at `check_again`.
#[derive(Clone, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOut {
    /// Whether it was the session of this browser; else the reader is still signed in here, and
    /// looks after another session of theirs.
    pub here: bool,
    /// When the session ended; none if there was no session.
    pub ended: Option<Moment>,
    /// What of it ended, if not all.
    pub only: Option<OnlyApp>,
    /// Why there is no way back to an app that asked for one.
    pub problem: Option<LogoutProblem>,
    /// What became of each app's notice.
    pub receipts: Vec<Receipt>,
    /// Front-channel logout addresses, `iss` and `sid` included (Front-Channel Logout 1.0, 3).
    pub frames: Vec<Link>,
    /// Where to go from here.
    pub onward: Option<Onward>,
    /// This page once more, with what has become of the notices meanwhile.
    pub check_again: Option<Link>,
}

/// Of a session, only one app was signed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlyApp {
    /// Its name.
    pub name: String,
    /// Whether the session goes on; else it has ended since.
    pub goes_on: bool,
}

/// Where to go from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onward {
    /// `post_logout_redirect_uri` with its `state`, or a page of ours.
    pub link: Link,
    /// "Go back to Wiki".
    pub label: String,
    /// Whether to go by itself as soon as the frames have loaded, or after two and a half seconds.
    pub at_once: bool,
}

/// What became of one app's notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Which app.
    pub app: App,
    /// What became of it.
    pub state: ReceiptState,
}

/// How far a notice has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptState {
    /// The app has answered that it knows.
    Told(Moment),
    /// The first try is under way.
    Telling,
    /// A try failed; more will follow.
    Trying,
    /// Only a frame on this page could tell it (front-channel).
    ThroughBrowser,
    /// Nobody used the session, and the app is not told of such ends.
    Quiet {
        /// When its tokens run out.
        until: Option<Moment>,
    },
    /// The app has no logout address.
    CannotTell {
        /// When its tokens run out.
        until: Option<Moment>,
    },
    /// All tries failed, or the app refused.
    GaveUp,
}

impl SignedOut {
    fn heading(&self) -> String {
        match &self.only {
            Some(only) => format!("You are signed out of {}", only.name),
            None if self.here => "You are signed out".to_owned(),
            None => "You are signed out of that session".to_owned(),
        }
    }

    /// What goes on when only one app was signed out.
    fn rest(&self, only: &OnlyApp) -> &'static str {
        match (only.goes_on, self.here) {
            (true, true) => {
                "You are still signed in to Lanyard on this device, and your other apps go on."
            }
            (true, false) => "That session goes on, and so do its other apps.",
            (false, _) => "The session itself has ended since.",
        }
    }

    fn session(&self) -> &'static str {
        if self.here {
            "Your session on this device"
        } else {
            "It"
        }
    }

    /// The apps that may still let the person in on this device.
    fn untold(&self) -> String {
        if !self.here {
            return String::new();
        }
        let names: Vec<String> = self
            .receipts
            .iter()
            .filter(|receipt| match receipt.state {
                ReceiptState::Told(_) | ReceiptState::Telling | ReceiptState::ThroughBrowser => {
                    false
                }
                ReceiptState::Trying
                | ReceiptState::Quiet { .. }
                | ReceiptState::CannotTell { .. }
                | ReceiptState::GaveUp => true,
            })
            .map(|receipt| receipt.app.name.clone())
            .collect();
        in_a_row(&names)
    }

    fn waits(&self) -> bool {
        let waiting = |receipt: &Receipt| {
            matches!(receipt.state, ReceiptState::Telling | ReceiptState::Trying)
        };
        self.receipts.iter().any(waiting)
    }

    fn has_choices(&self) -> bool {
        self.onward.is_some() || (self.waits() && self.check_again.is_some())
    }
}

impl Page for SignedOut {
    const KIND: &'static str = "signed-out";
    const MARKER: &'static str = "You are signed out";

    fn samples() -> Vec<Sample<Self>> {
        let mixed = sample_mixed();
        let hostile = Self {
            only: Some(OnlyApp {
                name: samples::HOSTILE.to_owned(),
                goes_on: true,
            }),
            receipts: vec![receipt(samples::hostile_app(), ReceiptState::GaveUp)],
            onward: None,
            ..mixed.clone()
        };
        let frames = Self {
            receipts: vec![
                receipt(samples::wiki(), told()),
                receipt(samples::shop(), ReceiptState::Telling),
                receipt(App::named("Chat"), ReceiptState::ThroughBrowser),
            ],
            frames: Link::new("https://chat.example.com/out?iss=i&sid=s")
                .into_iter()
                .collect(),
            onward: sample_back(true),
            ..mixed.clone()
        };
        let nobody = Self {
            ended: None,
            receipts: Vec::new(),
            onward: None,
            check_again: None,
            ..mixed.clone()
        };
        let elsewhere = Self {
            here: false,
            ..mixed.clone()
        };
        let unused = Self {
            receipts: vec![
                receipt(samples::wiki(), told()),
                receipt(
                    samples::shop(),
                    ReceiptState::Quiet {
                        until: Some(in_five_minutes()),
                    },
                ),
            ],
            ..mixed.clone()
        };
        vec![
            ("frames", frames),
            ("nobody", nobody),
            ("elsewhere", elsewhere),
            ("only-app", sample_only(&mixed, true, true)),
            ("only-app-elsewhere", sample_only(&mixed, false, true)),
            ("only-app-over", sample_only(&mixed, true, false)),
            ("unused", unused),
            ("hostile", hostile),
            ("mixed", mixed),
        ]
    }
}

fn told() -> ReceiptState {
    ReceiptState::Told(moment(samples::NOW))
}

fn in_five_minutes() -> Moment {
    moment(samples::NOW + Duration::from_mins(5))
}

const fn receipt(app: App, state: ReceiptState) -> Receipt {
    Receipt { app, state }
}

fn sample_mixed() -> SignedOut {
    let cannot = ReceiptState::CannotTell {
        until: Some(in_five_minutes()),
    };
    SignedOut {
        here: true,
        problem: None,
        ended: Some(moment(samples::NOW)),
        only: None,
        receipts: vec![
            receipt(samples::wiki(), told()),
            receipt(samples::shop(), ReceiptState::Trying),
            receipt(App::named("Calendar"), cannot),
        ],
        frames: Vec::new(),
        onward: sample_back(false),
        check_again: Link::new("/signed-out/sample"),
    }
}

fn sample_only(mixed: &SignedOut, here: bool, goes_on: bool) -> SignedOut {
    SignedOut {
        here,
        only: Some(OnlyApp {
            name: "Wiki".to_owned(),
            goes_on,
        }),
        receipts: vec![receipt(samples::wiki(), ReceiptState::Trying)],
        onward: None,
        ..mixed.clone()
    }
}

fn sample_back(at_once: bool) -> Option<Onward> {
    Link::new("https://wiki.example.com/?state=s").map(|link| Onward {
        link,
        label: "Go back to Wiki".to_owned(),
        at_once,
    })
}
