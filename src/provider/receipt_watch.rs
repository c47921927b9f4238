//! Receipts as they come: whoever looks at them is told when what their page shows has changed.
//!
//! A watch says only *that* something changed. What it is, the page says that is then fetched: the
//! words and the right to read them stay in one place.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};
use tokio::time::Instant;

use super::Provider;
use super::administrators::Administrator;
use super::handles::View;
use super::live::Lookup;
use super::people::Visitor;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{SessionId, sha256};
use crate::store::record::{NoticeState, NoticeView};

/// Between two looks at the record for one watch, at least; and between two looks at whether it
/// may go on.
const EVERY: Duration = Duration::from_secs(1);
/// What this node did not write itself is looked for this often where no other node delivers: a
/// backstop, as there should be nothing.
const BACKSTOP: Duration = Duration::from_secs(15);
/// How long one watch lasts. A browser opens it again, if its page is still looked at.
const LONGEST: Duration = Duration::from_mins(10);
/// Watches at a time of this node: each may ask the record once a second.
const AT_ONCE: usize = 200;
/// Of these, for one session that looks or is looked at. Browsers open six connections to one host
/// (HTTP/1.1), and pages need some of them.
const OF_ONE: usize = 4;
/// Receipts of this node that a watch may be behind with, before it looks whatever they were.
const BEHIND: usize = 256;

/// The open watches of this node, and what wakes them.
#[derive(Debug)]
pub(super) struct Watches {
    open: Arc<Mutex<HashMap<SessionId, usize>>>,
    written: Sender<SessionId>,
}

impl Default for Watches {
    fn default() -> Self {
        Self {
            open: Arc::default(),
            written: Sender::new(BEHIND),
        }
    }
}

impl Watches {
    /// A receipt of this session was written, by this node.
    pub(super) fn written(&self, session: SessionId) {
        // Nobody may be looking.
        let _ = self.written.send(session);
    }

    /// A place for one watch more, if there is one.
    fn enter(&self, whose: SessionId) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let own = open.get(&whose).copied().unwrap_or(0);
        if all >= AT_ONCE || own >= OF_ONE {
            return None;
        }
        open.insert(whose, own + 1);
        Some(Place {
            whose,
            open: Arc::clone(&self.open),
        })
    }
}

/// One of the bounded places, free again when it is dropped.
#[derive(Debug)]
struct Place {
    whose: SessionId,
    open: Arc<Mutex<HashMap<SessionId, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.whose);
            }
        }
    }
}

/// Why somebody may look. Asked again before each look.
#[derive(Clone, Copy, Debug)]
enum Viewer {
    /// They hold the view cookie, for so long.
    Browser { until: Timestamp },
    /// This session of theirs lives.
    Person(SessionId),
    /// The same, and it is an administrator's.
    Administrator(SessionId),
}

/// What asking for a watch came to.
pub enum Watching {
    /// It is open.
    Open(Box<ReceiptWatch>),
    /// There are too many: look at the page instead.
    Full,
    /// None of these sessions is theirs to look at.
    Nothing,
}

/// Somebody who looks at the receipts of some sessions.
pub struct ReceiptWatch {
    provider: Arc<Provider>,
    viewer: Viewer,
    sessions: Vec<SessionId>,
    written: Receiver<SessionId>,
    /// What the page knows already.
    seen: Option<String>,
    opened: Instant,
    /// When it was last looked whether it may go on.
    checked: Option<Instant>,
    /// When the record was last asked.
    asked: Option<Instant>,
    /// Something was written since.
    due: bool,
    _place: Place,
}

/// What a watch has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptNews {
    /// Nothing in this second.
    None,
    /// The record was asked.
    Asked {
        /// What the receipts now amount to, if that is not what the page knows: an opaque mark.
        changed: Option<String>,
        /// No notice waits any more: nothing can change.
        settled: bool,
    },
    /// It may not go on: too old, or its viewer may not look any more.
    Over,
}

impl ReceiptWatch {
    /// Waits for something to say, a second at most.
    pub async fn next(&mut self) -> ReceiptNews {
        self.pause().await;
        self.checked = Some(Instant::now());
        if self.opened.elapsed() >= LONGEST {
            return ReceiptNews::Over;
        }
        match self.look().await {
            Ok(news) => news,
            // Nothing is said that was not allowed in this second; the next one asks again.
            Err(error) => {
                tracing::debug!(%error, "receipts could not be looked at");
                ReceiptNews::None
            }
        }
    }

    async fn pause(&mut self) {
        let Some(checked) = self.checked else {
            return;
        };
        tokio::select! {
            () = tokio::time::sleep_until(checked + EVERY) => return,
            () = one_of(&mut self.written, &self.sessions) => self.due = true,
        }
        if let Some(asked) = self.asked {
            tokio::time::sleep_until(asked + EVERY).await;
        }
    }

    async fn look(&mut self) -> Result<ReceiptNews, Trouble> {
        if !self.provider.may_watch(self.viewer).await? {
            return Ok(ReceiptNews::Over);
        }
        let pause = if self.provider.hot.is_shared() {
            EVERY
        } else {
            BACKSTOP
        };
        let long_ago = self.asked.is_none_or(|asked| asked.elapsed() >= pause);
        if !long_ago && !self.due {
            return Ok(ReceiptNews::None);
        }
        // Before the answer: what is written meanwhile may be missing from it.
        self.due = false;
        self.asked = Some(Instant::now());
        let notices = self.provider.record.notices_among(&self.sessions).await;
        let notices = notices.inspect_err(|_| self.due = true)?;
        let mark = mark(&notices);
        let changed = (self.seen.as_ref() != Some(&mark)).then(|| mark.clone());
        self.seen = Some(mark);
        let waits = |notice: &NoticeView| notice.state == NoticeState::Waiting;
        Ok(ReceiptNews::Asked {
            changed,
            settled: !notices.iter().any(|(_, notice)| waits(notice)),
        })
    }
}

