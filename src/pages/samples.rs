//! What the samples of all pages share.

use super::account::{AccountFrame, Tab};
use super::assets::asset_url;
use super::parts::{App, Link, Notice, Tone};
use crate::clock::Timestamp;

/// 2026-03-12 14:05:02 UTC.
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_773_324_302);
pub(super) const CSRF: &str = "sample-csrf";
pub(super) const REFERENCE: &str = "7QK4-M2XD";
/// What a hostile app or person might call themselves; long, to try the layout too.
pub(super) const HOSTILE: &str =
    "\"><script>alert('x')</script>&amp;{{x}}AVeryLongNameWithoutAnySpacesThatMustBreakSomewhere";

pub(super) fn wiki() -> App {
    App {
        logo: Link::new(&asset_url("wiki.svg")),
        policy: Link::new("https://wiki.example.com/privacy"),
        terms: Link::new("https://wiki.example.com/terms"),
        ..App::named("Wiki")
    }
}

/// An app that nobody registered.
pub(super) fn described() -> App {
    App {
        comes_from: Some("app.example".to_owned()),
        ..App::named("Assistant")
    }
}

pub(super) fn shop() -> App {
    App {
        logo: Link::new(&asset_url("shop.svg")),
        ..App::named("Shop")
    }
}

pub(super) fn notes() -> App {
    App {
        policy: Link::new("https://notes.example.net/privacy"),
        ..App::named("Notes")
    }
}

pub(super) fn hostile_app() -> App {
    App {
        terms: Link::new("https://evil.example/\"onclick=\"alert(1)"),
        comes_from: Some(HOSTILE.to_owned()),
        ..App::named(HOSTILE)
    }
}

pub(super) fn frame(tab: Tab) -> AccountFrame {
    AccountFrame {
        person: "Alice Moreau".to_owned(),
        administrator: false,
        csrf: CSRF.to_owned(),
        tab,
        notice: None,
    }
}

pub(super) fn hostile_frame(tab: Tab) -> AccountFrame {
    AccountFrame {
        person: HOSTILE.to_owned(),
        administrator: true,
        csrf: CSRF.to_owned(),
        tab,
        notice: Some(Notice {
            tone: Tone::Bad,
            title: HOSTILE.to_owned(),
            text: HOSTILE.to_owned(),
            receipts: None,
        }),
    }
}
