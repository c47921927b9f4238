//! The clients that metrics tell apart.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::OTHER;

/// So many; each costs some series for as long as the process lives.
pub(super) const MOST: usize = 500;

/// The ones that came first.
#[derive(Debug, Default)]
pub(super) struct Clients(Mutex<HashSet<String>>);

impl Clients {
    /// What a client is called in a label.
    pub(super) fn label(&self, id: &str) -> String {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(id) {
            return id.to_owned();
        }
        if known.len() >= MOST {
            return OTHER.to_owned();
        }
        known.insert(id.to_owned());
        id.to_owned()
    }
}
