//! The figures of the overview, kept for some seconds: they count much, and nobody needs them to
//! the moment.

use std::time::Duration;

use tokio::sync::Mutex;

use super::Provider;
use super::trouble::Trouble;
use crate::store::record::Overview;

/// How old the figures may be.
const KEPT: Duration = Duration::from_secs(5);

/// The last answer. Who asks while one is made waits for it: many tabs are one question.
#[derive(Debug, Default)]
pub(super) struct Figures {
    overview: Mutex<Option<Overview>>,
}

impl Provider {
    /// The state of the house, as of five seconds ago at most: it says when.
    pub async fn overview(&self) -> Result<Overview, Trouble> {
        let mut kept = self.overview.overview.lock().await;
        // Asked here, as the wait may have been long.
        let now = self.clock.now();
        if let Some(overview) = &*kept
            && now.since(overview.at) < KEPT
        {
            return Ok(overview.clone());
        }
        let overview = self.record.overview(now).await?;
        *kept = Some(overview.clone());
        Ok(overview)
    }
}
