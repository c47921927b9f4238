//! What has just been done to a person, said on the page that comes next.
//!
//! Anybody can write such a link: what it says is said only where it is so, and whom it would have
//! told is shown by the page of receipts alone.

use super::links;
use super::route::Call;
use super::session_ends::{receipts_asked, receipts_query, told_address};
use crate::entropy::UserId;
use crate::identity::user::User;
use crate::pages::parts::{Link, Notice, Tone, counted};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Saved,
    /// And the new address is not marked as verified.
    SavedUnverified,
    Enabled,
    Disabled,
    Deleted,
    Promoted,
    Demoted,
    PasswordSet,
}

impl Outcome {
    const ALL: [Self; 9] = [
        Self::Created,
        Self::Saved,
        Self::SavedUnverified,
        Self::Enabled,
        Self::Disabled,
        Self::Deleted,
        Self::Promoted,
        Self::Demoted,
        Self::PasswordSet,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Saved => "saved",
            Self::SavedUnverified => "saved-unverified",
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::Promoted => "promoted",
            Self::Demoted => "demoted",
            Self::PasswordSet => "password-set",
        }
    }

    /// Whether it can be so.
    const fn fits(self, user: Option<&User>) -> bool {
        match (self, user) {
            (Self::Deleted, None)
            | (Self::Created | Self::Saved | Self::SavedUnverified, Some(_)) => true,
            (Self::Deleted, Some(_)) | (_, None) => false,
            (Self::Enabled, Some(user)) => user.enabled,
            (Self::Disabled, Some(user)) => !user.enabled,
            (Self::Promoted, Some(user)) => user.admin,
            (Self::Demoted, Some(user)) => !user.admin,
            (Self::PasswordSet, Some(user)) => user.must_change_password,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Created => "The account is there",
            Self::Saved | Self::SavedUnverified => "What you changed is saved",
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::Deleted => "The person is deleted",
            Self::Promoted => "Now an administrator",
            Self::Demoted => "Not an administrator any more",
            Self::PasswordSet => "The temporary password is set",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Created => "Tell them their username and the temporary password.",
            Self::Saved => "Apps see it when they next ask.",
            Self::SavedUnverified => {
                "The new email address isn’t marked as verified. Edit once more if you know that \
                 it is theirs."
            }
            Self::Enabled => "They may sign in again. What they had before does not come back.",
            Self::Disabled => "They can’t sign in any more.",
            Self::Deleted => "Their username and email address are free for others.",
            Self::Promoted => "They can use these pages from now on.",
            Self::Demoted => "Their sessions go on, and they sign in to apps as before.",
            Self::PasswordSet => "They must change it when they next sign in.",
        }
    }

    /// Whether sessions end with it.
    const fn ends_sessions(self) -> bool {
        matches!(self, Self::Disabled | Self::Deleted | Self::PasswordSet)
    }
}

/// Where it is said: the person's page; where they are gone, the list.
pub(super) fn address(person: &UserId, outcome: Outcome, ended: &[String]) -> String {
    let page = match outcome {
        Outcome::Deleted => None,
        _ => links::person(person),
    };
    let page = page.map_or_else(|| "/admin/people".to_owned(), |page| page.to_string());
    let receipts = receipts_query(ended).map(|query| format!("&{query}"));
    let receipts = receipts.unwrap_or_default();
    format!("{page}?done={}{receipts}", outcome.word())
}

/// On a person's page.
pub(super) fn of(call: &Call, user: &User) -> Option<Notice> {
    said(call, Some(user))
}

/// On the list.
pub(super) fn of_somebody_gone(call: &Call) -> Option<Notice> {
    said(call, None)
}

fn said(call: &Call, user: Option<&User>) -> Option<Notice> {
    let word = call.query.get("done")?;
    let mut all = Outcome::ALL.into_iter();
    let outcome = all.find(|outcome| outcome.word() == word && outcome.fits(user))?;
    let (ended, more) = receipts_asked(&call.query);
    let count = ended.len().saturating_add(more);
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let sessions = match (outcome.ends_sessions(), count) {
        (false, _) => String::new(),
        (true, 0) => "No session was live. ".to_owned(),
        (true, _) => format!("{} ended. ", counted(count, "session", "sessions")),
    };
    let receipts = told_address(&ended, more).filter(|_| outcome.ends_sessions());
    Some(Notice {
        tone: Tone::Ok,
        title: outcome.title().to_owned(),
        text: format!("{sessions}{}", outcome.text()),
        receipts: receipts.and_then(|address| Link::new(&address)),
    })
}
