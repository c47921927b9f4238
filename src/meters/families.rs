//! The counters and histograms, with their names and labels; `docs/monitoring.md` lists them.

use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry,
};

use super::clients::Clients;

/// From a request that memory answers to one that waited for a password.
const REQUEST_BUCKETS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// From a read in memory to the four seconds after which nobody waits for the record.
const STORE_BUCKETS: [f64; 13] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 4.0,
];

#[derive(Debug)]
pub(super) struct Families {
    pub(super) registry: Registry,
    pub(super) requests: IntCounterVec,
    pub(super) request_durations: HistogramVec,
    pub(super) sign_ins: IntCounterVec,
    pub(super) sessions_ended: IntCounterVec,
    pub(super) parts_ended: IntCounterVec,
    pub(super) notice_attempts: IntCounterVec,
    pub(super) notices: IntCounterVec,
    pub(super) notices_blocked: IntCounterVec,
    pub(super) store_calls: IntCounterVec,
    pub(super) store_durations: HistogramVec,
    pub(super) proofs_refused: IntCounterVec,
    pub(super) hashes_refused: IntCounter,
    pub(super) clients: Clients,
}

impl Families {
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counters = |name, help, labels| counters(&registry, name, help, labels);
        let durations =
            |name, help, labels, buckets| durations(&registry, name, help, labels, buckets);
        build_info(&registry)?;
        Ok(Self {
            requests: counters(
                "lanyard_http_requests_total",
                "Requests answered, by route pattern, method and class of status.",
                &["route", "method", "status"],
            )?,
            request_durations: durations(
                "lanyard_http_request_duration_seconds",
                "From the head of a request to that of its answer.",
                &["route", "method"],
                &REQUEST_BUCKETS,
            )?,
            sign_ins: counters(
                "lanyard_sign_ins_total",
                "Tries to sign in, by result.",
                &["result"],
            )?,
            sessions_ended: counters(
                "lanyard_sessions_ended_total",
                "Sessions that this process ended, by reason.",
                &["reason"],
            )?,
            parts_ended: counters(
                "lanyard_partial_ends_total",
                "Ends of one client's part of a session, or of one grant, by reason.",
                &["what", "reason"],
            )?,
            notice_attempts: counters(
                "lanyard_notice_attempts_total",
                "Attempts to tell an app of an end, by client.",
                &["client"],
            )?,
            notices: counters(
                "lanyard_notices_total",
                "What attempts to tell an app of an end came to, by client and state.",
                &["client", "state"],
            )?,
            notices_blocked: notices_blocked(&registry)?,
            store_calls: counters(
                "lanyard_store_calls_total",
                "Calls of the record and of the hot state, by outcome.",
                &["store", "operation", "outcome"],
            )?,
            store_durations: durations(
                "lanyard_store_call_duration_seconds",
                "How long calls of the record and of the hot state took.",
                &["store", "operation"],
                &STORE_BUCKETS,
            )?,
            proofs_refused: proofs_refused(&registry)?,
            hashes_refused: hashes_refused(&registry)?,
            clients: Clients::default(),
            registry,
        })
    }
}

fn build_info(registry: &Registry) -> Result<(), prometheus::Error> {
    let opts = Opts::new("lanyard_build_info", "The version that runs; always 1.");
    let info = IntGaugeVec::new(opts, &["version"])?;
    info.get_metric_with_label_values(&[env!("CARGO_PKG_VERSION")])?
        .set(1);
    registry.register(Box::new(info))
}

fn notices_blocked(registry: &Registry) -> Result<IntCounterVec, prometheus::Error> {
    let name = "lanyard_notices_blocked_total";
    let help = "Attempts to tell an app of an end that the address guard refused, by client.";
    counters(registry, name, help, &["client"])
}

fn proofs_refused(registry: &Registry) -> Result<IntCounterVec, prometheus::Error> {
    let name = "lanyard_dpop_proofs_refused_total";
    let help = "Proofs of possession (DPoP) that were refused, by reason.";
    counters(registry, name, help, &["reason"])
}

fn hashes_refused(registry: &Registry) -> Result<IntCounter, prometheus::Error> {
    let name = "lanyard_password_hashes_refused_total";
    let help = "Passwords not checked because too many were waiting.";
    let refused = IntCounter::new(name, help)?;
    registry.register(Box::new(refused.clone()))?;
    Ok(refused)
}

fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntCounterVec, prometheus::Error> {
    let family = IntCounterVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}

fn durations(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
    buckets: &[f64],
) -> Result<HistogramVec, prometheus::Error> {
    let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    let family = HistogramVec::new(opts, labels)?;
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}
