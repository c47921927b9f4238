//! "Connect a device": type its code, see what would be connected, and say yes or no (RFC 8628).

use std::time::Duration;

use askama::Template;

use super::consent::Permission;
use super::parts::App;
use super::samples;
use super::scope_words::Shown;
use super::time::{Moment, moment, on_day, span};
use super::{Page, Sample};
use crate::protocol::custom_claims::CustomClaims;

/// Where the code of a device is typed.
#[derive(Clone, Template)]
#[template(path = "device_code.html")]
pub struct DeviceCode {
    /// What stands in the field.
    pub code: String,
    /// What happened before.
    pub notice: CodeNotice,
}

/// What happened before somebody types a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeNotice {
    /// Nothing.
    None,
    /// It is no good. The page never says whether it was wrong, has expired or was used.
    NoSuchCode,
    /// Too many wrong ones.
    Throttled {
        /// "40 seconds".
        wait: String,
        /// From when on it makes sense again.
        until: Moment,
    },
}

impl DeviceCode {
    fn title_prefix(&self) -> &'static str {
        match self.notice {
            CodeNotice::None => "",
            CodeNotice::NoSuchCode => "Problem: ",
            CodeNotice::Throttled { .. } => "Please wait: ",
        }
    }

    fn wrong(&self) -> bool {
        self.notice == CodeNotice::NoSuchCode
    }

    /// Where waiting comes first, the alert must be read.
    fn may_focus(&self) -> bool {
        !matches!(self.notice, CodeNotice::Throttled { .. })
    }
}

impl Page for DeviceCode {
    const KIND: &'static str = "device-code";
    const MARKER: &'static str = "Connect a device";

    fn samples() -> Vec<Sample<Self>> {
        let empty = Self {
            code: String::new(),
            notice: CodeNotice::None,
        };
        let wait = Duration::from_secs(40);
        let throttled = CodeNotice::Throttled {
            wait: span(wait),
            until: moment(samples::NOW + wait),
        };
        vec![
            (
                "filled",
                Self {
                    code: SAMPLE_CODE.to_owned(),
                    ..empty.clone()
                },
            ),
            (
                "wrong",
                Self {
                    code: SAMPLE_CODE.to_owned(),
                    notice: CodeNotice::NoSuchCode,
                },
            ),
            (
                "hostile",
                Self {
                    code: samples::HOSTILE.to_owned(),
                    notice: CodeNotice::NoSuchCode,
                },
            ),
            (
                "throttled",
                Self {
                    notice: throttled,
                    ..empty.clone()
                },
            ),
            ("empty", empty),
        ]
    }
}

/// "Connect this device?" The origin of the app's logo belongs in `img-src`.
#[derive(Clone, Template)]
#[template(path = "device_confirm.html")]
pub struct DeviceConfirm {
    /// What the device runs.
    pub app: App,
    /// Nobody of the house made it: its name and picture are its own words.
    pub stranger: bool,
    /// Who is asked.
    pub person: String,
    /// What is asked for.
    pub permissions: Vec<Permission>,
    /// To compare with the device.
    pub code: String,
    /// What the device seems to be.
    pub device: String,
    /// Where it is.
    pub network: String,
    /// When it asked.
    pub asked: Moment,
    /// The anti-forgery token.
    pub csrf: String,
}

impl Page for DeviceConfirm {
    const KIND: &'static str = "device-confirm";
    const MARKER: &'static str = "on a device?";

    fn samples() -> Vec<Sample<Self>> {
        let shown = Shown {
            name: "Alice Moreau".to_owned(),
            email: Some("alice.moreau@example.com".to_owned()),
            ..Shown::default()
        };
        let words = |scopes: &[&str]| {
            let none = CustomClaims::default();
            let each = scopes.iter();
            each.map(|scope| Permission::for_scope(scope, &shown, &none))
                .collect::<Vec<_>>()
        };
        let full = Self {
            app: samples::notes(),
            person: shown.name.clone(),
            permissions: words(&["profile", "email", "offline_access"]),
            code: SAMPLE_CODE.to_owned(),
            device: "A device with Linux".to_owned(),
            network: "Network 192.0.2.0/24".to_owned(),
            stranger: false,
            asked: on_day(samples::NOW, samples::NOW),
            csrf: samples::CSRF.to_owned(),
        };
        vec![
            (
                "elsewhere",
                Self {
                    permissions: words(&["openid"]),
                    device: "An unknown device".to_owned(),
                    stranger: true,
                    ..full.clone()
                },
            ),
            (
                "hostile",
                Self {
                    app: samples::hostile_app(),
                    person: samples::HOSTILE.to_owned(),
                    permissions: words(&[samples::HOSTILE]),
                    code: samples::HOSTILE.to_owned(),
                    device: samples::HOSTILE.to_owned(),
                    network: samples::HOSTILE.to_owned(),
                    ..full.clone()
                },
            ),
            ("full", full),
        ]
    }
}

/// What became of it.
#[derive(Clone, Template)]
#[template(path = "device_done.html")]
pub struct DeviceDone {
    /// The app on the device.
    pub app: App,
    /// What the person said.
    pub allowed: bool,
}

impl DeviceDone {
    const fn heading(&self) -> &'static str {
        if self.allowed {
            "Go back to your device"
        } else {
            "Nothing was connected"
        }
    }
}

impl Page for DeviceDone {
    const KIND: &'static str = "device-done";
    const MARKER: &'static str = "";

    fn samples() -> Vec<Sample<Self>> {
        let sample = |app: App, allowed| Self { app, allowed };
        vec![
            ("allowed", sample(samples::notes(), true)),
            ("denied", sample(samples::notes(), false)),
            ("hostile", sample(samples::hostile_app(), true)),
        ]
    }
}

const SAMPLE_CODE: &str = "BCDF-GHJK";
