//! The relying party's own sessions: who is signed in, and how a session ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Timestamp;

use super::claim::Claim;
use super::shelf::Shelf;

const LIFE: Duration = Duration::from_hours(24);
const MOST: usize = 10_000;

/// Who is signed in, by a verified ID token.
pub(super) struct Person {
    pub(super) subject: String,
    /// The session at the provider, as this app knows it (Back-Channel Logout 1.0, 2.1).
    pub(super) sid: Option<String>,
    pub(super) name: String,
    pub(super) claims: Vec<Claim>,
    /// The ID token as it came: the `id_token_hint` of a sign-out.
    pub(super) id_token: String,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndedBy {
    Here,
    BackChannel,
    FrontChannel,
}

/// That a session ended: when, which, how.
#[derive(Clone)]
pub(super) struct Ended {
    pub(super) at: Timestamp,
    pub(super) sid: Option<String>,
    pub(super) by: EndedBy,
}

/// What is known of a browser's session.
#[derive(Clone)]
pub(super) enum Visit {
    SignedIn(Arc<Person>),
    Ended(Ended),
}

/// Which sessions a logout names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Sid(String),
    Subject(String),
}

impl Named {
    fn matches(&self, person: &Person) -> bool {
        match self {
            Self::Sid(sid) => person.sid.as_ref() == Some(sid),
            Self::Subject(subject) => &person.subject == subject,
        }
    }
}

/// All sessions, and a bell that rings at every end.
pub(super) struct Visits {
    kept: Mutex<Kept>,
    bell: watch::Sender<()>,
}

struct Kept {
    visits: Shelf<Visit>,
    /// The `sid`s that logout tokens named. One may come before its sign-in was finished here;
    /// a `sid` is never used again, so it stays ended.
    ended_sids: Shelf<Timestamp>,
}

impl Visits {
    pub(super) fn new() -> Self {
        let kept = Kept {
            visits: Shelf::new(LIFE, MOST),
            ended_sids: Shelf::new(LIFE, MOST),
        };
        Self {
            kept: Mutex::new(kept),
            bell: watch::Sender::new(()),
        }
    }

    /// Begins a session, unless the provider has ended it already.
    pub(super) fn begin(&self, id: String, person: Person, now: Timestamp) {
        let mut kept = self.lock();
        let sid = person.sid.as_deref();
        let ended_at = sid.and_then(|sid| kept.ended_sids.get(sid, now)).copied();
        let visit = match ended_at {
            Some(at) => Visit::Ended(Ended {
                at,
                sid: person.sid,
                by: EndedBy::BackChannel,
            }),
            None => Visit::SignedIn(Arc::new(person)),
        };
        kept.visits.put(id, visit, now);
    }

    pub(super) fn get(&self, id: &str, now: Timestamp) -> Option<Visit> {
        self.lock().visits.get(id, now).cloned()
    }

    /// Drops what was known: another sign-in in the same browser takes its place.
    pub(super) fn forget(&self, id: &str, now: Timestamp) {
        if self.lock().visits.take(id, now).is_some() {
            self.bell.send_replace(());
        }
    }

    /// The person signs out here. Returns who that was.
    pub(super) fn end_here(&self, id: &str, now: Timestamp) -> Option<Arc<Person>> {
        let mut kept = self.lock();
        let visit = kept.visits.get_mut(id, now)?;
        let Visit::SignedIn(person) = visit else {
            return None;
        };
        let person = Arc::clone(person);
        let sid = person.sid.clone();
        *visit = Visit::Ended(Ended {
            at: now,
            sid,
            by: EndedBy::Here,
        });
        drop(kept);
        self.bell.send_replace(());
        Some(person)
    }

    /// A logout token says that sessions ended. It holds for a sign-in that is still under way too.
    pub(super) fn end_by_token(&self, named: &Named, now: Timestamp) {
        if let Named::Sid(sid) = named {
            self.lock().ended_sids.put(sid.clone(), now, now);
        }
        self.end(named, EndedBy::BackChannel, now);
    }

    /// The provider's logout page says so in an iframe. Anybody can send that, who knows the `sid`.
    pub(super) fn end_by_frame(&self, sid: String, now: Timestamp) {
        self.end(&Named::Sid(sid), EndedBy::FrontChannel, now);
    }

    /// Rings at every end.
    pub(super) fn bell(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    fn end(&self, named: &Named, by: EndedBy, now: Timestamp) {
        for visit in self.lock().visits.all_mut() {
            match visit {
                Visit::SignedIn(person) if named.matches(person) => {
                    let sid = person.sid.clone();
                    *visit = Visit::Ended(Ended { at: now, sid, by });
                }
                Visit::SignedIn(_) | Visit::Ended(_) => {}
            }
        }
        self.bell.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn person(subject: &str, sid: Option<&str>) -> Person {
        Person {
            subject: subject.to_owned(),
            sid: sid.map(str::to_owned),
            name: "Alice".to_owned(),
            claims: Vec::new(),
            id_token: String::new(),
        }
    }

    fn how(visits: &Visits, id: &str) -> Option<EndedBy> {
        match visits.get(id, NOW) {
            Some(Visit::Ended(ended)) => Some(ended.by),
            Some(Visit::SignedIn(_)) | None => None,
        }
    }

    fn three() -> Visits {
        let visits = Visits::new();
        visits.begin("one".to_owned(), person("alice", Some("s1")), NOW);
        visits.begin("two".to_owned(), person("alice", Some("s2")), NOW);
        visits.begin("three".to_owned(), person("bob", None), NOW);
        visits
    }

    #[test]
    fn a_sid_ends_one_session_and_a_subject_all_of_a_person() {
        let visits = three();
        visits.end_by_token(&Named::Sid("s1".to_owned()), NOW);
        let all = ["one", "two", "three"];
        assert_eq!(
            all.map(|id| how(&visits, id)),
            [Some(EndedBy::BackChannel), None, None]
        );
        visits.end_by_token(&Named::Subject("alice".to_owned()), NOW);
        assert_eq!(how(&visits, "two"), Some(EndedBy::BackChannel));
        assert_eq!(how(&visits, "three"), None);
    }

    #[test]
    fn a_token_before_the_sign_in_holds_and_a_frame_does_not() {
        let visits = Visits::new();
        visits.end_by_token(&Named::Sid("s1".to_owned()), NOW);
        visits.end_by_frame("s2".to_owned(), NOW);
        visits.begin("one".to_owned(), person("alice", Some("s1")), NOW);
        visits.begin("two".to_owned(), person("alice", Some("s2")), NOW);
        assert_eq!(how(&visits, "one"), Some(EndedBy::BackChannel));
        assert!(matches!(visits.get("two", NOW), Some(Visit::SignedIn(_))));
    }

    #[test]
    fn the_bell_rings_at_an_end() {
        let visits = three();
        let bell = visits.bell();
        assert!(!bell.has_changed().unwrap());
        assert!(visits.end_here("one", NOW).is_some());
        assert!(bell.has_changed().unwrap());
        assert!(visits.end_here("one", NOW).is_none());
        assert_eq!(how(&visits, "one"), Some(EndedBy::Here));
    }
}
