//! One call of a store: how long it took, and what came of it.

use std::sync::Arc;
use std::time::Instant;

use super::families::Families;

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// What remembers.
    Record,
    /// What is quick.
    Hot,
}

impl Store {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Hot => "hot",
        }
    }
}

/// A call under way. It counts when it is dropped: as `abandoned`, if nobody said what came of it,
/// which is what happens to a call whose caller went away.
#[derive(Debug)]
pub struct Call {
    under_way: Option<UnderWay>,
    outcome: &'static str,
}

#[derive(Debug)]
struct UnderWay {
    families: Arc<Families>,
    store: Store,
    operation: &'static str,
    started: Instant,
}

impl Call {
    pub(super) fn new(
        families: Option<Arc<Families>>,
        store: Store,
        operation: &'static str,
    ) -> Self {
        Self {
            under_way: families.map(|families| UnderWay {
                families,
                store,
                operation,
                started: Instant::now(),
            }),
            outcome: "abandoned",
        }
    }

    /// Says what came of it; the last word holds, but for an error, which stays one.
    pub const fn came_to(&mut self, outcome: &'static str) {
        if !self.failed() {
            self.outcome = outcome;
        }
    }

    /// The same by a result: `ok` or `error`.
    pub const fn judge<T, E>(&mut self, result: &Result<T, E>) {
        self.came_to(if result.is_ok() { "ok" } else { "error" });
    }

    const fn failed(&self) -> bool {
        matches!(self.outcome.as_bytes(), b"error")
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let Some(call) = self.under_way.take() else {
            return;
        };
        let labels = [call.store.as_str(), call.operation, self.outcome];
        let calls = &call.families.store_calls;
        if let Ok(counter) = calls.get_metric_with_label_values(&labels) {
            counter.inc();
        }
        let durations = &call.families.store_durations;
        if let Ok(histogram) = durations.get_metric_with_label_values(&labels[..2]) {
            histogram.observe(call.started.elapsed().as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Figures, Meters};
    use super::*;

    #[test]
    fn a_call_counts_once_by_its_outcome() {
        let meters = Meters::new().unwrap();
        let call = |outcomes: &[&'static str]| {
            let mut call = meters.call(Store::Record, "read");
            for outcome in outcomes {
                call.came_to(outcome);
            }
        };
        call(&["ok"]);
        call(&["ok", "ok"]);
        call(&["error", "ok"]);
        call(&[]);
        let page = meters.page(&Figures::default()).unwrap();
        for (outcome, number) in [("ok", 2), ("error", 1), ("abandoned", 1)] {
            let line = format!(
                "lanyard_store_calls_total{{operation=\"read\",outcome=\"{outcome}\",store=\"record\"}} \
                 {number}\n"
            );
            assert!(page.contains(&line), "{page}");
        }
        let count =
            "lanyard_store_call_duration_seconds_count{operation=\"read\",store=\"record\"} 4";
        assert!(page.contains(count), "{page}");
    }
}