/// Waits for a receipt of one of these sessions, or until too many came to know.
async fn one_of(written: &mut Receiver<SessionId>, sessions: &[SessionId]) {
    loop {
        match written.recv().await {
            Ok(session) if !sessions.contains(&session) => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// What the receipts amount to, the same on every node. Nothing can be read from it.
fn mark(notices: &[(SessionId, NoticeView)]) -> String {
    let mut text = String::new();
    for (_, notice) in notices {
        let time = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
        let _ = writeln!(
            text,
            "{} {:?} {} {:?} {:?} {:?}",
            notice.sid.as_str(),
            notice.state,
            notice.attempts,
            notice.last_status,
            time(notice.last_attempt_at),
            time(notice.next_at),
        );
    }
    let hash = sha256(text.as_bytes());
    let (half, _) = hash.split_at(16);
    URL_SAFE_NO_PAD.encode(half)
}

impl Provider {
    /// Watches the session that a view cookie names. `seen` is what the page knows already.
    pub fn watch_viewed(&self, view: &View, seen: Option<&str>) -> Watching {
        let viewer = Viewer::Browser { until: view.until };
        self.watch(viewer, view.session, vec![view.session], seen)
    }

    /// Watches those of these sessions that are the visitor's own.
    pub async fn watch_own(
        &self,
        visitor: &Visitor,
        references: &[String],
        seen: Option<&str>,
    ) -> Result<Watching, Trouble> {
        let rows = self.record.sessions_named(references).await?.into_iter();
        let own = rows.filter(|row| row.session.user == visitor.person);
        let ids = own.map(|row| row.session.id).collect();
        let viewer = Viewer::Person(visitor.session);
        Ok(self.watch(viewer, visitor.session, ids, seen))
    }

    /// Watches these sessions, whosever they are.
    pub async fn watch_any(
        &self,
        administrator: &Administrator,
        references: &[String],
        seen: Option<&str>,
    ) -> Result<Watching, Trouble> {
        let own = administrator.visitor.session;
        let rows = self.record.sessions_named(references).await?.into_iter();
        let ids = rows.map(|row| row.session.id).collect();
        Ok(self.watch(Viewer::Administrator(own), own, ids, seen))
    }

    fn watch(
        &self,
        viewer: Viewer,
        whose: SessionId,
        sessions: Vec<SessionId>,
        seen: Option<&str>,
    ) -> Watching {
        if sessions.is_empty() {
            return Watching::Nothing;
        }
        let (Some(place), Some(provider)) = (self.watches.enter(whose), self.me.upgrade()) else {
            return Watching::Full;
        };
        Watching::Open(Box::new(ReceiptWatch {
            written: self.watches.written.subscribe(),
            provider,
            viewer,
            sessions,
            seen: seen.map(ToOwned::to_owned),
            opened: Instant::now(),
            checked: None,
            asked: None,
            due: true,
            _place: place,
        }))
    }

    /// Whether a viewer may still look. By the session and not by its cookie, whose secret may
    /// change meanwhile; and it is no activity: an open page must not keep a session alive.
    async fn may_watch(&self, viewer: Viewer) -> Result<bool, Trouble> {
        let (session, role) = match viewer {
            Viewer::Browser { until } => return Ok(self.clock.now() < until),
            Viewer::Person(session) => (session, false),
            Viewer::Administrator(session) => (session, true),
        };
        Ok(match self.live_session(session, &[]).await? {
            Lookup::Live(live) => live.person.admin || !role,
            Lookup::Ended => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::{ClientId, Entropy, Sid};

    fn notice(state: NoticeState, attempts: i64) -> (SessionId, NoticeView) {
        let view = NoticeView {
            sid: Sid::new("of wiki"),
            client: ClientId::new("wiki"),
            client_name: "Wiki".to_owned(),
            state,
            created_at: Timestamp::from_secs(1),
            attempts,
            last_attempt_at: None,
            last_status: None,
            delivered_at: None,
            next_at: None,
            problem: None,
        };
        (SessionId::from_bytes([1; 16]), view)
    }

    #[test]
    fn a_mark_changes_with_what_became_of_a_notice_and_with_nothing_else() {
        let waiting = notice(NoticeState::Waiting, 1);
        let mut renamed = waiting.clone();
        renamed.1.client_name = "Our wiki".to_owned();
        let one = |notice: &(SessionId, NoticeView)| mark(std::slice::from_ref(notice));
        assert_eq!(one(&waiting), one(&renamed));
        assert_ne!(one(&waiting), one(&notice(NoticeState::Waiting, 2)));
        assert_ne!(one(&waiting), one(&notice(NoticeState::Delivered, 1)));
        assert_ne!(one(&waiting), mark(&[]));
        assert_eq!(one(&waiting).len(), 22, "no room for more than a mark");
    }

    #[test]
    fn places_are_bounded_for_one_and_for_all_and_come_back() {
        let watches = Watches::default();
        let one = SessionId::random(&Entropy::seeded(1));
        let mut places: Vec<_> = (0..OF_ONE).map(|_| watches.enter(one).unwrap()).collect();
        assert!(watches.enter(one).is_none());
        places.pop();
        places.push(watches.enter(one).unwrap());
        let entropy = Entropy::seeded(2);
        while places.len() < AT_ONCE {
            let other = SessionId::random(&entropy);
            places.push(watches.enter(other).unwrap());
        }
        assert!(watches.enter(SessionId::random(&entropy)).is_none());
        places.clear();
        assert!(watches.open.lock().unwrap().is_empty());
        assert!(watches.enter(one).is_some());
    }
}
