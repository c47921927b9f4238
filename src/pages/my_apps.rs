//! "Your account", your apps: each with a door that opens it.

use askama::Template;

use super::account::{AccountFrame, Tab};
use super::parts::{App, Link};
use super::samples;
use super::{Page, Sample};

/// The apps that a person can open. `form-action 'self'`; the origins of the logos belong in
/// `img-src`.
#[derive(Clone, Template)]
#[template(path = "my_apps.html")]
pub struct MyApps {
    /// What every account page shows.
    pub frame: AccountFrame,
    /// The apps.
    pub apps: Vec<Door>,
}

/// An app that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// What it looks like.
    pub app: App,
    /// Where it is opened.
    pub link: Link,
    /// The host that this leads to: what an impostor cannot choose.
    pub host: String,
    /// It asks us at once for a sign-in; otherwise its home page opens.
    pub signs_in: bool,
}

impl Page for MyApps {
    const KIND: &'static str = "my-apps";
    const MARKER: &'static str = "Your account";

    fn samples() -> Vec<Sample<Self>> {
        let frame = samples::frame(Tab::Open);
        let link = |text: &str| Link::new(text).unwrap_or_else(|| unreachable!());
        let wiki = Door {
            app: samples::wiki(),
            link: link("https://wiki.example.com/login?iss=https%3A%2F%2Flogin.example.com"),
            host: "wiki.example.com".to_owned(),
            signs_in: true,
        };
        let notes = Door {
            app: samples::notes(),
            link: link("https://notes.example.net/"),
            host: "notes.example.net".to_owned(),
            signs_in: false,
        };
        let hostile = Door {
            app: samples::hostile_app(),
            link: link("https://evil.example/\"onclick=\"alert(1)"),
            host: samples::HOSTILE.to_owned(),
            signs_in: true,
        };
        let page = |frame: AccountFrame, apps| Self { frame, apps };
        vec![
            ("none", page(frame.clone(), Vec::new())),
            (
                "hostile",
                page(samples::hostile_frame(Tab::Open), vec![hostile]),
            ),
            ("two", page(frame, vec![wiki, notes])),
        ]
    }
}
