//! What runs beside the requests: following the logs, delivering notices, writing back what waits,
//! finding sessions that ran out, changing signing keys. A worker that fails says so and tries again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Provider;
use super::live::Lookup;
use super::notices;
use super::trouble::Trouble;

/// How late this process may learn of what another one did.
const FOLLOW: Duration = Duration::from_millis(500);
/// The backstop of burying: whoever reads the log wakes the burier. Also the pause before what
/// could not be buried is tried again.
const BURY: Duration = Duration::from_millis(500);
/// The backstop of delivery: the node that ended a session wakes its worker at once.
const DELIVER: Duration = Duration::from_millis(500);
/// How long deliveries that run at a stop may take to finish.
const FINISH: Duration = Duration::from_secs(6);
/// The backstop of working off: whoever begins an end of very many wakes its worker.
const WORK_OFF: Duration = Duration::from_secs(2);
const FLUSH: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(5);
/// Between two looks at whether a signing key is due, which ask no store.
const KEYS: Duration = Duration::from_secs(10);
/// Between two looks at whether the sector of a declared client is to be read, which ask no store.
const SECTORS: Duration = Duration::from_millis(500);
/// Between two signs of life.
const NODES: Duration = Duration::from_secs(2);
/// Between two looks at which hot state the nodes know; at once when one of them distrusts.
const COMPARE: Duration = Duration::from_secs(1);
const DISTRUST: Duration = Duration::from_millis(100);
/// Run-out sessions ended in one sweep.
const SWEPT: i64 = 200;

/// The running workers.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

impl Workers {
    /// Starts them.
    pub fn start(provider: &Arc<Provider>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut running = JoinSet::new();
        running.spawn(follow(Arc::clone(provider), stopping.clone()));
        running.spawn(bury(Arc::clone(provider), stopping.clone()));
        running.spawn(deliver(Arc::clone(provider), stopping.clone()));
        running.spawn(work_off(Arc::clone(provider), stopping.clone()));
        running.spawn(write_back(Arc::clone(provider), stopping.clone()));
        running.spawn(announce(Arc::clone(provider), stopping.clone()));
        running.spawn(look_after_nodes(Arc::clone(provider), stopping.clone()));
        running.spawn(look_after_keys(Arc::clone(provider), stopping.clone()));
        running.spawn(read_sectors(Arc::clone(provider), stopping.clone()));
        running.spawn(compare(Arc::clone(provider), stopping.clone()));
        running.spawn(sweep(Arc::clone(provider), stopping));
        Self { stop, running }
    }

    /// Stops them; writes back what waits. Stopped ones stay stopped.
    pub async fn stop(&mut self, provider: &Provider) {
        let _ = self.stop.send(true);
        while self.running.join_next().await.is_some() {}
        report("writing back", provider.write_back().await);
        report("leaving work to others", provider.leave_work().await);
    }
}

async fn pause(every: Duration, stopping: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(every) => true,
        _ = stopping.changed() => false,
    }
}

async fn follow(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    let mut going_on = true;
    while going_on {
        report("following the ends log", provider.follow_ends().await);
        report("following the change log", provider.follow_changes().await);
        going_on = tokio::select! {
            going_on = pause(FOLLOW, &mut stopping) => going_on,
            () = provider.hot.hinted() => true,
        };
    }
}

/// What the logs demand: tombstones of ends, and the ends of who was disabled.
async fn bury(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    let mut going_on = true;
    while going_on {
        report("burying what ended", provider.bury_read().await);
        report("ending who was disabled", provider.end_disabled().await);
        going_on = tokio::select! {
            going_on = pause(BURY, &mut stopping) => going_on,
            () = provider.to_bury.notified() => true,
        };
    }
}

/// Tells the other nodes at once that there is something to read; they look by themselves anyway.
async fn announce(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        tokio::select! {
            () = provider.record.wrote() => report("telling the other nodes", provider.tell().await),
            _ = stopping.changed() => {}
        }
    }
}

async fn look_after_nodes(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    let mut going_on = true;
    while going_on {
        report("looking after nodes", provider.look_after_nodes().await);
        going_on = pause(NODES, &mut stopping).await;
    }
}

