//! Plain messages: what happened, then what to do.

use std::time::Duration;

use askama::Template;

use super::parts::Link;
use super::samples;
use super::time::span;
use super::{Page, Sample};

/// A page that only says something.
#[derive(Clone, Template)]
#[template(path = "message.html")]
pub struct Message {
    /// What it says.
    pub kind: MessageKind,
    /// What the log says too.
    pub reference: Option<String>,
    /// Where to go from here.
    pub onward: Option<Link>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// 404.
    NotFound,
    /// 405.
    WrongMethod,
    /// 400: a request that cannot be read.
    Malformed,
    /// 413, 431, or a field beyond its limit.
    TooLarge,
    /// 408: what was sent did not come to its end in time.
    TooSlow,
    /// 403: the form is too old, or another session's (its anti-forgery token does not fit).
    FormExpired,
    /// 403: the form was sent by another site.
    ForeignForm,
    /// 403: not for this person.
    Forbidden,
    /// 429 or 503.
    Unavailable {
        /// `Retry-After`.
        retry: Duration,
    },
    /// 500.
    Broken,
    /// 200: no sign-out of this browser has receipts to show.
    NoReceipts,
}

impl Message {
    /// A message with neither reference nor link.
    pub const fn plain(kind: MessageKind) -> Self {
        Self {
            kind,
            reference: None,
            onward: None,
        }
    }

    fn heading(&self) -> &'static str {
        match self.kind {
            MessageKind::NotFound => "There is nothing here",
            MessageKind::WrongMethod => "This page can’t be opened like that",
            MessageKind::Malformed => "We can’t read this request",
            MessageKind::TooLarge => "That is too much",
            MessageKind::TooSlow => "That took too long",
            MessageKind::FormExpired => "This page has been open too long",
            MessageKind::ForeignForm => "This came from another site",
            MessageKind::Forbidden => "This isn’t for your account",
            MessageKind::Unavailable { .. } => "Please wait a moment",
            MessageKind::Broken => "Something went wrong here",
            MessageKind::NoReceipts => "There is nothing to show",
        }
    }

    fn text(&self) -> String {
        let text = match self.kind {
            MessageKind::NotFound => {
                "No page has this address. Check it, or start from your account."
            }
            MessageKind::WrongMethod => {
                "It is a step of something longer. Go back to where you began and start over."
            }
            MessageKind::Malformed => {
                "Something in it is missing, doubled or broken. Go back and start over."
            }
            MessageKind::TooLarge => {
                "What was sent is larger than we accept. Nothing was changed. Go back, make it \
                 shorter and send it again."
            }
            MessageKind::TooSlow => {
                "What was sent did not arrive in time. Nothing was changed. Go back, check your \
                 connection and send it again."
            }
            MessageKind::FormExpired => {
                "Nothing was changed. Start again, and it will work if your browser keeps cookies."
            }
            MessageKind::ForeignForm => {
                "Another site tried to act in your name. To keep you safe, we did nothing. If it \
                 was you, start again on our own page."
            }
            MessageKind::Forbidden => {
                "You are signed in, but your account may not do this. Nothing was changed."
            }
            MessageKind::Unavailable { retry } => {
                return format!(
                    "We can’t answer right now. Try again in {}. Nothing is lost, and you don’t \
                     have to sign in again.",
                    span(retry)
                );
            }
            MessageKind::Broken => {
                "It isn’t your fault, and we have written it down. Try again; if it stays, tell \
                 the people who run this service."
            }
            MessageKind::NoReceipts => {
                "After a sign-out this page says which apps have been told, for ten minutes, in \
                 the browser that signed out. Here there is no such sign-out."
            }
        };
        text.to_owned()
    }

    const fn onward_label(&self) -> &'static str {
        match self.kind {
            MessageKind::Unavailable { .. } | MessageKind::Broken => "Try again",
            MessageKind::NotFound | MessageKind::Forbidden | MessageKind::NoReceipts => {
                "Go to your account"
            }
            MessageKind::WrongMethod
            | MessageKind::Malformed
            | MessageKind::TooLarge
            | MessageKind::TooSlow
            | MessageKind::FormExpired
            | MessageKind::ForeignForm => "Start again",
        }
    }
}

impl Page for Message {
    const KIND: &'static str = "message";
    /// Each kind has a heading of its own.
    const MARKER: &'static str = "";

    fn samples() -> Vec<Sample<Self>> {
        let retry = Duration::from_secs(2);
        [
            ("not-found", MessageKind::NotFound),
            ("wrong-method", MessageKind::WrongMethod),
            ("malformed", MessageKind::Malformed),
            ("too-large", MessageKind::TooLarge),
            ("too-slow", MessageKind::TooSlow),
            ("form-expired", MessageKind::FormExpired),
            ("foreign-form", MessageKind::ForeignForm),
            ("forbidden", MessageKind::Forbidden),
            ("unavailable", MessageKind::Unavailable { retry }),
            ("broken", MessageKind::Broken),
            ("no-receipts", MessageKind::NoReceipts),
        ]
        .into_iter()
        .map(|(name, kind)| {
            let reference = (kind == MessageKind::Broken).then(|| samples::REFERENCE.to_owned());
            let onward = Link::new("/account");
            (
                name,
                Self {
                    kind,
                    reference,
                    onward,
                },
            )
        })
        .collect()
    }
}
