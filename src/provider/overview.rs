//! The figures of the overview, kept for some seconds: they count much, and nobody needs them to
//! the moment.

use std::time::Duration;

use tokio::sync::Mutex;

use super::Provider;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::store::record::{LiveCount, Overview};

const KEPT: Duration = Duration::from_secs(10);

/// The last answers. Who asks while one is made waits for it: many tabs are one question.
#[derive(Debug, Default)]
pub(super) struct Figures {
    live: Mutex<Option<(Timestamp, LiveCount)>>,
    overview: Mutex<Option<Overview>>,
}

impl Provider {
    /// Who is signed in, as of ten seconds ago at most.
    pub async fn live_count(&self) -> Result<LiveCount, Trouble> {
        let now = self.clock.now();
        let mut kept = self.figures.live.lock().await;
        if let Some((at, count)) = *kept
            && now.since(at) < KEPT
        {
            return Ok(count);
        }
        let count = self.record.count_live(now).await?;
        *kept = Some((now, count));
        Ok(count)
    }

    /// The state of the house, as of ten seconds ago at most: it says when.
    pub async fn overview(&self) -> Result<Overview, Trouble> {
        let now = self.clock.now();
        let mut kept = self.figures.overview.lock().await;
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
