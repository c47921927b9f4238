//! "Confirm it's you", before what needs a fresh proof.

use askama::Template;

use super::{AdminFrame, Section, samples};
use crate::pages::parts::Link;
use crate::pages::samples::HOSTILE;
use crate::pages::{Page, Sample};

/// A form that waits for a fresh proof. `form-action 'self'`, 403.
#[derive(Clone, Template)]
#[template(path = "admin/confirm.html")]
pub struct Confirm {
    /// What every admin page shows.
    pub frame: AdminFrame,
    /// Where the form goes.
    pub action: Link,
    /// What was typed, without passwords.
    pub fields: Vec<(String, String)>,
}

/// After the proof, in a tab of its own.
#[derive(Clone, Template)]
#[template(path = "admin/confirmed.html")]
pub struct Confirmed {
    /// What every admin page shows.
    pub frame: AdminFrame,
}

impl Page for Confirm {
    const KIND: &'static str = "admin-confirm";
    const MARKER: &'static str = "First, confirm it’s you";

    fn samples() -> Vec<Sample<Self>> {
        let of = |frame, name: &str| Self {
            frame,
            action: Link::new("/admin/sessions/end").unwrap_or_else(|| unreachable!()),
            fields: vec![(name.to_owned(), name.to_owned())],
        };
        vec![
            ("waits", of(samples::frame(Section::None), "session")),
            (
                "hostile",
                of(samples::hostile_frame(Section::None), HOSTILE),
            ),
        ]
    }
}

impl Page for Confirmed {
    const KIND: &'static str = "admin-confirmed";
    const MARKER: &'static str = "Thanks, it’s you";

    fn samples() -> Vec<Sample<Self>> {
        vec![(
            "done",
            Self {
                frame: samples::frame(Section::None),
            },
        )]
    }
}
