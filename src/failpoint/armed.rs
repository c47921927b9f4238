//! What a test may make of a step.

use std::sync::PoisonError;
use std::time::Duration;

use super::{FailPoint, FailPoints};

/// What happens to whoever comes to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The process dies, as by `kill -9`.
    Crash,
    /// It never goes on.
    Stop,
    /// It goes on later.
    Delay(Duration),
}

impl FailPoints {
    /// From now on this happens at a step.
    pub fn set(&self, step: FailPoint, action: Action) {
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        set.insert(step, action);
    }

    /// Nothing happens there any more.
    pub fn clear(&self, step: FailPoint) {
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        set.remove(&step);
    }

    pub(crate) async fn at(&self, step: FailPoint) {
        let action = {
            let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
            set.get(&step).copied()
        };
        match action {
            None => {}
            Some(Action::Crash) => std::process::abort(),
            Some(Action::Stop) => std::future::pending().await,
            Some(Action::Delay(pause)) => tokio::time::sleep(pause).await,
        }
    }
}

impl FailPoint {
    /// The step of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|step| step.name() == name)
    }
}
