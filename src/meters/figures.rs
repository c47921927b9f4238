//! What is not counted but looked up when somebody asks.

use std::time::Duration;

use prometheus::{Gauge, GaugeVec, Opts, Registry};

/// How things stand at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// What the record says; absent from the page while it does not answer, as an old number would
    /// be taken for a new one.
    pub recorded: Option<Recorded>,
    /// Passwords under way.
    pub hashes: Hashes,
    /// Since this node last read the ends log.
    pub ends_log_age: Duration,
}

/// What the record says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Sessions that live.
    pub sessions: u64,
    /// Notices to be delivered now.
    pub notices_due: u64,
    /// Notices to be tried again later.
    pub notices_later: u64,
    /// Since the end that the oldest of both tells of; zero if none is owed.
    pub oldest_owed: Duration,
}

/// Passwords under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    /// Being hashed.
    pub running: u64,
    /// Waiting for that.
    pub waiting: u64,
}

/// The figures as gauges, in a registry of their own.
pub(super) fn registry(figures: &Figures) -> Result<Registry, prometheus::Error> {
    let registry = Registry::new();
    let gauge = |name, help, value| gauge(&registry, name, help, value);
    gauge(
        "lanyard_password_hashes_running",
        "Passwords that are being hashed.",
        float(figures.hashes.running),
    )?;
    gauge(
        "lanyard_password_hashes_waiting",
        "Passwords that wait to be hashed.",
        float(figures.hashes.waiting),
    )?;
    gauge(
        "lanyard_ends_log_age_seconds",
        "Since this node last read the log of ends.",
        figures.ends_log_age.as_secs_f64(),
    )?;
    let Some(recorded) = &figures.recorded else {
        return Ok(registry);
    };
    gauge(
        "lanyard_sessions_live",
        "Sessions that live, over all nodes.",
        float(recorded.sessions),
    )?;
    gauge(
        "lanyard_notices_oldest_owed_seconds",
        "Since the end of which an app is still to be told; 0 if none is.",
        recorded.oldest_owed.as_secs_f64(),
    )?;
    let opts = Opts::new(
        "lanyard_notices_owed",
        "Notices that apps are still owed, over all nodes.",
    );
    let owed = GaugeVec::new(opts, &["state"])?;
    for (state, number) in [
        ("due", recorded.notices_due),
        ("later", recorded.notices_later),
    ] {
        owed.get_metric_with_label_values(&[state])?
            .set(float(number));
    }
    registry.register(Box::new(owed))?;
    Ok(registry)
}

fn gauge(registry: &Registry, name: &str, help: &str, value: f64) -> Result<(), prometheus::Error> {
    let gauge = Gauge::new(name, help)?;
    gauge.set(value);
    registry.register(Box::new(gauge))
}

/// Exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "nobody has so many sessions that it matters"
)]
const fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::super::Meters;
    use super::*;

    #[test]
    fn figures_are_gauges_in_base_units() {
        let figures = Figures {
            recorded: Some(Recorded {
                sessions: 1_000_000,
                notices_due: 2,
                notices_later: 3,
                oldest_owed: Duration::from_millis(90_500),
            }),
            hashes: Hashes {
                running: 4,
                waiting: 5,
            },
            ends_log_age: Duration::from_millis(250),
        };
        let page = Meters::off().page(&figures).unwrap();
        for line in [
            "# TYPE lanyard_sessions_live gauge",
            "lanyard_sessions_live 1000000",
            "lanyard_notices_owed{state=\"due\"} 2",
            "lanyard_notices_owed{state=\"later\"} 3",
            "lanyard_notices_oldest_owed_seconds 90.5",
            "lanyard_password_hashes_running 4",
            "lanyard_password_hashes_waiting 5",
            "lanyard_ends_log_age_seconds 0.25",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
    }

    #[test]
    fn what_the_record_did_not_say_is_not_shown() {
        let page = Meters::off().page(&Figures::default()).unwrap();
        assert!(!page.contains("lanyard_sessions_live"), "{page}");
        assert!(!page.contains("lanyard_notices"), "{page}");
    }
}
