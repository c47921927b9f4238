//! How things stand, for whoever scrapes the metrics. Scraping must be cheap, however many do it.

use std::time::Duration;

use tokio::sync::Mutex;

use super::Provider;
use crate::clock::Timestamp;
use crate::meters::{Figures, Recorded};
use crate::store::record::RecordFigures;

/// How long what the record says is good enough; also that it did not answer.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// What the record said last, and when. One asks, the others wait for its answer.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Option<(Timestamp, Option<Recorded>)>>);

impl Provider {
    /// How things stand; of the record, at most five seconds ago.
    pub async fn figures(&self) -> Figures {
        Figures {
            recorded: self.recorded().await,
            hashes: self.hashing.load(),
            ends_log_age: self.ends.age(),
        }
    }

    async fn recorded(&self) -> Option<Recorded> {
        let now = self.clock.now();
        let mut kept = self.figures.0.lock().await;
        // A clock that was put back makes what is kept older, not newer.
        if let Some((at, recorded)) = *kept
            && at <= now
            && now < at + GOOD_FOR
        {
            return recorded;
        }
        let recorded = match self.record.figures(now).await {
            Ok(figures) => Some(recorded(figures, now)),
            Err(error) => {
                tracing::warn!(%error, "the metrics lack what the record says");
                None
            }
        };
        *kept = Some((now, recorded));
        recorded
    }
}

fn recorded(figures: RecordFigures, now: Timestamp) -> Recorded {
    let number = |number| u64::try_from(number).unwrap_or(0);
    Recorded {
        sessions: number(figures.sessions),
        notices_due: number(figures.notices_due),
        notices_later: number(figures.notices_later),
        oldest_owed: figures
            .oldest_owed
            .map_or(Duration::ZERO, |at| at.until(now)),
    }
}
