//! What commands do to the record beside running servers. These follow its logs within half a
//! second: they write the tombstones and tell the apps.

use super::outcome::Failure;
use super::table::plain;
use crate::clock::Clock;
use crate::entropy::UserId;
use crate::identity::user::{LoginKey, User};
use crate::session::ending::{Actor, Reason, Selection, Verb};
use crate::store::record::{Record, RecordError};

/// Who acts here.
pub(super) const ACTOR: Actor = Actor::CommandLine;

/// A person by username, mail address, or id; `where_typed` names the option or argument.
pub(super) async fn person(
    record: &Record,
    where_typed: &str,
    name: &str,
) -> Result<User, Failure> {
    let mut found = record.user_by_login(&LoginKey::new(name)).await?;
    if found.is_none() {
        found = record.user(&UserId::new(name)).await?;
    }
    found.ok_or_else(|| {
        Failure::new(format!(
            "{where_typed}: nobody is called {}; `lanyard user list` shows everybody",
            plain(name)
        ))
    })
}

/// What an end came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EndedHere {
    /// Sessions that lived until now.
    pub(super) sessions: usize,
    /// Apps that are to be told.
    pub(super) notices: u64,
}

/// Ends what lives of a selection, and offline access with it.
pub(super) async fn revoke(
    record: &Record,
    selection: &Selection,
    reason: Reason,
) -> Result<EndedHere, RecordError> {
    let now = Clock::System.now();
    let mut ended = record
        .end(selection, reason, Verb::Revoke, &ACTOR, now)
        .await?;
    if let Some(id) = ended.mass.take() {
        // All of it is refused already; a running server would do the rest too.
        while record.mass_batch(&id).await?.more {}
        let done = record.mass_progress(&id).await?;
        let (parts, notices) = done.map_or((0, 0), |done| (done.end.ended, done.end.notices));
        return Ok(EndedHere {
            sessions: usize::try_from(parts).unwrap_or_default(),
            notices: u64::try_from(notices).unwrap_or_default(),
        });
    }
    Ok(EndedHere {
        sessions: match selection {
            Selection::Client(_) => ended.sessions.len(),
            _ => ended.fresh,
        },
        notices: ended.notices,
    })
}

/// All of a person.
pub(super) const fn all_of(user: UserId) -> Selection {
    Selection::Person { user, except: None }
}

/// So many apps.
pub(super) fn apps(count: u64) -> String {
    match count {
        1 => "1 app is".to_owned(),
        count => format!("{count} apps are"),
    }
}

/// So many sessions.
pub(super) fn sessions(count: usize) -> String {
    match count {
        1 => "1 session".to_owned(),
        count => format!("{count} sessions"),
    }
}
