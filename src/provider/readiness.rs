//! Whether this node can judge sessions now, and if not, why.

use super::Provider;
use crate::protocol::client::SigningAlg;

/// What was looked at. The words are for anybody who asks: they name no host and no value, and say
/// nothing of the errors of drivers, which are in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Each check by its name, with the reason if it failed.
    pub checks: [(&'static str, Option<String>); 4],
}

impl Readiness {
    /// Whether nothing failed.
    pub fn is_ready(&self) -> bool {
        self.checks.iter().all(|(_, reason)| reason.is_none())
    }
}

impl Provider {
    /// Looks at everything that a request with a session needs.
    pub async fn readiness(&self) -> Readiness {
        let (record, hot) = tokio::join!(self.record.changes_head(), self.hot.lives(&self.node));
        Readiness {
            checks: [
                ("record", failed("record", record)),
                ("hot_state", failed("hot state", hot)),
                ("ends_log", self.ends_not_followed()),
                ("keys", self.key_missing()),
            ],
        }
    }

    fn ends_not_followed(&self) -> Option<String> {
        let age = self.ends.age();
        (age > self.settings.outage_tolerance)
            .then(|| format!("the ends log was read {} seconds ago", age.as_secs()))
    }

    fn key_missing(&self) -> Option<String> {
        SigningAlg::ALWAYS
            .into_iter()
            .find(|alg| self.signing_key(*alg).is_err())
            .map(|alg| format!("there is no signing key for {}", alg.as_str()))
    }
}

fn failed<T, E: std::fmt::Display>(what: &str, answer: Result<T, E>) -> Option<String> {
    let error = answer.err()?;
    tracing::warn!(%error, "the {what} does not answer");
    Some("it does not answer".to_owned())
}
