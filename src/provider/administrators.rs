//! Who may use the admin pages, and when they must prove again who they are.

use std::time::Duration;

use super::Provider;
use super::people::Visitor;
use super::trouble::Trouble;
use crate::session::ending::Actor;

/// How old a proof may be for what ends more than one session or changes a person or an app: a
/// browser that was left open must not be enough.
pub const PROOF_WITHIN: Duration = Duration::from_mins(15);

/// An administrator at a page of ours.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// Who.
    pub visitor: Visitor,
    /// Whether they proved who they are a short while ago ([`PROOF_WITHIN`]).
    pub proven_lately: bool,
}

impl Administrator {
    /// Them, for the audit.
    pub fn actor(&self) -> Actor {
        self.visitor.actor()
    }
}

impl Provider {
    /// The visitor as an administrator. Read from SQL each time: a role that was taken away is
    /// gone at the next request.
    pub async fn administrator(&self, visitor: Visitor) -> Result<Option<Administrator>, Trouble> {
        let person = self.record.user(&visitor.person).await?;
        if !person.is_some_and(|person| person.admin && person.enabled) {
            return Ok(None);
        }
        let age = self.clock.now().since(visitor.auth_time);
        Ok(Some(Administrator {
            proven_lately: age <= PROOF_WITHIN,
            visitor,
        }))
    }
}
