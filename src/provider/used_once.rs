//! What lies apart from the hot state of sessions, and what may be used once: proofs of possession
//! (RFC 9449, 11.1) and clients' assertions (RFC 7523, 3).
//!
//! That a mark is absent is believed, unlike anything else of the hot state: SQL knows no marks. So
//! nothing but marks of their own kind may push them out, and then it is known that they were.

use super::Provider;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::Root;
use crate::meters::Meters;
use crate::store::hot::{Check, HotStore, Name, Outcome};

/// Shares of the hot state that sessions cannot take, and that take nothing of theirs.
pub struct Shares {
    /// What anybody may store: interactions, requests that wait.
    pub waiting: HotStore,
    /// Marks of proofs that were used.
    pub used_proofs: HotStore,
    /// Marks of clients' assertions.
    pub used_assertions: HotStore,
}

impl Shares {
    pub(super) fn report_to(&self, meters: &Meters) {
        for store in [&self.waiting, &self.used_proofs, &self.used_assertions] {
            store.report_to(meters.clone());
        }
    }
}

/// What a use is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Of several at once, on whatever nodes, one.
    First,
    Another,
    /// The mark of an earlier one may have been pushed out.
    Unknown,
}

impl Provider {
    /// Marks something as used that is worth nothing from a moment on.
    pub(super) async fn use_once(
        &self,
        share: &HotStore,
        (root, name): (&Root, Name),
        expires: Timestamp,
    ) -> Result<Use, Trouble> {
        let mark = self.put(root, name.clone(), &true, expires);
        let marked = self.commit_in(share, root, vec![Check::Absent(name)], vec![mark]);
        Ok(match marked.await? {
            Outcome::Conflict => Use::Another,
            Outcome::Committed if expires <= share.forgotten_until() => Use::Unknown,
            Outcome::Committed => Use::First,
        })
    }
}
