//! `lanyard serve`: until Ctrl-C or SIGTERM.

use std::path::PathBuf;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::outcome::{Failure, Outcome, say};
use super::{load, setup_link};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::{app, telemetry};

pub(super) async fn run(file: Option<PathBuf>) -> Outcome {
    let config = load(file)?;
    telemetry::init(&config.log);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let mut signals = StopSignals::listen()?;
    let running = app::start(&config, Clock::System, Entropy::System).await?;
    #[cfg(feature = "fail-points")]
    if let Some(step) = crate::config::crash_at() {
        let points = running.provider.fail_points();
        points.set(step, crate::failpoint::Action::Crash);
    }
    tracing::info!(issuer = %config.issuer, address = %running.address, "ready");
    // A full or closed standard output keeps nobody from signing in.
    let _ = say(&format!(
        "Lanyard is ready at {} (listening on {}).\n",
        config.issuer, running.address
    ));
    let without_end = async {
        setup_link::announce(&running.provider).await;
        std::future::pending::<()>().await;
    };
    let displaced = tokio::select! {
        () = signals.heard() => false,
        () = running.until_displaced() => true,
        () = without_end => false,
    };
    if displaced {
        // At once: what this process has in memory may be wrong already.
        return Err(Failure::new(
            "another process took over these data while the connection to the database was lost",
        ));
    }
    tracing::info!("stopping");
    let stop = tokio::time::timeout(app::STOP_WITHIN, running.stop());
    signals.or_at_once(async { stop.await.is_ok() }).await
}

/// Ctrl-C and SIGTERM, heard from when this is made on, also while the house is still opening.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next one.
    pub(super) async fn heard(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Stops in order, which waits for requests and deliveries that run; on one more signal, or if
    /// the stop did not come to its end in time (it then answers `false`), at once, which is as safe
    /// as `kill -9`.
    pub(super) async fn or_at_once(&mut self, stop: impl Future<Output = bool>) -> Outcome {
        tokio::select! {
            finished = stop => if finished {
                Ok(())
            } else {
                Err(Failure::new(format!(
                    "stopped after {} seconds, though not all had come to an end; what was \
                     answered is kept",
                    app::STOP_WITHIN.as_secs()
                )))
            },
            () = self.heard() => Err(Failure::new(
                "stopped at once, by a second signal; what was answered is kept",
            )),
        }
    }
}
