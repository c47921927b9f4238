//! Who has been told about an ended session, app by app.

use std::time::Duration;

use super::Provider;
use super::handles::{SessionCookie, View};
use super::interactions::EndedSession;
use super::token::ACCESS_TOKEN;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::session::session::SecretVerdict;
use crate::store::record::{NoticeState, NoticeView, ParticipantRow, reference};

/// How long a browser is told why its session ended.
const EXPLAINED: Duration = Duration::from_hours(30 * 24);

/// Who has been told about an ended session.
#[derive(Clone, Debug)]
pub struct Receipts {
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// One for each app that was in it, in a fixed order.
    pub apps: Vec<ReceiptView>,
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
    /// The app has no logout address: its access runs out by itself.
    CannotBe {
        /// The latest end of its access tokens.
        until: Timestamp,
    },
}

impl Provider {
    /// Who has been told about the session that a view cookie names.
    pub async fn receipts(&self, view: &View) -> Result<Option<Receipts>, Trouble> {
        let id = view.session;
        let Some(snapshot) = self.record.load_session(id).await? else {
            return Ok(None);
        };
        let ended = snapshot.ended.map(|(at, _)| at);
        let notices = self.record.notices_of(id).await?;
        let parts = self.record.participants_of(id).await?;
        let apps = self.receipts_of(parts, &notices, ended).await?;
        Ok(Some(Receipts { ended, apps }))
    }

    /// What became of the notice of each app that was in a session when it ended. An app that left
    /// it earlier has nothing to do with its end.
    pub(super) async fn receipts_of(
        &self,
        parts: Vec<ParticipantRow>,
        notices: &[NoticeView],
        ended: Option<Timestamp>,
    ) -> Result<Vec<ReceiptView>, Trouble> {
        let mut apps = Vec::new();
        for part in parts
            .into_iter()
            .filter(|part| part.ended.is_none() || part.ended == ended)
        {
            let notice = notices
                .iter()
                .find(|notice| notice.sid == part.participant.sid);
            let client = self.client(&part.participant.client).await?;
            let by_browser = client
                .as_ref()
                .is_some_and(|client| client.frontchannel_logout_uri.is_some());
            let until = ended.unwrap_or_else(|| self.clock.now()) + ACCESS_TOKEN;
            apps.push(ReceiptView {
                app: part.client_name,
                told: told(notice, by_browser, until),
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

/// What became of a notice, or why there is none.
pub(super) fn told(notice: Option<&NoticeView>, by_browser: bool, until: Timestamp) -> Told {
    let Some(notice) = notice else {
        return if by_browser {
            Told::ByBrowser { until }
        } else {
            Told::CannotBe { until }
        };
    };
    match notice.state {
        NoticeState::Delivered => notice.delivered_at.map_or(Told::NotYetTried, Told::At),
        NoticeState::Waiting if notice.attempts <= 1 && notice.problem.is_none() => {
            Told::NotYetTried
        }
        NoticeState::Waiting => Told::TryingAgain,
        NoticeState::Refused | NoticeState::GaveUp => Told::GaveUp,
    }
}