async fn compare(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    let mut going_on = provider.hot.is_shared();
    while going_on {
        let generation = provider.ends.generation();
        report(
            "comparing the hot state",
            provider.compare_hot_state().await,
        );
        let began = Instant::now();
        while going_on && began.elapsed() < COMPARE && provider.ends.generation() == generation {
            going_on = pause(DISTRUST, &mut stopping).await;
        }
    }
}

/// The rows of ends of very many, batch by batch.
async fn work_off(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    let mut going_on = true;
    while going_on {
        let more = provider.work_off().await;
        if matches!(more, Ok(true)) {
            going_on = !*stopping.borrow();
            continue;
        }
        report("working off an end of very many", more);
        going_on = tokio::select! {
            going_on = pause(WORK_OFF, &mut stopping) => going_on,
            () = provider.mass_due.notified() => true,
        };
    }
}

async fn deliver(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    let mut in_hand = JoinSet::new();
    while !*stopping.borrow() {
        while let Some(done) = in_hand.try_join_next() {
            settle(done);
        }
        let due = match provider
            .lease_due(notices::IN_HAND.saturating_sub(in_hand.len()))
            .await
        {
            Ok(due) => due,
            Err(error) => {
                report::<()>("leasing notices", Err(error));
                Vec::new()
            }
        };
        let more = !due.is_empty();
        for notice in due {
            let provider = Arc::clone(&provider);
            in_hand.spawn(async move { provider.deliver(notice).await });
        }
        if more {
            continue;
        }
        tokio::select! {
            () = provider.notices_due.notified() => {}
            () = tokio::time::sleep(DELIVER) => {}
            Some(done) = in_hand.join_next() => settle(done),
            _ = stopping.changed() => {}
        }
    }
    // What is under way gets its receipt; what is cut short is leased again after the next start.
    let finish = async {
        while let Some(done) = in_hand.join_next().await {
            settle(done);
        }
    };
    let _ = tokio::time::timeout(FINISH, finish).await;
}

fn settle(done: Result<Result<(), Trouble>, tokio::task::JoinError>) {
    match done {
        Ok(result) => report("delivering a notice", result),
        Err(error) => tracing::error!(%error, "a delivery broke off"),
    }
}

async fn write_back(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    while pause(FLUSH, &mut stopping).await {
        report("writing back", provider.write_back().await);
    }
}

async fn sweep(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    while pause(SWEEP, &mut stopping).await {
        report("sweeping", provider.sweep().await);
    }
}

async fn look_after_keys(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    while pause(KEYS, &mut stopping).await {
        report(
            "looking after signing keys",
            provider.look_after_keys().await,
        );
    }
}

async fn read_sectors(provider: Arc<Provider>, mut stopping: watch::Receiver<bool>) {
    let mut going_on = true;
    while going_on {
        let read = async { report("reading sectors", provider.read_sectors().await) };
        tokio::select! {
            () = read => {}
            _ = stopping.changed() => return,
        }
        going_on = pause(SECTORS, &mut stopping).await;
    }
}

fn report<T>(what: &str, result: Result<T, Trouble>) {
    if let Err(error) = result {
        tracing::warn!(%error, "{what} failed; it will be tried again");
    }
}

impl Provider {
    async fn write_back(&self) -> Result<(), Trouble> {
        self.flush().await?;
        self.write_audit().await
    }

    /// Looks at the sessions whose deadline in SQL has passed. The hot copy knows of later
    /// activity, so it is asked first; looking at a session that ran out ends it.
    pub(super) async fn sweep(&self) -> Result<usize, Trouble> {
        let due = self
            .record
            .expired(self.clock.now(), Duration::ZERO, SWEPT)
            .await?;
        if due.is_empty() || !self.has_work("sweep").await? {
            return Ok(0);
        }
        let mut swept = 0;
        let mut trouble = None;
        for (session, _) in due {
            match self.live_session(session, &[]).await {
                Ok(Lookup::Ended) => swept += 1,
                Ok(Lookup::Live(_)) => {}
                // One that cannot be looked at keeps back no other.
                Err(error) => trouble = Some(error),
            }
        }
        trouble.map_or(Ok(swept), Err)
    }
}
