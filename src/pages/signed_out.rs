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
    /// The app has no logout address.
    CannotTell {
        /// When its tokens run out.
        until: Option<Moment>,
    },
    /// All tries failed, or the app refused.
    GaveUp,
}

impl SignedOut {
    fn heading(&self) -> &'static str {
        if self.here {
            "You are signed out"
        } else {
            "You are signed out of that session"
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
                ReceiptState::Trying | ReceiptState::CannotTell { .. } | ReceiptState::GaveUp => {
                    true
                }
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
        let told = || ReceiptState::Told(moment(samples::NOW));
        let receipt = |app, state| Receipt { app, state };
        let until = moment(samples::NOW + Duration::from_mins(5));
        let cannot = ReceiptState::CannotTell { until: Some(until) };
        let mixed = Self {
            here: true,
            problem: None,
            ended: Some(moment(samples::NOW)),
            receipts: vec![
                receipt(samples::wiki(), told()),
                receipt(samples::shop(), ReceiptState::Trying),
                receipt(App::named("Calendar"), cannot),
            ],
            frames: Vec::new(),
            onward: sample_back(false),
            check_again: Link::new("/signed-out/sample"),
        };
        let told_all = vec![
            receipt(samples::wiki(), told()),
            receipt(samples::shop(), ReceiptState::Telling),
            receipt(App::named("Chat"), ReceiptState::ThroughBrowser),
        ];
        let hostile = Self {
            receipts: vec![receipt(samples::hostile_app(), ReceiptState::GaveUp)],
            onward: None,
            ..mixed.clone()
        };
        vec![
            (
                "frames",
                Self {
                    receipts: told_all,
                    frames: Link::new("https://chat.example.com/out?iss=i&sid=s")
                        .into_iter()
                        .collect(),
                    onward: sample_back(true),
                    ..mixed.clone()
                },
            ),
            (
                "nobody",
                Self {
                    problem: None,
                    ended: None,
                    receipts: Vec::new(),
                    onward: None,
                    check_again: None,
                    ..mixed.clone()
                },
            ),
            (
                "elsewhere",
                Self {
                    here: false,
                    ..mixed.clone()
                },
            ),
            ("hostile", hostile),
            ("mixed", mixed),
        ]
    }
}

fn sample_back(at_once: bool) -> Option<Onward> {
    Link::new("https://wiki.example.com/?state=s").map(|link| Onward {
        link,
        label: "Go back to Wiki".to_owned(),
        at_once,
    })
}
