//! Who has been told about an ended session, app by app.

use std::time::Duration;

use super::Provider;
use super::handles::{SessionCookie, View};
use super::interactions::EndedSession;
use super::people::Visitor;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::SessionId;
use crate::session::ending::Reason;
use crate::session::session::SecretVerdict;
use crate::store::record::{NoticeState, NoticeView, ParticipantRow, reference};

/// How long a browser is told why its session ended.
const EXPLAINED: Duration = Duration::from_hours(30 * 24);

/// Who has been told about an ended session.
#[derive(Clone, Debug)]
pub struct Receipts {
    pub(super) session: SessionId,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What of it ended, if not the whole session.
    pub part: Option<PartReceipt>,
    /// One for each app that was in it, in a fixed order.
    pub apps: Vec<ReceiptView>,
}

/// Of a session, only one app's part ended.
#[derive(Clone, Debug)]
pub struct PartReceipt {
    /// The app's name.
    pub app: String,
    /// Whether the session has ended since.
    pub session_over: bool,
}

impl Receipts {
    /// Whether they are of the very session with which somebody looks.
    pub fn are_of(&self, visitor: &Visitor) -> bool {
        self.session == visitor.session
    }
}

/// What became of one app's notice.
#[derive(Clone, Debug)]
pub struct ReceiptView {
    /// The app's name.
    pub app: String,
    /// What became of it.
    pub told: Told,
}

/// How far a notice has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The app confirmed it.
    At(Timestamp),
    /// The first try is under way.
    NotYetTried,
    /// A try failed; more will follow.
    TryingAgain,
    /// Only the person's browser could carry it (front-channel).
    ByBrowser {
        /// The latest end of its access tokens.
        until: Timestamp,
    },
    /// Every try failed, or the app refused.
    GaveUp,
    /// Nobody used the session, and the app is not told of such ends (`notify_on_idle`).
    Quiet {
        /// The latest end of its access tokens.
        until: Timestamp,
    },
    /// The app has no logout address: its access runs out by itself.
    CannotBe {
        /// The latest end of its access tokens.
        until: Timestamp,
    },
}

impl Provider {
    /// Who has been told about the session that a view cookie names.
    pub async fn receipts(&self, view: &View) -> Result<Option<Receipts>, Trouble> {
        let (id, part) = (view.session, view.part.clone());
        let Some(snapshot) = self.record.load_session(id).await? else {
            return Ok(None);
        };
        let notices = self.record.notices_of(id).await?;
        let mut parts = self.record.participants_of(id).await?;
        let Some(sid) = part else {
            let apps = self.receipts_of(parts, &notices, snapshot.ended).await?;
            return Ok(Some(Receipts {
                session: id,
                ended: snapshot.ended.map(|(at, _)| at),
                part: None,
                apps,
            }));
        };
        parts.retain(|part| part.participant.sid == sid && part.ended.is_some());
        let Some(part) = parts.first() else {
            return Ok(None);
        };
        let ended = part.ended;
        let part = PartReceipt {
            app: part.client_name.clone(),
            session_over: snapshot.ended.is_some(),
        };
        // Somebody signed it out, whoever it was.
        let why = ended.map(|at| (at, Reason::User));
        Ok(Some(Receipts {
            session: id,
            ended,
            part: Some(part),
            apps: self.receipts_of(parts, &notices, why).await?,
        }))
    }

    /// What became of the notice of each app that was in a session when it ended. An app that left
    /// it earlier has nothing to do with its end.
    pub(super) async fn receipts_of(
        &self,
        parts: Vec<ParticipantRow>,
        notices: &[NoticeView],
        ended: Option<(Timestamp, Reason)>,
    ) -> Result<Vec<ReceiptView>, Trouble> {
        let (at, reason) = ended.unzip();
        let mut apps = Vec::new();
        for part in parts
            .into_iter()
            .filter(|part| part.ended.is_none() || part.ended == at)
        {
            let notice = notices
                .iter()
                .find(|notice| notice.sid == part.participant.sid);
            let client = self.client(&part.participant.client).await?;
            let by_browser = client
                .as_ref()
                .is_some_and(|client| client.frontchannel_logout_uri.is_some());
            let until = at.unwrap_or_else(|| self.clock.now())
                + self.tokens_live(&part.participant.client).await?;
            apps.push(ReceiptView {
                app: part.client_name,
                told: match notice {
                    Some(notice) => told(notice),
                    None => unowed(part.can_be_told, by_browser, reason, until),
                },
            });
        }
        Ok(apps)
    }

    /// What became of the session that a browser's cookie names. Only the last holder of its
    /// secret is told, and not for ever.
    pub(super) async fn ended_session(
        &self,
        cookie: Option<&SessionCookie>,
    ) -> Result<Option<EndedSession>, Trouble> {
        let Some(cookie) = cookie else {
            return Ok(None);
        };
        let Some(snapshot) = self.record.load_session(cookie.id).await? else {
            return Ok(None);
        };
        let verdict = snapshot
            .session
            .judge_secret(&cookie.secret, self.clock.now());
        let reference = reference(cookie.id);
        Ok(snapshot
            .ended
            .filter(|_| verdict == SecretVerdict::Current)
            .filter(|(at, _)| self.clock.now() < *at + EXPLAINED)
            .map(|(at, reason)| EndedSession {
                reason,
                at,
                reference,
            }))
    }
}

/// Why an app is owed no notice of an end.
pub(super) fn unowed(
    by_back_channel: bool,
    by_browser: bool,
    reason: Option<Reason>,
    until: Timestamp,
) -> Told {
    if by_back_channel && reason.is_some_and(|reason| !reason.is_told(false)) {
        Told::Quiet { until }
    } else if by_browser {
        Told::ByBrowser { until }
    } else {
        Told::CannotBe { until }
    }
}

/// What became of a notice.
pub(super) fn told(notice: &NoticeView) -> Told {
    match notice.state {
        NoticeState::Delivered => notice.delivered_at.map_or(Told::NotYetTried, Told::At),
        NoticeState::Waiting if notice.attempts <= 1 && notice.problem.is_none() => {
            Told::NotYetTried
        }
        NoticeState::Waiting => Told::TryingAgain,
        NoticeState::Refused | NoticeState::GaveUp => Told::GaveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_app_that_is_owed_nothing_has_its_own_reason() {
        let until = Timestamp::from_secs(1);
        for (back, browser, reason, expected) in [
            (true, false, Some(Reason::Idle), Told::Quiet { until }),
            (true, true, Some(Reason::Idle), Told::Quiet { until }),
            // It has its address since: nothing was kept quiet.
            (
                true,
                false,
                Some(Reason::Lifetime),
                Told::CannotBe { until },
            ),
            (true, false, None, Told::CannotBe { until }),
            (false, true, Some(Reason::Idle), Told::ByBrowser { until }),
            (false, true, Some(Reason::User), Told::ByBrowser { until }),
            (false, false, Some(Reason::Idle), Told::CannotBe { until }),
        ] {
            assert_eq!(unowed(back, browser, reason, until), expected, "{reason:?}");
        }
    }
}
