//! "This sign-in can’t go on": the page in place of a redirect that could not be trusted.

use askama::Template;

use super::parts::Link;
use super::samples;
use super::time::{Moment, stamp};
use super::{Page, Sample};

/// What is shown when nobody can be sent back to an app (RFC 6749, 4.1.2.1).
#[derive(Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// What stopped it.
    pub cause: Cause,
    /// The app, if its client id is known.
    pub app: Option<KnownApp>,
    /// The client id of an app that is not known, where that is the address of a document: it says
    /// whose people are to be told.
    pub address: Option<String>,
    /// The start page of the app, from its registration only, never from the request; a page of
    /// ours where the app is not known.
    pub home: Option<Link>,
    /// What the log says too.
    pub reference: String,
    /// When, with the date.
    pub time: Moment,
    /// One line for the people who run the app: "The redirect URI is not registered".
    pub problem: String,
}

/// The app that sent the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownApp {
    /// Its name.
    pub name: String,
    /// Its client id.
    pub client_id: String,
}

/// What stopped a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No such client, or a disabled one.
    UnknownApp,
    /// No redirect URI, or none that is registered.
    UnregisteredAddress,
    /// A request that cannot be read: a parameter twice, too long, not text.
    Malformed,
    /// The app's metadata document cannot be read, or cannot be used.
    Undocumented,
    /// The interaction is over, or was never there.
    Expired,
}

impl ErrorPage {
    fn app_name(&self) -> &str {
        self.app.as_ref().map_or("the app", |app| &app.name)
    }

    fn home_label(&self) -> String {
        match &self.app {
            Some(app) => format!("Open {}", app.name),
            None => "Go to your account".to_owned(),
        }
    }

    fn app_line(&self) -> String {
        match (&self.app, &self.address) {
            (Some(app), _) => format!("{} (client_id {})", app.name, app.client_id),
            (None, Some(address)) => format!("client_id {address}"),
            (None, None) => "unknown".to_owned(),
        }
    }

    fn explanation(&self) -> String {
        let app = self.app.as_ref().map_or("An app", |app| &app.name);
        match self.cause {
            Cause::UnknownApp => {
                "An app that isn’t registered here sent you. To keep you safe, we stopped here."
                    .to_owned()
            }
            Cause::UnregisteredAddress => format!(
                "{app} asked us to send you back to an address that isn’t registered for it. \
                 To keep you safe, we stopped here."
            ),
            Cause::Malformed => format!("{app} sent you with a request that we can’t read."),
            Cause::Undocumented => {
                "The app that sent you describes itself in a document of its own, and we can’t \
                 read that now or can’t use it. To keep you safe, we stopped here."
                    .to_owned()
            }
            Cause::Expired => {
                "This sign-in took too long, or it is finished already. Nothing was lost."
                    .to_owned()
            }
        }
    }

    fn remedy(&self) -> String {
        let app = self.app_name();
        match self.cause {
            Cause::Expired => format!(
                "Open {app} and start over. If you came here by a bookmark, save the address \
                 of the app instead."
            ),
            Cause::UnknownApp
            | Cause::UnregisteredAddress
            | Cause::Malformed
            | Cause::Undocumented => format!(
                "Open {app} again and start over. If you see this page a second time, send the \
                 lines below to the people who run {app}."
            ),
        }
    }
}

impl Page for ErrorPage {
    const KIND: &'static str = "error";
    const MARKER: &'static str = "This sign-in can’t go on";

    fn samples() -> Vec<Sample<Self>> {
        let address = Self {
            cause: Cause::UnregisteredAddress,
            app: Some(KnownApp {
                name: "Wiki".to_owned(),
                client_id: "wiki".to_owned(),
            }),
            address: None,
            home: Link::new("https://wiki.example.com/"),
            reference: samples::REFERENCE.to_owned(),
            time: stamp(samples::NOW),
            problem: "The redirect URI is not registered".to_owned(),
        };
        let without = |cause, problem: &str| Self {
            cause,
            app: None,
            home: None,
            problem: problem.to_owned(),
            ..address.clone()
        };
        vec![
            (
                "unknown-app",
                without(Cause::UnknownApp, "This app is not known here"),
            ),
            (
                "malformed",
                without(Cause::Malformed, "The request repeats a parameter"),
            ),
            (
                "undocumented",
                Self {
                    address: Some("https://app.example/client.json".to_owned()),
                    ..without(
                        Cause::Undocumented,
                        "The app's metadata document can't be used: it is refused for its redirect_uris[0]",
                    )
                },
            ),
            (
                "expired",
                Self {
                    home: Link::new("/account"),
                    ..without(Cause::Expired, "The sign-in is over")
                },
            ),
            (
                "hostile",
                Self {
                    app: Some(KnownApp {
                        name: samples::HOSTILE.to_owned(),
                        client_id: samples::HOSTILE.to_owned(),
                    }),
                    problem: samples::HOSTILE.to_owned(),
                    ..address.clone()
                },
            ),
            ("address", address),
        ]
    }
}
